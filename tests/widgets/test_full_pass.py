"""The main job as a person does it, with real events in a real window and a real process that trains."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile
from napari.utils.notifications import notification_manager
from person import Person
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from scipy.ndimage import distance_transform_edt
from skimage.measure import regionprops
from toy_learner import TOY, ToyParams

from napari_labelfix.methods.table import METHODS
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.sample_data.synthetic import fluorescence
from napari_labelfix.snapshots import Change
from napari_labelfix.trainer import Trainer
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import classes_of

HERE = str(Path(__file__).parent)


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1200, 780)
    return viewer


@pytest.fixture
def person(viewer, qtbot):
    return Person(viewer, qtbot)


@pytest.fixture
def open_dock(viewer, qtbot, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [HERE, os.environ.get("PYTHONPATH")])))
    trainers = []

    def open_dock(method):
        trainers.append(Trainer(preload=[method.code]))
        dock = MethodDock(viewer, method, trainers[-1])
        viewer.window.add_dock_widget(dock, name=method.title)
        qtbot.waitUntil(dock.isVisible)
        return dock

    yield open_dock
    for trainer in trainers:
        trainer.close()


@pytest.fixture
def dock(open_dock, viewer, person, spots):
    """The toy's dock with an image, and scribbles that a person painted."""
    dock = open_dock(TOY)
    image = viewer.add_image(spots, name="cells", scale=(0.5, 0.5), translate=(3, -4), units=("um", "um"))
    viewer.reset_view()
    person.click(dock.inputs.create_button)
    paint_scribbles(dock, person, image)
    return dock


def paint_scribbles(dock, person, image):
    person.stroke(image, (15, 10), (15, 20))
    person.click(dock.inputs.brushes[1])
    person.stroke(image, (30, 5), (30, 40), (28, 75))
    marks = dock.inputs.annotation.data
    assert (marks[15, 10:20] == 2).all()
    assert (marks[30, 5:40] == 1).all()


def name_class(dock, name):
    QTest.mouseDClick(dock.inputs.brushes[2], Qt.MouseButton.LeftButton)
    edit = dock.inputs.parts[0].brush_bar.name_edit
    edit.setText(name)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def result(dock, role):
    return layers.find(dock._viewer, role, dock.inputs.image, dock._method.name)


def count_redraws(dock):
    """Show the three layers of the run, and count how often each is drawn anew and how often its pixels differ."""
    redraws = {}
    for role in ("proposal", "confidence", "ignored"):
        layer = result(dock, role)
        layer.visible = True
        redraws[role] = []
        layer.events.set_data.connect(lambda _event, role=role, layer=layer: redraws[role].append(layer.data.copy()))
    return redraws


def process_of(dock):
    return psutil.Process(dock.session._run.pid)


def is_gone(process):
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it went between the two questions
        return True


