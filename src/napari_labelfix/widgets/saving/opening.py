"""Opening a project in a viewer: its images from where they are now, if they are the same, and its layers on them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_labelfix.errors import ProjectError
from napari_labelfix.project import fingerprint
from napari_labelfix.project.records import KEPT
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.saving.already_open import dress_image, fits, images_already_open, take_for_project
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.restored_layers import restore
from napari_labelfix.widgets.saving.view_states import show_again
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.layer_states import is_kept, tag_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.project.records import ImageRecord, LayerRecord


@dataclass(frozen=True)
class Lost:
    """An image of a project that is not shown, how it was shown, and why it is not, in a sentence."""

    image: ImageRecord
    layer: LayerRecord
    reason: str


def open_project(viewer: ViewerModel, path: Path) -> list[Lost]:
    """Open a project in a viewer, in the place of the one that is open; return the images that are not there.

    What belongs to such an image is shown without it. Layers that belong to no project stay, and come into this one; an
    image among them that is one of this project's is not opened a second time.

    Raises
    ------
    ProjectError
        If the project cannot be opened; then nothing has changed.
    """
    viewer = layers.behind_the_proxy(viewer)
    saver = autosaver_of(viewer)
    if saver.path is not None and saver.path == path.absolute():
        raise ProjectError(f"{path.name} is open in this window already.")
    project = Project.open(path)
    try:
        records, images = {record.id: record for record in project.layers()}, project.images()
        found = images_already_open(viewer, images, records) if saver.path is None else {}  # else all of them go
        opened = {image.id for image in images if image.reader != KEPT} | found.keys()
        restored = {id_: restore(project, record) for id_, record in records.items() if id_ not in opened}
        unfinished = [run for run in project.runs() if run.state == "interrupted"]
        view = json.loads(project.meta().get("view", "{}"))
    except BaseException:
        project.close()
        raise
    try:
        if saver.path is not None:
            _clear(viewer)
        take_for_project(viewer, found, records)
        lost = _open_images(viewer, [image for image in images if image.id not in found], records, restored)
        _put_on_top(viewer, records, restored)
        show_again(viewer, view)
        saver.take_up(project)
    except BaseException:
        project.close()  # or it could not be opened again, in this window neither
        raise
    saver.opened_with(lost, unfinished)
    return lost


def relink(viewer: ViewerModel, lost: Lost, path: Path, *, nevertheless: bool = False) -> None:
    """Show the image of a project from another file.

    Parameters
    ----------
    viewer
        Where the project is open.
    lost
        The image.
    path
        Where it is now.
    nevertheless
        Take it although its pixels are others; its size must fit all the same.

    Raises
    ------
    ProjectError
        If the file cannot be read, or is another image.
    """
    viewer = layers.behind_the_proxy(viewer)
    found = _read(viewer, path, lost.image.reader if path.suffix == Path(lost.image.path).suffix else "")
    chosen = _choose(found, lost.image, nevertheless=nevertheless)
    for layer in found:
        if layer is not chosen:
            layers.remove(viewer, layer)
    if chosen is None:
        raise ProjectError(_is_another(lost.image, path))
    _adopt(viewer, chosen, lost.layer)
    autosaver_of(viewer).found(lost)


def _open_images(
    viewer: ViewerModel,
    images: list[ImageRecord],
    records: Mapping[str, LayerRecord],
    restored: Mapping[str, Layer],
) -> list[Lost]:
    """Open the files of images, each once, and keep of what is in them what belongs to the project."""
    of_file: defaultdict[str, list[ImageRecord]] = defaultdict(list)
    lost: list[Lost] = []
    for image in images:
        if image.id in restored or image.id not in records:
            continue
        if not image.path:
            reason = f"“{image.name}” was of no file, and too large to be kept, or there was no time for it."
            lost.append(Lost(image, records[image.id], reason))
        elif not Path(image.path).exists():
            reason = f"There is no {image.path}. Press Relink to say where “{image.name}” is."
            lost.append(Lost(image, records[image.id], reason))
        else:
            of_file[image.path].append(image)
    for path, wanted in of_file.items():
        lost += _open_file(viewer, Path(path), wanted, records)
    return lost


def _open_file(
    viewer: ViewerModel, path: Path, wanted: list[ImageRecord], records: Mapping[str, LayerRecord]
) -> list[Lost]:
    try:
        found = _read(viewer, path, wanted[0].reader)
    except ProjectError as error:
        return [Lost(image, records[image.id], str(error)) for image in wanted]
    unchanged = len(found) == len(wanted) == 1 and wanted[0].file_fingerprint == fingerprint.of_file(path)
    lost = []
    for image in wanted:
        chosen = found[0] if unchanged and fits(image, found[0]) else _choose(found, image)
        if chosen is None:
            lost.append(Lost(image, records[image.id], _is_another(image, path)))
        else:
            found.remove(chosen)
            _adopt(viewer, chosen, records[image.id])
    for layer in found:
        layers.remove(viewer, layer)
    return lost


def _read(viewer: ViewerModel, path: Path, reader: str) -> list[Layer]:
    """Open a file as napari does, and return its images; what else is in it is taken out again."""
    try:
        opened = viewer.open(str(path), plugin=reader or None)
    except Exception as error:  # readers of all plugins raise whatever they stumble over
        raise ProjectError(f"{path} cannot be read ({error}). Press Relink to choose another file.") from error
    images = [layer for layer in opened if layers.is_input_image(layer)]
    for layer in opened:
        if layer not in images:
            layers.remove(viewer, layer)
    return images


def _choose(found: list[Layer], image: ImageRecord, *, nevertheless: bool = False) -> Layer | None:
    """Return the layer that shows an image: that with its pixels."""
    fitting = [layer for layer in found if fits(image, layer)]
    if nevertheless or not image.pixel_fingerprint:  # the program ended before it was taken
        return fitting[0] if fitting else None
    same = (layer for layer in fitting if fingerprint.of_pixels(image_planes.level_0(layer)) == image.pixel_fingerprint)
    return next(same, None)


def _adopt(viewer: ViewerModel, layer: Layer, record: LayerRecord) -> None:
    """Make a layer that was just opened the image of a project."""
    layers.remove(viewer, layer)  # it comes again as another, with another id
    layer.metadata[layers.TAG] = tag_for(record)
    dress_image(layer, record)
    layers.add_on_top(viewer, layer)


def _put_on_top(viewer: ViewerModel, ids: Iterable[str], restored: Mapping[str, Layer]) -> None:
    """Add the layers of a project that were restored, and put its images between them, from bottom to top."""
    for id_ in ids:
        if id_ in restored:
            layers.add_on_top(viewer, restored[id_])
        elif (layer := layers.image_with(viewer, id_)) is not None:
            layers.move_to_top(viewer, layer)


def _clear(viewer: ViewerModel) -> None:
    """Save and close the open project, and take its layers out of the viewer."""
    saver = autosaver_of(viewer)
    saver.leave()
    for layer in layers.all_layers(viewer):
        if is_kept(layer):
            layers.remove(viewer, layer)
    saver.forget_removed()


def _is_another(image: ImageRecord, path: Path) -> str:
    return (
        f"{path} is another image than “{image.name}”, which these annotations belong to. It is not shown. "
        "Put the right one in its place, or press Relink to say where it is."
    )
