"""Saving by itself: what a person makes is in the file, and comes back."""

import time
from dataclasses import replace

import numpy as np
import pytest
from fakes import proposal_above, snapshot
from napari.components import ViewerModel
from napari.layers._layer_actions import _duplicate_layer, _split_stack

from napari_labelfix.errors import DiskError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.project import models, writer
from napari_labelfix.project.records import Batch, ImageRecord, LayerRecord, RunRecord
from napari_labelfix.project.store import Project
from napari_labelfix.review.states import RecordChanges, State
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.running.session import Session
from napari_labelfix.widgets.saving import autosave, followed_layers, following
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import Lost
from napari_labelfix.widgets.saving.run_keeper import RunKeeper
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import classes_of, set_classes
from napari_labelfix.widgets.viewer.history import history_of
from napari_labelfix.widgets.viewer.layer_states import id_of


@pytest.fixture
def viewer(qtbot, spots):
    viewer = ViewerModel()
    viewer.add_image(spots, name="cells", scale=(0.5, 0.5), units=("um", "um"))
    return viewer


@pytest.fixture
def saver(viewer):
    saver = autosaver_of(viewer)
    yield saver
    saver.close()


def add_scribbles(viewer):
    place = Place(viewer.layers["cells"], ())
    part = KINDS[METHODS["scribble2label"].annotation].layers[0]
    layer = part.create(place)
    layers.add_selected(viewer, layer)
    return layer


def paint(layer, row, column, label=2, size=5):
    rows, columns = np.mgrid[row : row + size, column : column + size].reshape(2, -1)
    with layer.block_history():
        layer.data_setitem((rows, columns), label)


def raise_error(error):
    raise error


def kept(path, layer):
    with Project.look(path) as project:
        [record] = [record for record in project.layers() if record.id == id_of(layer)]
        return project.pixels(record)


def test_nothing_is_written_before_a_person_has_made_something(viewer, saver, data_folder):
    add_scribbles(viewer)
    saver.look()
    assert saver.path is None
    assert not data_folder.exists()


def test_scribbles_are_no_objects_and_have_no_states(viewer, saver):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    saver.look()
    assert "state" not in scribbles.features


def test_the_first_stroke_begins_a_project_and_each_is_in_it_within_a_second(viewer, saver, data_folder, qtbot):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    painted = time.monotonic()
    with qtbot.waitSignal(saver.saved):
        pass
    while saver.waiting:
        qtbot.wait(10)
    assert time.monotonic() - painted < 1
    path = saver.path
    assert path.parent == data_folder
    assert "cells" in path.name
    assert not saver.has_name
    paint(scribbles, 30, 30, 1)
    saver.close()
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)
    with Project.look(path) as project:
        steps = [(entry.who, entry.what, entry.layer) for entry in reversed(project.history())]
        assert steps.count(("person", "paint", id_of(scribbles))) == 2
        assert project.meta()["version"]
        [image] = project.images()
        assert image.path == ""
        [of_image] = [record for record in project.layers() if record.kind == "image"]
        np.testing.assert_array_equal(project.pixels(of_image), viewer.layers["cells"].data)


def test_undo_is_saved_as_well(viewer, saver):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    paint(scribbles, 40, 40, 1)
    saver.save_now()
    scribbles.undo()
    saver.save_now()
    path = saver.path
    saver.close()
    assert kept(path, scribbles)[42, 42] == 0
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)


def test_a_new_array_is_saved_whole(viewer, saver):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    saver.save_now()
    scribbles.data = np.full((60, 80), 300, np.uint16)
    saver.save_now()
    path = saver.path
    saver.close()
    assert kept(path, scribbles).dtype == np.uint16
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)


def test_closing_the_viewer_deletes_nothing_in_the_project_and_deleting_a_layer_does(viewer, saver):
    scribbles, other = add_scribbles(viewer), viewer.add_labels(np.zeros((60, 80), int), name="other")
    paint(scribbles, 10, 10)
    paint(other, 20, 20)
    saver.save_now()
    viewer.layers.remove(other)
    saver.save_now()
    path = saver.path
    paint(scribbles, 40, 40)
    viewer.layers.clear()
    saver.look()
    assert saver.path is None, "the viewer is empty: the work on this project is over"
    with Project.look(path) as project:
        assert {record.name for record in project.layers()} == {"cells", "cells scribbles"}
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)


