"""What is in a project, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.project.blocks import Key

Author = Literal["person", "model"]
Kind = Literal["image", "labels", "points", "shapes"]
RunState = Literal["running", "finished", "stopped", "failed", "interrupted"]


NO_OBJECTS = ("scribbles", "right_part", "ignored", "changes")  # roles of layers whose numbers are classes
CLASS_NAMES = "class_names"  # in the look of labels: what classes are called, by their numbers
KEPT = "project"  # the "reader" of an image whose pixels are all in the project


def now() -> str:
    """Return the time as the file has it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class ImageRecord:
    """A reference to an image, which itself stays where it is.

    Parameters
    ----------
    id, name
        As the viewer's layer has them.
    path
        Its file or folder, as an absolute path; "" for an image of no file, whose pixels are then kept as blocks.
    relative
        The path from the project's folder; filled in by the project.
    reader
        The plugin that opened it; "" for napari's choice, `KEPT` for an image whose pixels are in the project.
    shape, dtype
        Of the pixels, channels included.
    file_fingerprint, pixel_fingerprint
        See `fingerprint`; "" until they are known.
    """

    id: str
    name: str
    path: str
    shape: tuple[int, ...]
    dtype: str
    reader: str = ""
    relative: str = ""
    file_fingerprint: str = ""
    pixel_fingerprint: str = ""


@dataclass(frozen=True)
class LayerRecord:
    """A layer, without what is in it.

    Parameters
    ----------
    id
        Its own; a layer of an image has the image's.
    image
        Id of the image that it belongs to, or None.
    role, method, author
        What it is for, and who makes it: a method for a model's, else "".
    kind, name, shape, dtype, position
        As in the viewer; position 0 is at the bottom.
    placement
        Scale, translate, rotate, shear, affine, units and axis_labels, as plain numbers and words.
    look
        Visibility, opacity, brush and the like.
    """

    id: str
    image: str | None
    role: str
    author: Author
    kind: Kind
    name: str
    shape: tuple[int, ...]
    dtype: str
    method: str = ""
    position: int = 0
    placement: Mapping[str, Any] = field(default_factory=dict)
    look: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> bool:
        """Whether the last axis is colours."""
        return bool(self.look.get("rgb"))


@dataclass(frozen=True, eq=False)
class Block:
    """Pixels of a layer that have changed. `author` is who changed them: a model cannot write into a person's layer."""

    layer: str
    author: Author
    key: Key
    pixels: NDArray[Any]


@dataclass(frozen=True)
class ObjectRecord:
    """What is known about an object of a labels layer, beside its pixels; None stands for what nobody has said."""

    id: int
    state: str | None = None
    confidence: float | None = None
    source: str | None = None
    model: str | None = None
    note: str | None = None
    locked: bool | None = None
    parents: tuple[int, ...] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects of a layer that have changed, and ids of those that are gone; if `whole`, all others are gone, too."""

    records: Sequence[ObjectRecord]
    gone: Sequence[int] = ()
    whole: bool = False


@dataclass(frozen=True)
class Entry:
    """One line of the history: who did what, when, in which layer, to which objects."""

    who: Author
    name: str
    what: str
    layer: str
    ids: tuple[int, ...] = ()
    at: str = field(default_factory=now)


@dataclass(frozen=True)
class RunRecord:
    """A training, running or over. `model` is the folder of its model, from the project's folder; "" without one.

    `part` is what of its image it is on, as y0, x0, y1, x1 in pixels; None for all of it.
    One that is interrupted and has an end was ended when its window was closed; without one it was cut off.
    """

    id: str
    method: str
    image: str
    params: Mapping[str, Any]
    state: RunState = "running"
    started: str = field(default_factory=now)
    ended: str = ""
    stage: str = ""
    step: int = 0
    total: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    model: str = ""
    part: tuple[int, int, int, int] | None = None

    @property
    def interruption(self) -> str:
        """What became of it, if it was interrupted, as the end of a sentence."""
        far = f"at step {self.step} of {self.total}" if self.total else "before its first step"
        return f"was stopped {far}, when napari was closed" if self.ended else f"was cut off {far}"


@dataclass(frozen=True, eq=False)
class Batch:
    """Changes that are written together or not at all.

    Parameters
    ----------
    images, layers, runs
        New ones, or old ones in their new state.
    removed
        Ids of layers that a person has removed.
    emptied
        Ids of layers whose pixels are all new, perhaps of another size; their blocks come with this batch.
    blocks, objects, geometry
        What is in layers, by their id; geometry as JSON.
    history
        What was done.
    meta
        Facts about the project by name, as text.
    """

    images: Sequence[ImageRecord] = ()
    layers: Sequence[LayerRecord] = ()
    runs: Sequence[RunRecord] = ()
    removed: Sequence[str] = ()
    emptied: Sequence[str] = ()
    blocks: Sequence[Block] = ()
    objects: Mapping[str, Objects] = field(default_factory=dict)
    geometry: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Entry] = ()
    meta: Mapping[str, str] = field(default_factory=dict)


def together(parts: Iterable[Batch]) -> Batch:
    """Return one batch of several; of what is in more than one, the last counts."""
    parts = list(parts)
    lists = ("images", "layers", "runs", "removed", "emptied", "blocks", "history")
    tables = ("objects", "geometry", "meta")
    values: dict[str, Any] = {name: [one for part in parts for one in getattr(part, name)] for name in lists}
    for name in tables:
        values[name] = {key: value for part in parts for key, value in getattr(part, name).items()}
    return Batch(**values)
