"""A method dock at each stage: empty, ready to run, running, with a proposal. The trainer is a puppet."""

import numpy as np
import pytest
from docked import METHOD, proposal_of
from fakes import proposal_above, snapshot
from napari.components import ViewerModel

from napari_labelfix.widgets.method_dock import MethodDock


@pytest.fixture
def viewer():
    """The viewer without its window, which takes a second to open; tests that need one ask for it."""
    return ViewerModel()


@pytest.fixture
def dock(viewer, trainer, qtbot):
    dock = MethodDock(viewer, METHOD, trainer)
    qtbot.addWidget(dock)
    yield dock
    dock.close_session()


@pytest.fixture
def ready(dock, viewer, spots):
    """A dock with an image and enough scribbles to press Run."""
    viewer.add_image(spots, name="cells", scale=(0.5, 0.5), units=("um", "um"))
    dock.inputs.create_button.click()
    dock.inputs.annotation.data_setitem((np.full(9, 30), np.arange(9)), 1)
    dock.inputs.annotation.data_setitem((np.full(9, 15), np.arange(10, 19)), 2)
    return dock


@pytest.fixture
def running(ready, trainer):
    ready.run_view.run_button.click()
    return trainer.runs[0]


@pytest.fixture
def proposed(ready, running, spots, qtbot):
    """A dock in the middle of a run that has proposed something."""
    running.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
    qtbot.waitUntil(lambda: proposal_of(ready) is not None and proposal_of(ready).data.any())
    return ready
