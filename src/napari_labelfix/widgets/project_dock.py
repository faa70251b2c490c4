"""The Project dock: where the work is kept, under which name, and what there is to restore, relink and go on with."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_labelfix.errors import LabelfixError
from napari_labelfix.methods.table import METHODS
from napari_labelfix.project import recovery
from napari_labelfix.project.store import SUFFIX
from napari_labelfix.widgets.parts.background import Background
from napari_labelfix.widgets.parts.dock_frame import fill_dock, open_dock
from napari_labelfix.widgets.parts.message import Message, primary_style
from napari_labelfix.widgets.parts.rows import Rows
from napari_labelfix.widgets.parts.wrapped_label import WrappedLabel
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import open_project, relink
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.viewer import Viewer

    from napari_labelfix.project.records import RunRecord
    from napari_labelfix.project.recovery import Unsaved
    from napari_labelfix.widgets.saving.autosave import Autosaver
    from napari_labelfix.widgets.saving.opening import Lost

_PROJECTS = f"Labelfix projects (*{SUFFIX})"
_SHOWN = 5  # pieces of unsaved work
_WIDTH = 300


class ProjectDock(QWidget):
    """Shows the project of a viewer.

    Parameters
    ----------
    napari_viewer
        The viewer it is docked in; the name is what napari looks for.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self._proxy = napari_viewer
        viewer = layers.behind_the_proxy(napari_viewer)
        self._viewer = viewer
        self.saver = autosaver_of(viewer)
        self.message = Message(viewer.theme)
        self._in_trouble = False  # the message says that saving fails
        self.name, self.place, self.saved = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.save_button = QPushButton("Save as…")
        self.open_button = QPushButton("Open…")
        self.lost, self.runs, self.unsaved = (
            Rows("Images that are not there"),
            Rows("Unfinished runs"),
            Rows("Not saved"),
        )
        self._finding = Background(self)
        self._arrange()
        self._connect()
        self.show_state()
        self.look_for_unsaved()

    def save_as(self, path: Path) -> None:
        """Give the work a name; if another file has it, only if the person wants it replaced."""
        path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
        if path.exists() and path.absolute() != self.saver.path:
            question = f"There is a file {path} already. Replace it? What is in it cannot be brought back."
            if QMessageBox.question(self, "Save as", question) != QMessageBox.StandardButton.Yes:
                return
        self._try(lambda: self.saver.save_as(path), f"From now on your work is saved in {path.name} by itself.")

    def open(self, path: Path) -> None:
        """Open a project in the place of the one that is open."""
        self._try(lambda: open_project(self._viewer, path), f"{path.name} is open, and saved by itself from now on.")
        self.look_for_unsaved()

    def relink(self, lost: Lost, path: Path) -> None:
        """Show an image from another file; if it is another image, only if the person wants it all the same."""
        done = f"“{lost.image.name}” is shown from {path}."
        try:
            relink(self._viewer, lost, path)
        except LabelfixError as error:
            question = f"{error}\n\nTake it nevertheless? Only do so if it shows the same, pixel for pixel."
            if QMessageBox.question(self, "Another image", question) != QMessageBox.StandardButton.Yes:
                self.message.show_text(str(error), "error")
                return
            self._try(lambda: relink(self._viewer, lost, path, nevertheless=True), done)
        else:
            self.message.show_text(done, "done")
            self.show_state()

    def set_up(self, run: RunRecord) -> None:
        """Open the dock of a run that was cut off; it takes up the parameters."""
        if run.method in METHODS:
            open_dock(self._proxy.window, METHODS[run.method].title)

    def discard(self, unsaved: Unsaved) -> None:
        """Throw unsaved work away."""
        done = f"{unsaved.path.name} is not offered any more." if unsaved.named else "The work is thrown away."
        self._try(lambda: recovery.discard(unsaved.path), done)
        self.look_for_unsaved()

    def look_for_unsaved(self) -> None:
        """Look for work that was not saved under a name, or cut off."""
        self._finding.start(recovery.find_unsaved)

    def show_state(self) -> None:
        """Show where the work is kept and when it was saved last."""
        saver = self.saver
        self.name.setText("none yet" if not saver.has_name else saver.path.name if saver.path else "")
        self.place.setText("" if saver.path is None else str(saver.path.parent))
        self.saved.setText(_saved_when(saver))
        if saver.trouble:
            self.message.show_text(f"Not saved: {saver.trouble}", "error")
        elif self._in_trouble or self.message.mood == "hint":  # what a person tried is told until they try again
            self.message.show_text(self._hint())
        self._in_trouble = bool(saver.trouble)
        self.lost.show_rows([(lost.reason, [("Relink…", partial(self._choose_image, lost))]) for lost in saver.lost])
        self.runs.show_rows([self._row_of_run(run) for run in saver.unfinished])

    def showEvent(self, event: Any) -> None:
        """Notice the window: when it closes, the project is saved."""
        self.saver.watch_window(self)
        super().showEvent(event)

    def _hint(self) -> str:
        if self.saver.path is None:
            return "Nothing to save yet. With your first annotation your work begins to be saved by itself."
        if not self.saver.has_name:
            return "Your work is saved by itself. Press “Save as…” to give it a name and a place."
        return "Your work is saved by itself, within a second."

    def _row_of_run(self, run: RunRecord) -> tuple[str, list[tuple[str, Callable[[], object]]]]:
        title = METHODS[run.method].title if run.method in METHODS else run.method
        things = {"parameters": True, "part of the image": run.part is not None, "best model": run.model}
        back = " and its ".join(thing for thing, is_there in things.items() if is_there)
        text = f"{title}, begun {_when(run.started)}, {run.interruption}. Its {back} come back into the dock."
        return text, [("Open the dock", partial(self.set_up, run)), ("Dismiss", partial(self.saver.taken_up, run))]

    def _on_found(self, found: Sequence[Unsaved]) -> None:
        rows = []
        for unsaved in [one for one in found if one.path != self.saver.path][:_SHOWN]:
            images = ", ".join(unsaved.images) or "no image"
            kind = f"{unsaved.path.name}, cut off" if unsaved.named else f"Without a name: {images}"
            changed = datetime.fromtimestamp(unsaved.changed).strftime("%d %b, %H:%M")
            away = "Forget" if unsaved.named else "Discard"
            buttons = [
                ("Restore", partial(self.open, unsaved.path)),
                (away, partial(self._ask_and_discard, unsaved)),
            ]
            rows.append((f"{kind}, {changed}.", buttons))
        self.unsaved.show_rows(rows)

    def _ask_and_discard(self, unsaved: Unsaved) -> None:
        question = f"Throw the work of {', '.join(unsaved.images) or 'this file'} away? It cannot be brought back."
        yes = QMessageBox.StandardButton.Yes
        if unsaved.named or QMessageBox.question(self, "Discard", question) == yes:
            self.discard(unsaved)

    def _choose_name(self) -> None:
        start = self.saver.path if self.saver.has_name else Path.home() / f"labels{SUFFIX}"
        without_asking = QFileDialog.Option.DontConfirmOverwrite  # `save_as` asks, and knows the whole name
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the project as", str(start), _PROJECTS, options=without_asking
        )
        if path:
            self.save_as(Path(path))

    def _choose_project(self) -> None:
        start = self.saver.path.parent if self.saver.path is not None and self.saver.has_name else Path.home()
        path, _ = QFileDialog.getOpenFileName(self, "Open a project", str(start), _PROJECTS)
        if path:
            self.open(Path(path))

    def _choose_image(self, lost: Lost) -> None:
        path, _ = QFileDialog.getOpenFileName(self, f"Where is “{lost.image.name}”?", lost.image.path)
        if path:
            self.relink(lost, Path(path))

    def _try(self, work: Callable[[], object], done: str) -> None:
        try:
            work()
        except LabelfixError as error:
            self.message.show_text(str(error), "error")
            show_error(str(error))
            return
        self.message.show_text(done, "done")
        self.show_state()

    def _on_changed(self) -> None:
        if self.message.mood != "error":
            self.message.show_text(self._hint())
        self.show_state()

    def _on_opened(self) -> None:
        self.message.show_text(self._hint())  # what was said was about another project
        self.show_state()

    def _on_theme(self, _event: object = None) -> None:
        self.message.set_theme(self._viewer.theme)
        self.save_button.setStyleSheet(primary_style(self._viewer.theme))

    def _connect(self) -> None:
        self.save_button.clicked.connect(self._choose_name)
        self.open_button.clicked.connect(self._choose_project)
        self.saver.changed.connect(self._on_changed)
        self.saver.opened.connect(self._on_opened)
        self.saver.saved.connect(self.show_state)
        self.saver.failed.connect(self.show_state)
        self._finding.done.connect(self._on_found)
        self._viewer.events.theme.connect(self._on_theme)

    def _arrange(self) -> None:
        for label in (self.name, self.place, self.saved):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form = QFormLayout()
        form.addRow("Name", self.name)
        form.addRow("Folder", self.place)
        form.addRow("Saved", self.saved)
        self.save_button.setToolTip(f"Give the work a name and a place: one file, NAME{SUFFIX}.")
        self.open_button.setToolTip("Open a project in the place of this one, which stays as it is in its file.")
        buttons = QHBoxLayout()
        for button in (self.save_button, self.open_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas
            buttons.addWidget(button)
        parts = QWidget()
        column = QVBoxLayout(parts)
        column.setContentsMargins(6, 0, 6, 6)
        column.addLayout(form)
        column.addLayout(buttons)
        for rows in (self.lost, self.runs, self.unsaved):
            column.addWidget(rows)
        column.addStretch()
        fill_dock(self, self.message, parts, _WIDTH)
        self._on_theme()


def _when(stamp: str) -> str:
    """Return a time of the project in the person's own time: "21 Nov, 16:03"."""
    return datetime.fromisoformat(stamp).astimezone().strftime("%d %b, %H:%M")


def _saved_when(saver: Autosaver) -> str:
    """Return when something of the project was saved last; "" before anything was, and where there is none."""
    if saver.path is None:
        return ""
    if saver.saved_at is None:
        return "nothing new since it was opened" if saver.has_name else ""
    return time.strftime("%H:%M:%S", time.localtime(saver.saved_at))
