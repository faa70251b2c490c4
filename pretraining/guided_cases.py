"""Make what the guided network is trained on: `python pretraining/guided_cases.py --data DIR --out cases.npz`.

A case is a picture, some strokes on what is wanted, what the instant classifier makes of them, and the truth. The same
picture can ask for different things, the nuclei or the cells around them, one sort of objects or another, so that a
network cannot know what is meant without looking at the strokes. Two processes make about five cases a second.
"""

from __future__ import annotations

import argparse
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from guided_scenes import random_question
from guided_strokes import correction, first_strokes
from scenes import Scene, depth_of, load_kind, random_view, synthetic_scenes

from napari_labelfix.methods.scribble2label.instant import InstantClassifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

log = logging.getLogger("pretraining")
SIDE = 288  # pixels of a case
CROP = 192  # pixels of what is learned from at a time
DIAMETERS = 8.0, 80.0  # pixels: what objects are scaled to
CORRECTED = 0.4  # share of the cases in which a person has looked at the first guess and drawn more
SYNTHETIC = 300  # scenes
TREES = 40  # of the instant classifier, which has 100 at work; growing them takes most of the time


class Case(NamedTuple):
    """One question with its answer.

    Parameters
    ----------
    image
        (Y, X, 3) float16, normalised.
    guess
        (Y, X) uint8, the instant classifier's probability of the foreground, 255 is 1.
    strokes
        (Y, X) int8: 1 on the foreground, -1 on the background, 0 elsewhere.
    target
        (2, Y, X) uint8: foreground and depth, 255 is 1.
    """

    image: NDArray[np.float16]
    guess: NDArray[np.uint8]
    strokes: NDArray[np.int8]
    target: NDArray[np.uint8]


def make_case(scene: Scene, only: Sequence[str], rng: np.random.Generator) -> Case | None:
    """Ask one of the questions in a view of a scene; None where there is no room for strokes on both."""
    view = random_view(scene, SIDE, DIAMETERS, rng)
    image, labels = view.look(scene.image), view.objects(scene.labels)
    image, wanted = random_question(only, rng)(image, labels, rng)
    strokes = first_strokes(wanted, rng)
    if strokes is None:
        return None
    guess = guess_from(image, strokes, rng)
    if rng.random() < CORRECTED:
        strokes = correction(strokes, guess > 0.5, wanted > 0, rng)
        guess = guess_from(image, strokes, rng)
    target = np.stack([wanted > 0, depth_of(wanted)])
    return Case(image.astype(np.float16), _bytes(guess), strokes, _bytes(target))


def guess_from(image: NDArray[np.float32], strokes: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the instant classifier's probability of the foreground (Y, X)."""
    classes = np.select([strokes > 0, strokes < 0], [1, 0], -1)
    return InstantClassifier([image], [classes], 2, int(rng.integers(2**31)), TREES).predict(image)[1]


def make_some(
    data: Path | None, kinds: list[str], only: Sequence[str], count: int, seed: int
) -> dict[str, NDArray[np.generic]]:
    """Make `count` cases, as many of each kind; return their arrays, stacked, and each one's kind."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    scenes = [load_kind(data / kind) for kind in kinds] if data else []
    scenes.append(synthetic_scenes(SYNTHETIC, rng))
    cases: list[Case] = []
    names: list[str] = []
    while len(cases) < count:
        at = len(cases) % len(scenes)
        case = make_case(scenes[at][rng.integers(len(scenes[at]))], only, rng)
        if case is not None:
            cases.append(case)
            names.append([*kinds, "synthetic"][at])
            if len(cases) % 100 == 0:
                log.info("seed %d: %d cases", seed, len(cases))
    return {name: np.stack(arrays) for name, *arrays in zip(Case._fields, *cases, strict=True)} | {
        "kind": np.array(names)
    }


def load_cases(files: Sequence[Path], hold_out: str = "") -> Case:
    """Read cases, stacked in one, without those of the kind that is held out."""
    parts = []
    for file in files:
        with np.load(file) as arrays:
            kept = arrays["kind"] != hold_out
            parts.append([arrays[name][kept] for name in Case._fields])
    return Case(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def random_crop(cases: Case, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a crop (CROP, CROP, 5), as `guided_input` makes it, and its targets (CROP, CROP, 2), turned and relit."""
    at = rng.integers(len(cases.image))
    top, left = rng.integers(SIDE - CROP + 1, size=2)
    window = slice(top, top + CROP), slice(left, left + CROP)
    light = np.exp(rng.normal(0, 0.1)) * cases.image[at][window].astype(np.float32) + rng.normal(0, 0.05)
    guess = cases.guess[at][window] / 127.5 - 1
    seen = np.dstack([light, guess, cases.strokes[at][window], np.moveaxis(cases.target[at][:, *window] / 255, 0, -1)])
    turned = np.rot90(seen[:, :: rng.choice([-1, 1])], rng.integers(4)).astype(np.float32)
    return turned[..., :-2], turned[..., -2:]


def _bytes(share: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.round(share * np.float32(255)).astype(np.uint8)


def main() -> None:
    """Read the options, make the cases in several processes, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with one folder a kind of image")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--only", nargs="*", default=[], help="names of questions; all by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("cases.npz"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    kinds = sorted(path.parent.name for path in options.data.glob("*/train.npz")) if options.data else []
    each = -(-options.cases // options.processes)
    make = partial(make_some, options.data, kinds, options.only, each)
    seeds = range(options.processes * options.seed, options.processes * (options.seed + 1))
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"  # a forest in each process would take all cores
    with ProcessPoolExecutor(options.processes) as pool:
        parts = list(pool.map(make, seeds))
    np.savez(options.out, **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


if __name__ == "__main__":
    main()
