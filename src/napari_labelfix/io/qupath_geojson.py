"""GeoJSON as QuPath writes and reads it: a feature per object and plane, in pixels of the full resolution."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import class_said_by, names_given, number_names
from napari_labelfix.io.drawn import Drawn, DrawnObject
from napari_labelfix.io.files import write_json
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.outlines import outlines_of
from napari_labelfix.io.palette import OUTLINES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.label_image import Index
    from napari_labelfix.io.marked_image import MarkedImage
    from napari_labelfix.io.read import ImageFile

_ID = "labelfix_id"  # the measurement that keeps an object's number


def write(folder: Path, images: Sequence[LabelImage | MarkedImage]) -> list[str]:
    """Write the objects, or the points, of each image as `<name>.geojson`; return the names."""
    names = []
    for image in images:
        features = list(_objects(image) if isinstance(image, LabelImage) else _points(image))
        names.append(f"{image.name}.geojson")
        write_json(folder / names[-1], {"type": "FeatureCollection", "features": features})
    return names


def read(path: Path, file: ImageFile) -> Drawn:
    """Read polygons and points, of a collection, a list or one feature; other shapes, and none, are left out.

    Raises
    ------
    InputError
        If the file has no features.
    """
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    features = data.get("features", [data]) if isinstance(data, dict) else data
    if not all(isinstance(feature, dict) and "geometry" in feature for feature in features):
        raise InputError(f"Expected GeoJSON with features in {path}. Save it in QuPath as GeoJSON.")
    classes = number_names(map(_class_name, features))
    drawn = Drawn(class_names=names_given({number: name for name, number in classes.items()}))
    unsaid = {"z": 0, "t": 0} if any(map(_knows_planes, features)) else None
    for feature in features:
        _take(feature, file, drawn, unsaid, class_said_by(classes[_class_name(feature)]))
    return drawn


def _objects(image: LabelImage) -> Iterator[dict[str, Any]]:
    for index, plane in image.planes:
        for number, polygons in outlines_of(plane):
            rings = [[_closed(ring) for ring in polygon.rings] for polygon in polygons]
            geometry = "Polygon" if len(rings) == 1 else "MultiPolygon"
            coordinates = rings[0] if len(rings) == 1 else rings
            feature = _feature(image, index, geometry, coordinates, str(number), image.class_of(number))
            feature["properties"]["measurements"] = {_ID: number}
            yield feature


def _points(image: MarkedImage) -> Iterator[dict[str, Any]]:
    """Yield the points of each plane as one annotation, as QuPath's points tool makes it."""
    for index in np.ndindex(image.shape[:-2]):
        places = image.places_in(index)
        if len(places):
            yield _feature(image, index, "MultiPoint", (places[:, ::-1] + 0.5).round(3).tolist(), "points", 1)


def _feature(
    image: LabelImage | MarkedImage, index: Index, geometry: str, coordinates: list[Any], name: str, kind: int
) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{image.name} {index} {name}")),  # QuPath wants UUIDs
        "geometry": {"type": geometry, "coordinates": coordinates, "plane": _plane(image, index)},
        "properties": {
            "objectType": "annotation",
            "name": name,
            "classification": {"name": image.class_names[kind - 1], "color": OUTLINES[(kind - 1) % len(OUTLINES)]},
        },
    }


def _closed(ring: NDArray[np.float64]) -> list[list[int]]:
    """Return x, y of the vertices, the first of them again at the end."""
    return np.append(ring, ring[:1], axis=0)[:, ::-1].astype(int).tolist()


def _plane(image: LabelImage | MarkedImage, index: Index) -> dict[str, int]:
    """Return what QuPath says of a plane; it has depth and time, so that other axes count as depth."""
    axes = image.grid.axes[:-2]
    if set(axes) == {"t", "z"}:
        return {"c": -1, **dict(zip(axes, index, strict=True))}
    number = int(np.ravel_multi_index(index, image.shape[:-2])) if index else 0
    return {"c": -1, "z": 0, "t": number} if axes == ("t",) else {"c": -1, "z": number, "t": 0}


def _knows_planes(feature: dict[str, Any]) -> bool:
    """Whether a feature names its plane, or QuPath has written it, which names all but the first."""
    return bool((feature["geometry"] or {}).get("plane")) or "objectType" in (feature.get("properties") or {})


def _class_name(feature: dict[str, Any]) -> str:
    """Return what the class of a feature is called, or ""."""
    said = (feature.get("properties") or {}).get("classification")
    name = said.get("name") if isinstance(said, dict) else None
    return name if isinstance(name, str) else ""


def _take(
    feature: dict[str, Any], file: ImageFile, drawn: Drawn, unsaid: dict[str, int] | None, class_number: int
) -> None:
    """Take over the points and the outline of a feature; in the plane `unsaid` where it names none."""
    geometry = feature["geometry"] or {}
    said = geometry.get("plane") or unsaid or {}
    depth, time = int(said.get("z", 0)), int(said.get("t", 0))
    plane = file.index_of(time, depth) if said else None
    points = [point for point in _coordinates(geometry, "Point") if point]
    drawn.points += [(plane, (float(point[1]) - 0.5, float(point[0]) - 0.5)) for point in points]
    rings = [ring for polygon in _coordinates(geometry, "Polygon") for ring in polygon if ring]
    if rings:
        number = _number((feature.get("properties") or {}).get("measurements"))
        outlines = [np.array(ring, float)[:, 1::-1] for ring in rings]
        drawn.objects.append(DrawnObject(outlines, plane, number, class_number=class_number))


def _coordinates(geometry: dict[str, Any], kind: str) -> Iterator[list[Any]]:
    """Yield the coordinates of all points, or of all polygons, that a geometry is made of."""
    if geometry.get("type") == kind:
        yield geometry["coordinates"]
    elif geometry.get("type") == f"Multi{kind}":
        yield from geometry["coordinates"]
    for part in geometry.get("geometries", []):
        yield from _coordinates(part, kind)


def _number(measurements: Any) -> int | None:
    """Return the object's id; QuPath has written measurements as an object, and before as a list."""
    if isinstance(measurements, list):
        measurements = {entry.get("name"): entry.get("value") for entry in measurements}
    number = measurements.get(_ID) if isinstance(measurements, dict) else None
    return int(number) if isinstance(number, int | float) else None
