"""Whether a project is whole, and its images are those that it was made with."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
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
    from collections.abc import Iterator, Sequence

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
        yield _check_image(image) if image.path else _check_kept(project, image, layers)
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
    found = match(image)
    trouble = {
        "same": "",
        "missing": f"There is no {image.path}. Move it back, or open the project in napari and press Relink.",
        "another": f"{image.path} is another image than the one that these annotations were made on.",
        "unreadable": f"{image.path} cannot be read here to compare it, and its file has changed.",
    }[found]
    return Check(what, image.path, trouble)


def _check_kept(project: Project, image: ImageRecord, layers: Sequence[LayerRecord]) -> Check:
    """Look whether the pixels of an image of no file are those that it had; that a block is damaged its layer tells."""
    check = Check(f"image “{image.name}”", "kept in the project")
    if image.reader != KEPT:
        return replace(check, trouble="It is of no file, and too large to be kept, or there was no time for it.")
    layer = next((layer for layer in layers if layer.id == image.id and layer.kind == "image"), None)
    if layer is None:
        return replace(check, trouble="Its layer is not in the project. Open a copy of it that is whole.")
    try:
        pixels = project.pixels(layer)
    except ProjectError:
        return check
    known = image.pixel_fingerprint
    if not pixels.any() if not known else fingerprint.of_pixels(pixels) != known:
        return replace(check, trouble="Its pixels are not those that it had. Open a copy of it that is whole.")
    return check


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
    what = f"objects of “{layer.name}”"
    try:
        reviewed = sum(record.state is not None for record in project.objects(layer.id))
    except ProjectError as error:
        yield Check(what, "damaged", str(error))
        return
    if reviewed and next(project.blocks(layer.id), None) is None:  # they are written together
        trouble = "Not a pixel of them is there. If nobody has erased them, open a copy of the project that is whole."
        yield Check(what, _say(reviewed, "objects"), trouble)


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
