"""The records of a Labels layer's objects: in columns, and in `layer.features` for napari, files and other plugins.

The columns of the features are index, state, confidence, area, source, model, note, locked and parents, class where
there are several, and whatever others put there.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.io.class_names import HIGHEST_CLASS
from napari_labelfix.project.records import NO_OBJECTS
from napari_labelfix.review.footprint import count_pixels
from napari_labelfix.review.record_table import STATES, RecordTable
from napari_labelfix.review.states import Record
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.layer_states import object_id, parents_said_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_labelfix.review.footprint import Footprint

OURS = ("index", "state", "confidence", "area", "source", "model", "note", "locked", "parents")
CLASS = "class"
_NAMES = np.array([str(state) for state in STATES], object)
_NAMED = {str(state): state for state in STATES}


class ObjectRecords:
    """Reads the records of a layer, and writes them back at each change.

    Parameters
    ----------
    layer
        A Labels layer; it is held weakly.
    """

    def __init__(self, layer: Labels) -> None:
        self._layer = weakref.ref(layer)
        self._others: pd.DataFrame | None = None  # columns of others, by the object's id
        self._written: Any = None  # the features as this object has left them
        self._tells_classes = True  # others have put nothing else into the column of that name
        self._writing = False
        self.table = RecordTable()
        self.count_again()

    def get(self, label: int) -> Record | None:
        """Return the record of an object, or None if there is no such object."""
        return self.table.get(label)

    def change(self, records: Mapping[int, Record | None], footprint: Footprint | None, direction: int = 1) -> None:
        """Take over other records, and count the pixels of a step; -1 is the step backwards."""
        there = {label: record for label, record in records.items() if record is not None}
        self.table.update(there)
        if footprint is not None:
            self.table.add_areas(footprint.ids, direction * footprint.growth)
        self.table.update({label: None for label, record in records.items() if record is None})
        self.write()

    def count_again(self, inherited: Mapping[int, Record] | None = None) -> None:
        """Count all pixels: objects come and go, the others keep their records.

        Parameters
        ----------
        inherited
            Records that replace those of the table; for an array in which the ids mean other objects than before.
        """
        ids, areas = count_objects(image_planes.level_0(self._layer_or_fail()))
        known = self._read() if inherited is None else inherited
        self.table = RecordTable()
        self.table.add_areas(ids, areas)
        unknown = self._unknown()
        self.table.update({int(label): known.get(int(label), unknown) for label in ids})
        self.write()

    def take_over(self) -> bool:
        """Read the features if somebody else has set them; return whether."""
        layer = self._layer_or_fail()
        if self._writing or layer.features is self._written:
            return False
        known = self._read()
        self.table.update({label: record for label, record in known.items() if label in self.table})
        self.write()
        return True

    def write(self) -> None:
        """Put the records into the layer's features, if its numbers are objects."""
        layer, table = self._layer_or_fail(), self.table
        if layers.role_of(layer) in NO_OBJECTS:
            return
        columns: dict[str, Any] = {
            "index": table.ids,
            "state": _NAMES[table.states],
            "confidence": table.confidence,
            "area": table.areas,
            "source": table.sources,
            "model": table.models,
            "note": table.notes,
            "locked": table.locked,
            "parents": [" ".join(map(str, parents)) if parents else "" for parents in table.parents],
        }
        if self._tells_classes and table.classes.any():
            columns[CLASS] = table.classes
        self._writing = True  # our own change is not to be read back
        try:
            if self._written is layer.features and self._can_be_renewed(columns):
                for name, column in columns.items():  # five times as fast as new features
                    self._written[name] = column
                layer.events.properties()
                layer.events.features()
            else:
                layer.features = columns | self._columns_of_others()
        finally:
            self._writing = False
        self._written = layer.features

    def _can_be_renewed(self, columns: Mapping[str, Any]) -> bool:
        """Whether the features are of the objects of now, with the same columns of ours."""
        same = (CLASS in columns) == (self._tells_classes and CLASS in self._written)
        return same and np.array_equal(self._written["index"], columns["index"])

    def _columns_of_others(self) -> dict[str, NDArray[Any]]:
        others = self._others
        if others is None:
            return {}
        ids = self._origins(others.index)
        return {name: _at(others[name], ids) for name in others}

    def _origins(self, known: pd.Index) -> NDArray[np.int64]:
        """Return (N,) the objects from which others' columns are taken: for a new part of one, that one."""
        origins = self.table.ids.copy()
        for row in np.flatnonzero(~np.isin(origins, known)):
            parents: tuple[int, ...] = self.table.parents[row]
            while parents and origins[row] not in known:
                origins[row] = parents[0]
                record = self.table.get(parents[0])
                parents = record.parents if record is not None and parents[0] not in record.parents else ()
        return origins

    def _read(self) -> dict[int, Record]:
        """Return the records in the features; where these have no states, what was known is kept."""
        layer = self._layer_or_fail()
        features = layer.features
        named = [object_id(cell) for cell in features.get("index", features.index).tolist()]
        features = features[[label is not None for label in named]]
        ids = [label for label in named if label is not None]
        self._tells_classes = CLASS not in features or _are_classes(features[CLASS])
        ours = (*OURS, CLASS) if self._tells_classes else OURS
        others = [name for name in features.columns if name not in ours]
        self._others = features[others].set_axis(ids, axis=0) if others else None
        known = (
            {} if "state" in features else {int(label): self.table.at(row) for row, label in enumerate(self.table.ids)}
        )
        names = [name for name in ours[1:] if name in features]
        unknown = self._unknown()
        rows = zip(*(features[name].tolist() for name in names), strict=True) if names else [()] * len(ids)
        for label, row in zip(ids, rows, strict=True):
            known[label] = _record(dict(zip(names, row, strict=True)), known.get(label, unknown))
        return known

    def _unknown(self) -> Record:
        """Return the record of an object that nothing is known about but the layer that it lies in."""
        tag = layers.tag_of(self._layer_or_fail())
        return Record(source=str(tag.get("method", "")), model=str(tag.get("version", "")))

    def _layer_or_fail(self) -> Labels:
        layer = self._layer()
        if layer is None:
            raise ReferenceError("The layer of these records is gone.")
        return layer


