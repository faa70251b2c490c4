"""Nuclei that a mask takes for one, parted at a point in each: `python benchmarks/parting.py --data DIR`.

DIR holds a folder a kind of image, each with a `val.npz`. True nuclei that touch are merged. Each gets a point, not in
its middle exactly, as a person clicks. They are parted as *Part at points* of the Review dock does it, and as the tool
Seeds may, where the image says.
"""

from __future__ import annotations

from statistics import mean
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from interactive import images
from real_images import folders_of, options_parser
from report import machine_facts, write_report
from skimage.measure import label, regionprops

from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.review.edits import split_by_seeds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

OFF = 0.3  # of a nucleus' radius: how far from the middle its point may lie
LEAST = (0.5, 0.7, 0.85)  # IoU of a pair


def clicked(nuclei: NDArray[np.integer], draw: np.random.Generator) -> NDArray[np.intp]:
    """Return a point (N, 2) in each nucleus, near its middle."""
    points = []
    for nucleus in regionprops(nuclei):
        far = np.linalg.norm(nucleus.coords - np.array(nucleus.centroid), axis=1)
        near = nucleus.coords[far <= max(OFF * nucleus.equivalent_diameter_area / 2, far.min())]
        points.append(near[draw.integers(len(near))])
    return np.array(points, np.intp).reshape(-1, 2)


def measured(image: NDArray[np.generic], nuclei: NDArray[np.integer], seed: int) -> Iterator[dict[str, object]]:
    """Merge the nuclei that touch, part them again, and yield what each way makes of them; nothing if none touch."""
    merged = label(nuclei > 0, connectivity=2).astype(np.int32)
    points = clicked(nuclei, np.random.default_rng(seed))
    ids, numbers = np.unique(merged[tuple(points.T)], return_counts=True)
    several = ids[numbers > 1].tolist()
    if not several:
        return
    of_several = np.isin(merged, several)
    truth, merged = np.where(of_several, nuclei, 0), np.where(of_several, merged, 0)
    gray = image.mean(axis=-1) if image.ndim > 2 else image
    for way, pixels in (("merged", None), ("parted at points", None), ("where the image says", gray)):
        parted, seconds = merged.copy(), 0.0
        if way != "merged":
            started = perf_counter()
            outcome = split_by_seeds(merged, several, points, int(merged.max()) + 1, image=pixels)
            seconds = perf_counter() - started
            outcome.edit.apply(parted)
        scores = {f"F1 at {least}": f1_score(parted, truth, least) for least in LEAST}
        yield {"way": way, "nuclei": int(numbers[numbers > 1].sum()), **scores, "ms": 1000 * seconds}


def main() -> None:
    """Measure, and write `results/parting.md` and `.json`."""
    options = options_parser(__doc__, "parting", images=1000).parse_args()
    rows: list[dict[str, object]] = []
    for folder in folders_of(options):
        of_kind = images(folder, options.images, 0)
        found = [row for seed, (_, image, nuclei) in enumerate(of_kind) for row in measured(image, nuclei, seed)]
        for way in dict.fromkeys(str(row["way"]) for row in found):
            of_way = [row for row in found if row["way"] == way]
            of_images = {"kind": folder.name, "way": way, "images": len(of_way)}
            total = {"nuclei": sum(int(row["nuclei"]) for row in of_way)}
            names = [f"F1 at {least}" for least in LEAST] + ["ms"]
            rows.append(of_images | total | {name: mean(float(row[name]) for row in of_way) for name in names})
    notes = [
        "Of the validation images those in which true nuclei touch; these are merged where they do. Means over images.",
        f"The points lie up to {OFF} of a nucleus' radius from its middle.",
        "Ms: for all nuclei of an image in one step.",
    ]
    print(write_report(options.name, "Merged nuclei, parted at points", rows, machine_facts(), notes))


if __name__ == "__main__":
    main()
