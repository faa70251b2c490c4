"""A picture for people: what was drawn, beside what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import find_objects
from skimage.measure import find_contours

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, UNMARKED
from napari_labelfix.io.files import replacing
from napari_labelfix.io.palette import OUTLINES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_labelfix.io.palette import Colour

PANEL = 900  # longer side of a panel in pixels
_SMOOTH = 2  # drawn this many times larger, then reduced, for smooth lines
_MARGIN, _HEADER, _LINE = 24, 56, 3
_PAPER: Colour = (24, 26, 31)
_INK: Colour = (235, 235, 235)
_STROKES: dict[int, Colour] = {BACKGROUND: (86, 180, 233), FIRST_CLASS: (230, 159, 0)}


def write_overlay(
    path: Path, image: NDArray[Any], scribbles: NDArray[np.integer], labels: NDArray[np.integer], note: str = ""
) -> None:
    """Write a PNG of two panels: the image with its scribbles, and with the outlines of the objects.

    Parameters
    ----------
    path
        The file; one that is there is replaced.
    image
        (Y, X) or (Y, X, 3).
    scribbles
        (Y, X) 0 unmarked, 1 background, 2.. foreground.
    labels
        (Y, X) object ids.
    note
        Stands behind the second title.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    scale = PANEL / max(labels.shape)
    picture = _as_picture(image, scale)
    drawn, found = picture.copy(), picture.copy()
    _draw_strokes(drawn, scribbles)
    _draw_outlines(found, labels, scale)
    count = len(np.unique(labels[labels > 0]))
    titles = ("Drawn by hand", f"Found: {count} objects" + (f", {note}" if note else ""))
    sheet = _lay_out([drawn, found], titles)
    with replacing(path) as temporary:
        sheet.save(temporary, optimize=True)


def _as_picture(image: NDArray[Any], scale: float) -> Image.Image:
    """Stretch the contrast from the 0.5th to the 99.5th percentile and enlarge."""
    low, high = np.percentile(image, (0.5, 99.5))
    stretched = np.clip((image.astype(float) - low) / max(high - low, 1e-9), 0, 1)
    picture = Image.fromarray((255 * stretched**0.8).astype(np.uint8)).convert("RGB")
    size = tuple(round(length * scale) * _SMOOTH for length in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _draw_strokes(picture: Image.Image, scribbles: NDArray[np.integer]) -> None:
    for value in np.unique(scribbles[scribbles != UNMARKED]):
        mask = Image.fromarray(((scribbles == value) * 255).astype(np.uint8)).resize(picture.size)
        picture.paste(_STROKES.get(int(value), _STROKES[FIRST_CLASS]), mask=mask)


def _draw_outlines(picture: Image.Image, labels: NDArray[np.integer], scale: float) -> None:
    draw = ImageDraw.Draw(picture)
    step = scale * _SMOOTH
    for index, window in enumerate(find_objects(labels)):
        if window is None:
            continue
        mask = np.pad(labels[window] == index + 1, 1)
        corner = np.array([window[0].start - 1, window[1].start - 1])
        for contour in find_contours(mask.astype(float), 0.5):
            points = (contour + corner + 0.5)[:, ::-1] * step  # x before y; a pixel's middle lies at +0.5
            draw.line([tuple(point) for point in points], OUTLINES[index % len(OUTLINES)], _LINE * _SMOOTH, "curve")


def _lay_out(panels: list[Image.Image], titles: tuple[str, str]) -> Image.Image:
    """Put the panels side by side, a title over each, and the colours of the strokes beside the first title."""
    width, height = (length // _SMOOTH for length in panels[0].size)
    sheet = Image.new("RGB", (2 * width + 3 * _MARGIN, height + _HEADER + _MARGIN), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(24)
    for column, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        left = _MARGIN + column * (width + _MARGIN)
        sheet.paste(panel.reduce(_SMOOTH), (left, _HEADER))
        draw.text((left, _HEADER / 2), title, _INK, font, anchor="lm")
    right = _MARGIN + width
    for name, value in (("foreground", FIRST_CLASS), ("background", BACKGROUND)):
        right -= int(draw.textlength(name, font))
        draw.text((right, _HEADER / 2), name, _INK, font, anchor="lm")
        draw.rounded_rectangle((right - 34, _HEADER / 2 - 5, right - 10, _HEADER / 2 + 5), 5, _STROKES[value])
        right -= 34 + 22
    return sheet