def count_objects(data: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids above 0 in a (..., Y, X) array, ascending, and their pixels; it is read plane by plane."""
    planes = [count_pixels(np.asarray(data[index])) for index in image_planes.plane_indices(tuple(data.shape))]
    ids, where = np.unique(np.concatenate([labels for labels, _ in planes]), return_inverse=True)
    areas = np.zeros(ids.size, np.int64)
    np.add.at(areas, where, np.concatenate([counts for _, counts in planes]))
    return ids, areas


def _record(given: Mapping[str, Any], known: Record) -> Record:
    """Return a record from the cells of a row, which may come from anywhere; what is not given is as known."""
    texts = {name: str(given[name]) for name in ("source", "model", "note") if isinstance(given.get(name), str)}
    confidence, number = given.get("confidence"), given.get(CLASS, math.nan)
    parents = parents_said_by(given.get("parents"))
    return replace(
        known,
        **texts,
        state=_NAMED.get(str(given.get("state")), known.state),
        confidence=float(confidence) if isinstance(confidence, Real) else known.confidence,
        locked=given["locked"] is True if "locked" in given else known.locked,
        parents=known.parents if parents is None else parents,
        class_number=known.class_number if math.isnan(number) else int(number),
    )


def _are_classes(column: pd.Series) -> bool:
    """Whether a column says of objects which class they are of, and nothing else: a number, or nothing."""
    if column.dtype.kind not in "iuf":
        return False
    said = column.dropna()
    return bool(said.size and (said % 1 == 0).all() and said.min() >= 0 and 1 <= said.max() <= HIGHEST_CLASS)


def _at(column: pd.Series, ids: NDArray[np.int64]) -> NDArray[Any]:
    """Return somebody else's column for these objects; a new object has 0, "" or nothing."""
    fill: Any = 0 if column.dtype.kind in "iub" else "" if column.dtype == object else math.nan
    return column[~column.index.duplicated()].reindex(ids, fill_value=fill).to_numpy()
