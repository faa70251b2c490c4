"""The layers that a run fills, whatever it believes in: objects or points.

They show what a model believes. They cannot be edited, so they have no undo history, and a refresh writes into them in
place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from napari.layers import Points, Shapes

from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.viewer import image_planes, layers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.events import Event

    from napari_labelfix.annotations import Task
    from napari_labelfix.review.objects import Objects
    from napari_labelfix.snapshots import Belief

    Maker = Callable[[Layer], Layer]


class LegendEntry(NamedTuple):
    """A colour, what it means, how many objects or points have it, and what that means in other words, if there are."""

    color: str
    meaning: str
    number: int
    help: str = ""


def lock(layer: Layer) -> None:
    """Let nobody edit a layer from now on: what they do would be lost at the next refresh.

    napari's controls make points and shapes editable when they are shown first, and after each look in 3D.
    """
    layer.editable = False
    layer.events.editable.connect(_stay_locked)


def _stay_locked(event: Event) -> None:
    event.source.editable = False


class ResultLayers(ABC):
    """The result layers of one method for one image.

    A layer is looked up by its tag each time it is needed: one that a person deleted stays away until `create`.

    Parameters
    ----------
    viewer, image, method
        The viewer, an image layer in it, and the name of the method.
    """

    main: ClassVar[layers.Role]  # the layer that is accepted from
    makers: ClassVar[Mapping[layers.Role, Maker]]  # of the layers of every run
    optional_makers: ClassVar[Mapping[layers.Role, Maker]]  # of those that are made when something comes for them

    def __init__(self, viewer: ViewerModel, image: Layer, method: str) -> None:
        self.viewer = viewer
        self.image = image
        self.method = method
        self.shape = image_planes.spatial_shape(image)
        self.planes = image_planes.plane_indices(self.shape)
        self._awaited: set[layers.Role] = set()  # optional layers that this run has not made yet
        for layer in filter(None, map(self.layer, (*self.makers, *self.optional_makers))):
            lock(layer)  # they come out of a project

    def layer(self, role: layers.Role) -> Layer | None:
        """Return one of the layers, or None where it is missing."""
        layer = layers.find(self.viewer, role, self.image, self.method)
        if layer is None:
            return None
        if isinstance(layer, Points | Shapes):  # the image may have become a projection of itself, or a plane
            return layer if layer.ndim == len(self.shape) else None
        return layer if image_planes.spatial_shape(layer) == self.shape else None

    def belong_to(self, image: Layer) -> bool:
        """Whether these are the layers of this image, with the size that it has now."""
        return self.image is image and self.shape == image_planes.spatial_shape(image)

    def create(self) -> None:
        """Add those of the layers that are missing; what an earlier run proposed stays until something new comes."""
        for role, make in self.makers.items():
            if self.layer(role) is None:
                self._add(role, make)
        self._awaited = set(self.optional_makers)

    def remove_empty(self) -> None:
        """Take the layers away again if nothing was proposed."""
        if self.has_proposal or self.layer(self.main) is None:  # a person who has deleted that one may want the others
            return
        for layer in filter(None, map(self.layer, self.makers)):
            layers.remove(self.viewer, layer)

    @property
    def version(self) -> str:
        """Which model proposed what is shown: when its run began, and the step; "" if nobody has said."""
        layer = self.layer("proposal")
        return str(layers.tag_of(layer).get("version", "")) if layer is not None else ""

    def note_version(self, version: str) -> None:
        """Note which model proposed what is shown, so that what is accepted from it can be traced back."""
        if (layer := self.layer("proposal")) is not None:
            layers.tag_of(layer)["version"] = version

    def toggle(self) -> None:
        """Hide what is proposed, or show it again."""
        if (main := self.layer(self.main)) is not None:
            main.visible = not main.visible

    def update_thumbnails(self) -> None:
        """Let the list of layers show what is in the layers now."""
        for role in (*self.makers, *self.optional_makers):
            if (layer := self.layer(role)) is not None:
                layer.refresh(extent=False, data_displayed=False, highlight=False)

    @property
    @abstractmethod
    def has_proposal(self) -> bool:
        """Whether anything was proposed for this image, and its layer is still there."""

    @abstractmethod
    def write(self, beliefs: Mapping[int, Belief], task: Task | None = None) -> None:
        """Show what is believed, by the index of the plane in the task, which knows what labels were given."""

    @abstractmethod
    def objects(self) -> dict[int, Objects]:
        """Return the proposed objects of each plane that has some, with the ids of the proposal layer."""

    @abstractmethod
    def legend(self) -> Sequence[LegendEntry]:
        """Return what the colours mean, and how many there are of each."""

    def _wanted(self, role: layers.Role) -> Layer | None:
        """Return an optional layer that something has come for; None if a person has deleted it."""
        if role in self._awaited:
            self._awaited.discard(role)
            if self.layer(role) is None:
                self._add(role, self.optional_makers[role])
        return self.layer(role)

    def _add(self, role: layers.Role, make: Maker) -> None:
        layer = make(self.image)
        lock(layer)
        layers.link(layer, role, self.image, self.method)
        if layer.name in self.viewer.layers and self.method in METHODS:  # napari would only count it
            layer.name = f"{self.image.name} {METHODS[self.method].title}{layer.name.removeprefix(self.image.name)}"
        layers.add_quietly(self.viewer, layer)
