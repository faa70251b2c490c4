"""A points layer that is rightly set up: its size is a cell's diameter, its colours are its kinds."""

import numpy as np
import pytest
from napari.layers import Image
from napari.layers import Points as PointsLayer

from napari_labelfix.annotations import Points
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.annotating.points import CELL, NO_CELL, POINTS_KIND, add_points, diameter_of
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.colors import PALETTE

BLUE, ORANGE = ([int(PALETTE[i][k : k + 2], 16) / 255 for k in (1, 3, 5)] for i in (0, 1))


@pytest.fixture
def inputs(qtbot, model):
    inputs = InputView(model, POINTS_KIND)
    qtbot.addWidget(inputs)
    return inputs


@pytest.fixture
def points(inputs):
    inputs.create_button.click()
    return inputs.annotation


def test_the_button_makes_a_layer_with_cells_in_hand_as_large_as_those_of_the_image(points, model):
    assert points is model.layers[-1]
    assert points.mode == "add"
    assert points.units == model.layers[0].units
    np.testing.assert_allclose(points.data_to_world((7, 8)), model.layers[0].data_to_world((7, 8)))
    assert 10 < points.current_size < 24, "the discs are 16 px wide"


def test_the_two_brushes_give_two_kinds_in_two_colours(inputs, points):
    points.add([10, 10])
    inputs.brushes[NO_CELL].click()
    points.add([20, 20])
    assert points.mode == "add"
    assert list(points.features["kind"]) == [CELL, NO_CELL]
    np.testing.assert_allclose(points.border_color[:, :3], [ORANGE, BLUE], atol=0.01)
    assert (points.face_color[:, 3] < 0.5).all(), "the cell is to be seen through its point"
    inputs.draw_with_next_brush()
    points.add([30, 30])
    assert list(points.features["kind"]) == [CELL, NO_CELL, CELL]


def test_the_first_point_may_be_no_cell(inputs, points):
    inputs.brushes[NO_CELL].click()
    points.add([20, 20])
    np.testing.assert_allclose(points.border_color[:, :3], [BLUE], atol=0.01)


def test_points_become_cells_and_no_cells_of_their_plane_with_the_radius_of_the_layer(inputs, points, model):
    inputs.parts[0].measure.number.setValue(18)
    points.add([[10, 11], [20, 21], [30, 31]])
    inputs.brushes[NO_CELL].click()
    points.add([40, 41])
    (plane,) = inputs.task().planes
    plane.check()
    assert isinstance(plane.annotation, Points)
    np.testing.assert_array_equal(plane.annotation.positions, [[10, 11], [20, 21], [30, 31]])
    np.testing.assert_array_equal(plane.annotation.negatives, [[40, 41]])
    assert plane.annotation.radius == 9
    assert plane.annotation.shape == (60, 80)


def test_the_box_and_napari_show_the_same_size(inputs, points):
    box = inputs.parts[0].measure.number
    points.add([10, 10])
    box.setValue(30)
    assert diameter_of(points) == points.current_size == 30
    points.size = 12
    assert box.value() == 12


def test_the_box_says_the_size_in_pixels_of_the_image_also_where_those_of_the_layer_are_larger(inputs, model):
    plain = PointsLayer(np.array([[10.0, 12], [13, 14], [15, 16]]), size=7)
    model.layers.append(plain)
    inputs.annotations.choose(plain)
    inputs.parts[0].measure.number.setValue(30)
    assert list(plain.size) == [15, 15, 15]


def test_the_estimate_looks_at_the_points_that_are_there(inputs, points, model):
    points.add([15, 15])
    inputs.parts[0].measure.number.setValue(50)
    inputs.parts[0].measure.estimate_button.click()
    assert inputs.parts[0].measure.number.value() == pytest.approx(16, rel=0.35)


def test_a_stack_gives_points_plane_by_plane(spots):
    image = Image(np.stack([spots] * 3))
    layer = POINTS_KIND.layers[0].create(Place(image, (1,)))
    layer.add([[0, 5, 6], [2, 7, 8], [2, 9, 10]])
    read = [POINTS_KIND.read([layer], Place(image, (z,))) for z in range(3)]
    assert read[1] is None
    np.testing.assert_array_equal(read[0].positions, [[5, 6]])
    np.testing.assert_array_equal(read[2].positions, [[7, 8], [9, 10]])


def test_points_of_a_layer_that_lies_elsewhere_are_read_where_they_are_seen(spots):
    image = Image(np.stack([spots] * 3), scale=(2, 0.5, 0.5), translate=(10, 40, 40))
    seen = np.array([[0, 5, 6], [2, 7, 8], [2, 9, 10]])
    layer = PointsLayer(np.array([image.data_to_world(point) for point in seen]), size=7)
    read = [POINTS_KIND.read([layer], Place(image, (z,))) for z in range(3)]
    assert read[1] is None
    np.testing.assert_allclose(read[0].positions, [[5, 6]])
    np.testing.assert_allclose(read[2].positions, [[7, 8], [9, 10]])
    assert read[0].radius == pytest.approx(7), "its pixels are twice as wide as those of the image"


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (0, "Click on the centres of some cells: about one in ten is enough."),
        (1, "Click on the centres of at least 2 more cells; about one in ten of all is good."),
        (3, ""),
    ],
)
def test_what_is_missing_is_said(inputs, points, count, sentence):
    if count:
        points.add(np.full((count, 2), 9.0) + np.arange(count)[:, None])
    assert inputs.missing() == sentence


