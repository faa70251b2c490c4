"""From an outcome to a step of the history: records, classes, selection and the layer that Ctrl+Z belongs to."""

import numpy as np
import pytest
from reviewed import FakeReview

from napari_labelfix.errors import InputError
from napari_labelfix.review import edits
from napari_labelfix.review.states import HAND, Record, RecordChanges, State
from napari_labelfix.widgets.editing.editing import Editing
from napari_labelfix.widgets.editing.tool_in_hand import ToolInHand
from napari_labelfix.widgets.editing.tools import CutTool
from napari_labelfix.widgets.viewer.canvas import camera_of
from napari_labelfix.widgets.viewer.going import go_to
from napari_labelfix.widgets.viewer.history import history_of


@pytest.fixture
def layer(model):
    labels = np.zeros((60, 80), np.int32)
    labels[2:8, 2:50] = 4
    labels[20:30, 20:30] = 6
    return model.add_labels(labels, features={"index": [4, 6], "class": [2, 1], "dye": ["red", "blue"]})


@pytest.fixture
def editing(model, layer):
    return Editing(model, FakeReview(layer))


def cut(editing, column, object_id=4):
    sheet = editing.sheet()
    outcome = edits.split_by_line(sheet.labels, [(0, column), (10, column)], [object_id], sheet.new_id)
    editing.apply(sheet, outcome, "cut")


def test_what_others_say_of_an_object_holds_for_its_parts_and_for_theirs(editing, layer):
    cut(editing, 20)
    cut(editing, 10, object_id=7)
    features = layer.features.set_index("index")
    assert features["parents"].to_dict() == {4: "", 6: "", 7: "4", 8: "7"}
    assert features["class"].to_dict() == {4: 2, 6: 1, 7: 2, 8: 2}
    assert features["dye"].to_dict() == {4: "red", 6: "blue", 7: "red", 8: "red"}
    layer.undo()
    layer.undo()
    assert layer.features["class"].tolist() == [2, 1]


def test_records_follow_and_come_back(editing, layer):
    history = history_of(layer)
    history.step(None, RecordChanges({}, {4: Record(State.ACCEPTED, note="odd")}), "accept")
    cut(editing, 20)
    assert history.records.get(7) == Record(State.EDITED, source=HAND, note="odd", parents=(4,))
    assert history.last_step() == "cut"
    layer.undo()
    assert history.records.get(4) == Record(State.ACCEPTED, note="odd")
    assert history.records.get(7) is None
    layer.redo()
    assert history.records.get(7).parents == (4,)


def test_new_ids_follow_the_largest_in_the_whole_stack(model):
    stack = np.zeros((2, 20, 30), np.int32)
    stack[0, 2:8, 2:28], stack[1, 0, 0] = 4, 41
    editing = Editing(model, FakeReview(model.add_labels(stack)))
    cut(editing, 15)
    assert set(np.unique(stack)) == {0, 4, 41, 42}


def test_an_edit_shows_and_takes_the_layer_so_that_ctrl_z_takes_it_back(editing, layer, model):
    layer.visible = False
    model.layers.selection.active = model.layers[0]
    cut(editing, 20)
    assert layer.visible
    assert model.layers.selection.active is layer


def test_an_edit_leaves_the_brush_in_the_hand(editing, layer):
    layer.mode = "paint"
    cut(editing, 20)
    assert layer.mode == "paint"


def test_planes_that_are_not_in_view_are_not_edited(model):
    stack = model.add_labels(np.ones((4, 5, 6), np.int32))
    editing = Editing(model, FakeReview(stack))
    model.dims.order = (1, 0, 2)
    with pytest.raises(InputError, match="with its last two axes in view"):
        editing.sheet()
    assert editing.sheet(whole=True).labels.shape == (4, 5, 6)
    with pytest.raises(InputError, match="Choose a Labels layer"):
        Editing(model, FakeReview()).sheet()


def test_an_image_of_the_same_size_parts_objects_and_one_in_colour_does_not(model):
    labels = model.add_labels(np.ones((60, 80), np.int32))
    np.testing.assert_array_equal(Editing(model, FakeReview(labels)).sheet().pixels, model.layers["cells"].data)
    model.layers.remove("cells")
    model.add_image(np.zeros((60, 80, 3), np.uint8), rgb=True)
    assert Editing(model, FakeReview(labels)).sheet().pixels is None


@pytest.mark.parametrize(
    "turn", [lambda dims: setattr(dims, "ndisplay", 3), lambda dims: setattr(dims, "order", (1, 0, 2))]
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_tool_that_draws_on_planes_is_put_away_where_they_are_not_in_view(qtbot, model, turn, whole):
    stack = model.add_labels(np.ones((4, 5, 6), np.int32))
    hand, said = ToolInHand(model, Editing(model, FakeReview(stack))), []
    hand.said.connect(said.append)
    tool = CutTool()
    hand.take(tool, whole=whole)
    assert hand.tool is tool
    turn(model.dims)
    assert hand.tool is None
    hand.take(tool, whole=whole)
    assert hand.tool is None
    assert "with its last two axes in view" in said[-1]


def test_going_to_an_object_goes_along_the_axes_that_are_in_view(model):
    stack = model.add_labels(np.zeros((10, 60, 80), np.int32), scale=(2, 1, 1))
    box = (slice(4, 7), slice(20, 31), slice(40, 61))
    model.dims.order = (1, 0, 2)
    go_to(model, stack, box)
    assert model.dims.point[1] == 25
    np.testing.assert_allclose(camera_of(model).center[-2:], (10, 50))
    model.dims.order = (0, 1, 2)
    go_to(model, stack, box)
    assert model.dims.point[0] == 10
    np.testing.assert_allclose(camera_of(model).center[-2:], (25, 50))
