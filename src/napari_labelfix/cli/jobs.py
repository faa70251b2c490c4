"""What `run` does, once its arguments are read."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.annotations import Boxes, Instances
from napari_labelfix.cli.outcome import Outcome, circumstances, device_here, say_number
from napari_labelfix.errors import InputError, OutputError, TrainingError
from napari_labelfix.io.files import expect_writable, filling
from napari_labelfix.io.overwriting import expect_only_own, set_model_aside
from napari_labelfix.io.tasks import FileTask, read_task
from napari_labelfix.io.trusted import trust
from napari_labelfix.methods.applying import believe, believe_beside
from napari_labelfix.snapshots import Proposal, Snapshot, run_to_end
from napari_labelfix.trainer.reasons import explained

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_labelfix.cli.progress import Reporter
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.table import Method, MethodCode
    from napari_labelfix.params import Device, Params
    from napari_labelfix.snapshots import Belief
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
    trouble: TrainingError | None = None  # why it ended before its time

    def take(self, snapshot: Snapshot) -> None:
        """Keep what a snapshot brings, and show it."""
        results = snapshot.results
        if results and self.seconds_to_first_proposal is None:
            self.seconds_to_first_proposal = round(time.monotonic() - self.started, 2)
        self.proposals.update(results)
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

    def interrupt(self) -> None:
        """Keep and say that a person has ended it."""
        self.ended = "interrupted"
        self.note("Interrupted. Writing what there is; press Ctrl+C again to leave without.")

    def fail(self, error: TrainingError) -> None:
        """Keep what has gone wrong first, to be said once all is written."""
        self.ended = "failed"
        self.trouble = self.trouble or TrainingError(f"{error} What had come until then is written.")
        self.messages.append(str(error))

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
    """Train, and write what there is at the end: after the last epoch, the time's end, Ctrl+C, or a failure.

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
    expect_only_own(out, [file.stem for file in read.files], method.output, sources)
    if trusted:
        read = _trust(method, read, trusted)
    elif annotations and method.annotation is Instances:
        raise InputError(
            "Nothing says which labels are right. Give masks of where they are, or right labels: --trusted."
        )
    recording, where = _run(method, read, params, seconds, reporter, computer)
    shapes = {str(file.path): list(file.pixels.shape) for file in read.files}
    record = {
        "command": "run",
        "method": method.name,
        "parameters": params.to_dict(),
        "seed": params.seed,
        **circumstances(shapes, read.task.fingerprint()),
        **where,
        **recording.summary(),
    }
    try:
        _write(out, read, recording, record, sources)
    except OutputError as error:
        raise OutputError(f"{error} {_write_elsewhere(read, recording, record)}".strip()) from error
    if recording.trouble is not None:
        raise recording.trouble
    return recording


def _write(out: Path, read: FileTask, recording: Recording, record: Mapping[str, Any], sources: Sequence[Path]) -> None:
    """Write what has come from a run: the model, the images of which all planes are there, and the record."""
    with filling(out) as folder:
        if recording.model is not None:
            recording.model.save(folder / "model")
        outcome = Outcome(folder, out / "run.json", sources)
        for file, planes in read.planes_of_files():
            if all(index in recording.proposals for index in planes):
                outcome.add(file, [recording.proposals[index] for index in planes])
        outcome.finish(record)
        if recording.model is None and (aside := set_model_aside(out)) is not None:
            recording.reporter.say(f"The model of an earlier run is now in {aside}.")


def _write_elsewhere(read: FileTask, recording: Recording, record: Mapping[str, Any]) -> str:
    """Write what has come from a run into a folder for temporary files, and say where that is; "" if it cannot be."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="labelfix-"))
    except OSError:
        return ""
    try:
        _write(folder, read, recording, record, ())
    except OutputError:
        shutil.rmtree(folder, ignore_errors=True)
        return ""
    return f"What the run has found is in {folder} instead: move it before the computer is restarted."


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
        _train(code, read, params, seconds, recording)
        _complete(method, code, read, "auto" if computer else params.device, recording)
    return recording, where


def _load(
    method: Method, read: FileTask, device: Device, computer: Computer | None, reporter: Reporter
) -> tuple[MethodCode, dict[str, str]]:
    """Return the code of a method, and where it trains, for the record."""
    planes = f"{method.title}: {say_number(len(read.task.planes), 'plane')}."
    if computer is None:
        reporter.say(f"{planes} Loading.")
        with explained():
            return method.load(), device_here(device)
    from napari_labelfix.cli.away import CodeAway, device_of

    reporter.say(f"{planes} Connecting to {computer.address}.")
    found = device_of(computer, device)
    reporter.say(f"{computer.address} trains on: {found}.")
    return CodeAway(method, computer), {"device": found, "computer": computer.address}


def _train(code: MethodCode, read: FileTask, params: Params, seconds: float | None, recording: Recording) -> None:
    """Fill the recording; what is in it stays good when the run is cut short, or fails."""
    try:
        with explained():
            _, model = run_to_end(code.train(read.task, params), seconds, recording.take)
        recording.model = model or recording.model
        if seconds is not None and time.monotonic() - recording.started >= seconds:
            recording.ended = "time was up"
    except KeyboardInterrupt:
        recording.interrupt()
    except TrainingError as error:
        if not recording.proposals:
            raise
        recording.fail(error)
    recording.seconds = round(time.monotonic() - recording.started, 2)
    if not recording.proposals:
        raise TrainingError("The run ended before there was a proposal, so nothing was written. Give it more time.")


def _complete(method: Method, code: MethodCode, read: FileTask, device: Device, recording: Recording) -> None:
    """Let the model do what the run has not come to."""
    planes, proposals, model = read.task.planes, recording.proposals, recording.model
    missing = [index for index in range(len(planes)) if index not in proposals]
    as_given = [index for index, found in proposals.items() if isinstance(found, Proposal) and found.as_given]
    _say_not_done(len(missing), len(as_given), method, recording)
    if model is None or not missing + as_given:
        return
    try:
        with explained():
            finish = method.load_finish() if method.finish else None
            for number, index in enumerate(missing + as_given):
                recording.reporter.show(Snapshot("finishing", number, len(missing + as_given)))
                proposals[index] = (
                    believe_beside(finish, model, planes[index], device)
                    if finish
                    else believe(code, model, planes[index].image, device)
                )
    except KeyboardInterrupt:
        if recording.ended == "interrupted":
            raise
        recording.interrupt()
    except TrainingError as error:
        recording.fail(error)


def _say_not_done(missing: int, as_given: int, method: Method, recording: Recording) -> None:
    """Say what the run has not come to, and what becomes of it."""
    if recording.model is None:
        recording.note("The run ended before there was a model, so none is written.")
        if missing:
            recording.note(f"The run ended before {say_number(missing, 'plane')} had a proposal: not written.")
        if as_given:
            labels = f"the labels of {say_number(as_given, 'plane')}"
            recording.note(f"Nothing has been made of {labels} yet: they are as they were given. Give it more time.")
    elif count := missing + as_given:
        done = "finished" if method.finish else "predicted"
        recording.note(f"The run ended before {say_number(count, 'plane')} had a proposal: {done} by the model.")
