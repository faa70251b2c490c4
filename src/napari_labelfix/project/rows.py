"""From records to rows of the tables, and back."""

from __future__ import annotations

import json
import math
import operator
import os
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

import numpy as np

from napari_labelfix.project.records import Entry, ImageRecord, LayerRecord, ObjectRecord, RunRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

by_name = sqlite3.Row


def _put(table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
    """Return the statement that adds a row, or changes the one that is there, without deleting what refers to it."""
    values = ", ".join("?" * len(columns))
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in keys)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )


_IMAGE = ["id", "name", "relative", "absolute", "reader", "shape", "dtype", "file_fingerprint", "pixel_fingerprint"]
_LAYER = ["id", "image", "role", "method", "author", "kind", "name", "shape", "dtype", "position", "placement", "look"]
_BLOCK = ["layer", "author", "plane", "row", "col", "checksum", "data"]
_OBJECT = ["layer", "id", "state", "confidence", "source", "model", "note", "locked", "parents", "more"]
_RUN = [
    "id",
    "method",
    "image",
    "params",
    "state",
    "started",
    "ended",
    "stage",
    "step",
    "total",
    "metrics",
    "versions",
    "message",
    "model",
]

PUT_IMAGE = _put("image", _IMAGE, ["id"])
PUT_LAYER = _put("layer", _LAYER, ["id"])
PUT_BLOCK = _put("block", _BLOCK, ["layer", "plane", "row", "col"])
DROP_BLOCK = "DELETE FROM block WHERE layer = ? AND plane = ? AND row = ? AND col = ? AND author = ?"
PUT_OBJECT = _put("object", _OBJECT, ["layer", "id"])
PUT_GEOMETRY = _put("geometry", ["layer", "content"], ["layer"])
# how far a run is and where its model lies are told apart, so that neither takes back what the other has said
PUT_RUN = _put("run", _RUN, ["id"]).replace("excluded.model", "iif(excluded.model = '', run.model, excluded.model)")
IMAGES_IN_USE = (
    "SELECT * FROM image WHERE id IN (SELECT id FROM layer UNION SELECT image FROM layer UNION SELECT image FROM run) "
    "ORDER BY name"
)
ADD_ENTRY = "INSERT INTO history (at, who, name, what, layer, ids) VALUES (?, ?, ?, ?, ?, ?)"


_PART = "part of the image"  # among the parameters of a run, so that no older layout need be changed; none is called so
_BYTES = "bytes:"  # begins a path that is no Unicode; what follows is percent-encoded


def of_path(path: str) -> str:
    """Return a path as text of the database. On Linux a name may be any bytes, and SQLite takes Unicode alone."""
    odd = path.startswith(_BYTES) or _clean(path) != path
    return _BYTES + quote(os.fsencode(path)) if odd else path


def a_path(text: str) -> str:
    """Return the path that `of_path` has made a text of."""
    return os.fsdecode(unquote_to_bytes(text.removeprefix(_BYTES))) if text.startswith(_BYTES) else text


def of_image(image: ImageRecord, relative: str) -> tuple[Any, ...]:
    """Return the row of an image."""
    return (
        image.id, _clean(image.name), of_path(relative), of_path(image.path), image.reader, json.dumps(image.shape),
        image.dtype, image.file_fingerprint, image.pixel_fingerprint,
    )  # fmt: skip


def image(row: sqlite3.Row) -> ImageRecord:
    """Return the record of an image."""
    values = {name: row[name] for name in _IMAGE if name != "absolute"}
    paths = {"path": a_path(row["absolute"]), "relative": a_path(row["relative"])}
    return ImageRecord(**values | {"shape": _shape(row["shape"])} | paths)


def of_layer(layer: LayerRecord) -> tuple[Any, ...]:
    """Return the row of a layer."""
    return (
        layer.id, layer.image, layer.role, layer.method, layer.author, layer.kind, _clean(layer.name),
        json.dumps(layer.shape), layer.dtype, layer.position, json.dumps(layer.placement), json.dumps(layer.look),
    )  # fmt: skip


