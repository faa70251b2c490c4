"""A sentence that promises that Ctrl+Z takes something back, for as long as that is true."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.history import FEATURES, REPLACED, history_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Labels
    from napari.utils.events import Event

    from napari_labelfix.widgets.viewer.history import History

WAY_BACK = "Ctrl+Z takes it back."
_TAKEN_BACK = "Taken back."


class WayBack:
    """Changes what a text says about the last step of a layer when Ctrl+Z would do something else.

    Parameters
    ----------
    viewer
        The viewer.
    read, show
        Return the text, and show another one in its place, or what is usual for "". A text that somebody else has
        replaced stays.
    """

    def __init__(self, viewer: ViewerModel, read: Callable[[], str], show: Callable[[str], object]) -> None:
        self._viewer, self._read, self._show = viewer, read, show
        self._history: History | None = None
        self._layer: Callable[[], Labels | None] = lambda: None  # held weakly
        self._text = ""  # what is shown
        self._done, self._promise = "", ""  # what was said first, and its words that hold only while nothing is done
        self._undone = 0  # steps of the layer, the promised one among them; below 0: done after it
        layers.on_active_change(viewer, self._on_active)
        layers.on_list_change(viewer, self._on_active)

    def promise(self, layer: Labels, words: str) -> None:
        """Take these words out of the text as soon as they are not true: they promise to take the last step back."""
        self.forget()
        self._history, self._layer = history_of(layer), ref(layer)
        self._history.changed.connect(self._on_changed)
        self._text = self._done = self._read()
        self._promise, self._undone = words, 0

    def forget(self) -> None:
        """Leave the text as it is."""
        if self._history is not None:
            self._history.changed.disconnect(self._on_changed)
        self._history = None

    def _on_changed(self, event: Event) -> None:
        what = event.value.what
        if what == FEATURES:  # these follow from something else, and are no step
            return
        is_new = what not in ("undo", "redo")
        if what == REPLACED or (is_new and self._undone > 0):
            self._end()
            return
        self._undone += 1 if what == "undo" else -1
        if self._undone < 0:
            self._say(self._done.replace(self._promise, "").strip())  # something else would be taken back first
        else:
            self._say(_TAKEN_BACK if self._undone else self._done)

    def _on_active(self, _event: object) -> None:
        """Notice which layer Ctrl+Z belongs to now."""
        if self._history is None or self._undone:
            return
        layer = next((one for one in layers.all_layers(self._viewer) if one is self._layer()), None)
        if layer is None:
            self._say("")
            self.forget()
        elif layers.active(self._viewer) is layer:
            self._say(self._done)
        else:
            self._say(self._done.replace(self._promise, f"To take it back, select “{layer.name}” first.").strip())

    def _end(self) -> None:
        """Say nothing more about it; what was taken back can no longer be brought again."""
        self._say("" if self._undone > 0 else self._done.replace(self._promise, "").strip())
        self.forget()

    def _say(self, text: str) -> None:
        if text == self._text:
            return
        if self._read() == self._text:
            self._text = text
            self._show(text)
        else:
            self.forget()
