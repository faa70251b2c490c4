import gc
import os

import pytest
from hypothesis import settings

# The tests' networks are tiny: a second thread costs more than it gives, and more so beside a window's own.
# Set before anything imports torch, and handed on to the trainers that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The suite gives the same answer each time; HYPOTHESIS_PROFILE=search looks for cases that nobody has seen yet.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("search")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_configure(config):
    """Load torch's optimisers where windows will be opened, too: once OpenGL is loaded it would be too late."""
    if hasattr(config, "workerinput"):  # one of several processes, which get tests in any order
        import torch

        torch.optim.Adam([torch.zeros(1, requires_grad=True)])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Where tests are shared out to several processes, keep those of a file together, and all windows in one."""
    for item in items:
        together = "windows" if item.get_closest_marker("gui") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(together))


def pytest_collection_finish():
    """Let the garbage collector pass over what was imported: napari has it look four times around each window."""
    gc.collect()
    gc.freeze()
