"""The edit tools in a real napari, in the hands of a person: mouse on the canvas, keys, buttons, undo."""

import numpy as np
import pytest
from person import Person
from qtpy.QtCore import Qt
from reviewed import FakeReview

from napari_labelfix.review.states import Record, RecordChanges, State
from napari_labelfix.widgets.editing.bar import EditBar
from napari_labelfix.widgets.parts.shortcuts import SHORTCUTS, KeyBindings
from napari_labelfix.widgets.review_dock import ReviewDock
from napari_labelfix.widgets.viewer.history import history_of

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def boxes():
    """Two boxes that touch, one of two lobes, and a small one, on 60 x 80 pixels."""
    labels = np.zeros((60, 80), np.int32)
    labels[5:20, 5:20] = 1
    labels[5:20, 20:30] = 2
    rows, columns = np.indices(labels.shape)
    for column in (20, 34):
        labels[(rows - 42) ** 2 + (columns - column) ** 2 < 81] = 3
    labels[40:50, 60:70] = 7
    return labels


@pytest.fixture
def scene(viewer, qtbot):
    """A viewer with labels and the bar, and the person before it."""
    layer = viewer.add_labels(boxes(), name="cells")
    review = FakeReview(layer)
    bar = EditBar(viewer, review)
    viewer.window.add_dock_widget(bar, name="edits")
    keys = KeyBindings(viewer, bar.actions)
    keys.take()
    viewer.show()
    qtbot.waitExposed(viewer.window._qt_window)
    qtbot.wait(100)
    viewer.reset_view()
    qtbot.wait(50)
    yield bar, layer, review, Person(viewer, qtbot)
    bar.hand.put_away()
    keys.release()


def records(layer):
    return history_of(layer).records


def set_records(layer, **by_id):
    after = {int(name[1:]): record for name, record in by_id.items()}
    history_of(layer).step(None, RecordChanges({}, after), "test")


