"""Boxes and points are exported in the formats that can hold them, and read back by what their users use."""

from __future__ import annotations

import csv
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import roifile
import tifffile
from pycocotools.coco import COCO
from torchvision.datasets import VOCDetection
from tricky import GRIDS

from napari_labelfix.errors import InputError
from napari_labelfix.io.boxes_csv import boxes_of_planes
from napari_labelfix.io.content_files import read_content
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import FORMATS, find_format, formats_for
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.marked_image import MarkedImage
from napari_labelfix.io.points_csv import points_of_planes
from napari_labelfix.io.read import read_image

SHAPES = {2: (40, 52), 3: (3, 40, 52), 4: (2, 3, 40, 52)}
BOXES = np.array([[1.5, 2.25, 10, 20], [0, 0, 40, 52], [5, 5, 9.125, 9], [30, 40, 38, 51]])
POINTS = np.array([[0, 0], [12.5, 30.25], [39, 51], [7, 8]], float)
CELLS = np.array([True, True, False, True])
NDIMS = pytest.mark.parametrize("ndim", [2, 3, 4])


def marked(places, ndim=2, **rest):
    """Boxes or points of an image; in a stack the last one lies in the last plane, the others in the first."""
    planes = np.zeros((4, ndim - 2), np.intp)
    planes[-1] = np.subtract(SHAPES[ndim][:-2], 1)
    return MarkedImage("cells", SHAPES[ndim], GRIDS[ndim], places, planes, CELLS, 8.0, "cells.tif", **rest)


def parts(image):
    """Yield the index of each plane, its number, and what is marked as cells in it."""
    for number, index in enumerate(np.ndindex(image.shape[:-2])):
        yield index, number, image.places[CELLS & (image.planes == index).all(axis=1)]


def write_image(tmp_path, ndim):
    path = tmp_path / "images" / "cells.tif"
    path.parent.mkdir()
    tifffile.imwrite(path, np.zeros(SHAPES[ndim], np.uint8), photometric="minisblack")
    return read_image(path)


@NDIMS
def test_yolo(tmp_path, ndim):
    image = marked(BOXES, ndim)
    export([image], find_format("yolo"), tmp_path)
    for index, _, expected in parts(image):
        lines = (tmp_path / "labels" / f"{image.plane_name(index)}.txt").read_text().splitlines()
        shares = np.array([line.split()[1:] for line in lines], float).reshape(-1, 4) * [52, 40, 52, 40]
        corners = np.column_stack([shares[:, :2] - shares[:, 2:] / 2, shares[:, :2] + shares[:, 2:] / 2])
        np.testing.assert_allclose(corners[:, [1, 0, 3, 2]], expected, atol=1e-5)
        assert {line.split()[0] for line in lines} <= {"0"}


@NDIMS
def test_pascal_voc(tmp_path, ndim):
    image = marked(BOXES, ndim)
    export([image], find_format("voc"), tmp_path)
    for index, _, expected in parts(image):
        told = VOCDetection.parse_voc_xml(ElementTree.parse(tmp_path / f"{image.plane_name(index)}.xml").getroot())
        told = told["annotation"]
        boxes = [one["bndbox"] for one in told["object"]]  # of the first to the last pixel, which count from 1
        corners = [[float(box[name]) for name in ("ymin", "xmin", "ymax", "xmax")] for box in boxes]
        np.testing.assert_allclose(np.reshape(corners, (-1, 4)) - (1, 1, 0, 0), expected, atol=1e-3)
        assert (told["filename"], told["size"]) == ("cells.tif", {"height": "40", "width": "52"})
        assert {one["name"] for one in told["object"]} <= {"object"}
        whole = [int(box.min() <= 0 or box[2] >= 40 or box[3] >= 52) for box in expected]
        assert [int(one["truncated"]) for one in told["object"]] == whole


@NDIMS
def test_coco(tmp_path, ndim):
    image = marked(BOXES, ndim)
    export([image], find_format("coco-boxes"), tmp_path)
    coco = COCO(tmp_path / "cells_coco_boxes.json")
    ids = {tuple(entry.get("plane", ())): entry["id"] for entry in coco.dataset["images"]}
    for index, _, expected in parts(image):
        found = np.array([one["bbox"] for one in coco.loadAnns(coco.getAnnIds(ids[index]))]).reshape(-1, 4)
        np.testing.assert_allclose(np.column_stack([found[:, 1::-1], found[:, 1::-1] + found[:, :1:-1]]), expected)
    assert coco.dataset["images"][0]["file_name"] == "cells.tif"


@NDIMS
def test_rectangles_of_imagej(tmp_path, ndim):
    image = marked(BOXES, ndim)
    export([image], find_format("imagej"), tmp_path)
    rois = roifile.roiread(tmp_path / "cells_rois.zip")
    exact = np.array([[roi.yd, roi.xd, roi.yd + roi.heightd, roi.xd + roi.widthd] for roi in rois])
    np.testing.assert_allclose(exact, np.concatenate([places for *_, places in parts(image)]))
    assert {roi.roitype for roi in rois} == {roifile.ROI_TYPE.RECT}
    assert len({roi.name for roi in rois}) == 3
    last = rois[-1]
    assert (last.position, last.t_position, last.z_position) == {2: (0, 0, 0), 3: (3, 0, 0), 4: (0, 2, 3)}[ndim]


