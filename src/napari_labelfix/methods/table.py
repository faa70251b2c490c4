"""The table of methods. It imports no torch: the parts that compute are imported on use."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from napari_labelfix.annotations import Annotation, Boxes, FinishedInstances, Instances, Points, Scribbles, Task
from napari_labelfix.errors import InputError, choose_from
from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.p_classification.params import PClassificationParams
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.snapshots import Belief, Detections, FoundBoxes, Proposal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_labelfix.annotations import Plane
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.params import Params
    from napari_labelfix.snapshots import Training


class MethodCode(Protocol):
    """What the `run` module of a method offers."""

    def train(self, task: Task, params: Params) -> Training:
        """Learn from a task, yielding what is believed; send a changed task in, close to stop."""

    def predict(self, model: TrainedModel, image: NDArray[np.generic], device: str = "auto") -> Belief:
        """Apply a trained model to one plane, (Y, X) or (Y, X, C)."""


class Preview(Protocol):
    """Shows what the training makes of right labels."""

    def __call__(self, plane: Plane, params: Params, seed: int) -> NDArray[np.int32]:
        """Return labels (Y, X); another seed, another example."""


class Suggest(Protocol):
    """Finds an annotation to begin with, without any training."""

    def __call__(self, plane: Plane, params: Params) -> Annotation:
        """Return what can be seen in a plane by simple means."""


class Finish(Protocol):
    """Does with a trained model what a run does at its end with a plane that is annotated."""

    def __call__(self, model: TrainedModel, plane: Plane, device: str = "auto") -> Belief:
        """Return what is believed of the plane, with its annotation."""


@dataclass(frozen=True)
class Method:
    """One row: what a method is called, what it takes, and where its code is.

    Parameters
    ----------
    name
        The name in commands and files.
    title, summary, paper
        For people: the dock's title, a sentence, and the source.
    params
        Its parameters.
    annotation
        The kind of annotation it learns from.
    output
        What it proposes for a plane.
    code
        Dotted name of the module with `train` and `predict`.
    preview
        Dotted name of a module with a function `preview`, without torch: what the training makes of right labels, to
        look at before a run. "" where there is nothing to look at.
    suggest
        Dotted name of a module with a function `suggest`, without torch: an annotation to begin with, found by simple
        means. "" where a person has to draw.
    finish
        Dotted name of a module with a function `finish`, for what a run has not come to. "" where `predict` does that.
    """

    name: str
    title: str
    summary: str
    paper: str
    params: type[Params]
    annotation: type[Annotation]
    output: type[Belief]
    code: str
    preview: str = ""
    suggest: str = ""
    finish: str = ""

    def load(self) -> MethodCode:
        """Import the code that computes; this imports torch."""
        return cast("MethodCode", import_module(self.code))

    def load_preview(self) -> Preview:
        """Import the function that makes the preview."""
        return cast("Preview", import_module(self.preview).preview)

    def load_suggest(self) -> Suggest:
        """Import the function that finds an annotation to begin with."""
        return cast("Suggest", import_module(self.suggest).suggest)

    def load_finish(self) -> Finish:
        """Import the function that finishes what a run has begun; this imports torch."""
        return cast("Finish", import_module(self.finish).finish)


METHODS = {
    method.name: method
    for method in [
        Method(
            name="scribble2label",
            title="Scribble2Label",
            summary="Learns masks from a few scribbles, trusting its own labels where they stay consistent.",
            paper="Lee & Jeong, Scribble2Label: Scribble-Supervised Cell Segmentation via Self-Generating "
            "Pseudo-Labels with Consistency, MICCAI 2020.",
            params=Scribble2LabelParams,
            annotation=Scribbles,
            output=Proposal,
            code="napari_labelfix.methods.scribble2label.run",
        ),
        Method(
            name="p_classification",
            title="P-classification",
            summary="Finds all cells from points on about a tenth of them, ranking what it finds and learning from the "
            "ends.",
            paper="Fujii, Suehiro, Nishimura & Bise, Cell Detection from Imperfect Annotation by Pseudo Label "
            "Selection Using P-classification, MICCAI 2021.",
            params=PClassificationParams,
            annotation=Points,
            output=Detections,
            code="napari_labelfix.methods.p_classification.run",
        ),
        Method(
            name="label_upgrade",
            title="Label upgrade",
            summary="Turns labels of low quality into good ones, having learned how from a small part that is right.",
            paper="Vadineanu, Pelt, Dzyubachyk & Batenburg, Reducing Manual Annotation Costs for Cell Segmentation by "
            "Upgrading Low-Quality Annotations, Journal of Imaging 2024.",
            params=LabelUpgradeParams,
            annotation=Instances,
            output=Proposal,
            code="napari_labelfix.methods.label_upgrade.run",
            preview="napari_labelfix.methods.label_upgrade.preview",
            finish="napari_labelfix.methods.label_upgrade.finish",
        ),
        Method(
            name="sissi",
            title="SISSI",
            summary="Finds all cells from boxes of which some are missing or imprecise, correcting the boxes as it "
            "learns.",
            paper="Elbatel, Bornberg, Kattel, Almar, Marrocco & Bria, Seamless Iterative Semi-Supervised Correction of "
            "Imperfect Labels in Microscopy Images, DART at MICCAI 2022.",
            params=SissiParams,
            annotation=Boxes,
            output=FoundBoxes,
            code="napari_labelfix.methods.sissi.run",
            suggest="napari_labelfix.methods.sissi.weak_boxes",
        ),
        Method(
            name="hovernet_stpp",
            title="HoVer-Net + ST++",
            summary="Labels all images from a few that are finished, learning first from those without labels on which "
            "it does not waver.",
            paper="Xue, Weakly Supervised Cell Instance Segmentation for Multi-Modality Microscopy, NeurIPS 2022 "
            "challenge on cell segmentation.",
            params=HoverNetParams,
            annotation=FinishedInstances,
            output=Proposal,
            code="napari_labelfix.methods.hovernet_stpp.run",
        ),
    ]
}


def find_method(name: str) -> Method:
    """Return the method of that name.

    Raises
    ------
    InputError
        If there is none; the sentence lists those that exist.
    """
    if name not in METHODS:
        raise InputError(f"There is no method {name!r}. {choose_from(name, METHODS)}")
    return METHODS[name]
