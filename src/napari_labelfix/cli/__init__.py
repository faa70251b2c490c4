"""The command line: one sub-command per job. What computes is imported on use, so that help comes at once."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_labelfix import __version__
from napari_labelfix.cli.arguments import expand_patterns, repeat_flags
from napari_labelfix.errors import LabelfixError
from napari_labelfix.io.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEBUG = "NAPARI_LABELFIX_DEBUG"  # set to anything: tracebacks and the log

app = typer.Typer(
    name="napari-labelfix",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",  # else lines of the docstrings end where they do there
    pretty_exceptions_enable=False,
)

Images = Annotated[
    list[Path],
    typer.Option("--image", metavar="PATH...", help="Images (TIFF, PNG, JPEG, npy, zarr) or their folders."),
]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results; made if need be.")]
ProjectFile = Annotated[Path, typer.Argument(metavar="PROJECT", help="A project, NAME.labelfix.")]
Device = Annotated[
    str | None, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda or mps; auto unless said otherwise.")
]


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"napari-labelfix {__version__}")
        raise typer.Exit


@app.callback()
def about(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Learn from imperfect microscopy labels."""


@app.command(
    epilog="Example: napari-labelfix run scribble2label --image images/ --annotations scribbles/ --out results"
)
def run(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="As 'napari-labelfix methods' lists them.")],
    image: Images,
    out: Out,
    annotations: Annotated[
        list[Path] | None,
        typer.Option("--annotations", metavar="PATH...", help="Files named like their images, or folders of them."),
    ] = None,
    params: Annotated[
        Path | None,
        typer.Option("--params", metavar="FILE", help="Parameters: TOML, a line 'name = value' each, or a run.json."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE...", help="Parameters; they win over --params.")
    ] = None,
    device: Device = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, metavar="N", help="End after so many seconds and write what is there.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Same seed, same machine, same result.")] = None,
    trusted: Annotated[
        list[Path] | None,
        typer.Option("--trusted", metavar="PATH...", help="What of the labels is right: masks, or right labels."),
    ] = None,
    away: Annotated[
        str,
        typer.Option(
            "--on", metavar="USER@HOST[:PYTHON]", help="Train on another computer, which SSH reaches with a key."
        ),
    ] = "",
) -> None:
    """Train a method on annotated images and write what it finds in them, and the model.

    In the annotations of scribble2label 0 is unmarked, 1 background, 2 and up foreground. Those of p_classification
    are CSV files of points with columns y,x, those of sissi of boxes with y0,x0,y1,x1; sissi also does without. Those
    of label_upgrade and hovernet_stpp are labels. An image without annotations is labelled too. Ctrl+C ends the
    training and writes what is there.
    """
    from napari_labelfix.cli.arguments import read_params
    from napari_labelfix.cli.jobs import train_on_files
    from napari_labelfix.cli.progress import make_reporter
    from napari_labelfix.methods.table import find_method
    from napari_labelfix.trainer.known_computers import find_computer

    chosen = find_method(method)
    values = read_params(chosen, params, settings or (), device=device, seed=seed)
    computer = find_computer(away) if away else None
    reporter = make_reporter(seconds)
    with _ended_by_a_cluster():
        train_on_files(chosen, image, annotations or (), values, out, seconds, reporter, trusted or (), computer)
    typer.echo(f"Results are in {out}.")


@app.command(epilog="Example: napari-labelfix predict --model results --image more_images/ --out more_results")
def predict(
    model: Annotated[Path, typer.Option("--model", metavar="DIR", help="The results of a run, or the model in them.")],
    image: Images,
    out: Out,
    device: Device = None,
) -> None:
    """Apply a trained model to images and write what it finds in them.

    One image is done after the other. Ctrl+C ends it and writes those that are done. Images that cannot be used are
    named in the end, and the others are done.
    """
    from napari_labelfix.cli.predicting import predict_files
    from napari_labelfix.cli.progress import make_reporter

    with _ended_by_a_cluster():
        predict_files(model, image, out, device or "auto", make_reporter(None))
    typer.echo(f"Results are in {out}.")


@app.command(name="export", epilog="Example: napari-labelfix export cells.labelfix --format imagej --out rois")
def export_labels(
    labels: Annotated[
        list[Path],
        typer.Argument(
            metavar="LABELS...",
            help="Label images, annotations of other programs, tables, folders of them, or projects.",
        ),
    ],
    format_name: Annotated[str, typer.Option("--format", metavar="NAME", help=f"One of {', '.join(FORMATS)}.")],
    out: Out,
    image: Annotated[
        list[Path] | None,
        typer.Option("--image", metavar="PATH...", help="The images, where the labels do not say their size."),
    ] = None,
    only: Annotated[
        str,
        typer.Option("--only", metavar="STATES", help="Of a project: 'accepted', 'accepted and edited', 'all', ..."),
    ] = "",
    what: Annotated[
        str,
        typer.Option("--what", metavar="KIND", help="labels, boxes or points, where there are several."),
    ] = "",
    join_planes: Annotated[
        bool,
        typer.Option("--join-planes", help="Objects that lie over one another in the planes of a stack become one."),
    ] = False,
    classes: Annotated[
        list[str] | None,
        typer.Option("--classes", metavar="NAME...", help="What classes 1, 2, ... of labels are called."),
    ] = None,
) -> None:
    """Write labels, boxes or points in the format of another program, with a record of what was written.

    Of a project, what a person has accepted or marked is taken: labels, of which --only says which, boxes or points.
    What else can be read: TIFF, PNG, npy, OME-Zarr, ImageJ ROIs, COCO, YOLO, Pascal VOC, GeoJSON, Cellpose _seg.npy,
    tables of boxes or points. So this also turns the annotations of another program into labels.
    """
    from napari_labelfix.cli.exporting import export_files

    for sentence in export_files(labels, format_name, out, image or (), only, what, join_planes, classes or ()):
        typer.echo(sentence)


