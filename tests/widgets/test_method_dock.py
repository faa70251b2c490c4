"""The dock with a trainer that is a puppet: what it starts, shows, sends, and never does."""

import gc
import re
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from app_model.types import KeyBinding
from fakes import FakeTrainer, proposal_above, snapshot
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QFileDialog, QScrollArea

from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.project.store import Project
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.method_dock import MethodDock

METHOD = METHODS["scribble2label"]


@pytest.fixture
def trainer():
    return FakeTrainer()


@pytest.fixture
def viewer():
    """The viewer without its window, which takes a second to open; tests that need one ask for it."""
    return ViewerModel()


@pytest.fixture
def dock(viewer, trainer, qtbot):
    dock = MethodDock(viewer, METHOD, trainer)
    qtbot.addWidget(dock)
    yield dock
    dock.close_session()


@pytest.fixture
def ready(dock, viewer, spots):
    """A dock with an image and enough scribbles to press Run."""
    viewer.add_image(spots, name="cells", scale=(0.5, 0.5), units=("um", "um"))
    dock.inputs.create_button.click()
    dock.inputs.annotation.data_setitem((np.full(9, 30), np.arange(9)), 1)
    dock.inputs.annotation.data_setitem((np.full(9, 15), np.arange(10, 19)), 2)
    return dock


@pytest.fixture
def running(ready, trainer):
    ready.run_view.run_button.click()
    return trainer.runs[0]


def test_the_model_of_a_run_is_saved_when_it_has_ended(dock, running, trainer, tmp_path, monkeypatch):
    assert dock.model_button.isHidden()
    running.model = TrainedModel("scribble2label", {"seed": 3}, {}, b"weights")
    dock.stop()
    assert not dock.model_button.isHidden()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    dock.model_button.click()
    assert TrainedModel.load(tmp_path / "mine").params == {"seed": 3}
    assert dock.message.mood == "done"
    assert str(tmp_path / "mine") in dock.message.text()
    (tmp_path / "file").write_bytes(b"")
    dock.model_button.save(tmp_path / "file")
    assert dock.message.mood == "error"
    dock.form.setValue(dock.form.value().replace(start_from=str(tmp_path / "mine")))
    dock.run()
    assert dock.model_button.isHidden()
    assert trainer.runs[-1].params.start_from == dock.form.value().start_from == str(tmp_path / "mine")
    dock.stop()
    assert dock.model_button.isHidden(), "this run has no model yet"


@pytest.fixture
def proposed(ready, running, spots, qtbot):
    """A dock in the middle of a run that has proposed something."""
    running.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
    qtbot.waitUntil(lambda: proposal_of(ready) is not None and proposal_of(ready).data.any())
    return ready


def proposal_of(dock):
    return layers.find(dock._viewer, "proposal", dock.inputs.image, METHOD.name)


def corrected_of(dock):
    return layers.find(dock._viewer, "corrected", dock.inputs.image)


def key(viewer, name):
    viewer.keymap[KeyBinding.from_str(name)](viewer)


class TestTheNextStepIsSaid:
    def test_from_the_empty_viewer_to_run(self, dock, viewer, spots, qtbot):
        assert dock.message.text().startswith("Open an image")
        viewer.add_image(spots)
        assert dock.message.text() == "Press “Create scribble layer”."
        dock.inputs.create_button.click()
        assert dock.message.text() == "Paint a few strokes of background (1) and foreground (2)."
        dock.inputs.annotation.paint((10, 10), 1)
        qtbot.waitUntil(lambda: "foreground (2) too" in dock.message.text())
        dock.inputs.annotation.paint((30, 30), 2)
        qtbot.waitUntil(lambda: dock.message.text() == "Press Run [G].")
        dock.inputs.annotation.undo()
        qtbot.waitUntil(lambda: "foreground (2) too" in dock.message.text())

    def test_during_and_after_a_run(self, ready, running, spots, qtbot):
        assert ready.message.text() == "The first proposal comes in a moment."
        running.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: "Paint more strokes" in ready.message.text())
        ready.run_view.stop_button.click()
        assert ready.message.text().startswith("Accept what is right")


