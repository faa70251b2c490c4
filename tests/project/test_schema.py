"""Older projects are brought up to date, newer ones and damaged ones are refused and left as they are."""

import json
import sqlite3
import zlib
from contextlib import closing

import numpy as np
import pytest

from napari_labelfix.errors import ProjectError
from napari_labelfix.project import schema
from napari_labelfix.project.records import ObjectRecord
from napari_labelfix.project.store import Project

# The first layout, as it was.
LAYOUT_0 = """
CREATE TABLE image (id TEXT PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, shape TEXT NOT NULL,
    dtype TEXT NOT NULL, fingerprint TEXT NOT NULL) STRICT;
CREATE TABLE layer (id TEXT PRIMARY KEY, image TEXT, role TEXT NOT NULL, method TEXT NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL, shape TEXT NOT NULL, dtype TEXT NOT NULL, position INTEGER NOT NULL, placement TEXT NOT NULL,
    look TEXT NOT NULL, features TEXT NOT NULL) STRICT;
CREATE TABLE block (layer TEXT NOT NULL, plane INTEGER NOT NULL, row INTEGER NOT NULL, col INTEGER NOT NULL,
    checksum INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (layer, plane, row, col)) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


@pytest.fixture
def old(tmp_path):
    """A project of the first layout: an image, a corrected layer with two objects, and a proposal."""
    labels = np.zeros((20, 30), np.int32)
    labels[3:9, 4:12] = 5
    data = zlib.compress(labels.tobytes(), 1)
    features = [{"index": 5, "state": "accepted", "confidence": 0.5, "note": "mine", "locked": 1}, {"index": 6}]
    path = tmp_path / "old.labelfix"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(LAYOUT_0.replace("CREATE TABLE meta", "CREATE TABLE _meta"))
        connection.executescript(f"DROP TABLE _meta; PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute("INSERT INTO image VALUES ('i', 'cells', 'cells.tif', '[20, 30]', 'uint8', 'f')")
        rows = [("h", "corrected", "", json.dumps(features)), ("m", "proposal", "scribble2label", "[]")]
        for id_, role, method, told in rows:
            connection.execute(
                "INSERT INTO layer VALUES (?, 'i', ?, ?, 'labels', ?, '[20, 30]', 'int32', 0, '{}', '{}', ?)",
                (id_, role, method, role, told),
            )
            connection.execute("INSERT INTO block VALUES (?, 0, 0, 0, ?, ?)", (id_, zlib.crc32(data), data))
        connection.commit()
    return path, labels


def test_a_file_says_that_it_is_a_project_as_it_always_did(tmp_path):
    Project.create(tmp_path / "a.labelfix").close()
    assert (tmp_path / "a.labelfix").read_bytes()[68:72] == b"LBFX"


def test_a_project_of_the_first_layout_is_brought_up_to_date(old):
    path, labels = old
    assert schema.version_of(path) == 0
    with Project.open(path) as project:
        by_id = {layer.id: layer for layer in project.layers()}
        assert (by_id["h"].author, by_id["m"].author) == ("person", "model")
        for layer in by_id.values():
            np.testing.assert_array_equal(project.pixels(layer), labels)
        assert project.objects("h") == [
            ObjectRecord(5, "accepted", 0.5, note="mine", locked=True),
            ObjectRecord(6),
        ]
        assert project.images()[0].file_fingerprint == "f"
        assert (project.runs(), project.history(), project.check_database()) == ([], [], [])
    assert schema.version_of(path) == schema.VERSION
    with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(":memory:")) as fresh:
        schema.create(fresh)
        layout = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        assert connection.execute(layout).fetchall() == fresh.execute(layout).fetchall()


def test_a_migration_that_fails_leaves_the_old_project_as_it_was(old, monkeypatch):
    path, _ = old
    before = path.read_bytes()
    monkeypatch.setitem(schema._MIGRATIONS, 0, schema._FROM_0 + "INSERT INTO no_such_table VALUES (1);")
    with pytest.raises(ProjectError, match="no such table"):
        Project.open(path)
    assert path.read_bytes() == before


def test_a_newer_project_is_refused_unharmed(tmp_path):
    path = tmp_path / "new.labelfix"
    Project.create(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE of_the_future (x TEXT) STRICT; PRAGMA user_version = 99")
    before = path.read_bytes(), path.stat().st_mtime_ns
    for way in (Project.open, Project.look):
        with pytest.raises(ProjectError, match=r"newer napari-labelfix \(layout 99, this one knows 1\)"):
            way(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"SQLite", "is not a project"),
        (b"\x89PNG\r\n" + bytes(500), "is not a project"),
        (b"SQLite format 3\x00" + bytes(500), "database of another program"),
    ],
)
def test_what_is_no_project_is_refused_and_left_alone(tmp_path, content, sentence):
    path = tmp_path / "a.labelfix"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match=sentence):
        Project.open(path)
    assert path.read_bytes() == content


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ProjectError, match="There is no project"):
        Project.open(tmp_path / "a.labelfix")


@pytest.mark.parametrize("damage", ["overwritten", "cut short"])
def test_a_damaged_file_is_refused_in_words(old, damage):
    path, _ = old
    Project.open(path).close()
    content = path.read_bytes()
    overwritten = content[:100] + bytes(range(256)) * 16 + content[4196:]
    path.write_bytes(overwritten if damage == "overwritten" else content[: len(content) // 2])
    with pytest.raises(ProjectError, match=r"damaged|cannot be read"), Project.open(path) as project:
        project.images()
        [layer] = [layer for layer in project.layers() if layer.id == "h"]
        project.pixels(layer)
