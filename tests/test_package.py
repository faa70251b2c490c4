import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import napari_labelfix

ROOT = Path(__file__).parents[1]


def test_the_version_is_the_installed_one():
    assert napari_labelfix.__version__ == version("napari-labelfix")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'versoin'"):
        napari_labelfix.versoin  # noqa: B018


def test_the_oldest_versions_that_are_allowed_are_those_that_the_tests_are_run_with():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    tried = dict(
        re.findall(r"^(\S+)==(\S+)$", (ROOT / "tools" / "constraints-oldest.txt").read_text("utf-8"), re.MULTILINE)
    )
    assert {line.split(">=")[0] for line in wanted} <= set(tried)
    for name, oldest in (line.split(">=") for line in wanted if ">=" in line):
        assert tried[name] == oldest or tried[name].startswith(f"{oldest}.0"), name
