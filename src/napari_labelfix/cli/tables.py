"""The table of methods for people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from napari_labelfix.annotations import Boxes, FinishedInstances, Instances, Points, Scribbles
from napari_labelfix.methods.table import METHODS, Method
from napari_labelfix.params import ParamField, param_fields

_LEARNS_FROM = {
    Scribbles: "scribbles",
    Points: "points",
    Instances: "labels, and which of them are right",
    Boxes: "boxes",
    FinishedInstances: "finished labels of some planes",
}


def print_methods() -> None:
    """Print every method with its parameters, defaults and ranges."""
    console = Console(highlight=False)
    for method in METHODS.values():
        console.print(Text.assemble((method.name, "bold"), f"  {method.title}"))
        learns_from = _LEARNS_FROM[method.annotation]
        console.print(escape(f"  {method.summary}\n  {method.paper}\n  Learns from: {learns_from}."))
        console.print(_parameters(method))


def _parameters(method: Method) -> Table:
    table = Table("parameter", "default", "what it does", box=None, padding=(0, 2, 0, 2))
    for described in param_fields(method.params):
        default = Text.assemble((_show(described.default), "bold"), "\n", (_values(described), "dim"))
        table.add_row(escape(described.name), default, escape(described.spec.help))
    return table


def _values(described: ParamField) -> str:
    if described.choices:
        return ", ".join(described.choices)
    if described.kind is bool:
        return "yes, no"
    low, high = described.spec.minimum, described.spec.maximum
    if low is None and high is None:
        return {int: "whole number", float: "number"}.get(described.kind, "text")
    return f"{_show(low) if low is not None else ''} to {_show(high) if high is not None else ''}".strip()


def _show(value: bool | int | float | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
