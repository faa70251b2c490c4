"""Which files the records of runs list: those are results, whatever folder they lie in; and those of exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

RECORDS = ("run.json", "predict.json")
EXPORT_RECORD = "_export.json"  # is how the names of those of exports end
OUTPUTS, EARLIER = "outputs", "earlier_outputs"  # the files of the record's own run, and those of the runs before


def files_in(record: Path) -> dict[str, list[str]]:
    """Return the names of the files that a record lists, by the path of the image; none if it is no record of ours."""
    try:
        told = json.loads(record.read_text(encoding="utf-8"))
        lists = [told.get(OUTPUTS, {}), told.get(EARLIER, {})]
        return {image: [str(name) for name in names] for listed in lists for image, names in listed.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):  # the last where it is nested deeply
        return {}


def exported_in(record: Path) -> list[str]:
    """Return the names of the files that the record of an export lists; none if it is no record of ours."""
    try:
        told = json.loads(record.read_text(encoding="utf-8"))
        return [str(name) for name in told[OUTPUTS]] if told["command"] == "export" else []
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def results_among(folder: Path) -> set[str]:
    """Return the names of the files that the records in a folder list."""
    return set(names_of(files_in(folder / record) for record in RECORDS))


def exports_among(folder: Path) -> set[str]:
    """Return the names of the files that the records of exports in a folder list."""
    return {name for record in folder.glob(f"*{EXPORT_RECORD}") for name in exported_in(record)}


def names_of(listed: Iterable[dict[str, list[str]]]) -> Iterable[str]:
    """Yield the names of all files that records list."""
    return (name for files in listed for names in files.values() for name in names)
