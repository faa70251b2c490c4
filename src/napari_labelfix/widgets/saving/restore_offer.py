"""The offer to restore work that was cut off, made once, soon after the first dock has opened."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from napari.utils.notifications import Notification, NotificationSeverity, notification_manager
from qtpy.QtCore import QObject, QTimer

from napari_labelfix.errors import LabelfixError
from napari_labelfix.project import recovery
from napari_labelfix.widgets.parts.background import Background

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel

    from napari_labelfix.project.recovery import Unsaved

_AFTER_MS = 1500  # the dock first
_offered = False


def offer_to_restore(viewer: ViewerModel, saver: QObject) -> None:
    """Look for work that was cut off, in the background, and offer to restore the newest; once in a program.

    Parameters
    ----------
    viewer
        Where it is restored.
    saver
        What saves the work in the viewer: it stays where the dock is closed before anything is found.
    """
    global _offered
    if not _offered:
        _offered = True
        _Offer(viewer, saver)


class _Offer(QObject):
    def __init__(self, viewer: ViewerModel, saver: QObject) -> None:
        super().__init__(saver)
        self._viewer = ref(viewer)
        self._looking = Background(self)
        self._looking.done.connect(self._on_found)
        soon = QTimer(self)
        soon.setSingleShot(True)
        soon.timeout.connect(self._look)
        soon.start(_AFTER_MS)

    def _look(self) -> None:
        self._looking.start(recovery.find_unsaved)

    def _on_found(self, found: Sequence[Unsaved]) -> None:
        if (viewer := self._viewer()) is not None:
            _offer(viewer, found)


def _offer(viewer: ViewerModel, found: Sequence[Unsaved]) -> None:
    cut_off = [unsaved for unsaved in found if unsaved.cut_off]
    if not cut_off:
        return
    newest, there = cut_off[0], ref(viewer)  # napari keeps each notification, and so the window, if that was in it
    what = newest.path.name if newest.named else ", ".join(newest.images) or "labels"
    rest = len(cut_off) - 1
    more = f" There {'is' if rest == 1 else 'are'} {rest} more in the Project dock." if rest else ""
    notification_manager.dispatch(
        Notification(
            f"Labelfix was cut off while you worked on {what}. Everything up to the last second is there.{more}",
            NotificationSeverity.WARNING,
            actions=[("Restore", lambda _source: _restore(there(), newest))],
        )
    )


def _restore(viewer: ViewerModel | None, unsaved: Unsaved) -> None:
    from napari_labelfix.widgets.saving.opening import open_project

    if viewer is None:
        return
    try:
        lost = open_project(viewer, unsaved.path)
    except LabelfixError as error:
        notification_manager.dispatch(Notification(str(error), NotificationSeverity.ERROR))
        return
    for one in lost:
        notification_manager.dispatch(Notification(one.reason, NotificationSeverity.WARNING))
