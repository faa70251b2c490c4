"""A check box: whether a run is on all of the image, or only on what is seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_labelfix.data.region import Region
from napari_labelfix.errors import InputError
from napari_labelfix.widgets.viewer.in_view import window_in_view

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_labelfix.annotations import Task
    from napari_labelfix.widgets.annotating.input_view import InputView
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind


class RegionBox(QCheckBox):
    """Lets a person work on a part of a large image.

    Parameters
    ----------
    viewer
        It shows the part.
    kind
        What the method learns from.
    inputs
        The image in hand, and others of the run.
    """

    def __init__(
        self, viewer: ViewerModel, kind: AnnotationKind, inputs: InputView, parent: QWidget | None = None
    ) -> None:
        super().__init__("Only the part in view", parent)
        self._viewer, self._kind, self._inputs = viewer, kind, inputs
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(
            "Zoom to a part of a large image: it alone is looked at, learned from and proposed for,\n"
            "in all planes of a stack, and nothing around it. To take the model to all of the image,\n"
            "uncheck this and press “Apply a model…”."
        )

    def region(self, task: Task, *, learns: bool = True) -> Region:
        """Return what a run on a task, or a model that does not learn, is to look at.

        Raises
        ------
        InputError
            If nothing of the image is in view, or what a run learns from is not.
        """
        image = self._inputs.image
        if not self.isChecked() or image is None:
            return Region.whole(task)
        window = window_in_view(self._viewer, image)
        if window is None:
            raise InputError(f"Nothing of “{image.name}” is in view. Move it there, or uncheck “{self.text()}”.")
        region = Region(tuple(window if owner is image else None for owner in self._inputs.owners))
        part = region.of(task)
        part.check()
        if learns and (missing := self._kind.missing([plane.annotation for plane in part.planes])):
            raise InputError(f"In the part in view: {missing}")
        return region
