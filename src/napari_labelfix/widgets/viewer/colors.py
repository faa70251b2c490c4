"""Colours that people with any colour vision can tell apart, and what they mean in every dock."""

from napari_labelfix.io.tables import CELL, NO_CELL

PALETTE = BLUE, ORANGE, PINK, GREEN, YELLOW, RED = (
    "#56b4e9", "#e69f00", "#cc79a7", "#009e73", "#f0e442", "#d55e00",
)  # fmt: skip  # Okabe & Ito
MARK_COLORS = {CELL: ORANGE, NO_CELL: BLUE}  # of points and boxes; so are scribbles of foreground and background