@pytest.mark.gui
def test_a_drag_across_objects_merges_them_and_ctrl_z_takes_it_back(scene):
    bar, layer, review, person = scene
    person.click(bar.tool_buttons["merge"])
    person.stroke(layer, (10, 10), (10, 18), (10, 25))
    assert (layer.data[5:20, 5:30] == 1).all()
    assert records(layer).get(1) == Record(State.EDITED, source="hand", parents=(1, 2))
    assert records(layer).get(2) is None
    assert records(layer).table.area_of(1) == 15 * 25
    assert review.selected_ids == [1]
    assert "2 objects become one: 1." in bar.hint.text()
    person.press(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(layer.data, boxes())
    assert records(layer).get(2) == Record()
    person.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert not (layer.data == 2).any()


@pytest.mark.gui
def test_the_hint_speaks_of_ctrl_z_only_while_it_takes_that_back(scene):
    bar, layer, review, person = scene
    review.select([7])
    bar.perform("grow")
    assert bar.hint.text() == "1 object grown. Ctrl+Z takes it back."
    person.press(Qt.Key.Key_Z, CONTROL)
    assert bar.hint.text() == "Taken back."
    person.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    assert bar.hint.text() == "1 object grown. Ctrl+Z takes it back."
    with layer.block_history():
        layer.paint((55, 5), 9)
    assert bar.hint.text() == "1 object grown."


@pytest.mark.gui
def test_nothing_can_be_pressed_where_there_is_nothing_to_edit(scene):
    bar, _, review, _ = scene
    review.select([1, 2])
    bar.refresh()
    assert all(button.isEnabled() for button in bar.action_buttons.values())
    review.labels = None  # such as for a proposal, whose objects can be selected
    bar.refresh()
    buttons = [*bar.tool_buttons.values(), *bar.action_buttons.values(), bar.brush_button]
    assert not any(button.isEnabled() for button in buttons)
    assert bar.hint.text().startswith("There is nothing to edit here.")


@pytest.mark.gui
def test_the_hint_says_and_the_canvas_shows_what_will_happen_before_it_does(scene):
    bar, layer, _, person = scene
    person.click(bar.tool_buttons["cut"])
    shown, said = [], []
    bar.hand.said.connect(said.append)
    sketch = bar.hand.canvas._sketch
    show = sketch.show
    sketch.show = lambda *drawn: (shown.append([len(each) for each in drawn]), show(*drawn))
    person.stroke(layer, (2, 12), (10, 12), (15, 12), (23, 12))
    assert "The line has to leave the object on the other side." in said
    assert "Object 1 becomes 2 objects." in said
    paths, outlines, _ = zip(*shown, strict=True)
    assert max(paths) >= 4
    assert outlines[0] == 0
    assert max(outlines) > 100
    assert shown[-1] == [0, 0, 0], "nothing stays on the canvas"


@pytest.mark.gui
def test_a_line_across_an_object_parts_it_and_the_larger_part_keeps_its_record(scene):
    bar, layer, review, person = scene
    set_records(layer, _1=Record(State.ACCEPTED, confidence=0.5, source="scribble2label", note="odd"))
    person.press(getattr(Qt.Key, f"Key_{SHORTCUTS['cut'].key}"))
    assert bar.tool_buttons["cut"].isChecked()
    person.stroke(layer, (2, 9), (10, 9), (23, 9))
    assert set(np.unique(layer.data[5:20, 5:20])) == {1, 8}
    assert (layer.data[5:20, 11:20] == 1).all()
    assert records(layer).get(8) == Record(State.EDITED, 0.5, "hand", note="odd", parents=(1,))
    assert records(layer).get(1) == Record(State.EDITED, 0.5, "hand", note="odd")
    assert review.selected_ids == [1, 8]


@pytest.mark.gui
def test_seeds_part_an_object_on_enter_and_esc_takes_them_back_one_by_one(scene):
    bar, layer, _, person = scene
    person.click(bar.tool_buttons["seeds"])
    assert bar.seeds_on.isVisible()
    person.stroke(layer, (42, 18))
    assert "Object 3: click into its next part" in bar.hint.text()
    person.stroke(layer, (42, 36))
    assert "Object 3 becomes 2 objects." in bar.hint.text()
    np.testing.assert_array_equal(layer.data, boxes())
    person.press(Qt.Key.Key_Escape)
    assert "Object 3: click into its next part" in bar.hint.text()
    person.stroke(layer, (42, 38))
    person.press(Qt.Key.Key_Return)
    assert layer.data[42, 15] != layer.data[42, 39]
    np.testing.assert_array_equal(layer.data > 0, boxes() > 0)
    person.press(Qt.Key.Key_Escape)
    assert bar.hand.tool is None
    assert not bar.tool_buttons["seeds"].isChecked()
    assert not bar.seeds_on.isVisible()


@pytest.mark.gui
def test_esc_takes_back_the_line_that_is_being_drawn(scene):
    bar, layer, _, person = scene
    person.click(bar.tool_buttons["cut"])
    person.stroke(layer, (2, 12), (10, 12), lambda: person.press(Qt.Key.Key_Escape), (15, 12), (23, 12))
    np.testing.assert_array_equal(layer.data, boxes())
    assert bar.hand.tool is not None
    person.stroke(layer, (2, 12), (10, 12), (23, 12))
    assert (layer.data == 8).any()


@pytest.mark.gui
def test_the_outline_of_the_selected_object_is_drawn_anew_and_others_keep_their_pixels(scene):
    bar, layer, review, person = scene
    review.select([1])
    bar.refresh()
    person.click(bar.tool_buttons["outline"])
    person.stroke(layer, (8, 8), (8, 26), (26, 26), (26, 8))
    expected = boxes()
    expected[expected == 1] = 0
    inside = np.zeros_like(expected, bool)
    inside[8:27, 8:27] = True
    expected[inside & (expected == 0)] = 1
    assert np.count_nonzero(layer.data != expected) <= 25  # the mouse hits canvas pixels, not the image's
    np.testing.assert_array_equal(layer.data == 2, boxes() == 2)


@pytest.mark.gui
def test_a_locked_object_is_neither_merged_nor_cut(scene):
    bar, layer, _, person = scene
    set_records(layer, _2=Record(locked=True))
    person.click(bar.tool_buttons["merge"])
    person.stroke(layer, (10, 10), (10, 18), (10, 25))
    np.testing.assert_array_equal(layer.data, boxes())
    assert "Object 2 is locked." in bar.hint.text()
    person.click(bar.tool_buttons["cut"])
    person.stroke(layer, (2, 25), (10, 25), (23, 25))
    np.testing.assert_array_equal(layer.data, boxes())


@pytest.mark.gui
def test_buttons_edit_all_selected_objects_in_one_step(scene):
    bar, layer, review, person = scene
    review.select([1, 3, 7])
    bar.refresh()
    bar.by.setValue(2)
    person.click(bar.action_buttons["grow"])
    assert layer.data[38, 65] == 7
    assert layer.data[3, 10] == 1
    assert "3 objects grown." in bar.hint.text()
    person.click(bar.action_buttons["delete"])
    assert set(np.unique(layer.data)) == {0, 2}
    assert review.selected_ids == []
    assert not bar.action_buttons["delete"].isEnabled()
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data, boxes())


