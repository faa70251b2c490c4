"""Labels into files of a format, with a record of what they are beside them."""

from __future__ import annotations

import platform
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import InputError, OutputError
from napari_labelfix.io.files import filling
from napari_labelfix.io.overwriting import expect_only_exported
from napari_labelfix.io.records import EXPORT_RECORD
from napari_labelfix.io.results import write_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_labelfix.io.formats import Content, Format

_LIBRARIES = ("napari-labelfix", "numpy", "tifffile", "zarr", "roifile", "scikit-image")


@dataclass(frozen=True)
class Exported:
    """What an export has written.

    Parameters
    ----------
    files
        Names in the folder, the record last.
    objects
        How many objects there are in all label images.
    notes
        What a person should know, a sentence each.
    """

    files: tuple[str, ...]
    objects: int
    notes: tuple[str, ...] = ()


def export(images: Sequence[Content], format: Format, out: Path) -> Exported:
    """Write labels, boxes or points, all of them or none, and `..._export.json` beside them.

    Parameters
    ----------
    images
        What to write. Labels without any object are written too: they say that there is nothing.
    format
        How.
    out
        The folder; made if need be. Files of the same name are replaced if an export has written them.

    Raises
    ------
    InputError
        If something is wrong with them, two have the same name or would be written into the same file, or the format
        cannot hold them.
    OutputError
        If something cannot be written.
    """
    _expect_names(images)
    for image in images:
        image.check()
    fitted = [format.fitting(image) for image in images]
    counts = [_count(image) for image in images]
    total = sum(count["objects"] for count in counts)
    with filling(out) as folder:
        names = format.load()(folder, [image for image, _ in fitted])
        _expect_files_of_their_own(names)
        _expect_room(names, out, [image.source for image in images if image.source])
        of_one = f"{images[0].name}_" if len(images) == 1 else ""
        record_name = f"{of_one}{format.name}{EXPORT_RECORD}"
        described = [
            _describe(image) | count | _numbers(old_of)
            for image, count, (_, old_of) in zip(images, counts, fitted, strict=True)
        ]
        head = {"command": "export", "format": format.name, **_circumstances(), "objects": total}
        write_record(folder / record_name, head | {"images": described, "outputs": names})
    renumbered = [image.name for image, (_, old_of) in zip(images, fitted, strict=True) if old_of]
    return Exported((*names, record_name), total, tuple(_notes(images, format, renumbered, record_name)))


def _notes(images: Sequence[Content], format: Format, renumbered: Sequence[str], record_name: str) -> Iterator[str]:
    if renumbered:
        yield f"The objects of {', '.join(renumbered)} have new numbers; the old ones are in {record_name}."
    yield from filter(None, (image.doubt() for image in images))
    left_out = sum(image.left_out for image in images)
    if left_out:
        are = "is" if left_out == 1 else "are"
        told = "in it, too" if format.tells_kinds else "left out"
        yield f"{left_out} around or on what is no cell {are} {told}."


def _expect_names(images: Sequence[Content]) -> None:
    if not images:
        raise InputError("There is nothing to export. Choose some labels, boxes or points.")
    if repeated := [name for name, count in Counter(image.name for image in images).items() if count > 1]:
        raise InputError(f"There are several images called {repeated[0]}. Export them into folders of their own.")


def _expect_files_of_their_own(names: Sequence[str]) -> None:
    """Refuse what would be lost: "scan_001" may be a plane of the stack "scan", and an image of its own."""
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(
            f"More than one plane would be written as {repeated[0]}, for a stack's planes are numbered. "
            "Export the label images into folders of their own."
        )


def _expect_room(names: Sequence[str], out: Path, sources: Sequence[str]) -> None:
    """Refuse to write into a folder-like file that is there, of which parts would stay, and over what is not ours."""
    read = {Path(source).resolve() for source in sources}
    for path in (out / name for name in names):
        if path.is_dir():
            raise OutputError(f"{path} is there already. Remove it, or choose another folder.")
        if path.resolve() in read:
            raise OutputError(f"{path} is what is exported, and would be replaced. Choose another folder.")
    expect_only_exported(out, names)


def _count(image: Content) -> dict[str, Any]:
    per_class = image.count_classes()
    return {"objects": int(sum(per_class.values())), "objects_per_class": dict(per_class)}


def _circumstances() -> dict[str, Any]:
    versions = {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}
    return {"written": datetime.now(UTC).isoformat(timespec="seconds"), "versions": versions}


def _describe(image: Content) -> dict[str, Any]:
    return {
        "name": image.name,
        "source": image.source,
        "image": image.image_name,
        "what": image.what,
        "shape": list(image.shape),
        "axes": list(image.grid.axes),
        "scale": list(image.grid.scale),
        "units": list(image.grid.units),
        **image.about,
    }


def _numbers(old_of: Mapping[int, int]) -> dict[str, Any]:
    return {"old_number_of": {str(new): old for new, old in old_of.items()}} if old_of else {}
