"""P-classification: all cells from points on some of them.

Fujii, Suehiro, Nishimura, Bise, "Cell Detection from Imperfect Annotation by Pseudo Label Selection Using
P-classification", MICCAI 2021. A round is the paper's: the detector learns in discs around what is known; what it
finds elsewhere is ranked; the ends of the ranking become known, too. The detector starts from weights that know cells,
so that there are detections at once, learns on through all rounds, and takes up points that are marked meanwhile.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.data.patches import plane_on
from napari_labelfix.methods.foreground import see_foreground
from napari_labelfix.methods.p_classification.candidates import find_peaks
from napari_labelfix.methods.p_classification.detector import Detector, predict_heatmap
from napari_labelfix.methods.p_classification.masks import asked_for_masks
from napari_labelfix.methods.p_classification.params import PClassificationParams
from napari_labelfix.methods.p_classification.selection import Selection
from napari_labelfix.methods.p_classification.session import Session
from napari_labelfix.methods.prediction import described, load_network, params_of
from napari_labelfix.methods.telling import MODEL_EVERY, PROGRESS_EVERY, tell_and_listen
from napari_labelfix.snapshots import Clock, Detections, PointRole, Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.snapshots import Training

SMOOTHING = 10  # steps whose mean loss is told: one of a few crops says little


def train(task: Task, params: PClassificationParams) -> Training:
    """Learn where cells are from points on some of them.

    Raises
    ------
    InputError
        Before the first snapshot, if the task cannot be learned from, or not from the chosen start.
    """
    torch.manual_seed(params.seed)
    session = Session(task, params)
    return (yield from tell_and_listen(_story(session, params), task, session.annotate))


def predict(model: TrainedModel, image: NDArray[np.generic], device: str = "auto") -> Detections:
    """Apply a trained model to one plane; cells have the radius of those that it was trained on.

    Parameters
    ----------
    model
        What `train` returned.
    image
        (Y, X) or (Y, X, C) with as many channels as the model has seen.
    device
        Where to compute.

    Raises
    ------
    ModelError
        If the image has another number of channels, or the description or the weights are damaged.
    """
    params = params_of(model, PClassificationParams)
    spec, (radius, level) = described(model, "radius", "level")
    network, where = load_network(image, model, spec, device)
    plane = plane_on(where, image)
    heatmap = predict_heatmap(network, plane) / np.float32(level)
    positions, scores = find_peaks(heatmap, radius, params.threshold)
    roles = np.full(len(positions), PointRole.DETECTED, np.uint8)
    reliefs = {"heatmap": lambda: heatmap, "foreground": lambda: see_foreground(plane)}
    labels = asked_for_masks(params.masks, reliefs, positions, roles, radius)
    return Detections(positions, scores.clip(0, 1), roles, radius, heatmap.clip(0, 1), labels)


def _story(session: Session, params: PClassificationParams) -> Iterator[Snapshot]:
    """Tell a run from the first look to the last round; changed points wait in the session."""
    start, detector = (Detector(session.channels, params, session.device) for _ in range(2))
    total = (params.rounds + 1) * params.epochs + params.rounds
    if start.all_trained:
        yield from _look(session, start, partial(Snapshot, "first look", 0, total))
        session.remember_first_look()
    yield Snapshot("first look" if start.all_trained else "round 0: detector", 0, total, message=start.origin)
    for number in range(params.rounds + 1):
        yield from _train_detector(session, detector, number, total)
        step = (number + 1) * params.epochs + number
        yield from _look(session, detector, partial(Snapshot, f"round {number}: detections", step, total))
        found = Snapshot(f"round {number}: detections", step, total, session.found_of_marked())
        yield dataclasses.replace(found, model=_model(detector, session))
        if session.is_unheeded:
            detector.hurry()
        if number < params.rounds:
            network = start.network if start.all_trained else detector.network
            yield from _choose(session, network, partial(Snapshot, total=total), number, step)
    while session.redrawn:
        yield from _show(session, partial(Snapshot, f"round {params.rounds}: detections", total, total))
    yield Snapshot("finished", total, total, model=_model(detector, session))


def _train_detector(session: Session, detector: Detector, number: int, total: int) -> Iterator[Snapshot]:
    progress, models = Clock(PROGRESS_EVERY), Clock(MODEL_EVERY)
    first = number * (session.params.epochs + 1)
    lessons = session.lessons()
    recent: deque[float] = deque(maxlen=SMOOTHING)
    for epoch in range(session.params.epochs):
        told = partial(Snapshot, f"round {number}: detector", first + epoch, total)
        for count in detector.batches(lessons):
            if session.redrawn:
                lessons = session.lessons()
                yield from _show(session, told)
            recent.append(detector.step(lessons, count))
            if progress.due():
                model = _model(detector, session) if models.due() else None
                yield told({"loss": fmean(recent)}, message=detector.news(), model=model)


def _look(session: Session, detector: Detector, told: partial[Snapshot]) -> Iterator[Snapshot]:
    """Predict every plane and show what is found."""
    for index in session.look(detector):
        yield told(proposals={index: session.detections(index)})


def _show(session: Session, told: partial[Snapshot]) -> Iterator[Snapshot]:
    """Show changed points at once, in what was found before."""
    session.redrawn = False
    for index in session.marked_first:
        yield told(proposals={index: session.detections(index)})


def _choose(
    session: Session, network: torch.nn.Module, told: partial[Snapshot], number: int, step: int
) -> Iterator[Snapshot]:
    """Choose pseudo-labels among what was found, and show them."""
    selection = Selection(session)
    if not selection.is_possible:
        message = "Nothing but what is marked has been found, so there is nothing to choose from."
        yield told(f"round {number}: ranking", step, message=message)
        return
    progress = Clock(PROGRESS_EVERY)
    for _ in selection.learn(network):
        if progress.due():
            yield told(f"round {number}: classifier", step)
    ranking = selection.choose()
    yield told(f"round {number}: ranking", step, metrics=selection.metrics, ranking=ranking)
    for index in session.marked_first:
        yield told(f"round {number}: ranking", step, proposals={index: session.detections(index)})


def _model(detector: Detector, session: Session) -> TrainedModel:
    model = detector.model()
    return dataclasses.replace(model, network={**model.network, "radius": session.radius, "level": session.level})
