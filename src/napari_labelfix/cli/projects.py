"""What `info`, `verify` and `open` do, once their arguments are read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from napari_labelfix.cli.looked_at import print_looked_at
from napari_labelfix.errors import ProjectError
from napari_labelfix.io.label_image import say_count
from napari_labelfix.project.database import expect_closed
from napari_labelfix.project.describe import LayerSummary, Summary, describe
from napari_labelfix.project.schema import version_of
from napari_labelfix.project.store import Project
from napari_labelfix.project.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

    from napari_labelfix.project.records import RunRecord

_BOXES = ("boxes", "found_boxes")  # roles of shapes


def expect_openable(path: Path) -> None:
    """Raise `ProjectError` if a file is no project, or is open in another window."""
    version_of(path)
    expect_closed(path)


def print_info(path: Path) -> None:
    """Print what is in a project.

    Raises
    ------
    ProjectError
        If it cannot be read.
    """
    with Project.look(path) as project:
        summary = describe(project)
    console = Console(highlight=False)
    console.print(f"[bold]{escape(path.name)}[/]  {escape(_begun(summary))}")
    console.print(_table("image", "shape", "file", rows=[_image_row(summary, at) for at in range(len(summary.images))]))
    heads = ("layer", "made by", "kind", "in it", "exported as")
    console.print(_table(*heads, rows=[_layer_row(told) for told in summary.layers]))
    if summary.runs:
        console.print(_table("run", "state", "began", "step", "model", rows=[_run_row(run) for run in summary.runs]))
    console.print(escape(_edits(summary)))


def print_checks(path: Path) -> None:
    """Print what `verify` finds, a line for each thing that it looked at.

    Raises
    ------
    ProjectError
        If the project cannot be read, or something in it is wrong.
    """
    with Project.look(path) as project:
        troubles = print_looked_at((check.what, check.found, check.trouble) for check in verify(project))
    if troubles:
        raise ProjectError(f"{troubles} of the things in {path.name} {'needs' if troubles == 1 else 'need'} a look.")
    Console(highlight=False).print("Everything is whole.")


def _begun(summary: Summary) -> str:
    created = f"begun {_local(summary.meta['created'])}" if "created" in summary.meta else ""
    version = f"with napari-labelfix {summary.meta['version']}" if "version" in summary.meta else ""
    return " ".join(filter(None, (created, version)))


def _image_row(summary: Summary, at: int) -> list[str]:
    image = summary.images[at]
    size = " x ".join(map(str, image.shape))
    return [image.name, f"{size} {image.dtype}", image.relative or image.path or "kept in the project"]


def _layer_row(told: LayerSummary) -> list[str]:
    layer = told.layer
    maker = layer.method if layer.author == "model" else "a person"
    states = ", ".join(f"{count} {state}" for state, count in told.states.items())
    inside = _say_inside(told) if told.count or layer.kind != "labels" else ""
    kind = (layer.role or layer.kind).replace("_", " ")
    return [layer.name, maker, kind, f"{inside} ({states})" if states else inside, told.exported_as]


def _say_inside(told: LayerSummary) -> str:
    """Say "1 object", "3 boxes", "2 shapes"."""
    layer, count = told.layer, told.count
    if layer.kind == "shapes" and layer.role not in _BOXES and told.exported_as != "boxes":
        return f"{count} {'shape' if count == 1 else 'shapes'}"
    return say_count(count, "boxes" if layer.kind == "shapes" else "points" if layer.kind == "points" else "labels")


def _run_row(run: RunRecord) -> list[str]:
    model = run.model or "none"
    return [run.method, run.state, _local(run.started), f"{run.step} of {run.total}", model]


def _edits(summary: Summary) -> str:
    if summary.last is None:
        return "Nothing was done yet."
    last = summary.last
    who = f" by {last.name}" if last.name else ""
    count = "1 step" if summary.edits == 1 else f"{summary.edits} steps"
    return f"{count} in the history, the last: {last.what}{who}, {_local(last.at)}."


def _table(*names: str, rows: list[list[str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _local(stamp: str) -> str:
    try:
        return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:  # damaged, and no reason to tell nothing of the rest
        return stamp
