"""A run of HoVer-Net + ST++: from what is labelled to the reliable images, and from these to all.

A story stands still at each `yield`, and only then something may be sent in: `annotate` puts a new page in the place of
each one that is labelled otherwise, and with that it may go from the `labelled` to the `unlabelled` planes or back.
Pages themselves never change. So after a `yield` whoever needs a page takes it from `pages` again, and what was made of
several before stays as it was made:

- `Lessons`, from which steps are taken: they are made at the beginning of an epoch, and again as soon as a step is done
  and what was sent in is shown;
- the planes that are looked at in a row: each is shown once, as it is labelled when its turn comes;
- what the network has found at the end of a training, and the pages with it to learn from: only those get into lessons
  in which nobody has labelled anything meanwhile.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.annotations import FinishedInstances, expect_room_for_new_objects
from napari_labelfix.errors import InputError
from napari_labelfix.methods.hovernet_stpp.instances import as_given, of_a_piece, proposal_of, with_given
from napari_labelfix.methods.hovernet_stpp.learner import Learner, choose_start, spec_of
from napari_labelfix.methods.hovernet_stpp.pages import Lessons, make_page
from napari_labelfix.methods.hovernet_stpp.reliability import most_reliable, stability
from napari_labelfix.methods.smallest import news_of_smallest, smallest_object
from napari_labelfix.methods.telling import MODEL_EVERY, PROGRESS_EVERY
from napari_labelfix.networks.device import choose_device
from napari_labelfix.snapshots import Clock, Ranking, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.hovernet_stpp.pages import Page
    from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams
    from napari_labelfix.snapshots import Proposal

FIRST_SHOWN = 1.0  # seconds of training: not at the first step, when nothing has been learned
SHOW_EVERY = 2.0
MOST_NAMES = 20  # of images in a message
FIRST, RELIABLE, ALL = "learning from the labels", "learning from reliable images", "learning from all images"


class Session:
    """Everything about the planes of one run.

    Parameters
    ----------
    task
        Planes with `FinishedInstances`, and planes without.
    params
        The run's parameters.

    Raises
    ------
    InputError
        If the task cannot be learned from, or not from the chosen start.
    """

    def __init__(self, task: Task, params: HoverNetParams) -> None:
        task.check()
        expect_labels(task)
        self.params = params
        self.device = choose_device(params.device)
        self.planes = task.planes
        self.pages = [make_page(plane, self.device) for plane in task.planes]
        self._spec = spec_of(params, task.planes[0].channels)
        self._start = choose_start(self._spec, params)
        self._found: dict[int, NDArray[np.integer]] = {}  # by plane, at the end of the last training
        self._states: dict[int, list[NDArray[np.integer]]] = {}  # by plane, at the checkpoints of the first training
        self._unseen = set(range(len(self.pages)))  # planes that were not looked at as a whole yet
        self._changed: list[int] = []  # planes that were sent in anew and not shown since
        self._stages = self._plan()
        self._total = len(self._stages) * params.epochs
        self._done = 0  # epochs
        self._turn = 0

    @property
    def params_of_objects(self) -> HoverNetParams:
        """The run's parameters, with a smaller smallest object if the right ones ask for it."""
        smallest = smallest_object(self.params.minimum_size, (page.right_sizes for page in self.pages))
        return self.params.replace(minimum_size=smallest)

    @property
    def labelled(self) -> list[int]:
        """Indices of the planes that there are labels to learn from in."""
        return [index for index, page in enumerate(self.pages) if page.area]

    @property
    def unlabelled(self) -> list[int]:
        """Indices of the planes without labels."""
        return [index for index, page in enumerate(self.pages) if not page.area]

    def annotate(self, task: Task) -> None:
        """Take up labels that were drawn meanwhile.

        Raises
        ------
        InputError
            If they cannot be learned from; then they change nothing.
        """
        task.check()
        expect_labels(task)
        for index, plane in task.changed_since(self.planes):
            self.pages[index] = make_page(plane, self.device)
            self._changed.append(index)
        self.planes = task.planes

    def story(self) -> Iterator[Snapshot]:
        """Tell a run; what was sent in meanwhile waits in `pages`."""
        learner = self._new_learner()
        yield from self._first_look(learner)
        yield from self._train(learner, FIRST)
        taught: dict[int, Page] = {}
        for stage in self._stages[1:]:
            if stage == RELIABLE:
                chosen = yield from self._choose()
            else:
                chosen = [index for index in self.unlabelled if index in self._found]
            taught = {index: self.pages[index].taught(self._found[index]) for index in chosen} | taught
            learner = self._new_learner()
            yield from self._train(learner, stage, taught)
        yield from self._show_changed(learner, partial(Snapshot, self._stages[-1], self._total, self._total))
        yield Snapshot("finished", self._total, self._total, model=learner.model())

    def propose(self, index: int, learner: Learner) -> Proposal:
        """Return the objects of a plane; where a person has labelled it, it is as they said."""
        self._unseen.discard(index)
        page = self.pages[index]
        if page.is_finished:
            return as_given(page.labels)
        found = proposal_of(learner.read(page.image).numpy(force=True), self.params_of_objects)
        return with_given(found, page.labels, page.known) if page.area else found

    def _looks(self, index: int, learner: Learner) -> Iterator[Proposal]:
        """Propose the objects of a plane; at first, of a large one, those of a piece before all."""
        page = self.pages[index]
        piece = page.first_piece() if index in self._unseen else None
        if piece is not None:
            outputs = learner.read(page.image[:, *piece.read])[:, *piece.inner].numpy(force=True)
            found = of_a_piece(proposal_of(outputs, self.params_of_objects), piece.keep, page.known.shape)
            yield with_given(found, page.labels, page.known)
        yield self.propose(index, learner)

    def _plan(self) -> list[str]:
        if self.params.unlabelled == "not used" or not self.unlabelled:
            return [FIRST]
        return [FIRST, ALL] if self.params.unlabelled == "all at once" else [FIRST, RELIABLE, ALL]

    def _new_learner(self) -> Learner:
        start = self._start._replace(network=copy.deepcopy(self._start.network))
        self._start = self._start._replace(sentence="")  # it is told once
        return Learner(start, self._spec, self.params_of_objects, self.device)

    def _first_look(self, learner: Learner) -> Iterator[Snapshot]:
        """Show what is known before any training: what weights that know objects make of the planes, and the labels."""
        smaller = news_of_smallest(self.params.minimum_size, learner.params.minimum_size)
        message = " ".join(filter(None, (learner.news(), smaller)))
        if not learner.all_trained:
            yield Snapshot("starting", 0, self._total, message=message)
            return
        for index in self.unlabelled + self.labelled:
            for proposal in self._looks(index, learner):
                yield Snapshot("first look", 0, self._total, {}, {index: proposal}, message=message)
                message = ""

    def _train(self, learner: Learner, stage: str, taught: Mapping[int, Page] | None = None) -> Iterator[Snapshot]:
        """Train from the start once, and end with what is found in every plane.

        Later trainings show nothing in their first half, in which they know less than the one before.
        """
        progress, models = Clock(PROGRESS_EVERY), Clock(MODEL_EVERY)
        shown = Clock(SHOW_EVERY, FIRST_SHOWN)
        for epoch in range(self.params.epochs):
            quiet = taught is not None and epoch < self.params.epochs // 2
            told = partial(Snapshot, stage, self._done + epoch, self._total)
            lessons = self._lessons(taught or {})
            for _ in range(learner.steps(lessons)):
                loss = learner.step(lessons)
                if self._changed:
                    yield from self._show_changed(learner, told)
                    lessons = self._lessons(taught or {})  # of large planes an epoch takes long
                if not quiet and shown.due():
                    index = self._next()
                    for proposal in self._looks(index, learner):
                        shown.done()  # of a large plane it takes longer than many steps
                        yield told({"loss": loss}, {index: proposal}, message=learner.news())
                elif progress.due():
                    model = learner.model() if not quiet and models.due() else None
                    yield told({"loss": loss}, model=model, message=learner.news())
            learner.end_epoch()
            if taught is None and self._is_checkpoint(epoch):
                yield from self._look_at_all(learner, told)
            if not quiet and models.due():
                yield told({"loss": loss}, model=learner.model())
        if taught is not None:
            yield from self._look_at_all(learner, told)
        self._done += self.params.epochs

    def _show_changed(self, learner: Learner, told: Callable[..., Snapshot]) -> Iterator[Snapshot]:
        """Show the planes that were sent in anew since they were last shown."""
        while self._changed:
            index = self._changed.pop()
            yield told(proposals={index: self.propose(index, learner)})

    def _lessons(self, taught: Mapping[int, Page]) -> Lessons:
        """Return what a person has labelled, and what the network has and the person has not meanwhile."""
        given = tuple(self.pages[index] for index in self.labelled)
        return Lessons(given, tuple(page for index, page in taught.items() if not self.pages[index].area))

    def _is_checkpoint(self, epoch: int) -> bool:
        """Whether this is the last epoch of one of as many equal parts as there are checkpoints."""
        checkpoints, epochs = self.params.checkpoints, self.params.epochs
        return (epoch + 1) * checkpoints // epochs > epoch * checkpoints // epochs

    def _look_at_all(self, learner: Learner, told: Callable[..., Snapshot]) -> Iterator[Snapshot]:
        """Show every plane, and keep what is found in those without labels."""
        for index in self.unlabelled + self.labelled:
            proposal = self.propose(index, learner)
            if not self.pages[index].area:
                self._found[index] = proposal.labels.astype(np.min_scalar_type(proposal.labels.max()))
                if not self._done:
                    self._states.setdefault(index, []).append(self._found[index])
            yield told(proposals={index: proposal})
            yield from self._show_changed(learner, told)

    def _choose(self) -> Generator[Snapshot, None, list[int]]:
        """Choose the reliable ones of the planes without labels, and say which they are."""
        states = {index: self._states[index] for index in self.unlabelled if index in self._states}
        most = max(map(len, states.values()), default=0)  # of a plane that had labels until lately there are fewer
        scores = {index: stability(said) for index, said in states.items() if len(said) == most}
        chosen = most_reliable(scores, self.params.reliable_share)
        if scores:
            falling = np.array(sorted(scores.values(), reverse=True), np.float32)
            ranking = Ranking(falling, {"reliable": np.arange(len(chosen))})
            names = [self.planes[index].name for index in sorted(chosen)]
            more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
            listed = ", ".join(names[:MOST_NAMES]) + more
            message = f"Judged reliable, {len(chosen)} of {len(scores)} images without labels: {listed}."
            yield Snapshot(RELIABLE, self._done, self._total, message=message, ranking=ranking)
        return chosen

    def _next(self) -> int:
        """Return the plane to show next: those without labels in turn, or the others if there are none."""
        turn = self.unlabelled or self.labelled
        self._turn += 1
        return turn[self._turn % len(turn)]


def expect_labels(task: Task) -> None:
    """Raise `InputError` if there is nothing to learn from, or no room for new objects."""
    expect_room_for_new_objects(task)
    given = [plane.annotation for plane in task.planes if isinstance(plane.annotation, FinishedInstances)]
    if not any(finished.teaches for finished in given):
        raise InputError(
            "No image has labels. Label every object of one image, or some images; the others may stay without."
        )
