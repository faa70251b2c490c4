"""A table of what was looked at. `doctor` prints it where much may be missing: nothing but rich is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable


def print_looked_at(rows: Iterable[tuple[str, str, str]]) -> int:
    """Print what was looked at, what was found, and what is to be done, "" if all is well; count what is to be done."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    troubles = 0
    for what, found, trouble in rows:
        mark = "[yellow]look[/]" if trouble else "[green]ok[/]"
        to_do = f"\n[yellow]{escape(trouble)}[/]" if trouble else ""
        table.add_row(mark, escape(what), escape(found) + to_do)
        troubles += bool(trouble)
    Console(highlight=False).print(table)
    return troubles
