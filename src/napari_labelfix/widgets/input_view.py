"""What a run starts from: an image, and an annotation layer that a button makes rightly set up."""

from __future__ import annotations

from dataclasses import fields, replace
from operator import is_
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QFormLayout, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_labelfix.annotations import Plane, Task
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.layer_combo import LayerCombo
from napari_labelfix.widgets.shortcuts import tooltip

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.widgets.annotation_kinds import AnnotationKind


class InputView(QWidget):
    """The part of the dock that chooses the image and its annotations.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    kind
        What the method learns from.
    """

    changed = Signal()  # another image or another annotation layer
    drawingStarted = Signal()

    def __init__(self, viewer: ViewerModel, kind: AnnotationKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._kind = viewer, kind
        self.images = LayerCombo(viewer, layers.is_input_image, "no image", self._first_image)
        self.annotations = LayerCombo(viewer, self._fits, f"no {kind.noun}", self._annotation_of_image)
        self.create_button = QPushButton(f"Create {kind.noun}")
        self.create_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.create_button.setToolTip(f"Add a {kind.noun} that lies exactly on the image, with the brush in hand.")
        self.brushes = {brush.label: self._brush_button(brush.label) for brush in kind.brushes}
        self._arrange()
        self.images.layerChanged.connect(self._on_image_changed)
        self.annotations.layerChanged.connect(self._on_changed)
        self.create_button.clicked.connect(self.create_annotation)
        self._on_changed()

    @property
    def image(self) -> Layer | None:
        """The chosen image."""
        return self.images.layer

    @property
    def annotation(self) -> Layer | None:
        """The chosen annotation layer."""
        return self.annotations.layer

    def refresh(self) -> None:
        """Look again at what is offered and chosen: an image may have got other pixels, of another size."""
        self.images.refresh()
        self.annotations.refresh()

    def create_annotation(self) -> None:
        """Make an annotation layer for the image and go there."""
        if self.image is None:
            return
        layer = self._kind.create(self.image)
        layers.add_selected(self._viewer, layer)
        self.annotations.choose(layer)
        self.draw(self._kind.brushes[-1].label)

    def draw(self, label: int | None = None) -> None:
        """Go to the annotation layer with a brush in hand: that of the label, or the one that was last used."""
        if (layer := self.annotation) is None:
            return
        self.drawingStarted.emit()
        layers.select(self._viewer, layer)
        self._kind.start_drawing(layer, label if label is not None else self._current_brush())

    def draw_with_next_brush(self) -> None:
        """Take the brush after the one in hand."""
        labels = list(self.brushes)
        at = labels.index(self._current_brush()) if self._current_brush() in labels else -1
        self.draw(labels[(at + 1) % len(labels)])

    def set_choosable(self, choosable: bool) -> None:
        """Let another image or annotation layer be chosen, or not: a run keeps what it started with."""
        for widget in (self.images, self.annotations, self.create_button):
            widget.setEnabled(choosable)

    def read_annotations(self) -> list[Annotation | None]:
        """Return copies of the annotations of all planes of the image."""
        if self.image is None or self.annotation is None:
            return []
        indices = layers.plane_indices(layers.spatial_shape(self.image))
        return [self._kind.read(self.annotation, index) for index in indices]

    def missing(self) -> str:
        """Return what to do before a run can start, or ""."""
        if self.image is None:
            return "Open an image: File > Open, or File > Open Sample > Labelfix."
        if self.annotation is None:
            return f"Press “Create {self._kind.noun}”."
        return self._kind.missing(self.read_annotations())

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
        return Task(
            tuple(
                Plane(layers.plane_name(self.image, index), layers.read_plane(self.image, index), annotation)
                for index, annotation in zip(indices, self.read_annotations(), strict=True)
            )
        )

    def link(self) -> None:
        """Tag an annotation layer that belongs to no image yet: it will be known again, and results lie below it."""
        if self.image is None or self.annotation is None:
            return
        if "image" not in layers.tag_of(self.annotation):
            layers.link(self.annotation, self._kind.role, self.image)

    def with_changes(self, task: Task) -> Task | None:
        """Return the task with the annotations as they are now; None if they are the same, or no longer enough."""
        annotations = self.read_annotations()
        if len(annotations) != len(task.planes) or self._kind.missing(annotations):
            return None
        planes = [
            plane if _same(plane.annotation, annotation) else replace(plane, annotation=annotation)
            for plane, annotation in zip(task.planes, annotations, strict=True)
        ]
        return None if all(map(is_, planes, task.planes)) else Task(tuple(planes))

    def _fits(self, layer: Layer) -> bool:
        return self.image is not None and self._kind.fits(layer, self.image)

    def _first_image(self, candidates: list[Layer]) -> Layer | None:
        return candidates[0] if candidates else None

    def _annotation_of_image(self, candidates: list[Layer]) -> Layer | None:
        """Return the layer that was made for the image, else one of its kind that belongs to none."""
        if self.image is None:
            return None
        tagged = [layer for layer in candidates if layers.role_of(layer) == self._kind.role]
        own = [layer for layer in tagged if layers.tag_of(layer).get("image") == layers.image_id(self.image)]
        free = [layer for layer in tagged if "image" not in layers.tag_of(layer)]
        return next(iter(own + free), None)

    def _current_brush(self) -> int:
        return int(getattr(self.annotation, "selected_label", self._kind.brushes[0].label))

    def _on_image_changed(self) -> None:
        self.annotations.choose(None)
        self.annotations.refresh()
        self._on_changed()

    def _on_changed(self) -> None:
        if self.annotation is not None and layers.role_of(self.annotation) == self._kind.role:
            self._kind.adopt(self.annotation)
        self.create_button.setEnabled(self.image is not None)
        self.create_button.setVisible(self.annotation is None)
        self._drawing.setVisible(self.annotation is not None)
        self.changed.emit()

    def _brush_button(self, label: int) -> QPushButton:
        brush = next(brush for brush in self._kind.brushes if brush.label == label)
        swatch = QPixmap(14, 14)
        swatch.fill(QColor(brush.color))
        button = QPushButton(QIcon(swatch), f"{label} {brush.name}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(f"Draw {brush.name.lower()} ({label}).\n{tooltip('next_brush')}")
        button.clicked.connect(lambda: self.draw(label))
        return button

    def _arrange(self) -> None:
        rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(3)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("Image", self.images)
        rows.addRow(self._kind.label, self.annotations)
        self._drawing = QWidget()  # takes the place of the button once there is a layer
        drawing = QGridLayout(self._drawing)
        drawing.setContentsMargins(0, 0, 0, 0)
        drawing.setVerticalSpacing(3)
        for column, button in enumerate(self.brushes.values()):
            drawing.addWidget(button, 0, column)
        drawing.addWidget(QLabel(self._kind.legend), 1, 0, 1, len(self.brushes))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(rows)
        layout.addWidget(self.create_button)
        layout.addWidget(self._drawing)


def _same(one: Annotation | None, other: Annotation | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
