"""Several images that lie upon each other: the one in hand is seen, with all that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet, WeakValueDictionary

from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.covers import overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer


class OneInView:
    """Hides the layers of other images, and shows again what it has hidden itself.

    What a person shows or hides in between stays so until another image is taken in hand.

    Parameters
    ----------
    viewer
        The viewer.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._hidden: WeakSet[Layer] = WeakSet()
        self._seen_to: WeakSet[Layer] = WeakSet()  # since this image was taken in hand
        self._left: WeakValueDictionary[str, Layer] = WeakValueDictionary()  # of each image, that which was active
        self._shown: tuple[str, frozenset[str]] = (
            "",
            frozenset(),
        )  # the image in hand, and those that it would lie under

    def show(self, image: Layer | None, among: Sequence[Layer]) -> None:
        """Let an image be seen among several, of which those that lie elsewhere stay as they are; None: all of them."""
        covering = [] if image is None else [one for one in among if one is not image and overlap(image, one)]
        hidden = frozenset(map(_key, covering))
        now = (_key(image) if image is not None else "", hidden)
        if now != self._shown:
            self._shown, self._seen_to = now, WeakSet()
            self._show_all_of(image, hidden)
            self._go_over_to(image, hidden)
            wanted = set()
        else:  # a person has shown these, or works on them in another dock: what is added to them stays in view
            wanted = {_key(other) for other in covering if other.visible}
        there = layers.all_layers(self._viewer)
        open_now = {_key(one) for one in there if layers.is_input_image(one)}
        for layer in there:
            its_image = _key(layer)
            was_closed = bool(its_image) and its_image not in open_now
            if its_image in hidden or (hidden and was_closed):
                if layer.visible and layer not in self._seen_to and its_image not in wanted:
                    layers.hide_meanwhile(layer)
                    self._hidden.add(layer)
                self._seen_to.add(layer)
            elif layer in self._hidden and not (was_closed and image is not None):
                self._hidden.discard(layer)
                if layers.is_seen(layer):
                    layers.show(layer)

    def look_again(self) -> None:
        """Begin anew at the next `show`, whatever was shown or hidden meanwhile."""
        self._shown = ("", frozenset())

    def _go_over_to(self, image: Layer | None, hidden: frozenset[str]) -> None:
        """Make a layer of the image in hand the active one: keys, and Ctrl+Z, are not for what is hidden now."""
        active = layers.active(self._viewer)
        if image is None or active is None or (before := _key(active)) not in hidden:
            return
        self._left[before] = active
        there = layers.all_layers(self._viewer)
        own = [layer for layer in there if _key(layer) == _key(image) and layer.visible]
        alike = [layer for layer in own if layers.role_of(layer) == layers.role_of(active)]
        left = self._left.get(_key(image))
        layers.select(self._viewer, left if left in own else [image, *alike][-1])

    def _show_all_of(self, image: Layer | None, hidden: frozenset[str]) -> None:
        """Show an image that is taken in hand, and what of it is hidden meanwhile, whoever has hidden it."""
        if image is None:
            return
        if hidden:
            layers.show(image)
        for layer in layers.all_layers(self._viewer):
            if _key(layer) == _key(image) and layers.is_hidden_meanwhile(layer):
                layers.show(layer)


def _key(layer: Layer) -> str:
    """Return what layers of one image have in common; an image for which nothing was made gets no id by it."""
    return layers.image_id_of(layer) or (str(id(layer)) if layers.is_input_image(layer) else "")
