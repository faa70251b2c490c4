"""The keys of the docks: one table for the bindings, the texts of the buttons, the tooltips and the tests.

Only single keys that napari leaves free on the viewer and on every layer type: G H J K N Q U W , and full stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel


@dataclass(frozen=True)
class ShortcutSpec:
    """One key: what it is called in the code, the key, and what it does for a person."""

    action: str
    key: str
    help: str


SHORTCUTS = {
    spec.action: spec
    for spec in [
        ShortcutSpec("run_or_stop", "G", "Run; while a run is going on: stop it."),
        ShortcutSpec("draw", "N", "Go to the annotation layer with the brush in hand."),
        ShortcutSpec("next_brush", "W", "Take the next brush: background, foreground, background, ..."),
        ShortcutSpec("toggle_proposal", "H", "Hide the proposal, or show it again."),
        ShortcutSpec("accept_object", "K", "Accept the object under the mouse pointer."),
        ShortcutSpec("accept_confident", "J", "Accept all objects that are at least this confident."),
    ]
}


def with_key(text: str, action: str) -> str:
    """Return a button's text with the key of its action: "Run [G]"."""
    return f"{text} [{SHORTCUTS[action].key}]"


def tooltip(action: str) -> str:
    """Return what the action does, and its key."""
    spec = SHORTCUTS[action]
    return f"{spec.help} Key: {spec.key}"


def bind(viewer: ViewerModel, actions: Mapping[str, Callable[[], object]]) -> None:
    """Give the keys to these actions, by name; those of another dock lose them."""
    for action, perform in actions.items():
        viewer.bind_key(SHORTCUTS[action].key, _KeyAction(perform), overwrite=True)


def unbind(viewer: ViewerModel, actions: Mapping[str, Callable[[], object]]) -> None:
    """Take the keys back from these actions, unless another dock has them by now."""
    for action, perform in actions.items():
        key = SHORTCUTS[action].key
        bound = viewer.bind_key(key, None)
        if bound is not None and bound != _KeyAction(perform):
            viewer.bind_key(key, bound)


@dataclass(frozen=True)
class _KeyAction:
    """Drops the viewer that napari hands to a key's function."""

    perform: Callable[[], object]

    def __call__(self, _viewer: ViewerModel) -> None:
        self.perform()