def test_states_of_objects_are_saved(viewer, saver):
    labels = viewer.add_labels(np.zeros((60, 80), np.int32), name="mine")
    paint(labels, 5, 5, 7)
    saver.save_now()
    paint(labels, 5, 25, 8)
    history_of(labels).records.get(7)
    saver.save_now()
    with_features = labels.features.copy()
    path, id_ = saver.path, id_of(labels)
    saver.close()
    with Project.look(path) as project:
        found = {record.id: record for record in project.objects(id_)}
    assert set(found) == {7, 8}
    states = dict(zip(with_features["index"], with_features["state"], strict=True))
    assert {label: record.state for label, record in found.items()} == states
    assert found[8].source == "hand"


def test_points_are_saved_with_their_kinds(viewer, saver):
    place = Place(viewer.layers["cells"], ())
    [part] = KINDS[METHODS["p_classification"].annotation].layers
    points = part.create(place)
    layers.add_selected(viewer, points)
    saver.look()
    assert saver.path is None
    points.add([[3, 4], [10, 20]])
    saver.look()
    path = saver.path
    saver.close()
    with Project.look(path) as project:
        import json

        content = json.loads(project.geometry(id_of(points)))
    assert content["data"] == [[3, 4], [10, 20]]
    assert content["features"]["kind"]["values"] == ["cell", "cell"]


def test_a_project_gets_a_name_and_the_nameless_file_goes(viewer, saver, tmp_path, data_folder):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    saver.look()
    nameless = saver.path
    saver.save_as(tmp_path / "mine.labelfix")
    assert saver.has_name
    assert not nameless.exists()
    paint(scribbles, 40, 40)
    saver.close()
    np.testing.assert_array_equal(kept(tmp_path / "mine.labelfix", scribbles), scribbles.data)
    assert list(data_folder.iterdir()) == []


def test_work_that_begins_after_the_viewer_was_emptied_is_another_project(viewer, saver):
    first = viewer.add_labels(np.zeros((60, 80), np.int32), name="first")
    paint(first, 10, 10)
    saver.save_now()
    before = saver.path
    viewer.layers.clear()
    saver.look()
    saver.look()
    assert saver.path is None
    second = viewer.add_labels(np.zeros((60, 80), np.int32), name="second")
    paint(second, 20, 20)
    saver.save_now()
    after = saver.path
    saver.close()
    assert after != before
    for path, name in ((before, {"cells", "first"}), (after, {"second"})):
        with Project.look(path) as project:
            assert {record.name for record in project.layers()} == name


def test_layers_of_a_viewer_that_is_emptied_keep_their_order(viewer, saver):
    saved = viewer.add_labels(np.zeros((60, 80), np.int32), name="b")
    paint(saved, 5, 5)
    saver.save_now()
    path = saver.path
    new = viewer.add_labels(np.zeros((60, 80), np.int32), name="a")
    paint(saved, 9, 9)
    paint(new, 10, 10)
    names = [layer.name for layer in viewer.layers]
    viewer.layers.clear()
    saver.look()
    with Project.look(path) as project:
        assert [record.name for record in project.layers()] == names == ["cells", "b", "a"]


def test_what_a_person_decides_about_a_proposal_is_saved_at_once(viewer, saver, spots):
    results = ProposalLayers(viewer, viewer.layers["cells"], "scribble2label")
    results.create()
    results.write({0: proposal_above(spots, 0.4)})
    results.objects()
    proposal = results.layer("proposal")
    saver.look()
    assert saver.path is None, "a proposal alone is nobody's work"
    history = history_of(proposal)
    rejected = {2: replace(history.records.get(2), state=State.REJECTED)}
    history.step(None, RecordChanges({2: history.records.get(2)}, rejected), "reject")
    saver.save_now()
    path = saver.path
    history.step(None, RecordChanges({3: history.records.get(3)}, {3: rejected[2]}), "reject")
    saver.save_now()
    saver.close()
    with Project.look(path) as project:
        states = {record.id: record.state for record in project.objects(id_of(proposal))}
        [layer] = [layer for layer in project.layers() if layer.role == "proposal"]
        np.testing.assert_array_equal(project.pixels(layer), proposal.data)
    assert (states[1], states[2], states[3]) == ("todo", "rejected", "rejected")


