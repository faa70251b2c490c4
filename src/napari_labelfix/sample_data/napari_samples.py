"""The samples under File > Open Sample: an image, and scribbles on some of its objects, ready to train from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import Sample, bright_field, fluorescence, stained_tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    LayerTuple = tuple[NDArray[Any], dict[str, Any], str]

SHARE_OF_OBJECTS = 0.15  # that get a scribble
SEED = 1
# Okabe & Ito's colours, as the dock gives them: 1 blue, 2 orange, further classes as they come.
_PALETTE = ("#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00")
_COLORS = {None: "transparent", 0: "transparent"} | {n: _PALETTE[(n - 1) % len(_PALETTE)] for n in range(1, 256)}


def fluorescence_nuclei() -> list[LayerTuple]:
    """Return the layers of a fluorescence image: (data, arguments, layer type), 512 x 512, 16 bit."""
    return _layers("fluorescence nuclei", fluorescence(SEED))


def bright_field_cells() -> list[LayerTuple]:
    """Return the layers of a bright-field image: (data, arguments, layer type), 512 x 512, 8 bit."""
    return _layers("bright-field cells", bright_field(SEED))


def stained_tissue_nuclei() -> list[LayerTuple]:
    """Return the layers of a stained section: (data, arguments, layer type), 512 x 512, 8-bit RGB."""
    return _layers("stained tissue", stained_tissue(SEED))


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
