"""The project file: what goes in comes out, whole or not at all, and a model's never over a person's."""

import math
import os
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

from napari_labelfix.errors import OutputError, ProjectError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.project import models, rows
from napari_labelfix.project.blocks import Key, Tiling
from napari_labelfix.project.records import (
    Batch,
    Block,
    Entry,
    ImageRecord,
    LayerRecord,
    ObjectRecord,
    Objects,
    RunRecord,
)
from napari_labelfix.project.store import Project

SHAPE = (2, 300, 520)
IMAGE = ImageRecord("i", "cells", "", SHAPE, "uint8", pixel_fingerprint="abc")
HAND = LayerRecord(
    "hand", "i", "corrected", "person", "labels", "cells corrected", SHAPE, "int32", look={"opacity": 0.6}
)
MODEL = LayerRecord("model", "i", "proposal", "model", "labels", "cells proposal", SHAPE, "int32", "scribble2label", 1)


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "a.labelfix") as project:
        project.write(Batch(images=[IMAGE], layers=[HAND, MODEL]))
        yield project


def blocks_of(layer, array, keys=None):
    tiling = Tiling(array.shape)
    return [Block(layer.id, layer.author, key, tiling.cut(array, key)) for key in keys or tiling.every_key()]


@pytest.fixture
def labels():
    return np.random.default_rng(0).integers(0, 5, SHAPE).astype(np.int32)


def test_everything_comes_back(project, labels):
    run = RunRecord("r", "scribble2label", "i", {"seed": 3}, metrics={"loss": 0.5, "gone": float("nan")}, total=9)
    record = ObjectRecord(7, "edited", 0.25, "hand", "m1", "my note", True, (3, 4), {"class": 2})
    entry = Entry("person", "ann", "merge", "hand", (3, 4))
    batch = Batch(
        blocks=blocks_of(HAND, labels),
        objects={"hand": Objects([record, ObjectRecord(8, confidence=float("nan"), more={"size": math.inf})])},
        geometry={"hand": '{"data": []}'},
        history=[entry],
        runs=[run],
        meta={"view": "{}"},
    )
    project.write(batch)
    project.close()
    with Project.open(project.path) as again:
        assert again.images() == [IMAGE]
        assert again.layers() == [HAND, MODEL]
        np.testing.assert_array_equal(again.pixels(HAND), labels)
        assert again.pixels(HAND).dtype == np.int32
        assert again.objects("hand") == [record, ObjectRecord(8, more={"size": None})]
        assert again.geometry("hand") == '{"data": []}'
        assert again.history() == [entry]
        assert again.runs() == [replace(run, state="interrupted", metrics={"loss": 0.5})]
        assert again.meta() == {"view": "{}"}
        assert again.check_database() == []


def test_a_run_is_known_with_the_part_of_the_image_that_it_is_on(project):
    whole, part = (RunRecord(name, "scribble2label", "i", {"seed": 3}) for name in ("whole", "part"))
    part = replace(part, part=(4, 10, 12, 22))
    project.write(Batch(runs=[whole, part]))
    assert project.runs() == [whole, part]
    project.write(Batch(runs=[replace(part, step=7)]))
    assert project.runs()[1].part == part.part


@pytest.mark.parametrize("told", ["[4, 10, 12]", "[4, 10, 4, 22]", "[-1, 0, 12, 22]", '["4", "10", "12", "22"]', "7"])
def test_a_part_that_is_none_is_damage_and_said_so(project, told):
    project.write(Batch(runs=[RunRecord("r", "scribble2label", "i", {}, part=(4, 10, 12, 22))]))
    with project._connection as connection:
        connection.execute("UPDATE run SET params = replace(params, '[4, 10, 12, 22]', ?)", (told,))
    with pytest.raises(ProjectError, match="is damaged"):
        project.runs()


