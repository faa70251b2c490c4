"""The tables of a project file, and the way from older ones.

`application_id` says that a SQLite file is a project, `user_version` which of these layouts it has.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from napari_labelfix.errors import ProjectError
from napari_labelfix.project.held import first_bytes

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

APPLICATION_ID = 0x4C424658  # "LBFX"
VERSION = 1

_MAGIC = b"SQLite format 3\x00"
_HEADER = struct.Struct(">60xI4xI28x")  # of a SQLite file: user_version at byte 60, application_id at byte 68
_SIZES = struct.Struct(">16xH10xI")  # of the same: bytes of a page (1: 65,536) at byte 16, their number at byte 28

# A block knows whether its layer is a person's or a model's, and refers to both: the database itself refuses pixels
# of a model in a layer of a person.
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE image (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    relative TEXT NOT NULL,           -- path from the project's folder, with "/"; "" for an image of no file
    absolute TEXT NOT NULL,           -- where the file was, for when the relative path leads nowhere
    reader TEXT NOT NULL,             -- the plugin that opened it; "" for napari's choice
    shape TEXT NOT NULL CHECK (json_valid(shape)),
    dtype TEXT NOT NULL,
    file_fingerprint TEXT NOT NULL,   -- "" until it is known
    pixel_fingerprint TEXT NOT NULL
) STRICT;

CREATE TABLE layer (
    id TEXT PRIMARY KEY,
    image TEXT,                       -- that it belongs to, and that may have been closed; NULL: nobody has said
    role TEXT NOT NULL,               -- what it is for: "corrected", "scribbles", ...; "" for a layer from elsewhere
    method TEXT NOT NULL,             -- whose belief it shows; "" for a person's
    author TEXT NOT NULL CHECK (author IN ('person', 'model')),
    kind TEXT NOT NULL CHECK (kind IN ('image', 'labels', 'points', 'shapes')),
    name TEXT NOT NULL,
    shape TEXT NOT NULL CHECK (json_valid(shape)),
    dtype TEXT NOT NULL,
    position INTEGER NOT NULL,        -- in the list of layers, 0 at the bottom
    placement TEXT NOT NULL CHECK (json_valid(placement)),  -- scale, translate, rotate, shear, affine, units, axes
    look TEXT NOT NULL CHECK (json_valid(look)),            -- visible, opacity, brush, ...
    UNIQUE (id, author)
) STRICT;

CREATE TABLE block (
    layer TEXT NOT NULL,
    author TEXT NOT NULL,
    plane INTEGER NOT NULL,           -- number of the (Y, X) plane, in order
    row INTEGER NOT NULL,             -- in blocks of 256 x 256 pixels
    col INTEGER NOT NULL,
    checksum INTEGER NOT NULL,        -- CRC-32 of the data as they are here
    data BLOB NOT NULL,               -- zlib; a block that is not here is 0 everywhere
    PRIMARY KEY (layer, plane, row, col),
    FOREIGN KEY (layer, author) REFERENCES layer (id, author) ON DELETE CASCADE
) STRICT;

CREATE TABLE object (
    layer TEXT NOT NULL REFERENCES layer (id) ON DELETE CASCADE,
    id INTEGER NOT NULL,
    state TEXT,
    confidence REAL,
    source TEXT,
    model TEXT,
    note TEXT,
    locked INTEGER,
    parents TEXT CHECK (parents IS NULL OR json_valid(parents)),  -- ids that it came from by merging or splitting
    more TEXT NOT NULL CHECK (json_valid(more)),                  -- what else the table of objects says of it
    PRIMARY KEY (layer, id)
) STRICT;

CREATE TABLE geometry (
    layer TEXT PRIMARY KEY REFERENCES layer (id) ON DELETE CASCADE,
    content TEXT NOT NULL CHECK (json_valid(content))  -- points with their sizes and kinds, or outlines of shapes
) STRICT;

CREATE TABLE history (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,                 -- ISO 8601, UTC
    who TEXT NOT NULL CHECK (who IN ('person', 'model')),
    name TEXT NOT NULL,               -- of the account, or of the method
    what TEXT NOT NULL,               -- "paint", "accept", "undo", ...
    layer TEXT NOT NULL,              -- kept when the layer goes
    ids TEXT NOT NULL CHECK (json_valid(ids))  -- of the objects that were touched
) STRICT;

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    method TEXT NOT NULL,
    image TEXT NOT NULL,
    params TEXT NOT NULL CHECK (json_valid(params)),
    state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped', 'failed', 'interrupted')),
    started TEXT NOT NULL,
    ended TEXT NOT NULL,              -- "" while it runs
    stage TEXT NOT NULL,
    step INTEGER NOT NULL,
    total INTEGER NOT NULL,
    metrics TEXT NOT NULL CHECK (json_valid(metrics)),
    versions TEXT NOT NULL CHECK (json_valid(versions)),
    message TEXT NOT NULL,            -- why it failed
    model TEXT NOT NULL               -- folder of its model, from the project's folder; "" if there is none
) STRICT;

CREATE TRIGGER author_of_a_layer_stays BEFORE UPDATE OF author ON layer WHEN old.author <> new.author
BEGIN SELECT RAISE(ABORT, 'a layer of a person cannot become a model''s, nor the other way round'); END;
"""

