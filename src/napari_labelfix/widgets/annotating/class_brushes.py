"""The brushes of scribbles: one for the background, and one for each class, which a person adds and names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS
from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import checked_name
from napari_labelfix.widgets.annotating.layer_kind import Brush
from napari_labelfix.widgets.viewer.class_names import classes_of, hand_on, set_classes
from napari_labelfix.widgets.viewer.colors import PALETTE
from napari_labelfix.widgets.viewer.history import history_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

_HIGHEST = 255  # label
# of further classes none has the colour of the background again
SCRIBBLE_COLORS = {BACKGROUND: PALETTE[0]} | {
    label: PALETTE[1:][(label - FIRST_CLASS) % (len(PALETTE) - 1)] for label in range(FIRST_CLASS, _HIGHEST + 1)
}
_MOST = 16  # classes that are only painted: more of them are masks, which have a number each
_GROUND = "Background"
_BACKGROUND = Brush(
    BACKGROUND,
    f"{BACKGROUND} {_GROUND}",
    f"Draw background ({BACKGROUND}). What nothing is drawn on is unmarked (0).",
    SCRIBBLE_COLORS[BACKGROUND],
)


def brushes_of(layers: Sequence[Labels]) -> tuple[Brush, ...]:
    """Return the brushes for layers that are learned from together, first for the one that is drawn on."""
    painted = [label for layer in layers for label in _painted(layer).tolist()]
    return (_BACKGROUND, *(_brush(number, name, painted) for number, name in known_classes(layers).items()))


def known_classes(layers: Sequence[Labels]) -> dict[int, str]:
    """Return the classes that were added, named or painted in any of the layers, with the first name of each."""
    known = {1: ""}
    for layer in layers:
        painted = _painted(layer)
        drawn = dict.fromkeys((painted - BACKGROUND).tolist() if painted.size <= _MOST else (), "")
        for number, name in (drawn | classes_of(layer)).items():
            known[number] = known.get(number) or name
    return dict(sorted(known.items()))


def add_class(layers: Sequence[Labels]) -> int:
    """Add a class after the last one, and return the label that it is painted with.

    Raises
    ------
    InputError
        If the layers can hold no further label.
    """
    label = max(known_classes(layers)) + 1 + BACKGROUND
    highest = min(_HIGHEST, *(int(np.iinfo(layer.data.dtype).max) for layer in layers))
    if label > highest:
        raise InputError(
            f"“{layers[0].name}” can hold labels up to {highest} only. Use one of the classes that are there."
        )
    for layer in layers:
        hand_on({label - BACKGROUND: ""}, layer)
    return label


def name_class(layers: Sequence[Labels], label: int, name: str) -> None:
    """Give the class that is painted with a label a name, in all of the layers.

    Raises
    ------
    InputError
        If there is nothing in it, or something else is called so.
    """
    own = label - BACKGROUND
    others = [_called(number, known) for number, known in known_classes(layers).items() if number != own]
    name = checked_name(name, own, [_GROUND, *others])
    for layer in layers:
        hand_on({own: name}, layer)


def remove_class(layers: Sequence[Labels], label: int) -> None:
    """Know a class no more that nothing is painted with; what has it in hand takes the first instead."""
    for layer in layers:
        set_classes(layer, {number: name for number, name in classes_of(layer).items() if number != label - BACKGROUND})
        if layer.selected_label == label:
            layer.selected_label = FIRST_CLASS


def doubtful_names(layers: Sequence[Labels]) -> str:
    """Say so where a class has one name in one layer, and another in another, or ""."""
    for number in known_classes(layers):
        names = list(dict.fromkeys(filter(None, (classes_of(layer).get(number) for layer in layers))))
        if len(names) > 1:
            return (
                f"Label {number + BACKGROUND} is “{names[0]}” in one image and “{names[1]}” in another, but is learned "
                "as one class. Paint both alike, and name it again."
            )
    return ""


def _painted(layer: Labels) -> NDArray[np.int64]:
    """Return (N,) the labels of classes that are painted in a layer that lies in memory."""
    if not isinstance(layer.data, np.ndarray):
        return np.zeros(0, np.int64)
    labels = history_of(layer).records.table.ids
    return labels[(labels >= FIRST_CLASS) & (labels <= _HIGHEST)]


def _called(number: int, name: str) -> str:
    """Return what the brush of a class is called."""
    return name or ("Foreground" if number == 1 else f"Foreground {number}")


def _brush(number: int, name: str, painted: Sequence[int]) -> Brush:
    label, called = number + BACKGROUND, _called(number, name)
    how = f"Draw {name or called.lower()} ({label}). Double-click to give it {'another' if name else 'a'} name."
    removable = number > 1 and label not in painted
    return Brush(label, f"{label} {called}", how, SCRIBBLE_COLORS[label], name=name, removable=removable)
