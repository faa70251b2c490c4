"""Messages from one thread to another."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_labelfix.trainer.messages import Annotate, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.snapshots import Snapshot
    from napari_labelfix.trainer.messages import Message


class Mailbox:
    """A queue in which nothing big piles up, however long nobody looks.

    The newest annotation of a plane replaces one that still waits. Of the snapshots that wait, all keep their progress,
    metrics and sentences, but each plane's proposal stays only in the newest that has one, and so does the model.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message) -> None:
        """Add a message and drop what it overtakes."""
        with self._changed:
            self._messages = [*_overtaken_by(message, self._messages), message]
            self._changed.notify_all()

    def take(self) -> list[Message]:
        """Return what has come since the last call, oldest first; never waits."""
        with self._changed:
            messages, self._messages = self._messages, []
            return messages

    def wait(self) -> bool:
        """Wait for a message; False when there is none and the mailbox has been closed."""
        with self._changed:
            while not self._messages and not self._closed:
                self._changed.wait(1)  # a wait without a limit cannot be interrupted by Ctrl+C on Windows
            return bool(self._messages)

    def close(self) -> None:
        """Let those who wait go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _overtaken_by(newer: Message, waiting: list[Message]) -> list[Message]:
    match newer:
        case Annotate(annotations):
            kept = (_without(message, annotations) for message in waiting)
            return [message for message in kept if message is not None]
        case Progress(snapshot):
            return [_lightened(message, snapshot) for message in waiting]
        case _:
            return waiting


def _without(message: Message, newer: Mapping[int, Annotation | None]) -> Message | None:
    if not isinstance(message, Annotate):
        return message
    left = {plane: annotation for plane, annotation in message.annotations.items() if plane not in newer}
    return Annotate(left) if left else None


def _lightened(message: Message, newer: Snapshot) -> Message:
    if not isinstance(message, Progress):
        return message
    snapshot = message.snapshot
    proposals = {plane: found for plane, found in snapshot.proposals.items() if plane not in newer.proposals}
    model = None if newer.model else snapshot.model
    if len(proposals) == len(snapshot.proposals) and model is snapshot.model:
        return message
    return Progress(replace(snapshot, proposals=proposals, model=model))
