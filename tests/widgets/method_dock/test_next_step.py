"""The dock says what to do next, shows it whole, and keeps the model."""

from dataclasses import replace

import numpy as np
import pytest
from docked import proposal_of
from fakes import proposal_above, snapshot
from qtpy.QtWidgets import QFileDialog, QScrollArea

from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.review.steadiness import APART, Steadiness
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.class_names import set_classes


class TestTheNextStepIsSaid:
    def test_from_the_empty_viewer_to_run(self, dock, viewer, spots, qtbot):
        assert dock.message.text().startswith("Open an image")
        viewer.add_image(spots)
        assert dock.message.text() == "Press “Create scribble layer”."
        create, run = dock.inputs.create_button, dock.run_view.run_button
        assert (create.styleSheet() != "", run.styleSheet()) == (True, ""), "the button of the next step stands out"
        create.click()
        assert run.styleSheet() != ""
        assert dock.message.text() == "Paint a few strokes of background (1) and foreground (2)."
        dock.inputs.annotation.paint((10, 10), 1)
        qtbot.waitUntil(lambda: "foreground (2) too" in dock.message.text())
        dock.inputs.annotation.paint((30, 30), 2)
        qtbot.waitUntil(lambda: dock.message.text() == "Press Run [G].")
        dock.inputs.annotation.undo()
        qtbot.waitUntil(lambda: "foreground (2) too" in dock.message.text())

    def test_a_class_that_has_another_name_in_another_image_is_told_until_it_has_one(self, ready, viewer, spots, qtbot):
        set_classes(ready.inputs.annotation, {1: "nucleus"})
        second = viewer.add_image(spots, name="second", **image_planes.placement(ready.inputs.image))
        marks = viewer.add_labels(ready.inputs.annotation.data.copy(), **image_planes.placement(second))
        layers.link(marks, "scribbles", second)
        set_classes(marks, {1: "debris"})
        ready.inputs.images.choose(next(layer for layer in viewer.layers if layer.name != "second"))
        ready.inputs.images.others_button.choose([second])
        qtbot.waitUntil(lambda: "is learned as one class" in ready.message.text())
        ready.inputs.parts[0].name_class(2, "cell")
        qtbot.waitUntil(lambda: ready.message.text() == "Press Run [G].")

    def test_during_and_after_a_run(self, ready, running, spots, qtbot):
        assert ready.message.text() == "The first proposal comes in a moment."
        running.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: "Paint more strokes" in ready.message.text())
        ready.run_view.stop_button.click()
        assert ready.message.text().startswith("Accept what is right")

    def test_it_is_said_when_hardly_anything_changes_any_more(self, ready, running, spots, qtbot):
        clock = [0.0]
        ready._next_step.steadiness = Steadiness(lambda: clock[0])
        running.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: ready.message.text().endswith("that is used at once. Press Stop when it is good."))
        clock[0] = APART
        moved = proposal_above(spots, 0.4)
        moved.classes[15, 15] = 0
        running.waiting.append(snapshot(2, {0: moved}))
        settled = "Hardly anything changes any more (0.1% in 15 s). Press Stop, or help where it is wrong."
        qtbot.waitUntil(lambda: ready.message.text() == settled)
        clock[0] = 2 * APART
        running.waiting.append(snapshot(3, {0: proposal_above(spots, 0.4, confidence=0.8)}))
        settled = "(0.1% in 15 s). 4 objects are doubtful (below 0.90). Press Stop, or help where it is wrong."
        qtbot.waitUntil(lambda: ready.message.text().endswith(settled))
        ready.accept_view.number.setValue(0.7)
        qtbot.waitUntil(lambda: "doubtful" not in ready.message.text())
        ready.inputs.annotation.paint((50, 50), 2)
        qtbot.waitUntil(lambda: ready.message.text().endswith("Press Stop when it is good."))

    def test_who_waits_for_an_answer_is_told_that_it_is_coming(self, ready, running, spots, qtbot, monkeypatch):
        ready._next_step._patience.setInterval(300)
        running.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: "Paint more strokes" in ready.message.text())
        ready.inputs.annotation.paint((50, 50), 2)
        qtbot.waitUntil(lambda: ready.message.text() == "What you have drawn is being taken up.")
        running.waiting.append(snapshot(2, {0: proposal_above(spots, 0.4)}))
        qtbot.wait(100)
        assert ready.message.text() == "What you have drawn is being taken up.", "that was on its way before"
        running.waiting.append(replace(snapshot(3, {0: proposal_above(spots, 0.3)}), answers=True))
        qtbot.waitUntil(lambda: "Paint more strokes" in ready.message.text())

    def test_what_keeps_a_run_from_being_seen_is_said_although_something_was_accepted(self, proposed, viewer, qtbot):
        proposed.accepts.accept_above()
        qtbot.waitUntil(lambda: proposed.message.mood == "done")
        qtbot.wait(400)
        assert proposed.message.mood == "done"
        viewer.layers.remove(proposal_of(proposed))
        qtbot.waitUntil(lambda: proposed.message.text().startswith("The layer with what is proposed was deleted."))

    def test_why_nothing_can_be_drawn_is_said_until_something_is(self, proposed, viewer, qtbot):
        viewer.add_image(np.zeros((2, 60, 80)), visible=False)
        viewer.dims.ndisplay = 3
        proposed.inputs.brushes[1].click()
        refused = "Show “cells scribbles” in 2D, with its last two axes in view, to draw in its planes."
        assert (proposed.message.text(), proposed.message.mood) == (refused, "warning")
        viewer.dims.ndisplay = 2
        proposed.inputs.annotation.paint((50, 50), 2)
        qtbot.waitUntil(lambda: proposed.message.text().startswith("Paint more strokes"))

    def test_that_the_proposal_is_hidden_is_said_until_it_is_shown_again(self, proposed, viewer, qtbot):
        hidden = "“cells proposal” is hidden: H shows it again."
        proposed.toggle_proposal()
        qtbot.waitUntil(lambda: proposed.message.text().startswith(f"{hidden} Paint more strokes"))
        proposed.stop()
        assert proposed.message.text().startswith(f"{hidden} Accept what is right")
        proposal_of(proposed).visible = True
        qtbot.waitUntil(lambda: proposed.message.text().startswith("Accept what is right"))

    def test_that_the_image_lies_upon_its_own_layers_is_said_until_it_lies_below(self, ready, viewer, qtbot):
        viewer.layers.move(0, 2)
        covered = "“cells” lies on “cells scribbles” and hides it: drag it below in the layer list. Press Run [G]."
        qtbot.waitUntil(lambda: ready.message.text() == covered)
        ready.inputs.image.opacity = 0.5
        qtbot.waitUntil(lambda: ready.message.text() == "Press Run [G].")

    def test_with_another_image_in_hand_the_end_of_the_last_run_is_no_longer_the_news(self, proposed, viewer, spots):
        viewer.layers.remove(proposed.inputs.image)
        assert "was stopped because its image" in proposed.message.text()
        assert proposed.message.mood == "error"
        viewer.add_image(np.tile(spots, (2, 1)), name="another")
        assert proposed.message.text() == "Press “Create scribble layer”."

    def test_without_an_image_run_asks_for_one(self, dock, trainer):
        dock.run()
        assert trainer.runs == []
        assert dock.message.text().startswith("Open an image")
        assert dock.message.mood == "warning"

    def test_a_proposal_that_is_deleted_meanwhile_is_not_promised(self, proposed, viewer, qtbot):
        viewer.layers.remove(proposal_of(proposed))
        sentence = "The layer with what is proposed was deleted. To see it again: Stop, then Run [G]."
        qtbot.waitUntil(lambda: proposed.message.text() == sentence)


