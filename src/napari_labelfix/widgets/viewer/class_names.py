"""The classes of objects that a layer knows, and their names: they stand in its tag, and go with it.

A person names them in the layer with the strokes. The layers that show objects of these classes are told, and keep them
if that one is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.io.class_names import CLASSES, classes_in, names_said_by
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari.layers import Layer


def classes_of(layer: Layer) -> dict[int, str]:
    """Return the classes that a layer knows, by number from 1 on; "" for one without a name."""
    return names_said_by(layers.tag_of(layer).get(CLASSES))


def set_classes(layer: Layer, classes: Mapping[int, str]) -> None:
    """Let a layer know these classes, and no others."""
    if classes == classes_of(layer):
        return
    if not layers.tag_of(layer):
        layer.metadata[layers.TAG] = {}
    layers.tag_of(layer)[CLASSES] = dict(sorted(classes.items()))  # another one: a copy of the layer may have this
    layer.events.metadata()


def hand_on(classes: Mapping[int, str], layer: Layer) -> None:
    """Let a layer know these classes, too; a name that another class has there is given to the one that has it here."""
    taken = set(classes.values())
    kept = {number: "" if name in taken else name for number, name in classes_of(layer).items()}
    set_classes(layer, kept | {number: name for number, name in classes.items() if name or number not in kept})


def forget_unused(layer: Layer, known: Collection[int], *, named: bool = False) -> None:
    """Let a layer know a class no more that is not among the known ones, and that no object there is of.

    Parameters
    ----------
    layer
        Shows objects.
    known
        The classes that there are.
    named
        Whether also one that has a name is meant: a person has just removed it.
    """
    if not (classes := classes_of(layer)):
        return
    used = {*known, *classes_in(layer.features).values()}
    set_classes(layer, {number: name for number, name in classes.items() if number in used or (name and not named)})
