"""Images that are like none that the shipped weights have learned from, with exact labels, for the other benchmarks.

`python benchmarks/unusual_images.py --out DIR` writes a folder for each of nine kinds, and in it `val.npz` with
`image_<id>` and `labels_<id>`, as `interactive.py` and `first_look.py` read them with `--data DIR`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.draw import disk, ellipse
from skimage.measure import label
from skimage.segmentation import find_boundaries

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SIDE = 384  # pixels
ROWS, COLUMNS = np.indices((SIDE, SIDE))


@dataclass
class Scene:
    """An image in the making: (Y, X) brightness around 0 to 1, and (Y, X) labels."""

    random: np.random.Generator
    image: NDArray[np.floating] = field(default_factory=lambda: np.zeros((SIDE, SIDE)))
    labels: NDArray[np.int32] = field(default_factory=lambda: np.zeros((SIDE, SIDE), np.int32))

    def clouds(self, size: float, height: float) -> NDArray[np.floating]:
        """Return (Y, X) smooth noise with structures of a size in pixels and this standard deviation."""
        noise = ndimage.gaussian_filter(self.random.normal(size=(SIDE, SIDE)), size)
        return height * noise / noise.std()

    def place(self, margin: float) -> NDArray[np.floating]:
        """Return a random row and column."""
        return self.random.uniform(margin, SIDE - margin, 2)

    def add(self, mask: NDArray[np.bool_], around: NDArray[np.bool_] | None = None) -> bool:
        """Add an object where nothing is yet, nor around it; return whether there was room."""
        if self.labels[mask if around is None else around].any():
            return False
        self.labels[mask] = self.labels.max() + 1
        return True

    def seen(self, blur: float, noise: float) -> NDArray[np.uint8]:
        """Return the image (Y, X) through a lens and a camera."""
        image = ndimage.gaussian_filter(self.image, blur) + self.random.normal(0, noise, self.image.shape)
        return (255 * (image - image.min()) / np.ptp(image)).astype(np.uint8)


def rods(scene: Scene) -> NDArray[np.uint8]:
    """Bacteria in phase contrast: dark rods with a bright halo."""
    for _ in range(260):
        centre, angle = scene.place(10), scene.random.uniform(0, np.pi)
        half = np.array([np.sin(angle), np.cos(angle)]) * scene.random.uniform(8, 18)
        width = scene.random.uniform(3.5, 4.5)
        from_centre = np.stack([ROWS - centre[0], COLUMNS - centre[1]], axis=-1)
        along = np.clip(from_centre @ half / (half @ half), -1, 1)
        away = np.hypot(*np.moveaxis(from_centre - along[..., None] * half, -1, 0))
        scene.add(away < width, away < width + 1)
    there = (scene.labels > 0).astype(float)
    halo = (ndimage.gaussian_filter(there, 5) - ndimage.gaussian_filter(there, 2)).clip(0)
    scene.image = 0.55 + scene.clouds(30, 0.04) - 0.35 * ndimage.gaussian_filter(there, 1.2) + 0.25 * halo
    return scene.seen(0.8, 0.02)


def membranes(scene: Scene) -> NDArray[np.uint8]:
    """An epithelium of which the borders are stained: the cells are what is dark between them."""
    scene.image = 0.15 + scene.clouds(40, 0.04) + _cells(scene) * (0.6 + scene.clouds(8, 0.2))
    return scene.seen(1.2, 0.05)


def _cells(scene: Scene) -> NDArray[np.bool_]:
    """Label the cells of a tissue without gaps; return (Y, X) their borders."""
    centres = scene.random.uniform(0, SIDE, (130, 2))
    nearest = ((ROWS[..., None] - centres[:, 0]) ** 2 + (COLUMNS[..., None] - centres[:, 1]) ** 2).argmin(axis=-1)
    y, x = (np.clip(at + scene.clouds(12, 3), 0, SIDE - 1).astype(int) for at in (ROWS, COLUMNS))
    cells = nearest[y, x] + 1
    borders = ndimage.binary_dilation(find_boundaries(cells, mode="thick"))
    scene.labels = label(np.where(borders, 0, cells), connectivity=1).astype(np.int32)
    return borders


def large(scene: Scene) -> NDArray[np.uint8]:
    """Four cells of 140 pixels, textured and hardly brighter than what is around them."""
    for row, column in [(110, 120), (260, 260), (90, 300), (310, 90)]:
        angle = np.arctan2(ROWS - row, COLUMNS - column)
        waves = sum(scene.random.normal(0, 0.08) * np.cos((i + 2) * angle + i) for i in range(6))
        scene.labels[(np.hypot(ROWS - row, COLUMNS - column) < 70 * (1 + waves)) & (scene.labels == 0)] = row
    texture = 0.12 + scene.clouds(2.5, 0.06) + scene.clouds(10, 0.05)
    scene.image = 0.2 + scene.clouds(60, 0.06) + (scene.labels > 0) * texture
    return scene.seen(1, 0.04)


def dots(scene: Scene) -> NDArray[np.uint8]:
    """Dots of five pixels on a ground that is brighter in some places than the dots in others."""
    scene.image = 0.2 + scene.clouds(25, 0.12)
    for _ in range(220):
        spot = np.zeros((SIDE, SIDE), bool)
        spot[disk(scene.place(5), 2.6)] = True
        if scene.add(spot):
            scene.image[spot] += scene.random.uniform(0.3, 0.8)
    return scene.seen(1, 0.05)


def threads(scene: Scene) -> NDArray[np.uint8]:
    """Bent threads, five pixels thick."""
    for number in range(1, 14):
        (y, x), angle = scene.place(0), scene.random.uniform(0, 2 * np.pi)
        line = np.zeros((SIDE, SIDE), bool)
        while 0 <= y < SIDE and 0 <= x < SIDE and line.sum() < 400:
            line[int(y), int(x)] = True
            angle += scene.random.normal(0, 0.08)
            y, x = y + np.sin(angle), x + np.cos(angle)
        scene.labels[ndimage.binary_dilation(line, iterations=2)] = number
    scene.image = 0.2 + scene.clouds(30, 0.06) + (scene.labels > 0) * (0.25 + scene.clouds(10, 0.08))
    return scene.seen(1, 0.05)


def mitochondria(scene: Scene) -> NDArray[np.uint8]:
    """Striped bodies in something like an electron micrograph, among membranes and dark vesicles that are not meant."""
    scene.image = 0.6 + scene.clouds(1.5, 0.08) + scene.clouds(5, 0.06) - 0.35 * _cells(scene)
    scene.labels[:] = 0
    for _ in range(60):
        radii, turned = (scene.random.uniform(5, 9), scene.random.uniform(10, 20)), scene.random.uniform(0, 3)
        body = np.zeros((SIDE, SIDE), bool)
        body[ellipse(*scene.place(10), *radii, shape=body.shape, rotation=turned)] = True
        stripes = scene.random.uniform(0, 3)
        if scene.add(body):
            wave = np.sin(1.5 * (ROWS * np.cos(stripes) + COLUMNS * np.sin(stripes)))
            scene.image[body] -= (0.14 + 0.12 * wave)[body]
    for _ in range(40):
        vesicle = disk(scene.place(5), scene.random.uniform(3, 6), shape=scene.labels.shape)
        if not scene.labels[vesicle].any():
            scene.image[vesicle] -= 0.25
    return scene.seen(0.8, 0.05)


def rings(scene: Scene) -> NDArray[np.uint8]:
    """Yeast in bright field: a dark and a bright ring around what is as grey as the ground."""
    scene.image = 0.5 + scene.clouds(40, 0.04)
    for _ in range(90):
        centre, radius = scene.place(15), scene.random.uniform(9, 15)
        away = np.hypot(ROWS - centre[0], COLUMNS - centre[1])
        if scene.add(away < radius, away < radius + 2):
            scene.image -= 0.3 * np.exp(-(((away - radius + 1) / 1.3) ** 2))
            scene.image += 0.25 * np.exp(-(((away - radius + 4) / 1.5) ** 2))
    return scene.seen(0.8, 0.03)


def relief(scene: Scene) -> NDArray[np.uint8]:
    """Differential interference contrast: bright on one side, dark on the other."""
    height = np.zeros((SIDE, SIDE))
    for _ in range(60):
        centre, radius, width = scene.place(18), scene.random.uniform(12, 18), scene.random.uniform(0.8, 1.2)
        away = np.hypot(ROWS - centre[0], (COLUMNS - centre[1]) * width)
        if scene.add(away < radius, away < radius + 2):
            height += 8 * np.sqrt(np.clip(1 - (away / radius) ** 2, 0, 1))
    height = ndimage.gaussian_filter(height + scene.clouds(3, 0.3) * (scene.labels > 0), 1.5)
    scene.image = 0.5 + 0.025 * (ndimage.sobel(height, 0) + ndimage.sobel(height, 1))
    return scene.seen(0.7, 0.02)


def one_stain(scene: Scene) -> NDArray[np.uint8]:
    """Brown and blue nuclei, RGB; the brown ones are meant."""
    image, brown = two_stains(scene)
    scene.labels[~np.isin(scene.labels, brown)] = 0
    return image


def two_stains(scene: Scene, apart: float = 1.0) -> tuple[NDArray[np.uint8], list[int]]:
    """Draw brown and blue nuclei, less unlike than these if `apart` is below 1; return RGB and which are brown."""
    image = np.full((SIDE, SIDE, 3), [0.93, 0.9, 0.92]) + scene.clouds(15, 0.03)[..., None]
    stains = np.array([[0.45, 0.28, 0.15], [0.45, 0.5, 0.7]])
    stains = apart * stains + (1 - apart) * stains.mean(axis=0)
    brown: list[int] = []
    for _ in range(190):
        radii, turned = scene.random.uniform((6, 7), (10, 12)), scene.random.uniform(0, 3)
        nucleus = np.zeros((SIDE, SIDE), bool)
        nucleus[ellipse(*scene.place(8), *radii, shape=nucleus.shape, rotation=turned)] = True
        if scene.add(nucleus):
            is_brown = scene.random.uniform() < 0.45
            colour = stains[0 if is_brown else 1] + scene.random.normal(0, 0.04, 3)
            image[nucleus] = colour + scene.random.normal(0, 0.04, (nucleus.sum(), 1))
            brown += [scene.labels.max()] if is_brown else []
    image = ndimage.gaussian_filter(image, (0.9, 0.9, 0)) + scene.random.normal(0, 0.02, image.shape)
    return (255 * image.clip(0, 1)).astype(np.uint8), brown


KINDS: list[Callable[[Scene], NDArray[np.uint8]]] = [
    rods, membranes, large, dots, threads, mitochondria, rings, relief, one_stain,
]  # fmt: skip


def main() -> None:
    """Write the images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=2, help="of each kind")
    options = parser.parse_args()
    for kind in KINDS:
        arrays = {}
        for seed in range(options.images):
            scene = Scene(np.random.default_rng(seed))
            arrays |= {f"image_{seed}": kind(scene), f"labels_{seed}": scene.labels}
        folder = options.out / kind.__name__
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / "val.npz", **arrays)
        print(folder / "val.npz")


if __name__ == "__main__":
    main()
