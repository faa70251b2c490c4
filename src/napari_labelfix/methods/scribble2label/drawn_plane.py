"""One plane of a run: what is drawn on it, what each one says of it, and what is believed.

Strokes may come at any time, and what follows from them follows later. Of a plane may be older than the newest strokes

- the forest, which is one for all planes: from a stroke on any of them until it learns, which it does before the next
  plane, or piece of one, is read (`ReadingList.must_learn`);
- what forest and guide say of it (`InstantProposal`): from then on, whichever plane was drawn on, until it is read to
  its end. A plane that was drawn on is read at once, any other when the network has looked at it, or the run ends;
- what is shown of it: from a stroke on it until it is read, or until the network has looked at it.

The network learns from the newest strokes with its next step, whatever else is outdated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_labelfix.annotations import same_annotation
from napari_labelfix.data.tiles import middle_of
from napari_labelfix.methods.scribble2label.canvas import Canvas
from napari_labelfix.methods.scribble2label.instant_proposal import InstantProposal
from napari_labelfix.methods.scribble2label.targets import average, class_indices, with_accepted
from napari_labelfix.methods.scribble2label.trust import agreement, difference_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Plane
    from napari_labelfix.methods.scribble2label.trust import Trust


class DrawnPlane:
    """A plane with its drawing and with the voices that are heard on it.

    Parameters
    ----------
    index
        Among the planes of the task.
    plane
        The image, and what is drawn on it.
    image
        (Y, X, C) float32, normalised.
    classes
        Number of classes of the task, the background included.
    device
        Where the canvas is.

    Attributes
    ----------
    canvas
        The image, the drawing, and what is believed, on the device.
    place
        Row and column of the newest strokes.
    instant
        What forest and guide say.
    network
        The average of what the network in training says: (classes, H, W) probabilities, as each voice. None until it
        has said something.
    first_look
        What the network said before it had learned from the scribbles, if it was trained before.
    seen
        What was believed when the newest strokes were drawn, (classes, Y, X). None if it is not to be rehearsed.
    credit
        How far the network's first look was believed when it was last weighed, from 0 to 1; None if never.
    """

    def __init__(
        self, index: int, plane: Plane, image: NDArray[np.float32], classes: int, device: torch.device
    ) -> None:
        self.index = index
        self.image = image
        self._annotation = plane.annotation
        pixels = torch.from_numpy(image).permute(2, 0, 1).to(device)
        self.canvas = Canvas(pixels, *_known(plane, classes, device), classes)
        self.place = _middle(self.canvas.marked >= 0)
        self.instant = InstantProposal()
        self.network: Tensor | None = None
        self.first_look: Tensor | None = None
        self.seen: NDArray[np.float32] | None = None
        self._taken_back = False  # whether strokes were erased or changed since the forest has learned
        self.credit: float | None = None
        self._sure: float | None = None  # share of its pixels, until the belief changes

    def is_drawn_as(self, plane: Plane) -> bool:
        """Return whether what is drawn on a newer version of the plane is no other."""
        return same_annotation(self._annotation, plane.annotation)

    def redraw(self, plane: Plane, classes: int, trust: Trust) -> bool:
        """Take up what is drawn; return whether the strokes are others.

        Parameters
        ----------
        plane
            The plane as it is drawn now.
        classes
            Number of classes that are drawn on all planes.
        trust
            Is told how well the network's first look agrees with other strokes.
        """
        self._annotation = plane.annotation
        marked, taught = _known(plane, classes, self.canvas.image.device)
        before = self.canvas.marked
        self.canvas.mark(marked, taught)
        if torch.equal(before, marked):  # what is accepted is what is proposed: no news to the instant proposal
            return False
        self.place = _middle(before != marked)
        self._taken_back |= not _only_more(before, marked)
        self._weigh_first_look(trust)
        return True

    def know_classes(self, classes: int) -> None:
        """Know that there are more classes, of which the network said nothing at first."""
        self.first_look = None
        self.canvas.classes = classes

    def expect_reading(self) -> None:
        """Know that the forest learns anew; keep what is believed as what was seen when the newest strokes were drawn.

        Where some were taken back, what was seen before stays.
        """
        self.instant.outdate()
        if self.canvas.is_marked and self.canvas.belief is not None and not self._taken_back:
            self.seen = self.canvas.belief.numpy(force=True)
        self._taken_back = False

    def look_first(self, prediction: Tensor, trust: Trust) -> None:
        """Take in what a trained network says before it has learned from the scribbles: (classes, H, W)."""
        self.first_look = prediction
        self._weigh_first_look(trust)
        self.instant.confirm(prediction, trust)

    def hear(self, prediction: Tensor, weight: float) -> None:
        """Let a prediction (classes, H, W) of the network enter its average with a weight from 0 to 1."""
        before = self.network
        if before is not None and len(before) != len(prediction):
            before = None  # there are more classes than before
        self.network = average(before, prediction, weight)

    def mix(self, trust: Trust) -> Tensor:
        """Weigh instant proposal and network, and return their mean."""
        instant, network = self.instant.says, self.network
        if instant is None or network is None or len(instant) != len(network):
            only = network if instant is None else instant
            assert only is not None  # there is nothing to mix before there is one
            return only
        if self.canvas.is_marked:
            trust.note(self.index, agreement(network, self.canvas.marked))
        if self.first_look is not None:
            self.credit = trust.credit(difference_of(instant, self.first_look))
        vote = trust.vote(difference_of(instant, network))
        return instant.lerp(network, vote / (1 + vote))

    def believe(self, belief: Tensor) -> None:
        """Believe from now on what is shown, and learned from where it is sure: (classes, H, W)."""
        self.canvas.belief, self._sure = belief, None

    def _weigh_first_look(self, trust: Trust) -> None:
        if not self.canvas.is_marked:
            trust.forget(self.index)
        elif self.first_look is not None:
            trust.note_first(self.index, agreement(self.first_look, self.canvas.marked))

    def sure(self, threshold: float) -> float | None:
        """Return the share of pixels whose likeliest class is above the threshold; None where nothing is believed."""
        if self.canvas.belief is not None and self._sure is None:
            self._sure = (self.canvas.belief.amax(dim=0) > threshold).float().mean().item()
        return self._sure


def _known(plane: Plane, classes: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return what is drawn on a plane, and with it what a network learns from: (H, W) class indices."""
    drawn = class_indices(plane)
    taught = with_accepted(drawn, plane, classes)
    return torch.from_numpy(drawn).to(device), torch.from_numpy(taught).to(device)


def _middle(chosen: Tensor) -> tuple[int, int]:
    """Return the chosen pixel (H, W) nearest to the median of all; that of the plane's middle if there is none."""
    return middle_of(chosen.nonzero().numpy(force=True), (chosen.shape[0], chosen.shape[1]))


def _only_more(before: Tensor, now: Tensor) -> bool:
    """Return whether all that was drawn (H, W) is drawn still, and as it was."""
    return bool((now == before)[before >= 0].all())
