"""The samples under File > Open Sample: an image, and an imperfect annotation of it, ready to train from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_labelfix.sample_data.imperfect import careless_boxes, careless_labels, some_centres, typical_diameter
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import Sample, bright_field, fluorescence, stained_tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    LayerTuple = tuple[NDArray[Any], dict[str, Any], str]

SHARE_OF_OBJECTS = 0.15  # that get a scribble
SHARE_OF_POINTS = 0.1  # of the objects
RIGHT_PART = 170  # pixels: the side of the square in which careless labels are right
PLANES, FINISHED = 8, (3, 4)  # of the stack; napari shows the middle first
SEED, OTHER_SEED = 1, 2
# Okabe & Ito's colours, as the dock gives them: 1 blue, 2 orange, further classes as they come, and never blue again.
_PALETTE = ("#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00")
_COLORS = {None: "transparent", 0: "transparent", 1: _PALETTE[0]} | {
    n: _PALETTE[1:][(n - 2) % (len(_PALETTE) - 1)] for n in range(2, 256)
}


def fluorescence_nuclei() -> list[LayerTuple]:
    """Return the layers of a fluorescence image: (data, arguments, layer type), 512 x 512, 16 bit."""
    return _layers("fluorescence nuclei", fluorescence(SEED))


def bright_field_cells() -> list[LayerTuple]:
    """Return the layers of a bright-field image: (data, arguments, layer type), 512 x 512, 8 bit."""
    return _layers("bright-field cells", bright_field(SEED))


def stained_tissue_nuclei() -> list[LayerTuple]:
    """Return the layers of a stained section: (data, arguments, layer type), 512 x 512, 8-bit RGB."""
    return _layers("stained tissue", stained_tissue(SEED))


def nuclei_with_points() -> list[LayerTuple]:
    """Return a fluorescence image, 512 x 512, 16 bit, and points on a tenth of its nuclei."""
    name, (image, labels) = "nuclei", fluorescence(OTHER_SEED)
    centres = some_centres(labels, SHARE_OF_POINTS, OTHER_SEED)
    of_points = {
        "name": f"{name} points",
        "size": typical_diameter(labels),
        "border_width": 0.08,
        "features": {"kind": ["cell"] * len(centres)},
        "metadata": {"labelfix": {"role": "points"}},
    }
    return [(image, {"name": name}, "image"), (centres, of_points, "points")]


def nuclei_with_boxes() -> list[LayerTuple]:
    """Return a fluorescence image, 512 x 512, 16 bit, and boxes on about half of its nuclei, none of them exact."""
    name, (image, labels) = "nuclei", fluorescence(SEED)
    corners = careless_boxes(labels, SEED) - 0.5  # in napari the middle of the first pixel is 0, 0
    of_boxes = {
        "name": f"{name} boxes",
        "shape_type": "rectangle",
        "face_color": "transparent",
        "edge_color": _PALETTE[1],
        "edge_width": 2,
        "features": {"source": ["drawn"] * len(corners)},
        "metadata": {"labelfix": {"role": "boxes"}},
    }
    rectangles = np.stack([corners[:, [y, x]] for y, x in ((0, 1), (0, 3), (2, 3), (2, 1))], axis=1)
    return [(image, {"name": name}, "image"), (rectangles, of_boxes, "shapes")]


def tissue_with_careless_labels() -> list[LayerTuple]:
    """Return a stained section, 512 x 512, labels of it that are right in one corner only, and a frame around that."""
    name, (image, labels) = "tissue", stained_tissue(OTHER_SEED)
    careless = careless_labels(labels, (slice(0, RIGHT_PART), slice(0, RIGHT_PART)), OTHER_SEED)
    of_labels = {"name": f"{name} careless labels", "metadata": {"labelfix": {"role": "imperfect"}}}
    low, high = 1, RIGHT_PART - 1
    frame = np.array([[(low, low), (low, high), (high, high), (high, low)]], float)
    of_frame = {
        "name": f"{name} right part",
        "shape_type": "rectangle",
        "face_color": "transparent",
        "edge_color": _PALETTE[1],
        "edge_width": 2,
        "metadata": {"labelfix": {"role": "right_part"}},
    }
    return [
        (image, {"name": name, "rgb": True}, "image"),
        (careless, of_labels, "labels"),
        (frame, of_frame, "shapes"),
    ]


def stack_with_finished_planes() -> list[LayerTuple]:
    """Return a stack of fluorescence images, 8 x 256 x 256, 16 bit, and labels of the two in the middle."""
    name, planes = "stack", [fluorescence(SEED + number, (256, 256)) for number in range(PLANES)]
    labels = np.stack([plane.labels if number in FINISHED else 0 * plane.labels for number, plane in enumerate(planes)])
    of_labels = {"name": f"{name} finished", "metadata": {"labelfix": {"role": "finished"}}}
    return [
        (np.stack([plane.image for plane in planes]), {"name": name}, "image"),
        (labels, of_labels, "labels"),
    ]


def _layers(name: str, sample: Sample) -> list[LayerTuple]:
    scribbles = painted_scribbles(sample.labels, SHARE_OF_OBJECTS, SEED)
    of_scribbles = {
        "name": f"{name} scribbles",
        "colormap": dict(_COLORS),
        "opacity": 0.9,
        "metadata": {"labelfix": {"role": "scribbles"}},
    }
    return [
        (sample.image, {"name": name, "rgb": sample.image.ndim == 3}, "image"),
        (scribbles, of_scribbles, "labels"),
    ]
