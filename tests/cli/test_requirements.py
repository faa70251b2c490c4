"""What the code imports is what the package says that it requires."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imported():
    """Return the first names of all modules that are imported anywhere in the code."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def plain(name):
    return re.split(r"[^\w.-]", name)[0].lower().replace("_", "-")


def test_every_import_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {plain(requirement) for requirement in project["dependencies"]}
    distributions = packages_distributions()
    for name in {*imported()} - set(sys.stdlib_module_names) - {"napari_labelfix"}:
        assert {plain(owner) for owner in distributions[name]} & declared, f"{name} is imported"