def test_the_main_job(open_dock, viewer, person, qtbot, spots, tmp_path):
    """Paint, Run, watch it refresh, paint more, Stop, accept, undo, accept, save, and read the file back."""
    dock = open_dock(METHODS["scribble2label"])
    image = viewer.add_image(spots, name="cells", scale=(0.5, 0.5), translate=(3, -4), units=("um", "um"))
    viewer.reset_view()
    person.click(dock.inputs.create_button)
    paint_scribbles(dock, person, image)
    scribbles = dock.inputs.annotation
    qtbot.waitUntil(lambda: dock.message.text() == "Press Run [G].")
    name_class(dock, "cell")

    person.click(dock.run_view.run_button)
    process = process_of(dock)
    redraws = count_redraws(dock)
    qtbot.waitUntil(lambda: all(len(states) >= 2 for states in redraws.values()), timeout=60_000)
    assert viewer.layers.selection.active is scribbles
    assert scribbles.mode == "paint"

    sent_before = dock._run.task
    person.click(dock.inputs.brushes[2])
    person.stroke(image, (45, 16), (45, 24))
    qtbot.waitUntil(lambda: dock._run.task is not sent_before, timeout=2000)
    assert (dock._run.task.planes[0].annotation.marks[45, 16:24] == 2).all()
    told = len(redraws["confidence"])
    qtbot.waitUntil(lambda: len(redraws["confidence"]) > told + 1, timeout=60_000)
    states = [state.tobytes() for state in redraws["confidence"]]
    assert len(set(states)) > 2, "the layer shows something new, not the same again"

    proposal = result(dock, "proposal")
    assert proposal.data[15, 60]
    person.point_at(image, (15, 60))
    person.press(Qt.Key.Key_N)
    assert scribbles.data[15, 60] == 1
    qtbot.waitUntil(lambda: not proposal.data[10:21, 55:66].any(), timeout=60_000)
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert scribbles.data[15, 60] == 0
    qtbot.waitUntil(lambda: bool(proposal.data[15, 60]), timeout=60_000)

    person.click(dock.run_view.stop_button)
    qtbot.waitUntil(lambda: is_gone(process), timeout=1000)
    assert dock.run_view.run_button.isEnabled()
    assert dock.session.model is not None

    assert proposal.data[45, 20] and proposal.data[15, 15] and not proposal.data[30, 20]
    qtbot.waitUntil(dock.accept_view.all_button.isEnabled)
    expected = int(dock.accept_view.all_button.text().removeprefix("Accept all (").removesuffix(")"))
    person.click(dock.accept_view.all_button)
    corrected = layers.find(viewer, "corrected", image)
    accepted = corrected.data.copy()
    assert classes_of(corrected) == {1: "cell"}
    name_class(dock, "spot")
    assert classes_of(corrected) == classes_of(proposal) == {1: "spot"}
    assert len(np.unique(accepted)) - 1 == expected
    np.testing.assert_array_equal(accepted > 0, proposal.data > 0)
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not corrected.data.any()
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_array_equal(corrected.data, accepted)
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    person.point_at(image, (45, 20))
    person.press(Qt.Key.Key_K)
    assert corrected.data[45, 20] == 1
    assert len(np.unique(corrected.data)) == 2
    person.click(dock.accept_view.object_button)
    person.stroke(image, (15, 15))
    assert corrected.data[15, 15] == 2
    person.click(dock.accept_view.object_button)
    qtbot.waitUntil(dock.accept_view.all_button.isEnabled)
    person.click(dock.accept_view.all_button)
    assert len(np.unique(corrected.data)) - 1 == expected

    path = tmp_path / "corrected.tif"
    viewer.layers.save(str(path), selected=True)  # what File > Save Selected Layers calls
    saved = tifffile.imread(path)
    assert saved.dtype == np.uint16
    np.testing.assert_array_equal(saved, corrected.data)


def test_all_cells_from_a_few_points(open_dock, viewer, person, qtbot):
    """Click on some cells, Run, watch the detections, mark a wrong one, accept, take back, accept one."""
    pixels, labels = fluorescence(3, (160, 160))
    dock = open_dock(METHODS["p_classification"])
    image = viewer.add_image(pixels, name="cells", scale=(0.5, 0.5), units=("um", "um"))
    viewer.reset_view()
    person.click(dock.inputs.create_button)
    centres = [region.centroid for region in regionprops(labels) if min(region.bbox[:2]) > 0][:4]
    for centre in centres:
        person.stroke(image, centre)
    points = dock.inputs.annotation
    np.testing.assert_allclose(points.data, centres, atol=1)
    qtbot.waitUntil(lambda: dock.message.text() == "Press Run [G].")
    dock.form.editor("epochs").setValue(200)  # it is stopped before
    dock.form.editor("rounds").setValue(1)
    dock.form.editor("classifier_epochs").setValue(5)
    person.click(dock.run_view.run_button)
    qtbot.waitUntil(dock.accept_view.object_button.isEnabled, timeout=60_000)
    rings = result(dock, "detections")
    assert len(rings.data) > len(centres), "more than was given"
    assert viewer.layers.selection.active is points
    assert points.mode == "add"

    roles = rings.features["role"]
    wrong = next(position for position, role in zip(rings.data, roles, strict=True) if role == "detected")
    person.point_at(image, wrong)
    person.press(Qt.Key.Key_N)
    assert list(points.features["kind"]) == ["cell"] * len(centres) + ["not a cell"]
    qtbot.waitUntil(lambda: np.hypot(*(rings.data - wrong).T).min() > 2, timeout=60_000)

    given = dock._run.task
    person.click(dock.inputs.brushes["not a cell"])
    empty = np.unravel_index(distance_transform_edt(labels == 0).argmax(), labels.shape)
    person.stroke(image, empty)
    qtbot.waitUntil(lambda: dock._run.task is not given, timeout=2000)
    np.testing.assert_allclose(dock._run.task.planes[0].annotation.negatives, [wrong, empty], atol=1)
    person.click(dock.run_view.stop_button)
    qtbot.waitUntil(lambda: not dock.session.running, timeout=20_000)
    assert dock.message.mood == "hint", dock.message.text()

    dock.accept_view.number.setValue(0.1)
    before = len(points.data)
    qtbot.waitUntil(dock.accept_view.above_button.isEnabled)
    person.click(dock.accept_view.above_button)
    assert len(points.data) > before
    person.click(dock.accept_view.take_back_button)
    assert len(points.data) == before
    new = next(
        position
        for position, role in zip(rings.data, rings.features["role"], strict=True)
        if role in ("detected", "pseudo-positive")
    )
    person.point_at(image, new)
    person.press(Qt.Key.Key_K)
    assert len(points.data) == before + 1
    np.testing.assert_allclose(points.data[-1], new)


