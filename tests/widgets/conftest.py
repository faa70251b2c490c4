import os
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeTrainer
from napari.components import ViewerModel

from napari_labelfix.project import recovery
from napari_labelfix.trainer import known_computers
from napari_labelfix.widgets.viewer.canvas import SafeRemoval

HERE = Path(__file__).parent
NO_SCREEN = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def pytest_collection_modifyitems(items):
    """Mark what opens a window, skip it where there is no display (Qt would end the process), and run it last.

    Last, because importing torch once Mesa's software OpenGL is loaded ends in a segmentation fault; the other way
    round is fine.
    """
    for item in items:
        if HERE in item.path.parents and {"make_napari_viewer", "qtbot"} & set(item.fixturenames):
            item.add_marker("gui")
        if NO_SCREEN and item.get_closest_marker("gui"):
            item.add_marker(pytest.mark.skip(reason="No display. Run the tests with: make test, or xvfb-run pytest."))
    items.sort(key=lambda item: item.get_closest_marker("gui") is not None)


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """Keep what docks save by themselves out of the folders of whoever runs the tests."""
    monkeypatch.setattr(recovery, "user_data_path", lambda *_, **__: tmp_path / "data")
    monkeypatch.setattr(known_computers, "user_config_path", lambda *_, **__: tmp_path / "config")
    yield tmp_path / "data" / "recovery"
    if (autosave := sys.modules.get("napari_labelfix.widgets.saving.autosave")) is not None:
        for saver in [*autosave._SAVERS.values()]:  # else one may still begin a project in the folder of the next test
            saver.close()


@pytest.fixture
def spots() -> np.ndarray:
    """A (60, 80) image with four bright discs of radius 8 on a dark ground, a little noisy."""
    rows, columns = np.indices((60, 80))
    image = np.zeros((60, 80), np.float32)
    for row, column in [(15, 15), (15, 60), (45, 20), (42, 55)]:
        image[(rows - row) ** 2 + (columns - column) ** 2 < 64] = 0.8
    return image + np.random.default_rng(0).normal(0, 0.02, image.shape).astype(np.float32)


@pytest.fixture
def model(spots) -> ViewerModel:
    """A viewer without a window, with the spots as an image that has a pixel size, a place and units."""
    model = ViewerModel()
    model.add_image(spots, name="cells", scale=(0.5, 0.5), translate=(3, 4), units=("um", "um"))
    return model


@pytest.fixture
def make_napari_viewer(make_napari_viewer):
    """Make viewers whose layers can be removed before a dock is open that sees to it: OpenGL would end all tests."""
    seen_to = []

    def make(*arguments, **options):
        viewer = make_napari_viewer(*arguments, **options)
        seen_to.append(SafeRemoval(viewer))
        return viewer

    return make


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def trainer() -> FakeTrainer:
    """A trainer that is a puppet."""
    return FakeTrainer()
