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
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import Instances, expect_room_for_new_objects
from napari_labelfix.errors import InputError
from napari_labelfix.methods.label_upgrade.changes import compare, say_counts
from napari_labelfix.methods.label_upgrade.learner import BestSoFar, Learner
from napari_labelfix.methods.label_upgrade.objects import way_to_part
from napari_labelfix.methods.label_upgrade.pages import Picture, hold_out_together, make_page, replaced
from napari_labelfix.methods.label_upgrade.upgrading import as_given, upgrade_page
from napari_labelfix.methods.smallest import news_of_smallest, smallest_object
from napari_labelfix.methods.telling import MODEL_EVERY, PROGRESS_EVERY
from napari_labelfix.networks.device import choose_device
from napari_labelfix.snapshots import Clock, Snapshot

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Iterator, Mapping, Sequence

    from napari_labelfix.annotations import Task
    from napari_labelfix.data.tiles import Tile
    from napari_labelfix.methods.label_upgrade.pages import Page
    from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
    from napari_labelfix.params import Split
    from napari_labelfix.snapshots import Change, Proposal

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
        self.pages = [make_page(plane, Picture.of(plane, self.device), params.seed) for plane in task.planes]
        hold_out_together(self.pages, params.seed)
        self._parting = self._way_to_part()
        self._unseen = set(range(len(self.pages)))  # planes of which nothing was upgraded yet
        self._changed: list[int] = []  # planes that were sent in anew and not shown since
        self._turn = 0

    @property
    def params_of_objects(self) -> LabelUpgradeParams:
        """The run's parameters, with objects as small as the right ones, and parted as these are."""
        smallest = smallest_object(self.params.minimum_size, (page.right_sizes for page in self.pages))
        return self.params.replace(minimum_size=smallest, instances=self._parting)

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
        self._parting = self._way_to_part()
        self.planes = task.planes

    @property
    def total(self) -> int:
        """Epochs of the whole run."""
        return self.params.epochs * (2 if self.params.segmentation else 1)

    def story(self) -> Iterator[Snapshot]:
        """Tell a run; what was sent in meanwhile waits in `pages`."""
        learner = Learner(self.planes[0].channels, True, self.params_of_objects, self.device)
        message = news_of_smallest(self.params.minimum_size, learner.params.minimum_size)
        for index in range(len(self.pages)):
            proposals = {index: as_given(self.pages[index], learner.predict)}
            yield Snapshot("labels as given", 0, self.total, proposals=proposals, message=message)
            message = ""
        yield from self._learn(learner)
        upgraded: dict[int, Proposal] = {}
        self._changed = [*reversed(range(len(self.pages)))]
        yield from self._upgrade_changed(learner, upgraded, self.params.epochs)
        model_of = learner
        if self.params.segmentation:
            model_of = yield from self._segment(learner, upgraded)
            yield from self._upgrade_changed(learner, upgraded, self.total)
        yield self._end(model_of, upgraded)

    def _way_to_part(self) -> Split:
        if self.params.instances != "like the right ones":
            return self.params.instances
        return way_to_part(np.where(page.trusted, page.labels, 0) for page in self.right_pages)

    def upgrade(self, index: int, learner: Learner, piece: Tile | None = None) -> Proposal:
        """Return the upgraded labels of a plane; those of a piece of it alone, if one is given."""
        self._unseen.discard(index)
        return upgrade_page(self.pages[index], learner.predict, self.params_of_objects, piece)

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
        learner = Learner(self.planes[0].channels, False, self.params_of_objects, self.device)
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
