"""What the dock starts, and what it says when that fails."""

import numpy as np
import pytest
from docked import METHOD, proposal_of
from fakes import proposal_above, snapshot
from napari.utils.notifications import notification_manager

from napari_labelfix.errors import TrainingError
from napari_labelfix.methods.checkpoint import TrainedModel


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

    def test_pixels_without_a_number_are_told(self, ready, spots):
        ready.inputs.image.data = np.where(spots == spots.max(), np.nan, spots)
        ready.run_view.run_button.click()
        said = "Less than 1 % of the pixels of cells are NaN or infinite. They are taken as empty."
        assert ready.run_view.note.text() == said

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
        assert not ready.computer_button.isEnabled()
        ready.run_view.stop_button.click()
        assert running.state == "stopped"
        assert ready.run_view.run_button.isEnabled()
        assert not ready.run_view.stop_button.isEnabled()
        assert ready.form.isEnabled()
        assert ready.inputs.images.isEnabled()
        assert ready.computer_button.isEnabled()

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

    def test_what_accepts_is_in_sight_in_a_low_dock_when_the_run_has_ended(self, proposed, qtbot):
        proposed.resize(320, 560)
        proposed.show()
        qtbot.waitExposed(proposed)
        qtbot.wait(50)
        accept = proposed.accept_view.object_button
        assert accept.visibleRegion().isEmpty()
        proposed.stop()
        qtbot.waitUntil(lambda: accept.visibleRegion().boundingRect() == accept.rect())

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


class TestAnotherImage:
    """What the last run has told says nothing of an image that it was not on."""

    @pytest.fixture
    def ended(self, proposed, running, viewer, spots):
        running.model = TrainedModel("scribble2label", {}, {}, b"weights")
        proposed.show()
        proposed.stop()
        viewer.add_image(spots, name="the other one with a long name")
        return proposed

    def test_it_is_hidden_while_another_image_is_in_hand_and_comes_back_with_its_own(self, ended, viewer):
        view = ended.run_view
        assert view.progress.isVisible(), "an image that is only opened is not in hand"
        ended.inputs.images.choose(viewer.layers[-1])
        assert not view.progress.isVisible()
        assert not view.plot.isVisible()
        ended.inputs.images.choose(viewer.layers["cells"])
        assert view.progress.isVisible()
        assert view.progress.text() == "stopped"
        assert view.plot.points("loss") == ([1], [0.5])
        assert ended.models.save_button.text() == "Save model…"

    def test_its_model_can_still_be_saved_and_is_told_by_the_name_of_its_image(self, ended, viewer, tmp_path):
        cells = viewer.layers["cells"]
        ended.inputs.images.choose(viewer.layers[-1])
        assert ended.models.save_button.isVisible()
        assert ended.models.save_button.text() == "Save model of “cells”…"
        viewer.layers.remove(cells)
        assert ended.models.save_button.text() == "Save model of “cells”…"
        assert "“cells”" in ended.models.save_button.toolTip()
        ended.models.save(tmp_path / "mine")
        assert TrainedModel.load(tmp_path / "mine").weights == b"weights"

    def test_a_run_on_the_other_image_begins_with_nothing_of_the_last(self, ended, viewer, trainer):
        ended.inputs.images.choose(viewer.layers[-1])
        ended.inputs.create_annotation()
        ended.inputs.annotation.data[30, :9], ended.inputs.annotation.data[15, 10:19] = 1, 2
        ended.run()
        assert len(trainer.runs) == 2
        assert ended.run_view.progress.isVisible()
        assert ended.run_view.plot.points("loss") == ([], [])
        trainer.runs[1].model = TrainedModel("scribble2label", {}, {}, b"weights")
        ended.stop()
        ended.inputs.images.choose(viewer.layers["cells"])
        assert not ended.run_view.progress.isVisible()
        assert ended.models.save_button.text() == "Save model of “the other one wit…”…"

    def test_a_run_on_several_images_is_told_with_each_of_them(self, ended, viewer, spots):
        together = [viewer.layers["cells"], viewer.layers[-1]]
        ended.inputs.images.others_button.choose(together[1:])
        ended.run()
        ended.stop()
        for image in together:
            ended.inputs.images.choose(image)
            assert ended.run_view.progress.isVisible()
            assert ended.models.save_button.text() == "Save model…"


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
            (np.full((60, 80), np.nan), "cells is constant (every pixel is NaN or infinite). Choose another image."),
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

    def test_a_run_that_ends_before_its_first_proposal_leaves_no_empty_layers(
        self, ready, viewer, trainer, told, qtbot
    ):
        before = list(viewer.layers)
        ready.run()
        trainer.runs[-1].error = TrainingError("The memory did not suffice.")
        qtbot.waitUntil(lambda: ready.message.mood == "error")
        qtbot.waitUntil(lambda: list(viewer.layers) == before)
        ready.run()
        ready.stop()
        qtbot.waitUntil(lambda: list(viewer.layers) == before)

    def test_what_an_earlier_run_proposed_stays_where_the_next_one_fails(self, proposed, viewer, trainer, told, qtbot):
        proposed.stop()
        before = list(viewer.layers)
        proposed.run()
        trainer.runs[-1].error = TrainingError("The memory did not suffice.")
        qtbot.waitUntil(lambda: proposed.message.mood == "error")
        assert list(viewer.layers) == before
        assert proposal_of(proposed).data.any()

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


def test_what_waits_is_shown_at_stop_and_not_when_nobody_listens_any_more(ready, running, viewer, spots):
    running.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
    ready.stop()
    assert proposal_of(ready).data.any()
    before = list(viewer.layers)
    ready.run()
    ready.session._run.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
    ready.close_session()
    assert list(viewer.layers) == before
