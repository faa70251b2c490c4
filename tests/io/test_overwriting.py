"""What an earlier run left of an image does not pass for the results of a later one."""

from __future__ import annotations

import json
import os

import pytest

from napari_labelfix.io.overwriting import remove_outdated

NAMES = ("a_labels.tif", "a_classes.tif", "a_confidence.tif", "b_classes.tif", "notes.txt")
OUTPUTS = {"images/a.tif": ["a_points.csv", "a_heatmap.tif", "a_labels.tif"]}  # of a later run that knows no classes


@pytest.fixture
def out(tmp_path):
    """A folder as a run of two images leaves it, with a file of somebody else."""
    for name in NAMES:
        (tmp_path / name).write_bytes(b"")
    outputs = {"images/a.tif": [*NAMES[:3], "notes.txt", "../gone.tif"], "images/b.tif": ["b_classes.tif"]}
    (tmp_path / "run.json").write_text(json.dumps({"outputs": outputs}))
    return tmp_path


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_a_later_run_does_not_write_goes(out):
    remove_outdated(out, OUTPUTS)
    assert names_in(out) == ["a_labels.tif", "b_classes.tif", "notes.txt", "run.json"]


def test_what_somebody_has_made_or_changed_stays(out):
    later = (out / "run.json").stat().st_mtime + 60
    os.utime(out / "a_classes.tif", (later, later))
    remove_outdated(out, OUTPUTS)
    assert names_in(out) == ["a_classes.tif", "a_labels.tif", "b_classes.tif", "notes.txt", "run.json"]
    (out / "run.json").unlink()
    (out / "a_changes.tif").write_bytes(b"")
    remove_outdated(out, OUTPUTS)
    assert (out / "a_changes.tif").exists()


@pytest.mark.parametrize("read", [".", "a_classes.tif"])
def test_what_the_run_learns_from_stays(out, read):
    remove_outdated(out, OUTPUTS, [out / read])
    assert (out / "a_classes.tif").exists()
