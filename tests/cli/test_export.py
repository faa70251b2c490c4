"""`export`: labels of files into files of other programs, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import roifile
import tifffile

from napari_labelfix.io.formats import formats_for


@pytest.fixture
def results(tmp_path):
    """A folder as a run leaves it, and the image with its pixel size."""
    folder = tmp_path / "results"
    folder.mkdir()
    labels = np.zeros((3, 30, 40), np.uint16)
    labels[0, 2:9, 3:12], labels[2, 10:20, 10:20] = 4, 9
    tifffile.imwrite(folder / "cells_labels.tif", labels, photometric="minisblack")
    tifffile.imwrite(folder / "cells_classes.tif", (labels > 0) + (labels == 9).astype("u1"), photometric="minisblack")
    tifffile.imwrite(folder / "cells_confidence.tif", np.full(labels.shape, 0.9, "f4"), photometric="minisblack")
    (folder / "run.json").write_text("{}")
    tifffile.imwrite(
        tmp_path / "cells.tif", np.random.default_rng(0).random(labels.shape).astype("f4"), imagej=True,
        resolution=(4.0, 2.0), metadata={"axes": "ZYX", "spacing": 1.5, "unit": "um"},
    )  # fmt: skip
    return tmp_path


def test_results_are_exported_with_classes_and_a_record(call, results):
    ended = call("export", results / "results", "--format", "coco", "--out", results / "coco")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == "2 objects of 1 image as COCO, polygons."
    data = json.loads((results / "coco" / "cells_coco.json").read_text())
    assert [entry["category_id"] for entry in data["annotations"]] == [1, 2]
    record = json.loads((results / "coco" / "cells_coco_export.json").read_text())
    assert record["images"][0]["objects_per_class"] == {"class 1": 1, "class 2": 1}
    assert record["images"][0]["source"] == str(results / "results" / "cells_labels.tif")


def test_classes_are_called_as_is_said(call, results):
    words = ("export", "--classes", "tumour cell", "Ärger", "--format", "coco", "--out", results / "coco")
    ended = call(*words[:1], results / "results", *words[1:])
    assert ended.code == 0, ended.err
    data = json.loads((results / "coco" / "cells_coco.json").read_text())
    assert [kind["name"] for kind in data["categories"]] == ["tumour cell", "Ärger"]
    record = json.loads((results / "coco" / "cells_coco_export.json").read_text())
    assert record["images"][0]["objects_per_class"] == {"tumour cell": 1, "Ärger": 1}


def test_names_of_classes_that_are_said_come_before_those_of_a_file(call, results):
    coco, image = results / "coco", results / "cells.tif"
    words = (results / "results", "--format", "coco", "--out", coco, "--classes", "a", "b")
    assert call("export", *words).code == 0
    back = ("export", coco, "--image", image, "--format", "geojson", "--out", results / "back", "--classes")
    assert call(*back, "c").code == 0
    told = json.loads((results / "back" / "cells.geojson").read_text())["features"]
    assert {feature["properties"]["classification"]["name"] for feature in told} == {"c", "b"}
    ended = call(*back, "B")
    assert (ended.code, "Something else is called “B” already" in ended.err) == (2, True)


@pytest.mark.parametrize("names", [("a", "a"), ("a", "class 1"), ("a", " ")])
def test_two_classes_of_one_name_are_refused(call, results, names):
    ended = call("export", results / "results", "--format", "coco", "--out", results / "out", "--classes", *names)
    assert ended.code == 2
    assert not (results / "out").exists()


def test_that_boxes_lose_their_classes_is_said_once(call, results):
    boxes = results / "boxes"
    boxes.mkdir()
    for plane in range(2):
        (boxes / f"cells_00{plane}.txt").write_text("0 0.5 0.5 0.1 0.2\n1 0.2 0.2 0.1 0.2\n")
    (boxes / "classes.txt").write_text("cell\ndebris\n")
    ended = call("export", boxes, "--image", results / "cells.tif", "--format", "voc", "--out", results / "voc")
    assert ended.code == 0, ended.err
    assert ended.out.count("Boxes have no classes here, so that those of the files (cell, debris) are left out.") == 1


def test_names_of_classes_are_for_labels_alone(call, results):
    boxes = results / "cells_boxes.csv"
    boxes.write_text("plane,y0,x0,y1,x1\n0,1,1,5,5\n")
    words = ("--image", results / "cells.tif", "--format", "yolo", "--out", results / "out", "--classes", "a")
    ended = call("export", boxes, *words)
    assert ended.code == 2
    assert "Only labels have classes, and cells has boxes. Leave --classes out." in ended.err


def test_the_image_gives_pixel_size_and_name(call, results):
    labels, image = results / "results" / "cells_labels.tif", results / "cells.tif"
    ended = call("export", labels, "--image", image, "--format", "tiff", "--out", results / "out")
    assert ended.code == 0, ended.err
    with tifffile.TiffFile(results / "out" / "cells_labels.tif") as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    sizes = [pixels[f"PhysicalSize{axis}"] for axis in "ZYX"]
    assert sizes == [1.5, 0.5, 0.25]
    assert pixels["PhysicalSizeXUnit"] == "µm"


def test_annotations_of_another_program_become_labels(call, results):
    labels, image = results / "results", results / "cells.tif"
    assert call("export", labels, "--format", "imagej", "--out", results / "rois").code == 0
    assert len(roifile.roiread(results / "rois" / "cells_rois.zip")) == 2
    words = ("export", results / "rois" / "cells_rois.zip", "--format", "tiff", "--out", results / "back")
    ended = call(*words)
    assert (ended.code, "does not say how large its image is" in ended.err) == (2, True)
    assert not (results / "back").exists()
    assert call(*words, "--image", image).code == 0
    np.testing.assert_array_equal(
        tifffile.imread(results / "back" / "cells_labels.tif"), tifffile.imread(labels / "cells_labels.tif")
    )


def test_classes_of_another_program_and_their_names_go_along(call, results):
    image, out = results / "cells.tif", results / "coco"
    assert call("export", results / "results", "--format", "coco", "--out", out).code == 0
    file = out / "cells_coco.json"
    file.write_text(file.read_text().replace("class 2", "mitosis"))
    ended = call("export", file, "--image", image, "--format", "geojson", "--out", results / "back")
    assert ended.code == 0, ended.err
    features = json.loads((results / "back" / "cells.geojson").read_text())["features"]
    assert [feature["properties"]["classification"]["name"] for feature in features] == ["class 1", "mitosis"]


def test_several_label_images_at_once(call, results):
    for name in ("a", "b"):
        np.save(results / f"{name}.npy", np.eye(20, dtype=np.uint8))
    ended = call("export", results / "a.npy", results / "b.npy", "--format", "yolo", "--out", results / "yolo")
    assert "2 objects of 2 images" in ended.out
    assert sorted(path.name for path in (results / "yolo" / "labels").iterdir()) == ["a.txt", "b.txt"]


def test_every_label_file_of_a_folder_is_exported(call, results):
    folder = results / "results"
    for name in ("b", "c_classes"):
        tifffile.imwrite(folder / f"{name}.tif", np.eye(20, dtype=np.uint8))
    (folder / "._cells_labels.tif").write_bytes(b"what macOS keeps beside a file")
    (folder / "cells_points.csv").write_text("y,x\n1,2\n")
    assert call("export", folder / "cells_labels.tif", "--format", "coco", "--out", folder).code == 0
    ended = call("export", folder, "--format", "tiff", "--out", results / "out")
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (results / "out").glob("*.tif")) == [
        "b_labels.tif",
        "c_classes_labels.tif",
        "cells_labels.tif",
    ]


@pytest.mark.parametrize("name", [row.name for row in formats_for("labels")])
def test_every_format_is_written(call, results, name):
    ended = call("export", results / "results", "--format", name, "--out", results / "out")
    assert ended.code == 0, ended.err
    record = json.loads((results / "out" / f"cells_{name}_export.json").read_text())
    assert all((results / "out" / file).exists() for file in record["outputs"])


def test_what_is_wrong_is_a_sentence(call, results):
    ended = call("export", results / "results", "--format", "gif", "--out", results / "out")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "There is no format 'gif'" in ended.err
    confidence = results / "results" / "cells_confidence.tif"
    ended = call("export", confidence, "--format", "tiff", "--out", results / "out")
    assert "whole numbers" in ended.err
    (results / "results" / "cells_classes.tif").unlink()
    tifffile.imwrite(results / "results" / "cells_classes.tif", np.zeros((3, 3), "u1"))
    ended = call("export", results / "results", "--format", "tiff", "--out", results / "out")
    assert "Remove the file of classes" in ended.err
    assert not (results / "out").exists()


def test_what_is_exported_is_not_replaced_by_itself(call, results):
    assert call("export", results / "results", "--format", "cellpose", "--out", results / "seg").code == 0
    (first, *_) = sorted((results / "seg").glob("*_seg.npy"))
    before = first.read_bytes()
    ended = call("export", first, "--format", "cellpose", "--out", results / "seg")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "is what is exported, and would be replaced" in ended.err
    assert first.read_bytes() == before


def test_states_of_label_files_cannot_be_asked_for(call, results):
    ended = call("export", results / "results", "--format", "tiff", "--out", results / "o", "--only", "accepted")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "Leave --only out" in ended.err


def test_tables_of_boxes_and_points_are_exported_and_need_their_image(call, results):
    boxes, points = results / "cells_boxes.csv", results / "cells_points.csv"
    boxes.write_text("plane,y0,x0,y1,x1,kind\n0,3,4,13,24,cell\n2,0,0,9,9,not a cell\n")
    points.write_text("plane,y,x,score,role\n1,5,6,0.9,detected\n1,9,9,0.1,pseudo-negative\n")
    ended = call("export", boxes, "--format", "yolo", "--out", results / "yolo")
    assert ended.code == 2
    assert "does not say how large its image is" in ended.err
    assert not (results / "yolo").exists()
    ended = call("export", boxes, "--image", results / "cells.tif", "--format", "yolo", "--out", results / "yolo")
    assert ended.out.startswith("1 box of 1 image as YOLO, boxes.\n1 around or on what is no cell is left out.")
    assert (results / "yolo" / "labels" / "cells_000.txt").read_text() == "0 0.35 0.26666667 0.5 0.33333333\n"
    ended = call("export", points, "--image", results / "cells.tif", "--format", "imagej", "--out", results / "rois")
    assert ended.out.startswith("1 point of 1 image as ImageJ ROIs.")
    [roi] = roifile.roiread(results / "rois" / "cells_rois.zip")
    assert (roi.position, roi.coordinates().tolist()) == (2, [[6.5, 5.5]])
    ended = call("export", boxes, "--image", results / "cells.tif", "--format", "imagej", "--what", "points",
                 "--out", results / "rois")  # fmt: skip
    assert (ended.code, "cells has boxes, but no points. For those say --what boxes." in ended.err) == (2, True)
    ended = call("export", boxes, "--image", results / "cells.tif", "--format", "tiff", "--out", results / "tiff")
    assert ended.code == 2
    assert "cells has boxes, which TIFF, 16 or 32 bit cannot hold" in ended.err


def test_labels_that_look_like_a_mask_are_exported_and_doubted(call, results):
    mask = np.zeros((20, 30), np.uint8)
    mask[::6] = 255
    np.save(results / "mask.npy", mask)
    ended = call("export", results / "mask.npy", "--format", "coco", "--out", results / "coco")
    assert ended.code == 0
    assert "The labels of mask have one number in 4 separate pieces, which counts as one object." in ended.out


def test_boxes_that_a_format_of_labels_cannot_hold_are_told(call, tmp_path):
    np.save(tmp_path / "cells.npy", np.zeros((40, 50), np.uint8))
    (tmp_path / "cells.txt").write_text("0 0.5 0.5 0.1 0.2\n0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2\n")
    words = ("export", tmp_path / "cells.txt", "--image", tmp_path / "cells.npy", "--format")
    ended = call(*words, "tiff", "--out", tmp_path / "labels")
    assert ended.out.startswith("1 object of 1 image")
    assert f"1 box in {tmp_path / 'cells.txt'} has no outline and is left out." in ended.out
    ended = call(*words, "yolo", "--out", tmp_path / "yolo")
    assert ended.out.startswith("2 boxes of 1 image")
    assert "all are taken as boxes" in ended.out


def test_planes_of_stacks_are_joined_within_a_class(call, results):
    path = results / "results" / "cells_labels.tif"
    labels = tifffile.imread(path)
    labels[1, 2:9, 3:12], labels[1, 10:20, 10:20] = 5, 6
    tifffile.imwrite(path, labels, photometric="minisblack")
    classes = (labels > 0) + (labels == 9).astype("u1")
    tifffile.imwrite(path.with_name("cells_classes.tif"), classes, photometric="minisblack")
    ended = call("export", path, "--format", "tiff", "--out", results / "joined", "--join-planes")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[:2] == [
        "3 objects of 1 image as TIFF, 16 or 32 bit.",
        "4 objects of cells became 3, as their planes were joined.",
    ]
    (written,) = (results / "joined").glob("*.tif")
    assert [np.unique(plane).tolist() for plane in tifffile.imread(written)] == [[0, 4], [0, 4, 6], [0, 9]]
    record = json.loads(next((results / "joined").glob("*.json")).read_text())
    assert record["images"][0]["joined"] == "objects of neighbouring planes"


def test_numbers_that_are_no_classes_count_as_the_first(call, results):
    path = results / "results" / "cells_classes.tif"
    tifffile.imwrite(path, np.where(tifffile.imread(path), 4_000_000_000, 0).astype("u4"), photometric="minisblack")
    ended = call("export", path.parent / "cells_labels.tif", "--format", "coco", "--out", results / "out")
    assert ended.code == 0, ended.err
    assert len(json.loads((results / "out" / "cells_coco.json").read_text())["categories"]) == 1


def test_planes_that_are_not_there_cannot_be_joined(call, results):
    flat = results / "flat.tif"
    tifffile.imwrite(flat, np.eye(9, dtype="u1"))
    ended = call("export", flat, "--format", "tiff", "--out", results / "joined", "--join-planes")
    assert ended.code != 0
    assert "There is no stack of labels whose planes could be joined." in ended.err
    assert not (results / "joined").exists()
