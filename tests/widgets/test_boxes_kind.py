"""A box layer: what is drawn in it is read as boxes in pixels of the image; finished planes are read as such."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes

from napari_labelfix.annotations import Boxes, FinishedInstances
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.boxes_kind import ACCEPTED, BOXES_KIND, DRAWN, FOUND, add_boxes, rectangles_of
from napari_labelfix.widgets.input_view import InputView
from napari_labelfix.widgets.layer_kind import Place


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


def test_a_plane_with_finished_labels_is_read_as_finished(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 2))
    labels = Labels(np.stack([(spots > 0.4).astype(np.int32), np.zeros(spots.shape, np.int32)]))
    read = [BOXES_KIND.read([None, labels], Place(image, (z,))) for z in range(2)]
    assert [type(one) for one in read] == [FinishedInstances, Boxes]


def test_suggested_boxes_replace_those_found_before_and_leave_drawn_ones(boxes, model):
    place = Place(model.layers[0], ())
    add_boxes(boxes, rectangles_of(np.array([[1.0, 1, 9, 9]]), ()), DRAWN)
    for corners in ([[10.0, 10, 20, 20], [30, 30, 40, 40]], [[5.0, 50, 15, 60]]):
        assert BOXES_KIND.write(boxes, place, Boxes(np.array(corners), (60, 80))) == len(corners)
    assert list(boxes.features["source"]) == [DRAWN, FOUND]
    np.testing.assert_allclose(corners_of(boxes, model.layers[0]), [[1, 1, 9, 9], [5, 50, 15, 60]])
    boxes.add(rectangles_of(np.array([[20.0, 20, 29, 29]]), ())[0], shape_type="rectangle")
    assert list(boxes.features["source"]) == [DRAWN, FOUND, DRAWN], "what is drawn next is drawn"


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