# The first layout had a table of features with each layer, no history and no runs, and did not say who made a layer.
_FROM_0 = f"""
ALTER TABLE image RENAME TO old_image;
ALTER TABLE layer RENAME TO old_layer;
ALTER TABLE block RENAME TO old_block;
{_TABLES}
INSERT INTO image SELECT id, name, path, '', '', shape, dtype, fingerprint, '' FROM old_image;
INSERT INTO layer
    SELECT id, image, role, method, iif(method = '', 'person', 'model'), kind, name, shape, dtype, position,
           placement, look FROM old_layer;
INSERT INTO block
    SELECT b.layer, l.author, b.plane, b.row, b.col, b.checksum, b.data FROM old_block b JOIN layer l ON l.id = b.layer;
INSERT INTO object (layer, id, state, confidence, note, locked, more)
    SELECT l.id, f.value ->> 'index', f.value ->> 'state', f.value ->> 'confidence', f.value ->> 'note',
           f.value ->> 'locked', '{{}}'
    FROM old_layer l, json_each(l.features) f;
DROP TABLE old_block;
DROP TABLE old_layer;
DROP TABLE old_image;
"""

_MIGRATIONS = {0: _FROM_0}  # from a version to the next


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of the newest layout in an empty database."""
    _run(connection, _TABLES, VERSION)


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Bring a database up to the newest layout, in one transaction for each step."""
    connection.execute("PRAGMA foreign_keys = OFF")  # tables change their names below
    for older in range(version, VERSION):
        _run(connection, _MIGRATIONS[older], older + 1)


def version_of(path: Path) -> int:
    """Return the layout that a file has, from its first bytes alone: SQLite opens nothing, nothing is changed.

    Raises
    ------
    ProjectError
        If there is no such file, it is no project, a newer version of this package has written it, or this process
        works in it.
    """
    try:
        header = first_bytes(path, _HEADER.size)
    except FileNotFoundError:
        raise ProjectError(f"There is no project {path}.") from None
    except OSError as error:
        raise ProjectError(f"The project {path} cannot be read ({error.strerror or error}).") from None
    if not header:
        raise ProjectError(f"{path} is empty, so nothing can be restored from it. Take a copy of it that is not.")
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise ProjectError(f"{path} is not a project of napari-labelfix, or its beginning is damaged.")
    version, application = _HEADER.unpack(header)
    if application != APPLICATION_ID:
        raise ProjectError(f"{path} is a database of another program, not a project of napari-labelfix.")
    if version > VERSION:
        raise ProjectError(
            f"{path} was written by a newer napari-labelfix (layout {version}, this one knows {VERSION}). "
            "Update the package; the file was left as it is."
        )
    return int(version)


def pages_of(path: Path) -> tuple[int, int]:
    """Return how many pages a file has, and how many it should have, as it says itself; 0, 0 if it does not say."""
    header = first_bytes(path, _SIZES.size)
    size, expected = _SIZES.unpack(header) if len(header) == _SIZES.size else (0, 0)
    size = 2**16 if size == 1 else size
    return (path.stat().st_size // size, expected) if size else (0, 0)


def _run(connection: sqlite3.Connection, sql: str, version: int) -> None:
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version};"
    connection.executescript(f"BEGIN IMMEDIATE; {sql} {marks} COMMIT;")
