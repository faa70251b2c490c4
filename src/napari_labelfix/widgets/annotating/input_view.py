"""What a run starts from: an image or several, each with an annotation made of one layer or more."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from operator import is_
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QWidget

from napari_labelfix.annotations import Plane, Task, same_annotation
from napari_labelfix.errors import InputError
from napari_labelfix.widgets.annotating.image_choice import ImageChoice
from napari_labelfix.widgets.annotating.layer_input import LayerInput
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.coordinates import lies_on
from napari_labelfix.widgets.viewer.covers import cover_of, covered_by_its_image
from napari_labelfix.widgets.viewer.pictured_labels import labelled_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.annotations import Annotation
    from napari_labelfix.widgets.annotating.layer_kind import AnnotationKind
    from napari_labelfix.widgets.viewer.image_planes import Index

_NAMED = 3  # channels in a sentence


class InputView(QWidget):
    """The part of the dock that chooses the image or images and their annotations.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    kind
        What the method learns from.
    """

    changed = Signal()  # another image, other images with it, or another layer
    drawingStarted = Signal()
    refused = Signal(str)  # why something that is drawn with cannot be used now, and what to do
    planeLeft = Signal()  # in which something was begun
    classesChanged = Signal()  # of objects: a person has added, named or removed one

    def __init__(self, viewer: ViewerModel, kind: AnnotationKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._kind = viewer, kind
        self.begun = ""  # the name of a plane that is, or was, held back from a run because it was only begun
        self._look: list[list[Annotation | None]] | None = None  # what a block that reads once has read, if it has
        self.images = ImageChoice(viewer, self)  # the first that Tab comes to
        self.parts = [LayerInput(viewer, of_layer, self.images, self) for of_layer in kind.layers]
        self.annotations = self.parts[0].combo
        drawn_on = next(part for part in self.parts if part.brushes)
        self.create_button, self.brushes = drawn_on.create_button, drawn_on.brushes
        self.create_annotation = drawn_on.create
        self.draw, self.draw_with_next_brush = drawn_on.draw, drawn_on.draw_with_next_brush
        self._arrange()
        self.images.layerChanged.connect(self._on_image_changed)
        self.images.othersChanged.connect(self.changed)
        for part in self.parts:
            part.changed.connect(self.changed)
            part.drawingStarted.connect(self.drawingStarted)
            part.refused.connect(self.refused)
            part.classesChanged.connect(self.classesChanged)
        viewer.dims.events.current_step.connect(self._on_plane_left)

    @property
    def image(self) -> Layer | None:
        """The chosen image."""
        return self.images.layer

    @property
    def annotation(self) -> Layer | None:
        """The chosen annotation layer, the first where there are two."""
        return self.annotations.layer

    @property
    def lacks_labels(self) -> bool:
        """Whether no image of a run has the layer that it needs, where that is to be chosen and cannot be made."""
        if not all(self._lacking(image) for image in self.images.together):
            return False
        return any(
            part.kind.create is None and part.missing(image) for part in self.parts for image in self.images.together
        )

    @property
    def chosen(self) -> list[Layer]:
        """The layers that are chosen for the annotations of all images of a run, those of another size by now, too."""
        of_images = [layer for image in self.images.together for layer in self._parts_of(image)]
        there = [*of_images, *(part.combo.layer for part in self.parts)]
        return [layer for layer in dict.fromkeys(there) if layer is not None]

    @property
    def owners(self) -> list[Layer]:
        """The image that each plane of a task belongs to."""
        return [image for image, _ in self._places()]

    def refresh(self) -> None:
        """Look again at what is offered and chosen: an image may have got other pixels, of another size."""
        self.images.refresh()
        for part in self.parts:
            part.combo.refresh()

    def set_choosable(self, choosable: bool) -> None:
        """Let other images or annotation layers be chosen, or not: a run keeps what it started with."""
        self.images.keep(not choosable)
        for part in self.parts:
            part.set_choosable(choosable)

    @contextmanager
    def read_once(self) -> Iterator[None]:
        """Let a block read the annotations once, however often it asks for them: nothing in it may change them."""
        self._look = []
        try:
            yield
        finally:
            self._look = None

    def read_annotations(self) -> list[Annotation | None]:
        """Return copies of the annotations of all planes of the images; [] if no image has any."""
        if self._look is None:
            return self._read_annotations()
        if not self._look:
            self._look.append(self._read_annotations())
        return self._look[0]

    def _read_annotations(self) -> list[Annotation | None]:
        if all(self._lacking(image) for image in self.images.together):
            return []
        return [annotation for image in self.images.together for annotation in self._read(image)]

    def missing(self) -> str:
        """Return what to do before a run can start, or ""."""
        if self.image is None:
            return labelled_picture(self._viewer) or "Open an image: File > Open, or File > Open Sample > Labelfix."
        if all(self._lacking(image) for image in self.images.together):
            return self._lacking(self.image)
        return self._kind.missing(self.read_annotations())

    def doubt(self) -> str:
        """Return what looks like a mistake where a run could start nevertheless, or ""."""
        if self.image is None:
            return ""
        if covered := self.covered():
            return covered
        for layer in self._parts_of(self.image):
            if isinstance(layer, Labels) and not lies_on(layer.data.shape, layer, self.image):
                return f"“{layer.name}” does not lie on “{self.image.name}”. Its pixels are taken as if it did."
        doubt = self._kind.doubt(self.read_annotations()) if self._kind.doubt is not None else ""
        doubt = doubt or next(filter(None, (part.doubt() for part in self.parts)), "")
        return doubt or self._unused_channels()

    def covered(self) -> str:
        """Return a sentence if another image hides the chosen one, or this one its own layers, or ""."""
        if self.image is None:
            return ""
        cover = cover_of(self._viewer, self.image)
        if cover is not None and cover not in self.images.together + self.images.channels_of(self.image):
            return f"“{cover.name}” lies on “{self.image.name}” and hides it: click on its eye in the layer list."
        if (hidden := covered_by_its_image(self._viewer, self.image)) is not None:
            return f"“{self.image.name}” lies on “{hidden.name}” and hides it: drag it below in the layer list."
        return ""

    def plane_in_view(self) -> tuple[Plane, Index] | None:
        """Return the plane that is seen, with its annotation, and its index; None if something is missing.

        Raises
        ------
        InputError
            If the image cannot be read.
        """
        if self.image is None or self._lacking(self.image):
            return None
        index = image_planes.index_in_view(self._viewer, self.image)
        annotation = self._kind.read(self._parts_of(self.image), Place(self.image, index))
        return self._plane(self.image, index, annotation), index

    def task(self) -> Task:
        """Return what a run starts from; lazy images are read here.

        Raises
        ------
        InputError
            If there is no image, or it cannot be read.
        """
        self.begun = ""
        annotated = zip(self._places(), self.read_annotations(), strict=False)  # no annotations if no image has any
        return Task(tuple(self._plane(image, index, annotation) for (image, index), annotation in annotated))

    def bare_task(self) -> Task:
        """Return the images without what is drawn on them; lazy ones are read here.

        Raises
        ------
        InputError
            If there is no image, or it cannot be read.
        """
        if self.image is None:
            raise InputError(self.missing())
        return Task(tuple(self._plane(image, index) for image, index in self._places()))

    def link(self) -> None:
        """Tag the layers that belong to no image yet."""
        for image in self.images.together:
            for part in self.parts:
                part.link(image)

    def hand_on_classes(self, image: Layer, proposal: Layer | None) -> None:
        """Let what is found on an image, and what was accepted of it, know the classes of objects by their names."""
        for part in self.parts:
            part.hand_on_classes(image, (proposal, layers.find(self._viewer, "corrected", image)))

    def make_way(self) -> None:
        """Hide the layers that are in the way of the first results; they can be shown again as any other."""
        for image in self.images.together:
            for part in self.parts:
                if part.kind.covered and (layer := part.layer_of(image)) is not None:
                    layers.hide(layer)

    def with_changes(self, task: Task) -> Task | None:
        """Return the task with the annotations as they are now; None if they are the same, or no longer enough.

        Raises
        ------
        InputError
            If a run could not start from what is different.
        """
        if misfit := next(filter(None, (part.misfit() for part in self.parts)), ""):
            raise InputError(misfit)
        annotations = self.read_annotations()
        if len(annotations) != len(task.planes):
            return None
        annotations = self._without_begun(task, annotations)
        if self._kind.missing(annotations):
            return None
        planes = [
            plane if same_annotation(plane.annotation, annotation) else replace(plane, annotation=annotation)
            for plane, annotation in zip(task.planes, annotations, strict=True)
        ]
        if all(map(is_, planes, task.planes)):
            return None
        for plane, before in zip(planes, task.planes, strict=True):
            if plane is not before:
                plane.check_annotation()
        return Task(tuple(planes))

    def _without_begun(self, task: Task, annotations: list[Annotation | None]) -> list[Annotation | None]:
        """Leave the plane in view as the run knows it, as long as it is, if it would now first count as whole."""
        self.begun = ""
        if self._kind.whole is None or self.image is None:
            return annotations
        index = image_planes.index_in_view(self._viewer, self.image)
        at = next(at for at, (image, plane) in enumerate(self._places()) if image is self.image and plane == index)
        drawn, known = annotations[at], task.planes[at].annotation
        if drawn is None or not self._kind.whole(drawn) or (known is not None and self._kind.whole(known)):
            return annotations
        self.begun = task.planes[at].name
        return [*annotations[:at], known, *annotations[at + 1 :]]

    def _on_plane_left(self, _event: object = None) -> None:
        if self.begun:
            self.begun = ""
            self.planeLeft.emit()

    def _unused_channels(self) -> str:
        """Return a sentence if others look like channels of the chosen image, and are left out, or ""."""
        names = [f"“{channel.name}”" for channel in self.images.unused_channels]
        if not names or self.image is None:
            return ""
        look, them = "look like further channels", "them"
        if len(names) == 1:
            look, them = "looks like a further channel", "it"
        elif len(names) > _NAMED:
            names = [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} others"]
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        return f"{listed} {look} of “{self.image.name}”. “{self.images.others_button.text()}” adds {them}."

    def _parts_of(self, image: Layer) -> list[Layer | None]:
        return [part.layer_of(image) for part in self.parts]

    def _lacking(self, image: Layer) -> str:
        """Return what to do if layers that are needed are not there for an image, or ""."""
        return next(filter(None, (part.missing(image) for part in self.parts)), "")

    def _read(self, image: Layer) -> list[Annotation | None]:
        """Return copies of the annotations of all planes of an image, which may have none."""
        if self._lacking(image):
            return [None for _ in _indices(image)]
        parts = self._parts_of(image)
        return [self._kind.read(parts, Place(image, index)) for index in _indices(image)]

    def _places(self) -> list[tuple[Layer, Index]]:
        """Return image and index of all planes."""
        return [(image, index) for image in self.images.together for index in _indices(image)]

    def _plane(self, image: Layer, index: Index, annotation: Annotation | None = None) -> Plane:
        channels = [image_planes.read_plane(channel, index) for channel in self.images.channels_of(image)]
        return Plane(
            image_planes.plane_name(image, index),
            channels[0] if len(channels) == 1 else np.dstack(channels),
            annotation,
        )

    def _on_image_changed(self) -> None:
        for part in self.parts:
            part.blockSignals(True)  # one change, and not one for each part
            part.combo.choose_anew()
            part.blockSignals(False)
            part.update_parts()
        self.changed.emit()
        self._on_plane_left()

    def _arrange(self) -> None:
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(3)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        images = QHBoxLayout()
        images.setSpacing(3)
        images.addWidget(self.images, stretch=1)
        images.addWidget(self.images.others_button)
        rows.addRow("Image", images)
        self.setTabOrder(self.images, self.images.others_button)
        for part in self.parts:
            rows.addRow(part.label, part.combo)
            rows.addRow(part.create_button)
            rows.addRow(part.tools)  # takes the place of the button once there is a layer


def _indices(image: Layer) -> list[Index]:
    return image_planes.plane_indices(image_planes.spatial_shape(image))
