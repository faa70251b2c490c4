"""The facts of the machine and the tables that every benchmark writes."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULTS = Path(__file__).parent / "results"
_PACKAGES = (
    "napari-labelfix", "numpy", "scipy", "scikit-image", "scikit-learn", "torch", "torchvision",
    "segmentation-models-pytorch", "monai", "napari", "vispy", "PyQt6",
)  # fmt: skip


def machine_facts() -> dict[str, str]:
    """Return what a reader needs to judge the numbers; nothing that names the machine or its user."""
    facts = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": _output("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"),
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "gpu": _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader") or "none",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    return facts | {package: found for package in _PACKAGES if (found := _version(package))}


def write_report(
    name: str, title: str, rows: Sequence[Mapping[str, object]], facts: Mapping[str, str], notes: Sequence[str] = ()
) -> Path:
    """Write `results/<name>.md` to read and `results/<name>.json` to compute with; return the former.

    Parameters
    ----------
    name
        File name without suffix.
    title
        Heading of the page.
    rows
        Column name to value, one mapping per line of the table. A row may leave columns out.
    facts
        What `machine_facts` gave, and more if need be.
    notes
        Sentences below the table: what was measured and how, what it does not show.
    """
    RESULTS.mkdir(exist_ok=True)
    page = [f"# {title}", "", markdown_table(rows), "", *(f"- {note}" for note in notes), "", "## Machine", ""]
    page += [f"- {fact}: {value}" for fact, value in facts.items()]
    path = RESULTS / f"{name}.md"
    path.write_text("\n".join(page) + "\n", encoding="utf-8")
    record = {"title": title, "rows": [dict(row) for row in rows], "facts": dict(facts), "notes": list(notes)}
    path.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def markdown_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a Markdown table; numbers stand right and have three digits after the point at most."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    numeric = {column: all(isinstance(row.get(column, 0), int | float) for row in rows) for column in columns}
    lines = [columns, ["---:" if numeric[column] else "---" for column in columns]]
    lines += [[_text(row.get(column, "")) for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(value: object) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _output(*command: str) -> str:
    """Return the first line that a command prints, or "" where it is missing or fails."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return lines[0].strip() if lines else ""