@pytest.mark.gui
def test_a_click_selects_an_object_and_a_click_with_shift_one_more(scene):
    bar, layer, review, person = scene
    person.click(bar.tool_buttons["outline"])
    person.stroke(layer, (42, 18))
    assert review.selected_ids == [3]
    assert "Draw the outline of object 3" in bar.hint.text()
    person.stroke(layer, (10, 25), modifier=SHIFT)
    person.stroke(layer, (10, 10), modifier=SHIFT)
    person.stroke(layer, (42, 18), modifier=SHIFT)
    assert review.selected_ids == [2, 1]
    assert "2, 1" in bar.chosen.text()
    person.stroke(layer, (1, 1))
    assert review.selected_ids == []


@pytest.mark.gui
def test_two_selected_objects_are_merged_into_the_one_selected_first(scene):
    bar, layer, review, person = scene
    review.select([2, 1])
    bar.refresh()
    person.click(bar.action_buttons["merge_selected"])
    assert (layer.data[5:20, 5:30] == 2).all()


@pytest.mark.gui
def test_strokes_and_edits_are_undone_in_their_order(scene):
    bar, layer, review, person = scene
    states = [layer.data.copy()]
    layer.selected_label, layer.brush_size, layer.mode = 9, 4, "paint"
    person.stroke(layer, (55, 10), (55, 30))
    states.append(layer.data.copy())
    review.select([1])
    bar.refresh()
    person.click(bar.action_buttons["shrink"])
    states.append(layer.data.copy())
    person.stroke(layer, (30, 60), (30, 70))
    states.append(layer.data.copy())
    for state in reversed(states[:-1]):
        person.press(Qt.Key.Key_Z, CONTROL)
        np.testing.assert_array_equal(layer.data, state)
    for state in states[1:]:
        layer.redo()
        np.testing.assert_array_equal(layer.data, state)


@pytest.mark.gui
def test_the_brush_of_the_selected_object_spares_the_others(scene):
    bar, layer, review, person = scene
    review.select([1])
    bar.refresh()
    person.click(bar.brush_button)
    assert layer.mode == "paint"
    person.stroke(layer, (12, 12), (12, 27))
    np.testing.assert_array_equal(layer.data == 2, boxes() == 2)
    assert bar.keep_others.isChecked()
    person.click(bar.keep_others)
    assert not layer.preserve_labels


@pytest.mark.gui
def test_taking_the_brush_or_another_layer_puts_the_tool_away(scene, viewer):
    bar, layer, _, person = scene
    person.click(bar.tool_buttons["merge"])
    layer.mode = "paint"
    assert bar.hand.tool is None
    person.click(bar.tool_buttons["merge"])
    viewer.add_points(np.zeros((0, 2)))
    assert bar.hand.tool is None
    assert layer.mouse_pan
    person.click(bar.tool_buttons["merge"])
    person.click(bar.tool_buttons["merge"])
    assert bar.hand.tool is None


@pytest.mark.gui
def test_no_tool_works_on_labels_that_are_not_seen(scene):
    bar, layer, _, person = scene
    before = layer.data.copy()
    person.click(bar.tool_buttons["cut"])
    layer.visible = False
    assert bar.hand.tool is None
    assert not bar.tool_buttons["cut"].isChecked()
    person.stroke(layer, (2, 12), (10, 12), (23, 12))
    np.testing.assert_array_equal(layer.data, before)
    layer.visible = True
    assert layer.mouse_pan


@pytest.mark.gui
def test_the_image_moves_while_space_is_held_and_not_otherwise(scene, viewer):
    bar, layer, _, person = scene
    person.click(bar.tool_buttons["cut"])
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    centre = camera.center
    person.stroke(layer, (30, 40), (35, 50))
    assert camera.center == centre
    person.hold(Qt.Key.Key_Space)
    person.stroke(layer, (2, 12), (10, 12), (23, 12))
    person.let_go(Qt.Key.Key_Space)
    assert camera.center != centre
    np.testing.assert_array_equal(layer.data, boxes())
    assert bar.hand.tool is not None


