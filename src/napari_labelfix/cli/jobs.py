"""What `run` and `predict` do, once their arguments are read."""

from __future__ import annotations

import platform
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_labelfix.annotations import Boxes, Instances
from napari_labelfix.errors import InputError, LabelfixError, ModelError, TrainingError
from napari_labelfix.io.files import expect_writable, filling
from napari_labelfix.io.overwriting import expect_only_own, list_outputs, remove_outdated, set_model_aside
from napari_labelfix.io.results import write_beliefs, write_record
from napari_labelfix.io.tasks import FileTask, read_task
from napari_labelfix.io.trusted import trust
from napari_labelfix.methods.checkpoint import TrainedModel, installed_versions
from napari_labelfix.methods.table import Method, find_method
from napari_labelfix.snapshots import Belief, Detections, FoundBoxes, Snapshot, run_to_end
from napari_labelfix.trainer.reasons import explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_labelfix.cli.progress import Reporter
    from napari_labelfix.methods.table import MethodCode
    from napari_labelfix.params import Device, Params
    from napari_labelfix.trainer.computers import Computer


@dataclass
class Recording:
    """What a run has told so far; it stays when the run is cut short."""

    reporter: Reporter
    started: float = field(default_factory=time.monotonic)
    seconds_to_first_proposal: float | None = None
    proposals: dict[int, Belief] = field(default_factory=dict)
    model: TrainedModel | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    steps: int = 0
    seconds: float = 0.0  # in all
    ended: str = "finished"

    def take(self, snapshot: Snapshot) -> None:
        """Keep what a snapshot brings, and show it."""
        if snapshot.proposals and self.seconds_to_first_proposal is None:
            self.seconds_to_first_proposal = round(time.monotonic() - self.started, 2)
        self.proposals.update(snapshot.proposals)
        self.model = snapshot.model or self.model
        self.metrics = snapshot.metrics or self.metrics
        self.steps = max(self.steps, snapshot.step)
        self.reporter.show(snapshot)
        self.note(snapshot.message)

    def note(self, sentence: str) -> None:
        """Keep a sentence and show it, once."""
        if sentence and sentence not in self.messages:
            self.messages.append(sentence)
            self.reporter.say(sentence)

    def summary(self) -> dict[str, Any]:
        """Return how the run went, ready for JSON."""
        return {
            "seconds_to_first_proposal": self.seconds_to_first_proposal,
            "seconds": self.seconds,
            "ended": self.ended,
            "steps": self.steps,
            "metrics": dict(self.metrics),
            "messages": self.messages,
        }


def train_on_files(
    method: Method,
    images: Sequence[Path],
    annotations: Sequence[Path],
    params: Params,
    out: Path,
    seconds: float | None,
    reporter: Reporter,
    trusted: Sequence[Path] = (),
    computer: Computer | None = None,
) -> Recording:
    """Train, and write what there is at the end: after the last epoch, the time's end, or Ctrl+C.

    Parameters
    ----------
    method, params
        How to learn.
    images, annotations
        From what: files or folders.
    out
        The folder for the results. Nothing is written into it before the end.
    seconds
        Budget of the training, wall clock; None trains to the end.
    reporter
        Shows the progress.
    trusted
        What of the labels is right: files or folders, for a method that learns from `Instances` or `Boxes`.
    computer
        The other computer that trains; None is this one.

    Raises
    ------
    LabelfixError
        If the run cannot start, fails, or its results cannot be written.
    """
    expect_writable(out)
    read = read_task(images, annotations, method.annotation)
    sources = [*images, *annotations, *trusted]
    expect_only_own(out, read.files, method.output, sources)
    if trusted:
        read = _trust(method, read, trusted)
    recording, where = _run(method, read, params, seconds, reporter, computer)
    record = {
        "command": "run",
        "method": method.name,
        "parameters": params.to_dict(),
        "seed": params.seed,
        **_circumstances(read),
        **where,
        **recording.summary(),
    }
    with filling(out) as folder:
        if recording.model is not None:
            recording.model.save(folder / "model")
        _write_results(folder, out / "run.json", record, read, recording.proposals, sources)
        if recording.model is None and (aside := set_model_aside(out)) is not None:
            reporter.say(f"The model of an earlier run is now in {aside}.")
    return recording


def predict_files(
    model_folder: Path, images: Sequence[Path], out: Path, device: str, reporter: Reporter
) -> dict[str, list[str]]:
    """Apply a saved model to images and write what it says; return the names of the files by image.

    `model_folder` may be the `model` folder or the folder of a run that holds it.

    Raises
    ------
    LabelfixError
        If the model or an image does not serve, or the results cannot be written.
    """
    started = time.monotonic()
    expect_writable(out)
    model = TrainedModel.load(model_folder)
    method = _method_of(model)
    read = read_task(images)
    expect_only_own(out, read.files, method.output, images)
    proposals: dict[int, Belief] = {}
    with reporter, _explained():
        code = method.load()
        for index, plane in enumerate(read.task.planes):
            proposals[index] = code.predict(model, plane.image, device)
            reporter.show(Snapshot("predicting", index + 1, len(read.task.planes)))
    record = {
        "command": "predict",
        "model": str(model_folder),
        "method": model.method,
        "parameters": dict(model.params),
        **_circumstances(read),
        **_device(device),
        "seconds": round(time.monotonic() - started, 2),
    }
    with filling(out) as folder:
        return _write_results(folder, out / "predict.json", record, read, proposals, images)


def _trust(method: Method, read: FileTask, paths: Sequence[Path]) -> FileTask:
    if not issubclass(method.annotation, Instances | Boxes):
        raise InputError(f"{method.name} does not learn from labels, so nothing can be trusted. Leave --trusted out.")
    return trust(read, paths)