@NDIMS
def test_points_of_imagej(tmp_path, ndim):
    image = marked(POINTS, ndim)
    export([image], find_format("imagej"), tmp_path)
    rois = roifile.roiread(tmp_path / "cells_rois.zip")
    filled = [places for *_, places in parts(image) if len(places)]
    assert len(rois) == len(filled)  # one for each plane, as the multi-point tool makes it
    for roi, places in zip(rois, filled, strict=True):
        assert roi.roitype == roifile.ROI_TYPE.POINT
        np.testing.assert_allclose(roi.coordinates()[:, ::-1] - 0.5, places)


@NDIMS
def test_points_of_qupath(tmp_path, ndim):
    image = marked(POINTS, ndim)
    export([image], find_format("geojson"), tmp_path)
    features = json.loads((tmp_path / "cells.geojson").read_text())["features"]
    filled = [places for *_, places in parts(image) if len(places)]
    for feature, places in zip(features, filled, strict=True):
        assert feature["geometry"]["type"] == "MultiPoint"
        np.testing.assert_allclose(np.array(feature["geometry"]["coordinates"])[:, ::-1] - 0.5, places)


@NDIMS
def test_tables_keep_what_is_no_cell(tmp_path, ndim):
    file = write_image(tmp_path, ndim)
    export([marked(BOXES, ndim)], find_format("boxes"), tmp_path)
    export([marked(POINTS, ndim)], find_format("points"), tmp_path)
    boxes = boxes_of_planes(tmp_path / "cells_boxes.csv", file)
    points = points_of_planes(tmp_path / "cells_points.csv", file)
    for _, number, expected in parts(marked(BOXES, ndim)):
        np.testing.assert_allclose(boxes[number].corners, expected)
    for _, number, expected in parts(marked(POINTS, ndim)):
        np.testing.assert_allclose(points[number].positions, expected)
        assert points[number].radius == 4
    np.testing.assert_allclose(boxes[0].negatives, BOXES[[2]])
    np.testing.assert_allclose(points[0].negatives, POINTS[[2]])


@NDIMS
@pytest.mark.parametrize(
    ("name", "places"),
    [(name, BOXES) for name in ("boxes", "yolo", "coco-boxes", "voc")]
    + [(name, POINTS) for name in ("points", "geojson", "imagej")],
)
def test_what_was_exported_is_read_as_the_same(tmp_path, ndim, name, places):
    file, image = write_image(tmp_path, ndim), marked(places, ndim)
    exported = export([image], find_format(name), tmp_path / "out")
    files = [tmp_path / "out" / one for one in exported.files if not one.endswith(("_export.json", "classes.txt"))]
    [found] = read_content(files, [file.path], find_format(name).takes)
    assert (found.what, found.shape, found.name, found.image_name) == (image.what, image.shape, "cells", "cells.tif")
    for index in np.ndindex(image.shape[:-2]):
        np.testing.assert_allclose(found.places_in(index), image.places_in(index), atol=1e-3 if name == "voc" else 1e-5)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("yolo", "1 around or on what is no cell is left out."),
        ("boxes", "1 around or on what is no cell is in it, too."),
        ("points", "1 around or on what is no cell is in it, too."),
    ],
)
def test_what_is_no_cell_is_counted_or_told(tmp_path, name, says):
    exported = export([marked(POINTS if name == "points" else BOXES)], find_format(name), tmp_path)
    assert exported.objects == 3
    assert " ".join(exported.notes) == says
    record = json.loads((tmp_path / exported.files[-1]).read_text())
    assert record["images"][0]["what"] == ("points" if name == "points" else "boxes")
    assert record["images"][0]["shape"] == [40, 52]


@pytest.mark.parametrize("places", [BOXES, POINTS])
def test_a_format_that_cannot_hold_them_says_which_can(tmp_path, places):
    image = marked(places)
    for row in FORMATS.values():
        if image.what in row.takes:
            continue
        with pytest.raises(InputError, match=f"cells has {image.what}, which .* Choose from ") as told:
            export([image], row, tmp_path / row.name)
        assert all(can.name in str(told.value) for can in formats_for(image.what))
        assert not (tmp_path / row.name).exists()


@pytest.mark.parametrize("row", [row for row in FORMATS.values() if row.takes != ("labels",)], ids=lambda row: row.name)
def test_none_is_exported_as_none(tmp_path, row):
    for width in [size for size, what in ((4, "boxes"), (2, "points")) if what in row.takes]:
        nothing = MarkedImage(
            "cells", (3, 40, 52), GRIDS[3], np.zeros((0, width)), np.zeros((0, 1), np.intp), np.zeros(0, bool)
        )
        assert export([nothing], row, tmp_path / str(width)).objects == 0


