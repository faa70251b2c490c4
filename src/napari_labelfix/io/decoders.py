"""The pixels of each kind of file, and a letter for each of their axes.

Which axis is which:

- TIFF and OME-Zarr say it. Samples (RGB) and channels go last, everything else (time, depth, position, ...) is planes.
- PNG and JPEG are one plane; an alpha channel is dropped.
- npy, plain zarr, and TIFF without names for its axes: a last axis of 3 or 4 is channels, what comes before the
  last two spatial axes is planes.
"""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Pixels = tuple[NDArray[Any], str]  # the array, and a letter for each of its axes

JPEG = (".jpg", ".jpeg")


def _guess_axes(shape: tuple[int, ...]) -> str:
    """Name the axes of an array that says nothing about them; Q is any axis of planes."""
    spatial = "YXC" if len(shape) > 2 and shape[-1] in (3, 4) else "YX"
    return spatial.rjust(len(shape), "Q")


def _read_tiff(path: Path) -> Pixels:
    import tifffile

    with tifffile.TiffFile(path) as file:
        if len(file.series) != 1:
            what = (
                f"it holds {len(file.series)} images of their own; save each as a file"
                if file.series
                else "it is empty"
            )
            raise ValueError(what)
        series = file.series[0]
        if _is_cut_short(file):
            raise ValueError("it was cut short: a page that it names lies beyond its end; copy it again")
        if file.ome_metadata and None in series.pages and (away := _files_away(path, file.ome_metadata)):
            raise ValueError(f"it is one of several files, of which {away} is not beside it; put it there")
        pixels, axes = series.asarray(), series.axes
        samples = pixels.shape[axes.index("S")] if "S" in axes else 0
        further = series.keyframe.extrasamples[-1:]  # what the last sample is, where it is no colour
        is_alpha = further and (further[0] != 0 or series.keyframe.photometric == tifffile.PHOTOMETRIC.RGB)
        if samples in (2, 4) and is_alpha:
            return pixels.take(range(samples - 1), axes.index("S")), axes
    return pixels, axes if set(axes) - set("QIYX") else _guess_axes(pixels.shape)


def _is_cut_short(file: Any) -> bool:
    """Return whether the last page that is there names one more, behind the end of the file."""
    form, handle = file.tiff, file.filehandle
    handle.seek(file.pages[-1].offset)
    [tags] = struct.unpack(form.tagnoformat, handle.read(form.tagnosize))
    handle.seek(tags * form.tagsize, os.SEEK_CUR)
    [following] = struct.unpack(form.offsetformat, handle.read(form.offsetsize))
    return following >= handle.size


def _files_away(path: Path, metadata: str) -> str:
    """Return the first file that OME says to be a part of the same image, and that is not there, or ""."""
    named = dict.fromkeys(re.findall(r'FileName="([^"]+)"', metadata))
    return next((name for name in named if not path.with_name(name).exists()), "")


def _read_png(path: Path) -> Pixels:
    from imagecodecs import png_decode  # Pillow would cut colours of 16 bit down to 8

    return _without_alpha(png_decode(path.read_bytes()))


def _read_jpeg(path: Path) -> Pixels:
    import imageio.v3 as imageio

    pixels = imageio.imread(path, plugin="pillow", index=0)
    if pixels.shape[2:] == (4,):  # inks: no JPEG has alpha
        pixels = imageio.imread(path, plugin="pillow", index=0, mode="RGB")
    return _without_alpha(pixels)


def _read_png_numbers(path: Path) -> Pixels:
    """Read a PNG of labels: where it has a palette, its numbers in place of their colours."""
    with path.open("rb") as file:
        has_palette = file.read(26)[25:] == b"\3"  # the kind of colours that the first chunk says
    if not has_palette:
        return _read_png(path)
    import PIL.Image

    with PIL.Image.open(path) as picture:
        return np.asarray(picture), "YX"


def _without_alpha(pixels: NDArray[Any]) -> Pixels:
    if pixels.ndim == 2:
        return pixels, "YX"
    colours = pixels.shape[-1] - 1 if pixels.shape[-1] in (2, 4) else pixels.shape[-1]
    return pixels[..., :colours], "YXC"


def _read_npy(path: Path) -> Pixels:
    pixels = np.load(path, allow_pickle=False)  # a pickle could run any code
    if not isinstance(pixels, np.ndarray):
        raise ValueError("it is an archive of arrays; save one array with numpy.save")
    return pixels, _guess_axes(pixels.shape)


def _read_zarr(path: Path) -> Pixels:
    node, image = open_ome_zarr(path)
    if image is None:
        pixels = np.asarray(node[...])
        return pixels, _guess_axes(pixels.shape)
    pixels = np.asarray(node[image["datasets"][0]["path"]][...])
    return pixels, "".join(_ome_axes(image.get("axes", "tczyx")))


def open_ome_zarr(path: Path) -> tuple[Any, dict[str, Any] | None]:
    """Return the group of an OME-Zarr image and what it says of the image, or an array, of which nothing is said.

    What bioformats2raw has written holds images of their own; if it is one, that is taken.
    """
    import zarr

    node: Any = zarr.open(path, mode="r")
    if isinstance(node, zarr.Array):
        return node, None
    said = _ome_said(node)
    if "bioformats2raw.layout" in said:
        images = sorted(name for name in node.group_keys() if name.isdecimal())
        if len(images) != 1:
            raise ValueError(f"it holds {len(images)} images of their own; give each, as {path / '0'}")
        node = node[images[0]]
        said = _ome_said(node)
    if not said.get("multiscales"):
        raise ValueError("the zarr group is not an OME-Zarr image; name the image or array inside it")
    return node, said["multiscales"][0]


def _ome_said(node: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(node.attrs)
    return attributes.get("ome", attributes)  # OME-Zarr 0.5, and before


def _ome_axes(axes: Sequence[str | dict[str, str]]) -> Iterator[str]:
    for axis in axes:
        name = axis if isinstance(axis, str) else axis["name"]
        yield name.upper() if name.upper() in ("C", "Y", "X") else "Q"


DECODERS: dict[str, Callable[[Path], Pixels]] = {
    ".tif": _read_tiff,
    ".tiff": _read_tiff,
    ".png": _read_png,
    **dict.fromkeys(JPEG, _read_jpeg),
    ".npy": _read_npy,
    ".zarr": _read_zarr,
}
LABEL_DECODERS = DECODERS | {".png": _read_png_numbers}
