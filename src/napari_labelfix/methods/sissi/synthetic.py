"""Images to learn from in which there is nothing but the cells that are known: the rest of the image is blurred.

The known cells are cloned back seamlessly, with mixed gradients: Perez, Gangnet, Blake, "Poisson Image Editing", 2003.
Elbatel et al., SISSI, 2022: cells that were missed vanish, so that finding them is not punished.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_labelfix.methods.sissi.params import Backgrounds

KERNELS: dict[Backgrounds, int] = {"weak blur": 21, "strong blur": 71}  # pixels, at the paper's 512 x 512
_SIGMA = 30.0  # pixels
_NARROWEST = 3  # pixels: OpenCV cannot clone what is narrower
_FRAME = 3  # pixels around the image that the cloning may take for its edge
_BLOCK = 2048  # pixels: larger planes are made in blocks, for the memory that the cloning takes
_GREY = 255


def synthetic_like(
    image: NDArray[np.float32], corners: NDArray[np.floating], background: Backgrounds
) -> NDArray[np.float32]:
    """Return a plane with known cells as they are, and all else blurred.

    Parameters
    ----------
    image
        (Y, X, C), normalised; what is brighter or darker than its levels is cut off.
    corners
        (N, 4) y0, x0, y1, x1 of the known cells.
    background
        How much to blur; "as it is" returns the image.

    Returns
    -------
    NDArray[np.float32]
        (Y, X, C) in [0, 1].
    """
    if background == "as it is":
        return image
    made, kernel = np.empty_like(image), (KERNELS[background],) * 2
    known = _mask_of(corners, image.shape[:2])
    for number, channel in enumerate(np.moveaxis(image, -1, 0)):
        grey = np.round(_GREY * np.clip(channel, 0, 1)).astype(np.uint8)
        blurred = cv2.GaussianBlur(grey, kernel, _SIGMA)  # as a whole: between blocks there is no edge
        for y, x in product(*(range(0, length, _BLOCK) for length in grey.shape)):
            window = np.s_[y : y + _BLOCK, x : x + _BLOCK]
            made[*window, number] = _clone(grey[window], blurred[window], known[window]) / np.float32(_GREY)
    return made


def _mask_of(corners: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    mask = np.zeros(shape, np.uint8)
    for y0, x0, y1, x1 in np.round(corners).astype(int):
        mask[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = _GREY
    return mask


def _clone(grey: NDArray[np.uint8], blurred: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Clone what a mask shows of a channel (Y, X) back to its place in the blurred one."""
    if not mask.any():
        return blurred
    x, y, width, height = cv2.boundingRect(mask)
    if min(width, height) < _NARROWEST:
        return np.where(mask > 0, grey, blurred)
    source, target = (
        cv2.cvtColor(cv2.copyMakeBorder(one, *(_FRAME,) * 4, cv2.BORDER_REFLECT), cv2.COLOR_GRAY2BGR)
        for one in (grey, blurred)
    )
    framed = cv2.copyMakeBorder(mask, *(_FRAME,) * 4, cv2.BORDER_CONSTANT, value=0)
    middle = (_FRAME + x + width // 2, _FRAME + y + height // 2)
    cloned = cv2.seamlessClone(source, target, framed, middle, cv2.MIXED_CLONE)
    return np.asarray(cloned[_FRAME:-_FRAME, _FRAME:-_FRAME, 0], np.uint8)
