"""A check box: whether a run is on all of the image, or only on what is seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_labelfix.data.region import Region, corners_of
from napari_labelfix.errors import InputError
from napari_labelfix.widgets.viewer.image_planes import spatial_shape
from napari_labelfix.widgets.viewer.in_view import window_in_view

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_labelfix.annotations import Task
    from napari_labelfix.data.tiles import Window
    from napari_labelfix.widgets.annotating.input_view import InputView
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind

_HELP = (
    "Zoom to a part of a large image: it alone is looked at, learned from and proposed for,\n"
    "in all planes of a stack, and nothing around it. To take the model to all of the image,\n"
    "uncheck this and press “Apply a model…”."
)


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
        super().__init__(parent)
        self._viewer, self._kind, self._inputs = viewer, kind, inputs
        self._kept: Window | None = None  # that an earlier run was on; None for what is in view
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.toggled.connect(lambda _checked: self.forget())
        self.forget()

    def go_on_with(self, part: Window | None) -> None:
        """Let the next run be on a part of the image in hand, wherever one looks then, or on all of it."""
        self.setChecked(part is not None)
        if part is not None:
            self._kept = part
            top, left, bottom, right = corners_of(part)
            self.setText(f"Only the same {bottom - top} x {right - left} pixels")
            self.setToolTip(
                "What the run was on. Uncheck it for all of the image, and check it again for the part in view."
            )

    def forget(self) -> None:
        """Let the part in view be meant from now on."""
        self._kept = None
        self.setText("Only the part in view")
        self.setToolTip(_HELP)

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
        window = self._kept or window_in_view(self._viewer, image)
        if window is None:
            raise InputError(f"Nothing of “{image.name}” is in view. Move it there, or uncheck “{self.text()}”.")
        height, width = spatial_shape(image)[-2:]
        if window[0].stop > height or window[1].stop > width:
            raise InputError(f"“{image.name}” is smaller than it was. Uncheck “{self.text()}”.")
        region = Region(tuple(window if owner is image else None for owner in self._inputs.owners))
        part = region.of(task)
        part.check()
        if learns and (missing := self._kind.missing([plane.annotation for plane in part.planes])):
            raise InputError(f"In {'that part' if self._kept else 'the part in view'}: {missing}")
        return region