def test_labels_of_low_quality_become_good_ones(open_dock, viewer, person, qtbot):
    """Choose labels, outline the right part with the mouse, look at a preview, Run, accept what was added."""
    pixels, labels = fluorescence(3, (160, 160))
    dock = open_dock(METHODS["label_upgrade"])
    image = viewer.add_image(pixels, name="cells", scale=(0.5, 0.5), units=("um", "um"))
    poor = np.where(np.indices(labels.shape)[1] < 80, labels, np.where(labels % 2, labels, 0)).astype(np.uint16)
    given = viewer.add_labels(poor, name="from another tool", scale=(0.5, 0.5))
    viewer.reset_view()
    assert dock.inputs.annotation is given
    person.click(dock.inputs.create_button)
    person.stroke(image, (1, 1), (60, 30), (158, 78))
    (rectangle,) = dock.inputs.parts[1].layer.data
    np.testing.assert_allclose([rectangle.min(axis=0), rectangle.max(axis=0)], [(1, 1), (158, 78)], atol=1)
    qtbot.waitUntil(lambda: dock.message.text() == "Press Run [G].")
    person.click(dock.preview_button)
    qtbot.waitUntil(dock.preview_button.isEnabled)
    preview = result(dock, "preview")
    assert preview.data.any()

    dock.form.editor("epochs").setValue(1)
    dock.form.editor("crop").setValue(96)
    dock.form.editor("wrong").setCurrentText("cells are missing")
    person.click(dock.run_view.run_button)
    assert not preview.visible, "the run shows something else"
    qtbot.waitUntil(dock.accept_view.object_button.isEnabled, timeout=60_000)
    qtbot.waitUntil(lambda: not dock.session.running, timeout=120_000)
    assert dock.message.mood == "hint", dock.message.text()
    changes = result(dock, "changes")
    added = changes.data == Change.ADDED
    assert (labels[added] > 0).mean() > 0.5, "what was added is mostly cells"
    scopes = dock.accept_view.scopes
    scopes.setCurrentIndex(scopes.findText("Added objects"))
    scopes.activated.emit(scopes.currentIndex())
    person.click(dock.accept_view.all_button)
    corrected = layers.find(viewer, "corrected", image)
    assert corrected.data.any()
    assert added[corrected.data > 0].mean() > 0.5
    np.testing.assert_array_equal(given.data, poor)
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not corrected.data.any()

    proposal, right_part = result(dock, "proposal"), dock.inputs.parts[1].layer
    wrong = proposal.data == proposal.data[np.unravel_index(distance_transform_edt(added).argmax(), added.shape)]
    person.point_at(image, np.unravel_index(distance_transform_edt(wrong).argmax(), wrong.shape))
    person.press(Qt.Key.Key_N)
    assert "the next run learns from it" in dock.message.text()
    assert len(right_part.data) > 1
    person.click(dock.run_view.run_button)
    qtbot.waitUntil(lambda: not proposal.data[wrong].any(), timeout=60_000)
    person.click(dock.run_view.stop_button)
    person.click(dock.accept_view.take_back_button)
    assert len(right_part.data) == 1


