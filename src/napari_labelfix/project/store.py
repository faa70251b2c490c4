"""A project: records and pixels in, records and pixels out. Changes that belong together are written together."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from napari_labelfix.errors import ProjectError
from napari_labelfix.io.files import replacing
from napari_labelfix.project import database, models, rows
from napari_labelfix.project.blocks import Key, Tiling, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

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

SUFFIX = ".labelfix"
_Record = TypeVar("_Record")


class Project:
    """An open project file. Made by `create`, `open` or `look`; for one thread at a time.

    Parameters
    ----------
    path
        The file.
    connection
        To it.
    looks
        Whether it is only read.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, looks: bool = False) -> None:
        self.path = path
        self._connection = connection
        self._looks = looks
        self._closed = False

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new project. Raises `OutputError` if it cannot be written."""
        path = path.absolute()
        return cls(path, database.create(path))

    @classmethod
    def create_in_place_of(cls, path: Path) -> Self:
        """Make a new project under a name that another file may have, which is gone then.

        Raises
        ------
        ProjectError
            If that file is a project that is open in another window.
        OutputError
            As `create`.
        """
        path = path.absolute()
        return cls(path, database.create(path, in_place=True))

    @classmethod
    def open(cls, path: Path, *, runs_go_on: bool = False) -> Self:
        """Open a project to work in it.

        Parameters
        ----------
        path
            The file.
        runs_go_on
            Whether runs that it tells of are running; else they were cut off, and are marked so.

        Raises
        ------
        ProjectError
            If it cannot be opened.
        """
        path = path.absolute()
        project = cls(path, database.open_file(path))
        if runs_go_on:
            return project
        with database.sentences(path):
            project._connection.execute("UPDATE run SET state = 'interrupted' WHERE state = 'running'")
        return project

    @classmethod
    def look(cls, path: Path, seconds: float = 1.0) -> Self:
        """Open a project and change nothing; wait so long for another window that has it open.

        Raises
        ------
        ProjectError
            If it cannot be read.
        """
        path = path.absolute()
        return cls(path, database.open_to_look(path, seconds), looks=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; it is one file now."""
        if self._closed:
            return
        self._closed = True
        if self._looks:
            self._connection.close()
        else:
            database.close(self.path, self._connection)

    def write(self, batch: Batch) -> None:
        """Write changes, all or none.

        Raises
        ------
        ProjectError
            If something does not fit together, such as a model's pixels and a person's layer.
        OutputError
            If the disk is full.
        """
        packed = [(block, pack(block.pixels)) for block in batch.blocks]  # before the transaction: it takes longest
        with database.sentences(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._write_records(batch)
                self._write_blocks(packed)
                self._write_rest(batch)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite may have taken all back itself, as where the disk is full
                    self._connection.execute("ROLLBACK")
                raise

    def images(self) -> list[ImageRecord]:
        """Return the images, with the path where each should be found: beside the project, else where it was.

        One that was closed is among them as long as a layer or a run belongs to it.
        """
        return [self._with_path(image) for image in self._records(rows.image, rows.IMAGES_IN_USE)]

    def layers(self) -> list[LayerRecord]:
        """Return the layers from bottom to top."""
        return self._records(rows.layer, "SELECT * FROM layer ORDER BY position, name")

    def runs(self) -> list[RunRecord]:
        """Return the runs, oldest first."""
        return self._records(rows.run, "SELECT * FROM run ORDER BY started, rowid")

    def history(self) -> list[Entry]:
        """Return what was done, newest first."""
        return self._records(rows.entry, "SELECT * FROM history ORDER BY number DESC")

    def meta(self) -> dict[str, str]:
        """Return the facts about the project."""
        return dict(self._select("SELECT key, value FROM meta"))

    def objects(self, layer: str) -> list[ObjectRecord]:
        """Return what is known about the objects of a layer, by ascending id."""
        return self._records(rows.an_object, "SELECT * FROM object WHERE layer = ? ORDER BY id", layer)

    def geometry(self, layer: str) -> str | None:
        """Return the JSON of a layer's points or shapes, or None."""
        return next(
            (row["content"] for row in self._select("SELECT content FROM geometry WHERE layer = ?", layer)), None
        )

    def pixels(self, layer: LayerRecord) -> NDArray[Any]:
        """Return the array of a layer.

        Raises
        ------
        ProjectError
            If a block of it is damaged, or it does not fit into memory.
        """
        tiling, dtype = Tiling(layer.shape, layer.channels), np.dtype(layer.dtype)
        try:
            array = np.zeros(layer.shape, dtype)
        except MemoryError:
            size = " x ".join(map(str, layer.shape))
            raise ProjectError(
                f"“{layer.name}” in {self.path} is {size}, which does not fit into memory. Close other programs, or "
                "use a computer with more."
            ) from None
        for key, data, checksum in self.blocks(layer.id):
            if not tiling.has(key) or zlib.crc32(data) != checksum:
                raise ProjectError(f"A block of “{layer.name}” in {self.path} is damaged. Run: napari-labelfix verify.")
            window = array[tiling.window(key)]
            window[...] = unpack(data, window.shape, dtype)
        return array

    def blocks(self, layer: str) -> Iterator[tuple[Key, bytes, int]]:
        """Yield the blocks of a layer as they lie in the file: place, data and checksum."""
        for row in self._select("SELECT plane, row, col, data, checksum FROM block WHERE layer = ?", layer):
            yield Key(row["plane"], row["row"], row["col"]), row["data"], row["checksum"]

    def check_database(self) -> list[str]:
        """Return what SQLite finds wrong with the file: pages, indices, references between tables."""
        found = [str(row[0]) for row in self._select("PRAGMA integrity_check")]
        lost = [
            f"a row of {row[0]} refers to a {row[2]} that is not there"
            for row in self._select("PRAGMA foreign_key_check")
        ]
        return [sentence for sentence in found if sentence != "ok"] + lost

    def copy_to(self, path: Path) -> None:
        """Write a copy as another project, which finds the same images and has its own models.

        Raises
        ------
        ProjectError
            If the name is that of a project that is open in another window.
        OutputError
            If it cannot be written.
        """
        path = path.absolute()
        with replacing(path) as temporary, database.sentences(path):
            copied = models.copy(self.path, path, self.runs())
            with closing(sqlite3.connect(temporary)) as target:
                self._connection.backup(target)
                found = [(image.path, relative_path(image.path, path.parent), image.id) for image in self.images()]
                places = [(rows.of_path(image), rows.of_path(relative), id_) for image, relative, id_ in found]
                target.executemany("UPDATE image SET absolute = ?, relative = ? WHERE id = ?", places)
                moved = [(rows.of_path(new), run) for run, new in copied.items()]
                target.executemany("UPDATE run SET model = ? WHERE id = ?", moved)
                target.commit()
            database.make_way(path)

    def _records(self, make: Callable[[Any], _Record], sql: str, *values: object) -> list[_Record]:
        with database.sense_of(self.path):  # JSON may be none, or of another kind
            return [make(row) for row in self._select(sql, *values)]

    def _select(self, sql: str, *values: object) -> list[Any]:
        with database.sentences(self.path):
            cursor = self._connection.execute(sql, values)
            cursor.row_factory = rows.by_name
            return cursor.fetchall()

    def _with_path(self, image: ImageRecord) -> ImageRecord:
        beside = (self.path.parent / image.relative) if image.relative else None
        return replace(image, path=os.path.normpath(beside)) if beside is not None and beside.exists() else image

    def _write_records(self, batch: Batch) -> None:
        execute = self._connection.executemany
        folder = self.path.parent
        execute(rows.PUT_IMAGE, [rows.of_image(image, relative_path(image.path, folder)) for image in batch.images])
        execute("DELETE FROM layer WHERE id = ?", [(layer,) for layer in batch.removed])
        execute(rows.PUT_LAYER, map(rows.of_layer, batch.layers))
        execute("DELETE FROM block WHERE layer = ?", [(layer,) for layer in batch.emptied])

    def _write_blocks(self, packed: Sequence[tuple[Block, bytes | None]]) -> None:
        empty = [(block.layer, *block.key, block.author) for block, data in packed if data is None]
        full = [
            (block.layer, block.author, *block.key, zlib.crc32(data), data)
            for block, data in packed
            if data is not None
        ]
        self._connection.executemany(rows.DROP_BLOCK, empty)
        self._connection.executemany(rows.PUT_BLOCK, full)

    def _write_rest(self, batch: Batch) -> None:
        for layer, objects in batch.objects.items():
            self._write_objects(layer, objects)
        self._connection.executemany(rows.PUT_GEOMETRY, batch.geometry.items())
        self._connection.executemany(rows.PUT_RUN, map(rows.of_run, batch.runs))
        self._connection.executemany(rows.ADD_ENTRY, map(rows.of_entry, batch.history))
        self._write_meta(batch.meta)

    def _write_objects(self, layer: str, objects: Objects) -> None:
        if objects.whole:
            kept = json.dumps([record.id for record in objects.records])
            self._connection.execute(
                "DELETE FROM object WHERE layer = ? AND id NOT IN (SELECT value FROM json_each(?))", (layer, kept)
            )
        self._connection.executemany(
            "DELETE FROM object WHERE layer = ? AND id = ?", [(layer, id_) for id_ in objects.gone]
        )
        self._connection.executemany(rows.PUT_OBJECT, [rows.of_object(layer, record) for record in objects.records])

    def _write_meta(self, meta: Mapping[str, str]) -> None:
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())


def relative_path(path: str, folder: Path) -> str:
    """Return a path from a folder, with "/"; "" for no path, or one on another drive."""
    if not path:
        return ""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return ""
