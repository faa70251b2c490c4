"""How a run tells its story: how often, and what cannot be taken up of what is sent to it meanwhile. No torch here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_labelfix.data.gaps import beside_what_is_said, wide_gaps, without_gaps
from napari_labelfix.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_labelfix.annotations import Plane, Task
    from napari_labelfix.snapshots import Belief, Snapshot, Training

PROGRESS_EVERY = 0.25  # seconds
MODEL_EVERY = 5.0  # seconds


def tell_and_listen(story: Iterator[Snapshot], task: Task, take_up: Callable[[Task], object]) -> Training:
    """Pass a run's story on, and hand what is sent in to the run.

    Parameters
    ----------
    story
        The snapshots of a run, the last of which carries a model.
    task
        What the run has begun with.
    take_up
        Called with each changed task. What it cannot take up it says by an `InputError`, whose sentence is told with
        the next snapshot; the run goes on.
    """
    held_back: list[str] = []
    planes = list(task.planes)  # as they were last taken up

    def listen(changed: Task) -> None:
        try:
            take_up(changed)
        except InputError as error:
            held_back.append(str(error))
        else:
            planes[:] = changed.planes

    return (yield from _tell(_outside_of_gaps(_with_sentences(story, held_back), planes), task, listen))


def _with_sentences(story: Iterator[Snapshot], waiting: list[str]) -> Iterator[Snapshot]:
    for snapshot in story:
        sentences = [snapshot.message, *waiting]
        waiting.clear()
        yield replace(snapshot, message=" ".join(filter(None, sentences)))


def _outside_of_gaps(story: Iterator[Snapshot], planes: Sequence[Plane]) -> Iterator[Snapshot]:
    """Pass a story on without what it proposes where images have no numbers, but for what a person has said there."""
    gaps = {index: gap for index, plane in enumerate(planes) if (gap := wide_gaps(plane.image)) is not None}

    def told(index: int, belief: Belief) -> Belief:
        return without_gaps(belief, beside_what_is_said(gaps.get(index), planes[index].annotation))

    for snapshot in story:
        proposals = {index: told(index, belief) for index, belief in snapshot.proposals.items()}
        yield replace(snapshot, proposals=proposals) if gaps else snapshot


def _tell(story: Iterator[Snapshot], task: Task, take_up: Callable[[Task], object]) -> Training:
    """Pass a story on, with what answers a stroke marked so; hand on what is sent in; return the last model."""
    model = None
    drawn_on: set[int] = set()  # planes that have not been shown since
    for snapshot in story:
        model = snapshot.model or model
        answers = not drawn_on.isdisjoint(snapshot.proposals)
        drawn_on.difference_update(snapshot.proposals)
        changed = yield replace(snapshot, answers=True) if answers else snapshot
        if changed is not None:
            take_up(changed)
            pairs = enumerate(zip(task.planes, changed.planes, strict=True))
            drawn_on.update(index for index, (old, new) in pairs if old.annotation is not new.annotation)
            task = changed
    assert model is not None
    return model
