"""Scribble2Label: train on scribbles and on predictions that stay consistent; predict other images.

Lee & Jeong, "Scribble2Label: Scribble-Supervised Cell Segmentation via Self-Generating Pseudo-Labels with
Consistency", MICCAI 2020. The loop is the paper's algorithm 1, with two additions: an instant proposal counts beside
the ensemble, and what is drawn or accepted meanwhile is taken up.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING

import torch

from napari_labelfix.methods.prediction import classify, described, params_of
from napari_labelfix.methods.scribble2label.learner import METHOD, Learner
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.proposer import make_proposal
from napari_labelfix.methods.scribble2label.session import Session
from napari_labelfix.methods.starting import saved_start
from napari_labelfix.methods.telling import MODEL_EVERY, PROGRESS_EVERY, tell_and_listen
from napari_labelfix.snapshots import Clock, Proposal, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.snapshots import Training


def train(task: Task, params: Scribble2LabelParams) -> Training:
    """Learn masks from the scribbles of a task.

    Raises
    ------
    InputError
        Before the first snapshot, if the task cannot be learned from, or not from the chosen start.
    """
    torch.manual_seed(params.seed)
    session = Session(task, params)
    saved_start(params, METHOD, session.spec)  # what is wrong with it is said now, not after the instant proposal
    return (yield from tell_and_listen(_story(session, params), task, session.annotate))


def predict(model: TrainedModel, image: NDArray[np.generic], device: str = "auto") -> Proposal:
    """Apply a trained model to one plane.

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
    params = params_of(model, Scribble2LabelParams)
    spec, _ = described(model)
    found = classify(image, model, spec, device)
    proposal = make_proposal(found.classes, found.confidence, params)
    return dataclasses.replace(proposal, probabilities=found.probabilities)


def _story(session: Session, params: Scribble2LabelParams) -> Iterator[Snapshot]:
    """Tell a run from the instant proposal to the last epoch; new scribbles wait in the session."""
    yield from _instant_proposals(session, epoch=0)
    learner = Learner(session.spec, params, session.device)
    turn = session.next_turn()
    if learner.all_trained and params.instant:
        for index in turn:
            told = partial(Snapshot, "first look", 0, params.epochs)
            session.look_first(index, (yield from _predicted(session, learner, index, told)))
            yield told(proposals={index: session.proposal(index)}, message=session.news())
    warmup_epochs = 0 if params.instant else params.warmup_epochs
    progress, models = Clock(PROGRESS_EVERY), Clock(MODEL_EVERY)
    for epoch in range(params.epochs):
        warming_up = epoch < warmup_epochs
        told = partial(Snapshot, "warm-up" if warming_up else "self-labelling", epoch, params.epochs)
        learner.start_epoch()
        canvases = [session.canvases[index] for index in turn]
        for count in learner.batches(canvases):
            if session.redrawn:
                yield from _instant_proposals(session, epoch)
            learner.know_classes(session.classes)  # of scribbles that came meanwhile, too
            loss = learner.step(canvases, count, 0 if warming_up else params.pseudo_weight)
            if progress.due():
                yield told({"loss": loss, "confident": session.confident_share()}, message=learner.news())
        if epoch % params.ensemble_interval == 0:
            learner.keep(session.credit())
            for index in turn:
                session.believe(index, (yield from _predicted(session, learner, index, told)))
                proposals = {index: session.proposal(index)}
                model = learner.model(session.params_of_objects) if models.due() else None
                yield told(proposals=proposals, message=session.news(), model=model)
            turn = session.next_turn()
    yield from _last_look(session, learner)
    metrics = {"loss": loss, "confident": session.confident_share()}
    yield Snapshot("finished", params.epochs, params.epochs, metrics, model=learner.model(session.params_of_objects))


def _predicted(
    session: Session, learner: Learner, index: int, told: Callable[[], Snapshot]
) -> Generator[Snapshot, None, Tensor]:
    """Let the network predict a plane; between tiles of a large one new scribbles are heard, and answered."""
    pieces = learner.predict(session.canvases[index])
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            prediction: Tensor = end.value
            return prediction
        heard = told()
        yield heard
        if session.redrawn:
            yield from _instant_proposals(session, heard.step)


def _instant_proposals(session: Session, epoch: int) -> Iterator[Snapshot]:
    """Show what the instant classifier makes of the scribbles, and of those that come meanwhile."""
    for index in session.instant_beliefs():
        proposals = {index: session.proposal(index)}
        yield Snapshot("instant proposal", epoch, session.params.epochs, proposals=proposals, message=session.news())


def _last_look(session: Session, learner: Learner) -> Iterator[Snapshot]:
    """Show what is believed at last of the planes whose turn has not come: at all, or since scribbles were new."""
    epochs = session.params.epochs
    while session.redrawn or session.overdue:
        yield from _instant_proposals(session, epochs)
        for index in session.overdue[:1]:
            told = partial(Snapshot, "last look", epochs, epochs)
            session.believe(index, (yield from _predicted(session, learner, index, told)))
            yield told(proposals={index: session.proposal(index)})
