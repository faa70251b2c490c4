"""SQLite finds a file wherever it lies and whatever it is called."""

import os
import sys
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from napari_labelfix.errors import ProjectError
from napari_labelfix.project.database import expect_closed, uri_to_read
from napari_labelfix.project.store import Project


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/ann/a b.labelfix"), "file:///home/ann/a%20b.labelfix?mode=ro"),
        (PureWindowsPath("C:/Users/ann/100%.labelfix"), "file:///C:/Users/ann/100%25.labelfix?mode=ro"),
        (PureWindowsPath("//server/share/a?#.labelfix"), "file:////server/share/a%3F%23.labelfix?mode=ro"),
    ],
)
def test_a_path_becomes_a_uri_without_a_host(path, uri):
    assert uri_to_read(path) == uri


NAMES = ["a b.labelfix", "100%41.labelfix", "a?mode=rw#x.labelfix", "細胞.labelfix", os.fsdecode(b"z\xe4hl.labelfix")]


@pytest.mark.skipif(sys.platform != "linux", reason="there a file may have any name")
@pytest.mark.parametrize("name", NAMES)
def test_a_project_of_any_name_is_read(tmp_path, name):
    with Project.create(tmp_path / name) as project, pytest.raises(ProjectError, match="open in another window"):
        expect_closed(project.path)
    with Project.look(tmp_path / name) as project:
        assert project.check_database() == []
    assert [path.name for path in tmp_path.iterdir()] == [name]
