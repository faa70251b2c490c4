"""What was added to a person's points or shapes, and what made room for it: napari keeps no history of these."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.utils.notifications import show_info

from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari.layers import Layer
    from numpy.typing import NDArray

_STEPS = "accepts"  # in the tag of the layer, the oldest first


class Step(NamedTuple):
    """What an accept, or a rejection, has done to the marks of a layer.

    Parameters
    ----------
    added
        The marks that it added, as napari keeps them: rounded, maybe.
    removed
        Those that made room for them.
    """

    added: list[NDArray[np.floating]]
    removed: list[Any]


def note(layer: Layer, step: Step) -> None:
    """Note the last step."""
    layers.tag_of(layer).setdefault(_STEPS, []).append(step)


def steps_of(layer: Layer) -> list[Step]:
    """Return what was noted and not taken back."""
    return list(layers.tag_of(layer).get(_STEPS, []))


def take_back(layer: Layer) -> tuple[Step, list[NDArray[np.floating]]]:
    """Remove what the last step has added, as far as it is where it was; return the step, and what is gone."""
    step: Step = layers.tag_of(layer)[_STEPS].pop()
    places = {_place(mark) for mark in step.added}
    indices = [index for index, mark in enumerate(layer.data) if _place(mark) in places]
    gone = [np.array(layer.data[index]) for index in indices]
    layer.remove(indices)
    if not indices:
        show_info("Nothing was taken back: what was added last has been moved or removed since.")
    return step, gone


def features_of(layer: Layer, index: int, *but: str) -> dict[str, Any]:
    """Return what is known of a mark, but for some features."""
    return {name: layer.features[name].iloc[index] for name in layer.features if name not in but}


@contextmanager
def with_features(layer: Layer, features: Mapping[str, Any]) -> Iterator[None]:
    """Let marks that a block adds have these features; the next ones have what they would have had."""
    usual = layer.feature_defaults
    layer.feature_defaults = usual.assign(**features)
    try:
        yield
    finally:
        layer.feature_defaults = usual


def _place(mark: NDArray[np.floating]) -> bytes:
    return np.ascontiguousarray(mark, float).tobytes()
