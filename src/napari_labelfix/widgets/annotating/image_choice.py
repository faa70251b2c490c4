"""Choosing the image that is worked on, its further channels, and others that a run learns from and labels with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QMenu, QPushButton, QWidget, QWidgetAction

from napari_labelfix.widgets.parts.layer_combo import LayerCombo
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.coordinates import lies_on
from napari_labelfix.widgets.viewer.covers import is_opaque

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

_ADDED = "additive"  # how napari blends the channels of a file, except the lowest


class ImageChoice(LayerCombo):
    """A box with the image in hand, and a button with the images that go with it, or are further channels of it.

    While a run lasts the choice is among its images, which stay together.

    Parameters
    ----------
    viewer
        Whose images.
    """

    othersChanged = Signal()

    def __init__(self, viewer: ViewerModel, parent: QWidget | None = None) -> None:
        self._together: list[Layer] = []  # the images of a run, where these are several
        self._kept: list[Layer] = []  # those of the run that is going on
        self._kept_channels: list[Layer] = []  # and their further channels
        self._in_hand: Layer | None = None
        self._one_of: WeakSet[Layer] = WeakSet()  # images that hid one another when a person took the one in hand
        self._id_in_hand = ""
        self._seen: list[Layer] = []  # the further channels that are shown
        self.others_button = OthersButton()
        super().__init__(viewer, self._is_offered, "no image", self._first, parent)
        self.layerChanged.connect(self._on_image_changed)
        self.others_button.chosen.connect(self._on_others_chosen)
        self.others_button.channelsChosen.connect(self._on_channels_chosen)
        self._on_image_changed()

    @property
    def together(self) -> list[Layer]:
        """The images of a run, from bottom to top; while one lasts, those that it began with."""
        if self._kept:
            return self._kept
        wanted = {*self._together, self.layer}
        return [layer for layer in layers.all_layers(self._viewer) if layer in wanted]

    @property
    def one_of(self) -> list[Layer]:
        """The images of which the one in hand alone is to be seen: others of a run, and those that were in its way."""
        in_the_way = [layer for layer in layers.all_layers(self._viewer) if layer in self._one_of]
        channels = self.channels_of(self.layer) if self.layer is not None else []
        return [*self.together, *(layer for layer in in_the_way if layer not in channels)]

    def channels_of(self, image: Layer) -> list[Layer]:
        """Return what is seen together as one image of several channels: the image, and those that were chosen."""
        alone = image is self.layer and len(self.together) < 2
        return [image, *self._further] if alone else [image]

    @property
    def unused_channels(self) -> list[Layer]:
        """Images that are seen mixed with the one in hand, as napari opens channels, and that no run would see."""
        if self.layer is None or len(self.together) > 1:
            return []
        others = layers.layers_where(self._viewer, layers.is_input_image)
        mixed = [other for other in others if other.visible and _ADDED in (other.blending, self.layer.blending)]
        beside = [other for other in mixed if other is not self.layer and _could_be_channel(other, self.layer)]
        return [other for other in reversed(beside) if other not in self._further]

    def keep(self, kept: bool) -> None:
        """Stay with the images of now, between which a person may go to and fro; or let others be chosen again."""
        self._kept_channels = self._further if kept else []
        self._kept = self.together if kept else []
        self.setEnabled(len(self._kept) != 1)
        self.others_button.setEnabled(not kept)
        self.refresh()

    def refresh(self, _event: object = None) -> None:
        """Look at the viewer's images again."""
        super().refresh()
        if self._in_hand is not None and layers.image_id(self._in_hand) != self._id_in_hand:
            self.layerChanged.emit()  # it has become the image of a project, with layers of its own
        there = layers.all_layers(self._viewer)
        gone = [layer for layer in (*self._together, *self._kept) if layer not in there]
        self._together = [layer for layer in self._together if layer in there]
        before = self._seen
        self._show_others()
        if gone or self._seen != before:
            self.othersChanged.emit()

    @property
    def _further(self) -> list[Layer]:
        """The further channels of the image in hand; what was moved, or has another size now, is none any more."""
        if self.layer is None or self._kept:
            return self._kept_channels
        chosen = layers.further_channels(self._viewer, self.layer)
        return [channel for channel in chosen if _could_be_channel(channel, self.layer)]

    def _is_offered(self, layer: Layer) -> bool:
        return layers.is_input_image(layer) and (not self._kept or layer in self._kept)

    def _first(self, found: Sequence[Layer]) -> Layer | None:
        """Return the image to take in hand when there is none: of those that belong together, or are seen."""
        return next((image for image in found if image in self._together), next(iter(layers.in_view(found)), None))

    def _on_image_changed(self) -> None:
        """Keep the image that was in hand among several: it becomes one of the others."""
        before, self._in_hand = self._in_hand, self.layer
        self._id_in_hand = layers.image_id(self.layer) if self.layer is not None else ""
        if before is not None and before is not self.layer:
            before.events.metadata.disconnect(self.refresh)
        if self.layer is not None and before is not self.layer:
            self.layer.events.metadata.connect(self.refresh)
            self._one_of = WeakSet(self._in_the_way(self.layer) if self.was_picked else ())
        if self._together:
            both = [layer for layer in (before, self.layer) if layer is not None and layer not in self._together]
            self._together += both
        self._show_others()

    def _in_the_way(self, image: Layer) -> list[Layer]:
        """Return images that hide what lies below them, other than channels that are mixed with this one."""
        images = layers.layers_where(self._viewer, layers.is_input_image)
        opaque = [other for other in images if other is not image and is_opaque(other)]
        return [other for other in opaque if image.blending != _ADDED or not _could_be_channel(other, image)]

    def _on_others_chosen(self, others: Sequence[Layer]) -> None:
        self._together = [*others, self.layer] if others and self.layer is not None else []
        if others and self.layer is not None:
            layers.note_channels(self.layer, [])
        self._show_others()
        self.othersChanged.emit()

    def _on_channels_chosen(self, channels: Sequence[Layer]) -> None:
        if self.layer is not None:  # in the order in which they were chosen: a model knows them by that
            there = [layer for layer in self._further if layer in channels]
            layers.note_channels(self.layer, [*there, *(layer for layer in channels if layer not in there)])
        self._together = [] if channels else self._together
        self._show_others()
        self.othersChanged.emit()

    def _show_others(self) -> None:
        offered = [layer for layer in layers.layers_where(self._viewer, layers.is_input_image) if layer != self.layer]
        matching = [layer for layer in offered if self.layer is not None and _could_be_channel(layer, self.layer)]
        others = [layer for layer in self.together if layer != self.layer]
        self._seen = self._further
        self.others_button.show_images(offered, others, matching, self._seen)


