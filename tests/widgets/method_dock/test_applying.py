"""A trained model is applied to images in the dock, without training and without anything drawn."""

import numpy as np
import pytest
from fakes import proposal_above, snapshot
from qtpy.QtWidgets import QFileDialog

from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.viewer import layers

MODEL = TrainedModel("scribble2label", {}, {}, b"weights")


@pytest.fixture
def others(dock, running, viewer, spots):
    """The dock when a run has left a model, and another image, on which nothing is drawn, is in hand."""
    running.model = MODEL
    dock.stop()
    viewer.add_image(spots[::-1], name="others")
    dock.inputs.images.choose(viewer.layers["others"])
    return dock


def propose(dock, trainer, spots, plane=0):
    trainer.runs[-1].waiting.append(snapshot(1, {plane: proposal_above(spots, 0.4)}, "predicting", 1))
    dock.session._poll()


def layer_of(dock, role="proposal"):
    return dock._results.layer(role)


class TestTheLastModel:
    def test_it_proposes_for_an_image_on_which_nothing_is_drawn(self, others, trainer, spots):
        assert others.inputs.missing()
        others.models.choose_last()
        run = trainer.runs[-1]
        assert run.applied is MODEL
        [plane] = run.task.planes
        assert plane.annotation is None
        assert np.array_equal(plane.image, spots[::-1])
        assert others.message.text() == "The model is being applied. Stop ends it."
        propose(others, trainer, spots[::-1])
        assert np.unique(layer_of(others).data).size == 5

    def test_no_plot_is_shown_where_nothing_is_learned_and_it_comes_back_with_the_next_run(
        self, others, trainer, viewer
    ):
        others.models.choose_last()
        assert others.run_view.plot.isHidden()
        others.stop()
        others.inputs.images.choose(viewer.layers["cells"])
        others.run()
        assert not others.run_view.plot.isHidden()

    def test_the_record_names_the_model(self, others, trainer, spots):
        others.models.choose_last()
        propose(others, trainer, spots[::-1])
        assert others._results.version.endswith(", model of “cells”")

    def test_the_button_offers_it_beside_saved_ones(self, others):
        assert [action.text() for action in others.models.menu().actions()] == [
            "The model of “cells”",
            "A saved model…",
        ]

    def test_it_is_still_the_model_that_is_saved(self, others, trainer, tmp_path):
        others.models.choose_saved(TrainedModel("scribble2label", {}, {}, b"others").save(tmp_path / "saved"))
        assert trainer.runs[-1].applied.weights == b"others"
        others.stop()
        assert others.models.save_button.text() == "Save model of “cells”…"
        others.models.save(tmp_path / "mine")
        assert TrainedModel.load(tmp_path / "mine").weights == b"weights"


class TestWhatFollows:
    @pytest.fixture
    def applied(self, others, trainer, spots, qtbot):
        others.models.choose_last()
        propose(others, trainer, spots[::-1])
        trainer.runs[-1].state = "finished"
        qtbot.waitUntil(lambda: not others.session.running)
        return others

    def test_what_is_right_can_be_accepted_and_that_is_said(self, applied):
        assert applied.message.text().startswith("Accept what is right. To train: ")
        applied.accepts.accept_above()
        applied.taking_up.look_now()
        assert applied.message.text().startswith("4 objects were accepted")
        assert np.unique(layers.find(applied._viewer, "corrected", applied.inputs.image).data).size == 5

    def test_no_run_is_left_in_the_project_that_could_be_gone_on_with(self, applied, viewer):
        saver = autosaver_of(viewer)
        assert saver.save_now()
        path = saver.path
        saver.close()
        with Project.open(path) as project:
            assert len(project.runs()) == 1, "that of the training"
            assert "model of “cells” applied" in [entry.what for entry in project.history()]
            kept = [record for record in project.layers() if record.role == "proposal"]
            assert any(project.pixels(record).any() for record in kept)

    def test_training_on_the_image_goes_on_from_there(self, applied, trainer):
        applied.inputs.create_annotation()
        applied.inputs.annotation.data[30, :9], applied.inputs.annotation.data[15, 10:19] = 1, 2
        applied.run()
        assert trainer.runs[-1].applied is None
        assert applied.session.learning
        assert layer_of(applied).data.any(), "what was proposed stays until something new comes"


def test_what_is_drawn_meanwhile_waits_for_the_next_run(others, trainer, viewer):
    viewer.layers.remove(viewer.layers["others"])
    others.inputs.images.choose(viewer.layers["cells"])
    others.models.choose_last()
    others.inputs.annotation.data_setitem(tuple(np.indices((3, 3)) + 20), 2)
    others.taking_up.look_now()
    assert trainer.runs[-1].sent == []
    assert others.message.text() == "The model is being applied. Stop ends it."


def test_nothing_else_is_begun_while_it_is_applied(others, trainer):
    others.models.choose_last()
    assert not others.models.apply_button.isEnabled()
    others.models.choose_last()
    assert len(trainer.runs) == 2
    others.stop()
    assert others.models.apply_button.isEnabled()


def test_a_saved_model_is_applied_before_any_run(dock, viewer, spots, trainer, tmp_path, monkeypatch):
    viewer.add_image(spots, name="cells")
    folder = MODEL.save(tmp_path / "kept")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    dock.models.apply_button.click()
    assert trainer.runs[-1].applied.weights == b"weights"


class TestWhatIsRefused:
    def test_a_folder_without_a_model(self, dock, trainer, tmp_path):
        dock.models.choose_saved(tmp_path)
        assert "is not a saved model" in dock.message.text()
        assert not trainer.runs

    def test_a_model_of_another_method(self, dock, trainer, tmp_path):
        dock.models.choose_saved(TrainedModel("sissi", {}, {}, b"").save(tmp_path / "boxes"))
        sentence = f"The model in {tmp_path / 'boxes'} is one of SISSI. Apply it in the dock of that method."
        assert dock.message.text() == sentence
        assert not trainer.runs

    def test_there_is_no_image(self, dock, trainer, viewer, tmp_path):
        viewer.layers.clear()
        dock.models.choose_saved(MODEL.save(tmp_path / "kept"))
        assert dock.message.text().startswith("Open an image")
        assert dock.message.mood == "warning"
        assert not trainer.runs