def layer(row: sqlite3.Row) -> LayerRecord:
    """Return the record of a layer."""
    told = {name: _values(row[name]) for name in ("placement", "look")}
    record = LayerRecord(**dict(row) | told | {"shape": _shape(row["shape"])})
    np.broadcast_to(np.zeros(1, np.dtype(record.dtype)), record.shape)  # fails if there can be no such array
    if record.channels and len(record.shape) < 3:
        raise ValueError(f"expected a shape with colours, but got {row['shape']}")
    return record


def of_object(layer: str, record: ObjectRecord) -> tuple[Any, ...]:
    """Return the row of an object. NaN, for which SQLite has no number, and what JSON has none for, are not said."""
    confidence = record.confidence
    said = (None if text is None else _clean(text) for text in (record.source, record.model, record.note))
    more = {name: None if _is_odd(value) else value for name, value in record.more.items()}
    return (
        layer, record.id, record.state, None if confidence != confidence else confidence, *said, record.locked,
        None if record.parents is None else json.dumps(record.parents), json.dumps(more),
    )  # fmt: skip


def _is_odd(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def an_object(row: sqlite3.Row) -> ObjectRecord:
    """Return the record of an object."""
    values = {name: row[name] for name in ("id", "state", "confidence", "source", "model", "note")}
    parents = None if row["parents"] is None else () if row["parents"] == "[]" else tuple(json.loads(row["parents"]))
    locked = None if row["locked"] is None else bool(row["locked"])
    return ObjectRecord(**values, locked=locked, parents=parents, more=_values(row["more"]))


def of_run(run: RunRecord) -> tuple[Any, ...]:
    """Return the row of a run."""
    params = dict(run.params) if run.part is None else {**run.params, _PART: run.part}
    metrics = {name: value for name, value in run.metrics.items() if math.isfinite(value)}  # JSON has no NaN
    return (
        run.id, run.method, run.image, json.dumps(params), run.state, run.started, run.ended, run.stage,
        run.step, run.total, json.dumps(metrics), json.dumps(dict(run.versions)), _clean(run.message),
        of_path(run.model),
    )  # fmt: skip


def run(row: sqlite3.Row) -> RunRecord:
    """Return the record of a run."""
    told = {name: _values(row[name]) for name in ("params", "metrics", "versions")}
    part = _part(told["params"].pop(_PART, None))
    return RunRecord(**dict(row) | told | {"model": a_path(row["model"]), "part": part})


def _part(told: Any) -> tuple[int, int, int, int] | None:
    if told is None:
        return None
    top, left, bottom, right = map(operator.index, told)
    if not (0 <= top < bottom and 0 <= left < right):
        raise ValueError(f"expected a part of an image, but got {told}")
    return top, left, bottom, right


def of_entry(entry: Entry) -> tuple[Any, ...]:
    """Return the row of a line of the history."""
    return entry.at, entry.who, _clean(entry.name), entry.what, entry.layer, json.dumps(entry.ids)


def entry(row: sqlite3.Row) -> Entry:
    """Return a line of the history."""
    values = dict(row)
    del values["number"]
    return Entry(**values | {"ids": tuple(json.loads(row["ids"]))})


def _clean(text: str) -> str:
    """Return a text with "?" for what is no Unicode, such as a letter of a file's name that is not UTF-8."""
    return text.encode(errors="replace").decode()


def _values(text: str) -> dict[str, Any]:
    """Return what JSON says, a value for each name. Raises `ValueError` if it says something else."""
    if text == "{}":  # as of most of tens of thousands of objects
        return {}
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError(f"expected values by their names, but got {text}")
    return said


def _shape(text: str) -> tuple[int, ...]:
    """Return the shape that JSON says. Raises `ValueError` if no array of two axes or more can have it."""
    sides = json.loads(text)
    if not isinstance(sides, list) or len(sides) < 2 or not all(isinstance(side, int) and side >= 0 for side in sides):
        raise ValueError(f"expected a shape, but got {text}")
    return tuple(sides)