def test_the_model_of_a_run_is_saved_when_it_has_ended(dock, running, trainer, tmp_path, monkeypatch):
    assert dock.models.save_button.isHidden()
    running.model = TrainedModel("scribble2label", {"seed": 3}, {}, b"weights")
    dock.stop()
    assert not dock.models.save_button.isHidden()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    dock.models.save_button.click()
    assert TrainedModel.load(tmp_path / "mine").params == {"seed": 3}
    assert dock.message.mood == "done"
    assert str(tmp_path / "mine") in dock.message.text()
    (tmp_path / "file").write_bytes(b"")
    dock.models.save(tmp_path / "file")
    assert dock.message.mood == "error"
    dock.form.setValue(dock.form.value().replace(start_from=str(tmp_path / "mine")))
    dock.run()
    assert dock.models.save_button.isHidden()
    assert trainer.runs[-1].params.start_from == dock.form.value().start_from == str(tmp_path / "mine")
    dock.stop()
    assert dock.models.save_button.isHidden(), "this run has no model yet"


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


def test_scribbles_that_lie_elsewhere_are_told(ready):
    assert ready.inputs.doubt() == ""
    ready.inputs.annotation.translate = (100, 100)
    assert ready.inputs.doubt() == "“cells scribbles” does not lie on “cells”. Its pixels are taken as if it did."


