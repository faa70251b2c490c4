"""Which part of an image is seen."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_labelfix.widgets.viewer import in_view
from napari_labelfix.widgets.viewer.canvas import camera_of
from napari_labelfix.widgets.viewer.in_view import window_in_view


@pytest.fixture(autouse=True)
def smallest(monkeypatch):
    monkeypatch.setattr(in_view, "SMALLEST", 32)


def seen(middle, zoom, shape=(400, 500), **placing):
    """Return the window where a canvas of 600 x 800 shows so many of its pixels for one of the world's."""
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros(shape), **placing)
    camera_of(viewer).center, camera_of(viewer).zoom = (0, *middle), zoom
    return window_in_view(viewer, image)


def test_it_holds_each_pixel_of_which_a_part_is_seen():
    assert seen((199.5, 249.5), 6) == np.s_[150:250, 183:317]
    assert seen((200, 250), 6) == np.s_[150:251, 183:318]


def test_it_ends_with_the_image():
    assert seen((0, 499), 6) == np.s_[0:51, 432:500]
    assert seen((199.5, 249.5), 1) == np.s_[0:400, 0:500]


@pytest.mark.parametrize("middle", [(-200, 250), (200, 900)])
def test_there_is_none_of_an_image_that_is_out_of_sight(middle):
    assert seen(middle, 6) is None


def test_it_follows_the_place_and_size_of_the_image_in_the_world():
    assert seen((99.75, 124.75), 12, scale=(0.5, 0.5)) == np.s_[150:250, 183:317]
    assert seen((1199.5, 2249.5), 6, translate=(1000, 2000)) == np.s_[150:250, 183:317]
    turned = seen((-249.5, 199.5), 6, rotate=90)
    assert [side.stop - side.start for side in turned] == [134, 100]


def test_it_is_large_enough_to_learn_from_where_the_image_is():
    rows, columns = seen((0, 250), 60)
    assert rows == slice(0, 32)
    assert columns.stop - columns.start in (32, 33)
    assert columns.start < 250 < columns.stop
    assert seen((10, 10), 60, shape=(20, 30)) == np.s_[0:20, 0:30]


def test_in_3d_it_is_all():
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((5, 400, 500)))
    camera_of(viewer).zoom = 6
    assert window_in_view(viewer, image) != np.s_[0:400, 0:500]
    viewer.dims.ndisplay = 3
    assert window_in_view(viewer, image) == np.s_[0:400, 0:500]