def test_a_plain_layer_of_points_has_cells_only_until_a_brush_is_taken_up(inputs, model):
    plain = PointsLayer(np.array([[1.0, 2], [3, 4], [5, 6]]), size=7)
    model.layers.append(plain)
    assert inputs.annotation is None, "never chosen unasked"
    inputs.annotations.choose(plain)
    (plane,) = inputs.task().planes
    assert len(plane.annotation.positions) == 3
    assert 2 * plane.annotation.radius == inputs.parts[0].measure.number.value() == 14, "a pixel is 0.5 um wide"
    assert "kind" not in plain.features
    inputs.brushes[NO_CELL].click()
    plain.add([9, 9])
    assert list(plain.features["kind"]) == [CELL, CELL, CELL, NO_CELL]


def test_a_layer_that_knows_more_of_its_points_can_be_drawn_in(inputs, model):
    layer = PointsLayer(np.array([[1.0, 2]]), features={"class": ["a"], "n": [1]})
    model.layers.append(layer)
    inputs.annotations.choose(layer)
    inputs.brushes[NO_CELL].click()
    layer.add([9, 9])
    add_points(layer, np.array([[5.0, 5]]), CELL)
    assert list(layer.features["kind"]) == [CELL, NO_CELL, CELL]
    assert list(layer.features["class"]) == ["a"] * 3


def test_points_that_are_added_leave_the_brush_and_the_selected_points_alone(points):
    points.add([10, 10])
    points.size = 20
    points.selected_data = {0}
    add_points(points, np.array([[1.0, 1], [2, 2]]), NO_CELL)
    assert list(points.features["kind"]) == [CELL, NO_CELL, NO_CELL]
    assert list(points.size) == [20, 20, 20]
    points.add([5, 5])
    assert points.features["kind"].iloc[-1] == CELL


def test_moving_deleting_and_resizing_points_is_a_change(inputs, points):
    points.add([[10, 11], [20, 21], [30, 31], [40, 41]])
    task = inputs.task()
    assert inputs.with_changes(task) is None
    points.size = 33
    assert inputs.with_changes(task).planes[0].annotation.radius == 16.5
    points.remove([0])
    assert len(inputs.with_changes(task).planes[0].annotation.positions) == 3
    assert layers.role_of(points) == "points"


def test_a_point_on_the_outer_half_of_a_border_pixel_is_on_the_image(inputs, points, model):
    points.add([[-0.4, 10], [59.5, 79.4], [20, 20]])
    (plane,) = inputs.task().planes
    plane.check()
    np.testing.assert_array_equal(plane.annotation.positions, [[0, 10], [59, 79], [20, 20]])


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning:napari")
def test_a_point_that_lies_nowhere_is_none(inputs, model):
    """napari takes it from a table with an empty cell, and shows it nowhere."""
    model.add_points(
        [[np.nan, 10], [15, 15], [15, 60], [45, 20]],
        name="of a table",
        size=16,
        **image_planes.placement(model.layers[0]),
    )
    inputs.annotations.choose(model.layers[-1])
    (plane,) = inputs.task().planes
    plane.check()
    np.testing.assert_array_equal(plane.annotation.positions, [[15, 15], [15, 60], [45, 20]])
    assert inputs.doubt() == ""
    inputs.parts[0].measure.estimate_button.click()


def test_points_much_wider_than_what_lies_below_them_are_doubted_until_they_fit(inputs, points):
    assert inputs.doubt() == "", "there is nothing to compare with yet"
    inputs.parts[0].measure.number.setValue(60)  # as a blotchy background lets the first estimate be
    points.add([[15, 15], [15, 60]])
    assert inputs.doubt() == "", "of two points little can be said"
    points.add([[45, 20]])
    assert inputs.doubt().startswith("The points are 60 px wide, but the cells below them seem 1")
    inputs.parts[0].measure.estimate_button.click()
    assert inputs.doubt() == ""
    inputs.parts[0].measure.number.setValue(3)
    assert inputs.doubt().startswith("The points are 3 px wide")


@pytest.mark.parametrize(("seen", "drawn"), [(120, 300), (6, 2.5)])
def test_cells_beyond_what_can_be_estimated_are_not_doubted(inputs, points, seen, drawn, monkeypatch):
    monkeypatch.setattr("napari_labelfix.data.cell_size.estimate_diameter", lambda *_: seen)
    points.add([[15, 15], [15, 60], [45, 20]])
    inputs.parts[0].measure.number.setValue(drawn)
    assert inputs.doubt() == ""


class Damaged:
    """An image's array of which nothing can be read any more."""

    shape, dtype, ndim = (60, 80), np.dtype(np.float32), 2

    def __getitem__(self, index):
        raise RuntimeError("error during blosc decompression: -1")


def test_on_an_image_that_cannot_be_read_that_is_said(inputs, points, model):
    told = []
    inputs.refused.connect(told.append)
    sentence = "cells cannot be read (error during blosc decompression: -1). Open the image again."
    points.add([[15, 15], [15, 60], [45, 20]])
    model.layers["cells"]._data = Damaged()
    assert inputs.doubt() == sentence
    inputs.parts[0].measure.estimate_button.click()
    model.layers.remove(points)
    inputs.create_button.click()
    assert inputs.annotation is None
    assert told == [sentence] * 2