class TestRun:
    def test_the_trainer_is_warmed_up_once_the_dock_is_open(self, dock, trainer, qtbot):
        qtbot.waitUntil(lambda: trainer.warm_ups == 1)

    def test_it_starts_with_what_is_chosen(self, ready, trainer, spots):
        ready.form.editor("epochs").setValue(7)
        ready.run_view.run_button.click()
        (run,) = trainer.runs
        assert run.method is METHOD
        assert run.params == METHOD.params(epochs=7)
        (plane,) = run.task.planes
        assert plane.name == "cells"
        np.testing.assert_array_equal(plane.image, spots)
        assert set(np.unique(plane.annotation.marks)) == {0, 1, 2}

    def test_later_strokes_do_not_reach_the_task_that_was_started(self, ready, running):
        before = running.task.planes[0].annotation.marks.copy()
        ready.inputs.annotation.data_setitem((np.array([50]), np.array([50])), 2)
        np.testing.assert_array_equal(running.task.planes[0].annotation.marks, before)

    def test_pressing_run_twice_starts_one_run(self, ready, running, trainer):
        ready.run()
        assert len(trainer.runs) == 1

    def test_only_stop_can_be_pressed_while_it_runs(self, ready, running):
        assert not ready.run_view.run_button.isEnabled()
        assert ready.run_view.stop_button.isEnabled()
        assert not ready.form.isEnabled()
        assert not ready.inputs.images.isEnabled()
        ready.run_view.stop_button.click()
        assert running.state == "stopped"
        assert ready.run_view.run_button.isEnabled()
        assert not ready.run_view.stop_button.isEnabled()
        assert ready.form.isEnabled()
        assert ready.inputs.images.isEnabled()

    def test_a_run_that_comes_to_its_end_is_told(self, ready, running, qtbot):
        running.state = "finished"
        qtbot.waitUntil(lambda: ready.run_view.progress.text() == "finished")
        assert ready.run_view.run_button.isEnabled()

    def test_the_best_model_is_at_hand_afterwards(self, ready, running):
        running.model = TrainedModel("scribble2label", {}, {}, b"weights")
        ready.stop()
        assert ready.session.model is running.model

    def test_running_again_uses_the_same_layers(self, proposed, viewer, trainer):
        before = list(viewer.layers)
        proposed.stop()
        proposed.run()
        assert len(trainer.runs) == 2
        assert list(viewer.layers) == before
        assert proposal_of(proposed).data.any(), "the old proposal stays until the new one comes"

    def test_an_image_that_got_another_size_needs_scribbles_of_that_size(self, proposed, trainer, spots, qtbot):
        proposed.stop()
        proposed.inputs.image.data = spots[:50, :50]
        proposed.run()
        assert len(trainer.runs) == 1
        assert proposed.message.text() == "Press “Create scribble layer”."
        proposed.inputs.create_annotation()
        proposed.inputs.annotation.data[30, :9], proposed.inputs.annotation.data[15, 10:19] = 1, 2
        proposed.run()
        trainer.runs[1].waiting.append(snapshot(1, {0: proposal_above(spots[:50, :50], 0.4)}))
        qtbot.waitUntil(lambda: proposal_of(proposed).data.any())
        assert proposal_of(proposed).data.shape == (50, 50)

    def test_a_renamed_image_changes_nothing(self, proposed, viewer, running, spots, qtbot):
        for layer in viewer.layers:
            layer.name = f"my {layer.name}"
        count = len(viewer.layers)
        proposed.stop()
        proposed.run()
        assert len(viewer.layers) == count


