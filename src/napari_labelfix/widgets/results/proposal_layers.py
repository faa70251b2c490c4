"""The layers of a method that proposes labels: proposal, confidence, ignored, and the changes to given labels."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Instances
from napari_labelfix.review.objects import describe_objects
from napari_labelfix.snapshots import Change, Proposal
from napari_labelfix.widgets.results.proposed_objects import ProposedObjects
from napari_labelfix.widgets.results.result_layers import LegendEntry, ResultLayers
from napari_labelfix.widgets.viewer import looks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.review.objects import Objects
    from napari_labelfix.snapshots import Belief


class ProposalLayers(ResultLayers):
    """See `ResultLayers`."""

    main = "proposal"
    makers = MappingProxyType(
        {"confidence": looks.make_confidence, "ignored": looks.make_ignored, "proposal": looks.make_proposal}
    )
    optional_makers = MappingProxyType({"changes": looks.make_changes})

    def __init__(self, viewer: ViewerModel, image: Layer, method: str) -> None:
        super().__init__(viewer, image, method)
        self._objects = ProposedObjects(len(self.planes), partial(self.layer, "proposal"))
        self._removed: dict[int, int] = {}  # how many objects that were given are gone, by plane
        self._growing: set[int] = set()  # planes that this run shows before it has looked at all of them

    @property
    def has_proposal(self) -> bool:
        """Whether anything was proposed for this image, and its layer is still there."""
        return bool(self._objects)

    def write(self, beliefs: Mapping[int, Belief], task: Task | None = None) -> None:
        """Show proposals, by the index of their plane."""
        found = {plane: belief for plane, belief in beliefs.items() if isinstance(belief, Proposal)}
        proposals = {plane: proposal for plane, proposal in found.items() if self._takes_nothing_away(plane, proposal)}
        self._write_pixels(proposals)
        for plane, proposal in proposals.items():
            given = task.planes[plane].annotation if task is not None else None
            before = given.labels if isinstance(given, Instances) else None
            self._objects.note(plane, partial(describe_objects, proposal, before))
            if before is not None and proposal.changes is not None:
                self._removed[plane] = np.unique(before[proposal.changes == Change.REMOVED]).size

    def create(self) -> None:
        """Add those of the layers that are missing."""
        super().create()
        self._growing.clear()

    def _takes_nothing_away(self, plane: int, proposal: Proposal) -> bool:
        """Whether to show a proposal: one that is partial waits where an earlier run has proposed objects.

        Otherwise these would be gone for a while, and what a person has decided about them for good.
        """
        if not proposal.partial:
            self._growing.discard(plane)
        elif plane not in self._growing:
            layer = self.layer("proposal")
            if layer is not None and layer.data[self.planes[plane]].any():
                return False
            self._growing.add(plane)
        return True

    def objects(self) -> dict[int, Objects]:
        """Return the proposed objects of each plane that has a proposal, with the ids of the layer."""
        return self._objects.described()

    def legend(self) -> Sequence[LegendEntry]:
        """Return the kinds of change; nothing where no labels were given."""
        if self.layer("changes") is None:
            return []
        objects = self.objects()
        kinds = np.concatenate([np.zeros(0, np.int64), *(one.changes for one in objects.values())])
        counts = np.bincount(kinds, minlength=len(Change))
        counts[Change.REMOVED] = sum(self._removed.get(plane, 0) for plane in objects)
        return [LegendEntry(color, change.name.lower(), int(counts[change])) for change, color in _CHANGES]

    def _write_pixels(self, proposals: Mapping[int, Proposal]) -> None:
        changes = any(proposal.changes is not None for proposal in proposals.values())
        targets = {role: self.layer(role) for role in self.makers if role != self.main}
        if changes and "changes" in self._awaited and (proposal := self.layer("proposal")) is not None:
            proposal.colormap = looks.plain_outlines(self.image)
        targets["changes"] = self._wanted("changes") if changes else None
        there = {role: layer for role, layer in targets.items() if layer is not None}
        self._objects.show({plane: (self.planes[plane], proposal.labels) for plane, proposal in proposals.items()})
        for plane, proposal in proposals.items():
            for role, layer in there.items():
                self._show(layer, self.planes[plane], getattr(proposal, role))
        for layer in there.values():
            layer.refresh(extent=False, thumbnail=False)  # the list of layers would be painted each time, too

    def _show(self, layer: Layer, index: tuple[int, ...], values: NDArray[np.generic] | None) -> None:
        layer.data[index] = 0 if values is None else values


_CHANGES = list(looks.CHANGE_COLORS.items())
