"""Where pixels lie in the world: names, spacings and units of the axes, and how TIFF and OME-Zarr say them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_labelfix.io.decoders import open_ome_zarr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Said = tuple[Sequence[str], Mapping[str, tuple[float, str]]]  # the axes in order; of some the step and its unit

PIXEL = "pixel"
_NAMES = "tzyx"  # of the last axes, where nobody has named them
_UNITS = {"µm": "micrometer", "μm": "micrometer", "um": "micrometer", "micron": "micrometer", "microns": "micrometer",
          "\\u00b5m": "micrometer", "nm": "nanometer", "mm": "millimeter", "cm": "centimeter", "m": "meter",
          "in": "inch", "å": "angstrom",
          "s": "second", "sec": "second", "ms": "millisecond", "min": "minute", "h": "hour",
          "": PIXEL, "pixels": PIXEL, "null": PIXEL}  # fmt: skip
_SHORT = {"micrometer": "µm", "nanometer": "nm", "millimeter": "mm", "centimeter": "cm", "meter": "m",
          "inch": "in", "angstrom": "Å",
          "second": "s", "millisecond": "ms", "minute": "min", "hour": "h"}  # fmt: skip

# of metadata that are damaged, or of which only the pixels can be used; the XML parser has errors of syntax
_NOT_UNDERSTOOD = (ArithmeticError, AttributeError, LookupError, OSError, SyntaxError, TypeError, ValueError)
_TIMES = ("second", "millisecond", "minute", "hour")


@dataclass(frozen=True)
class Grid:
    """The grid of a (..., Y, X) array.

    Parameters
    ----------
    axes
        Names, such as ("z", "y", "x").
    scale
        Distance of neighbouring pixels along each axis.
    units
        Of the scale, in full: "micrometer", "second"; "pixel" where it is not known.
    """

    axes: tuple[str, ...]
    scale: tuple[float, ...]
    units: tuple[str, ...]

    @classmethod
    def in_pixels(cls, ndim: int) -> Grid:
        """Return the grid of an array that says nothing."""
        return cls(axis_names(ndim), (1.0,) * ndim, (PIXEL,) * ndim)

    @classmethod
    def of(cls, axes: Sequence[str], scale: Sequence[float], units: Sequence[str]) -> Grid:
        """Return a grid with units in full and names that files understand: napari's "axis -3" is z."""
        known = [axis.lower() for axis in axes]
        if not set(known) <= set(_NAMES) or len(set(known)) < len(known) or known[-2:] != ["y", "x"]:
            known = list(axis_names(len(axes)))
            if len(known) == 3 and full_unit(units[0]) in _TIMES:
                known[0] = "t"
        positive = (abs(float(step)) if step and math.isfinite(step) else 1.0 for step in scale)
        return cls(tuple(known), tuple(positive), tuple(full_unit(unit) for unit in units))

    @property
    def is_known(self) -> bool:
        """Whether anybody has said how large a pixel is."""
        return set(self.units) != {PIXEL} or set(self.scale) != {1.0}


def axis_names(ndim: int) -> tuple[str, ...]:
    """Return names for axes: ("y", "x"), ("z", "y", "x"), ("t", "z", "y", "x"), ("p0", "t", ...)."""
    further = tuple(f"p{index}" for index in range(ndim - len(_NAMES)))
    return further + tuple(_NAMES[-ndim:])


def full_unit(unit: str) -> str:
    """Return "micrometer" for "µm" and its many spellings; what is not known stays as it is."""
    name = unit.strip().lower()
    return _UNITS.get(name, name)


def short_unit(unit: str) -> str:
    """Return "µm" for "micrometer"."""
    return _SHORT.get(unit, unit)


def ome_unit(unit: str) -> str | None:
    """Return what OME calls a unit, or None if it may not know it: some readers take no file with another one."""
    return PIXEL if unit == PIXEL else _SHORT.get(unit)


def read_grid(path: Path, ndim: int) -> Grid:
    """Return what a TIFF or an OME-Zarr says about the last `ndim` axes without channels; pixels where it is silent."""
    try:
        axes, said = _said_by(path)
    except _NOT_UNDERSTOOD:
        axes, said = (), {}
    own = tuple(axis.lower() for axis in axes if axis.lower() not in ("c", "s"))
    names = own if len(own) == ndim else axis_names(ndim)
    steps = [said.get(name, (1.0, PIXEL)) for name in names]
    return Grid.of(names, [step for step, _ in steps], [unit for _, unit in steps])


def _said_by(path: Path) -> Said:
    if path.suffix.lower() in (".tif", ".tiff"):
        return _said_by_tiff(path)
    return _said_by_ome_zarr(path) if path.is_dir() else ((), {})


def _said_by_tiff(path: Path) -> Said:
    import tifffile

    file: Any
    with tifffile.TiffFile(path) as file:
        if file.ome_metadata:
            axes = file.series[0].axes
            return axes, _said_by_ome(file.ome_metadata, axes)
        if file.imagej_metadata:
            return file.series[0].axes, _said_by_imagej(file.pages[0].tags, file.imagej_metadata)
    return (), {}


def _said_by_ome(metadata: str, axes: str) -> dict[str, tuple[float, str]]:
    import tifffile

    image: Any = tifffile.xml2dict(metadata)["OME"]["Image"]
    pixels = (image[0] if isinstance(image, list) else image)["Pixels"]
    said = {
        axis.lower(): (float(pixels[f"PhysicalSize{axis}"]), str(pixels.get(f"PhysicalSize{axis}Unit", "µm")))
        for axis in "XYZ"
        if f"PhysicalSize{axis}" in pixels
    }
    if "T" in axes:
        said["t"] = float(pixels.get("TimeIncrement", 1)), str(pixels.get("TimeIncrementUnit", PIXEL))
    return said


def _said_by_imagej(tags: Any, metadata: Mapping[str, Any]) -> dict[str, tuple[float, str]]:
    unit = str(metadata.get("unit", PIXEL))
    said: dict[str, tuple[float, str]] = {}
    for axis, tag in (("x", "XResolution"), ("y", "YResolution")):
        if tag in tags and unit not in ("", PIXEL):
            pixels, per = tags[tag].value
            said[axis] = per / max(pixels, 1), unit
    if "spacing" in metadata:
        said["z"] = float(metadata["spacing"]), unit
    if metadata.get("frames", 1) > 1:
        interval = float(metadata.get("finterval", 0))
        said["t"] = (interval, "second") if interval > 0 else (1.0, PIXEL)
    return said


def _said_by_ome_zarr(path: Path) -> Said:
    image = open_ome_zarr(path)[1] or {}
    axes = [axis for axis in image.get("axes", []) if isinstance(axis, dict)]
    scale = [1.0] * len(axes)
    datasets = image.get("datasets", [{}])
    for transform in [*datasets[0].get("coordinateTransformations", []), *image.get("coordinateTransformations", [])]:
        if transform.get("type") == "scale":
            scale = [step * float(factor) for step, factor in zip(scale, transform["scale"], strict=True)]
    said = {str(axis["name"]): (step, str(axis.get("unit", PIXEL))) for axis, step in zip(axes, scale, strict=True)}
    return tuple(said), said