def test_only_what_is_seen_in_the_image_counts():
    places = np.array([[-5, -5, 10, 10], [50, 60, 70, 80], [0, 0, 10, 10], [39.5, 0, 40, 9]], float)
    seen = marked(places).seen()
    np.testing.assert_array_equal(seen.places, [[0, 0, 10, 10], [0, 0, 10, 10]])
    np.testing.assert_array_equal(seen.cells, [True, False])
    points = np.array([[-0.5, 0], [-0.6, 0], [39.5, 51.5], [40, 51]])
    np.testing.assert_array_equal(marked(points).seen().places, [[-0.5, 0], [39.5, 51.5]])


def test_a_mark_in_no_plane_is_told():
    image = marked(BOXES, 3)
    image.planes[0] = 3
    with pytest.raises(InputError, match=r"1 of the boxes of cells lies in no plane of the image\. Go to plane 3 "):
        image.check()


def test_of_several_marks_in_no_plane_the_place_of_the_first_is_told():
    image = marked(BOXES, 3)
    image.planes[:2] = -2
    with pytest.raises(InputError, match=r"2 of the boxes of cells lie in no plane of the image\. Go to plane -2 "):
        image.check()


def test_of_the_results_of_a_run_what_it_has_dropped_is_left_out(tmp_path):
    file = write_image(tmp_path, 2)
    out = tmp_path / "results"
    out.mkdir()
    roles = ["given", "pseudo-positive", "detected", "pseudo-negative"]
    with (out / "cells_points.csv").open("w", newline="") as table:
        csv.writer(table).writerows(
            [["y", "x", "score", "role"], *[[5, at, 0.9, role] for at, role in enumerate(roles)]]
        )
    [points] = read_content([out], [file.path], find_format("imagej").takes)
    np.testing.assert_array_equal(points.places, [[5, 0], [5, 1], [5, 2]])
    (out / "cells_labels.tif").write_bytes(b"")  # with masks, too: the tables are what a format of boxes wants
    (out / "cells_points.csv").unlink()
    with (out / "cells_boxes.csv").open("w", newline="") as table:
        rows = [["y0", "x0", "y1", "x1", "score", "role"], [0, 0, 5, 5, 0.9, "added"], [9, 9, 15, 15, 0, "dropped"]]
        csv.writer(table).writerows(rows)
    [boxes] = read_content([out], [file.path], find_format("coco-boxes").takes)
    np.testing.assert_array_equal(boxes.places, [[0, 0, 5, 5]])


@pytest.mark.parametrize("name", ["imagej", "geojson", "coco", "yolo-polygons", "tiff"])
def test_an_image_without_objects_does_not_stop_the_others(tmp_path, name):
    images = []
    for stem in ("a", "b"):
        labels = np.zeros((20, 30), np.uint8)
        labels[3:9, 3:9] = stem == "a"
        images.append(LabelImage.of(stem, labels))
        np.save(tmp_path / f"{stem}.npy", np.zeros((20, 30), np.float32))
    exported = export(images, find_format(name), tmp_path / "out")
    files = [tmp_path / "out" / one for one in exported.files if not one.endswith(("_export.json", "classes.txt"))]
    found = read_content(files, [tmp_path / "a.npy", tmp_path / "b.npy"], find_format("tiff").takes)
    assert [(one.what, len(one.numbers)) for one in found] == [("labels", 1), ("labels", 0)]


@pytest.mark.parametrize("name", ["coco-boxes", "boxes"])
def test_no_boxes_of_an_image_are_none(tmp_path, name):
    for stem, text in (("a", "0 0.5 0.5 0.2 0.2\n"), ("b", "")):
        np.save(tmp_path / f"{stem}.npy", np.zeros((20, 30), np.float32))
        (tmp_path / "yolo").mkdir(exist_ok=True)
        (tmp_path / "yolo" / f"{stem}.txt").write_text(text)
    found = read_content([tmp_path / "yolo"], [tmp_path / "a.npy", tmp_path / "b.npy"], find_format(name).takes)
    assert [(one.what, len(one.places)) for one in found] == [("boxes", 1), ("boxes", 0)]


def test_of_outlines_and_boxes_in_one_file_all_become_boxes_where_the_format_holds_them(tmp_path):
    file = write_image(tmp_path, 2)
    export([LabelImage.of("cells", np.pad(np.ones((9, 9), int), ((3, 28), (3, 40))))], find_format("coco"), tmp_path)
    path = tmp_path / "cells_coco.json"
    data = json.loads(path.read_text())
    data["annotations"].append({"id": 2, "image_id": 1, "category_id": 1, "bbox": [20, 20, 5, 5]})
    path.write_text(json.dumps(data))
    left, told = "1 box in .* has no outline and is left out", "so all are taken as boxes"
    takes_both = ("tiff", "labels", 1, left), ("coco-boxes", "boxes", 2, ""), ("yolo", "boxes", 2, told)
    for name, what, count, sentence in takes_both:
        sentences = []
        [found] = read_content([path], [file.path], find_format(name).takes, sentences.append)
        assert (found.what, found.count_classes().total()) == (what, count)
        assert len(sentences) == bool(sentence)
        assert re.search(sentence, " ".join(sentences))
