"""The demo without a display: the same job on files, with a picture to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import typer

from napari_labelfix.cli.jobs import train_on_files
from napari_labelfix.cli.progress import make_reporter
from napari_labelfix.io.files import filling
from napari_labelfix.io.labels_tiff import write_labels
from napari_labelfix.io.overlay import write_overlay
from napari_labelfix.methods.table import find_method
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.review.actions import accept_objects
from napari_labelfix.sample_data.napari_samples import SEED, SHARE_OF_OBJECTS
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import fluorescence

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAME = "fluorescence"


def run_headless(out: Path, seconds: float) -> None:
    """Train on the sample for so many seconds, accept what is proposed, and leave everything in `out`."""
    sample = fluorescence(SEED)
    scribbles = painted_scribbles(sample.labels, SHARE_OF_OBJECTS, SEED)
    image_path, scribbles_path = _write_inputs(out, sample.image, scribbles)
    method = find_method("scribble2label")
    typer.echo("Without a window the demo works on files.")
    recording = train_on_files(
        method, [image_path], [scribbles_path], method.params(), out, seconds, make_reporter(seconds)
    )
    proposed = recording.proposals[0].labels
    assert proposed is not None  # this method proposes masks
    corrected = np.zeros_like(proposed)
    accept_objects(proposed, corrected, np.unique(proposed[proposed > 0])).apply(corrected)
    overlap = iou(corrected, sample.labels)
    note = f"IoU with the truth {overlap:.2f}"
    with filling(out) as folder:
        write_labels(folder / f"{NAME}_corrected.tif", corrected)
        write_overlay(folder / f"{NAME}_overlay.png", sample.image, scribbles, corrected, note)
    f1 = f1_score(corrected, sample.labels)
    found, true = len(np.unique(corrected)) - 1, len(np.unique(sample.labels)) - 1
    typer.echo(
        f"Found {found} nuclei; there are {true}. Against the truth: IoU {overlap:.3f}, F1 of the nuclei {f1:.3f}."
    )
    for what, name in [
        ("the corrected mask", f"{NAME}_corrected.tif"),
        ("a picture of it", f"{NAME}_overlay.png"),
        ("the record of the run", "run.json"),
    ]:
        typer.echo(f"  {out / name}: {what}")
    command = f"napari-labelfix run scribble2label --image {image_path} --annotations {scribbles_path} --out DIR"
    typer.echo(f"The same on files of your own: {command}")


def _write_inputs(out: Path, image: NDArray[np.integer], scribbles: NDArray[np.integer]) -> tuple[Path, Path]:
    """Write the sample as files, since the demo shows how files are used."""
    with filling(out) as folder:
        for name, pixels in (("image", image), ("scribbles", scribbles)):
            (folder / name).mkdir()
            write_labels(folder / name / f"{NAME}.tif", pixels)
    return out / "image" / f"{NAME}.tif", out / "scribbles" / f"{NAME}.tif"
