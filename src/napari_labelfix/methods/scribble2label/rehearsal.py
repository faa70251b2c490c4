"""What the instant classifier rehearses: pixels of which it was sure what they are, and that nobody has corrected.

From strokes alone it floods: somebody who marks an object that was missed says nothing of the background, and all that
looks a little like the object becomes one. Whoever looked at a proposal and corrected one place of it has left the
rest, and the rest is worth something. To learn it again beside what is new is the rehearsal of continual learning
(Robins, "Catastrophic forgetting, rehearsal and pseudorehearsal", Connection Science 7, 1995).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

PIXELS = 1000  # of each class, over all planes
NEAR = 16  # pixels from a correction, within which nothing is rehearsed
SURE = 0.8  # probability above which a pixel is rehearsed
WEIGHT = 0.3  # of a class's rehearsed pixels together, where those that are drawn of it weigh 1
BLOCKS, BLOCK = 16, 512  # of a larger plane only what lies in so many blocks of so many pixels a side: it is read anew
REFUTED = 0.3  # probability, from the strokes alone, under which what was taken for an object is rehearsed no more


def choose(
    marks: Mapping[int, NDArray[np.integer]], beliefs: Mapping[int, NDArray[np.float32]], seed: int
) -> dict[int, NDArray[np.int16]]:
    """Choose pixels to rehearse, of each class about as many on each plane.

    Parameters
    ----------
    marks
        (Y, X) class indices of planes, by their own index; negative where nobody has drawn.
    beliefs
        (classes, Y, X) probabilities, as they were when the newest scribbles were drawn, of some of these planes.
    seed
        Same seed, same choice.

    Returns
    -------
    dict
        (Y, X) class indices, -1 where nothing is rehearsed, of the planes where something is.
    """
    rng = np.random.default_rng(seed)
    both = [index for index in marks if index in beliefs]
    chosen = {index: _some_of(beliefs[index], marks[index], -(-PIXELS // len(both)), rng) for index in both}
    return {index: values for index, values in chosen.items() if (values >= 0).any()}


def _some_of(
    belief: NDArray[np.float32], drawn: NDArray[np.integer], count: int, rng: np.random.Generator
) -> NDArray[np.int16]:
    likeliest = belief.argmax(axis=0)
    corrected = (drawn >= 0) & (drawn != likeliest)
    sure = (belief.max(axis=0) > SURE) & (drawn < 0) & ~_near(corrected)
    if sure.size > BLOCKS * BLOCK**2:
        sure &= _some_blocks(sure.shape, rng)
    chosen = np.full(drawn.shape, -1, np.int16)
    for value in range(len(belief)):
        places = np.flatnonzero(sure & (likeliest == value))
        chosen.flat[rng.choice(places, min(count, len(places)), replace=False)] = value
    return chosen


def _some_blocks(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return (Y, X) what lies in `BLOCKS` random blocks of a plane."""
    rows, columns = (-(-length // BLOCK) for length in shape)
    inside = np.zeros(shape, bool)
    for block in rng.choice(rows * columns, BLOCKS, replace=False):
        y, x = block // columns * BLOCK, block % columns * BLOCK
        inside[y : y + BLOCK, x : x + BLOCK] = True
    return inside


def _near(corrected: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (Y, X) what may belong to an object that was missed, or found wrongly, and has a stroke now."""
    if not corrected.any():
        return corrected
    return cv2.distanceTransform((~corrected).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5) <= NEAR


def still_likely(targets: NDArray[np.integer], from_strokes: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return (N,) which pixels are worth rehearsing in the light of all strokes.

    What was taken for objects may be wrong in bulk, as whole cells where their nuclei are meant; the newest strokes
    then say so. Background is most of an image, so that little of it can be wrong: of it, all is.

    Parameters
    ----------
    targets
        (N,) what the pixels were taken for.
    from_strokes
        (N, classes) probabilities from the strokes alone.
    """
    return (targets == 0) | (from_strokes[np.arange(len(targets)), targets] >= REFUTED)


def weights(targets: NDArray[np.integer], drawn: int, classes: int) -> NDArray[np.float64]:
    """Return (N,) the weights of rehearsed pixels beside so many drawn ones, which weigh 1 on average.

    Parameters
    ----------
    targets
        (N,) what the pixels were taken for.
    drawn
        Number of drawn pixels.
    classes
        Number of classes that are drawn, of equal weight each.
    """
    return WEIGHT * drawn / classes / np.bincount(targets)[targets]