def _run(
    method: Method, read: FileTask, params: Params, seconds: float | None, reporter: Reporter, computer: Computer | None
) -> tuple[Recording, dict[str, str]]:
    """Train, let the model predict what it has not come to, and say where that was, for the record."""
    with reporter:
        code, where = _load(method, read, params.device, computer, reporter)
        recording = Recording(reporter)
        for sentence in read.doubts():
            recording.note(sentence)
        _train(code, read, params, seconds, recording, keeps=computer is not None)
        _complete(code, read, params, recording)
    return recording, where


@contextmanager
def _explained() -> Iterator[None]:
    """Turn whatever a method's code raises into a sentence."""
    try:
        yield
    except LabelfixError:
        raise
    except Exception as error:
        raise TrainingError(explain(error)) from error


def _load(
    method: Method, read: FileTask, device: Device, computer: Computer | None, reporter: Reporter
) -> tuple[MethodCode, dict[str, str]]:
    """Return the code of a method, and where it trains, for the record."""
    planes = f"{method.title}: {_count(len(read.task.planes), 'plane')}."
    if computer is None:
        reporter.say(f"{planes} Loading.")
        with _explained():
            return method.load(), _device(device)
    from napari_labelfix.cli.away import CodeAway, device_of

    reporter.say(f"{planes} Connecting to {computer.address}.")
    found = device_of(computer, device)
    reporter.say(f"{computer.address} trains on: {found}.")
    return CodeAway(method, computer), {"device": found, "computer": computer.address}


def _train(
    code: MethodCode, read: FileTask, params: Params, seconds: float | None, recording: Recording, *, keeps: bool
) -> None:
    """Fill the recording; what is in it stays good when the run is cut short, and if it `keeps`, when it fails."""
    try:
        with _explained():
            _, model = run_to_end(code.train(read.task, params), seconds, recording.take)
        recording.model = model or recording.model
        if seconds is not None and time.monotonic() - recording.started >= seconds:
            recording.ended = "time was up"
    except KeyboardInterrupt:
        recording.ended = "interrupted"
        recording.note("Interrupted. Writing what there is; press Ctrl+C again to leave without.")
    except TrainingError as error:
        if not keeps or not recording.proposals:
            raise
        recording.ended = "failed"
        recording.note(f"{error} What has come until now is written.")
    recording.seconds = round(time.monotonic() - recording.started, 2)
    if not recording.proposals:
        raise TrainingError("The run ended before there was a proposal, so nothing was written. Give it more time.")


def _complete(code: MethodCode, read: FileTask, params: Params, recording: Recording) -> None:
    """Let the model predict the planes that the run has not come to."""
    if recording.model is None:
        recording.note("The run ended before there was a model, so none is written.")
    missing = [index for index in range(len(read.task.planes)) if index not in recording.proposals]
    if not missing:
        return
    if recording.model is None:
        recording.note(f"The run ended before {_count(len(missing), 'plane')} had a proposal: not written.")
        return
    recording.note(f"The run ended before {_count(len(missing), 'plane')} had a proposal: predicted by the model.")
    with _explained():
        for index in missing:
            recording.proposals[index] = code.predict(recording.model, read.task.planes[index].image, params.device)


def _write_results(
    folder: Path,
    record: Path,
    told: Mapping[str, Any],
    read: FileTask,
    proposals: Mapping[int, Belief],
    sources: Sequence[Path],
) -> dict[str, list[str]]:
    """Write the files of every image whose planes are all there, and the record; return the files' names by image.

    Parameters
    ----------
    folder
        Where to; its files move to those of earlier runs in the end.
    record
        The record of earlier runs that the new one takes the place of; what they alone have written beside it goes.
    told
        How the job went.
    read, proposals
        The images, and what is believed of their planes, by index.
    sources
        What the job has read: it stays.
    """
    outputs = {
        str(file.path): write_beliefs(folder, file, [proposals[index] for index in planes])
        for file, planes in read.planes_of_files()
        if all(index in proposals for index in planes)
    }
    listed = list_outputs(record, outputs)
    write_record(folder / record.name, {**told, **_counts(read, proposals), **listed})
    remove_outdated(record.parent, outputs, sources)
    return outputs


def _counts(read: FileTask, proposals: Mapping[int, Belief]) -> dict[str, Any]:
    """Return the number of objects in every image, of methods that detect; in a stack, of each plane."""
    counts: dict[str, int | list[int]] = {}
    for file, planes in read.planes_of_files():
        found = [proposals[index] for index in planes if index in proposals]
        numbers = [belief.count for belief in found if isinstance(belief, Detections | FoundBoxes)]
        if len(numbers) == len(planes):
            counts[str(file.path)] = numbers[0] if len(numbers) == 1 else numbers
    return {"counts": counts} if counts else {}


def _method_of(model: TrainedModel) -> Method:
    try:
        return find_method(model.method)
    except LabelfixError as error:
        raise ModelError(f"The model cannot be used: {error}") from None


def _device(wanted: str) -> dict[str, str]:
    """Return what is computed on here, for the record."""
    from napari_labelfix.networks.device import choose_device

    return {"device": str(choose_device(wanted))}


def _circumstances(read: FileTask) -> dict[str, Any]:
    """Return what else it takes to repeat a result: versions, machine and data."""
    return {
        "versions": {"python": platform.python_version(), **installed_versions()},
        "system": platform.platform(),
        "images": {str(file.path): list(file.pixels.shape) for file in read.files},
        "fingerprint": read.task.fingerprint(),
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
