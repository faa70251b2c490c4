"""Fills tables into the pages when mkdocs builds them, so that they cannot drift from the code and the measurements.

`<!-- parameters NAME -->`, on a line of its own, becomes the table of a method's parameters; `<!-- results NAME -->`
becomes `benchmarks/results/NAME.md`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from napari_labelfix.methods.table import METHODS
from napari_labelfix.params import param_fields

if TYPE_CHECKING:
    from napari_labelfix.params import ParamField, Value

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"
_PLACE = re.compile(r"^<!-- (parameters|results) (\w+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return the page with its places filled; mkdocs calls this for every page."""
    fillers = {"parameters": parameters_table, "results": results_page}
    return _PLACE.sub(lambda found: fillers[found[1]](found[2]), markdown)


def parameters_table(method: str) -> str:
    """Return the parameters of a method as Markdown: those of the form, then those under More."""
    described = param_fields(METHODS[method].params)
    shown = [field for field in described if not field.spec.advanced]
    folded = [field for field in described if field.spec.advanced]
    header = "| in the dock | on the command line | default | values | what it does |\n|---|---|---|---|---|"
    return "\n\n".join(
        f"**{title}**\n\n{header}\n" + "\n".join(map(_row, fields))
        for title, fields in (("Visible", shown), ("Under *More*", folded))
    )


def results_page(name: str) -> str:
    """Return a page of results, one level deeper, or how to measure it where that has not been done."""
    path = RESULTS / f"{name}.md"
    if not path.exists():
        return f"Not measured yet: `benchmarks/{name}.py` writes `benchmarks/results/{name}.md`, which is shown here."
    return re.sub(r"^#", "###", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _row(field: ParamField) -> str:
    return f"| {field.spec.label} | `{field.name}` | {_show(field.default)} | {_values(field)} | {field.spec.help} |"


def _values(field: ParamField) -> str:
    if field.choices:
        return ", ".join(field.choices)
    if field.kind in (bool, str):
        return {bool: "yes, no", str: "text"}[field.kind]
    low, high = field.spec.minimum, field.spec.maximum
    return f"{'' if low is None else _show(low)} to {'' if high is None else _show(high)}".strip()


def _show(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
