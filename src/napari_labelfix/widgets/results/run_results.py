"""What a run starts from, and the layers that show what it says, which may be those of several images."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from napari_labelfix.annotations import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Layer

    from napari_labelfix.data.region import Region
    from napari_labelfix.snapshots import Belief
    from napari_labelfix.widgets.results.result_layers import ResultLayers


class RunResults:
    """Shows what is believed of the planes of a task in the layers of the image that each belongs to.

    Parameters
    ----------
    parts
        The result layers of each image, in the order of the task's planes.
    task
        What the run has now: its annotations may change.
    region
        The part of it that the run is on.
    *model
        What is known of the model that speaks, such as when its run began; for the record.
    """

    def __init__(self, parts: Sequence[ResultLayers], task: Task, region: Region, *model: str) -> None:
        self.parts, self.task, self.region, self._model = list(parts), task, region, model
        self._starts = [0, *accumulate(len(part.planes) for part in parts)]  # where the planes of each image begin

    @property
    def images(self) -> list[Layer]:
        """The images of the run."""
        return [part.image for part in self.parts]

    @property
    def image_of_other_size(self) -> Layer | None:
        """An image that has got other pixels, of another size, since the run began; None if there is none."""
        return next((part.image for part in self.parts if not part.belong_to(part.image)), None)

    @property
    def has_proposal(self) -> bool:
        """Whether anything was proposed for any of them."""
        return any(part.has_proposal for part in self.parts)

    def of(self, image: Layer) -> ResultLayers | None:
        """Return the layers of an image; None if it is not one of the run, or has another size by now."""
        return next((part for part in self.parts if part.belong_to(image)), None)

    def create(self) -> None:
        """Add the layers that are missing."""
        for part in self.parts:
            part.create()

    def remove_empty(self) -> None:
        """Take away the layers of images for which nothing was proposed."""
        for part in self.parts:
            part.remove_empty()

    def take_up(self, task: Task) -> Task | None:
        """Note the task with annotations that have changed; return what to send the run, None if that is as before."""
        before, self.task = self.task, task
        return self.region.of(task) if self.region.has_changes(before, task) else None

    def write(self, beliefs: Mapping[int, Belief], step: str) -> None:
        """Show what is believed, by the index of the plane in the task, and note which model says so, at which step."""
        for part, start in zip(self.parts, self._starts, strict=False):
            planes = range(start, start + len(part.planes))
            if own := {plane - start: self._on_plane(plane, beliefs[plane]) for plane in planes if plane in beliefs}:
                part.write(own, Task(self.task.planes[planes.start : planes.stop]))
                part.note_version(", ".join(filter(None, (*self._model, step))))
                part.objects()  # described now: Review, the project and later docks read what the layer says of them

    def _on_plane(self, plane: int, belief: Belief) -> Belief:
        return self.region.on_plane(plane, belief, self.task.planes[plane].shape)

    def update_thumbnails(self) -> None:
        """Let the list of layers show what is in the layers now."""
        for part in self.parts:
            part.update_thumbnails()
