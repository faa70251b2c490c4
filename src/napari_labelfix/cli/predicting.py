"""What `predict` does, once its arguments are read: of many images one is in memory at a time."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_labelfix.annotations import Plane, add_to_fingerprint
from napari_labelfix.cli.outcome import Outcome, circumstances, device_here, say_number
from napari_labelfix.data.gaps import sentence_about
from napari_labelfix.errors import InputError, LabelfixError, ModelError, TrainingError, UnfitImageError
from napari_labelfix.io.files import expect_writable, filling
from napari_labelfix.io.overwriting import expect_only_own
from napari_labelfix.io.read import find_images, read_image, stem_of
from napari_labelfix.methods.applying import believe
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import find_method
from napari_labelfix.snapshots import Snapshot
from napari_labelfix.trainer.reasons import explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_labelfix.cli.progress import Reporter
    from napari_labelfix.io.read import ImageFile
    from napari_labelfix.methods.table import Method, MethodCode
    from napari_labelfix.snapshots import Belief

_OF_ONE_IMAGE = (InputError, UnfitImageError, TrainingError)  # what is wrong with an image, others may do
_NAMED = 10  # images of which it is said that they were not done


def predict_files(
    model_folder: Path, images: Sequence[Path], out: Path, device: str, reporter: Reporter
) -> dict[str, list[str]]:
    """Apply a saved model to images and write what it says; return the names of the files by image.

    After Ctrl+C what was done before is written. Where some images cannot be used, the others are done first.

    Parameters
    ----------
    model_folder
        The `model` folder, or the folder of a run that holds it.
    images
        Files or folders.
    out
        The folder for the results.
    device
        What to compute on.
    reporter
        Shows the progress.

    Raises
    ------
    LabelfixError
        If the model or an image does not serve, or the results cannot be written. Where it is an image among others
        that were done, their results are there.
    """
    started = time.monotonic()
    expect_writable(out)
    model = TrainedModel.load(model_folder)
    method = _method_of(model)
    paths = find_images(images)
    expect_only_own(out, [stem_of(path) for path in paths], method.output, images)
    job = _Prediction(model, device, reporter)
    with filling(out) as folder:
        outcome = Outcome(folder, out / "predict.json", images)
        with reporter:
            _predict_each(job, method, paths, outcome)
        record = {
            "command": "predict",
            "model": str(model_folder),
            "method": model.method,
            "parameters": dict(model.params),
            **circumstances(job.shapes, job.digest.hexdigest()),
            **device_here(device),
            "seconds": round(time.monotonic() - started, 2),
            "ended": job.ended,
            **({"not_done": job.troubles} if job.troubles else {}),
        }
        outcome.finish(record)
    if job.troubles:
        raise job.summary(len(paths), len(outcome.files))
    return outcome.files


@dataclass
class _Prediction:
    """A model at work, and what is known of the images that it has seen to."""

    model: TrainedModel
    device: str
    reporter: Reporter
    shapes: dict[str, list[int]] = field(default_factory=dict)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    ended: str = "finished"
    troubles: dict[str, str] = field(default_factory=dict)  # why an image was not done, by its path

    def do(self, code: MethodCode, path: Path, outcome: Outcome, *, alone: bool) -> None:
        """Write what the model says of an image; keep why it cannot be used, where there are others."""
        try:
            self._do(code, path, outcome, alone=alone)
        except _OF_ONE_IMAGE as error:
            if alone:
                raise
            self.ended = "failed"
            self.troubles[str(path)] = str(error)  # the error itself would keep the pixels in memory
            self.reporter.say(f"Not done: {error}")

    def summary(self, count: int, done: int) -> LabelfixError:
        """Return what to say in the end of so many images, of which some were not done."""
        first = next(iter(self.troubles.values()))
        written = f"What was done is written: {say_number(done, 'image')}."
        if not done:
            return InputError(f"None of the {count} images could be done. The first: {first}")
        if len(self.troubles) == 1:
            return InputError(f"{first} {written}")
        names = [Path(path).name for path in self.troubles]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return InputError(
            f"{len(names)} of {count} images could not be done: {', '.join(names[:_NAMED])}{more}. Why is said above, "
            f"and under “not_done” in predict.json. {written}"
        )

    def _do(self, code: MethodCode, path: Path, outcome: Outcome, *, alone: bool) -> None:
        """Read an image, write what the model says of it, and keep its shape and fingerprint."""
        file = read_image(path)
        outcome.add(file, self._believe(code, file, alone=alone))
        self.shapes[str(path)] = list(file.pixels.shape)
        for plane in map(Plane, file.names, file.planes):
            add_to_fingerprint(plane, self.digest)

    def _believe(self, code: MethodCode, file: ImageFile, *, alone: bool) -> list[Belief]:
        """Return what the model says of the planes of an image, and show them where it is the only one."""
        planes = list(map(Plane, file.names, file.planes))
        for plane in planes:
            plane.check(may_be_constant=not alone or len(planes) > 1)
        if sentence := sentence_about(planes):
            self.reporter.say(sentence)
        beliefs: list[Belief] = []
        for plane in planes:
            try:
                with explained():
                    beliefs.append(believe(code, self.model, plane.image, self.device))
            except UnfitImageError as error:
                raise UnfitImageError(f"{file.path} cannot be predicted. {error}") from None
            if alone:
                self.reporter.show(Snapshot("predicting", len(beliefs), len(planes)))
        return beliefs


def _predict_each(job: _Prediction, method: Method, paths: Sequence[Path], outcome: Outcome) -> None:
    """Read, predict and write one image after the other, until all are done or Ctrl+C; raise if that were none."""
    try:
        with explained():
            code = method.load()
        for number, path in enumerate(paths, start=1):
            job.do(code, path, outcome, alone=len(paths) == 1)
            if len(paths) > 1:
                job.reporter.show(Snapshot("predicting", number, len(paths)))
    except KeyboardInterrupt:
        job.ended = "interrupted"
        if not outcome.files:
            raise TrainingError("Interrupted before the first image was done, so nothing was written.") from None
        done = f"{len(outcome.files)} of {len(paths)} images"
        job.reporter.say(f"Interrupted. Writing {done}; press Ctrl+C again to leave without.")
    if not outcome.files:
        raise job.summary(len(paths), len(outcome.files))


def _method_of(model: TrainedModel) -> Method:
    try:
        return find_method(model.method)
    except LabelfixError as error:
        raise ModelError(f"The model cannot be used: {error}") from None