@pytest.mark.skipif(sys.platform != "linux", reason="there a file's name may be any bytes")
def test_files_whose_names_are_not_utf_8_come_back(project, tmp_path):
    name = os.fsdecode(b"z\xe4hl")
    folder = tmp_path / name
    folder.mkdir()
    file = folder / f"{name}.tif"
    file.touch()
    image = replace(IMAGE, name=name, path=str(file))
    layer = replace(HAND, name=name, look={"note": name}, placement={"axes": [name]})
    project.write(Batch(images=[image], layers=[layer, MODEL], history=[Entry("person", name, "begin", "")]))
    place = models.keep(folder / f"{name}.labelfix", "r", TrainedModel("scribble2label", {}, {}, b"w"))
    run = RunRecord("r", "scribble2label", "i", {"start_from": name}, message=name, model=place)
    record = ObjectRecord(1, source=name, note=name)
    project.write(Batch(runs=[run], objects={"hand": Objects([record])}))
    assert project.images() == [replace(image, name="z?hl", relative=f"{name}/{name}.tif")]
    assert project.layers()[0] == replace(layer, name="z?hl")
    assert project.runs() == [replace(run, message="z?hl")]
    assert project.objects("hand") == [replace(record, source="z?hl", note="z?hl")]
    copy = folder / f"{name} copy.labelfix"
    project.copy_to(copy)
    with Project.look(copy) as copied:
        assert (copied.images()[0].path, copied.images()[0].relative) == (str(file), file.name)


@pytest.mark.parametrize("path", ["", "/images/cells.tif", "images/zähl 細.tif", "bytes:%41", os.fsdecode(b"z\xe4%41")])
def test_every_path_comes_back_from_its_text(path):
    text = rows.of_path(path)
    assert text.encode().decode() == text
    assert rows.a_path(text) == path
    assert (text == path) is (path.isprintable() and not path.startswith("bytes:"))


def test_a_run_that_goes_on_while_its_project_is_opened_anew_is_not_told_as_cut_off(project):
    project.write(Batch(runs=[RunRecord("r", "scribble2label", "i", {})]))
    project.close()
    for goes_on, state in [(True, "running"), (False, "interrupted")]:
        with Project.open(project.path, runs_go_on=goes_on) as again:
            assert [run.state for run in again.runs()] == [state]


def test_only_what_changed_is_written_and_zeros_take_no_place(project, labels):
    project.write(Batch(blocks=blocks_of(HAND, labels)))
    assert len(list(project.blocks("hand"))) == 2 * 2 * 3
    labels[1, 256:, :256] = 0
    labels[0, 0, 0] = 77
    project.write(Batch(blocks=blocks_of(HAND, labels, [Key(1, 1, 0), Key(0, 0, 0)])))
    np.testing.assert_array_equal(project.pixels(HAND), labels)
    assert len(list(project.blocks("hand"))) == 2 * 2 * 3 - 1


def test_a_model_cannot_write_into_a_persons_layer(project, labels):
    project.write(Batch(blocks=blocks_of(HAND, labels)))
    theirs = Block("hand", "model", Key(0, 0, 0), np.ones((256, 256), np.int32))
    with pytest.raises(ProjectError, match="would break the order"):
        project.write(Batch(blocks=[theirs]))
    nothing = Block("hand", "model", Key(0, 0, 0), np.zeros((256, 256), np.int32))
    project.write(Batch(blocks=[nothing]))
    with pytest.raises(ProjectError, match="cannot become a model's"):
        project.write(Batch(layers=[replace(HAND, author="model")]))
    np.testing.assert_array_equal(project.pixels(HAND), labels)


def test_a_batch_is_written_whole_or_not_at_all(project, labels):
    bad = Block("no such layer", "person", Key(0, 0, 0), np.ones((256, 256), np.int32))
    with pytest.raises(ProjectError):
        project.write(Batch(blocks=[*blocks_of(HAND, labels), bad], history=[Entry("person", "a", "paint", "hand")]))
    assert not project.pixels(HAND).any()
    assert project.history() == []


def test_objects_change_one_by_one_or_all_at_once(project):
    project.write(Batch(objects={"hand": Objects([ObjectRecord(1, "todo"), ObjectRecord(2), ObjectRecord(3)])}))
    project.write(Batch(objects={"hand": Objects([ObjectRecord(1, "accepted")], gone=[2])}))
    assert [(record.id, record.state) for record in project.objects("hand")] == [(1, "accepted"), (3, None)]
    project.write(Batch(objects={"hand": Objects([ObjectRecord(9)], whole=True)}))
    assert project.objects("hand") == [ObjectRecord(9)]


def test_a_layer_that_is_removed_takes_what_is_in_it_along_but_not_its_history(project, labels):
    batch = Batch(blocks=blocks_of(HAND, labels), objects={"hand": Objects([ObjectRecord(1)])})
    project.write(batch)
    project.write(Batch(history=[Entry("person", "a", "paint", "hand")]))
    project.write(Batch(removed=["hand"]))
    assert [layer.id for layer in project.layers()] == ["model"]
    assert list(project.blocks("hand")) == []
    assert project.objects("hand") == []
    assert len(project.history()) == 1


