"""A box layer: what is drawn in it is read as boxes in pixels of the image; finished planes are read as such."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.colormaps.standardize_color import transform_color

from napari_labelfix.annotations import Boxes, FinishedInstances
from napari_labelfix.widgets.annotating import boxes as boxes_kind
from napari_labelfix.widgets.annotating.boxes import ACCEPTED, BOXES_KIND, DRAWN, FOUND, add_boxes, rectangles_of
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.annotating.instances import vertices_on
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.annotating.points import CELL, NO_CELL
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.colors import MARK_COLORS


@pytest.fixture
def inputs(qtbot, model):
    inputs = InputView(model, BOXES_KIND)
    qtbot.addWidget(inputs)
    return inputs


@pytest.fixture
def boxes(inputs):
    inputs.create_button.click()
    return inputs.annotation


def corners_of(layer, image, index=()):
    return BOXES_KIND.read([layer, None], Place(image, index)).corners


def test_the_button_makes_a_layer_with_a_rectangle_in_hand(boxes, model):
    assert boxes is model.layers[-1]
    assert boxes.mode == "add_rectangle"
    np.testing.assert_allclose(boxes.data_to_world((7, 8)), model.layers[0].data_to_world((7, 8)))
    assert boxes.current_face_color in ("transparent", "#00000000"), "the cell is to be seen through its box"


def test_what_is_drawn_is_a_box_of_its_pixels(boxes, model):
    boxes.add(rectangles_of(np.array([[10.0, 12, 20, 30]]), ())[0], shape_type="rectangle")
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), [[10, 12, 20, 30]])
    assert list(boxes.features["source"]) == [DRAWN]
    boxes.add(np.array([[30, 30], [40, 35], [32, 50]]), shape_type="polygon")
    np.testing.assert_allclose(corners_of(boxes, model.layers[0])[1], [30.5, 30.5, 40.5, 50.5])


@pytest.mark.parametrize("known", [{"class": ["a"], "n": [1]}, {"source": [7]}, {"source": ["a"], "n": [1]}])
def test_a_layer_that_knows_more_of_its_shapes_can_be_drawn_in(inputs, model, known):
    layer = Shapes(rectangles_of(np.array([[40.0, 60, 50, 70]]), ()), features=known)
    model.layers.append(layer)
    inputs.annotations.choose(layer)
    inputs.brushes[CELL].click()
    layer.add(rectangles_of(np.array([[1.0, 1, 9, 9]]), ())[0], shape_type="rectangle")
    BOXES_KIND.write(layer, Place(model.layers[0], ()), Boxes(np.array([[20.0, 20, 30, 30]]), (60, 80)))
    assert list(layer.features["source"])[1:] == [DRAWN, FOUND]
    assert set(layer.features) == {*known, "source", "kind"}
    assert list(layer.features["kind"]) == [CELL] * 3


def draw(inputs, kind, corners):
    inputs.brushes[kind].click()
    inputs.annotation.add(rectangles_of(np.array([corners], float), ())[0], shape_type="rectangle")


def test_what_is_no_cell_is_boxed_in_another_colour_and_read_apart(inputs, boxes, model):
    for kind, corners in [(CELL, (1, 1, 9, 9)), (NO_CELL, (20, 20, 30, 30)), (CELL, (40, 40, 50, 55))]:
        draw(inputs, kind, corners)
    read = BOXES_KIND.read([boxes, None], Place(model.layers[0], ()))
    np.testing.assert_allclose(read.corners, [[1, 1, 9, 9], [40, 40, 50, 55]])
    np.testing.assert_allclose(read.negatives, [[20, 20, 30, 30]])
    np.testing.assert_allclose(boxes_kind.boxes_on(boxes, model.layers[0])[0], read.corners)
    np.testing.assert_allclose(boxes.edge_color, transform_color(boxes_kind.colors_of(boxes)))
    assert len(np.unique(boxes.edge_color, axis=0)) == 2


def test_a_box_has_the_colour_of_its_kind_whatever_was_selected_before(inputs, boxes):
    draw(inputs, CELL, (1, 1, 9, 9))
    draw(inputs, NO_CELL, (20, 20, 30, 30))
    boxes.selected_data = {0}  # napari then draws in the colour of that one
    boxes.add(
        rectangles_of(np.array([[40.0, 40, 50, 50]]), ())[0],
        shape_type="rectangle",
        edge_color=MARK_COLORS[CELL],
    )
    assert boxes.features["kind"].iloc[2] in (CELL, NO_CELL)
    np.testing.assert_allclose(boxes.edge_color, transform_color(boxes_kind.colors_of(boxes)))


def test_what_is_in_hand_stays_in_hand_when_boxes_are_found_or_accepted(inputs, boxes, model):
    draw(inputs, NO_CELL, (20, 20, 30, 30))
    BOXES_KIND.write(boxes, Place(model.layers[0], ()), Boxes(np.array([[1.0, 1, 9, 9]]), (60, 80)))
    add_boxes(boxes, rectangles_of(np.array([[40.0, 40, 50, 55]]), ()), ACCEPTED)
    assert list(boxes.features["kind"]) == [NO_CELL, CELL, CELL]
    boxes.add(rectangles_of(np.array([[5.0, 60, 15, 70]]), ())[0], shape_type="rectangle")
    assert list(boxes.features["kind"])[-1] == NO_CELL
    assert list(boxes.features["source"]) == [DRAWN, FOUND, ACCEPTED, DRAWN]
    np.testing.assert_array_equal(boxes.edge_color[0], boxes.edge_color[3])
    np.testing.assert_allclose(boxes.edge_color, transform_color(boxes_kind.colors_of(boxes)))


def test_nothing_is_found_again_where_a_person_has_said_that_there_is_none(inputs, boxes, model):
    draw(inputs, NO_CELL, (20, 20, 30, 30))
    found = Boxes(np.array([[21.0, 20, 31, 30], [40, 40, 50, 50]]), (60, 80))
    BOXES_KIND.write(boxes, Place(model.layers[0], ()), found)
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), [[40, 40, 50, 50]])


def test_an_ellipse_is_as_large_as_it_looks_and_lines_are_no_boxes(boxes, model):
    square = np.array([[10.0, 30], [20, 40], [30, 30], [20, 20]])  # on its tip, with a circle in it
    boxes.add([np.array([[1.0, 1], [30, 30]])], shape_type="line")
    boxes.add([square], shape_type="ellipse")
    boxes.add([np.array([[1.0, 1], [5, 9], [9, 9]])], shape_type="path")
    radius = 50**0.5
    wanted = [[20.5 - radius, 30.5 - radius, 20.5 + radius, 30.5 + radius]]
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), wanted, rtol=1e-5)


def test_what_reaches_beyond_the_image_is_cut_off_and_slivers_are_left_out(boxes, model):
    add_boxes(boxes, rectangles_of(np.array([[-9.0, 70, 20, 99], [5, 5, 5.4, 30]]), ()), DRAWN)
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), [[0, 70, 20, 80]])


def test_a_layer_that_lies_elsewhere_is_read_in_pixels_of_the_image(model):
    layer = Shapes(rectangles_of(np.array([[4.0, 6, 14, 26]]), ()), scale=(1, 1), translate=(3, 4), units=("um", "um"))
    np.testing.assert_allclose(corners_of(layer, model.layers[0]), [[7.5, 11.5, 27.5, 51.5]])


def test_without_a_layer_a_run_can_start_all_the_same(inputs):
    assert inputs.missing() == ""
    (annotation,) = inputs.read_annotations()
    assert isinstance(annotation, Boxes)
    assert annotation.corners.shape == (0, 4)


def test_boxes_of_a_stack_belong_to_their_planes(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 3))
    layer = BOXES_KIND.layers[0].create(Place(image, (0,)))
    add_boxes(layer, rectangles_of(np.array([[10.0, 12, 20, 30]]), (2,)), DRAWN)
    assert [len(corners_of(layer, image, (z,))) for z in range(3)] == [0, 0, 1]


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: layer.add(rectangles_of(np.array([[30.0, 30, 40, 40]]), (2,))[0]),
        lambda layer: layer.remove([0]),
        lambda layer: setattr(layer, "data", [layer.data[0] + [0, 5, 5]]),
        lambda layer: setattr(layer, "translate", (0, 3, 3)),
        lambda layer: setattr(layer, "shape_type", "ellipse"),
    ],
    ids=["drawn", "removed", "moved", "layer moved", "of another kind"],
)
def test_boxes_are_read_anew_once_they_have_changed(spots, change):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 3))
    turned = np.array([[2.0, 10, 30], [2, 20, 40], [2, 30, 30], [2, 20, 20]])
    layer = model.add_shapes([turned], shape_type="rectangle", ndim=3)
    before = [corners_of(layer, image, (z,)) for z in range(3)]
    change(layer)
    after = [corners_of(layer, image, (z,)) for z in range(3)]
    assert [len(corners) for corners in before] == [0, 0, 1]
    assert not np.array_equal(before[2], after[2])


def test_the_shapes_are_gone_through_once_for_all_planes(spots, monkeypatch):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 9))
    layer = BOXES_KIND.layers[0].create(Place(image, (0,)))
    add_boxes(layer, rectangles_of(np.array([[10.0, 12, 20, 30]]), (2,)), DRAWN)
    looks = []
    monkeypatch.setattr(boxes_kind, "vertices_on", lambda *found: looks.append(found) or vertices_on(*found))
    for z in range(9):
        corners_of(layer, image, (z,))
    assert len(looks) == 1


def test_accepted_objects_finish_no_plane(spots):
    model = ViewerModel()
    image = model.add_image(spots)
    labels = Labels((spots > 0.4).astype(np.int32))
    assert BOXES_KIND.layers[1].fits(labels, image)
    layers.link(labels, "corrected", image)
    assert not BOXES_KIND.layers[1].fits(labels, image)


def test_a_plane_with_finished_labels_is_read_as_finished(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 2))
    labels = Labels(np.stack([(spots > 0.4).astype(np.int32), np.zeros(spots.shape, np.int32)]))
    read = [BOXES_KIND.read([None, labels], Place(image, (z,))) for z in range(2)]
    assert [type(one) for one in read] == [FinishedInstances, Boxes]


def test_a_plane_that_is_finished_while_it_runs_is_a_change(inputs, boxes, model, spots):
    labels = model.add_labels(np.zeros(spots.shape, np.int32), **image_planes.placement(model.layers[0]))
    inputs.parts[1].combo.choose(labels)
    task = inputs.task()
    assert inputs.with_changes(task) is None
    labels.data[5:9, 5:9] = 1
    (plane,) = inputs.with_changes(task).planes
    assert isinstance(plane.annotation, FinishedInstances)


def test_suggested_boxes_replace_those_found_before_and_leave_drawn_ones(boxes, model):
    place = Place(model.layers[0], ())
    add_boxes(boxes, rectangles_of(np.array([[1.0, 1, 9, 9]]), ()), DRAWN)
    for corners in ([[10.0, 10, 20, 20], [30, 30, 40, 40]], [[5.0, 50, 15, 60]]):
        assert BOXES_KIND.write(boxes, place, Boxes(np.array(corners), (60, 80))) == len(corners)
    assert list(boxes.features["source"]) == [DRAWN, FOUND]
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), [[1, 1, 9, 9], [5, 50, 15, 60]])
    boxes.add(rectangles_of(np.array([[20.0, 20, 29, 29]]), ())[0], shape_type="rectangle")
    assert list(boxes.features["source"]) == [DRAWN, FOUND, DRAWN], "what is drawn next is drawn"


@pytest.mark.parametrize("source", [DRAWN, ACCEPTED])
def test_where_a_person_has_a_box_no_other_is_suggested(boxes, model, source):
    add_boxes(boxes, rectangles_of(np.array([[10.0, 10, 20, 20]]), ()), source)
    for _ in range(2):
        suggested = Boxes(np.array([[10.5, 10, 20, 20.5], [30, 30, 40, 40]]), (60, 80))
        assert BOXES_KIND.write(boxes, Place(model.layers[0], ()), suggested) == 2, "so many were found"
        assert list(boxes.features["source"]) == [source, FOUND]
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), [[10, 10, 20, 20], [30, 30, 40, 40]])


def test_a_found_box_that_was_moved_is_the_persons_own(boxes, model):
    place, suggested = Place(model.layers[0], ()), Boxes(np.array([[10.0, 10, 20, 20], [30, 30, 40, 40]]), (60, 80))
    BOXES_KIND.write(boxes, place, suggested)
    boxes._data_view.shift(0, [2, 0])  # as the mouse does it, and tells it afterwards
    boxes.events.data(value=boxes.data, action="changed", data_indices=(0,), vertex_indices=((0, 1, 2, 3),))
    assert list(boxes.features["source"]) == [DRAWN, FOUND]
    BOXES_KIND.write(boxes, place, suggested)
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), [[12, 10, 22, 20], [30, 30, 40, 40]])
    boxes.data = [*boxes.data, rectangles_of(np.array([[1.0, 1, 9, 9]]), ())[0]]
    assert list(boxes.features["source"]) == [DRAWN] * 3


def test_boxes_of_other_planes_stay(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 2))
    layer = BOXES_KIND.layers[0].create(Place(image, (0,)))
    for z in range(2):
        BOXES_KIND.write(layer, Place(image, (z,)), Boxes(np.array([[10.0, 10, 20, 20]]), (60, 80)))
    BOXES_KIND.write(layer, Place(image, (0,)), Boxes(np.zeros((0, 4)), (60, 80)))
    assert [len(corners_of(layer, image, (z,))) for z in range(2)] == [0, 1]


def test_layers_that_fit(model):
    image = model.layers[0]
    fits = BOXES_KIND.layers[0].fits
    assert fits(Shapes(ndim=2), image)
    assert not fits(Shapes(ndim=3), image)
    assert not fits(Points(ndim=2), image)
    assert not fits(Image(np.zeros((4, 4))), image)
    other = Shapes(ndim=2)
    layers.link(other, "right_part", image)
    assert not fits(other, image)


def test_what_is_added_keeps_its_source(boxes):
    add_boxes(boxes, rectangles_of(np.array([[1.0, 1, 9, 9]]), ()), ACCEPTED)
    add_boxes(boxes, [], ACCEPTED)
    assert list(boxes.features["source"]) == [ACCEPTED]
    assert not boxes.selected_data
