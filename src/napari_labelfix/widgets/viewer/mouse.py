"""What the mouse does on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari.layers import Layer
    from numpy.typing import NDArray

LEFT = 1
_TREMBLE = 4  # pixels of the canvas; during a click the mouse moves no further


def is_drag(event: Any, pressed: NDArray[np.floating]) -> bool:
    """Whether the mouse has moved farther from where it was pressed (x, y of the canvas) than a hand trembles."""
    return bool(np.abs(np.asarray(event.pos) - pressed).max() > _TREMBLE)


def is_click(event: Any) -> Generator[None, None, bool]:
    """Follow a press on the canvas until it is let go; return whether it was a click with the left button, no drag."""
    if event.button != LEFT:  # the right one zooms
        return False
    pressed = np.array(event.pos)  # pixels of the canvas
    yield
    while event.type == "mouse_move":
        yield
    return not is_drag(event, pressed)


def draws(active: Layer | None) -> bool:
    """Whether a click on the active layer draws, or belongs to another tool of napari's or ours."""
    return active is not None and (str(active.mode) != "pan_zoom" or not active.mouse_pan)
