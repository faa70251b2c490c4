import io
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from toy_methods import WEIGHTS, ToyParams, toy_method, toy_model, toy_task

from napari_labelfix.errors import TrainingError
from napari_labelfix.snapshots import Proposal, Snapshot
from napari_labelfix.trainer.messages import (
    Annotate,
    Failed,
    Finished,
    Progress,
    Ready,
    Start,
    greeting,
    read_message,
    read_order,
    skip_to_greeting,
    write_message,
)

some_arrays = arrays(
    dtype=st.sampled_from([np.uint8, np.int32, np.float32, np.bool_]), shape=array_shapes(max_dims=3, min_side=0)
)


def written(*messages) -> io.BytesIO:
    stream = io.BytesIO()
    for message in messages:
        write_message(stream, message)
    stream.seek(0)
    return stream


def test_a_start_arrives_as_it_was_sent():
    task, params = toy_task(marked=3), ToyParams(behaviour="count", steps=7)
    start = read_order(written(Start(toy_method(), task, params)))
    assert isinstance(start, Start)
    assert (start.method, start.params) == (toy_method(), params)
    assert [plane.name for plane in start.task.planes] == ["a", "b"]
    np.testing.assert_array_equal(start.task.planes[0].annotation.marks, task.planes[0].annotation.marks)
    assert start.task.planes[1].annotation is None


@given(st.lists(some_arrays, max_size=4), st.booleans())
def test_arrays_of_any_size_and_order_arrive_writable(several, transposed):
    sent = [array.T if transposed else array for array in several]
    arrived = read_order(written(Annotate(dict(enumerate(sent))))).annotations
    for array, copy in zip(sent, arrived.values(), strict=True):
        np.testing.assert_array_equal(copy, array)
        assert copy.dtype == array.dtype
        assert copy.flags.writeable
        assert copy.flags.aligned


def test_every_other_pixel_arrives():
    image = np.arange(600, dtype=np.uint16).reshape(20, 30)
    arrived = read_order(written(Annotate({0: image[::2, ::-3]}))).annotations[0]
    np.testing.assert_array_equal(arrived, image[::2, ::-3])
    assert arrived.flags.writeable


def test_a_read_only_array_arrives_read_only():
    image = np.frombuffer(b"0123456789", np.uint8)
    arrived = read_order(written(Annotate({0: image}))).annotations[0]
    np.testing.assert_array_equal(arrived, image)
    assert not arrived.flags.writeable


def test_messages_come_one_after_another():
    stream = written(Ready(), Progress(Snapshot("a", 1, 2)), Failed(TrainingError("why", "where")))
    assert isinstance(read_message(stream), Ready)
    assert read_message(stream).snapshot.stage == "a"
    failed = read_message(stream)
    assert (failed.error.reason, failed.error.details) == ("why", "where")
    with pytest.raises(EOFError):
        read_message(stream)


def test_a_model_keeps_its_weights_outside_the_pickle():
    stream = written(Finished(toy_model()))
    arrived = read_message(stream).model
    assert arrived.weights == WEIGHTS
    assert isinstance(arrived.weights, bytes)
    assert (arrived.method, arrived.network, arrived.versions) == ("toy", {"channels": 1}, {})
    assert len(stream.getvalue()) < len(WEIGHTS) + 1000


@given(st.data())
def test_a_stream_that_breaks_off_says_so(data):
    whole = written(Progress(Snapshot("x", 1, 2, {}, {0: Proposal(*4 * [np.ones((5, 7))])}))).getvalue()
    kept = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(EOFError, match="ended"):
        read_message(io.BytesIO(whole[:kept]))


class _PretendTensor:
    """Looks like one to whoever asks where it comes from."""


_PretendTensor.__module__ = "torch._tensor"


class Mischief:
    def __reduce__(self):
        return print, ("mischief",)


def test_what_a_trainer_says_can_run_nothing_here(capsys):
    with pytest.raises(TrainingError, match=r"The trainer has sent builtins\.print, which is no result"):
        read_message(written(Progress(Snapshot("a", 1, 2, {"loss": Mischief()}))))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "name", ["napari_labelfix.trainer.process\n_spawn", "napari_labelfix.trainer.process\nsubprocess.Popen"]
)
def test_functions_of_this_package_and_what_it_imports_are_no_records(name):
    module, attribute = name.split("\n")
    body = b"\x80\x04\x8c" + bytes([len(module)]) + module.encode()
    body += b"\x8c" + bytes([len(attribute)]) + attribute.encode() + b"\x93."
    with pytest.raises(TrainingError, match="no result of a training"):
        read_message(io.BytesIO(struct.pack("<QI", len(body), 0) + body))


def test_even_classes_of_this_package_are_made_only_if_a_trainer_has_them_to_say(tmp_path):
    def text(word):
        return b"X" + len(word).to_bytes(4, "little") + word.encode()

    def found(module, name):
        return text(module) + text(name) + b"\x93"

    file = tmp_path / "made"
    command = b"](" + text("/bin/sh") + text("-c") + text(f"touch {file}") + b"e"
    computer = found("napari_labelfix.trainer.computers", "Computer") + b")\x81"
    body = b"\x80\x04" + found("napari_labelfix.trainer.process", "TrainerProcess") + command + computer + b"\x86R."
    with pytest.raises(TrainingError, match="no result of a training"):
        read_message(io.BytesIO(struct.pack("<QI", len(body), 0) + body))
    assert not file.exists()


def test_what_is_no_message_is_refused():
    with pytest.raises(TrainingError, match="The trainer has sent TrainedModel, which is no result"):
        read_message(written(toy_model()))


def test_a_torch_object_is_refused_since_reading_it_would_import_torch():
    with pytest.raises(TypeError, match="Expected numpy and plain values in a message, but got _PretendTensor"):
        written(Progress(Snapshot("x", 1, 2, {"loss": _PretendTensor()})))


def test_what_was_printed_before_the_greeting_is_skipped():
    stream = io.BytesIO(b"warning: something\nno newline" + greeting() + b"rest")
    skip_to_greeting(stream)
    assert stream.read() == b"rest"


def test_a_stream_without_a_greeting_ends():
    with pytest.raises(EOFError, match="before it could say a word"):
        skip_to_greeting(io.BytesIO(b"Traceback (most recent call last):\n"))


def test_a_trainer_of_another_version_is_told_before_its_messages_are_read():
    with pytest.raises(TrainingError, match=r"The trainer is napari-labelfix 9\.8, but this window has"):
        skip_to_greeting(io.BytesIO(b"hello\nnapari-labelfix trainer 9.8\nrest"))


def test_a_training_error_survives_the_way():
    error = pickle.loads(pickle.dumps(TrainingError("why", "where")))
    assert (error.reason, error.details, str(error)) == ("why", "where", "why")