def test_a_stack_is_labelled_from_one_finished_plane(open_dock, viewer, person, qtbot):
    """Paint a new object, choose labels of a plane, Run, look at another plane, accept all."""
    planes = [fluorescence(seed, (112, 112)) for seed in (3, 4, 5)]
    dock = open_dock(METHODS["hovernet_stpp"])
    image = viewer.add_image(np.stack([plane.image for plane in planes]), name="cells", scale=(2, 0.5, 0.5))
    viewer.reset_view()
    person.click(dock.inputs.create_button)
    mine = dock.inputs.annotation
    assert dock.message.text().startswith("Label every object of one plane")
    viewer.dims.set_current_step(0, 1)
    person.stroke(mine, (1, 50, 50), (1, 50, 60))
    assert set(np.unique(mine.data)) == {0, 1}
    assert not mine.data[[0, 2]].any()
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not mine.data.any()

    rows, columns = np.nonzero(planes[0].labels)
    mine.data_setitem((np.zeros_like(rows), rows, columns), planes[0].labels[rows, columns])
    qtbot.waitUntil(lambda: dock.message.text() == "Press Run [G].")
    dock.form.editor("epochs").setValue(2)
    dock.form.editor("crop").setValue(96)
    person.click(dock.run_view.run_button)
    qtbot.waitUntil(lambda: result(dock, "proposal").data[2].any(), timeout=60_000)
    qtbot.waitUntil(lambda: not dock.session.running, timeout=120_000)
    assert dock.message.mood == "hint", dock.message.text()
    viewer.dims.set_current_step(0, 2)
    person.click(dock.accept_view.all_button)
    corrected = layers.find(viewer, "corrected", image)
    for found, plane in zip(corrected.data, planes, strict=True):
        assert f1_score(found, plane.labels) > 0.7
    assert (corrected.data[0] > 0).sum() == (planes[0].labels > 0).sum()


def test_boxes_are_found_drawn_learned_from_and_accepted(open_dock, viewer, person, qtbot):
    """Find boxes, draw one more with the mouse, Run, accept what is found, and the masks in it."""
    sample = fluorescence(3, (128, 128))
    dock = open_dock(METHODS["sissi"])
    image = viewer.add_image(sample.image, name="cells", scale=(0.5, 0.5), units=("um", "um"))
    viewer.reset_view()
    person.click(dock.suggestion_button)
    qtbot.waitUntil(lambda: "were found" in dock.message.text(), timeout=20_000)
    mine = dock.inputs.annotation
    before = len(mine.data)
    person.click(dock.inputs.brushes["cell"])
    person.stroke(image, (4, 4), (10, 10), (24, 22))
    assert len(mine.data) == before + 1
    assert list(mine.features["source"]) == ["found"] * before + ["drawn"]
    assert dock.message.text() == "Press Run [G]." or "were found" in dock.message.text()

    for name, value in (("epochs", 2), ("crop", 64), ("batch_size", 2)):
        dock.form.editor(name).setValue(value)
    dock.form.editor("masks").setCurrentText("foreground")
    dock.form.editor("background").setCurrentText("weak blur")
    person.click(dock.run_view.run_button)
    qtbot.waitUntil(lambda: dock.session.running and len(result(dock, "found_boxes").data) > 0, timeout=60_000)
    found = result(dock, "found_boxes")
    wrong = next(box for box, role in zip(found.data, found.features["role"], strict=True) if role != "dropped")
    person.point_at(image, wrong.mean(axis=0))
    person.press(Qt.Key.Key_N)
    assert list(mine.features["kind"]).count("not a cell") == 1

    def is_gone_from_view():
        return min(np.abs(box - wrong).max() for box in found.data) > 2

    qtbot.waitUntil(is_gone_from_view, timeout=60_000)
    qtbot.waitUntil(lambda: not dock.session.running, timeout=120_000)
    assert dock.message.mood == "hint", dock.message.text()
    assert is_gone_from_view(), "at the end, too"
    assert result(dock, "training_image").data.any()
    mine.selected_data = {0, 1, 2}  # careless ones, to have those that were found there instead
    mine.remove_selected()
    qtbot.waitUntil(dock.accept_view.all_button.isEnabled)
    person.click(dock.accept_view.all_button)
    assert "accepted" in list(mine.features["source"])
    scopes = dock.accept_view.scopes
    scopes.setCurrentIndex(scopes.findText("Masks, as labels"))
    scopes.activated.emit(scopes.currentIndex())
    person.click(dock.accept_view.all_button)
    assert f1_score(layers.find(viewer, "corrected", image).data, sample.labels) > 0.6


