"""Draws `images/stages.png`, how Scribble2Label goes on from scribbles, on a sample: `python docs/make_stages.py`.

It takes one or two minutes and opens no window.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage.measure import find_contours

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.methods.table import METHODS
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import bright_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.snapshots import Proposal

METHOD = METHODS["scribble2label"]
SEED, SHARE_OF_OBJECTS, EPOCHS = 1, 0.15, 40
PART = (slice(60, 380), slice(100, 420))  # rows and columns that are shown
ZOOM = 3  # drawn so large, then reduced to half
GAP, TITLE = 16, 36  # pixels
PAPER, INK = (255, 255, 255), (30, 30, 30)
STROKES = {BACKGROUND: (86, 180, 233), FIRST_CLASS: (230, 159, 0)}
COLOURS = 200  # of the picture's palette
OUTLINE = (0, 158, 115)


def proposals(image: NDArray[np.integer], scribbles: NDArray[np.integer]) -> tuple[Proposal, Proposal, Proposal]:
    """Return the forest's proposal, which is all there is without trained weights, and a run's first and last."""
    task = Task((Plane("sample", image, Scribbles(scribbles)),))
    train = METHOD.load().train
    forest = next(train(task, METHOD.params(pretrained=False))).proposals[0]
    found = [snapshot.proposals[0] for snapshot in train(task, METHOD.params(epochs=EPOCHS)) if snapshot.proposals]
    return forest, found[0], found[-1]


def enlarged(image: NDArray[np.integer]) -> Image.Image:
    """Return the shown part of a grey image as a picture."""
    part = Image.fromarray(image[PART]).convert("RGB")
    return part.resize((part.width * ZOOM, part.height * ZOOM), Image.Resampling.BICUBIC)


def painted(picture: Image.Image, mask: NDArray[np.bool_], colour: tuple[int, int, int], opacity: float) -> Image.Image:
    """Return the picture with a mask over it."""
    stencil = Image.fromarray((mask[PART] * opacity * 255).astype(np.uint8)).resize(picture.size, Image.Resampling.BOX)
    picture = picture.copy()
    picture.paste(colour, mask=stencil)
    return picture


def outlined(picture: Image.Image, labels: NDArray[np.integer]) -> Image.Image:
    """Return the picture with the outlines of objects."""
    picture = picture.copy()
    draw = ImageDraw.Draw(picture)
    for number in np.unique(labels[PART])[1:]:
        for contour in find_contours(np.pad(labels[PART] == number, 1).astype(float), 0.5):
            draw.line([((x - 0.5) * ZOOM, (y - 0.5) * ZOOM) for y, x in contour], OUTLINE, 5, "curve")
    return picture


def laid_out(panels: dict[str, Image.Image]) -> Image.Image:
    """Return the panels in two columns, a title over each."""
    side = next(iter(panels.values())).width // 2
    sheet = Image.new("RGB", (2 * side + 3 * GAP, 2 * (side + TITLE) + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(19)
    for index, (title, panel) in enumerate(panels.items()):
        left, top = GAP + (index % 2) * (side + GAP), (index // 2) * (side + TITLE)
        draw.text((left, top + TITLE / 2), title, INK, font, anchor="lm")
        sheet.paste(panel.reduce(2), (left, top + TITLE))
    return sheet


def main() -> None:
    """Train on the sample and draw."""
    sample = bright_field(SEED)
    scribbles = painted_scribbles(sample.labels, SHARE_OF_OBJECTS, SEED)
    forest, first, last = proposals(sample.image, scribbles)
    picture = enlarged(sample.image)
    drawn = picture
    for value, colour in STROKES.items():
        drawn = painted(drawn, scribbles == value, colour, 1)
    sheet = laid_out(
        {
            "1  You scribble": drawn,
            "2  What the forest makes of it": outlined(picture, forest.labels),
            "3  Instant proposal": outlined(picture, first.labels),
            "4  After self-labelling": outlined(picture, last.labels),
        }
    )
    path = Path(__file__).parent / "images" / "stages.png"
    sheet.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
