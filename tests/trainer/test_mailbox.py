import threading
import time

import numpy as np
from toy_methods import toy_model

from napari_labelfix.errors import TrainingError
from napari_labelfix.snapshots import Proposal, Snapshot
from napari_labelfix.trainer.mailbox import Mailbox
from napari_labelfix.trainer.messages import Annotate, Failed, Finished, Progress


def progress(step, planes=(), model=None) -> Progress:
    empty = np.zeros((2, 2))
    proposals = {plane: Proposal(empty + step, empty, empty, empty) for plane in planes}
    return Progress(Snapshot("x", step, 9, {"loss": float(step)}, proposals, model, f"step {step}"))


def test_messages_come_out_in_order_and_once():
    mailbox = Mailbox()
    messages = [progress(1), Annotate({}), Finished(toy_model()), Failed(TrainingError("why"))]
    for message in messages:
        mailbox.put(message)
    assert mailbox.take() == messages
    assert mailbox.take() == []


def test_only_the_newest_annotation_of_each_plane_waits():
    mailbox = Mailbox()
    for message in [Annotate({0: "a", 1: "b"}), Annotate({1: "c"}), Annotate({2: "d"}), Annotate({2: "e"})]:
        mailbox.put(message)
    assert [message.annotations for message in mailbox.take()] == [{0: "a"}, {1: "c"}, {2: "e"}]


def test_waiting_snapshots_keep_their_numbers_but_only_the_newest_picture_of_each_plane():
    mailbox = Mailbox()
    for message in [progress(1, [0, 1], toy_model()), progress(2, [0]), progress(3, [0], toy_model()), progress(4)]:
        mailbox.put(message)
    snapshots = [message.snapshot for message in mailbox.take()]
    assert [(s.step, s.metrics["loss"], s.message) for s in snapshots] == [
        (step, float(step), f"step {step}") for step in (1, 2, 3, 4)
    ]
    assert [sorted(s.proposals) for s in snapshots] == [[1], [], [0], []]
    assert snapshots[2].proposals[0].labels[0, 0] == 3
    assert [s.model is not None for s in snapshots] == [False, False, True, False]


def test_a_snapshot_that_was_taken_keeps_its_picture():
    mailbox = Mailbox()
    mailbox.put(progress(1, [0]))
    (taken,) = mailbox.take()
    mailbox.put(progress(2, [0]))
    assert 0 in taken.snapshot.proposals


def test_waiting_ends_with_a_message_or_when_the_mailbox_is_closed():
    mailbox = Mailbox()
    threading.Timer(0.05, mailbox.put, [progress(1)]).start()
    assert mailbox.wait() is True
    mailbox.take()
    threading.Timer(0.05, mailbox.close).start()
    began = time.monotonic()
    assert mailbox.wait() is False
    assert time.monotonic() - began < 0.8
