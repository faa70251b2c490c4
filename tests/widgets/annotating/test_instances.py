"""Labels of low quality and the part of them that is right: two layers, one annotation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Labels, Shapes
from skimage.draw import polygon

from napari_labelfix.annotations import Instances
from napari_labelfix.widgets.annotating import instances as instances_kind
from napari_labelfix.widgets.annotating.boxes import BOXES_KIND
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.annotating.instances import INSTANCES_KIND, WHOLE_PLANE
from napari_labelfix.widgets.viewer import layers

NO_LABELS = INSTANCES_KIND.layers[0].absent
NO_RIGHT_PART = INSTANCES_KIND.layers[1].absent


def some_labels(shape=(60, 80)):
    labels = np.zeros(shape, np.int32)
    labels[..., 10:20, 10:20], labels[..., 10:20, 50:60], labels[..., 40:50, 10:20] = 1, 2, 3
    return labels


@pytest.fixture
def inputs(qtbot, model):
    inputs = InputView(model, INSTANCES_KIND)
    qtbot.addWidget(inputs)
    return inputs


@pytest.fixture
def stack(qtbot, spots):
    model = ViewerModel()
    model.add_image(np.stack([spots] * 3), name="stack")
    model.add_labels(some_labels((3, 60, 80)))
    inputs = InputView(model, INSTANCES_KIND)
    qtbot.addWidget(inputs)
    return inputs


def rectangle(y0, y1, x0, x1):
    return np.array([[y0, x0], [y0, x1], [y1, x1], [y1, x0]], float)


def only(inputs) -> Instances:
    (plane,) = inputs.task().planes
    plane.check()
    return plane.annotation


def test_labels_of_the_size_of_no_image_are_named(inputs, model):
    model.add_labels(some_labels((60, 81)), name="from another tool")
    assert inputs.missing() == "“from another tool” is 60 x 81, but “cells” 60 x 80. Choose labels of the image's size."
    model.add_image(np.zeros((60, 81)), name="their own")
    assert inputs.image.name == "cells"
    assert inputs.missing() == NO_LABELS, "they are of another image"


def test_it_is_said_step_by_step_what_is_missing(inputs, model):
    assert inputs.missing() == NO_LABELS
    model.add_labels(some_labels(), name="from another tool")
    assert inputs.missing() == NO_RIGHT_PART
    inputs.create_button.click()
    assert inputs.missing().startswith("Draw a rectangle around a part where the labels are right")
    shapes = inputs.parts[1].layer
    shapes.add_rectangles(rectangle(22, 38, 22, 78))
    assert inputs.missing().startswith("The right part holds no object.")
    shapes.add_rectangles(rectangle(5, 25, 5, 25))
    assert inputs.missing() == ""


def test_the_only_labels_are_chosen_unasked_and_of_several_none(inputs, model):
    first = model.add_labels(some_labels(), name="first")
    assert inputs.annotation is first
    inputs.annotations.choose(None)
    model.add_labels(some_labels(), name="second")
    assert inputs.annotation is None
    inputs.annotations.choose(first)
    assert inputs.annotation is first


@pytest.mark.parametrize(
    ("role", "method", "offered"),
    [
        ("corrected", "", True),
        ("finished", "", True),
        ("proposal", "scribble2label", True),
        ("proposal", "label_upgrade", False),
    ],
)
def test_what_came_of_another_method_can_be_upgraded(inputs, model, role, method, offered):
    layer = Labels(some_labels(), name="result")
    layers.link(layer, role, inputs.image, method)
    model.add_layer(layer)
    assert inputs.annotation is None, "nobody has chosen it"
    assert (inputs.annotations.findText("result") >= 0) == offered


def test_labels_that_are_chosen_are_never_written_to(inputs, model):
    given = model.add_labels(some_labels())
    before = given.data.copy()
    inputs.create_button.click()
    inputs.parts[1].layer.add_rectangles(rectangle(5, 25, 5, 25))
    only(inputs).labels[:] = 9
    np.testing.assert_array_equal(given.data, before)


def test_the_button_makes_an_empty_shapes_layer_on_the_image_ready_for_rectangles(inputs, model):
    model.add_labels(some_labels())
    inputs.create_button.click()
    shapes = inputs.parts[1].layer
    assert isinstance(shapes, Shapes)
    assert shapes.mode == "add_rectangle"
    assert model.layers.selection.active is shapes
    np.testing.assert_allclose(shapes.data_to_world((7, 8)), model.layers[0].data_to_world((7, 8)))
    inputs.brushes["polygon"].click()
    assert shapes.mode == "add_polygon"
    inputs.draw_with_next_brush()
    assert shapes.mode == "add_rectangle"
    shapes.add_rectangles(rectangle(5, 25, 5, 25))
    assert shapes.face_color[0][3] == 0, "what is inside is to be seen"


@pytest.mark.parametrize(
    ("kind", "corners", "inside", "outside"),
    [
        ("rectangle", rectangle(5, 25, 5, 30), (24, 29), (26, 10)),
        ("polygon", np.array([[0, 0], [0, 40], [40, 0]], float), (5, 5), (30, 30)),
        ("ellipse", rectangle(0, 40, 0, 60), (20, 30), (2, 2)),
    ],
)
def test_what_lies_inside_a_shape_is_trusted(inputs, model, kind, corners, inside, outside):
    model.add_labels(some_labels())
    inputs.create_button.click()
    inputs.parts[1].layer.add(corners, shape_type=kind)
    trusted = only(inputs).trusted
    assert trusted[inside]
    assert not trusted[outside]


@pytest.mark.parametrize("kind", ["rectangle", "ellipse"])
def test_shapes_of_a_layer_that_lies_elsewhere_are_read_where_they_are_seen(inputs, model, kind):
    model.add_labels(some_labels())
    image = model.layers[0]
    seen = np.array([image.data_to_world(corner) for corner in rectangle(10, 40, 20, 50)])
    model.add_shapes([seen], shape_type=kind)
    inputs.parts[1].combo.choose(model.layers[-1])
    rows, columns = np.nonzero(only(inputs).trusted)
    np.testing.assert_allclose([rows.mean(), columns.mean()], [25, 35], atol=1)
    assert np.ptp(rows) == pytest.approx(30, abs=2)


def test_a_whole_plane_is_the_image_s_also_in_a_layer_that_lies_elsewhere(stack):
    model = stack.parts[0]._viewer
    model.layers["stack"].translate = (5, 40, 40)
    model.add_shapes(ndim=3, name="mine")
    stack.parts[1].combo.choose(model.layers["mine"])
    model.dims.set_point(0, 7)
    stack.brushes[WHOLE_PLANE].click()
    trusted = [plane.annotation.trusted for plane in stack.task().planes]
    assert trusted[0] is None and trusted[1] is None
    assert trusted[2].all()


def test_lines_enclose_nothing(inputs, model):
    model.add_labels(some_labels())
    inputs.create_button.click()
    inputs.parts[1].layer.add_lines(np.array([[0, 0], [40, 40]]))
    assert only(inputs).trusted is None


def test_a_plane_of_a_stack_can_be_right_as_a_whole(stack):
    model = stack.parts[0]._viewer
    stack.create_button.click()
    assert not stack.brushes[WHOLE_PLANE].isHidden()
    model.dims.set_current_step(0, 2)
    stack.brushes[WHOLE_PLANE].click()
    trusted = [plane.annotation.trusted for plane in stack.task().planes]
    assert trusted[0] is None and trusted[1] is None
    assert trusted[2].all()
    assert trusted[2].shape == (60, 80)


def test_in_a_plane_image_there_is_no_button_for_a_whole_plane(inputs, model):
    model.add_labels(some_labels())
    inputs.create_button.click()
    assert inputs.brushes[WHOLE_PLANE].isHidden()
    assert not inputs.brushes["rectangle"].isHidden()


def test_accepted_objects_can_be_the_right_part(inputs, model):
    model.add_labels(some_labels())
    accepted = np.zeros((60, 80), np.int32)
    accepted[9:20, 10:22] = 1
    corrected = Labels(accepted, scale=(0.5, 0.5))
    layers.link(corrected, "corrected", model.layers[0])
    model.layers.append(corrected)
    right_part = inputs.parts[1]
    assert right_part.layer is None, "never chosen unasked: a model may have made what was accepted in a hurry"
    right_part.combo.choose(corrected)
    read = only(inputs)
    assert read.trusted[9:20, 10:22].all()
    assert not read.trusted[40, 10]
    assert len(np.unique(read.labels[9:20, 10:22])) == 1
    assert inputs.missing() == ""
    assert right_part.tools.isHidden(), "nothing is drawn on accepted objects"
    inputs.draw()
    assert corrected.mode == "pan_zoom"


def test_other_objects_can_be_told_and_need_not(inputs, model):
    first = model.add_labels(some_labels(), name="cells")
    inputs.create_button.click()
    inputs.parts[1].layer.add_rectangles(rectangle(5, 25, 5, 25))
    assert only(inputs).others is None
    debris = model.add_labels(np.roll(some_labels(), 25, axis=1), name="debris")
    assert inputs.parts[2].layer is None, "never chosen unasked"
    assert inputs.annotation is first
    inputs.parts[2].combo.choose(debris)
    others = only(inputs).others
    np.testing.assert_array_equal(others, debris.data)
    assert others is not debris.data
    inputs.link()
    assert layers.role_of(debris) == "others"
    assert inputs.missing() == ""


@pytest.mark.parametrize(("kind", "at"), [(INSTANCES_KIND, 2), (BOXES_KIND, 1)], ids=["other objects", "finished"])
def test_labels_that_come_later_can_be_chosen_for_what_is_optional(qtbot, model, kind, at):
    inputs = InputView(model, kind)
    qtbot.addWidget(inputs)
    part = inputs.parts[at]
    assert part.combo.isHidden()
    assert part.label.isHidden()
    cells, debris = (model.add_labels(some_labels(), name=name) for name in ("cells", "debris"))
    assert part.layer is None
    assert not part.combo.isHidden()
    assert not part.label.isHidden()
    model.layers.remove(cells)
    model.layers.remove(debris)
    assert part.combo.isHidden(), "there is no choice any more"


def test_new_shapes_and_mended_labels_are_a_change(inputs, model):
    given = model.add_labels(some_labels())
    inputs.create_button.click()
    shapes = inputs.parts[1].layer
    shapes.add_rectangles(rectangle(5, 25, 5, 25))
    task = inputs.task()
    assert inputs.with_changes(task) is None
    shapes.add_rectangles(rectangle(35, 55, 5, 25))
    changed = inputs.with_changes(task)
    assert changed.planes[0].annotation.trusted[45, 15]
    given.data_setitem((np.array([12]), np.array([12])), 0)
    assert inputs.with_changes(changed).planes[0].annotation.labels[12, 12] == 0


def test_layers_without_a_tag_are_tagged_when_a_run_starts(inputs, model):
    given = model.add_labels(some_labels())
    shapes = model.add_shapes([rectangle(5, 25, 5, 25)])
    inputs.parts[1].combo.choose(shapes)
    inputs.link()
    assert (layers.role_of(given), layers.role_of(shapes)) == ("imperfect", "right_part")


@given(st.lists(st.floats(-5, 25).map(lambda x: round(x * 4) / 4), min_size=4, max_size=4), st.booleans())
def test_a_rectangle_is_filled_as_any_polygon(sides, turned):
    (y0, y1), (x0, x1) = sorted(sides[:2]), sorted(sides[2:])
    corners = np.array([[y0, x0], [y0, x1], [y1, x1], [y1, x0]])
    corners = corners[::-1] if turned else corners
    filled, expected = np.zeros((20, 22), bool), np.zeros((20, 22), bool)
    instances_kind._fill(filled, corners)
    expected[polygon(*corners.T, expected.shape)] = True
    assert np.array_equal(filled, expected)