def test_a_layer_may_get_another_size(project, labels):
    project.write(Batch(blocks=blocks_of(HAND, labels)))
    small = replace(HAND, shape=(40, 50), dtype="uint16")
    pixels = np.full((40, 50), 60000, np.uint16)
    project.write(Batch(layers=[small], emptied=["hand"], blocks=blocks_of(small, pixels)))
    np.testing.assert_array_equal(project.pixels(small), pixels)


def test_it_is_one_file_when_it_is_closed(project, labels):
    project.write(Batch(blocks=blocks_of(HAND, labels)))
    project.close()
    assert [file.name for file in project.path.parent.iterdir()] == ["a.labelfix"]


def test_a_project_is_open_in_one_place_only(project):
    with pytest.raises(ProjectError, match="open in another window"):
        Project.open(project.path)
    with pytest.raises(ProjectError, match="open in another window"):
        Project.look(project.path)


def test_a_damaged_block_is_refused_in_words(project, labels):
    project.write(Batch(blocks=blocks_of(HAND, labels)))
    project._connection.execute("UPDATE block SET data = zeroblob(20) WHERE plane = 1 AND row = 0 AND col = 0")
    with pytest.raises(ProjectError, match=r"A block of “cells corrected” .* is damaged"):
        project.pixels(HAND)


