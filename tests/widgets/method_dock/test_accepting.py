"""Proposals are accepted, and wrong objects rejected, in the dock."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from docked import METHOD, corrected_of, key, proposal_of
from fakes import FakeTrainer, proposal_above, snapshot

from napari_labelfix.widgets.method_dock import MethodDock


@pytest.fixture
def click(viewer):
    def click(position, moved_by=0, button=1):
        event = SimpleNamespace(position=position, pos=(100, 100), type="mouse_press", modifiers=(), button=button)
        gestures = [gesture for callback in viewer.mouse_drag_callbacks if (gesture := callback(viewer, event))]
        for event.type, event.pos in [
            ("mouse_press", (100, 100)),
            ("mouse_move", (100, 100 + moved_by)),
            ("mouse_release", (100, 100 + moved_by)),
        ]:
            for gesture in gestures:
                next(gesture, None)

    return click


class TestAccept:
    def test_buttons_accept_and_the_count_follows(self, proposed, qtbot):
        view = proposed.accept_view
        qtbot.waitUntil(lambda: view.count.text() == "4 objects ≥ 0.90 will be accepted.")
        view.number.setValue(0.96)
        assert view.count.text() == "0 objects ≥ 0.96 will be accepted."
        view.number.setValue(0.5)
        view.above_button.click()
        assert view.count.text() == "0 objects ≥ 0.50 will be accepted, 4 are already there."
        assert proposed.message.text().startswith("4 objects were accepted into the corrected layer, as new input.")
        assert proposed.message.mood == "done"
        corrected_of(proposed).undo()
        qtbot.waitUntil(lambda: view.count.text() == "4 objects ≥ 0.50 will be accepted.")
        view.all_button.click()
        assert corrected_of(proposed).data.max() == 4

    def test_the_run_learns_from_what_is_accepted_unless_another_layer_is_chosen(self, proposed, running, qtbot):
        accepted_input = proposed.inputs.parts[1].combo
        assert accepted_input.currentText() == "no accepted objects"
        proposed.accept_view.all_button.click()
        qtbot.waitUntil(lambda: bool(running.sent))
        assert running.sent[-1].planes[0].annotation.accepted.max() == 4
        assert accepted_input.layer is corrected_of(proposed)
        corrected_of(proposed).undo()
        qtbot.waitUntil(lambda: running.sent[-1].planes[0].annotation.accepted is None)
        proposed.stop()
        corrected_of(proposed).redo()
        accepted_input.setCurrentIndex(0)
        accepted_input.activated.emit(0)  # as by a click
        assert proposed.inputs.read_annotations()[0].accepted is None

    def test_what_is_accepted_says_where_it_comes_from(self, proposed):
        proposed.accept_view.all_button.click()
        features = corrected_of(proposed).features
        assert set(features["state"]) == {"accepted"}
        assert set(features["source"]) == {"scribble2label"}
        [model] = set(features["model"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d, step \d+", model)

    def test_the_key_accepts_the_object_under_the_pointer(self, proposed, viewer):
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "K")
        accepted = corrected_of(proposed).data
        assert set(np.unique(accepted)) == {0, 1}
        assert accepted[15, 60] == 1
        assert proposed.message.text().startswith("1 object was accepted")
        key(viewer, "K")
        assert proposed.message.text() == "Nothing was changed: 1 object was already there."
        corrected_of(proposed).undo()
        assert proposed.message.text() == "Taken back.", "it is there no more"

    def test_pointing_beside_the_objects_is_told(self, proposed, viewer):
        viewer.cursor.position = (0, 0)
        key(viewer, "K")
        assert "no proposed object here" in proposed.message.text()
        assert corrected_of(proposed) is None

    def test_the_other_keys(self, proposed, viewer):
        scribbles = proposed.inputs.annotation
        key(viewer, "H")
        assert not proposal_of(proposed).visible
        key(viewer, "H")
        assert proposal_of(proposed).visible
        key(viewer, "J")
        assert corrected_of(proposed).data.max() == 4
        assert viewer.layers.selection.active is corrected_of(proposed)
        key(viewer, "Q")
        assert viewer.layers.selection.active is scribbles
        key(viewer, "W")
        assert scribbles.selected_label == 1
        key(viewer, "G")
        assert not proposed.session.running
        key(viewer, "G")
        assert proposed.session.running

    def test_the_object_button_accepts_by_clicks_until_it_is_released(self, proposed, click, qtbot, viewer):
        button = proposed.accept_view.object_button
        qtbot.waitUntil(button.isEnabled)
        button.click()
        active = viewer.layers.selection.active
        assert active is corrected_of(proposed)
        assert active.mode == "pan_zoom", "so that the click does not paint"
        click((7.5, 7.5), moved_by=2)
        assert set(np.unique(corrected_of(proposed).data)) == {0, 1}
        click((7.5, 30), moved_by=30)
        assert set(np.unique(corrected_of(proposed).data)) == {0, 1}, "a drag moves the image and accepts nothing"
        button.click()
        click((7.5, 30))
        assert set(np.unique(corrected_of(proposed).data)) == {0, 1}

    def test_taking_up_the_brush_ends_the_clicking(self, proposed, viewer, qtbot):
        button = proposed.accept_view.object_button
        qtbot.waitUntil(button.isEnabled)
        before = len(viewer.mouse_drag_callbacks)
        button.click()
        assert len(viewer.mouse_drag_callbacks) == before + 1
        key(viewer, "Q")
        assert not button.isChecked()
        assert len(viewer.mouse_drag_callbacks) == before

    @pytest.mark.parametrize("button", [2, 3])
    def test_the_other_buttons_of_the_mouse_accept_nothing(self, proposed, click, qtbot, button):
        pick = proposed.accept_view.object_button
        qtbot.waitUntil(pick.isEnabled)
        pick.click()
        click((7.5, 7.5), button=button)
        assert not corrected_of(proposed).data.any()
        assert pick.isChecked()

    @pytest.mark.parametrize("by_mode", [True, False])
    def test_a_tool_that_draws_ends_the_clicking_whoever_takes_it_up(self, proposed, click, viewer, qtbot, by_mode):
        button, scribbles = proposed.accept_view.object_button, proposed.inputs.annotation
        qtbot.waitUntil(button.isEnabled)
        button.click()
        assert proposed.message.text().startswith("Click on the objects")
        if by_mode:
            viewer.layers.selection.active.mode = "paint"
        else:
            scribbles.mode = "paint"
            assert button.isChecked(), "the brush is not in this layer's hand"
            viewer.layers.selection.active = scribbles
        assert not button.isChecked()
        assert not proposed.message.text().startswith("Click on the objects")
        click((7.5, 7.5))
        assert not corrected_of(proposed).data.any()

    def test_a_dock_that_is_not_seen_leaves_the_clicks_alone(self, proposed, viewer, qtbot):
        proposed.show()
        qtbot.waitUntil(proposed.accept_view.object_button.isEnabled)
        before = list(viewer.mouse_drag_callbacks)
        proposed.accept_view.object_button.click()
        proposed.hide()
        assert not proposed.accept_view.object_button.isChecked()
        assert list(viewer.mouse_drag_callbacks) == before

    def test_what_was_in_a_deleted_proposal_is_not_offered_again(self, proposed, viewer, spots, trainer, qtbot):
        viewer.layers.remove(proposal_of(proposed))
        proposed.stop()
        proposed.run_view.run_button.click()
        qtbot.waitUntil(lambda: proposed.accept_view.count.text() == "Nothing is proposed yet.")
        assert proposal_of(proposed) is not None
        key(viewer, "J")
        assert proposed.message.text() == "Nothing is proposed yet."
        trainer.runs[-1].waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: proposed.accept_view.count.text() == "4 objects ≥ 0.90 will be accepted.")

    def test_where_nothing_is_certain_enough_the_key_says_so(self, proposed, viewer):
        proposed.accept_view.number.setValue(1.0)
        key(viewer, "J")
        assert proposed.message.text() == "There is nothing to accept here."

    def test_the_way_back_is_told_only_while_it_is_one(self, proposed, viewer):
        key(viewer, "J")
        told = proposed.message.text()
        assert told.startswith("4 objects were accepted into the corrected layer, as new input. Ctrl+Z takes it back")
        corrected_of(proposed).undo()
        assert proposed.message.text() == "Taken back."
        corrected_of(proposed).redo()
        assert proposed.message.text() == told
        viewer.layers.selection.active = proposed.inputs.annotation
        sentence = "4 objects were accepted into the corrected layer, as new input."
        assert proposed.message.text() == f"{sentence} To take it back, select “cells corrected” first."
        viewer.layers.selection.active = corrected_of(proposed)
        assert proposed.message.text() == told
        corrected_of(proposed).undo()
        assert proposed.message.text() == "Taken back."

    def test_taken_back_after_a_stroke_of_which_that_is_true_too_it_is_said(self, proposed, viewer):
        key(viewer, "J")
        told, corrected = proposed.message.text(), corrected_of(proposed)
        corrected.data_setitem((np.array([1]), np.array([1])), 9)
        assert proposed.message.text() == "4 objects were accepted into the corrected layer, as new input."
        corrected.undo()
        assert proposed.message.text() == told, "now it is next again"
        corrected.redo()
        assert "Ctrl+Z" not in proposed.message.text()
        corrected.undo()
        corrected.undo()
        assert not corrected.data.any()
        assert proposed.message.text() == "Taken back."

    def test_what_was_accepted_into_a_layer_that_is_deleted_is_told_no_longer(self, proposed, viewer):
        key(viewer, "J")
        viewer.layers.remove(corrected_of(proposed))
        assert proposed.message.text().startswith("Paint more strokes")

    def test_a_stroke_after_what_was_taken_back_ends_the_matter(self, proposed, viewer):
        key(viewer, "J")
        corrected = corrected_of(proposed)
        corrected.undo()
        corrected.data_setitem((np.array([1]), np.array([1])), 9)
        assert proposed.message.text().startswith("Paint more strokes")

    def test_a_dock_opened_later_finds_the_proposal(self, proposed, viewer, qtbot):
        qtbot.waitUntil(proposed.accept_view.all_button.isEnabled)
        later = MethodDock(viewer, METHOD, FakeTrainer())
        qtbot.addWidget(later)
        assert later.accept_view.all_button.text() == "Accept all (4)"
        later.accepts.accept_all()
        assert corrected_of(proposed).data.max() == 4
        later.close_session()


class TestReject:
    def test_the_key_paints_over_the_object_under_the_pointer_and_the_run_is_told(
        self, proposed, running, viewer, qtbot
    ):
        scribbles, view = proposed.inputs.annotation, proposed.accept_view
        qtbot.waitUntil(lambda: view.count.text() == "4 objects ≥ 0.90 will be accepted.")
        assert not view.reject_button.isHidden()
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "N")
        assert scribbles.data[15, 60] == 1
        told = "1 object was painted over as background: the run learns from it. Ctrl+Z takes it back."
        assert proposed.message.text() == told
        assert view.count.text() == "3 objects ≥ 0.90 will be accepted."
        qtbot.waitUntil(lambda: bool(running.sent))
        assert running.sent[-1].planes[0].annotation.marks[15, 60] == 1
        assert viewer.layers.selection.active is scribbles
        scribbles.undo()
        assert proposed.message.text() == "Taken back."
        qtbot.waitUntil(lambda: view.count.text() == "4 objects ≥ 0.90 will be accepted.")
        qtbot.waitUntil(lambda: running.sent[-1].planes[0].annotation.marks[15, 60] == 0)

    def test_after_a_run_the_next_one_learns_from_it(self, proposed, viewer):
        proposed.stop()
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "N")
        assert proposed.message.text().startswith("1 object was painted over as background: the next run learns")
        key(viewer, "N")
        assert proposed.message.text() == "Nothing was changed: 1 object was painted over as background already."

    def test_the_count_follows_whatever_is_said_meanwhile(self, proposed, viewer, qtbot):
        proposed.stop()
        view = proposed.accept_view
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "N")
        key(viewer, "N")
        assert view.count.text() == "3 objects ≥ 0.90 will be accepted."
        proposed.inputs.annotation.undo()
        qtbot.waitUntil(lambda: view.count.text() == "4 objects ≥ 0.90 will be accepted.")

    def test_the_key_says_nothing_where_there_is_no_image(self, dock, viewer):
        before = dock.message.text()
        assert before.startswith("Open an image")
        key(viewer, "N")
        assert dock.message.text() == before

    def test_before_anything_is_proposed_it_is_told(self, dock, viewer, spots):
        viewer.add_image(spots, name="cells")
        key(viewer, "N")
        assert dock.message.text() == "There is no proposed object here. Point at one and press N."

    def test_without_strokes_to_say_it_in_it_is_told_what_to_do(self, proposed, viewer):
        viewer.layers.remove(proposed.inputs.annotation)
        key(viewer, "N")
        told = "There is no scribble layer that could say that it is none. Press “Create scribble layer”."
        assert proposed.message.text() == told

    def test_the_way_back_is_told_only_while_it_is_one(self, proposed, viewer):
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "N")
        viewer.layers.selection.active = proposed.inputs.image
        assert proposed.message.text().endswith("To take it back, select “cells scribbles” first.")

    def test_pointing_beside_the_objects_is_told(self, proposed, viewer):
        viewer.cursor.position = (0, 0)
        key(viewer, "N")
        assert proposed.message.text() == "There is no proposed object here. Point at one and press N."

    def test_the_button_rejects_by_clicks_until_it_is_released(self, proposed, click, viewer, qtbot):
        button, scribbles = proposed.accept_view.reject_button, proposed.inputs.annotation
        qtbot.waitUntil(button.isEnabled)
        button.click()
        assert proposed.message.text() == "Click on the objects to reject. Press the button again to end."
        assert viewer.layers.selection.active is scribbles
        assert scribbles.mode == "pan_zoom", "so that the click does not paint"
        proposed.accept_view.number.setValue(0.8)  # after which the dock looks again what is next
        qtbot.wait(400)
        assert proposed.message.text().startswith("Click on the objects to reject.")
        click((15 * 0.5, 60 * 0.5))
        assert scribbles.data[15, 60] == 1
        assert corrected_of(proposed) is None
        button.click()
        click((45 * 0.5, 20 * 0.5))
        assert scribbles.data[45, 20] == 0

    def test_without_strokes_to_draw_into_there_are_no_clicks_to_reject_by(self, proposed, viewer, qtbot):
        before = list(viewer.mouse_drag_callbacks)
        qtbot.waitUntil(proposed.accept_view.reject_button.isEnabled)
        proposed.accept_view.reject_button.click()
        viewer.layers.remove(proposed.inputs.annotation)
        assert not proposed.accept_view.reject_button.isChecked()
        assert list(viewer.mouse_drag_callbacks) == before

    def test_the_other_button_takes_over(self, proposed, click, viewer, qtbot):
        view = proposed.accept_view
        qtbot.waitUntil(view.reject_button.isEnabled)
        view.reject_button.click()
        view.object_button.click()
        click((15 * 0.5, 60 * 0.5))
        assert proposed.inputs.annotation.data[15, 60] == 0
        assert corrected_of(proposed).data[15, 60] == 1
        key(viewer, "Q")
        assert not view.object_button.isChecked()
