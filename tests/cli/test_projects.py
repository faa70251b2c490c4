"""info and verify: what is in a project, and whether it is whole."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing

import numpy as np
import pytest
import roifile
import tifffile
from pycocotools.coco import COCO

from napari_labelfix.io.content_files import read_content
from napari_labelfix.project import fingerprint
from napari_labelfix.project.blocks import Key
from napari_labelfix.project.records import (
    Batch,
    Block,
    Entry,
    ImageRecord,
    LayerRecord,
    ObjectRecord,
    Objects,
    RunRecord,
)
from napari_labelfix.project.store import Project


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    pixels = np.random.default_rng(0).integers(0, 255, (30, 40)).astype(np.uint8)
    file = tmp_path / "cells [1].tif"
    tifffile.imwrite(file, pixels)
    path = tmp_path / "mine.labelfix"
    image = ImageRecord("i", "cells [1]", str(file), (30, 40), "uint8", "", "", fingerprint.of_file(file), "")
    layers = [
        LayerRecord("l", "i", "corrected", "person", "labels", "cells corrected", (30, 40), "int32"),
        LayerRecord("m", "i", "proposal", "model", "labels", "cells proposal", (30, 40), "int32", "scribble2label"),
    ]
    with Project.create(path) as project:
        project.write(
            Batch(
                images=[image],
                layers=layers,
                blocks=[Block("l", "person", Key(0, 0, 0), np.ones((30, 40), np.int32))],
                objects={"l": Objects([ObjectRecord(1, "accepted"), ObjectRecord(2, "todo")])},
                runs=[RunRecord("r", "scribble2label", "i", {}, state="interrupted", step=5, total=40)],
                history=[Entry("person", "ann", "merge", "l", (1, 2))],
                meta={"version": "0.1.0", "created": "2026-03-05T14:03:09+00:00"},
            )
        )
    return path


def test_info_tells_images_layers_states_runs_and_the_last_step(call, path):
    before = path.read_bytes()
    ended = call("info", str(path))
    assert ended.code == 0
    for words in (
        "cells [1].tif",
        "30 x 40 uint8",
        "a person",
        "2 objects (1 accepted, 1 todo)",
        "interrupted",
        "5 of 40",
    ):
        assert words in ended.out
    assert "1 step in the history, the last: merge by ann" in ended.out
    assert path.read_bytes() == before


def test_info_cuts_no_name_where_the_terminal_is_narrow(call, path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    name = "a_long_name_" * 9
    with Project.open(path) as project:
        project.write(Batch(layers=[LayerRecord("x", "i", "", "person", "labels", name, (30, 40), "int32")]))
    ended = call("info", path)
    assert "…" not in ended.out
    folded = "".join(line[:60].split(" ")[0] for line in ended.out.splitlines() if "name" in line or "long" in line)
    assert "a_long_name_a_long" in folded


def test_verify_finds_nothing_wrong_with_a_sound_project(call, path):
    ended = call("verify", str(path))
    assert (ended.code, "Everything is whole." in ended.out) == (0, True)


def test_verify_ends_with_2_and_says_what_is_wrong(call, path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE block SET checksum = 1")
        connection.commit()
    (path.parent / "cells [1].tif").unlink()
    ended = call("verify", str(path))
    assert ended.code == 2
    assert "1 of 1 block is damaged" in ended.out
    assert "There is no" in ended.out
    assert "2 of the things in mine.labelfix need a look." in ended.err


JOBS = {"info": (), "verify": (), "export": ("--format", "tiff", "--out", "out")}


@pytest.mark.parametrize("job", JOBS)
def test_a_project_that_was_cut_short_is_told_as_such(call, path, job, monkeypatch):
    monkeypatch.chdir(path.parent)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    ended = call(job, path, *JOBS[job])
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert f"was cut short: {len(whole) // 8192} of its {len(whole) // 4096} pages are there" in ended.err


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(
    "change",
    [
        "object SET more = '{'",
        "layer SET shape = '3'",
        "layer SET shape = '[1000000000, 1000000000, 1000000000]'",
        f"layer SET shape = '[{2**70}, 5]'",
        """layer SET look = '{"rgb": true}'""",
        "layer SET look = '[1'",
    ],
)
def test_a_row_that_makes_no_sense_is_a_sentence(call, path, job, change, monkeypatch):
    monkeypatch.chdir(path.parent)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE {change}")
        connection.commit()
    ended = call(job, path, *JOBS[job])
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "mine.labelfix is damaged" in " ".join((ended.out + ended.err).split())


def test_a_layer_that_no_memory_holds_is_a_sentence(call, path, tmp_path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE layer SET shape = '[100000000, 1000000]'")
        connection.commit()
    ended = call("export", path, "--format", "tiff", "--out", tmp_path / "out")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "is 100000000 x 1000000, which does not fit into memory" in ended.err


def test_a_time_that_makes_no_sense_is_told_as_it_stands(call, path):
    with Project.open(path) as project:
        project.write(Batch(meta={"created": "yesterday"}))
    ended = call("info", path)
    assert (ended.code, "begun yesterday" in ended.out) == (0, True)


def test_positions_that_make_no_sense_are_a_sentence(call, path):
    with Project.open(path) as project:
        project.write(Batch(layers=[LayerRecord("p", "i", "points", "person", "points", "marks", (0, 2), "float64")]))
        project.write(Batch(geometry={"p": "{}"}))
    ended = call("info", path)
    assert (ended.code, "mine.labelfix is damaged" in ended.err) == (2, True)


@pytest.mark.parametrize("job", ["info", "verify"])
def test_what_is_no_project_is_said(call, tmp_path, job):
    bad = tmp_path / "bad.labelfix"
    bad.write_bytes(b"nonsense" * 50)
    ended = call(job, str(bad))
    assert (ended.code, "is not a project of napari-labelfix" in ended.err) == (2, True)
    ended = call(job, str(tmp_path / "none.labelfix"))
    assert (ended.code, "There is no project" in ended.err) == (2, True)


def test_a_project_that_is_open_is_said(call, path):
    with Project.open(path):
        ended = call("info", str(path))
    assert (ended.code, "is open in another window" in ended.err) == (2, True)


def test_without_a_display_open_says_so_and_loads_no_qt(call, path, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setitem(sys.modules, "napari_labelfix.widgets.window", None)
    ended = call("open", path)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "There is no display, so no window opens." in ended.err
    ended = call("open", tmp_path / "none.labelfix")
    assert (ended.code, "There is no project" in ended.err) == (2, True)
    with Project.open(path):
        ended = call("open", path)
    assert (ended.code, "is open in another window" in ended.err) == (2, True)


def test_export_takes_a_project_by_the_states_of_its_objects(call, path, tmp_path):
    labels = np.zeros((30, 40), np.int32)
    labels[2:9, 2:9], labels[20:25, 20:30] = 1, 2
    with Project.open(path) as project:
        project.write(Batch(blocks=[Block("l", "person", Key(0, 0, 0), labels)]))
    for only, expected in (([], labels == 1), (["--only", "all"], labels > 0)):
        out = tmp_path / f"out {len(only)}"
        ended = call("export", str(path), "--format", "tiff", "--out", str(out), *only)
        assert ended.code == 0, ended.err
        np.testing.assert_array_equal(tifffile.imread(out / "cells [1]_labels.tif") > 0, expected)
    ended = call("export", str(path), "--format", "tiff", "--out", str(out), "--only", "nonsense")
    assert (ended.code, "There is no selection 'nonsense'" in ended.err) == (2, True)


@pytest.fixture
def marked(path):
    """The project with boxes and points on the image as well, one of each on what is no cell."""
    layers = [
        LayerRecord("b", "i", "boxes", "person", "shapes", "cells boxes", (3, 2), "float64", position=2),
        LayerRecord("p", "i", "points", "person", "points", "cells points", (2, 2), "float64", position=3),
        LayerRecord("f", "i", "found_boxes", "model", "shapes", "found", (1, 2), "float64", "sissi", position=4),
    ]
    kinds = {"kind": {"dtype": "str", "values": ["cell", "not a cell", "cell"]}}
    corners = [[1.5, 2.5, 9.5, 12.5], [0, 0, 5, 5], [19.5, 29.5, 29.5, 39.5]]
    boxes = {
        "data": [[[y0, x0], [y0, x1], [y1, x1], [y1, x0]] for y0, x0, y1, x1 in corners],
        "shape_type": ["rectangle"] * 3,
        "features": kinds,
    }
    points = {
        "data": [[3, 4], [20.5, 30]],
        "size": [6, 6],
        "features": {"kind": {"dtype": "str", "values": ["cell", "not a cell"]}},
    }
    found = {
        "data": boxes["data"][:1],
        "shape_type": ["rectangle"],
        "features": {"role": {"dtype": "str", "values": ["added"]}},
    }
    with Project.open(path) as project:
        project.write(
            Batch(layers=layers, geometry={"b": json.dumps(boxes), "p": json.dumps(points), "f": json.dumps(found)})
        )
    return path


def test_info_tells_boxes_and_points_and_what_an_export_takes(call, marked):
    ended = call("info", marked)
    assert ended.code == 0, ended.err
    rows = {line.split("  ")[0]: " ".join(line.split()) for line in ended.out.splitlines()}
    assert rows["cells boxes"].endswith("3 boxes (2 cell, 1 not a cell) boxes")
    assert rows["cells points"].endswith("2 points (1 cell, 1 not a cell) points")
    assert rows["found"].endswith("sissi found boxes 1 box (1 added)")
    assert rows["cells corrected"].endswith("labels")


def test_boxes_of_a_project_are_exported(call, marked, tmp_path):
    out, image = tmp_path / "out", tmp_path / "cells [1].tif"
    ended = call("export", marked, "--format", "coco-boxes", "--out", out)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("2 boxes of 1 image as COCO, boxes.\n1 around or on what is no cell is left out.")
    coco = COCO(out / "cells [1]_coco_boxes.json")
    assert [one["bbox"] for one in coco.loadAnns(coco.getAnnIds())] == [[3, 2, 10, 8], [30, 20, 10, 10]]
    assert coco.dataset["images"][0]["file_name"] == "cells [1].tif"
    assert call("export", marked, "--format", "boxes", "--out", out).code == 0
    [back] = read_content([out / "cells [1]_boxes.csv"], [image], ("boxes",))
    np.testing.assert_array_equal(back.places[back.cells], [[2, 3, 10, 13], [20, 30, 30, 40]])
    np.testing.assert_array_equal(back.places[~back.cells], [[0.5, 0.5, 5.5, 5.5]])


def test_points_of_a_project_are_exported_where_they_are_asked_for(call, marked, tmp_path):
    out = tmp_path / "out"
    ended = call("export", marked, "--format", "imagej", "--what", "points", "--out", out)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("1 point of 1 image as ImageJ ROIs.")
    [roi] = roifile.roiread(out / "cells [1]_rois.zip")
    assert (roi.roitype, roi.coordinates().tolist()) == (roifile.ROI_TYPE.POINT, [[4.5, 3.5]])
    ended = call("export", marked, "--format", "imagej", "--out", out)
    assert ended.out.startswith("1 object of 1 image as ImageJ ROIs.")
    assert (
        "There are 3 boxes, too: export with --what boxes and --format imagej, coco-boxes, yolo, voc or boxes."
        in ended.out
    )
    assert "There are 2 points, too: export with --what points and --format" in ended.out


def test_each_image_gives_what_it_has_and_all_of_it_is_counted(call, marked, tmp_path):
    image = ImageRecord("j", "more", "", (30, 40), "uint8")
    points = LayerRecord("q", "j", "points", "person", "points", "more points", (2, 2), "float64")
    with Project.open(marked) as project:
        project.write(Batch(images=[image], layers=[points], geometry={"q": json.dumps({"data": [[1, 1], [2, 2]]})}))
    ended = call("export", marked, "--format", "geojson", "--out", tmp_path / "out")
    assert ended.out.startswith("1 object and 2 points of 2 images as QuPath GeoJSON."), ended.err
    assert sorted(path.name for path in (tmp_path / "out").glob("*.geojson")) == ["cells [1].geojson", "more.geojson"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("yolo", "--what", "points"), "YOLO, boxes cannot hold points. Choose --format imagej, geojson or points."),
        (("tiff", "--what", "cells"), "Expected labels, boxes or points behind --what, but got 'cells'."),
        (("imagej", "--what", "boxes", "--only", "all"), "states to choose by, not boxes. Leave --only out."),
        (("boxes", "--only", "all"), "Only labels have states to choose by, not boxes. Leave --only out."),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(call, marked, tmp_path, words, says):
    ended = call("export", marked, "--out", tmp_path / "out", "--format", *words)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert says in ended.err
    assert not (tmp_path / "out").exists()


def test_where_there_is_nothing_of_a_kind_that_is_said(call, path, marked, tmp_path):
    with Project.open(path) as project:
        project.write(Batch(removed=["p", "b"]))
    for words in (("imagej", "--what", "points"), ("geojson", "--what", "points")):
        ended = call("export", path, "--out", tmp_path / "out", "--format", *words)
        assert ended.code == 2
        assert "cells [1] has labels, but no points. For those say --what labels." in ended.err


def test_states_are_for_labels_alone(call, marked, tmp_path):
    with Project.open(marked) as project:
        project.write(Batch(removed=["l"]))
    ended = call("export", marked, "--format", "imagej", "--only", "all", "--out", tmp_path / "out")
    assert (ended.code, "cells [1] has boxes, but no labels. For those say --what boxes." in ended.err) == (2, True)
