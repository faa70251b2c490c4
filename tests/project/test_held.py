"""A window keeps its lock on its project, whatever it looks at meanwhile."""

import os
import subprocess
import sys

import pytest

from napari_labelfix.errors import ProjectError
from napari_labelfix.project import fingerprint, recovery
from napari_labelfix.project.database import expect_closed
from napari_labelfix.project.schema import pages_of, version_of
from napari_labelfix.project.store import Project

OTHER_WINDOW = """
import sys
from pathlib import Path
from napari_labelfix.errors import ProjectError
from napari_labelfix.project.store import Project
try:
    Project.open(Path(sys.argv[1])).close()
except ProjectError as error:
    print(error)
"""


def said_by_another_window(path):
    command = [sys.executable, "-c", OTHER_WINDOW, str(path)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "user_data_path", lambda *_, **__: tmp_path / "data")
    with Project.create(recovery.new_path("cells")) as project:
        recovery.mark_open(project.path)
        yield project


def test_whatever_looks_for_work_leaves_the_lock_of_this_window(project, tmp_path):
    assert recovery.find_unsaved() == []
    fingerprint.of_file(project.path.parent)
    with pytest.raises(ProjectError, match="open in another window"):
        expect_closed(project.path)
    for look in (Project.look, Project.open, version_of, pages_of, recovery.discard):
        with pytest.raises(ProjectError, match="open in another window"):
            look(project.path)
    assert "open in another window" in said_by_another_window(project.path)
    project.close()
    assert said_by_another_window(project.path) == ""


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_project_is_known_by_another_path_too(project, tmp_path):
    for name, link in (("soft", os.symlink), ("hard", os.link)):
        link(project.path, tmp_path / name)
        with pytest.raises(ProjectError, match="open in another window"):
            version_of(tmp_path / name)


def test_a_project_that_could_not_be_opened_is_not_held(project, tmp_path):
    path = tmp_path / "broken.labelfix"
    whole = project.path.with_name("copy.labelfix")
    project.copy_to(whole)
    content = whole.read_bytes()
    path.write_bytes(content[:100] + bytes(range(256)) * 16 + content[4196:])
    with pytest.raises(ProjectError, match="damaged"):
        Project.open(path)
    assert version_of(path) == 1