@app.command(epilog="Example: napari-labelfix compare results/ --with truth/ --table scores.csv")
def compare(
    labels: Annotated[
        list[Path],
        typer.Argument(metavar="LABELS...", help="What 'export' reads as labels: files, or folders of them."),
    ],
    others: Annotated[
        list[Path],
        typer.Option("--with", metavar="PATH...", help="Labels of the same images, or points, one for each cell."),
    ],
    image: Annotated[
        list[Path] | None,
        typer.Option("--image", metavar="PATH...", help="The images, where the files do not say their size."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--table", metavar="FILE", help="A CSV file to write the rows into, too.")
    ] = None,
) -> None:
    """Say how well labels agree with others of the same images, or with points, one for each cell.

    F1 is that of objects that overlap by at least half of what they cover together (IoU 0.5), or that have a point;
    Dice is that of all their pixels. What is added is in LABELS alone, what is removed in the others alone.
    """
    from napari_labelfix.cli.comparing import compare_files

    for sentence in compare_files(labels, others, image or (), table):
        typer.echo(sentence)


@app.command(epilog="Example: napari-labelfix demo --headless --out demo_out --seconds 30")
def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the pictures if there is no display.")
    ] = Path("demo_out"),
    headless: Annotated[bool, typer.Option("--headless", help="Open no window even if there is a display.")] = False,
    seconds: Annotated[float, typer.Option(min=1, metavar="N", help="How long to train if there is no window.")] = 30,
) -> None:
    """Open napari with a sample, scribbles drawn, and a run going on; or, with no display, do it to files."""
    from napari_labelfix.cli.display import has_display

    if headless or not has_display():
        from napari_labelfix.cli.headless_demo import run_headless

        run_headless(out, seconds)
        return
    with _napari_needed(", or add --headless"):
        from napari_labelfix.widgets.demo import open_demo
    open_demo()


@app.command(name="open", epilog="Example: napari-labelfix open cells.labelfix")
def open_project(project: ProjectFile) -> None:
    """Open a project in napari: its images, everything drawn on them, and runs that were cut off."""
    from napari_labelfix.cli.display import has_display
    from napari_labelfix.cli.projects import expect_openable

    expect_openable(project)
    if not has_display():
        raise LabelfixError(
            "There is no display, so no window opens. Use a remote desktop, or see what is in the project: "
            f"napari-labelfix info {project}"
        )
    with _napari_needed(" to get a window"):
        from napari_labelfix.widgets.window import open_window
    open_window(project)


@app.command(epilog="Example: napari-labelfix info cells.labelfix")
def info(project: ProjectFile) -> None:
    """Say what is in a project: images, layers, objects and their states, runs, and what was done last."""
    from napari_labelfix.cli.projects import print_info

    print_info(project)


@app.command(epilog="Example: napari-labelfix verify cells.labelfix")
def verify(project: ProjectFile) -> None:
    """Check a project and change nothing: whether the file is whole, its images the same, and its models there.

    If not, the exit code is 2.
    """
    from napari_labelfix.cli.projects import print_checks

    print_checks(project)


@app.command()
def doctor() -> None:
    """Say what is installed, which device and which OpenGL there is, what is missing and how to get it."""
    from napari_labelfix.cli.examination import examine, report

    report(examine())


@app.command()
def methods() -> None:
    """List the methods with their parameters and defaults."""
    from napari_labelfix.cli.tables import print_methods

    print_methods()


@contextmanager
def _ended_by_a_cluster() -> Iterator[None]:
    """Take the signal by which clusters end jobs (SIGTERM) for Ctrl+C in a block: what is there is written."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _napari_needed(way_out: str) -> Iterator[None]:
    """Say in words that there is no napari, or no Qt, where what a block imports needs it."""
    try:
        yield
    except ImportError as error:
        raise LabelfixError(
            f'napari does not open ({error}). Run pip install "napari-labelfix[all]"{way_out}.'
        ) from error


def main(words: Sequence[str] | None = None) -> None:
    """Run a command line; bad input ends it with exit code 2 and one sentence.

    Parameters
    ----------
    words
        What follows the program's name; by default what the shell passed.
    """
    debugging = bool(os.environ.get(DEBUG))
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be in letters that it cannot print
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # for torch, imported later: as in the trainer's process
    # Libraries log much that is said better in our sentences.
    logging.basicConfig(level=logging.INFO if debugging else logging.CRITICAL)
    if words is None:  # on Windows the shell leaves patterns to the program
        words = expand_patterns(sys.argv[1:]) if os.name == "nt" else sys.argv[1:]
    try:
        app(repeat_flags(words), prog_name="napari-labelfix")
    except LabelfixError as error:
        if debugging:
            raise
        typer.echo(f"napari-labelfix: {' '.join(str(error).split())}", err=True)
        raise SystemExit(2) from None
