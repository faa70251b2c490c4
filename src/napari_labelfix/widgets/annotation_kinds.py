"""What the dock must know about each kind of annotation: how to make its layer, explain it and read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Annotation, Scribbles
from napari_labelfix.widgets import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer

# Okabe & Ito's palette, which people with any colour vision can tell apart: blue is background, orange is foreground
_PALETTE = ("#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00")
SCRIBBLE_COLORS = {label: _PALETTE[(label - 1) % len(_PALETTE)] for label in range(1, 256)}

_NAPARIS_BRUSH_SIZE = 10


@dataclass(frozen=True)
class Brush:
    """A value that a person paints with: what it is called, and its colour."""

    label: int
    name: str
    color: str


@dataclass(frozen=True)
class AnnotationKind:
    """One kind of annotation layer.

    Parameters
    ----------
    role
        Its tag.
    noun, label
        What the layer is called on buttons, and before the box where it is chosen.
    legend
        One line on what to draw, with `brushes` to draw it with.
    fits
        Whether a layer could be such an annotation of an image.
    create
        Makes an empty layer for an image.
    adopt
        Gives a layer of this kind that came from elsewhere, such as a sample, the tools of a created one.
    start_drawing
        Picks up a brush (a label of `brushes`) in a layer.
    read
        Copies the annotation of one plane out of a layer; None if there is none.
    missing
        Says what to draw before a run can start, or "" when there is enough.
    """

    role: layers.Role
    noun: str
    label: str
    legend: str
    brushes: tuple[Brush, ...]
    fits: Callable[[Layer, Layer], bool]
    create: Callable[[Layer], Layer]
    adopt: Callable[[Layer], None]
    start_drawing: Callable[[Layer, int], None]
    read: Callable[[Layer, tuple[int, ...]], Annotation | None]
    missing: Callable[[Sequence[Annotation | None]], str]


def _could_be_scribbles(layer: Layer, image: Layer) -> bool:
    return (
        isinstance(layer, Labels)
        and not layer.multiscale
        and layers.role_of(layer) in ("", "scribbles")
        and tuple(layer.data.shape) == layers.spatial_shape(image)
    )


def _create_scribbles(image: Layer) -> Labels:
    shape = layers.spatial_shape(image)
    layer = Labels(
        np.zeros(shape, np.uint8),
        name=f"{image.name} scribbles",
        colormap=scribble_colormap(),
        opacity=0.9,
        **layers.placement(image),
    )
    _set_tools(layer)
    layers.link(layer, "scribbles", image)
    return layer


def _adopt_scribbles(layer: Labels) -> None:
    if layer.contiguous and layer.brush_size == _NAPARIS_BRUSH_SIZE:  # as napari makes it: nobody has chosen yet
        _set_tools(layer)


def _set_tools(layer: Labels) -> None:
    layer.contiguous = False
    layer.brush_size = int(np.clip(min(layer.data.shape[-2:]) // 128, 3, 8))  # in pixels of the image


def scribble_colormap() -> DirectLabelColormap:
    """Return the colours of a scribble layer: 1 blue, 2 orange, 3 and up distinct from these."""
    return DirectLabelColormap(color_dict={None: "transparent", 0: "transparent"} | SCRIBBLE_COLORS)


def _start_scribbling(layer: Labels, label: int) -> None:
    layer.n_edit_dimensions = 2
    layer.selected_label = label
    layer.mode = "paint"


def _read_scribbles(layer: Labels, index: tuple[int, ...]) -> Scribbles | None:
    marks = np.asarray(layer.data[index])
    return Scribbles(marks.copy()) if marks.any() else None  # a copy: the person goes on painting while the run reads


def _missing_scribbles(annotations: Sequence[Annotation | None]) -> str:
    marks = [annotation.marks for annotation in annotations if isinstance(annotation, Scribbles)]
    background = any((plane == BACKGROUND).any() for plane in marks)
    foreground = any((plane >= FIRST_CLASS).any() for plane in marks)
    if background and foreground:
        return ""
    if foreground:
        return f"Paint a few strokes of background ({BACKGROUND}) too, between the objects."
    if background:
        return f"Paint a few strokes of foreground ({FIRST_CLASS}) too, inside some objects."
    return f"Paint a few strokes of background ({BACKGROUND}) and foreground ({FIRST_CLASS})."


KINDS: dict[type[Annotation], AnnotationKind] = {
    Scribbles: AnnotationKind(
        role="scribbles",
        noun="scribble layer",
        label="Scribbles",
        legend="0 is unmarked. More classes: 3, 4, ...",
        brushes=(
            Brush(BACKGROUND, "Background", SCRIBBLE_COLORS[BACKGROUND]),
            Brush(FIRST_CLASS, "Foreground", SCRIBBLE_COLORS[FIRST_CLASS]),
        ),
        fits=_could_be_scribbles,
        create=_create_scribbles,
        adopt=_adopt_scribbles,
        start_drawing=_start_scribbling,
        read=_read_scribbles,
        missing=_missing_scribbles,
    ),
}
