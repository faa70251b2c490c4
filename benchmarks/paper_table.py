"""What the tables of the papers share: crops of real images, options, and rows that are measured once and kept."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import real_images
import torch
from report import machine_facts, markdown_table, write_report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Row = dict[str, Any]
    Key = tuple[Path, float | str, str, int]  # folder of a kind, share, way, seed

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
    parser = real_images.options_parser(about, name, images, "crops to learn from")
    parser.add_argument("--measured", type=int, default=16, help="crops to measure on")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--scratch", action="store_true", help="start from random weights instead of the package's")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time, each with a run; many for a GPU")
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
        Takes the options, the folder of a kind, a share, a way and a seed, and returns measures by name. A function of
        a module: with `options.jobs`, other processes look it up by its name.
    """
    rows = json.loads(options.rows.read_text()) if options.rows.exists() else []
    yield from list(rows)
    done = {(row["kind"], row[of], row["way"], row["seed"]) for row in rows}
    missing = [
        (kind, share, way, seed)
        for seed, kind, (share, way) in product(options.seeds, real_images.folders_of(options), ways)
        if (kind.name, share, way, seed) not in done
    ]
    for (kind, share, way, seed), found in _each_measured(options, measure, missing):
        rows.append({"kind": kind.name, of: share, "way": way, "seed": seed} | found)
        options.rows.write_text(json.dumps(rows, indent=1))
        yield rows[-1]


def _each_measured(
    options: argparse.Namespace, measure: Callable[..., Row], keys: Sequence[Key]
) -> Iterator[tuple[Key, Row]]:
    if options.jobs == 1:
        yield from ((key, _measured(options, measure, key)) for key in keys)
        return
    with ProcessPoolExecutor(options.jobs, get_context("forkserver")) as pool:
        waiting = {pool.submit(_measured, options, measure, key): key for key in keys}
        for each in as_completed(waiting):
            yield waiting[each], each.result()


def _measured(options: argparse.Namespace, measure: Callable[..., Row], key: Key) -> Row:
    torch.set_num_threads(options.threads)
    real_images.use_weights(options, key[0].name)
    return measure(options, *key)


def write_as_measured(
    options: argparse.Namespace,
    title: str,
    rows: Iterator[Row],
    table: Callable[[list[Row]], list[Row]],
    notes: list[str],
) -> None:
    """Write the report after each row, so that a table that is stopped shows what it has."""
    measured: list[Row] = []
    for row in rows:
        measured.append(row)
        print(markdown_table([row]).splitlines()[-1], flush=True)
        more = [options.note] if options.note else []
        write_report(options.name, title, table(measured), machine_facts(), [*notes, *more])
