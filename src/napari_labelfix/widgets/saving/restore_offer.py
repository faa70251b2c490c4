"""The offer to restore work that was cut off, made once when the first dock opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def offer_to_restore(viewer: ViewerModel, parent: QObject) -> None:
    """Look for work that was cut off, in the background, and offer to restore the newest; once in a program."""
    global _offered
    if _offered:
        return
    _offered = True
    looking = Background(parent)
    looking.done.connect(lambda found: _offer(viewer, found))
    QTimer.singleShot(_AFTER_MS, lambda: looking.start(recovery.find_unsaved))


def _offer(viewer: ViewerModel, found: Sequence[Unsaved]) -> None:
    cut_off = [unsaved for unsaved in found if unsaved.cut_off]
    if not cut_off:
        return
    newest = cut_off[0]
    what = newest.path.name if newest.named else ", ".join(newest.images) or "labels"
    more = f" There are {len(cut_off) - 1} more in the Project dock." if len(cut_off) > 1 else ""
    notification_manager.dispatch(
        Notification(
            f"Labelfix was cut off while you worked on {what}. Everything up to the last second is there.{more}",
            NotificationSeverity.WARNING,
            actions=[("Restore", lambda _source: _restore(viewer, newest))],
        )
    )


def _restore(viewer: ViewerModel, unsaved: Unsaved) -> None:
    from napari_labelfix.widgets.saving.opening import open_project

    try:
        lost = open_project(viewer, unsaved.path)
    except LabelfixError as error:
        notification_manager.dispatch(Notification(str(error), NotificationSeverity.ERROR))
        return
    for one in lost:
        notification_manager.dispatch(Notification(one.reason, NotificationSeverity.WARNING))
