"""Saving by itself: what a person makes is in the project file within a second, and nobody waits for it.

What has changed is copied in the window's thread, which takes milliseconds, and written in another. Where no project
was chosen, the first annotation begins one; it can be given a name at any time.
"""

from __future__ import annotations

import atexit
import time
import weakref
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtCore import QEvent, QObject, QTimer, Signal

from napari_labelfix.errors import LabelfixError
from napari_labelfix.project import models, recovery
from napari_labelfix.project.database import expect_closed
from napari_labelfix.project.records import Batch, Entry
from napari_labelfix.project.rest import write_rest
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.parts.dock_frame import main_window_of
from napari_labelfix.widgets.saving.handing_over import HandingOver
from napari_labelfix.widgets.saving.provenance import account, facts
from napari_labelfix.widgets.saving.written_file import WrittenFile
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.canvas import SafeRemoval, ViewDirection
from napari_labelfix.widgets.viewer.placing import Placing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.components import ViewerModel
    from qtpy.QtWidgets import QWidget

    from napari_labelfix.project.records import RunRecord
    from napari_labelfix.project.rest import Rest
    from napari_labelfix.widgets.saving.opening import Lost

_EVERY_MS = 250
_LONG = 600.0  # seconds that a copy of a large project may take
_SAVERS: weakref.WeakKeyDictionary[ViewerModel, Autosaver] = weakref.WeakKeyDictionary()


def autosaver_of(viewer: ViewerModel) -> Autosaver:
    """Return what saves the work in a viewer, the same at each call."""
    viewer = layers.behind_the_proxy(viewer)
    if viewer not in _SAVERS or _SAVERS[viewer].is_closed:
        _SAVERS[viewer] = Autosaver(viewer)
    return _SAVERS[viewer]


