"""The table of the kinds of output: where the dock shows each, and from which certainty on it offers to accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_labelfix.snapshots import Belief, Detections, FoundBoxes, Proposal
from napari_labelfix.widgets.results.box_layers import BoxLayers
from napari_labelfix.widgets.results.detection_layers import DetectionLayers
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers

if TYPE_CHECKING:
    from napari_labelfix.widgets.results.result_layers import ResultLayers


class OutputKind(NamedTuple):
    """The class of the result layers, and the threshold to begin with."""

    layers: type[ResultLayers]
    threshold: float


OUTPUTS: dict[type[Belief], OutputKind] = {
    Proposal: OutputKind(ProposalLayers, 0.9),
    Detections: OutputKind(DetectionLayers, 0.5),
    FoundBoxes: OutputKind(BoxLayers, 0.5),
}
