"""The Project dock in a real window, a project dropped on it, and the docks that keep runs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from fakes import proposal_above, snapshot
from npe2 import PluginManifest
from qtpy.QtWidgets import QMessageBox

import napari_labelfix
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.project import models, recovery
from napari_labelfix.project.records import RunRecord
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.project_dock import ProjectDock
from napari_labelfix.widgets.saving import restore_offer
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.viewer import in_view, known_images, layers
from napari_labelfix.widgets.viewer.canvas import camera_of
from napari_labelfix.widgets.window import show_project

METHOD = METHODS["scribble2label"]


def _manifest():
    return PluginManifest.from_file(Path(napari_labelfix.__file__).parent / "napari.yaml")


@pytest.fixture
def image(viewer, spots, tmp_path):
    tifffile.imwrite(tmp_path / "cells.tif", spots)
    [image] = viewer.open(str(tmp_path / "cells.tif"), plugin="napari")
    return image


@pytest.fixture
def dock(viewer, qtbot):
    dock = ProjectDock(viewer)
    viewer.window.add_dock_widget(dock, name="Project")
    return dock


@pytest.fixture
def method_dock(viewer, image, trainer):
    dock = MethodDock(viewer, METHOD, trainer)
    viewer.window.add_dock_widget(dock, name="Scribble2Label")
    dock.inputs.create_annotation()
    return dock


def scribble(layer):
    with layer.block_history():
        layer.data_setitem(tuple(np.indices((60, 80))[:, 30:34, 30:60].reshape(2, -1)), 1)
        layer.data_setitem(tuple(np.indices((60, 80))[:, 12:18, 12:18].reshape(2, -1)), 2)


def test_the_dock_says_where_the_work_is_and_gives_it_a_name(dock, viewer, image, tmp_path, data_folder, qtbot):
    assert dock.message.text().startswith("Nothing to save yet")
    labels = viewer.add_labels(np.zeros((60, 80), np.int32))
    labels.paint((10, 10), 3)
    qtbot.waitUntil(lambda: dock.saved.text() != "")
    assert "Save as…" in dock.message.text()
    assert dock.name.text() == "none yet"
    assert dock.place.text() == str(data_folder)
    dock.save_as(tmp_path / "mine")
    assert dock.name.text() == "mine.labelfix"
    assert dock.place.text() == str(tmp_path)
    assert list(data_folder.glob("*.labelfix")) == []
    dock.save_as(tmp_path / "no folder" / "mine.labelfix")
    assert dock.message.mood == "error"
    assert dock.name.text() == "mine.labelfix", "it is saved where it was"
    reason = dock.message.text()
    labels.paint((20, 20), 3)
    with qtbot.waitSignal(dock.saver.saved):
        dock.saver.save_now()
    assert (dock.message.text(), dock.message.mood) == (reason, "error"), "a later save does not hide that this failed"
    dock.save_as(tmp_path / "other")
    assert dock.message.mood == "done"


def test_that_saving_fails_is_told_until_it_works_again(dock):
    dock.saver.failed.emit("The disk is full.")
    assert dock.message.text() == "Not saved: The disk is full."
    dock.saver.saved.emit()
    assert dock.message.mood == "hint"


def test_a_file_of_the_same_name_is_replaced_only_if_the_person_wants_it(dock, viewer, tmp_path, monkeypatch, qtbot):
    labels = viewer.add_labels(np.zeros((60, 80), np.int32))
    labels.paint((10, 10), 3)
    path = tmp_path / "mine.labelfix"
    path.write_text("something else")
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    dock.save_as(tmp_path / "mine")
    assert path.read_text() == "something else"
    assert dock.saver.path != path
    dock.save_as(tmp_path / "mine")
    assert dock.saver.path == path
    dock.save_as(path)  # its own name: nobody is asked, and nothing is lost
    dock.saver.leave()
    with Project.look(path) as project:
        assert len(project.layers()) == 1


def test_a_project_of_another_window_is_not_replaced(dock, viewer, tmp_path, monkeypatch):
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    path = tmp_path / "theirs.labelfix"
    with Project.create(path):
        viewer.add_labels(np.zeros((60, 80), np.int32)).paint((10, 10), 3)
        dock.save_as(path)
        assert "open in another window" in dock.message.text()
        assert dock.saver.path != path


def test_work_that_another_window_has_open_by_now_is_not_thrown_away(dock):
    with Project.create(recovery.new_path("cells")) as project:
        dock.discard(recovery.Unsaved(project.path, named=False, cut_off=False, changed=0.0, images=()))
        assert "open in another window" in dock.message.text()
    assert project.path.exists()


def test_a_project_is_opened_by_file_open_and_by_dropping_it(viewer, image, dock, tmp_path, qtbot):
    labels = viewer.add_labels(np.zeros((60, 80), np.int32), name="mine")
    labels.paint((10, 10), 3)
    drawn = labels.data.copy()
    path = tmp_path / "mine.labelfix"
    dock.save_as(path)
    autosaver_of(viewer).leave()
    viewer.layers.clear()
    viewer.open(str(path), plugin=None)
    assert [layer.name for layer in viewer.layers] == ["cells", "mine"]
    np.testing.assert_array_equal(viewer.layers["mine"].data, drawn)
    assert (dock.name.text(), dock.saved.text()) == ("mine.labelfix", "nothing new since it was opened")
    viewer.layers["mine"].paint((20, 10), 3)
    drawn = viewer.layers["mine"].data.copy()
    autosaver_of(viewer).leave()
    assert (dock.name.text(), dock.saved.text()) == ("none yet", ""), "there is no project any more"
    viewer.layers.clear()
    viewer.window._qt_viewer._qt_open([str(path)], stack=False, choose_plugin=False)
    assert [layer.name for layer in viewer.layers] == ["cells", "mine"]


def test_closing_the_window_leaves_one_whole_file(make_napari_viewer, qtbot, tmp_path):
    viewer = make_napari_viewer(show=True)
    dock = ProjectDock(viewer)
    viewer.window.add_dock_widget(dock, name="Project")
    qtbot.waitUntil(lambda: dock.saver._window is not None)
    labels = viewer.add_labels(np.zeros((60, 80), np.int32), name="mine")
    dock.save_as(tmp_path / "mine.labelfix")
    labels.paint((10, 10), 3)
    drawn = labels.data.copy()
    viewer.close()
    assert [file.name for file in tmp_path.glob("mine*")] == ["mine.labelfix"]
    with Project.look(tmp_path / "mine.labelfix") as project:
        [record] = project.layers()
        np.testing.assert_array_equal(project.pixels(record), drawn)
    assert recovery.find_unsaved() == []


def test_work_without_a_name_is_offered_restored_and_discarded(viewer, image, dock, qtbot, monkeypatch):
    labels = viewer.add_labels(np.zeros((60, 80), np.int32), name="mine")
    labels.paint((10, 10), 3)
    dock.saver.save_now()
    path = dock.saver.path
    dock.saver.leave()
    viewer.layers.clear()
    dock.look_for_unsaved()
    qtbot.waitUntil(lambda: dock.unsaved.texts() != [])
    assert "Without a name: cells" in dock.unsaved.texts()[0]
    restore, _ = dock.unsaved.buttons
    restore.click()
    assert [layer.name for layer in viewer.layers] == ["cells", "mine"]
    qtbot.waitUntil(lambda: dock.unsaved.texts() == [])
    dock.saver.leave()
    viewer.layers.clear()
    dock.look_for_unsaved()
    qtbot.waitUntil(lambda: dock.unsaved.texts() != [])
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    dock.unsaved.buttons[1].click()
    assert path.exists()
    dock.unsaved.buttons[1].click()
    assert not path.exists()


def test_a_run_that_is_cut_off_comes_back_with_its_parameters_and_its_model(
    viewer, image, method_dock, trainer, tmp_path, qtbot, spots
):
    scribble(method_dock.inputs.annotation)
    method_dock.form.editor("threshold").setValue(0.65)
    method_dock.run()
    [run] = trainer.runs
    run.model = TrainedModel("scribble2label", {}, {}, b"weights")
    run.waiting = [snapshot(3, {0: proposal_above(spots, 0.4)})]
    qtbot.waitUntil(lambda: method_dock._results.has_proposal)
    saver = autosaver_of(viewer)
    saver.save_as(tmp_path / "mine.labelfix")
    method_dock.saving._runs._save_model()
    saver.save_now()
    cut_off = tmp_path / "cut off.labelfix"
    saver._file.copy_to(cut_off, 30)  # as a kill would leave it
    method_dock.stop()
    method_dock.form.editor("threshold").setValue(0.9)
    with Project.look(cut_off) as project:
        [kept] = project.runs()
        assert (kept.state, kept.step, kept.method) == ("running", 3, "scribble2label")
        assert kept.params["threshold"] == 0.65
        assert models.load(cut_off, kept).weights == b"weights"
        assert {"run"} <= {entry.what for entry in project.history() if entry.who == "model"}
    dock = ProjectDock(viewer)
    dock.open(cut_off)
    (tmp_path / "other").mkdir()
    assert method_dock.form.value().threshold == 0.65
    qtbot.wait(400)  # the layers that have come are looked at meanwhile
    assert "was cut off at step 3 of 10" in method_dock.message.text()
    assert "to go on from its model" in method_dock.message.text()
    saver.save_as(tmp_path / "other" / "renamed.labelfix")
    shutil.rmtree((tmp_path / kept.model).parent)  # as of a project without a name, which is gone then
    method_dock.run()
    moved = models.folder_of(tmp_path / "other" / "renamed.labelfix") / Path(kept.model).name
    assert trainer.runs[-1].params.start_from == str(moved)
    assert not method_dock.form.value().start_from, "a later run begins anew"
    method_dock.stop()
    assert layers.find(viewer, "proposal", viewer.layers["cells"], "scribble2label").data.any()
    saver.close()
    with Project.look(tmp_path / "mine.labelfix") as project:
        assert [run.state for run in project.runs()] == ["stopped"]
        assert json.loads(project.meta()["view"])["active"]


def test_parameters_of_a_run_that_no_longer_fit_are_told_as_wrong_and_leave_the_form_as_it_is(
    viewer, image, method_dock, qtbot
):
    before = method_dock.form.value()
    saver = method_dock.saving.begin()
    saver.unfinished = [RunRecord("r", "scribble2label", layers.image_id(image), {"threshold": 7}, "interrupted")]
    method_dock.saving.opened.emit()
    assert "The parameters of the run that was interrupted no longer fit" in method_dock.message.text()
    scribble(method_dock.inputs.annotation)
    qtbot.wait(400)
    assert (method_dock.message.mood, "no longer fit" in method_dock.message.text()) == ("error", True)
    assert method_dock.form.value() == before
    assert saver.unfinished == []


def test_a_run_that_was_ended_with_its_window_comes_back_and_is_not_told_as_cut_off(
    viewer, image, method_dock, trainer, tmp_path, qtbot, spots
):
    scribble(method_dock.inputs.annotation)
    method_dock.form.editor("threshold").setValue(0.65)
    method_dock.run()
    [run] = trainer.runs
    run.waiting = [snapshot(3, {0: proposal_above(spots, 0.4)})]
    qtbot.waitUntil(lambda: method_dock._results.has_proposal)
    run.model = TrainedModel("scribble2label", {}, {}, b"the last")
    saver = autosaver_of(viewer)
    saver.save_as(tmp_path / "mine.labelfix")
    saver.close()  # as where the window is closed
    assert run.state == "stopped"
    assert recovery.find_unsaved() == []
    with Project.look(tmp_path / "mine.labelfix") as project:
        [kept] = project.runs()
        assert (kept.state, kept.step, bool(kept.ended)) == ("interrupted", 3, True)
        assert models.load(project.path, kept).weights == b"the last"
        assert "run interrupted" in {entry.what for entry in project.history()}
    method_dock.close_session()
    viewer.layers.clear()
    again = MethodDock(viewer, METHODS["scribble2label"], trainer)
    qtbot.addWidget(again)
    again.saving.begin()
    dock = ProjectDock(viewer)
    qtbot.addWidget(dock)
    dock.open(tmp_path / "mine.labelfix")
    assert again.form.value().threshold == 0.65
    assert again.message.text() == (
        "A run was stopped at step 3 of 10, when napari was closed. "
        "Its parameters are set: press Run [G] to go on from its model."
    )
    again.close_session()


def test_a_run_on_a_part_of_the_image_goes_on_with_the_same_part(
    viewer, image, method_dock, trainer, tmp_path, qtbot, monkeypatch
):
    monkeypatch.setattr(in_view, "SMALLEST", 8)
    scribble(method_dock.inputs.annotation)
    camera_of(viewer).center, camera_of(viewer).zoom = (0, 24, 32), 15
    method_dock.region_box.setChecked(True)
    method_dock.run()
    part = trainer.runs[0].task.planes[0].shape
    assert part < image.data.shape
    saver = autosaver_of(viewer)
    saver.save_as(tmp_path / "mine.labelfix")
    saver.close()
    method_dock.close_session()
    viewer.layers.clear()
    camera_of(viewer).center = (0, 60, 80)  # of the part nothing is seen
    dock = ProjectDock(viewer)
    qtbot.addWidget(dock)
    dock.open(tmp_path / "mine.labelfix")
    assert "Its parameters and its part of the image come back into the dock" in dock.runs.texts()[0]
    again = MethodDock(viewer, METHODS["scribble2label"], trainer)
    qtbot.addWidget(again)
    again.saving.begin()
    assert again.message.text() == (
        "A run was stopped before its first step, when napari was closed. Its parameters are set, and its part of the "
        f"image, {part[0]} x {part[1]} pixels: press Run [G] to start it again."
    )
    assert again.region_box.isChecked()
    assert again.region_box.text() == f"Only the same {part[0]} x {part[1]} pixels"
    again.run()
    first, second = (run.task.planes[0] for run in trainer.runs)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.annotation.marks, second.annotation.marks)
    assert again.region_box.text() == "Only the part in view", "a later run begins anew"
    again.close_session()


@pytest.mark.parametrize("name", [widget.display_name for widget in _manifest().contributions.widgets])
def test_every_dock_begins_to_save(viewer, image, name, qtbot):
    """Law: nothing a person made is held only in memory, whichever dock they have opened."""
    viewer.window.add_plugin_dock_widget("napari-labelfix", name)
    qtbot.wait(400)
    labels = viewer.add_labels(np.zeros((60, 80), np.int32), name="mine")
    labels.paint((10, 10), 3)
    saver = autosaver_of(viewer)
    qtbot.waitUntil(lambda: saver.path is not None and saver.saved_at is not None and not saver.waiting)
    path = saver.path
    saver.leave()
    with Project.look(path) as project:
        [record] = [record for record in project.layers() if record.name == "mine"]
        np.testing.assert_array_equal(project.pixels(record), labels.data)


def test_another_image_is_taken_only_if_the_person_says_so(viewer, image, dock, spots, tmp_path, monkeypatch):
    viewer.add_labels(np.zeros((60, 80), np.int32), name="mine").paint((10, 10), 3)
    path = tmp_path / "mine.labelfix"
    dock.save_as(path)
    dock.saver.save_now()
    dock.saver.leave()
    viewer.layers.clear()
    tifffile.imwrite(tmp_path / "cells.tif", spots[::-1])
    dock.open(path)
    assert [layer.name for layer in viewer.layers] == ["mine"]
    assert "is another image" in dock.lost.texts()[0]
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    [lost] = dock.saver.lost
    dock.relink(lost, tmp_path / "cells.tif")
    assert dock.message.mood == "error"
    assert [layer.name for layer in viewer.layers] == ["mine"]
    dock.relink(lost, tmp_path / "cells.tif")
    assert dock.message.mood == "done"
    assert "cells" in [layer.name for layer in viewer.layers]
    assert dock.lost.texts() == []


def test_work_that_was_cut_off_is_offered_in_a_notification(viewer, image, dock, data_folder, monkeypatch):
    viewer.add_labels(np.zeros((60, 80), np.int32), name="mine").paint((10, 10), 3)
    dock.saver.save_now()
    path = dock.saver.path
    dock.saver.leave()
    recovery.mark_open(path)  # as a kill would leave it
    viewer.layers.clear()
    told = []
    monkeypatch.setattr(restore_offer.notification_manager, "dispatch", told.append)
    restore_offer._offer(viewer, recovery.find_unsaved())
    [notification] = told
    assert "cut off while you worked on cells" in notification.message
    [(caption, restore)] = notification.actions
    assert caption == "Restore"
    restore(None)
    assert [layer.name for layer in viewer.layers] == ["cells", "mine"]


def test_restoring_finds_the_image_that_was_opened_again_before(
    viewer, image, method_dock, tmp_path, monkeypatch, qtbot
):
    scribble(method_dock.inputs.annotation)
    saver = autosaver_of(viewer)
    saver.save_now()
    path = saver.path
    saver.leave()
    recovery.mark_open(path)  # as a kill would leave it
    viewer.layers.clear()
    known_images._KNOWN.clear()  # as in a program that was just started
    [image] = viewer.open(str(tmp_path / "cells.tif"), plugin="napari")
    qtbot.wait(300)
    assert method_dock.message.text() == "Press “Create scribble layer”."
    told = []
    monkeypatch.setattr(restore_offer.notification_manager, "dispatch", told.append)
    restore_offer._offer(viewer, recovery.find_unsaved())
    [(_, restore)] = told[0].actions
    restore(None)
    assert [layer.name for layer in viewer.layers] == ["cells", "cells scribbles"]
    assert method_dock.inputs.image is viewer.layers[0] is image
    assert method_dock.inputs.annotation is viewer.layers[1]
    assert method_dock.message.text().startswith("Press Run")
    assert saver.path == path


def test_the_command_line_opens_a_window_with_the_project(viewer, image, dock, tmp_path):
    viewer.add_labels(np.zeros((60, 80), np.int32), name="mine").paint((10, 10), 3)
    dock.save_as(tmp_path / "mine.labelfix")
    dock.saver.leave()
    viewer.layers.clear()
    show_project(viewer, tmp_path / "mine.labelfix")
    assert [layer.name for layer in viewer.layers] == ["cells", "mine"]


def test_a_run_ends_when_another_project_is_opened(viewer, image, method_dock, trainer, tmp_path):
    scribble(method_dock.inputs.annotation)
    saver = autosaver_of(viewer)
    saver.save_as(tmp_path / "one.labelfix")
    shutil.copy(tmp_path / "one.labelfix", tmp_path / "two.labelfix")
    method_dock.saving.begin()
    method_dock.run()
    ProjectDock(viewer).open(tmp_path / "two.labelfix")
    assert trainer.runs[0].state == "stopped"
    assert method_dock.message.text().startswith("The run was stopped because its project was closed")
    saver.close()
    for name, states in (("one", ["stopped"]), ("two", [])):
        with Project.look(tmp_path / f"{name}.labelfix") as project:
            assert [run.state for run in project.runs()] == states
