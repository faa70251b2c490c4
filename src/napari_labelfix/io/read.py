"""Images from files, whatever axes they have, as planes; and which files are images."""

from __future__ import annotations

import os
import re
import unicodedata
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.errors import InputError, reason_of
from napari_labelfix.io.decoders import DECODERS, JPEG, LABEL_DECODERS
from napari_labelfix.io.files import read_errors
from napari_labelfix.io.grid import read_grid
from napari_labelfix.io.records import exports_among, results_among

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.decoders import Pixels
    from napari_labelfix.io.grid import Grid

MASKS = "_cp_masks|_masks|_mask"  # how the names of masks end, by Cellpose and many a script
_MASKS = re.compile(rf"({MASKS})$")
SEG = "_seg.npy"  # how the names of Cellpose's files end
PREVIEW = "_preview.png"  # how the names of pictures of exported labels end
_MORE_OF_CELLPOSE = re.compile(r"((_flows|_dP|_cellprob|_cp_output)(_cp_masks)?|_outlines_cp_masks)$")
_EXACT = 2**53  # beyond, not every whole number is a float
SUFFIXES = tuple(DECODERS)  # of the files that can be read as images


@dataclass(frozen=True, eq=False)
class ImageFile:
    """An image file in memory.

    Parameters
    ----------
    path
        Where it came from.
    pixels
        (..., Y, X), or (..., Y, X, C) when `channels` is not None; native byte order.
    channels
        Length of the last axis if it is channels, else None.
    grid
        Axes and pixel size of (..., Y, X); None where nobody has asked the file.
    slices
        How many slices ImageJ has of a plane: one for each channel, but one of colours.
    """

    path: Path
    pixels: NDArray[Any]
    channels: int | None
    grid: Grid | None = None
    slices: int = 1

    @property
    def stem(self) -> str:
        """The file's name without its suffix, by which annotations are found and results are named."""
        return stem_of(self.path)

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., Y, X): the shape that the file's labels have."""
        return self.pixels.shape if self.channels is None else self.pixels.shape[:-1]

    @property
    def planes(self) -> list[NDArray[Any]]:
        """The 2D images in order, (Y, X) or (Y, X, C)."""
        spatial = self.pixels.shape[len(self.shape) - 2 :]
        return list(self.pixels.reshape(-1, *spatial))

    @property
    def names(self) -> list[str]:
        """One name per plane: "cells", or "cells[0]", "cells[1]", ..."""
        count = int(np.prod(self.shape[:-2]))
        digits = len(str(count - 1))
        return [self.stem] if count == 1 else [f"{self.stem}[{index:0{digits}}]" for index in range(count)]

    @property
    def known_grid(self) -> Grid | None:
        """The grid, where the file says how large a pixel is."""
        return self.grid if self.grid is not None and self.grid.is_known else None

    def index_of(self, time: int, depth: int) -> tuple[int, ...] | int:
        """Return the index of a plane, or its number where there is only time, or only depth; each from 0 up."""
        if len(self.shape) != 4:
            return max(time, depth)
        depth_first = self.grid is not None and self.grid.axes[:2] == ("z", "t")
        return (depth, time) if depth_first else (time, depth)

    def restack(self, planes: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Put one (Y, X) array per plane together in the file's shape."""
        return np.stack(planes).reshape(self.shape)


def read_image(path: Path) -> ImageFile:
    """Read an image of one or many planes.

    Raises
    ------
    InputError
        If there is no such file, it may not be read, its kind is not known, or it is not an image.
    """
    pixels, axes = _read(path)
    file = _arrange(path, pixels, axes, channel_axes="S" if "S" in axes else "C")
    slices = file.channels if file.channels and axes.find("C") < axes.index("Y") and "S" not in axes else 1
    return replace(file, grid=read_grid(path, len(file.shape)), slices=slices)


def read_labels(path: Path) -> NDArray[Any]:
    """Read an image of labels or scribbles: one number per pixel, (..., Y, X).

    Grey saved as RGB is taken as grey; colours are refused. Whole numbers may be floats: Fiji has no others of 32 bit.

    Raises
    ------
    InputError
        As `read_image`, and if the pixels have colours, or are no whole numbers, or the file is a JPEG.
    """
    if _kind_of(path) in JPEG:
        raise InputError(f"{path} is a JPEG, which changes pixel values: no labels. Save them as PNG or TIFF.")
    pixels, axes = _read(path, LABEL_DECODERS)
    if pixels.dtype.kind == "f" and (pixels == np.trunc(pixels)).all() and np.abs(pixels).max() < _EXACT:
        pixels = pixels.astype(np.int64)
    if pixels.dtype.kind not in "iub":
        raise InputError(
            f"Expected whole numbers in {path}, but got {pixels.dtype} with others, or with NaN. "
            "Save it as a label image: 0 is background, and each object has a number."
        )
    # Labels have no channels: tifffile calls the planes of a stack of 3 or 4 samples.
    has_colours = axes[-1] in "SC"
    file = _arrange(path, pixels, axes, channel_axes=axes[-1] if has_colours else "")
    if file.channels is None:
        return file.pixels
    if (file.pixels != file.pixels[..., :1]).any():
        raise InputError(
            f"Expected one number per pixel in {path}, but got {file.channels} channels. "
            "Save it as a label image, not as a coloured picture."
        )
    return file.pixels[..., 0]


def in_shape(labels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Return (..., Y, X) labels in a shape; axes of planes of length 1 may lack or be too many. None if it differs."""
    same = without_ones(labels.shape) == without_ones(shape)
    return labels.reshape(shape) if same else None


def without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape (..., Y, X) without axes of planes of length 1."""
    return (*(length for length in shape[:-2] if length != 1), *shape[-2:])


def find_images(paths: Sequence[Path], *, exported: bool = False) -> list[Path]:
    """Return the image files that `paths` name: files as they are, folders as the images in them, by name.

    What a run has written into a folder is no image, nor is what was exported into it, unless that is wanted. What
    Cellpose keeps beside its images is none either: `_seg.npy`, and `NAME_cp_masks`, `NAME_flows` or the like where
    there is NAME. What is named twice counts once.

    Parameters
    ----------
    paths
        Files and folders.
    exported
        Whether what was exported into a folder is wanted.

    Raises
    ------
    InputError
        If a path does not exist or is of another kind, a folder has no image, or two images have the same stem.
    """
    found: list[Path] = []
    for path in paths:
        if is_folder(path):
            found += _images_in(path, exported)
        else:
            _kind_of(path)
            found.append(path)
    found = without_repeats(found)
    by_stem: dict[str, Path] = {}
    for path in found:
        other = by_stem.setdefault(stem_of(path), path)
        if other is not path:
            raise InputError(f"{other} and {path} have the same name. Rename one: results are named by the image.")
    return found


def stem_of(path: Path) -> str:
    """Return the name without its suffix; `cells.ome.tif` and `cells.png` have the same stem.

    Letters are whole, as most systems write them (NFC): macOS hands names on with accents as characters of their own.
    """
    return unicodedata.normalize("NFC", path.stem.removesuffix(".ome"))


def _images_in(folder: Path, exported: bool) -> list[Path]:
    with read_errors(folder):
        exports = {name for name in exports_among(folder) if not exported or name.endswith(PREVIEW)}
        results = results_among(folder) | exports
        found = sorted(path for path in folder.iterdir() if _may_be_image(path) and path.name not in results)
    stems = {stem_of(path) for path in found}
    images = [path for path in found if not _is_mask_of_one(path, stems) and not is_more_of_cellpose(path, stems)]
    if not images:
        raise InputError(f"There is no image in {folder}. Expected {', '.join(DECODERS)}.")
    return images


def _is_mask_of_one(path: Path, stems: Collection[str]) -> bool:
    """Whether a file is called as the masks of an image of one of these names: "cells_cp_masks" of "cells"."""
    name = _MASKS.sub("", stem_of(path))
    return name != stem_of(path) and name in stems


def is_more_of_cellpose(path: Path, stems: Collection[str]) -> bool:
    """Whether a file is called as what Cellpose writes beside the masks of an image of one of these names."""
    name = _MORE_OF_CELLPOSE.sub("", stem_of(path))
    return name != stem_of(path) and name in stems


def without_repeats(paths: Sequence[Path]) -> list[Path]:
    """Return paths without those of a file that came before, as of a folder and a file in it."""
    first: dict[tuple[str, str], Path] = {}
    for path in paths:  # links of two names are two; one that leads to itself is told where it is read
        first.setdefault((path.name, os.path.realpath(path)), path)
    return list(first.values())


def _may_be_image(path: Path) -> bool:
    return path.suffix.lower() in DECODERS and path.name[0] != "." and not path.name.endswith(SEG)


def is_folder(path: Path) -> bool:
    """Whether a path is a folder of files, and no zarr; `InputError` if nobody may look."""
    with read_errors(path):
        return path.is_dir() and not is_zarr(path)


def is_zarr(path: Path) -> bool:
    """Whether a path is a zarr array or group, by its name or by what is in it; `InputError` if nobody may look."""
    with read_errors(path):
        return path.suffix == ".zarr" or any((path / name).exists() for name in ("zarr.json", ".zarray", ".zgroup"))


def labels_inside(path: Path) -> list[Path]:
    """Return the labels inside an OME-Zarr image: the groups that its group `labels` names.

    Raises
    ------
    InputError
        If there is such a group, but it is damaged.
    """
    folder = path / "labels"
    if not is_zarr(path) or not is_zarr(folder):
        return []
    import zarr

    try:
        attributes: dict[str, Any] = dict(zarr.open(folder, mode="r").attrs)
        names = attributes.get("ome", attributes).get("labels", [])  # OME-Zarr 0.5 and before
        return [folder / str(name) for name in names if (folder / str(name)).is_dir()]
    except Exception as error:  # as in _read
        raise InputError(f"{folder} is damaged ({reason_of(error)}). Save the labels again, or remove it.") from error


def _kind_of(path: Path) -> str:
    """Return which of the readers serves; raise `InputError` if there is no file or none serves."""
    with read_errors(path):
        if not path.exists():
            raise InputError(f"There is no file {path}.")
    suffix = ".zarr" if path.is_dir() and is_zarr(path) else path.suffix.lower()
    if suffix not in DECODERS:
        raise InputError(f"{path} is of a kind that cannot be read. Expected {', '.join(DECODERS)}.")
    return suffix


def _read(path: Path, decoders: Mapping[str, Callable[[Path], Pixels]] = DECODERS) -> Pixels:
    read = decoders[_kind_of(path)]
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd metadata: what counts is whether it can be read
            pixels, axes = read(path)
    except PermissionError:
        raise InputError(f"There is no permission to read {path}.") from None
    except Exception as error:  # from damaged files decoders raise whatever they stumble over
        raise InputError(f"{path} is not an image that can be read ({reason_of(error)}).") from error
    if not {"Y", "X"} <= set(axes) or len(axes) != pixels.ndim:
        raise InputError(f"Expected an image of at least two axes in {path}, but got shape {pixels.shape}.")
    if not pixels.size:
        raise InputError(f"{path} has no pixels ({pixels.shape}). Choose another file.")
    return pixels, axes


def _arrange(path: Path, pixels: NDArray[Any], axes: str, channel_axes: str) -> ImageFile:
    """Move Y, X to the end and the channels behind them, in native byte order."""
    last = [axes.index(letter) for letter in "YX" + channel_axes if letter in axes]
    leading = [axis for axis in range(pixels.ndim) if axis not in last]
    ordered = pixels.transpose(*leading, *last)
    ordered = np.ascontiguousarray(ordered, dtype=ordered.dtype.newbyteorder("="))
    channels = ordered.shape[-1] if len(last) == 3 else None
    if channels == 1:
        return ImageFile(path, ordered[..., 0], None)
    return ImageFile(path, ordered, channels)
