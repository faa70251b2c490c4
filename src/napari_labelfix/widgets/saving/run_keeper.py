"""A method's runs, written down in the project: what was run, how far it got, and where its model is."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from qtpy.QtCore import QObject, QTimer

from napari_labelfix.data.region import corners_of
from napari_labelfix.errors import OutputError
from napari_labelfix.methods.checkpoint import installed_versions
from napari_labelfix.project import models
from napari_labelfix.project.records import Batch, Entry, RunRecord, now
from napari_labelfix.snapshots import Clock
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.params import Params
    from napari_labelfix.project.records import RunState
    from napari_labelfix.project.store import Project
    from napari_labelfix.snapshots import Snapshot
    from napari_labelfix.widgets.running.session import Session
    from napari_labelfix.widgets.saving.autosave import Autosaver

_MODEL_EVERY = 10.0  # seconds


class RunKeeper(QObject):
    """Follows the session of a dock.

    Parameters
    ----------
    saver
        Of the viewer that the dock lies in.
    session
        Whose runs are kept.
    parent
        The Qt parent.
    """

    def __init__(self, saver: Autosaver, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._saver, self._session = saver, session
        self._run: RunRecord | None = None
        self._method = ""  # whose results are coming
        self._images: list[str] = []  # ids of those that it is on
        self._model: TrainedModel | None = None  # that was saved last
        self._complained = False  # of a model that could not be written
        self._clock = Clock(_MODEL_EVERY)
        self._window_closes = False
        self._gone_with_image: RunRecord | None = None  # a run that has just ended, for its image was removed
        self._a_moment = QTimer(self)  # while nothing else happens: it may be the window that takes its images out
        self._a_moment.setSingleShot(True)
        self._a_moment.timeout.connect(self._forget_gone)
        session.snapshotsReceived.connect(self._on_snapshots)
        session.failed.connect(self._on_failed)
        session.ended.connect(self._on_ended)
        saver.windowCloses.connect(self._on_window_closes)
        saver.closing.connect(self._end_with_window)

    def begin(self, method: str, images: Sequence[str], params: Params, part: Window | None) -> None:
        """Note that a run was started on images, by their ids; under the first one it will be found again.

        `part` is the window of this first one that it is on; None for all of it.
        """
        versions, corners = installed_versions(), None if part is None else corners_of(part)
        self._run = RunRecord(
            uuid.uuid4().hex[:12], method, images[0], params.to_dict(), versions=versions, part=corners
        )
        self._method, self._images, self._gone_with_image = method, list(images), None
        self._complained = False
        self._model, self._clock = None, Clock(_MODEL_EVERY, _MODEL_EVERY)
        self._tell("run")

    def apply(self, method: str, images: Sequence[str], model: str) -> None:
        """Note that a model proposes for images, by their ids: no run that could be gone on with."""
        self._run, self._method, self._images, self._gone_with_image = None, method, list(images), None
        self._saver.note(Entry("model", method, f"{model} applied", ""))

    def _on_snapshots(self, snapshots: Sequence[Snapshot]) -> None:
        if any(snapshot.proposals for snapshot in snapshots):
            for image in self._images:
                self._saver.touch(image, self._method)
        if self._run is None:
            return
        last = snapshots[-1]
        metrics = {name: float(value) for snapshot in snapshots for name, value in snapshot.metrics.items()}
        self._run = replace(
            self._run, stage=last.stage, step=last.step, total=last.total, metrics={**self._run.metrics, **metrics}
        )
        if self._session.model is not None and self._clock.due():
            self._save_model()
        self._saver.note_run(self._run)

    def _on_failed(self, sentence: str) -> None:
        if self._run is not None:
            self._run = replace(self._run, message=sentence)

    def _on_ended(self, state: str) -> None:
        if self._run is None:
            return
        if state == "stopped" and self._window_closes:
            state = "interrupted"  # by no decision about it: it is offered again
        self._run = replace(self._run, state=cast("RunState", state), ended=now())
        self._save_model()
        self._tell(f"run {state}")
        if state == "stopped" and self._is_without_image():
            self._gone_with_image = self._run
            self._a_moment.start(0)
        self._run = None

    def _is_without_image(self) -> bool:
        viewer = self._saver.viewer
        there = {layers.tag_of(layer).get("id") for layer in layers.all_layers(viewer)} if viewer is not None else set()
        return not there.issuperset(self._images)

    def _forget_gone(self) -> None:
        self._gone_with_image = None

    def _on_window_closes(self) -> None:
        """Let the next run that ends be interrupted, and the last if its images were taken out just now, to close."""
        self._window_closes = True
        if self._gone_with_image is not None:
            self._run = replace(self._gone_with_image, state="interrupted")
            self._tell("run interrupted")
            self._run = self._gone_with_image = None

    def _end_with_window(self) -> None:
        """End a run that goes on while its window is closed. What shows it may be gone already, and is told nothing."""
        if self._run is not None:
            self._session.blockSignals(True)
            self._session.stop()
            self._session.blockSignals(False)
            self._on_ended("interrupted")

    def _tell(self, what: str) -> None:
        if self._run is not None:
            self._saver.note_run(self._run)
            self._saver.note(Entry("model", self._run.method, what, ""))

    def _save_model(self) -> None:
        """Write the best model so far, in the thread; the one before goes when the project knows of the new one."""
        model, run = self._session.model, self._run
        if run is None or model is None or model is self._model:
            return
        self._model = model

        def save(project: Project) -> None:
            written = next((known for known in project.runs() if known.id == run.id), run)
            try:
                place = models.keep(project.path, run.id, model, written.model)
            except OutputError as error:  # what a person draws is not kept waiting for it
                self._on_not_kept(str(error))
                return
            project.write(Batch(runs=[replace(written, model=place)]))
            models.forget(project.path, written.model)

        self._saver.call(save)

    def _on_not_kept(self, sentence: str) -> None:
        """Try again with the next model, and say so once in a run."""
        self._model = None
        if not self._complained:
            self._complained = True
            self._saver.complain(f"The model of the run is not kept: {sentence}")
