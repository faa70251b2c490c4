"""Whether a project is whole, and its images are those that it was made with."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_labelfix.errors import LabelfixError, ProjectError
from napari_labelfix.io.read import read_image
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.project import fingerprint
from napari_labelfix.project.blocks import Tiling, unpack
from napari_labelfix.project.marked_images import read_marks
from napari_labelfix.project.records import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.project.store import Project

Match = Literal["same", "another", "missing", "unreadable"]
_LABELS_AND_IMAGES = ("labels", "image")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `trouble` says what is wrong and what to do, and is empty if all is well."""

    what: str
    found: str
    trouble: str = ""


def verify(project: Project) -> Iterator[Check]:
    """Look at everything in a project; nothing is changed."""
    wrong = project.check_database()
    yield Check("database", "whole" if not wrong else wrong[0], "" if not wrong else "; ".join(wrong[:5]))
    layers = project.layers()
    for image in project.images():
        yield _check_image(image)
    for layer in layers:
        yield _check_layer(project, layer)
        if layer.kind == "labels":
            yield from _check_objects(project, layer)
    for run in project.runs():
        if run.model:
            yield _check_model(project.path.parent / run.model, run.method)


def match(image: ImageRecord) -> Match:
    """Say whether the file of an image is still the same: by its bytes, else by its pixels."""
    path = Path(image.path)
    if not path.exists():
        return "missing"
    if not image.file_fingerprint and not image.pixel_fingerprint:  # the program ended before they were taken
        return "same"
    try:
        if image.file_fingerprint == fingerprint.of_file(path):
            return "same"
        pixels = read_image(path).pixels
    except (OSError, LabelfixError):
        return "unreadable"
    return "same" if fingerprint.of_pixels(pixels) == image.pixel_fingerprint else "another"


def _check_image(image: ImageRecord) -> Check:
    what = f"image “{image.name}”"
    if not image.path:
        trouble = (
            "" if image.reader == KEPT else "It is of no file, and too large to be kept, or there was no time for it."
        )
        return Check(what, "kept in the project", trouble)
    found = match(image)
    trouble = {
        "same": "",
        "missing": f"There is no {image.path}. Move it back, or open the project in napari and press Relink.",
        "another": f"{image.path} is another image than the one that these annotations were made on.",
        "unreadable": f"{image.path} cannot be read here to compare it, and its file has changed.",
    }[found]
    return Check(what, image.path, trouble)


def _check_layer(project: Project, layer: LayerRecord) -> Check:
    what = f"{layer.kind} “{layer.name}”"
    if layer.kind not in _LABELS_AND_IMAGES:
        return _check_geometry(project, layer)
    tiling, dtype = Tiling(layer.shape, layer.channels), np.dtype(layer.dtype)
    blank = np.broadcast_to(np.zeros(1, dtype), layer.shape)
    count, damaged = 0, []
    for key, data, checksum in project.blocks(layer.id):
        count += 1
        try:
            if zlib.crc32(data) != checksum or not tiling.has(key):
                damaged.append(key)
            else:
                unpack(data, blank[tiling.window(key)].shape, dtype)
        except LabelfixError:
            damaged.append(key)
    blocks, are = _say(count, "blocks"), "is" if len(damaged) == 1 else "are"
    trouble = f"{len(damaged)} of {blocks} {are} damaged, the first is {tuple(damaged[0])}." if damaged else ""
    return Check(what, blocks, trouble)


def _check_objects(project: Project, layer: LayerRecord) -> Iterator[Check]:
    try:
        project.objects(layer.id)
    except ProjectError as error:
        yield Check(f"objects of “{layer.name}”", "damaged", str(error))


def _check_geometry(project: Project, layer: LayerRecord) -> Check:
    try:
        count = len(read_marks(project, layer))
    except ProjectError:
        return Check(f"{layer.kind} “{layer.name}”", "damaged", "Its positions cannot be read.")
    return Check(f"{layer.kind} “{layer.name}”", _say(count, layer.kind))


def _check_model(folder: Path, method: str) -> Check:
    try:
        TrainedModel.load(folder)
    except LabelfixError as error:
        return Check(f"model of {method}", folder.name, str(error))
    return Check(f"model of {method}", folder.name)


def _say(count: int, nouns: str) -> str:
    """Say "1 block", "3 points"."""
    return f"{count} {nouns.removesuffix('s') if count == 1 else nouns}"