def test_an_existing_file_is_not_replaced(project):
    with pytest.raises(OutputError, match="There is a file"):
        Project.create(project.path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(OutputError, match="was not written"):
        Project.create(tmp_path / "no such folder" / "a.labelfix")


def test_an_image_is_found_beside_the_project_wherever_both_go(tmp_path):
    (tmp_path / "one" / "images").mkdir(parents=True)
    file = tmp_path / "one" / "images" / "cells.tif"
    file.touch()
    with Project.create(tmp_path / "one" / "a.labelfix") as project:
        project.write(Batch(images=[replace(IMAGE, path=str(file))], layers=[HAND]))
        assert project.images()[0].relative == "images/cells.tif"
    (tmp_path / "one").rename(tmp_path / "two")
    with Project.open(tmp_path / "two" / "a.labelfix") as moved:
        assert moved.images()[0].path == str(tmp_path / "two" / "images" / "cells.tif")
    (tmp_path / "three").mkdir()
    (tmp_path / "two" / "a.labelfix").rename(tmp_path / "three" / "a.labelfix")
    (tmp_path / "two").rename(tmp_path / "one")
    with Project.open(tmp_path / "three" / "a.labelfix") as alone:
        assert alone.images()[0].path == str(file), "where it was when the project was written"


def test_a_copy_under_another_name_has_all_and_finds_the_image_and_its_models(project, labels, tmp_path):
    file = tmp_path / "cells.tif"
    file.touch()
    place = models.keep(project.path, "r", TrainedModel("scribble2label", {}, {}, b"weights"))
    run = RunRecord("r", "scribble2label", "i", {}, model=place)
    project.write(Batch(images=[replace(IMAGE, path=str(file))], blocks=blocks_of(HAND, labels), runs=[run]))
    (tmp_path / "elsewhere").mkdir()
    project.copy_to(tmp_path / "elsewhere" / "b.labelfix")
    with Project.open(tmp_path / "elsewhere" / "b.labelfix") as copy:
        assert copy.images()[0].relative == "../cells.tif"
        np.testing.assert_array_equal(copy.pixels(HAND), labels)
        [run] = copy.runs()
        assert run.model == "b.models/r-1"
        assert models.load(copy.path, run).weights == b"weights"


@pytest.mark.parametrize(
    "said", ["../private", "private", "a.models/../private", "a.models/..", "..", "a.models\\..\\private"]
)
def test_a_copy_takes_no_folder_along_that_a_project_from_elsewhere_calls_a_model(project, tmp_path, said):
    for folder in (tmp_path.parent / "private", project.path.parent / "private", project.path.parent / "a.models"):
        folder.mkdir(exist_ok=True)
        (folder / "key").touch()
    project.write(Batch(runs=[RunRecord("r", "scribble2label", "i", {}, model=said)]))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    project.copy_to(elsewhere / "b.labelfix")
    assert [path.name for path in elsewhere.iterdir()] == ["b.labelfix"]


def test_a_newer_model_takes_the_place_of_the_one_before_without_a_moment_with_none(project):
    first = models.keep(project.path, "r", TrainedModel("scribble2label", {}, {}, b"one"))
    second = models.keep(project.path, "r", TrainedModel("scribble2label", {}, {}, b"two"), first)
    folder = project.path.parent
    assert (first, second) == ("a.models/r-1", "a.models/r-2")
    assert TrainedModel.load(folder / first).weights == b"one"
    models.forget(project.path, first)
    assert TrainedModel.load(folder / second).weights == b"two"
    assert not (folder / first).exists()


def test_what_was_written_survives_a_kill(tmp_path):
    code = """
        import os, signal, sys
        from pathlib import Path
        from napari_labelfix.project.records import Batch, Entry
        from napari_labelfix.project.store import Project
        project = Project.create(Path(sys.argv[1]))
        for number in range(3):
            project.write(Batch(history=[Entry("person", "a", str(number), "hand")]))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    path = tmp_path / "a.labelfix"
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(path)], check=False, timeout=60)
    assert (tmp_path / "a.labelfix-wal").exists()
    with Project.look(path) as project:
        assert [entry.what for entry in project.history()] == ["2", "1", "0"]
    with Project.open(path) as project:
        assert len(project.history()) == 3
    assert not (tmp_path / "a.labelfix-wal").exists()


CRASH = """
    import os, signal, sys
    from pathlib import Path
    import numpy as np
    from napari_labelfix.project.blocks import Key
    from napari_labelfix.project.records import Batch, Block, LayerRecord
    from napari_labelfix.project.store import Project
    project = Project.create(Path(sys.argv[1]))
    layer = LayerRecord("old", None, "corrected", "person", "labels", "old", (512, 512), "int32")
    project.write(Batch(layers=[layer], meta={"who": "old"}))
    noise = np.random.default_rng(0).integers(1, 500, (256, 256)).astype(np.int32)
    for row in range(2):
        project.write(Batch(blocks=[Block("old", "person", Key(0, row, 0), noise)]))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def crashed(tmp_path):
    """A project whose window was killed: its newest changes lie in the file beside it."""
    path = tmp_path / "crashed.labelfix"
    subprocess.run([sys.executable, "-c", textwrap.dedent(CRASH), str(path)], check=False, timeout=60)
    assert (tmp_path / "crashed.labelfix-wal").stat().st_size > 0
    return path


def expect_only_this(path, labels):
    with Project.open(path) as again:
        assert again.check_database() == []
        assert again.meta() == {"who": "new"}
        assert [layer.id for layer in again.layers()] == ["hand", "model"]
        np.testing.assert_array_equal(again.pixels(HAND), labels)
    assert not path.with_name("crashed.labelfix-wal").exists()


def test_a_copy_over_a_project_that_crashed_is_that_copy(project, labels, crashed):
    project.write(Batch(blocks=blocks_of(HAND, labels), meta={"who": "new"}))
    project.copy_to(crashed)
    assert [file.name for file in crashed.parent.glob("crashed*")] == [crashed.name]
    expect_only_this(crashed, labels)


@pytest.mark.parametrize("gone", [False, True], ids=["in its place", "after it was removed by hand"])
def test_a_new_project_in_the_place_of_one_that_crashed_is_new(labels, crashed, gone):
    if gone:
        crashed.unlink()
    with Project.create(crashed) if gone else Project.create_in_place_of(crashed) as project:
        assert project.layers() == []
        project.write(Batch(images=[IMAGE], layers=[HAND, MODEL], meta={"who": "new"}))
        project.write(Batch(blocks=blocks_of(HAND, labels)))
    expect_only_this(crashed, labels)


def test_a_project_that_is_open_elsewhere_is_not_replaced(project, labels, tmp_path):
    with Project.create(tmp_path / "b.labelfix") as other:
        other.write(Batch(images=[IMAGE], layers=[HAND], blocks=blocks_of(HAND, labels)))
        with pytest.raises(ProjectError, match="open in another window"):
            project.copy_to(other.path)
        with pytest.raises(ProjectError, match="open in another window"):
            Project.create_in_place_of(other.path)
        assert (tmp_path / "b.labelfix-wal").exists()
    with Project.open(other.path) as again:
        np.testing.assert_array_equal(again.pixels(HAND), labels)


def test_the_file_says_what_it_is(project):
    project.close()
    with sqlite3.connect(project.path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone()[0] == 0x4C424658
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
        strict = connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
        assert {name for name, is_strict in strict if not is_strict} == {"sqlite_schema", "sqlite_sequence"}
    connection.close()