def test_what_a_model_believed_last_is_in_the_file_when_the_project_is_left(viewer, saver, spots):
    paint(add_scribbles(viewer), 10, 10)
    results = ProposalLayers(viewer, viewer.layers["cells"], "scribble2label")
    results.create()
    for threshold in (0.4, 0.8):
        results.write({0: proposal_above(spots, threshold)})
        results.objects()
        saver.touch(layers.image_id(viewer.layers["cells"]), "scribble2label")
        saver.save_now()
    proposal = results.layer("proposal")
    path = saver.path
    saver.leave()
    np.testing.assert_array_equal(kept(path, proposal), proposal.data)


def test_a_folder_that_cannot_be_written_is_told_once_and_saving_goes_on_when_it_can(
    viewer, saver, data_folder, monkeypatch
):
    told = []
    monkeypatch.setattr(autosave, "show_warning", told.append)
    data_folder.parent.mkdir()
    data_folder.touch()  # a file where the folder should be
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    saver.look()
    saver.look()
    assert len(told) == 1
    assert told[0].startswith("Not saved: ")
    data_folder.unlink()
    saver.save_now()
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)


def duplicate(viewer, layer):
    layers.select(viewer, layer)
    _duplicate_layer(viewer.layers)
    return viewer.layers[viewer.layers.index(layer) + 1]


def test_a_duplicated_layer_is_saved_beside_the_first(viewer, saver):
    first = add_scribbles(viewer)
    paint(first, 10, 10)
    saver.save_now()
    set_classes(first, {1: "nucleus"})
    second = duplicate(viewer, first)
    assert layers.role_of(second) == layers.role_of(first) == "scribbles"
    set_classes(first, {1: "cell"})
    assert classes_of(second) == {1: "nucleus"}, "it has what the first had"
    paint(first, 20, 20)
    paint(second, 30, 30, 1)
    saver.save_now()
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, first), first.data)
    np.testing.assert_array_equal(kept(path, second), second.data)
    with Project.look(path) as project:
        names = [layer.look.get("class_names") for layer in project.layers() if layer.role == "scribbles"]
    assert names == [{"1": "cell"}, {"1": "nucleus"}]


def test_a_duplicate_of_a_result_is_a_layer_of_the_person(viewer, saver, spots):
    results = ProposalLayers(viewer, viewer.layers["cells"], "scribble2label")
    results.create()
    results.write({0: proposal_above(spots, 0.4)})
    copied = duplicate(viewer, proposal := results.layer("proposal"))
    assert results.layer("proposal") is proposal
    results.write({0: proposal_above(spots, 9)})
    assert copied.data.any(), "nothing is written into the copy"


def test_a_split_image_and_its_copies_are_images_of_their_own(viewer, saver):
    stack = viewer.add_image(np.zeros((2, 60, 80), np.float32), name="stack")
    id_of(stack)
    layers.select(viewer, stack)
    _split_stack(viewer.layers)
    planes = [layer for layer in viewer.layers if layer.name.startswith("stack")]
    assert len({layers.image_id(layer) for layer in [*planes, duplicate(viewer, planes[0])]}) == 3


@pytest.mark.parametrize("index", [["c1", "c2"], [1, np.nan]])
def test_features_with_any_index_do_not_stop_the_saving(viewer, saver, index):
    named = viewer.add_labels(np.eye(60, 80, dtype=np.int32), name="named", features={"index": index, "size": [3, 4]})
    paint(named, 20, 20)
    assert saver.save_now()
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, named), named.data)


def test_one_layer_that_cannot_be_read_does_not_stop_the_saving_of_others(viewer, saver, monkeypatch):
    told = []
    monkeypatch.setattr(autosave, "show_warning", told.append)

    def follow(layer, note_step):
        if layer.name == "strange":
            raise KeyError("index")
        return followed_layers.follow(layer, note_step)

    monkeypatch.setattr(following, "follow", follow)
    viewer.add_labels(np.zeros((60, 80), int), name="strange")
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    saver.save_now()
    path = saver.path
    saver.close()
    assert told[0].startswith("Not saved: “strange” cannot be read")
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)


