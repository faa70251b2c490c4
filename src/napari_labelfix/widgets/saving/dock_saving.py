"""What a dock has to do with saving; what saves is imported when the dock has been painted, so that nobody waits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from qtpy.QtWidgets import QWidget

    from napari_labelfix.data.tiles import Window
    from napari_labelfix.params import Params
    from napari_labelfix.project.records import RunRecord
    from napari_labelfix.widgets.running.session import Session
    from napari_labelfix.widgets.saving.autosave import Autosaver
    from napari_labelfix.widgets.saving.run_keeper import RunKeeper

_AFTER_MS = 300  # when the dock has been painted


class Saving(QObject):
    """Begins to save the work in a viewer by itself, and keeps the runs of a session with it.

    Parameters
    ----------
    viewer
        The viewer.
    parent
        The dock.
    session
        The runs of the dock; None for a dock without runs.
    """

    leaving = Signal()  # the project is let go of
    opened = Signal()  # a project was opened

    def __init__(self, viewer: ViewerModel, parent: QWidget, session: Session | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._dock = viewer, session, parent
        self._saver: Autosaver | None = None
        self._runs: RunKeeper | None = None
        parent.installEventFilter(self)
        soon = QTimer(self)  # not a single shot, which would come after the dock has gone
        soon.setSingleShot(True)
        soon.timeout.connect(self.begin)
        soon.start(_AFTER_MS)

    def begin(self) -> Autosaver:
        """Begin, if it has not begun yet, and offer to restore what was cut off."""
        if self._saver is None:
            from napari_labelfix.widgets.saving.autosave import autosaver_of
            from napari_labelfix.widgets.saving.restore_offer import offer_to_restore
            from napari_labelfix.widgets.saving.run_keeper import RunKeeper

            self._saver = autosaver_of(self._viewer)
            if self._session is not None:
                self._runs = RunKeeper(self._saver, self._session, self)
            self._saver.leaving.connect(self.leaving)
            self._saver.opened.connect(self.opened)
            self._saver.watch_window(self._dock)
            offer_to_restore(self._viewer, self._saver)
            if self._saver.unfinished:
                self.opened.emit()
        return self._saver

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice when the dock is shown, perhaps in another window."""
        if event.type() == QEvent.Type.Show and self._saver is not None:
            self._saver.watch_window(self._dock)
        return super().eventFilter(watched, event)

    def run_started(self, method: str, images: Sequence[str], params: Params, part: Window | None) -> None:
        """Note that a run was started on images, by their ids, the one in hand, or a part of it, first."""
        self.begin()
        if self._runs is not None:
            self._runs.begin(method, images, params, part)

    def model_applied(self, method: str, images: Sequence[str], model: str) -> None:
        """Note that a model of a method proposes for images, by their ids, and keep what it proposes."""
        self.begin()
        if self._runs is not None:
            self._runs.apply(method, images, model)

    def unfinished(self, method: str, image: str) -> RunRecord | None:
        """Return the newest run of a method on an image that was cut off, or None."""
        runs = self._saver.unfinished if self._saver is not None else []
        return next((run for run in reversed(runs) if (run.method, run.image) == (method, image)), None)

    def model_of(self, run: RunRecord) -> str:
        """Return the folder of the model that is kept of a run, "" if there is none."""
        project = self._saver.path if self._saver is not None else None
        folder = project.parent / run.model if run.model and project is not None else None
        return str(folder) if folder is not None and folder.is_dir() else ""

    def where_now(self, model: str) -> str:
        """Return the folder of a model that was kept beside the project: Save as… may have taken it elsewhere."""
        project = self._saver.path if self._saver is not None else None
        if project is None or Path(model).is_dir():
            return model
        from napari_labelfix.project.models import folder_of

        moved = folder_of(project) / Path(model).name
        return str(moved) if moved.is_dir() else model

    def taken_up(self, run: RunRecord) -> None:
        """Note that a person was told of a run that was cut off."""
        self.begin().taken_up(run)