class Autosaver(QObject):
    """Follows the layers of a viewer and keeps its project file up to date. Get one by `autosaver_of`.

    Parameters
    ----------
    viewer
        It is held weakly.
    """

    changed = Signal()  # another project, or another name
    saved = Signal()
    failed = Signal(str)
    leaving = Signal()  # the project is let go of, and another may come; what is noted now is still saved in it
    opened = Signal()  # a project was opened, and its layers are in the viewer
    windowCloses = Signal()  # a program closes it: it takes everything that is in it along
    closing = Signal()  # this is the last moment to note something

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = weakref.ref(viewer)
        self._placing, self._removal, self._direction = Placing(), SafeRemoval(viewer), ViewDirection(viewer)
        self._file = WrittenFile(self)
        self._changes = HandingOver(viewer, self._file, self)
        self._window: weakref.ref[QWidget] | None = None
        self.saved_at: float | None = None  # as `time.time` counts
        self.trouble = ""  # why the last attempt to save failed
        self.lost: list[Lost] = []  # images of the project that are not there
        self.unfinished: list[RunRecord] = []  # runs of the project that were cut off
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        layers.on_list_change(viewer, self._on_list)
        self.saved.connect(self._on_saved)
        self.failed.connect(self._on_failed)
        self._file.saved.connect(self.saved)
        self._file.failed.connect(self.failed)
        self._changes.unreadable.connect(self.failed)
        self._changes.due.connect(self.look)
        atexit.register(_close_at_exit, weakref.ref(self))
        self._on_list()

    @property
    def viewer(self) -> ViewerModel | None:
        """The viewer, or None once it is gone."""
        return self._viewer()

    @property
    def path(self) -> Path | None:
        """The project's file; None before there is one."""
        return self._file.path

    @property
    def has_name(self) -> bool:
        """Whether a person has given the project a name."""
        return self.path is not None and not recovery.is_unnamed(self.path)

    @property
    def is_closed(self) -> bool:
        """Whether it has let go of everything, and is of no more use."""
        return self._closed

    @property
    def waiting(self) -> bool:
        """Whether something is not in the file yet."""
        return self._file.waiting > 0

    def watch_window(self, widget: QWidget) -> None:
        """Save and let go of the file when the window closes that a dock lies in."""
        window = main_window_of(widget)
        if window is widget or (self._window is not None and self._window() is window):
            return
        self._window = weakref.ref(window)
        window.installEventFilter(self)
        window.destroyed.connect(self.close)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Save before the window asks whether it may close; where a program closes it, it asks no more."""
        if event.type() == QEvent.Type.Close:
            if not event.spontaneous():
                self.windowCloses.emit()
            self.save_now()
            if not self._changes.followed:
                self.leave()
        return super().eventFilter(watched, event)

    def look(self) -> None:
        """Hand over what has changed since the last look; this is what happens four times a second."""
        if self._viewer() is None:
            self.close()
        if self._closed:
            return
        if not self._begin_if_needed():
            return
        if self._changes.was_emptied:
            self.leave()  # the viewer was emptied: that ends the work on this project and deletes nothing in it
        elif self._file.is_open:
            self._changes.hand_over()

    def save_now(self, timeout: float = 30.0) -> bool:
        """Hand over what has changed and wait until it is in the file; return whether it is."""
        if self._viewer() is not None and self._changes.followed:
            self.look()
            self._changes.hand_over_all()
        return self._file.flush(timeout) and not (self._file.is_open and self._changes.incomplete)

    def save_as(self, path: Path) -> None:
        """Go on in a copy of the project under a name; what had none before is gone then, and a file of that name too.

        Raises
        ------
        ProjectError
            If the name is that of a project that is open in another window.
        OutputError
            If the copy cannot be written.
        """
        if path.absolute() == self.path:
            self.save_now()
            return
        expect_closed(path)
        old, lost, unfinished = self.path, self.lost, self.unfinished
        if old is None or not self.save_now(_LONG):
            self._begin_elsewhere(path)
        else:
            self._file.copy_to(path, _LONG)
            self._let_go()
            self.take_up(Project.open(path, runs_go_on=True))
            if recovery.is_unnamed(old):
                with suppress(LabelfixError):  # its thread has not come to an end; it is offered as unsaved work
                    recovery.discard(old)
        self.lost = lost
        self.unfinished = [replace(run, model=models.place_in(path, run.model)) for run in unfinished]
        self.changed.emit()

    def take_up(self, project: Project) -> None:
        """Save into an open project from now on. What is in the viewer and not known to it goes into it."""
        self._on_list()  # an image that was open before has the project's id now
        known = {layer.id: layer for layer in project.layers()}
        images = {image.id: image for image in project.images()}
        self._changes.begin_with(known, images)
        self._write_into(project.path, project)

    def opened_with(self, lost: list[Lost], unfinished: list[RunRecord]) -> None:
        """Tell that a project was opened, and what of it is not as it should be."""
        self.lost, self.unfinished = lost, unfinished
        self.opened.emit()

    def found(self, lost: Lost) -> None:
        """Note that an image is there again."""
        self.lost = [one for one in self.lost if one is not lost]
        self.changed.emit()

    def taken_up(self, run: RunRecord) -> None:
        """Note that a person has seen to a run that was cut off."""
        self.unfinished = [one for one in self.unfinished if one.id != run.id]
        self.note_run(replace(run, state="stopped"))
        self.changed.emit()

    def leave(self) -> None:
        """Save what has changed, and let go of the project; it stays as it is."""
        self.leaving.emit()
        self._leave()

    def close(self) -> None:
        """Save, let go of the file, and stop looking; of no more use."""
        if self._closed:
            return
        with suppress(RuntimeError):  # the Qt object was deleted with the program
            self._timer.stop()
            self.closing.emit()
        self._leave()
        self._closed = True

    def note_run(self, run: RunRecord) -> None:
        """Keep what a run is and how far it is."""
        self._changes.told.runs[run.id] = run

    def note(self, entry: Entry) -> None:
        """Keep a line of the history."""
        self._changes.told.history.append(entry)

    def call(self, work: Callable[[Project], object]) -> None:
        """Do something with the project in the thread that writes; nothing where there is no project."""
        self._file.call(work)

    def complain(self, sentence: str) -> None:
        """Tell what could not be saved, from any thread."""
        self._file.complain(sentence)

    def touch(self, image: str, method: str) -> None:
        """Note that a method shows something new of an image."""
        self._changes.touch(image, method)

    def forget_removed(self) -> None:
        """Let layers that were just removed stay in the file: they make way for another project."""
        self._changes.forget_removed()

    def _begin(self, path: Path, project: Project | Callable[[], Project], rest: Rest | None = None) -> None:
        """Write into a new project, made by the thread where that waits for the disk; first the rest of another."""
        self._changes.begin_with({}, {})
        self._write_into(path, project)
        if rest is not None:
            self.call(lambda project: write_rest(project, rest, self.complain))
            return
        self.note(Entry("person", account(), "begin", ""))
        self.call(lambda project: project.write(Batch(meta=facts())))

    def _begin_elsewhere(self, path: Path) -> None:
        """Go on in a new project, for the old one cannot be written; what only its file has goes along."""
        project = Project.create_in_place_of(path)
        rest = self._file.close_and_read_rest(self._changes.followed.ids, {one.image.id for one in self.lost})
        self._changes.tell_again(rest.batch.history if rest is not None else ())
        self._begin(path, project, rest)
        self._changes.hand_over()

    def _begin_if_needed(self) -> bool:
        """Begin a project if there is none and something is to be saved; return False if that cannot be done now."""
        if self._changes.worth_a_project and not self._file.is_open:
            try:
                self._begin_without_name()
            except LabelfixError as error:
                self.failed.emit(str(error))
                return False
        return True

    def _begin_without_name(self) -> None:
        names = [one.layer.name for one in self._changes.followed if one.kind == "image" and one.author == "person"]
        path = recovery.new_path(names[0] if names else "labels")
        self._begin(path, lambda: Project.create(path))

    def _write_into(self, path: Path, project: Project | Callable[[], Project]) -> None:
        self._file.open(path, project)
        self.changed.emit()

    def _on_list(self, _event: object = None) -> None:
        if (viewer := self._viewer()) is None:
            return
        layers.adopt_reopened(viewer)
        self._placing.update(layers.all_layers(viewer))
        self._changes.follow(layers.all_layers(viewer))

    def _leave(self) -> None:
        self._changes.told.gone = []
        if self._changes.followed:
            self.save_now()
        if self._changes.left_behind:
            self._begin_if_needed()
        self._changes.hand_over_last()
        self._let_go()
        with suppress(RuntimeError):  # the Qt object was deleted with the program
            self.changed.emit()

    def _let_go(self) -> None:
        self._changes.forget()
        self._file.close()
        self.lost, self.unfinished, self.saved_at = [], [], None

    def _on_saved(self) -> None:
        self._changes.settle()
        self.saved_at = time.time()
        if not self._changes.incomplete and not self._changes.followed.troubled:
            self.trouble = ""

    def _on_failed(self, sentence: str) -> None:
        if sentence != self.trouble:  # it is tried again and again; once is enough to know
            show_warning(f"Not saved: {sentence}")
        self.trouble = sentence


def _close_at_exit(saver: weakref.ref[Autosaver]) -> None:
    if (living := saver()) is not None:
        living.close()