class TestRefresh:
    def test_the_layers_show_the_newest_proposal(self, ready, running, spots, qtbot):
        running.waiting += [
            snapshot(1, {0: proposal_above(spots, 9)}),
            snapshot(2, {0: proposal_above(spots, 0.4)}),
        ]
        qtbot.waitUntil(lambda: proposal_of(ready).data.max() == 4)
        confidence = layers.find(ready._viewer, "confidence", ready.inputs.image, METHOD.name)
        assert confidence.data.max() == np.float32(0.95)
        assert confidence.units == ready.inputs.image.units
        np.testing.assert_allclose(confidence.scale, (0.5, 0.5))

    def test_it_steals_neither_the_active_layer_nor_the_brush(self, ready, viewer, running, spots, qtbot):
        scribbles = ready.inputs.annotation
        for step in range(1, 4):
            running.waiting.append(snapshot(step, {0: proposal_above(spots, 0.3 + step / 10)}))
            qtbot.waitUntil(lambda: not running.waiting)
            assert viewer.layers.selection.active is scribbles
            assert set(viewer.layers.selection) == {scribbles}
            assert (scribbles.mode, scribbles.selected_label) == ("paint", 2)

    def test_it_leaves_the_persons_layers_alone(self, proposed, running, spots, qtbot):
        proposed.accepts.accept_all()
        accepted = corrected_of(proposed).data.copy()
        scribbles = proposed.inputs.annotation.data.copy()
        running.waiting.append(snapshot(5, {0: proposal_above(spots, 9)}))
        qtbot.waitUntil(lambda: not proposal_of(proposed).data.any())
        np.testing.assert_array_equal(corrected_of(proposed).data, accepted)
        np.testing.assert_array_equal(proposed.inputs.annotation.data, scribbles)

    def test_what_was_accepted_can_be_accepted_again_when_its_layer_was_deleted(self, proposed, viewer, qtbot):
        button = proposed.accept_view.all_button
        proposed.accepts.accept_all()
        assert not button.isEnabled()
        viewer.layers.remove(corrected_of(proposed))
        qtbot.waitUntil(button.isEnabled)
        proposed.accepts.accept_all()
        assert corrected_of(proposed).data.max() == 4

    def test_a_deleted_layer_comes_back_with_the_next_run_only(self, proposed, viewer, running, spots, qtbot):
        viewer.layers.remove(proposal_of(proposed))
        running.waiting.append(snapshot(2, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: not running.waiting)
        assert proposal_of(proposed) is None
        proposed.stop()
        proposed.run()
        assert proposal_of(proposed) is not None

    def test_a_run_ends_when_its_image_is_deleted_and_hears_of_no_other(self, proposed, viewer, running, spots, qtbot):
        other = viewer.add_image(spots.T.T + 1, name="other")
        scribbles = proposed.inputs.annotations.layer
        viewer.layers.remove("cells")
        assert running.state == "stopped"
        assert proposed.message.text().startswith("The run was stopped, for “cells”")
        assert proposed.inputs.image is other
        scribbles.data_setitem((np.array([50]), np.array([50])), 2)
        qtbot.wait(400)
        assert running.sent == []
        assert proposed.message.text().startswith("The run was stopped, for “cells”"), "it stays until the next run"

    def test_strokes_for_another_image_do_not_reach_the_run(self, proposed, viewer, running, spots, qtbot):
        proposed.inputs.images.choose(viewer.add_image(spots + 1, name="other"))
        proposed.inputs.create_annotation()
        for label in (1, 2):
            proposed.inputs.annotation.data_setitem((np.array([50]), np.array([50 + label])), label)
        qtbot.wait(400)
        assert proposed.session.running
        assert running.sent == []

    def test_clearing_the_viewer_ends_the_run_and_begins_no_project(self, proposed, viewer, running):
        saver = proposed.saving.begin()
        saver.save_now()
        path = saver.path
        viewer.layers.clear()
        assert running.state == "stopped"
        for _ in range(3):
            saver.look()
        assert saver.path is None
        with Project.look(path) as project:
            assert [run.state for run in project.runs()] == ["stopped"]
        saver.close()
        assert not proposed.session.running

    def test_a_stack_is_filled_plane_by_plane(self, dock, viewer, trainer, spots, qtbot):
        viewer.add_image(np.stack([spots] * 3), name="stack")
        dock.inputs.create_annotation()
        dock.inputs.annotation.data[1, 30, :9], dock.inputs.annotation.data[1, 15, 10:19] = 1, 2
        dock.run()
        (run,) = trainer.runs
        run.waiting.append(snapshot(1, {2: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: proposal_of(dock).data.any())
        assert [plane.any() for plane in proposal_of(dock).data] == [False, False, True]


class TestNewStrokes:
    def test_strokes_are_sent_once_the_person_pauses(self, proposed, running, qtbot):
        scribbles = proposed.inputs.annotation
        for column in (30, 35, 40):
            scribbles.paint((50, column), 2)
            qtbot.wait(50)
        assert not running.sent, "not in the middle of the strokes"
        qtbot.waitUntil(lambda: bool(running.sent))
        qtbot.wait(400)
        assert len(running.sent) == 1
        assert running.sent[0].planes[0].annotation.marks[50, 40] == 2
        assert running.sent[0].planes[0].image is running.task.planes[0].image

    def test_an_undone_stroke_is_sent_too(self, proposed, running, qtbot):
        proposed.inputs.annotation.paint((50, 30), 2)
        qtbot.waitUntil(lambda: len(running.sent) == 1)
        proposed.inputs.annotation.undo()
        qtbot.waitUntil(lambda: len(running.sent) == 2)
        assert running.sent[1].planes[0].annotation.marks[50, 30] == 0

    def test_a_look_at_another_slice_sends_nothing(self, proposed, running, qtbot):
        proposed.inputs.annotation.refresh()
        qtbot.wait(500)
        assert not running.sent

    def test_nothing_is_sent_after_the_end(self, proposed, running, qtbot):
        proposed.stop()
        proposed.inputs.annotation.paint((50, 30), 2)
        qtbot.wait(500)
        assert not running.sent


class TestErrors:
    @pytest.fixture(autouse=True)
    def told(self):
        """What napari's notifications said during the test."""
        del notification_manager.records[:]
        return notification_manager.records

    def test_missing_scribbles_are_said_in_dock_and_notification(self, dock, viewer, spots, trainer, told):
        viewer.add_image(spots)
        dock.inputs.create_annotation()
        dock.run()
        assert dock.message.mood == "warning"
        assert dock.message.text() == "Paint a few strokes of background (1) and foreground (2)."
        assert [(str(note.severity), note.message) for note in told] == [("warning", dock.message.text())]
        assert not trainer.runs
        assert len(viewer.layers) == 2, "and no empty result layers are left behind"

    @pytest.mark.parametrize(
        ("image", "sentence"),
        [
            (np.full((60, 80), 3.0), "cells is constant (every pixel is 3.0). Choose another image."),
            (np.where(np.eye(60, 80) > 0, np.nan, 1.0), "cells has 60 NaN or infinite pixels. Replace them"),
        ],
        ids=["constant", "NaN"],
    )
    def test_an_image_that_cannot_be_learned_from(self, dock, viewer, image, sentence, trainer, told):
        viewer.add_image(image, name="cells", contrast_limits=(0, 5))
        dock.inputs.create_annotation()
        dock.inputs.annotation.data[0, :5], dock.inputs.annotation.data[1, :5] = 1, 2
        dock.run()
        assert dock.message.text().startswith(sentence)
        assert dock.message.mood == "warning"
        assert not trainer.runs
        assert dock.run_view.run_button.isEnabled()

    def test_a_trainer_that_does_not_start(self, ready, trainer, told):
        trainer.error = TrainingError("Python could not be started. Free some memory.")
        ready.run()
        assert ready.message.text() == "Python could not be started. Free some memory."
        assert ready.run_view.run_button.isEnabled()
        assert not ready.session.running

    def test_a_run_that_fails_leaves_the_layers_and_lets_one_start_again(self, proposed, running, trainer, told, qtbot):
        before = {layer.name: layer.data.copy() for layer in proposed._viewer.layers}
        running.error = TrainingError("The memory did not suffice. Choose a smaller crop.", "Traceback ...")
        qtbot.waitUntil(lambda: proposed.message.mood == "error")
        assert proposed.message.text() == "The memory did not suffice. Choose a smaller crop."
        assert [(str(note.severity), note.message) for note in told] == [("error", proposed.message.text())]
        assert not hasattr(told[0], "exception"), "a sentence, not a traceback"
        assert proposed.run_view.progress.text() == "failed"
        assert {layer.name for layer in proposed._viewer.layers} == set(before)
        for layer in proposed._viewer.layers:
            np.testing.assert_array_equal(layer.data, before[layer.name])
        assert proposed.run_view.run_button.isEnabled()
        proposed.run()
        assert len(trainer.runs) == 2
        assert proposed.message.mood == "hint"

    def test_a_failure_stays_in_sight_until_the_next_run(self, proposed, viewer, running, spots, qtbot):
        running.error = TrainingError("The memory did not suffice.")
        qtbot.waitUntil(lambda: proposed.message.mood == "error")
        proposed.inputs.annotation.paint((50, 30), 2)
        proposed.inputs.annotations.choose(None)
        qtbot.wait(500)
        assert proposed.message.text() == "The memory did not suffice."
        proposed.run()
        assert proposed.message.mood != "error"

    def test_a_warning_goes_once_its_cause_is_gone(self, dock, viewer, spots, told, qtbot):
        viewer.add_image(spots)
        dock.inputs.create_annotation()
        dock.run()
        assert dock.message.mood == "warning"
        dock.inputs.annotation.paint((10, 10), 1)
        dock.inputs.annotation.paint((30, 30), 2)
        qtbot.waitUntil(lambda: dock.message.text() == "Press Run [G].")
        assert dock.message.mood == "hint"


class TestAccept:
    def test_buttons_accept_and_the_count_follows(self, proposed, qtbot):
        view = proposed.accept_view
        qtbot.waitUntil(lambda: view.count.text() == "4 objects ≥ 0.90 will be accepted.")
        view.number.setValue(0.96)
        assert view.count.text() == "0 objects ≥ 0.96 will be accepted."
        view.number.setValue(0.5)
        view.above_button.click()
        assert view.count.text() == "0 objects ≥ 0.50 will be accepted, 4 are already there."
        assert proposed.message.text().startswith("4 objects were accepted into the corrected layer.")
        assert proposed.message.mood == "done"
        corrected_of(proposed).undo()
        qtbot.waitUntil(lambda: view.count.text() == "4 objects ≥ 0.50 will be accepted.")
        view.all_button.click()
        assert corrected_of(proposed).data.max() == 4

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
        key(viewer, "N")
        assert viewer.layers.selection.active is scribbles
        key(viewer, "W")
        assert scribbles.selected_label == 1
        key(viewer, "G")
        assert not proposed.session.running
        key(viewer, "G")
        assert proposed.session.running

    def test_the_object_button_accepts_by_clicks_until_it_is_released(self, proposed, viewer, qtbot):
        def click(position, moved_by=0):
            event = SimpleNamespace(position=position, pos=(100, 100), type="mouse_press", modifiers=())
            gestures = [gesture for callback in viewer.mouse_drag_callbacks if (gesture := callback(viewer, event))]
            for event.type, event.pos in [
                ("mouse_press", (100, 100)),
                ("mouse_move", (100, 100 + moved_by)),
                ("mouse_release", (100, 100 + moved_by)),
            ]:
                for gesture in gestures:
                    next(gesture, None)

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
        key(viewer, "N")
        assert not button.isChecked()
        assert len(viewer.mouse_drag_callbacks) == before

    def test_a_dock_opened_later_finds_the_proposal(self, proposed, viewer, qtbot):
        qtbot.waitUntil(proposed.accept_view.all_button.isEnabled)
        later = MethodDock(viewer, METHOD, FakeTrainer())
        qtbot.addWidget(later)
        assert later.accept_view.all_button.text() == "Accept all (4)"
        later.accepts.accept_all()
        assert corrected_of(proposed).data.max() == 4
        later.close_session()


class TestClosing:
    @pytest.fixture
    def viewer(self, make_napari_viewer):
        return make_napari_viewer(show=True)

    @pytest.fixture
    def docked(self, viewer, trainer, qtbot):
        dock = MethodDock(viewer, METHOD, trainer)
        viewer.window.add_dock_widget(dock, name="Scribble2Label")
        qtbot.waitUntil(dock.isVisible)
        return dock

    def test_closing_the_dock_ends_the_trainer_and_gives_the_keys_back(self, docked, viewer, trainer, spots, qtbot):
        viewer.add_image(spots)
        docked.inputs.create_annotation()
        scribbles = docked.inputs.annotation
        docked.parent().destroyOnClose()  # what the cross in the title bar does
        assert trainer.closed
        assert KeyBinding.from_str("K") not in viewer.keymap
        scribbles.paint((3, 3), 2)
        qtbot.wait(400)
        assert "foreground" in docked.message.text(), "nobody listens any more"

    def test_a_run_in_a_dock_that_is_closed_was_stopped_and_not_cut_off(self, docked, viewer, trainer, spots):
        viewer.add_image(spots)
        docked.inputs.create_annotation()
        docked.inputs.annotation.data_setitem((np.arange(2), np.arange(2)), np.array([1, 2]))
        docked.run()
        saver = docked.saving.begin()
        docked.parent().destroyOnClose()
        assert trainer.runs[0].state == "stopped"
        saver.save_now()
        path = saver.path
        saver.close()
        with Project.look(path) as project:
            assert [run.state for run in project.runs()] == ["stopped"]

    def test_hiding_the_dock_does_not_end_the_run(self, docked, viewer, trainer, qtbot):
        assert KeyBinding.from_str("K") in viewer.keymap
        docked.parent().hide()
        assert not trainer.closed
        assert KeyBinding.from_str("K") not in viewer.keymap, "the keys belong to the dock that is seen"
        docked.parent().show()
        assert KeyBinding.from_str("K") in viewer.keymap

    def test_floating_the_dock_does_not_end_the_run(self, docked, trainer):
        docked.parent().setFloating(True)
        docked.parent().setFloating(False)
        assert not trainer.closed

    def test_closing_the_window_ends_the_trainer(self, docked, viewer, trainer, qtbot):
        viewer.close()
        qtbot.waitUntil(lambda: trainer.closed)

    def test_a_closed_dock_is_not_kept_alive(self, viewer, trainer, qtbot):
        dock = MethodDock(viewer, METHOD, trainer)
        viewer.window.add_dock_widget(dock, name="Scribble2Label")
        gone = weakref.ref(dock)
        dock.parent().destroyOnClose()
        del dock
        qtbot.wait(50)
        gc.collect()
        assert gone() is None


def test_the_colours_follow_the_theme(dock, viewer):
    dark = dock.message.styleSheet()
    viewer.theme = "light"
    assert dock.message.styleSheet() != dark
    viewer.theme = "dark"
    assert dock.message.styleSheet() == dark


def test_nothing_is_cut_off_at_the_width_of_a_dock(proposed, qtbot):
    proposed.resize(300, 700)
    proposed.show()
    scroll = proposed.findChild(QScrollArea)
    assert proposed.width() == 300
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()
    proposed.form.folded.expand(animate=False)
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()
