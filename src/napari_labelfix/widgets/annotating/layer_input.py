"""The box, the button and the brushes for one layer that a person works in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakValueDictionary

import numpy as np
from napari.layers import Labels, Shapes
from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.annotating.brush_bar import BrushBar
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.annotating.measure_box import MeasureBox
from napari_labelfix.widgets.parts.layer_combo import LayerCombo
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.class_names import classes_of, forget_unused, hand_on, set_classes
from napari_labelfix.widgets.viewer.coordinates import other_size
from napari_labelfix.widgets.viewer.history import history_of
from napari_labelfix.widgets.viewer.pictured_labels import pictured_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_labelfix.widgets.annotating.image_choice import ImageChoice
    from napari_labelfix.widgets.annotating.layer_kind import LayerKind
    from napari_labelfix.widgets.viewer.history import History


class LayerInput(QObject):
    """Chooses a layer for an image, or makes one, and hands over what to draw with.

    Parameters
    ----------
    viewer
        Whose layers are offered.
    kind
        What the layer is for.
    images
        The box where the image is chosen, and others with it.
    parent
        What all parts will lie in: one that is shown before it lies anywhere would be a window of its own.
    """

    changed = Signal()  # another layer
    drawingStarted = Signal()
    refused = Signal(str)  # why nothing can be made, drawn, named or measured now, and what to do
    classesChanged = Signal()  # a person has added, named or removed one

    def __init__(self, viewer: ViewerModel, kind: LayerKind, images: ImageChoice, parent: QWidget) -> None:
        super().__init__(parent)
        self._viewer, self.kind, self._images = viewer, kind, images
        self._declined: set[str] = set()  # images for which a person has chosen none
        self._chosen: WeakValueDictionary[str, Layer] = WeakValueDictionary()  # for each image, by its id
        self._held = False  # a run goes on with what was drawn in the chosen layer
        self._painting: History | None = None  # of the chosen layer, where what is painted says which classes there are
        self.label = QLabel(kind.label, parent)
        self.label.setToolTip(kind.legend or kind.absent)
        self.combo = LayerCombo(viewer, self._may_be_chosen, f"no {kind.noun}", self._of_image, parent)
        self.create_button = QPushButton(f"Create {kind.noun}", parent)
        self.create_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.create_button.setToolTip("A new layer that lies exactly on the image, ready to draw on.")
        self.brush_bar = BrushBar(kind.brushes, grows=kind.classes is not None, parent=parent)
        self.brushes = self.brush_bar.buttons
        self.measure = MeasureBox(kind.measure) if kind.measure is not None else None
        self.tools = self._arranged_tools(parent)
        self.combo.layerChanged.connect(self._on_changed)
        self.combo.entriesChanged.connect(self.update_parts)  # where nothing is preferred, nothing else tells it
        self.create_button.clicked.connect(self.create)
        self.brush_bar.picked.connect(self.draw)
        self.brush_bar.addClicked.connect(self.add_class)
        self.brush_bar.named.connect(self.name_class)
        self.brush_bar.removed.connect(self.remove_class)
        self._on_changed()

    @property
    def layer(self) -> Layer | None:
        """The chosen layer; None where it, or its image, has become one of another size since it was chosen."""
        return None if self._misfit is not None else self.combo.layer

    def layer_of(self, image: Layer) -> Layer | None:
        """Return the chosen layer; of another image that which was chosen or made for it."""
        if image is self._image:
            return self.layer
        fitting = list(layers.layers_where(self._viewer, lambda layer: self.kind.fits(layer, image)))
        return self._own(fitting, image)

    def missing(self, image: Layer) -> str:
        """Return what to do when an image has no layer and needs one, or ""."""
        if image is self._image and (sentence := self.misfit()):
            return sentence
        if self.kind.optional or self.layer_of(image) is not None:
            return ""
        if not self.kind.taken_alone:
            return self.kind.absent
        return pictured_labels(self._viewer, image) or self._of_no_image(image) or self.kind.absent

    def misfit(self) -> str:
        """Return what to do where the chosen layer, or its image, has got another size, or ""."""
        if self._misfit is None or self._image is None:
            return ""
        return other_size(self._misfit, self._image, f"choose another {self.kind.noun}")

    def doubt(self) -> str:
        """Return what looks like a mistake in the length that the layer carries, or in names of classes, or ""."""
        if self.kind.classes is not None:
            return self.kind.classes.doubt(self._together)
        if (layer := self.layer) is None or self._image is None or self.kind.measure is None:
            return ""
        try:
            return self.kind.measure.doubt(layer, self._place())
        except InputError as error:  # such as that the image cannot be read
            return str(error)

    def create(self) -> None:
        """Make a layer for the image and go there, with a brush in hand."""
        if self._image is None or self.kind.create is None:
            return
        try:
            layer = self.kind.create(self._place())
        except InputError as error:
            self.refused.emit(str(error))
            return
        if self.kind.classes is not None:
            set_classes(layer, self._classes_around(self._image))
        layers.add_selected(self._viewer, layer)
        self.combo.choose(layer)
        self.draw(self.kind.brushes[self.kind.starts_with].value)

    def draw(self, value: int | str | None = None) -> None:
        """Go to the layer with a brush in hand: the given one, or the one that was last used."""
        if (layer := self.layer) is None or self.kind.draw is None:
            return
        self.drawingStarted.emit()
        layers.select(self._viewer, layer)
        layers.show(layer)  # in what is hidden, or locked, napari takes up no brush
        try:
            self._expect_paper(layer)
            layer.editable = True
            self.kind.draw(layer, value if value is not None else self._brush_in_hand(), self._place())
        except InputError as error:  # such as that its numbers are all in use
            self.refused.emit(str(error))

    def _expect_paper(self, layer: Layer) -> None:
        """Raise `InputError` where the screen shows nothing that napari, or a plane, could be drawn on."""
        shown = set(self._viewer.dims.displayed)
        if len(shown) > 2 or (isinstance(layer, Shapes) and shown != set(range(self._viewer.dims.ndim)[-2:])):
            raise InputError(f"Show “{layer.name}” in 2D, with its last two axes in view, to draw in its planes.")

    def draw_with_next_brush(self) -> None:
        """Take the brush after the one in hand."""
        if self.layer is None:
            return
        values = [brush.value for brush in self.brush_bar.brushes if not brush.for_stacks]
        in_hand = self._brush_in_hand()
        at = values.index(in_hand) if in_hand in values else -1
        self.draw(values[(at + 1) % len(values)])

    def add_class(self) -> None:
        """Add a class of objects, go to the layer with its brush in hand, and let it be named."""
        if (label := self._change_classes("add")) is not None:
            self.draw(label)
            self.brush_bar.edit_name(label)

    def name_class(self, value: int | str, name: str) -> None:
        """Give the class of a brush a name; one that is none is told, and changes nothing."""
        self._change_classes("rename", value, name)

    def remove_class(self, value: int | str) -> None:
        """Take the class of a brush away, with which nothing is drawn, also where objects lie if none is of it."""
        self._change_classes("remove", value)
        if self.kind.classes is not None:
            known = self.kind.classes.known(self._together)
            images = {layers.image_id(image) for image in self._images.together}
            for layer in layers.layers_where(self._viewer, lambda layer: layers.image_id_of(layer) in images):
                if not self._has_role(layer):
                    forget_unused(layer, known, named=True)

    def hand_on_classes(self, image: Layer, others: Iterable[Layer | None]) -> None:
        """Let layers that show what is found on an image know the classes, and what they are called."""
        if self.kind.classes is None:
            return
        own = self.layer_of(image)
        known = self.kind.classes.known([own]) if own is not None else self._classes_around(image)
        for layer in filter(None, others):
            if own is not None:
                forget_unused(layer, known)
            if len(known) > 1 or any(known.values()):
                hand_on(known, layer)

    def link(self, image: Layer) -> None:
        """Tag the layer of an image if it belongs to none yet: it will be known again, and results lie below it."""
        layer = self.layer_of(image)
        if layer is not None and "image" not in layers.tag_of(layer):
            layers.link(layer, self.kind.role, image)

    def set_choosable(self, choosable: bool) -> None:
        """Let another layer be chosen, or not; an image that has none may get one at any time."""
        self._held = not choosable
        self.combo.setEnabled(choosable)

    @property
    def _image(self) -> Layer | None:
        return self._images.layer

    @property
    def _misfit(self) -> Layer | None:
        """The chosen layer, if it can no longer be chosen."""
        chosen = self.combo.layer
        return chosen if chosen is not None and not self._fits(chosen) else None

    def _place(self) -> Place:
        """Return the plane in view."""
        return Place(self._image, image_planes.index_in_view(self._viewer, self._image))

    def _fits(self, layer: Layer) -> bool:
        return self._image is not None and self.kind.fits(layer, self._image)

    def _may_be_chosen(self, layer: Layer) -> bool:
        """Whether a layer fits, or is what a run has begun with: that stays, for it may fit again."""
        if self._fits(layer):
            return True
        return self._held and self._image is not None and self._chosen.get(layers.image_id(self._image)) is layer

    def _of_image(self, candidates: list[Layer]) -> Layer | None:
        """Return the layer that is the image's own, else one of its kind that belongs to none."""
        if self._image is None:
            return None
        if (own := self._own(candidates, self._image)) is not None or layers.image_id(self._image) in self._declined:
            return own
        free = [layer for layer in candidates if self._has_role(layer) and "image" not in layers.tag_of(layer)]
        untagged = [layer for layer in candidates if not layers.role_of(layer)]
        alone = untagged if self.kind.taken_alone and len(candidates) == 1 else []
        elsewhere = self._chosen.values()
        return next((layer for layer in free + alone if layer not in elsewhere and self._fits_no_other(layer)), None)

    def _own(self, candidates: list[Layer], image: Layer) -> Layer | None:
        """Return the layer that was chosen for an image, else the one that was made for it or is called like it."""
        its_id = layers.image_id(image)
        if its_id in self._declined:
            return None
        if (chosen := self._chosen.get(its_id)) in candidates:
            return chosen
        made = (layer for layer in candidates if self._has_role(layer) and layers.image_id_of(layer) == its_id)
        if (own := next(made, None)) is not None or not self.kind.taken_alone:
            return own
        alike = [layer for layer in candidates if not layers.role_of(layer) and _is_called_like(layer, image)]
        named = [layer for layer in alike if self._named_like(layer) is image]
        return named[0] if len(named) == 1 else None

    def _images_of(self, layer: Layer) -> list[Layer]:
        """Return all images that a layer could serve for."""
        images = layers.layers_where(self._viewer, layers.is_input_image)
        return [image for image in images if self.kind.fits(layer, image)]

    def _of_no_image(self, image: Layer) -> str:
        """Return why labels that are open are not offered, if they have the size of no image, or ""."""
        for layer in layers.layers_where(self._viewer, lambda layer: isinstance(layer, Labels)):
            if not layers.role_of(layer) and not self._images_of(layer):
                theirs, its = (" x ".join(map(str, image_planes.spatial_shape(one))) for one in (layer, image))
                if theirs != its:
                    return f"“{layer.name}” is {theirs}, but “{image.name}” {its}. Choose labels of the image's size."
        return ""

    def _fits_no_other(self, layer: Layer) -> bool:
        return self._has_role(layer) or len(self._images_of(layer)) == 1

    def _named_like(self, layer: Layer) -> Layer | None:
        """Return the image whose name a layer's begins with, as that of "cells masks" with "cells"."""
        named = [image for image in self._images_of(layer) if _is_called_like(layer, image)]
        return max(named, key=lambda image: len(image.name), default=None)

    def _has_role(self, layer: Layer) -> bool:
        return layers.role_of(layer) == self.kind.role

    def _brush_in_hand(self) -> int | str:
        return self.kind.brush_in_hand(self.layer) if self.kind.brush_in_hand is not None else ""

    def _on_changed(self) -> None:
        if self._image is not None:
            self._remember(layers.image_id(self._image))
        if self.layer is not None and self.kind.adopt is not None and self._has_role(self.layer):
            self.kind.adopt(self.layer)
        if self.measure is not None:
            self.measure.show_layer(self.layer, self._image)
        self._follow_painting()
        self.update_parts()
        self.changed.emit()

    def _change_classes(self, what: Literal["add", "rename", "remove"], *said: Any) -> int | None:
        """Change the classes of the layers that are learned from together; return the brush of one that was added."""
        if self.kind.classes is None or not (together := self._together):
            return None
        try:
            added: int | None = getattr(self.kind.classes, what)(together, *said)
        except InputError as error:
            self.refused.emit(str(error))
            return None
        self.update_parts()
        self.classesChanged.emit()
        return added

    @property
    def _together(self) -> list[Layer]:
        """The layers that are learned from together, and that are drawn on here, the chosen one first."""
        of_images = [self.layer, *(self.layer_of(image) for image in self._images.together)]
        return [layer for layer in dict.fromkeys(of_images) if layer is not None and self._is_drawable(layer)]

    def _is_drawable(self, layer: Layer) -> bool:
        return layers.role_of(layer) in ("", self.kind.role)

    def _classes_around(self, image: Layer) -> dict[int, str]:
        """Return the classes that are known on an image, else those on others: they are likely of the same kinds."""
        own = [layers.find(self._viewer, "corrected", image)]
        of_others = layers.layers_where(self._viewer, self._has_role)
        return next(filter(None, (classes_of(layer) for layer in (*own, *of_others) if layer is not None)), {})

    def _follow_painting(self) -> None:
        """Listen to what is painted in the chosen layer, and in no other."""
        known_by_it = (
            self.kind.classes is not None and self.layer is not None and isinstance(self.layer.data, np.ndarray)
        )
        painting = history_of(self.layer) if known_by_it else None
        if painting is self._painting:
            return
        if self._painting is not None:
            self._painting.changed.disconnect(self.update_parts)
        if painting is not None:
            painting.changed.connect(self.update_parts)
        self._painting = painting

    def _remember(self, image: str) -> None:
        """Note which layer an image has; no other image has it any more."""
        others = [other for other, layer in self._chosen.items() if layer is self.layer or other == image]
        for other in others:
            self._chosen.pop(other, None)
        if self.layer is not None:
            self._chosen[image] = self.layer
            self._declined.discard(image)
        elif self.combo.declined:
            self._declined.add(image)

    def update_parts(self, _event: object = None) -> None:
        """Show the brushes once there is a layer, the button that makes one before, and a choice where there is one."""
        comes_from_elsewhere = self.kind.optional and self.kind.create is None
        for part in (self.label, self.combo):
            part.setVisible(self.combo.count() > 1 or not comes_from_elsewhere)
        self.create_button.setEnabled(self._image is not None)
        self.create_button.setVisible(self.layer is None and self.kind.create is not None)
        drawable = self.layer is not None and self._is_drawable(self.layer)
        if drawable and self.kind.classes is not None:
            self.brush_bar.show_brushes(self.kind.classes.brushes(self._together))
        self.tools.setVisible(drawable and bool(self.brushes))
        in_stack = self._image is not None and len(image_planes.spatial_shape(self._image)) > 2
        for brush in self.brush_bar.brushes:
            self.brushes[brush.value].setVisible(in_stack or not brush.for_stacks)

    def _arranged_tools(self, parent: QWidget) -> QWidget:
        tools = QWidget(parent)
        column = QVBoxLayout(tools)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.brush_bar)
        if self.measure is not None:
            column.addWidget(self.measure)
            self.measure.estimateClicked.connect(self._estimate)
        if self.kind.legend:
            column.addWidget(QLabel(self.kind.legend))
        return tools

    def _estimate(self) -> None:
        if self.layer is None or self._image is None or self.kind.measure is None:
            return
        try:
            self.kind.measure.write(self.layer, self._image, self.kind.measure.estimate(self.layer, self._place()))
        except InputError as error:
            self.refused.emit(str(error))


def _is_called_like(layer: Layer, image: Layer) -> bool:
    """Return whether the name of a layer is that of an image, perhaps with more words after it."""
    rest = layer.name.removeprefix(image.name)
    return len(rest) < len(layer.name) and not rest[:1].isalnum()
