"""What a run starts from: an image, and an annotation made of one layer or two."""

from __future__ import annotations

from dataclasses import replace
from operator import is_
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QWidget

from napari_labelfix.annotations import Plane, Task, same_annotation
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.layer_combo import LayerCombo
from napari_labelfix.widgets.layer_input import LayerInput
from napari_labelfix.widgets.layer_kind import Place

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.widgets.layer_kind import AnnotationKind
    from napari_labelfix.widgets.layers import Index


class InputView(QWidget):
    """The part of the dock that chooses the image and its annotations.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    kind
        What the method learns from.
    """

    changed = Signal()  # another image or another layer
    drawingStarted = Signal()

    def __init__(self, viewer: ViewerModel, kind: AnnotationKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._kind = viewer, kind
        self.images = LayerCombo(viewer, layers.is_input_image, "no image", self._first_image)
        self.parts = [LayerInput(viewer, of_layer, self.images, self) for of_layer in kind.layers]
        self.annotations = self.parts[0].combo
        drawn_on = next(part for part in self.parts if part.brushes)
        self.create_button, self.brushes = drawn_on.create_button, drawn_on.brushes
        self.create_annotation = drawn_on.create
        self.draw, self.draw_with_next_brush = drawn_on.draw, drawn_on.draw_with_next_brush
        self._arrange()
        self.images.layerChanged.connect(self._on_image_changed)
        for part in self.parts:
            part.changed.connect(self.changed)
            part.drawingStarted.connect(self.drawingStarted)

    @property
    def image(self) -> Layer | None:
        """The chosen image."""
        return self.images.layer

    @property
    def annotation(self) -> Layer | None:
        """The chosen annotation layer, the first where there are two."""
        return self.annotations.layer

    @property
    def chosen(self) -> list[Layer]:
        """The layers that are chosen for the annotation."""
        return [part.layer for part in self.parts if part.layer is not None]

    def refresh(self) -> None:
        """Look again at what is offered and chosen: an image may have got other pixels, of another size."""
        self.images.refresh()
        for part in self.parts:
            part.combo.refresh()

    def set_choosable(self, choosable: bool) -> None:
        """Let another image or annotation layer be chosen, or not: a run keeps what it started with."""
        self.images.setEnabled(choosable)
        for part in self.parts:
            part.combo.setEnabled(choosable)
            part.create_button.setEnabled(choosable and self.image is not None)

    def read_annotations(self) -> list[Annotation | None]:
        """Return copies of the annotations of all planes of the image."""
        if self.image is None or any(part.missing() for part in self.parts):
            return []
        return [self._read(self.image, index) for index in layers.plane_indices(layers.spatial_shape(self.image))]

    def missing(self) -> str:
        """Return what to do before a run can start, or ""."""
        if self.image is None:
            return "Open an image: File > Open, or File > Open Sample > Labelfix."
        absent = next(filter(None, (part.missing() for part in self.parts)), "")
        return absent or self._kind.missing(self.read_annotations())

    def plane_in_view(self) -> tuple[Plane, Index] | None:
        """Return the plane that is seen, with its annotation, and its index; None if something is missing.

        Raises
        ------
        InputError
            If the image cannot be read.
        """
        if self.image is None or any(part.missing() for part in self.parts):
            return None
        index = layers.index_in_view(self._viewer, self.image)
        return self._plane(index, self._read(self.image, index)), index

    def task(self) -> Task:
        """Return what a run starts from; lazy images are read here.

        Raises
        ------
        InputError
            If there is no image, or it cannot be read.
        """
        if self.image is None:
            return Task(())
        indices = layers.plane_indices(layers.spatial_shape(self.image))
        return Task(tuple(map(self._plane, indices, self.read_annotations())))

    def link(self) -> None:
        """Tag the layers that belong to no image yet."""
        for part in self.parts:
            part.link()

    def make_way(self) -> None:
        """Hide the layers that are in the way of the first results; they can be shown again as any other."""
        for part in self.parts:
            if part.kind.covered and part.layer is not None:
                part.layer.visible = False

    def with_changes(self, task: Task) -> Task | None:
        """Return the task with the annotations as they are now; None if they are the same, or no longer enough."""
        annotations = self.read_annotations()
        if len(annotations) != len(task.planes) or self._kind.missing(annotations):
            return None
        planes = [
            plane if same_annotation(plane.annotation, annotation) else replace(plane, annotation=annotation)
            for plane, annotation in zip(task.planes, annotations, strict=True)
        ]
        return None if all(map(is_, planes, task.planes)) else Task(tuple(planes))

    def _read(self, image: Layer, index: Index) -> Annotation | None:
        return self._kind.read([part.layer for part in self.parts], Place(image, index))

    def _plane(self, index: Index, annotation: Annotation | None) -> Plane:
        return Plane(layers.plane_name(self.image, index), layers.read_plane(self.image, index), annotation)

    def _first_image(self, candidates: list[Layer]) -> Layer | None:
        return candidates[0] if candidates else None

    def _on_image_changed(self) -> None:
        for part in self.parts:
            part.combo.choose(None)
            part.combo.refresh()
            part.update_parts()
        self.changed.emit()

    def _arrange(self) -> None:
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(3)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("Image", self.images)
        for part in self.parts:
            rows.addRow(part.kind.label, part.combo)
            rows.labelForField(part.combo).setToolTip(part.kind.legend or part.kind.absent)
            rows.addRow(part.create_button)
            rows.addRow(part.tools)  # takes the place of the button once there is a layer
