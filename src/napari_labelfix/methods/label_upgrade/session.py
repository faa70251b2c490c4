"""A run from the labels as they were given to the upgraded ones.

A story stands still at each `yield`, and only then something may be sent in: `annotate` puts a new page in the place of
each plane that is labelled otherwise, and changes which objects of the others are held out. So after a `yield` whoever
needs a page takes it from `pages` again, and what was made of several before stays as it was made:

- the right pages from which steps are taken, and what they are measured on: they are chosen at the beginning of an
  epoch, and again as soon as a step is done and what was sent in is shown;
- for the second network the same pages with all that was upgraded with confidence: a page is made anew where the plane
  was upgraded again, or where other objects are held out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.annotations import Instances, expect_room_for_new_objects
from napari_labelfix.errors import InputError
from napari_labelfix.methods.label_upgrade.changes import compare, say_counts
from napari_labelfix.methods.label_upgrade.learner import BestSoFar, Learner
from napari_labelfix.methods.label_upgrade.outlines import upgraded_objects
from napari_labelfix.methods.label_upgrade.pages import Picture, hold_out_together, make_page, replaced
from napari_labelfix.methods.label_upgrade.perturbations import chosen_perturbation
from napari_labelfix.methods.prediction import UNSURE
from napari_labelfix.methods.telling import MODEL_EVERY, PROGRESS_EVERY
from napari_labelfix.networks.device import choose_device
from napari_labelfix.snapshots import Change, Clock, Proposal, Snapshot

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.data.tiles import Tile
    from napari_labelfix.methods.label_upgrade.pages import Page
    from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams

FIRST_SHOWN = 1.0  # seconds of learning; by then labels of every kind of error were better than before
SHOW_EVERY = 3.0
SEGMENTING = "learning to segment"


class Session:
    """Everything about the planes of one run.

    Parameters
    ----------
    task
        Planes with `Instances`, some of them trusted somewhere, and planes without.
    params
        The run's parameters.

    Raises
    ------
    InputError
        If the task cannot be learned from.
    """

    def __init__(self, task: Task, params: LabelUpgradeParams) -> None:
        task.check()
        expect_right_part(task)
        self.params = params
        self.device = choose_device(params.device)
        self.planes = task.planes
        self._right_outlines = chosen_perturbation(params).right_outlines
        self.pages = [make_page(plane, Picture.of(plane, self.device), params.seed) for plane in task.planes]
        hold_out_together(self.pages, params.seed)
        self._unseen = set(range(len(self.pages)))  # planes of which nothing was upgraded yet
        self._changed: list[int] = []  # planes that were sent in anew and not shown since
        self._turn = 0

    @property
    def right_pages(self) -> tuple[Page, ...]:
        """The pages that there is something to learn from, or to measure on."""
        return tuple(page for page in self.pages if page.area() or page.area(held_out=True))

    def annotate(self, task: Task) -> None:
        """Take up labels or a right part that were changed meanwhile.

        Raises
        ------
        InputError
            If they cannot be learned from; then they change nothing.
        """
        task.check()
        expect_right_part(task)
        for index, plane in task.changed_since(self.planes):
            self.pages[index] = make_page(plane, self.pages[index].picture, self.params.seed)
            self._changed.append(index)
        hold_out_together(self.pages, self.params.seed)
        self.planes = task.planes

    @property
    def total(self) -> int:
        """Epochs of the whole run."""
        return self.params.epochs * (2 if self.params.segmentation else 1)

    def story(self) -> Iterator[Snapshot]:
        """Tell a run; what was sent in meanwhile waits in `pages`."""
        learner = Learner(self.planes[0].channels, True, self.params, self.device)
        for index in range(len(self.pages)):
            yield Snapshot("labels as given", 0, self.total, proposals={index: self._as_given(index, learner)})
        yield from self._learn(learner)
        upgraded: dict[int, Proposal] = {}
        self._changed = [*reversed(range(len(self.pages)))]
        yield from self._upgrade_changed(learner, upgraded, self.params.epochs)
        model_of = learner
        if self.params.segmentation:
            model_of = yield from self._segment(learner, upgraded)
            yield from self._upgrade_changed(learner, upgraded, self.total)
        yield self._end(model_of, upgraded)

    def upgrade(self, index: int, learner: Learner, piece: Tile | None = None) -> Proposal:
        """Return the upgraded labels of a plane; where they were right they are as they were.

        Of a large plane a piece may be upgraded alone; outside of it they are as given.
        """
        self._unseen.discard(index)
        page = self.pages[index]
        tile = piece or page.whole
        given, trusted = page.labels[tile.read], page.trusted[tile.read]
        foreground = _foreground(page, learner, tile)
        edges = page.picture.edges(piece.read if piece else None)
        found = upgraded_objects(foreground, given, trusted, edges, self.params.minimum_size, self._right_outlines)
        if piece:  # there are higher ids elsewhere
            found[(found > 0) & ~np.isin(found, given)] += page.labels.max() - given.max(initial=0)
        labels, changes = page.labels.copy(), np.full(page.labels.shape, Change.NONE, np.uint8)
        labels[tile.keep] = np.where(trusted, given, found)[tile.inner]
        changes[tile.keep] = compare(page.labels[tile.keep], labels[tile.keep]).codes
        seen = _proposal(page, labels, np.maximum(foreground, 1 - foreground)[tile.inner], tile)
        return replace(seen, changes=changes, partial=piece is not None)

    def _next_look(self, learner: Learner) -> dict[int, Proposal]:
        """Return the upgraded labels of the next plane; those of a piece of it if it is large and was not seen yet."""
        index = self._next()
        piece = self.pages[index].first_piece() if index in self._unseen else None
        return {index: self.upgrade(index, learner, piece)}

    def _learn(self, learner: Learner) -> Iterator[Snapshot]:
        """Train until held-out right labels gain no more, showing planes in turn; end with the best weights."""
        progress, models = Clock(PROGRESS_EVERY), Clock(MODEL_EVERY)
        best = BestSoFar(learner, self.right_pages, self.params.patience)
        shown = Clock(SHOW_EVERY, FIRST_SHOWN)
        for epoch in range(self.params.epochs):
            told = partial(Snapshot, "learning", epoch, self.total)
            pages = self.right_pages
            for _ in range(learner.steps(pages)):
                loss = learner.step(pages)
                if self._changed:
                    yield from (told(proposals={index: self.upgrade(index, learner)}) for index in self._take_changed())
                    pages = self.right_pages  # an epoch of a large plane takes long: the next step learns from these
                    best = BestSoFar(learner, pages, self.params.patience)
                if shown.due():
                    seen = self._next_look(learner)
                    shown.done()  # of a large plane it takes longer than many steps
                    yield told({"loss": loss}, seen, message=learner.news())
                elif progress.due():
                    model = best.model() if models.due() else None
                    yield told({"loss": loss}, model=model, message=learner.news())
            yield told({"loss": loss} | best.note(), model=best.model() if models.due() else None)
            if best.stays:
                break
        best.restore()

    def _upgrade_changed(
        self, learner: Learner, upgraded: dict[int, Proposal], step: int
    ) -> Generator[Snapshot, None, set[int]]:
        """Upgrade the planes that were sent in anew since, and those that are meanwhile; return which these were."""
        again = set()
        for index in self._take_changed():
            upgraded[index] = self.upgrade(index, learner)
            again.add(index)
            yield Snapshot("upgrading", step, self.total, proposals={index: upgraded[index]})
        return again

    def _segment(self, upgrader: Learner, upgraded: dict[int, Proposal]) -> Generator[Snapshot, None, Learner]:
        """Train a network that takes no labels on what is right or was upgraded with confidence, and return it."""
        learner = Learner(self.planes[0].channels, False, self.params, self.device)
        progress, models = Clock(PROGRESS_EVERY), Clock(MODEL_EVERY, MODEL_EVERY)
        pages = tuple(self._certain(index, upgraded) for index in range(len(self.pages)))
        best = BestSoFar(learner, pages, self.params.patience)
        for epoch in range(self.params.epochs):
            step = self.params.epochs + epoch
            for _ in range(learner.steps(pages)):
                loss = learner.step(pages)
                if self._changed:
                    again = yield from self._upgrade_changed(upgrader, upgraded, step)
                    pages = self._certain_again(pages, again, upgraded)
                    best = BestSoFar(learner, pages, self.params.patience)
                if progress.due():
                    model, metrics = best.model() if models.due() else None, {"segmentation loss": loss}
                    yield Snapshot(SEGMENTING, step, self.total, metrics, model=model, message=learner.news())
            best.note()
            if best.stays:
                break
        best.restore()
        return learner

    def _certain(self, index: int, upgraded: Mapping[int, Proposal]) -> Page:
        """Return a page of which all is right that was upgraded with confidence."""
        return replaced(self.pages[index], upgraded[index].labels, ~upgraded[index].ignored)

    def _certain_again(
        self, before: Sequence[Page], again: Container[int], upgraded: Mapping[int, Proposal]
    ) -> tuple[Page, ...]:
        """Return pages from `_certain`, made anew where a plane was upgraded again, or others are held out."""

        def is_other(index: int) -> bool:
            return index in again or before[index].held_out is not self.pages[index].held_out

        return tuple(self._certain(index, upgraded) if is_other(index) else page for index, page in enumerate(before))

    def _end(self, learner: Learner, upgraded: Mapping[int, Proposal]) -> Snapshot:
        counts: Counter[Change] = Counter()
        for index, page in enumerate(self.pages):
            counts.update(compare(page.labels, upgraded[index].labels).counts)
        message = f"Upgraded: {say_counts(counts)}."
        return Snapshot("finished", self.total, self.total, model=learner.model(), message=message)

    def _take_changed(self) -> Iterator[int]:
        while self._changed:
            yield self._changed.pop()

    def _next(self) -> int:
        self._turn += 1
        return (self._turn - 1) % len(self.pages)

    def _as_given(self, index: int, learner: Learner) -> Proposal:
        """Return the labels as they are, each pixel as credible as the network finds it at first sight.

        Of a large plane it looks at a piece.
        """
        page = self.pages[index]
        piece = page.first_piece()
        tile = piece or page.whole
        foreground = _foreground(page, learner, tile)[tile.inner]
        confidence = np.where(page.labels[tile.keep] > 0, foreground, 1 - foreground)
        return replace(_proposal(page, page.labels.copy(), confidence, tile), partial=piece is not None)


def _proposal(page: Page, labels: NDArray[np.int32], confidence: NDArray[np.float32], seen: Tile) -> Proposal:
    """Return labels (Y, X) of a page as a proposal, with how sure is what was seen (y, x); nothing is of the rest."""
    credible = np.full(labels.shape, 0.5, np.float32)
    credible[seen.keep] = confidence
    credible[page.trusted] = 1
    nothing = np.full(labels.shape, Change.NONE, np.uint8)
    return Proposal(labels, (labels > 0).astype(np.uint8), credible, credible < UNSURE, changes=nothing)


def expect_right_part(task: Task) -> None:
    """Raise `InputError` if there is nothing to learn from."""
    given = [plane.annotation for plane in task.planes if isinstance(plane.annotation, Instances)]
    if not given:
        raise InputError("There are no labels. Choose the labels that are to be upgraded.")
    expect_room_for_new_objects(task)
    if not any(part.known().any() for part in given):
        raise InputError(
            "Nothing says which labels are right. Mark a part in which every object is labelled and outlined well."
        )
    if not any(part.teaches for part in given):
        raise InputError("There is no object in the part that is right. Correct some objects there, or mark another.")


def _foreground(page: Page, learner: Learner, tile: Tile) -> NDArray[np.float32]:
    """Return (Y, X) the probability of an object in a tile, as seen in the image and in the labels as given."""
    given = torch.from_numpy((page.labels[tile.read] > 0).astype(np.float32)).unsqueeze(0).to(page.image.device)
    probability: NDArray[np.float32] = learner.predict(page.image[:, *tile.read], given)[1].numpy(force=True)
    return probability
