"""Work without a name, and work that was cut off, is found again."""

import os
import sys
from datetime import datetime

import pytest

from napari_labelfix.errors import OutputError, ProjectError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.project import models, recovery
from napari_labelfix.project.records import Batch, ImageRecord, LayerRecord
from napari_labelfix.project.store import Project


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "user_data_path", lambda *_, **__: tmp_path / "data")
    return tmp_path / "data" / "recovery"


def test_work_gets_a_file_named_by_time_and_image(folder):
    when = datetime(2026, 3, 5, 14, 3, 9)
    path = recovery.new_path("my cells/1", when)
    assert path == folder / "2026-03-05 14-03-09 my_cells_1.labelfix"
    Project.create(path).close()
    assert recovery.new_path("my cells/1", when).name == "2026-03-05 14-03-09 my_cells_1 2.labelfix"
    assert recovery.is_unnamed(path)


@pytest.mark.parametrize("image", ["細" * 80, "é" * 300, "x" * 300, "._" * 200], ids=["three", "two", "one", "none"])
def test_a_long_name_is_cut_between_two_letters(image):
    path = recovery.new_path(image)
    Project.create(path).close()
    assert len(path.name.encode()) < 140 and "\ufffd" not in path.name


def test_that_nothing_can_be_looked_up_is_a_sentence(folder):
    folder.parent.mkdir()
    folder.write_bytes(b"")
    with pytest.raises(OutputError, match="is a file, but a folder is wanted"):
        recovery.new_path("cells")


def test_what_was_cut_off_and_what_has_no_name_is_offered(tmp_path):
    unnamed = recovery.new_path("cells")
    with Project.create(unnamed) as project:
        both = [ImageRecord(its_id, "cells", "", (3, 3), "uint8") for its_id in "ij"]
        there = [LayerRecord(its_id, its_id, "", "person", "image", "cells", (3, 3), "uint8") for its_id in "ij"]
        project.write(Batch(images=both, layers=there))
    named, closed = tmp_path / "named.labelfix", tmp_path / "closed.labelfix"
    for path in (named, closed):
        Project.create(path).close()
        recovery.mark_open(path)
    recovery.mark_closed(closed)
    found = {unsaved.path: unsaved for unsaved in recovery.find_unsaved()}
    assert set(found) == {unnamed, named}
    assert (found[unnamed].named, found[unnamed].cut_off, found[unnamed].images) == (False, False, ("cells",))
    assert (found[named].named, found[named].cut_off) == (True, True)


def test_what_another_window_has_open_or_is_gone_is_not_offered(tmp_path):
    gone = tmp_path / "gone.labelfix"
    recovery.mark_open(gone)
    with Project.create(recovery.new_path("cells")) as project:
        recovery.mark_open(project.path)
        assert recovery.find_unsaved() == []
    assert len(recovery.find_unsaved()) == 1
    Project.create(gone).close()
    assert len(recovery.find_unsaved()) == 1, "its marker went, too"


def test_the_newest_work_is_offered_first_also_where_a_crash_has_left_it_beside_the_file(tmp_path):
    for number, name in enumerate("abc"):
        path = tmp_path / f"{name}.labelfix"
        Project.create(path).close()
        recovery.mark_open(path)
        os.utime(path, (1e9 + number, 1e9 + number))
    beside = tmp_path / "b.labelfix-wal"
    beside.touch()
    assert [unsaved.path.stem for unsaved in recovery.find_unsaved()] == ["b", "c", "a"]


@pytest.mark.parametrize("content", [b"\xff\xfe broken", b"", b"/no/such\0file"])
def test_a_marker_that_makes_no_sense_hides_nothing(tmp_path, folder, content):
    named = tmp_path / "named.labelfix"
    Project.create(named).close()
    recovery.mark_open(named)
    (folder / "odd.open").write_bytes(content)
    assert [unsaved.path for unsaved in recovery.find_unsaved()] == [named]


@pytest.mark.skipif(sys.platform != "linux", reason="there a file's name may be any bytes")
def test_a_project_whose_name_is_not_utf_8_is_offered(tmp_path):
    named = tmp_path / os.fsdecode(b"z\xe4hl.labelfix")
    Project.create(named).close()
    recovery.mark_open(named)
    assert [unsaved.path for unsaved in recovery.find_unsaved()] == [named]
    recovery.mark_closed(named)
    assert recovery.find_unsaved() == []


def test_discarding_takes_the_models_along_but_never_a_named_project(tmp_path, folder):
    path = recovery.new_path("cells")
    Project.create(path).close()
    models.keep(path, "r", TrainedModel("scribble2label", {}, {}, b"w"))
    path.with_name(f"{path.name}-wal").touch()
    recovery.discard(path)
    assert list(folder.iterdir()) == []
    named = tmp_path / "named.labelfix"
    Project.create(named).close()
    recovery.mark_open(named)
    recovery.discard(named)
    assert named.exists()
    assert recovery.find_unsaved() == []


def test_what_is_open_in_a_window_is_not_thrown_away(tmp_path):
    unnamed, named = recovery.new_path("cells"), tmp_path / "named.labelfix"
    for path in (unnamed, named):
        with Project.create(path):
            recovery.mark_open(path)
            with pytest.raises(ProjectError, match="open in another window"):
                recovery.discard(path)
    assert {unsaved.path for unsaved in recovery.find_unsaved() if unsaved.cut_off} == {unnamed, named}
