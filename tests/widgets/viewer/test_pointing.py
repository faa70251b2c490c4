"""In 3D the mouse points at what is seen: the first object on the line of sight."""

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_labelfix.errors import InputError
from napari_labelfix.methods.table import METHODS
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.review_dock import ReviewDock
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.pointing import place_at

pytestmark = pytest.mark.filterwarnings("ignore:Contours are not displayed")  # of napari's, in 3D
DOWN = np.array([1.0, 0, 0])  # the line of sight, from the first plane to the last


def cubes():
    """Two cubes under one another, and one beside them."""
    labels = np.zeros((12, 40, 40), np.int32)
    labels[2:5, 4:12, 4:12], labels[7:10, 4:12, 4:12], labels[7:10, 20:30, 20:30] = 1, 2, 3
    return labels


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.add_image((cubes() > 0).astype(np.float32), name="stack", scale=(8, 1, 1), translate=(3, 0, 0))
    return viewer


@pytest.fixture
def labels(viewer):
    return viewer.add_labels(cubes(), name="labels", scale=(8, 1, 1), translate=(3, 0, 0))


def pointer(row, column, direction=DOWN, depth=-50):
    return SimpleNamespace(position=(depth, row, column), view_direction=direction)


@pytest.mark.parametrize("direction", [DOWN, -DOWN, [0.6, 0.79, 0.1], [0.9, -0.1, 0.42426407]])
def test_the_object_is_the_one_that_napari_finds(viewer, labels, direction):
    viewer.dims.ndisplay = 3
    direction = np.asarray(direction, float)
    found = set()
    for row in range(-10, 60, 5):
        for column in range(-10, 60, 5):
            point = np.array([50.0, row, column]) - 100 * direction
            at = place_at(viewer, SimpleNamespace(position=point, view_direction=direction), labels)
            seen = labels.get_value(point, view_direction=direction, dims_displayed=[0, 1, 2], world=True) or 0
            label = int(labels.data[tuple(np.round(labels.world_to_data(at)).astype(int))]) if at is not None else 0
            assert label == seen
            found.add(label)
    assert len(found) > 2


def test_in_2d_it_is_the_place_in_the_plane(viewer, labels):
    np.testing.assert_array_equal(place_at(viewer, SimpleNamespace(position=(19, 5, 6)), labels), (19, 5, 6))


def test_where_it_cannot_be_told_2d_is_asked_for(viewer, labels):
    viewer.dims.ndisplay = 3
    with pytest.raises(InputError, match="Go back to 2D"):
        place_at(viewer, pointer(5, 5), None)
    with pytest.raises(InputError, match="Go back to 2D"):
        place_at(viewer, pointer(5, 5, direction=None), labels)


def test_a_click_in_3d_selects_what_is_seen_and_beside_it_nothing_changes(viewer, labels, qtbot):
    dock = ReviewDock(viewer)
    qtbot.addWidget(dock)
    viewer.dims.ndisplay = 3
    for row, column, selected in [(5, 5, [1]), (35, 5, [1]), (25, 25, [3]), (200, 200, [3])]:
        click = pointer(row, column)
        click.type, click.pos, click.modifiers, click.button = "mouse_release", np.zeros(2), (), 1
        for _ in dock._on_canvas_click(viewer, click):
            pass
        assert dock.review.selected_ids == selected
    dock.close_review()
    qtbot.waitUntil(lambda: not dock.review.searching, timeout=10_000)


def test_an_object_that_is_seen_in_3d_is_accepted_and_rejected(viewer, trainer, qtbot):
    results = ProposalLayers(viewer, viewer.layers["stack"], "scribble2label")
    results.create()
    planes = {z: Proposal(plane, (plane > 0).astype(np.uint8), plane / 4, plane < 0) for z, plane in enumerate(cubes())}
    results.write(planes)
    results.objects()
    dock = MethodDock(viewer, METHODS["scribble2label"], trainer)
    qtbot.addWidget(dock)
    dock.inputs.create_button.click()
    viewer.dims.ndisplay = 3
    viewer.cursor.position, viewer.cursor._view_direction = (-50, 25, 25), DOWN
    dock.accepts.accept_under_cursor()
    accepted = layers.find(viewer, "corrected", viewer.layers["stack"]).data
    assert accepted[7, 25, 25]
    assert np.count_nonzero(accepted) == 100, "in the plane that is seen"
    dock.accepts.reject_under_cursor()
    assert dock.inputs.annotation.data[7, 25, 25] == 1
    viewer.cursor.position = (-50, 35, 5)
    dock.accepts.accept_under_cursor()
    assert dock.message.text().startswith("There is no proposed object here.")
    viewer.cursor._view_direction = None
    dock.accepts.accept_under_cursor()
    assert dock.message.text().startswith("Go back to 2D")
    dock.close_session()
