"""What has changed in a viewer, on its way into the project file: copied part by part, in the window's thread."""

from __future__ import annotations

import json
import weakref
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_labelfix.project.records import Batch, Entry, together
from napari_labelfix.widgets.saving.following import Following
from napari_labelfix.widgets.saving.provenance import account
from napari_labelfix.widgets.saving.rewriting import Rewriting
from napari_labelfix.widgets.saving.view_states import view_of
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.layer_states import id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.widgets.saving.told_once import ToldOnce
    from napari_labelfix.widgets.saving.written_file import WrittenFile

_SOON_MS = 15  # between two parts of a copy
_FINGERPRINT_SECONDS = 3.0  # that whoever waits for everything waits for them


class HandingOver(QObject):
    """Follows the layers of a viewer, and gives what has changed to the thread that writes.

    Parameters
    ----------
    viewer
        It is held weakly.
    file
        What is written into; it may be none yet.
    parent
        The Qt parent.

    Attributes
    ----------
    followed
        The layers that are kept.
    """

    due = Signal()  # there is more to hand over, and soon
    unreadable = Signal(str)

    def __init__(self, viewer: ViewerModel, file: WrittenFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._file = weakref.ref(viewer), file
        self.followed = Following(self._note_step, self)
        self._rewriting = Rewriting(self)
        self._last: dict[str, Batch] = {}  # what had changed in layers when they were removed
        self.followed.unreadable.connect(self.unreadable)
        self._file.dropped.connect(self._rewriting.lose)
        self._rewriting.again.connect(self._write_anew)

    @property
    def told(self) -> ToldOnce:
        """What does not come again by itself."""
        return self._rewriting.told

    @property
    def left_behind(self) -> bool:
        """Whether something has changed in layers that are gone since."""
        return bool(self._last)

    @property
    def was_emptied(self) -> bool:
        """Whether all layers were taken out of the viewer."""
        return not self.followed and bool(self.told.gone or self._last)

    @property
    def worth_a_project(self) -> bool:
        """Whether there is something to save where there is no project yet."""
        return bool(self._last or self.followed.annotated or (self.told.runs and self.followed))

    @property
    def incomplete(self) -> bool:
        """Whether the file lacks something that was handed over."""
        return self._rewriting.pending

    def follow(self, there: Sequence[Layer]) -> None:
        """Follow these layers and no others, and keep what has changed in those that are gone."""
        for id_, followed in self.followed.update(there):
            if followed.in_file:
                self.told.gone.append(id_)
            if followed.annotated and (self._file.is_open or not followed.in_file):
                with self.followed.reading(followed.layer):
                    self._last[id_] = followed.take_all()  # it may have gone with the whole viewer

    def begin_with(self, known: dict[str, LayerRecord], images: dict[str, ImageRecord]) -> None:
        """Note that another file is written, which knows these layers and images."""
        self.followed.take_up(known, images)
        self._rewriting.begin_anew()

    def touch(self, image: str, method: str) -> None:
        """Note that a method shows something new of an image."""
        for followed in self.followed:
            tag = layers.tag_of(followed.layer)
            if followed.author == "model" and (tag.get("image"), tag.get("method")) == (image, method):
                followed.touch()

    def hand_over(self, *, wait: bool = False) -> bool:
        """Copy what has changed, and give it to the thread; return whether something big is still to come.

        Parameters
        ----------
        wait
            Whether somebody waits for all of it; else what is big waits until the thread has nothing else to do.
        """
        viewer = self._viewer()
        there = layers.all_layers(viewer) if viewer is not None else []
        takers = self.followed.take(there)
        parts = [part for id_, part in self._last.items() if id_ not in self.told.gone]
        parts, self._last = parts + self.told.take(), {}
        if takers or parts:
            meta = {"view": json.dumps(view_of(viewer))} if viewer is not None and there else {}
            self._write(takers, [*parts, Batch(meta=meta)])
        if self.followed.hurries:
            QTimer.singleShot(_SOON_MS, self._ask)
            return True
        if self._file.waiting > 1 and not wait:
            return True  # what is big would keep the next stroke waiting
        later = self.followed.take_later()
        if later is not None:
            self._write([later], [])
        return later is not None

    def hand_over_all(self) -> None:
        """Copy all of what has changed, however long it takes."""
        for followed in self.followed:
            followed.wait(_FINGERPRINT_SECONDS)
        while self._file.is_open and self.hand_over(wait=True):
            pass

    def hand_over_last(self) -> None:
        """Copy what the layers left that are gone, and how runs have ended."""
        if self._file.is_open and (self._last or self.told.runs):
            self.hand_over()

    def settle(self) -> None:
        """Note that the thread has written something."""
        if not self._file.waiting and not self.followed.hurries:
            self._rewriting.settle()

    def tell_again(self, known: Collection[Entry]) -> None:
        """Let all that was handed over be new again, but for lines of the history that are known."""
        self.told.tell_again(self.followed.ids)
        self.told.tell_history_again(known)

    def forget_removed(self) -> None:
        """Let layers that were just removed stay in the file."""
        self.told.gone, self._last = [], {}

    def forget(self) -> None:
        """Forget what has changed: the file is let go of."""
        self._last = {}
        self.told.forget()

    def _write(self, makers: Sequence[Callable[[], Batch]], parts: Sequence[Batch]) -> None:
        self._file.call(lambda project: project.write(together([*(make() for make in makers), *parts])))

    def _write_anew(self) -> None:
        """Hand everything over again: what comes later may build on what was lost."""
        self.followed.take_up({}, {})
        self.told.tell_again(self.followed.ids)
        self.due.emit()

    def _ask(self) -> None:
        self.due.emit()

    def _note_step(self, layer: Layer, what: str, ids: Iterable[int]) -> None:
        self.told.history.append(Entry("person", account(), what, id_of(layer), tuple(ids)))