class OnlyWhatNapariAsksFor:
    """An array of another program, which knows shape and type and gives parts of itself."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype, self.ndim, self.size = array.shape, array.dtype, array.ndim, array.size

    def __getitem__(self, part):
        return self._array[part]


def test_an_array_that_knows_little_more_than_its_shape_does_not_stop_the_saving(viewer, saver):
    lazy = viewer.add_image(OnlyWhatNapariAsksFor(np.eye(60)), name="lazy", contrast_limits=(0, 1))
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    assert saver.save_now()
    path = saver.path
    saver.close()
    assert not saver.trouble
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)
    np.testing.assert_array_equal(kept(path, lazy), np.eye(60))


def test_a_layer_that_cannot_be_read_for_a_while_is_told_once_and_saved_when_it_can(viewer, saver, monkeypatch, qtbot):
    told = []
    monkeypatch.setattr(autosave, "show_warning", told.append)
    scribbles, odd = add_scribbles(viewer), viewer.add_points([[3.0, 4.0]], name="odd")
    paint(scribbles, 10, 10)
    with monkeypatch.context() as broken:
        broken.setattr(followed_layers.FollowedShapes, "_changes", lambda *_: 1 / 0)
        for _ in range(3):
            saver.save_now()
            paint(scribbles, 20, 20)
            qtbot.wait(20)
            assert saver.trouble.startswith("“odd” cannot be read"), "all others are saved, and it is not"
    assert [sentence.partition(" (")[0] for sentence in told] == ["Not saved: “odd” cannot be read"]
    saver.save_now()
    paint(scribbles, 30, 30)
    saver.save_now()
    qtbot.waitUntil(lambda: saver.trouble == "")
    path = saver.path
    saver.close()
    with Project.look(path) as project:
        assert id_of(odd) in {record.id for record in project.layers()}
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_strokes_on_labels_of_any_whole_numbers_are_saved_and_counted(viewer, saver, dtype):
    labels = viewer.add_labels(np.zeros((60, 80), dtype), name="any")
    paint(labels, 10, 10, 3)
    paint(labels, 12, 12, 4)
    history = history_of(labels)
    assert [history.records.table.area_of(label) for label in (3, 4)] == [16, 25]
    labels.undo()
    assert history.records.table.area_of(3) == 25
    labels.redo()
    assert saver.save_now()
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, labels), labels.data)


@pytest.mark.parametrize("cell", ["[1]", "a b", "1.5", "", 3, None, float("nan")])
def test_whatever_others_write_into_our_columns_does_not_stop_the_saving(viewer, saver, cell):
    features = {"index": [1], "parents": [cell], "state": [cell], "locked": [cell]}
    labels = viewer.add_labels(np.eye(60, 80, dtype=np.int32), name="named", features=features)
    paint(labels, 20, 20)
    assert saver.save_now()
    assert not saver.trouble
    assert history_of(labels).records.get(1).parents == ()


@pytest.mark.parametrize("looks", [0, 1])
@pytest.mark.parametrize("end", ["look", "close"])
def test_all_of_a_large_layer_is_saved_when_it_goes_in_the_middle(viewer, saver, data_folder, looks, end):
    large = viewer.add_labels(np.zeros((3000, 3000), np.int32), name="large")
    paint(large, 50, 50, 3)
    paint(large, 2900, 2900, 4)
    for _ in range(looks):
        saver.look()
    viewer.layers.clear()
    getattr(saver, end)()
    assert saver.path is None, "the viewer is empty: the work on this project is over"
    [path] = data_folder.glob("*.labelfix")
    np.testing.assert_array_equal(kept(path, large), large.data)


def test_a_dock_that_floats_and_is_closed_does_not_end_the_saving(make_napari_viewer, qtbot, spots):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(spots, name="cells")
    labels = viewer.add_labels(np.zeros((60, 80), np.int32))
    holder, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Export")
    saver = dock.saving.begin()
    holder.setFloating(True)
    qtbot.wait(50)
    assert saver._window() is viewer.window._qt_window
    holder.destroyOnClose()
    qtbot.wait(50)
    paint(labels, 10, 10)
    assert saver.save_now()
    assert not saver.is_closed
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, labels), labels.data)
    assert autosaver_of(viewer) is not saver, "what comes later is saved by a new one"


def test_what_was_dropped_is_written_anew_with_all_that_builds_on_it(viewer, saver, monkeypatch, qtbot):
    large = viewer.add_labels(np.ones((600, 600), np.int32), name="large")
    gone = viewer.add_points([[1, 2]], name="gone")
    scribbles = add_scribbles(viewer)
    paint(scribbles, 50, 50)
    assert saver.save_now()
    paint(scribbles, 10, 10)
    with monkeypatch.context() as broken:
        broken.setattr(Project, "write", lambda *_: 1 / 0)
        saver.look()
        qtbot.waitUntil(lambda: saver.trouble != "")
        for row in (20, 30):  # it fails again when all is written anew
            paint(scribbles, row, 20)
            qtbot.wait(400)
        assert not saver.save_now(0.1)
        viewer.layers.remove(gone)
        large.data = np.ones((9, 9), np.int32)
        saver.look()
        qtbot.wait(100)
    assert saver.trouble
    qtbot.waitUntil(saver.save_now, timeout=10_000)
    assert not saver.trouble
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)
    np.testing.assert_array_equal(kept(path, large), np.ones((9, 9)))
    with Project.look(path) as project:
        assert id_of(gone) not in {record.id for record in project.layers()}
        assert project.check_database() == []


@pytest.fixture
def full_disk(monkeypatch):
    """A disk on which nothing can be written into projects that are open, until it is emptied."""
    write, full = Project.write, []
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.05)

    def write_if_there_is_room(project, batch):
        if project.path in full:
            raise DiskError("The disk is full.")
        write(project, batch)

    monkeypatch.setattr(Project, "write", write_if_there_is_room)
    return full


def test_save_as_to_another_disk_takes_what_waits_for_one_that_is_full(viewer, saver, full_disk, tmp_path):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    assert saver.save_now()
    old = saver.path
    full_disk.append(old)
    paint(scribbles, 20, 20)
    assert not saver.save_now()
    saver.save_as(tmp_path / "mine.labelfix")
    assert saver.save_now()
    paint(scribbles, 30, 30)
    assert saver.save_now()
    saver.close()
    np.testing.assert_array_equal(kept(tmp_path / "mine.labelfix", scribbles), scribbles.data)
    assert old.exists(), "it has what could be saved until then"


@pytest.fixture
def run_on_a_full_disk(viewer, saver, full_disk, trainer, tmp_path, monkeypatch):
    """A run with a model, which goes on after the disk is full; and an image of the project that is not there."""
    method = METHODS["scribble2label"]
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    assert saver.save_now()
    session = Session(trainer)
    keeper = RunKeeper(saver, session)
    session.start(method, None, method.params())
    keeper.begin(method.name, [id_of(viewer.layers["cells"])], method.params(), None)
    run = trainer.runs[0]
    run.model = TrainedModel("scribble2label", {}, {}, b"weights")
    run.waiting = [snapshot(3, {0: proposal_above(viewer.layers["cells"].data, 0.4)})]
    session._poll()
    keeper._save_model()
    assert saver.save_now()
    away = ImageRecord("away", "away", str(tmp_path / "away.tif"), (60, 80), "uint8", pixel_fingerprint="abc")
    shown = LayerRecord("away", "away", "image", "person", "image", "away", (60, 80), "uint8")
    saver.call(lambda project: project.write(Batch(images=[away], layers=[shown])))
    assert saver.save_now()
    saver.lost = [Lost(away, shown, "There is none.")]
    full_disk.append(saver.path)
    run.waiting = [snapshot(7, {})]
    session._poll()
    paint(scribbles, 20, 20)
    assert not saver.save_now()
    yield scribbles
    session.stop()


def test_save_as_from_a_full_disk_takes_runs_models_history_and_lost_images_along(
    saver, run_on_a_full_disk, tmp_path, qtbot
):
    old, path = saver.path, tmp_path / "mine.labelfix"
    saver.save_as(path)
    assert [one.image.id for one in saver.lost] == ["away"]
    paint(run_on_a_full_disk, 30, 30)
    assert saver.save_now()
    saver.close()
    with Project.look(old) as project:
        with_old = project.history()
    with Project.look(path) as project:
        [run] = project.runs()
        history = project.history()
        assert history[-len(with_old) :] == with_old
        newer = [entry.what for entry in history[: -len(with_old)]]
        assert newer == ["run interrupted", "paint", "paint"]  # the first stroke waited
        assert run.step == 7, "the newest that is known, and not what the old file has"
        assert models.load(path, run).weights == b"weights"
        assert {image.id for image in project.images()} > {"away"}
        assert "away" in {layer.id for layer in project.layers()}
        assert project.check_database() == []
        assert project.meta().keys() >= {"created", "version", "view"}
    np.testing.assert_array_equal(kept(path, run_on_a_full_disk), run_on_a_full_disk.data)


def test_where_the_old_file_cannot_be_read_its_layers_go_on_and_that_is_told(
    saver, run_on_a_full_disk, tmp_path, qtbot, monkeypatch
):
    told = []
    monkeypatch.setattr(autosave, "show_warning", told.append)
    with monkeypatch.context() as away:
        away.setattr(Project, "runs", lambda _: raise_error(DiskError("It is away.")))
        saver.save_as(tmp_path / "mine.labelfix")
    assert saver.save_now()
    qtbot.waitUntil(lambda: any("Runs and history stay in" in sentence for sentence in told))
    saver.close()
    np.testing.assert_array_equal(kept(tmp_path / "mine.labelfix", run_on_a_full_disk), run_on_a_full_disk.data)
    with Project.look(tmp_path / "mine.labelfix") as project:
        assert [run.step for run in project.runs()] == [7]
        assert {entry.what for entry in project.history()} >= {"begin", "paint"}


def test_models_that_cannot_be_copied_are_told_and_everything_else_goes_along(
    saver, run_on_a_full_disk, tmp_path, qtbot, monkeypatch
):
    told = []
    monkeypatch.setattr(autosave, "show_warning", told.append)
    models.folder_of(tmp_path / "mine.labelfix").write_text("a file of somebody else's")
    saver.save_as(tmp_path / "mine.labelfix")
    assert saver.save_now()
    qtbot.waitUntil(lambda: any("The models of runs stay with" in sentence for sentence in told))
    saver.close()
    with Project.look(tmp_path / "mine.labelfix") as project:
        assert [(run.step, run.model) for run in project.runs()] == [(7, "")]


def test_save_as_keeps_what_is_to_be_seen_to(viewer, saver, tmp_path):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    assert saver.save_now()
    image = ImageRecord("away", "away", "/none.tif", (60, 80), "uint8")
    shown = LayerRecord("away", "away", "image", "person", "image", "away", (60, 80), "uint8")
    run = RunRecord("r", "scribble2label", "away", {}, "interrupted", model="old.models/r-1")
    saver.opened_with([Lost(image, shown, "There is none.")], [run])
    saver.save_as(tmp_path / "mine.labelfix")
    assert [one.image.id for one in saver.lost] == ["away"]
    assert [one.model for one in saver.unfinished] == ["mine.models/r-1"]


def test_a_full_disk_is_waited_for_while_the_person_goes_on(viewer, saver, full_disk, qtbot):
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    assert saver.save_now()
    full_disk.append(saver.path)
    for row in (20, 30):
        paint(scribbles, row, 20)
        saver.look()
    qtbot.waitUntil(lambda: saver.trouble == "The disk is full.")
    full_disk.clear()
    qtbot.waitUntil(saver.save_now, timeout=10_000)
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)


def test_a_model_that_cannot_be_kept_keeps_no_stroke_waiting_and_is_told_once(viewer, saver, qtbot, trainer):
    complaints = []
    saver.failed.connect(complaints.append)
    scribbles = add_scribbles(viewer)
    paint(scribbles, 10, 10)
    assert saver.save_now()
    models.folder_of(saver.path).write_text("a file of somebody else's")
    session = Session(trainer)
    keeper = RunKeeper(saver, session)
    session.start(METHODS["scribble2label"], None, METHODS["scribble2label"].params())
    keeper.begin("scribble2label", [id_of(viewer.layers["cells"])], METHODS["scribble2label"].params(), None)
    for weights in (b"first", b"second"):
        trainer.runs[0].model = TrainedModel("scribble2label", {}, {}, weights)
        keeper._save_model()
        paint(scribbles, 20, 20)
        assert saver.save_now()
    qtbot.waitUntil(lambda: len(complaints) > 0)
    assert len(complaints) == 1
    assert complaints[0].startswith("The model of the run is not kept: ")
    session.stop()
    path = saver.path
    saver.close()
    np.testing.assert_array_equal(kept(path, scribbles), scribbles.data)