def test_masks_of_objects_are_not_taken_for_scribbles_without_a_word(ready, qtbot):
    qtbot.waitUntil(lambda: ready.message.text() == "Press Run [G].")
    ready.inputs.annotation.data_setitem((np.full(20, 40), np.arange(20)), np.arange(2, 22))
    qtbot.waitUntil(lambda: ready.message.text().startswith("These are 20 classes of foreground."))
    assert ready.message.text().endswith("Press Run [G].")


@pytest.mark.parametrize("fat", [True, False], ids=["masks", "strokes"])
def test_a_few_masks_of_objects_are_told_too_and_strokes_of_several_classes_are_not(ready, qtbot, fat):
    thick = 12 if fat else 3
    for number, row in enumerate((1, 15, 30, 45), start=1):
        rows, columns = np.indices((thick, 14)).reshape(2, -1)
        ready.inputs.annotation.data_setitem((rows + row, columns + 40), number)
    marks = ready.inputs.annotation.data
    ready.inputs.annotation.data_setitem(np.nonzero((marks > 0) & (np.indices(marks.shape)[1] < 40)), 0)
    assert ready.inputs.doubt().startswith("These are 3 classes of foreground." if fat else "")
    assert bool(ready.inputs.doubt()) == fat


def test_an_image_that_hides_the_one_in_work_is_told_until_it_is_hidden(ready, viewer, running, proposed, spots, qtbot):
    helping = ready.message.text()
    assert helping.startswith("Paint more strokes")
    other = viewer.add_image(spots, name="second", scale=(0.5, 0.5), units=("um", "um"))
    hidden = f"“second” lies on “cells” and hides it: click on its eye in the layer list. {helping}"
    for change, sentence in [({}, hidden), ({"visible": False}, helping), ({"visible": True}, hidden),
                             ({"opacity": 0.5}, helping), ({"opacity": 1}, hidden), ({"blending": "additive"}, helping),
                             ({"blending": "opaque"}, hidden)]:  # fmt: skip
        for name, value in change.items():
            setattr(other, name, value)
        qtbot.waitUntil(lambda sentence=sentence: ready.message.text() == sentence)
    ready.stop()
    assert ready.inputs.doubt() == "“second” lies on “cells” and hides it: click on its eye in the layer list."
    other.opacity = 0.5
    assert ready.inputs.doubt() == "", "it can be seen through"
    other.opacity, other.translate = 1, (100, 100)
    assert ready.inputs.doubt() == "", "it lies elsewhere"


@pytest.mark.parametrize("how", ["erased", "deleted"])
def test_a_run_whose_strokes_are_gone_says_what_it_learns_from(ready, viewer, running, proposed, how, qtbot):
    scribbles = ready.inputs.annotation
    if how == "erased":
        scribbles.data_setitem(np.nonzero(scribbles.data), 0)
    else:
        viewer.layers.remove(scribbles)
    what = "Paint a few strokes" if how == "erased" else "Press “Create scribble layer”"
    sentence = f"The run goes on with what was drawn before; Stop ends it. {what}"
    qtbot.waitUntil(lambda: ready.message.text().startswith(sentence))
    ready.stop()
    assert "goes on" not in ready.message.text()


@pytest.mark.parametrize("number", [-1, 2**30])
def test_no_number_in_a_layer_is_too_odd_to_be_looked_at(ready, viewer, number):
    odd = viewer.add_labels(np.full((60, 80), number, np.int32), name="odd")
    ready.inputs.annotations.choose(odd)
    assert ready.message.text()
    ready.run()
    assert not ready.session.running