@pytest.mark.gui
def test_in_a_stack_edits_stay_in_the_plane_or_go_through_the_body(viewer, qtbot):
    layer = viewer.add_labels(np.stack([boxes()] * 3), name="stack", scale=(2, 1, 1))
    review = FakeReview(layer, [7])
    bar = EditBar(viewer, review)
    viewer.window.add_dock_widget(bar, name="edits")
    viewer.show()
    qtbot.waitExposed(viewer.window._qt_window)
    person = Person(viewer, qtbot)
    viewer.reset_view()
    viewer.dims.set_point(0, 2)
    qtbot.wait(100)
    person.click(bar.action_buttons["delete"])
    assert [bool((plane == 7).any()) for plane in layer.data] == [True, False, True]
    assert records(layer).table.area_of(7) == 200
    bar.scope.setCurrentIndex(1)
    person.click(bar.tool_buttons["merge"])
    person.stroke(layer, (0, 10, 10), (0, 10, 18), (0, 10, 25))
    assert not (layer.data == 2).any()
    review.select([7])
    bar.refresh()
    person.click(bar.action_buttons["separate"])
    assert set(np.unique(layer.data[:, 45, 65])) == {0, 7, 8}
    bar.hand.put_away()


@pytest.mark.gui
def test_in_the_review_dock_a_person_selects_merges_cuts_accepts_and_takes_it_all_back(viewer, qtbot):
    layer = viewer.add_labels(boxes(), name="cells")
    dock = ReviewDock(viewer)
    viewer.window.add_dock_widget(dock, name="Review")
    viewer.show()
    qtbot.waitExposed(viewer.window._qt_window)
    viewer.reset_view()
    person = Person(viewer, qtbot)
    qtbot.wait(100)
    person.stroke(layer, (10, 25))
    person.stroke(layer, (10, 10), modifier=SHIFT)
    assert list(dock.review.selected_ids) == [2, 1]
    person.click(dock.edits.action_buttons["merge_selected"])
    assert (layer.data[5:20, 5:30] == 2).all()
    assert list(dock.review.selected_ids) == [2]
    person.press(getattr(Qt.Key, f"Key_{SHORTCUTS['cut'].key}"))
    person.stroke(layer, (2, 10), (10, 10), (23, 10))
    assert list(dock.review.selected_ids) == [2, 8]
    person.press(Qt.Key.Key_Escape)
    dock.review.select([8])
    person.press(getattr(Qt.Key, f"Key_{SHORTCUTS['accept_selected'].key}"))
    assert records(layer).get(8) == Record(State.ACCEPTED, source="hand", parents=(2,))
    for _ in range(3):
        person.press(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(layer.data, boxes())
    assert records(layer).get(2) == Record()
    dock.close_review()


def test_without_labels_nothing_can_be_pressed(qtbot, model):
    review = FakeReview()
    bar = EditBar(model, review)
    qtbot.addWidget(bar)
    buttons = [*bar.tool_buttons.values(), *bar.action_buttons.values(), bar.brush_button]
    assert not any(button.isEnabled() for button in buttons)
    assert "nothing to edit" in bar.hint.text()
    review.labels = model.add_labels(boxes())
    bar.refresh()
    assert bar.hint.text() == ""


def test_another_layer_to_review_puts_the_tool_away_and_a_hidden_one_is_shown(qtbot, model):
    first, second = model.add_labels(boxes(), visible=False), model.add_labels(boxes())
    review = FakeReview(first)
    bar = EditBar(model, review)
    qtbot.addWidget(bar)
    bar.tool_buttons["merge"].click()
    assert bar.hand.tool is not None
    assert first.visible
    review.labels = second
    bar.refresh()
    assert bar.hand.tool is None
    assert not bar.tool_buttons["merge"].isChecked()


def test_seeds_of_a_body_may_lie_in_several_planes_and_those_of_a_plane_end_with_it(qtbot, model):
    stack = np.zeros((12, 60, 80), np.int32)
    stack[1:11, 10:20, 10:20] = 1
    layer = model.add_labels(stack)
    bar = EditBar(model, FakeReview(layer))
    qtbot.addWidget(bar)
    click = bar.hand.canvas.clicked.emit
    for whole, parted in ((0, False), (1, True)):
        bar.scope.setCurrentIndex(whole)
        bar.tool_buttons["seeds"].click()
        for plane in (2, 9):
            model.dims.set_point(0, plane)
            click(np.array([plane, 15, 15], float), False)
        bar.hand.canvas.confirmed.emit()
        assert (layer.data[2, 15, 15] != layer.data[9, 15, 15]) == parted
        bar.hand.put_away()


def test_what_cannot_be_edited_is_said(qtbot, model):
    layer = model.add_labels(np.ones((4, 5, 6), np.uint8))
    bar = EditBar(model, FakeReview(layer, [1]))
    qtbot.addWidget(bar)
    model.dims.ndisplay = 3
    bar.perform("delete")
    assert "in 2D" in bar.hint.text()
    bar.tool_buttons["merge"].click()
    assert bar.hand.tool is None
    assert "in 2D" in bar.hint.text()
    assert not bar.tool_buttons["merge"].isChecked()


def test_an_id_that_the_layer_cannot_hold_is_said(qtbot, model):
    labels = np.zeros((9, 9), np.uint8)
    labels[0:2, 0:2] = labels[5:7, 5:6] = 255
    bar = EditBar(model, FakeReview(model.add_labels(labels), [255]))
    qtbot.addWidget(bar)
    bar.perform("separate")
    assert "can hold ids up to 255 only" in bar.hint.text()


@pytest.mark.gui
def test_in_a_stack_planes_are_joined_all_or_what_is_selected_but_nothing_that_was_set_aside(viewer, qtbot):
    planes = np.stack([np.where(boxes() > 0, boxes() + 10 * plane, 0) for plane in range(3)])
    layer = viewer.add_labels(planes, name="stack")
    review = FakeReview(layer)
    bar = EditBar(viewer, review)
    viewer.window.add_dock_widget(bar, name="edits")
    viewer.show()
    qtbot.waitExposed(viewer.window._qt_window)
    person, join = Person(viewer, qtbot), bar.action_buttons["join_planes"]
    set_records(layer, _17=Record(State.REJECTED))
    bar.refresh()
    person.click(join)
    assert {tuple(np.unique(layer.data[:, 10, 10])), tuple(np.unique(layer.data[:, 10, 25]))} == {(1,), (2,)}
    assert layer.data[:, 45, 65].tolist() == [7, 17, 27]  # 27 lies over what was rejected
    assert bar.hint.text().startswith("9 objects joined.")
    assert records(layer).get(1) == Record(State.EDITED, source="hand", parents=(1, 11, 21))
    assert review.selected_ids == [1, 2, 3]
    person.press(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(layer.data, planes)
    review.select([1, 2])
    bar.refresh()
    person.click(join)
    assert bar.hint.text() == "Nothing was changed: no two in neighbouring planes have 25% of their area in common."
    review.select([7])
    bar.refresh()
    assert not join.isEnabled()


def test_only_stacks_have_planes_to_join(model, qtbot):
    bar = EditBar(model, FakeReview(model.add_labels(boxes())))
    qtbot.addWidget(bar)
    assert bar.action_buttons["join_planes"].isHidden()


@pytest.mark.gui
def test_the_hint_of_a_tool_follows_what_is_selected_while_it_is_in_hand(viewer, qtbot):
    layer = viewer.add_labels(boxes(), name="cells")
    dock = ReviewDock(viewer)
    viewer.window.add_dock_widget(dock, name="Review")
    viewer.show()
    qtbot.waitUntil(lambda: not dock.review.searching, timeout=10_000)
    bar, person = dock.edits, Person(viewer, qtbot)
    dock.review.select([3])
    bar.tool_buttons["outline"].click()
    assert bar.hint.text().startswith("Draw the outline of object 3")
    dock.view.table.clearSelection()
    dock.review.select([])
    assert bar.hint.text().startswith("Draw the outline of a new object")
    dock.review.select([1, 2])
    assert bar.hint.text().startswith("Click on one object")
    dock.review.select([2])
    person.stroke(layer, (5, 22), (5, 28), (18, 28), (18, 22))
    assert bar.hint.text().startswith("Object 2 gets this outline."), "what was done is told, and not the next hint"
    dock.review.select([])
    assert bar.hint.text().startswith("Draw the outline of a new object")
    bar.hand.put_away()
    dock.review.select([7])
    assert bar.hint.text() == "", "no tool is in hand"


@pytest.mark.gui
def test_a_seed_that_was_put_keeps_its_hint_when_another_object_is_selected(scene):
    bar, layer, review, person = scene
    person.click(bar.tool_buttons["seeds"])
    person.stroke(layer, (42, 20))
    said = bar.hint.text()
    assert said.startswith("Object 3: click into its next part")
    review.select([7])
    bar.refresh()
    assert bar.hint.text() == said


@pytest.mark.gui
def test_an_object_that_was_missed_gets_its_outline_while_none_is_selected(scene):
    bar, layer, review, person = scene
    person.click(bar.tool_buttons["outline"])
    assert bar.hint.text().startswith("Draw the outline of a new object, or click on one")
    person.stroke(layer, (30, 60), (30, 70), (44, 70), (44, 60))
    assert (layer.data[32:39, 62:68] == 8).all()
    assert (layer.data[40:50, 60:70] == 7).all()
    assert bar.hint.text().startswith("This becomes object 8. Others keep theirs.")
    assert records(layer).get(8) == Record(State.EDITED, source="hand")
    assert review.selected_ids == []
    person.press(Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(layer.data, boxes())
