"""A run of SISSI: learning early from the boxes that were given, and then from those that it corrects itself."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.annotations import Boxes, FinishedInstances
from napari_labelfix.methods.sissi.beginning import begin
from napari_labelfix.methods.sissi.early_learning import slowdown
from napari_labelfix.methods.sissi.fusion import NOTHING, Scored, with_certain
from napari_labelfix.methods.sissi.learner import Learner, choose_start, spec_of
from napari_labelfix.methods.sissi.pages import (
    boxes_of_plane,
    finished_boxes,
    finished_page,
    finished_part,
    is_finished,
    no_cells_of_plane,
    synthetic_pages,
    target_page,
)
from napari_labelfix.methods.sissi.proposals import (
    are_denied,
    as_finished,
    boxes_told,
    partly_told,
    with_finished_part,
)
from napari_labelfix.methods.sissi.synthetic import synthetic_like
from napari_labelfix.methods.telling import MODEL_EVERY, PROGRESS_EVERY
from napari_labelfix.metrics.boxes import box_scores
from napari_labelfix.metrics.overlap import CARELESS_BOX, overlapping_any
from napari_labelfix.networks.device import choose_device
from napari_labelfix.networks.faster_rcnn import SIZES
from napari_labelfix.snapshots import Clock, Snapshot

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.sissi.pages import Page, TargetPage
    from napari_labelfix.methods.sissi.params import SissiParams
    from napari_labelfix.snapshots import FoundBoxes

PATIENCE = 3  # epochs without a lower source loss, after which the lowest has been seen
EARLY, LATE = "early learning", "correcting boxes"


class Session:
    """Everything about the planes of one run.

    Parameters
    ----------
    task
        Planes with `Boxes`, or without; planes with `FinishedInstances` are the source of good boxes, and where there
        are none, made-up cells are. The rest of one that is finished in part is labelled.
    params
        The run's parameters.

    Raises
    ------
    InputError
        If the task cannot be learned from, or not from the chosen start.
    """

    def __init__(self, task: Task, params: SissiParams) -> None:
        task.check()
        self.params = params
        self.device = choose_device(params.device)
        self.planes, self._suggested, self.cell, self._begun = begin(task.planes, params)
        spec = spec_of(params, task.planes[0].channels)
        self._learner = Learner(choose_start(spec, params), spec, params, self.device)
        self._wanted = SIZES[params.encoder]
        self.pages = [target_page(plane, self.cell, self._wanted, self.device) for plane in self.planes]
        self.found: list[Scored] = [NOTHING] * len(self.pages)
        self._changed: list[int] = []  # planes that were sent in anew and not shown since
        self._agreement: list[float] = []  # with the given boxes, after each epoch of early learning

    @cached_property
    def source(self) -> list[Page]:
        """Planes with good boxes."""
        finished = (finished_page(plane, self._wanted, self.device) for plane in self.planes)
        own = [page for page in finished if page is not None]
        channels = self.planes[0].channels
        return own or synthetic_pages(channels, self._wanted, self.params.seed, self.device)

    @property
    def checked(self) -> list[Page]:
        """Planes with good boxes that the learning is checked on: a quarter."""
        return self.source[: max(1, len(self.source) // 4)]

    @property
    def lessons(self) -> list[Page]:
        """Planes with good boxes that are learned from: the others, if there are any."""
        return self.source[len(self.checked) :] or self.source

    @property
    def target(self) -> list[int]:
        """Indices of the planes to label: all that are not finished."""
        return [index for index, plane in enumerate(self.planes) if not is_finished(plane)]

    def annotate(self, task: Task) -> None:
        """Take up boxes that were drawn or removed meanwhile, and planes that were finished or corrected.

        Raises
        ------
        InputError
            If they cannot be learned from; then they change nothing.
        """
        task.check()
        for index, now in task.changed_since(self.planes):
            before = self.planes[index]
            if any(isinstance(plane.annotation, FinishedInstances) for plane in (before, now)):
                self.__dict__.pop("source", None)  # it is made again when it is needed
            elif not isinstance(now.annotation, Boxes):
                continue
            self.planes[index] = replace(before, annotation=now.annotation)
            if not is_finished(now):
                wrong, suggested = no_cells_of_plane(now), self._suggested[index]
                corners = np.concatenate([suggested[~are_denied(suggested, wrong)], boxes_of_plane(now)])
                self.pages[index].redraw(corners, wrong)
                self.pages[index].label_part(finished_part(now), finished_boxes(now))
            self._changed.append(index)

    def story(self) -> Iterator[Snapshot]:
        """Tell a run; what was sent in meanwhile waits in the pages."""
        learner, total = self._learner, self.params.epochs
        for index, plane in enumerate(self.planes):
            if is_finished(plane):
                yield Snapshot("first look", 0, total, proposals={index: self.propose(index)}, message=self._news())
        yield from self._first_look()
        epoch = yield from self._learn_early()
        while epoch < total:
            told = partial(Snapshot, LATE, epoch, total)
            for index in self.target:
                yield from self._correct(index, told)
                yield told(proposals={index: self.propose(index, with_image=True)}, message=self._news())
                yield from self._show_changed(told)
            yield from self._train(self.target, told)
            yield told({"source loss": learner.check(self.checked)})
            epoch += 1
        told = partial(Snapshot, "last look", total, total)
        for index in self.target:
            yield from self._look(index, told, thorough=True)
            yield told(proposals={index: self.propose(index, with_image=True)})
            yield from self._show_changed(told)
        yield Snapshot("finished", total, total, model=learner.model(self.cell))

    def propose(self, index: int, with_image: bool = False) -> FoundBoxes:
        """Return the boxes of a plane as they were last found, with those that a person has drawn since the start.

        In a finished plane, or part of one, they are those of the cells that a person has labelled.
        """
        page, plane = self.pages[index], self.planes[index]
        finished = plane.annotation if isinstance(plane.annotation, FinishedInstances) else None
        if finished is not None and is_finished(plane):
            return as_finished(finished, self.params.masks)
        found = _known(page, self.found[index])
        foreground = page.foreground if self.params.masks == "foreground" else None
        told = boxes_told(found, page.believed, page.scale, plane.shape, foreground)
        told = told if finished is None else with_finished_part(told, finished)
        return replace(told, training_image=self._training_image(index)) if with_image else told

    def _first_look(self) -> Iterator[Snapshot]:
        """Show what a detector that knows cells finds before any training."""
        total = self.params.epochs
        if not self._learner.all_trained:
            yield Snapshot("starting", 0, total, message=self._news())
            return
        told = partial(Snapshot, "first look", 0, total)
        for index in self.target:
            yield from self._look(index, told)
            yield told(proposals={index: self.propose(index)}, message=self._news())

    def _learn_early(self) -> Generator[Snapshot, None, int]:
        """Learn from the boxes as they were given, until they are not to be trusted further; return the epochs."""
        learner, total = self._learner, self.params.epochs
        losses: list[float] = []
        best = None
        limit = total if self.params.correction == "never" else max(1, total // 2)
        for epoch in range(limit):
            told = partial(Snapshot, EARLY, epoch, total)
            boxed = [index for index in self.target if len(self.pages[index].given)]
            yield from self._train(boxed, told)
            for index in self.target:
                yield from self._look(index, told)
                yield told(proposals={index: self.propose(index)})
                yield from self._show_changed(told)
            losses.append(learner.check(self.checked))
            self._agreement.append(self._agree(boxed))
            slower = slowdown(self._agreement)
            yield told({"source loss": losses[-1], "agreement with given": self._agreement[-1], "slow-down": slower})
            if losses[-1] == min(losses):
                best = learner.remember() if self.params.correction == "at the lowest source loss" else None
            if self.params.correction == "when learning slows down" and slower >= self.params.slowdown:
                break
            if best is not None and len(losses) - 1 - int(np.argmin(losses)) >= PATIENCE:
                break
        if best is not None:
            learner.recall(best)
        return epoch + 1

    def _train(self, indices: Sequence[int], told: partial[Snapshot]) -> Iterator[Snapshot]:
        progress, models = Clock(PROGRESS_EVERY), Clock(MODEL_EVERY)
        recent: list[float] = []
        pages = [self.pages[index] for index in indices]
        for loss in self._learner.epoch(pages, self.lessons):
            recent.append(loss)
            yield from self._show_changed(told)
            if progress.due():
                model = self._learner.model(self.cell) if models.due() else None
                yield told({"loss": fmean(recent)}, message=self._news(), model=model)
                recent.clear()

    def _show_changed(self, told: partial[Snapshot]) -> Iterator[Snapshot]:
        """Show the planes that were sent in anew since they were last shown."""
        while self._changed:
            index = self._changed.pop()
            yield told(proposals={index: self.propose(index, with_image=True)})

    def _news(self) -> str:
        """Return what there is to say and has not been told yet."""
        news, self._begun = [self._learner.news(), self._begun], ""
        return " ".join(filter(None, news))

    def _look(self, index: int, told: partial[Snapshot], thorough: bool = False) -> Iterator[Snapshot]:
        """Find the boxes of a plane; of a large one this takes long, and what is drawn meanwhile is shown at once.

        Where nothing is known of it yet, a piece is shown first.
        """
        page, plane = self.pages[index], self.planes[index]
        if self.found[index] is NOTHING and (found := self._learner.find_first(page.image, page.place)) is not None:
            seen = boxes_told(_known(page, found), page.believed, page.scale, plane.shape, None)
            yield told(proposals={index: partly_told(seen)}, message=self._news())
        progress = Clock(PROGRESS_EVERY, PROGRESS_EVERY)
        finding = self._learner.find(page.image, thorough)
        while True:
            try:
                next(finding)
            except StopIteration as end:
                self.found[index] = end.value
                return
            if self.found[index] is not NOTHING:  # at first look nothing is known of other planes, too
                yield from self._show_changed(told)
            if progress.due():
                yield told(message=self._news())

    def _correct(self, index: int, told: partial[Snapshot]) -> Iterator[Snapshot]:
        """Put what is found in twenty views of a plane into the place of its boxes, and hide what is not known."""
        page = self.pages[index]
        yield from self._look(index, told, thorough=True)
        known = _known(page, self.found[index])
        found = known.taken(known.scores >= self.params.learned_score).corners
        lost = page.believed[~overlapping_any(page.believed, found, CARELESS_BOX)]
        page.corners = np.concatenate([found, lost]) if self.params.keep_given else found
        page.corrected = True
        if self.params.background != "as it is":
            image = page.image.permute(1, 2, 0).numpy(force=True)
            sure = np.concatenate([page.corners, page.negatives])  # what is no cell is seen, so as to be told apart
            made = torch.from_numpy(synthetic_like(image, sure, self.params.background))
            page.shown = made.permute(2, 0, 1).to(self.device)

    def _agree(self, indices: Sequence[int]) -> float:
        """Return the AP50 of what is found against the boxes that were given."""
        found = [(self.found[index].corners, self.found[index].scores) for index in indices]
        given = [self.pages[index].given for index in indices]
        return box_scores(found, given).ap50 if sum(map(len, given)) else 0.0

    def _training_image(self, index: int) -> NDArray[np.uint8] | None:
        """Return what is learned from in the place of a plane, in its size and form."""
        page, plane = self.pages[index], self.planes[index]
        if page.shown is None:
            return None
        size = torch.nn.functional.interpolate(page.shown[None], plane.shape, mode="bilinear", align_corners=False)
        grey = (255 * size[0].clamp(0, 1)).round().byte().permute(1, 2, 0).numpy(force=True)
        return grey if plane.image.ndim == 3 else grey[..., 0]


def _known(page: TargetPage, found: Scored) -> Scored:
    """Return what was found in a page, as far as a person has not said otherwise, and what they are sure of."""
    doubtless = found.taken(~are_denied(found.corners, page.negatives) & ~page.in_known(found.corners))
    return with_certain(doubtless, page.certain)
