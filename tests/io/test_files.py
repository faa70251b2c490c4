"""Files of a folder appear all or not at all, and what goes wrong names the file that was wanted."""

import errno
import json
import os

import pytest

from napari_labelfix.errors import OutputError
from napari_labelfix.io.files import filling, write_errors, write_json


def fill(folder):
    with filling(folder) as temporary:
        (temporary / "a.txt").write_text("new")
        (temporary / "labels").mkdir()
        (temporary / "labels" / "b.txt").write_text("new")


def test_a_folder_where_a_file_is_to_be_is_told_before_anything_is_replaced(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "labels" / "b.txt").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"b\.txt is a folder, so no file can be written there"):
        fill(tmp_path)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "labels"]


def test_a_file_where_a_folder_is_to_be_is_told_before_anything_is_replaced(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "labels").write_text("mine")
    with pytest.raises(OutputError, match=r"labels is a file, but a folder is wanted there"):
        fill(tmp_path)
    assert [(tmp_path / name).read_text() for name in ("a.txt", "labels")] == ["old", "mine"]


def test_what_is_there_is_replaced_and_the_rest_stays(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "c.txt").write_text("mine")
    fill(tmp_path)
    fill(tmp_path)
    assert [path.read_text() for path in sorted(tmp_path.rglob("*.txt"))] == ["new", "mine", "new"]
    assert (tmp_path / "labels" / "b.txt").exists()


@pytest.mark.parametrize(
    "data",
    [{}, {"a": []}, {"a": [1], "é": {"b": [1, {"c": "\n"}]}, "d": [[0.1, None], "x", {}, True]}, {"a": 1, "b": []}],
)
def test_json_is_written_as_the_library_does(tmp_path, data):
    write_json(tmp_path / "a.json", data)
    assert (tmp_path / "a.json").read_bytes() == json.dumps(data).encode()


def test_a_full_disk_names_the_file_that_was_wanted(tmp_path):
    path = tmp_path / "out" / "cells_coco.json"
    with pytest.raises(OutputError) as told, filling(path.parent) as temporary, write_errors(temporary / path.name):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(told.value).startswith(f"The disk is full, so {path} was not written.")
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_moved_is_named(tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match=r"There is no permission to write .*a\.txt\. Choose"):
        fill(tmp_path)