class TestFailures:
    """Whatever happens to the trainer: the window lives, the layers are as they were, a sentence says what happened."""

    @pytest.fixture(autouse=True)
    def told(self):
        del notification_manager.records[:]
        return notification_manager.records

    def start(self, dock, person, qtbot):
        person.click(dock.run_view.run_button)
        qtbot.waitUntil(lambda: result(dock, "proposal").data.any(), timeout=20_000)

    def wait_for_the_sentence(self, dock, viewer, told, qtbot):
        mine = {name: viewer.layers[name].data.copy() for name in ("cells", "cells scribbles")}
        qtbot.waitUntil(lambda: dock.message.mood == "error", timeout=20_000)
        qtbot.wait(200)
        for name, data in mine.items():
            np.testing.assert_array_equal(viewer.layers[name].data, data)
        assert result(dock, "proposal").data.any(), "what was proposed stays"
        assert viewer.window._qt_window.isVisible()
        assert [str(note.severity) for note in told] == ["error"]
        assert told[0].message == dock.message.text()
        assert "Traceback" not in dock.message.text()
        assert dock.run_view.run_button.isEnabled()
        assert not dock.session.running
        return dock.message.text()

    @pytest.mark.parametrize(
        ("error", "word"), [("RuntimeError", "shapes cannot be multiplied"), ("MemoryError", "memory")]
    )
    def test_the_training_raises(self, dock, viewer, person, told, qtbot, error, word):
        dock.form.setValue(ToyParams(fails_with=error))
        self.start(dock, person, qtbot)
        assert word in self.wait_for_the_sentence(dock, viewer, told, qtbot)

    @pytest.mark.skipif(sys.platform == "win32", reason="signals")
    def test_the_process_is_killed_from_outside(self, dock, viewer, person, told, qtbot):
        self.start(dock, person, qtbot)
        os.kill(dock.session._run.pid, signal.SIGKILL)
        assert self.wait_for_the_sentence(dock, viewer, told, qtbot)
        dock.accepts.accept_all()
        assert layers.find(viewer, "corrected", dock.inputs.image).data.any(), "and the person goes on working"

    def test_one_can_run_again_after_a_failure(self, dock, viewer, person, told, qtbot):
        dock.form.setValue(ToyParams(fails_with="RuntimeError"))
        self.start(dock, person, qtbot)
        self.wait_for_the_sentence(dock, viewer, told, qtbot)
        before = list(viewer.layers)
        dock.form.setValue(ToyParams())
        person.click(dock.run_view.run_button)
        qtbot.waitUntil(lambda: dock.run_view.progress.value() > 4, timeout=20_000)
        assert list(viewer.layers) == before
        assert dock.message.mood == "hint"


@pytest.fixture
def children_before():
    return set(psutil.Process().children(recursive=True))


@pytest.mark.parametrize("way", ["the dock", "the window"])
def test_closing_ends_the_processes_at_once(children_before, dock, viewer, person, qtbot, way):
    person.click(dock.run_view.run_button)
    qtbot.waitUntil(lambda: result(dock, "proposal").data.any(), timeout=20_000)
    ours = set(psutil.Process().children(recursive=True)) - children_before
    assert process_of(dock) in ours
    started = time.monotonic()
    if way == "the dock":
        dock.parent().destroyOnClose()
    else:
        viewer.close()
    qtbot.waitUntil(lambda: all(map(is_gone, ours)), timeout=5000)
    assert time.monotonic() - started < 2  # napari's own closing included
