"""What the tables of the papers share: crops of real images, options, and rows that are measured once and kept."""

from __future__ import annotations

import argparse
import json
import os
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from report import machine_facts, markdown_table, write_report

from napari_labelfix.networks.shipped import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Row = dict[str, Any]

SIDE = 256  # pixels of a crop
FEWEST_OBJECTS = 3  # in a crop


class Scene(NamedTuple):
    """A crop and its objects (Y, X), a number each."""

    image: NDArray[np.generic]
    labels: NDArray[np.int32]


def scenes(file: Path, count: int, seed: int) -> list[Scene]:
    """Return crops of as many different images as there are, chosen by the seed."""
    rng = np.random.default_rng(seed)
    found: list[list[Scene]] = []
    with np.load(file) as arrays:
        names = sorted(name.removeprefix("image_") for name in arrays.files if name.startswith("image_"))
        for name in rng.permutation(names)[: 4 * count]:
            crops = _crops(arrays[f"image_{name}"], arrays[f"labels_{name}"].astype(np.int32))
            found.append([crops[i] for i in rng.permutation(len(crops))])
    deepest = max(map(len, found))
    in_turn = [crops[i] for i in range(deepest) for crops in found if i < len(crops)]
    return in_turn[:count]


def _crops(image: NDArray[np.generic], labels: NDArray[np.int32]) -> list[Scene]:
    corners = product(*(range(0, max(1, length - SIDE + 1), SIDE) for length in labels.shape))
    windows = [np.s_[y : y + SIDE, x : x + SIDE] for y, x in corners]
    return [Scene(image[w], labels[w]) for w in windows if len(np.unique(labels[w])) > FEWEST_OBJECTS]


def options_parser(about: str | None, name: str, images: int, epochs: int) -> argparse.ArgumentParser:
    """Return the options that every table has."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="*", help="names of folders; all by default")
    parser.add_argument("--images", type=int, default=images, help="crops to learn from")
    parser.add_argument("--measured", type=int, default=16, help="crops to measure on")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--scratch", action="store_true", help="start from random weights instead of the package's")
    parser.add_argument("--weights", help="folder with weights instead of the shipped ones; {kind} in it is replaced")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default=name)
    kept = "what is measured is kept here, and not measured again"
    parser.add_argument("--rows", type=Path, default=Path(f"{name}_rows.json"), help=kept)
    parser.add_argument("--note", help="what else is to be said of these rows, such as that some are older")
    return parser


def start_of(options: argparse.Namespace) -> str:
    """Return what the networks start from, in words."""
    if options.scratch:
        return "random weights"
    if options.weights:
        return "weights that have seen the other kinds, but not this one"
    return "weights of the package, which have seen these images"


def measured_rows(
    options: argparse.Namespace, of: str, ways: Sequence[tuple[float | str, str]], measure: Callable[..., Row]
) -> Iterator[Row]:
    """Yield what stands in `options.rows`, and what each other seed, kind, share and way that is asked for has reached.

    Parameters
    ----------
    options
        From `options_parser`.
    of
        What the share is called.
    ways
        Shares, or what else stands in their place, each with a way to learn.
    measure
        Takes the folder of a kind, a share, a way and a seed, and returns measures by name.
    """
    kinds = [path.parent for path in sorted(options.data.glob("*/val.npz"))]
    kinds = [kind for kind in kinds if not options.kinds or kind.name in options.kinds]
    rows = json.loads(options.rows.read_text()) if options.rows.exists() else []
    done = {(row["kind"], row[of], row["way"], row["seed"]): row for row in rows}
    yield from list(done.values())
    for seed, kind, (share, way) in product(options.seeds, kinds, ways):
        key = kind.name, share, way, seed
        if key not in done:
            if options.weights:
                os.environ[FOLDER] = options.weights.format(kind=kind.name)
            done[key] = dict(zip(("kind", of, "way", "seed"), key, strict=True)) | measure(kind, share, way, seed)
            options.rows.write_text(json.dumps(list(done.values()), indent=1))
            yield done[key]


def write_as_measured(
    options: argparse.Namespace,
    title: str,
    rows: Iterator[Row],
    table: Callable[[list[Row]], list[Row]],
    notes: list[str],
) -> None:
    """Write the report after each row, so that a table that is stopped shows what it has."""
    torch.set_num_threads(options.threads)
    measured: list[Row] = []
    for row in rows:
        measured.append(row)
        print(markdown_table([row]).splitlines()[-1], flush=True)
        more = [options.note] if options.note else []
        write_report(options.name, title, table(measured), machine_facts(), [*notes, *more])
