"""The keys of the docks: one table for the bindings, the texts of the buttons, the tooltips and the tests.

Only single keys that napari leaves free on the viewer and on every layer type: G H J K N Q U W , and full stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel


@dataclass(frozen=True)
class ShortcutSpec:
    """One key.

    Parameters
    ----------
    action
        Its name in the code.
    key
        The key.
    help
        What it does, in a sentence.
    short
        What it does, in a word or two; "" where a button says it.
    dock
        Whose key it is. Two docks may have the same key: it belongs to the one that is used.
    """

    action: str
    key: str
    help: str
    short: str = ""
    dock: Literal["method", "review"] = "method"


SHORTCUTS = {
    spec.action: spec
    for spec in [
        ShortcutSpec("run_or_stop", "G", "Run; while a run is going on: stop it."),
        ShortcutSpec("draw", "N", "Go to the annotation layer with the brush in hand.", "draw"),
        ShortcutSpec("next_brush", "W", "Take the next brush: background, foreground, background, ...", "brush"),
        ShortcutSpec("toggle_proposal", "H", "Hide the proposal, or show it again.", "hide"),
        ShortcutSpec("accept_object", "K", "Accept the object under the mouse pointer."),
        ShortcutSpec("accept_confident", "J", "Accept all objects that are at least this confident."),
        *(
            ShortcutSpec(action, key, words, dock="review")
            for action, key, words in [
                ("next_doubtful", ".", "Go to the most doubtful object that nobody has decided about."),
                ("previous", ",", "Go back to the object that was shown before."),
                ("accept_selected", "K", "Accept the selected objects, and go to the next doubtful one."),
                ("reject_selected", "N", "Reject the selected objects: they are not exported. Go to the next."),
                ("ignore_selected", "W", "Leave the selected objects out of everything. Go to the next."),
                ("accept_sure", "J", "Accept all objects to do that are at least this certain."),
                ("blink", "H", "Show the layer that is compared with instead, and back again."),
                ("merge", "U", "Drag across the objects that are one. The largest keeps its id."),
                ("cut", "Q", "Draw a line across an object, from outside to outside. The largest part keeps the id."),
            ]
        ),
    ]
}


def with_key(text: str, action: str) -> str:
    """Return a button's text with the key of its action: "Run [G]"."""
    return f"{text} [{SHORTCUTS[action].key}]"


def tooltip(action: str) -> str:
    """Return what the action does, and its key."""
    spec = SHORTCUTS[action]
    return f"{spec.help} Key: {spec.key}"


def keys_without_a_button() -> str:
    """Return the line that tells the other keys: "Keys: N draw, ..."."""
    return "Keys: " + ", ".join(f"{spec.key} {spec.short}" for spec in SHORTCUTS.values() if spec.short)


class KeyBindings:
    """The keys of one dock in one viewer.

    Parameters
    ----------
    viewer
        The viewer.
    actions
        What to do, by the action's name in the table.
    """

    def __init__(self, viewer: ViewerModel, actions: Mapping[str, Callable[[], object]]) -> None:
        self._viewer = viewer
        self._functions = {SHORTCUTS[action].key: _function(action, perform) for action, perform in actions.items()}

    def take(self) -> None:
        """Bind the keys; another dock that has them loses them."""
        for key, function in self._functions.items():
            self._viewer.bind_key(key, function, overwrite=True)

    def release(self) -> None:
        """Unbind the keys, except those that another dock has by now."""
        for key, function in self._functions.items():
            bound = self._viewer.bind_key(key, None)
            if bound is not None and bound is not function:
                self._viewer.bind_key(key, bound)


def _function(action: str, perform: Callable[[], object]) -> Callable[[ViewerModel], None]:
    """Return what napari wants to bind: a plain function of the viewer, with a name."""

    def on_key(_viewer: ViewerModel) -> None:
        perform()

    on_key.__name__ = action
    on_key.__doc__ = SHORTCUTS[action].help
    return on_key
