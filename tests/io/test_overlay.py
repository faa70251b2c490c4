"""The picture shows strokes where they were drawn and outlines where the objects end."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from napari_labelfix.io.overlay import _HEADER, _INK, _MARGIN, _STROKES, PANEL, write_overlay
from napari_labelfix.io.palette import OUTLINES


@pytest.mark.parametrize("shape", [(30, 60), (30, 60, 3)])
def test_strokes_are_on_the_left_and_outlines_on_the_right(tmp_path, shape):
    image = np.zeros(shape)
    image[:, 30:] = 1
    scribbles = np.zeros(shape[:2], int)
    scribbles[5:10, 5:15], scribbles[20:25, 5:15] = 1, 2
    labels = np.zeros(shape[:2], int)
    labels[5:15, 10:20] = 1
    write_overlay(tmp_path / "a.png", image, scribbles, labels, "a note")
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture)
    scale = PANEL / 60

    def at(panel, row, column):
        return tuple(pixels[round(_HEADER + row * scale), round(_MARGIN + panel * (PANEL + _MARGIN) + column * scale)])

    assert (at(0, 7.5, 10), at(0, 22.5, 10)) == (_STROKES[1], _STROKES[2])
    assert at(0, 15, 50) == (255, 255, 255)
    assert at(0, 15, 20) == (0, 0, 0)
    for row, column in ((10, 10), (10, 20), (5, 15), (15, 15)):  # the four edges of the object
        assert at(1, row, column) == OUTLINES[0]
    assert at(1, 10, 15) == at(1, 20, 25) == (0, 0, 0)
    assert (pixels[:_HEADER] == _INK).all(axis=-1).any()


def test_a_constant_image_without_objects_is_drawn(tmp_path):
    write_overlay(tmp_path / "a.png", np.ones((30, 30)), np.zeros((30, 30), int), np.zeros((30, 30), int))
    assert (tmp_path / "a.png").stat().st_size > 0
