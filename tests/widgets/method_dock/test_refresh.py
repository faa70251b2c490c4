"""What a run proposes appears while it trains, and new strokes are taken up."""

import numpy as np
from docked import METHOD, corrected_of, proposal_of
from fakes import proposal_above, snapshot

from napari_labelfix.project.store import Project
from napari_labelfix.widgets.viewer import layers


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
        assert proposed.message.text().startswith("The run was stopped because its image “cells”")
        assert proposed.inputs.image is other
        scribbles.data_setitem((np.array([50]), np.array([50])), 2)
        qtbot.wait(400)
        assert running.sent == []
        assert proposed.message.text().startswith("The run was stopped because its image “cells”"), (
            "it stays until the next run"
        )

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

    def test_the_slider_of_a_stack_reads_nothing_and_a_stroke_reads_it_once(self, dock, viewer, trainer, spots, qtbot):
        viewer.add_image(np.stack([spots] * 3), name="stack")
        dock.inputs.create_annotation()
        scribbles = dock.inputs.annotation
        scribbles.data_setitem((np.full(9, 1), np.full(9, 30), np.arange(9)), 1)
        scribbles.data_setitem((np.full(9, 1), np.full(9, 15), np.arange(9)), 2)
        dock.run()
        qtbot.wait(400)
        looks, look = [], dock.inputs._read_annotations
        dock.inputs._read_annotations = lambda: looks.append(1) or look()
        for plane in (0, 2, 1):
            viewer.dims.set_current_step(0, plane)
        qtbot.wait(400)
        assert not looks
        scribbles.paint((1, 50, 30), 2)
        qtbot.waitUntil(lambda: bool(trainer.runs[0].sent))
        assert len(looks) == 1
