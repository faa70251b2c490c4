"""The keys of the docks: one table for the bindings, the texts of the buttons, the tooltips and the tests.

Only single keys that napari leaves free on the viewer and on every layer type: G H J K N Q U W , and full stop.
"""

from __future__ import annotations

import itertools
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from napari.components import ViewerModel

Dock = Literal["method", "review"]


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
        What it does, in a word or two; "" where a button says it that is always there.
    dock
        Whose key it is. Two docks may have the same key: it belongs to the one that is used.
    """

    action: str
    key: str
    help: str
    short: str = ""
    dock: Dock = "method"


SHORTCUTS = {
    spec.action: spec
    for spec in [
        ShortcutSpec("run_or_stop", "G", "Run; while a run is going on: stop it."),
        ShortcutSpec("draw", "Q", "Go to the annotation layer with the brush in hand.", "draw"),
        ShortcutSpec("next_brush", "W", "Take the next brush: background, foreground, background, ...", "brush"),
        ShortcutSpec("toggle_proposal", "H", "Hide the proposal, or show it again.", "hide"),
        ShortcutSpec("accept_object", "K", "Accept the object under the mouse pointer."),
        ShortcutSpec("reject_object", "N", "Reject the object under the mouse pointer: runs learn that it is none."),
        ShortcutSpec("accept_confident", "J", "Accept all objects that are at least this confident."),
        *(
            ShortcutSpec(action, key, words, short, dock="review")
            for action, key, short, words in [
                ("next_doubtful", ".", "", "Go to the most doubtful object that nobody has decided about."),
                ("previous", ",", "", "Go back to the object that was shown before."),
                ("accept_selected", "K", "", "Accept the selected objects, and go to the next doubtful one."),
                ("reject_selected", "N", "", "Reject the selected objects: they are not exported. Go to the next."),
                ("ignore_selected", "W", "", "Leave the selected objects out of everything. Go to the next."),
                ("merge", "U", "merge", "Drag across the objects that are one. The largest keeps its id."),
                ("cut", "Q", "cut", "Draw a line across an object, outside to outside. The largest part keeps the id."),
                ("blink", "H", "blink", "Show the layer that is compared with instead, and back again."),
                ("accept_sure", "J", "accept many", "Accept all objects to do that are at least this certain."),
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


def keys_without_a_button(actions: Container[str]) -> str:
    """Return the line that tells the keys of those of a dock's actions that have no button: "Keys: Q draw, ..."."""
    told = [f"{spec.key} {spec.short}" for action, spec in SHORTCUTS.items() if action in actions and spec.short]
    return f"Keys: {', '.join(told)}"


class KeyBindings:
    """The keys of one dock in one viewer. Of all docks that want theirs, the one that took them last has them.

    Parameters
    ----------
    viewer
        The viewer.
    actions
        What to do, by the action's name in the table.
    on_change
        Called with True when the dock gets the keys, and with False when it loses them.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        actions: Mapping[str, Callable[[], object]],
        on_change: Callable[[bool], object] = lambda _: None,
    ) -> None:
        self._viewer, self._on_change = viewer, on_change
        self._functions = {SHORTCUTS[action].key: _function(action, perform) for action, perform in actions.items()}
        self._turn = 0  # the higher, the later it took them
        self._wanting = _WANTING.setdefault(viewer, weakref.WeakSet())

    @property
    def wanted(self) -> bool:
        """Whether they were taken and not released yet, though another dock may have the keys now."""
        return self in self._wanting

    def take(self) -> None:
        """Bind the keys; another dock that has them loses them, until these are released."""
        before = self._last()
        self._turn = next(_TURNS)
        if before is self:
            return
        if before is not None:
            before._unbind()
        self._wanting.add(self)
        self._bind()

    def release(self) -> None:
        """Unbind the keys; the dock that had them before gets them back if it still wants them."""
        had_them = self._last() is self
        self._wanting.discard(self)
        if had_them:
            self._unbind()
            if (before := self._last()) is not None:
                before._bind()

    def _last(self) -> KeyBindings | None:
        """Return the keys that were taken last: those are bound."""
        return max(self._wanting, key=lambda keys: keys._turn, default=None)

    def _bind(self) -> None:
        for key, function in self._functions.items():
            self._viewer.bind_key(key, function, overwrite=True)
        self._on_change(True)

    def _unbind(self) -> None:
        for key in self._functions:
            self._viewer.bind_key(key, None)
        self._on_change(False)


_TURNS = itertools.count(1)
_WANTING: weakref.WeakKeyDictionary[ViewerModel, weakref.WeakSet[KeyBindings]] = weakref.WeakKeyDictionary()


def _function(action: str, perform: Callable[[], object]) -> Callable[[ViewerModel], None]:
    """Return what napari wants to bind: a plain function of the viewer, with a name."""

    def on_key(_viewer: ViewerModel) -> None:
        perform()

    on_key.__name__ = action
    on_key.__doc__ = SHORTCUTS[action].help
    return on_key
