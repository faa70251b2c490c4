"""What the dock must know about a kind of layer that a person works in, and about an annotation made of such layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.layers import Layer

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.widgets.viewer import layers


@dataclass(frozen=True)
class Place:
    """A plane of an image: `index` is () for a 2D image, (z,) in a stack."""

    image: Layer
    index: tuple[int, ...]


@dataclass(frozen=True)
class Brush:
    """Something to draw with.

    Parameters
    ----------
    value
        What the layer knows it by: a label, a kind of point, a tool.
    text, help
        Of its button.
    color
        What it draws looks like this.
    for_stacks
        Whether it makes sense in stacks only.
    name
        What a person has called the class that it draws, "" where nobody has; None where it draws no class of objects.
    removable
        Whether the class can be taken away: nothing is drawn with it.
    """

    value: int | str
    text: str
    help: str
    color: str
    for_stacks: bool = False
    name: str | None = None
    removable: bool = False


@dataclass(frozen=True)
class Classes:
    """Lets a person add brushes for classes of objects to a layer, name and remove them.

    Each is given the layers that are learned from together, in all of which a class has one name; the first of them is
    drawn on.

    Parameters
    ----------
    brushes
        Returns all brushes.
    known
        Returns the classes, by number from 1 on, with their names.
    add
        Adds a class, and returns the value of its brush; raises `InputError` where there is no room for it.
    rename
        Names the class of a brush; raises `InputError` for what is no name.
    remove
        Takes the class of a brush away, with which nothing is drawn.
    doubt
        Says what looks like a mistake in the names, or "".
    """

    brushes: Callable[[Sequence[Any]], tuple[Brush, ...]]
    known: Callable[[Sequence[Any]], Mapping[int, str]]
    add: Callable[[Sequence[Any]], int]
    rename: Callable[[Sequence[Any], Any, str], None]
    remove: Callable[[Sequence[Any], Any], None]
    doubt: Callable[[Sequence[Any]], str]


@dataclass(frozen=True)
class Measure:
    """A length in pixels that a layer carries, such as the diameter of its points.

    Parameters
    ----------
    label, help
        For the box where it is shown and set.
    read, write
        Get it from a layer, in pixels of an image, and set it.
    estimate
        Finds it for a layer, from a plane of its image.
    doubt
        Says what looks like a mistake in it, where a plane is in view, or "".
    """

    label: str
    help: str
    read: Callable[[Any, Layer], float]
    write: Callable[[Any, Layer, float], None]
    estimate: Callable[[Any, Place], float]
    doubt: Callable[[Any, Place], str]


@dataclass(frozen=True)
class LayerKind:
    """One kind of layer.

    Parameters
    ----------
    role
        Its tag.
    noun, label
        What the layer is called on buttons, and before the box where it is chosen.
    legend
        One short line on what to draw; a wrapped one would be cut off by the form that it stands in.
    fits
        Whether a layer could serve for an image.
    absent
        What to do when there is none, in a sentence.
    create
        Makes an empty layer for an image, of which one plane is in view; None for a kind that comes from elsewhere.
    adopt
        Gives a layer of this kind that was not created here, such as a sample's, the tools of a created one.
    brushes
        What to draw with in any layer.
    classes
        Adds brushes to these, where a person may; the layer is one of labels then.
    draw
        Takes up a brush in a layer, where a plane is in view.
    starts_with
        Which brush, in their order, a created layer is drawn on with first.
    brush_in_hand
        Returns the value of the brush that a layer would draw with.
    measure
        A length to show and to set.
    covered
        Whether it would be in the way of the results, which show what became of it.
    optional
        Whether a run can do without.
    taken_alone
        Whether a layer without a tag is chosen unasked if it is the only one: where it is read and never drawn on.
    """

    role: layers.Role
    noun: str
    label: str
    legend: str
    fits: Callable[[Layer, Layer], bool]
    absent: str
    create: Callable[[Place], Layer] | None = None
    adopt: Callable[[Layer], None] | None = None
    brushes: tuple[Brush, ...] = ()
    classes: Classes | None = None
    starts_with: int = 0
    draw: Callable[[Any, Any, Place], None] | None = None
    brush_in_hand: Callable[[Layer], int | str] | None = None
    measure: Measure | None = None
    covered: bool = False
    optional: bool = False
    taken_alone: bool = False


@dataclass(frozen=True)
class AnnotationKind:
    """One kind of annotation: the layers it is made of, and how they are read.

    Parameters
    ----------
    layers
        One, or more that say something about the first.
    read
        Copies the annotation of a plane out of these layers, of which optional ones may be None; None if there is none.
    missing
        Says what to draw before a run can start, or "" when there is enough.
    while_running, afterwards
        How the person helps a run, and what to do after it, beside accepting: halves of a sentence.
    doubt
        Says what looks like a mistake in an annotation that a run could start from, or ""; None where nothing can.
    whole
        Whether an annotation says something of all of its plane, so that one that was only begun would be wrong; None
        where each stroke is right by itself.
    write
        Puts a suggestion for a plane into the first layer and returns how much it was; None where nothing is suggested.
    """

    layers: tuple[LayerKind, ...]
    read: Callable[[Sequence[Any], Place], Annotation | None]
    missing: Callable[[Sequence[Annotation | None]], str]
    while_running: str
    afterwards: str
    doubt: Callable[[Sequence[Annotation | None]], str] | None = None
    whole: Callable[[Annotation], bool] | None = None
    write: Callable[[Any, Place, Annotation], int] | None = None
