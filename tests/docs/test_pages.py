"""The pages say what the program says: messages, flags and tests that they quote exist."""

import ast
import re
from pathlib import Path

import pytest
import typer

import napari_labelfix
from napari_labelfix.cli import app

ROOT = Path(__file__).parents[2]
PAGES = {path.name: path.read_text("utf-8") for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]}
SOURCES = [path.read_text("utf-8") for path in Path(napari_labelfix.__file__).parent.rglob("*.py")]
GAP = "…"


def texts(source):
    """Return the strings of a module, with a gap where an f-string is filled in."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)


SAID = "\n".join(text for source in SOURCES for text in texts(source))


def fits(quoted, said):
    """Tell whether a quoted message occurs, whatever stands in its gaps."""
    return re.search(f"{GAP}".join(map(re.escape, quoted.split(GAP))).replace(GAP, ".*?"), said) is not None


def test_every_message_that_is_explained_exists():
    quoted = re.findall(r"^\| “(.+?)” \|", PAGES["troubleshooting.md"], re.MULTILINE)
    assert len(quoted) > 20
    assert [message for message in quoted if not fits(message, SAID)] == []


def test_the_check_of_messages_would_notice_a_drift():
    assert fits("There is no file ….", SAID)
    assert not fits("There was no file ….", SAID)


def test_every_flag_that_is_shown_exists():
    commands = typer.main.get_command(app).commands.values()
    known = {flag for command in commands for parameter in command.params for flag in parameter.opts} | {"--help"}
    shown = set(re.findall(r"(?<!-)--[a-z]+(?:-[a-z]+)*", PAGES["command_line.md"]))
    assert len(shown) > 8
    assert shown <= known


def test_every_test_that_the_architecture_names_exists():
    named = set(re.findall(r"`(test_\w+)`", PAGES["architecture.md"]))
    there = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    assert len(named) > 8
    assert named <= there


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_is_there(page):
    folder = ROOT if page == "README.md" else ROOT / "docs"
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", PAGES[page])
    assert [target for target in targets if not (folder / target).exists()] == []
