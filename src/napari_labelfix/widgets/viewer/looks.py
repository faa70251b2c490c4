"""How the layers look that show what a method believes. Each is made empty, for an image, and lies exactly on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap

from napari_labelfix.io.palette import OUTLINES
from napari_labelfix.snapshots import BoxRole, Change, PointRole
from napari_labelfix.widgets.viewer import image_planes
from napari_labelfix.widgets.viewer.colors import BLUE, GREEN, ORANGE, PINK, RED, YELLOW

if TYPE_CHECKING:
    from napari.layers import Layer

_BRIGHT = 127  # of 255, the mean of an image from which it is bright
CHANGE_COLORS = {
    Change.ADDED: YELLOW, Change.REMOVED: RED, Change.RESHAPED: BLUE, Change.SPLIT: GREEN, Change.MERGED: PINK,
}  # fmt: skip  # yellow is what is found and was not given, in every dock
POINT_COLORS = {
    PointRole.GIVEN: ORANGE,
    PointRole.PSEUDO_POSITIVE: GREEN,
    PointRole.DETECTED: YELLOW,
    PointRole.PSEUDO_NEGATIVE: BLUE,
}  # orange and blue are what a person marks as a cell, and as none
POINT_NAMES = {
    PointRole.GIVEN: "given",
    PointRole.PSEUDO_POSITIVE: "pseudo-positive",
    PointRole.DETECTED: "detected",
    PointRole.PSEUDO_NEGATIVE: "pseudo-negative",
}
POINT_HELP = {
    PointRole.GIVEN: "you have marked it",
    PointRole.PSEUDO_POSITIVE: "likely a cell, and learned from as one",
    PointRole.DETECTED: "found, and not learned from",
    PointRole.PSEUDO_NEGATIVE: "likely no cell, and learned from as background",
}
# pink, not the red of what was removed: on the orange box of a person's, red would not be seen
BOX_COLORS = {BoxRole.CONFIRMED: GREEN, BoxRole.ADDED: YELLOW, BoxRole.DROPPED: PINK}
BOX_NAMES = {BoxRole.CONFIRMED: "confirmed", BoxRole.ADDED: "added", BoxRole.DROPPED: "dropped"}
BOX_HELP = {
    BoxRole.CONFIRMED: "found where you have a box",
    BoxRole.ADDED: "found where you have none",
    BoxRole.DROPPED: "you have a box, and nothing is found there",
}


def make_proposal(image: Layer) -> Labels:
    """Return a layer of bright outlines."""
    layer = Labels(
        np.zeros(image_planes.spatial_shape(image), np.int32),
        name=f"{image.name} proposal",
        colormap=outline_colormap(),
        **image_planes.placement(image),
    )
    layer.contour = 2
    return layer


def outline_colormap() -> CyclicLabelColormap:
    """Return bright colours that repeat; napari's own are partly too dark to be seen on a black image."""
    return CyclicLabelColormap(colors=[(0, 0, 0, 0), *([part / 255 for part in (*rgb, 255)] for rgb in OUTLINES)])


def plain_outlines(image: Layer) -> CyclicLabelColormap:
    """Return one colour for all outlines, black on a bright image and white on a dark one: colours tell changes."""
    is_bright = image.thumbnail[..., :3].mean() > _BRIGHT
    return CyclicLabelColormap(colors=[(0, 0, 0, 0), (0, 0, 0, 1) if is_bright else (1, 1, 1, 1)])


def ignored_colormap() -> DirectLabelColormap:
    """Return red for 1."""
    return DirectLabelColormap(color_dict={None: "transparent", 1: "red"})


def changes_colormap() -> DirectLabelColormap:
    """Return a colour for each kind of change."""
    return DirectLabelColormap(
        color_dict={None: "transparent"} | {int(change): color for change, color in CHANGE_COLORS.items()}
    )


def make_confidence(image: Layer) -> Image:
    """Return a hidden layer of numbers from 0 to 1."""
    return _make_numbers(image, "confidence", "viridis")


def make_heatmap(image: Layer) -> Image:
    """Return a hidden layer of numbers from 0 to 1 that is brightest at the centres of cells."""
    return _make_numbers(image, "heatmap", "inferno")


def _make_numbers(image: Layer, name: str, colormap: str) -> Image:
    return Image(
        np.zeros(image_planes.spatial_shape(image), np.float32),
        name=f"{image.name} {name}",
        contrast_limits=(0, 1),
        colormap=colormap,
        opacity=0.6,
        visible=False,
        **image_planes.placement(image),
    )


def make_ignored(image: Layer) -> Labels:
    """Return a hidden layer that is red where nothing is learned."""
    return Labels(
        np.zeros(image_planes.spatial_shape(image), np.uint8),
        name=f"{image.name} ignored",
        colormap=ignored_colormap(),
        opacity=0.4,
        visible=False,
        **image_planes.placement(image),
    )


def make_changes(image: Layer) -> Labels:
    """Return a layer with a colour for each kind of change."""
    return Labels(
        np.zeros(image_planes.spatial_shape(image), np.uint8),
        name=f"{image.name} changes",
        colormap=changes_colormap(),
        opacity=0.5,
        **image_planes.placement(image),
    )


def make_preview(image: Layer) -> Labels:
    """Return a layer for labels that were spoiled on purpose."""
    return Labels(
        np.zeros(image_planes.spatial_shape(image), np.int32),
        name=f"{image.name} training labels",
        **image_planes.placement(image),
    )


def make_detections(image: Layer) -> Points:
    """Return a layer of rings, each as wide as a cell."""
    return Points(
        ndim=len(image_planes.spatial_shape(image)),
        name=f"{image.name} detections",
        face_color="transparent",
        border_width=0.08,
        features={"score": np.zeros(0, np.float32), "role": np.zeros(0, str)},
        **image_planes.placement(image),
    )


def make_found_boxes(image: Layer) -> Shapes:
    """Return a layer for boxes that a model finds."""
    return Shapes(
        ndim=len(image_planes.spatial_shape(image)),
        name=f"{image.name} found boxes",
        features={"score": np.zeros(0, np.float32), "role": np.zeros(0, str)},
        **image_planes.placement(image),
    )


def make_training_image(image: Layer) -> Image:
    """Return a hidden layer for what is learned from in the place of the image."""
    colours = (3,) if image.rgb else ()
    return Image(
        np.zeros((*image_planes.spatial_shape(image), *colours), np.uint8),
        name=f"{image.name} training image",
        rgb=image.rgb,
        contrast_limits=(0, 255),
        visible=False,
        **image_planes.placement(image),
    )