def _could_be_channel(layer: Layer, image: Layer) -> bool:
    """Return whether two images have as many pixels, in the same places, and one number for each."""
    grey = not (getattr(layer, "rgb", False) or getattr(image, "rgb", False))
    same = image_planes.spatial_shape(layer) == image_planes.spatial_shape(image)
    return grey and same and lies_on(image_planes.level_0(layer).shape, layer, image)


class OthersButton(QPushButton):
    """Says how many other images or channels there are in a run; its menu has a box for each, and stays open."""

    chosen = Signal(list)  # of layers
    channelsChosen = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes: dict[Layer, QCheckBox] = {}
        self._channel_boxes: dict[Layer, QCheckBox] = {}
        self._all = QCheckBox("All")
        self._all.clicked.connect(self._on_all)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(
            "Other images that are open: a run learns from all of them, and labels them all.\n"
            "Or further channels of this image: all are seen together."
        )
        self.setMenu(QMenu(self))
        self._heading = self._add_heading("Learn from and label, too:")
        self._add(self._all)
        self._rows: list[QWidgetAction] = []

    def show_images(
        self,
        offered: Sequence[Layer],
        chosen: Sequence[Layer],
        matching: Sequence[Layer] = (),
        channels: Sequence[Layer] = (),
    ) -> None:
        """Offer images, of which some are chosen, and those that could be channels, of which some are."""
        if (list(self._boxes), list(self._channel_boxes)) != (list(offered), list(matching)):
            self._offer(offered, matching)
        for boxes, wanted in ((self._boxes, chosen), (self._channel_boxes, channels)):
            for layer, box in boxes.items():
                box.setText(layer.name)
                box.setChecked(layer in wanted)
        self._all.setChecked(bool(chosen) and len(chosen) == len(offered))
        count = f"{len(channels)} channel{'s' if len(channels) > 1 else ''}" if channels else f"{len(chosen)} more"
        self.setText(f"+ {count}" if chosen or channels else "+ more")
        self.setVisible(bool(offered))

    def _offer(self, offered: Sequence[Layer], matching: Sequence[Layer]) -> None:
        for row in self._rows:
            self.menu().removeAction(row)
            row.deleteLater()
        self._boxes = {layer: QCheckBox() for layer in offered}
        self._channel_boxes = {layer: QCheckBox() for layer in matching}
        self._rows = [self._add(box) for box in self._boxes.values()]
        if matching:  # above the others: channels are taken for them easily
            self._rows.append(self._add_heading("Further channels of this image:", self._heading))
        self._rows += [self._add(box, self._heading) for box in self._channel_boxes.values()]
        for box in self._boxes.values():
            box.clicked.connect(self._tell)
        for box in self._channel_boxes.values():
            box.clicked.connect(self._tell_channels)

    def choose(self, others: Sequence[Layer]) -> None:
        """Choose these of the images that are offered."""
        for layer, box in self._boxes.items():
            box.setChecked(layer in others)
        self._tell()

    def choose_channels(self, channels: Sequence[Layer]) -> None:
        """Choose these of the images that could be channels."""
        for layer, box in self._channel_boxes.items():
            box.setChecked(layer in channels)
        self._tell_channels()

    def _on_all(self, wanted: bool) -> None:
        self.choose(list(self._boxes) if wanted else [])

    def _tell(self) -> None:
        self.chosen.emit([layer for layer, box in self._boxes.items() if box.isChecked()])

    def _tell_channels(self) -> None:
        self.channelsChosen.emit([layer for layer, box in self._channel_boxes.items() if box.isChecked()])

    def _add_heading(self, text: str, above: QWidgetAction | None = None) -> QWidgetAction:
        return self._add(QLabel(f"<i>{text}</i>"), above)

    def _add(self, part: QWidget, above: QWidgetAction | None = None) -> QWidgetAction:
        """Add a row that is clicked without closing the menu, at its end or above another row."""
        part.setStyleSheet("padding: 3px 12px 3px 6px;")
        row = QWidgetAction(self.menu())
        row.setDefaultWidget(part)
        self.menu().insertAction(above, row)
        return row
