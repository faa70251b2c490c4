"""Annotations of other programs become labels, boxes and points on the right pixels of the right plane."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coco_mask
from tricky import empty, objects_of, tricky, tricky_plane

from napari_labelfix.annotations import Boxes, Instances, Points, Scribbles
from napari_labelfix.errors import InputError
from napari_labelfix.io import coco, imagej_rois, qupath_geojson
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.drawn import DrawnObject
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format, formats_for
from napari_labelfix.io.grid import Grid
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.marked_image import MarkedImage
from napari_labelfix.io.outlines import outlines_of
from napari_labelfix.io.pairing import find_annotations, pair, planes_together
from napari_labelfix.io.read import read_image
from napari_labelfix.io.safe_seg import read_masks
from napari_labelfix.io.tasks import read_task

IMPORTED = [row.name for row in formats_for("labels") if row.name not in ("yolo", "voc", "points", "objects")]
CENTRES = [(5, 5), (15, 5), (25, 35)]  # of three objects
KEEPS_NUMBERS = {"tiff", "ome-zarr", "imagej", "coco", "coco-rle", "geojson"}


@pytest.fixture
def file(tmp_path):
    """An image of (40, 52) called cells."""
    return image_file(tmp_path, (40, 52))


def image_file(folder, shape):
    np.save(folder / "cells.npy", np.random.default_rng(0).random(shape))
    return read_image(folder / "cells.npy")


def same_objects(one, other):
    """Whether two label arrays have the same objects, however they are numbered."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


@pytest.mark.parametrize("name", ["coco", "coco-rle", "geojson", "yolo-polygons"])
@pytest.mark.parametrize(
    ("classes", "names"),
    [
        ({1: 2, 2: 1, 3: 4}, {1: "nucleus", 2: "mitosis “late”", 3: "", 4: "שלום, 🔬"}),
        ({1: 2, 2: 1, 3: 2}, {1: "", 2: ""}),
        ({}, {1: "nucleus"}),
        ({}, {}),
    ],
)
def test_classes_and_their_names_come_back(tmp_path, name, classes, names):
    labels = np.zeros((40, 52), np.uint16)
    labels[2:9, 2:9], labels[12:20, 3:9], labels[22:30, 30:44] = 1, 2, 3
    image = LabelImage.of("cells", labels, classes=classes, names=names)
    export([image], find_format(name), tmp_path / "out")
    file = image_file(tmp_path, (40, 52))
    given = AnnotationFiles(pair([tmp_path / "cells.npy"], find_annotations([tmp_path / "out"]))["cells"], file)
    came, called = given.classes()
    kinds = [came.get(int(given.read_labels()[place]), 1) for place in CENTRES]
    wanted = [classes.get(number, 1) for number in (1, 2, 3)]
    assert [called.get(kind) or kind for kind in kinds] == [names.get(kind) or kind for kind in wanted]
    assert bool(came) == bool(classes), "where all are of one it says nothing"


@pytest.mark.parametrize("name", IMPORTED)
@pytest.mark.parametrize("ndim", [2, 3])
def test_labels_come_back_from_every_format(tmp_path, name, ndim):
    image = tricky(ndim)
    file = image_file(tmp_path, image.labels.shape)
    out = tmp_path / "out"
    export([image], find_format(name), out)
    pairs = pair([tmp_path / "cells.npy"], find_annotations([out]))
    labels = AnnotationFiles(pairs["cells"], file).read_labels()
    if name in KEEPS_NUMBERS:
        np.testing.assert_array_equal(labels, image.labels)
    elif name == "yolo-polygons":  # a file per plane, each numbered from 1 on
        np.testing.assert_array_equal(labels > 0, image.labels > 0)
        for one, other in zip(labels.reshape(-1, 40, 52), image.labels.reshape(-1, 40, 52), strict=True):
            assert same_objects(one, other)
    else:
        assert same_objects(labels, image.labels)


def test_boxes_come_from_yolo_and_from_outlines(tmp_path, file):
    image = tricky()
    wanted = [found.box for found in objects_of(image.labels)]
    export([image], find_format("yolo"), tmp_path / "yolo")
    export([image], find_format("imagej"), tmp_path / "imagej")
    for path in (tmp_path / "yolo" / "labels" / "cells.txt", tmp_path / "imagej" / "cells_rois.zip"):
        [boxes] = AnnotationFiles([path], file).read(Boxes)
        boxes.check("cells")
        np.testing.assert_allclose(sorted(map(tuple, boxes.corners)), sorted(wanted), atol=1e-5)


def test_a_box_of_one_pixel_comes_back_from_yolo_whose_shares_are_rounded(tmp_path):
    file = image_file(tmp_path, (30, 70))
    labels = np.zeros((30, 70), np.uint8)
    labels[5, 6] = 1  # 1 / 30 and 1 / 70 are rounded down
    export([LabelImage.of("cells", labels)], find_format("yolo"), tmp_path / "yolo")
    [boxes] = AnnotationFiles([tmp_path / "yolo" / "labels" / "cells.txt"], file).read(Boxes)
    np.testing.assert_allclose(boxes.corners, [[5, 6, 6, 7]], atol=1e-5)


def test_boxes_that_overlap_come_back_whole_from_outlines(tmp_path, file):
    corners = np.array([[4.0, 5, 20, 21], [6, 7, 18, 19], [10, 15, 30, 41]])  # the second lies in the first
    cells, planes = np.ones(3, bool), np.zeros((3, 0), np.intp)
    of_boxes = MarkedImage("cells", (40, 52), Grid.in_pixels(2), corners, planes, cells)
    export([of_boxes], find_format("imagej"), tmp_path / "imagej")
    [boxes] = AnnotationFiles([tmp_path / "imagej" / "cells_rois.zip"], file).read(Boxes)
    np.testing.assert_allclose(boxes.corners, corners)


@given(arrays.arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 9))))
def test_run_lengths_and_rings_of_an_object_have_the_same_box(mask):
    for found, (_, own), (_, polygons) in zip(objects_of(mask), coco._runs_of(mask), outlines_of(mask), strict=True):
        runs = coco._runs_in(coco._as_counts(own, mask.shape)["counts"], mask.shape)
        rings = [ring for polygon in polygons for ring in polygon.rings]
        assert DrawnObject([], runs=runs).box(mask.shape) == DrawnObject(rings).box(mask.shape) == found.box
    assert DrawnObject([]).box(mask.shape) is None
    assert DrawnObject([], runs=np.zeros((1, 2), int)).box(mask.shape) is None


MIXED = {
    "cells.txt": "0 0.5 0.5 0.1 0.2\n0 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2\n",
    "cells.json": json.dumps(
        {
            "images": [{"id": 1, "file_name": "cells.png", "height": 40, "width": 50}],
            "annotations": [
                {"image_id": 1, "segmentation": [], "bbox": [22.5, 16, 5, 8]},
                {"image_id": 1, "segmentation": [[5, 4, 10, 4, 10, 8, 5, 8]], "bbox": [5, 4, 5, 4]},
            ],
        }
    ),
}


@pytest.mark.parametrize("name", MIXED)
def test_where_some_objects_have_outlines_and_others_boxes_none_is_lost(tmp_path, name):
    file = image_file(tmp_path, (40, 50))
    (tmp_path / name).write_text(MIXED[name])
    assert AnnotationFiles([tmp_path / name], file).main_kind() is Boxes
    [boxes] = AnnotationFiles([tmp_path / name], file).read(Boxes)
    np.testing.assert_allclose(boxes.corners, [[16, 22.5, 24, 27.5], [4, 5, 8, 10]])
    files = AnnotationFiles([tmp_path / name], file)
    [outlined] = files.read(Instances)
    assert outlined.labels.max() == 1
    assert "1 box" in files.left_out(Instances)
    assert files.left_out(Boxes) == ""
    assert list(read_task([file.path], [tmp_path / name], Instances).doubts()) == [files.left_out(Instances)]
    assert list(read_task([file.path], [tmp_path / name], Boxes).doubts()) == []


@pytest.mark.parametrize(("name", "module"), [("imagej", imagej_rois), ("geojson", qupath_geojson)])
def test_a_file_is_read_once_to_see_what_is_in_it_and_to_take_it(tmp_path, monkeypatch, file, name, module):
    exported = export([tricky()], find_format(name), tmp_path)
    read, opened = module.read, []
    monkeypatch.setattr(module, "read", lambda path, *args: opened.append(path) or read(path, *args))
    files = AnnotationFiles([tmp_path / exported.files[0]], file)
    assert files.main_kind() is Instances
    assert files.read_labels().any()
    assert opened == files.paths


def test_boxes_beyond_the_image_are_cut_off_or_told(tmp_path):
    file = image_file(tmp_path, (40, 50))
    (tmp_path / "cells.txt").write_text("0 0.99 0.5 0.1 0.2\n0 0.5 0.5 0.001 0.2\n")
    [boxes] = AnnotationFiles([tmp_path / "cells.txt"], file).read(Boxes)
    np.testing.assert_allclose(boxes.corners, [[16, 47, 24, 50]])
    (tmp_path / "cells.txt").write_text("0 25 20 10 8\n")
    with pytest.raises(InputError, match=r"No box of .* lies in the image of 40 x 50"):
        AnnotationFiles([tmp_path / "cells.txt"], file).read(Boxes)


def test_boxes_of_a_stack_lie_in_their_planes(tmp_path):
    image = tricky(3)
    file = image_file(tmp_path, image.labels.shape)
    export([image], find_format("yolo"), tmp_path / "yolo")
    read = read_task([tmp_path / "cells.npy"], [tmp_path / "yolo" / "labels"], Boxes)
    assert [len(plane.annotation.corners) for plane in read.task.planes] == [11, 0, 11]
    assert file.shape == (3, 40, 52)


def test_points_come_from_tables_and_from_outlines(tmp_path, file):
    image = tricky()
    wanted = [np.argwhere(image.labels == number).mean(axis=0) for number in image.numbers]
    for name, written in (("points", "cells_points.csv"), ("geojson", "cells.geojson"), ("tiff", "cells_labels.tif")):
        export([image], find_format(name), tmp_path)
        [points] = AnnotationFiles([tmp_path / written], file).read(Points)
        points.check("cells")
        np.testing.assert_allclose(sorted(map(tuple, points.positions)), sorted(map(tuple, wanted)), atol=1e-3)
        areas = [(image.labels == number).sum() for number in image.numbers]
        assert points.radius == pytest.approx(np.sqrt(np.median(areas) / np.pi), abs=1e-3)


def test_points_drawn_in_imagej_and_qupath_lie_on_the_pixels(tmp_path, file):
    roi = roifile.ImagejRoi.frompoints(np.array([[5, 7], [9, 3]]))
    roi.roitype = roifile.ROI_TYPE.POINT
    roi.tofile(tmp_path / "cells.roi")
    [points] = AnnotationFiles([tmp_path / "cells.roi"], file).read(Points)
    np.testing.assert_array_equal(points.positions, [[7, 5], [3, 9]])
    feature = {"type": "Feature", "geometry": {"type": "MultiPoint", "coordinates": [[5.5, 7.5]]}, "properties": {}}
    (tmp_path / "cells.geojson").write_text(json.dumps([feature]))
    [points] = AnnotationFiles([tmp_path / "cells.geojson"], file).read(Points)
    np.testing.assert_array_equal(points.positions, [[7, 5]])


def test_points_in_the_outer_halves_of_the_borders_pixels_lie_in_the_image(tmp_path, file):
    corners = np.array([[-0.4, 3.0], [39.3, 51.4]])
    of_points = MarkedImage(
        "cells", (40, 52), Grid.in_pixels(2), corners, np.zeros((2, 0), np.intp), np.ones(2, bool), diameter=8.0
    )
    for name in ("geojson", "imagej", "points"):
        exported = export([of_points], find_format(name), tmp_path / name)
        [points] = AnnotationFiles([tmp_path / name / exported.files[0]], file).read(Points)
        points.check("cells")
        np.testing.assert_allclose(points.positions, [[0, 3], [39, 51]])


def test_rectangles_and_ovals_of_imagej_are_areas(tmp_path, file):
    for kind, area in ((roifile.ROI_TYPE.RECT, 200), (roifile.ROI_TYPE.OVAL, 157)):
        roi = roifile.ImagejRoi(roitype=kind, top=5, left=10, bottom=15, right=30)
        roi.tofile(tmp_path / "cells.roi")
        [instances] = AnnotationFiles([tmp_path / "cells.roi"], file).read(Instances)
        assert (instances.labels > 0).sum() == pytest.approx(area, abs=8)
        assert instances.labels[5:15, 10:30].sum() == instances.labels.sum()


def test_coco_as_others_write_it(tmp_path, file):
    """Compressed run lengths by pycocotools, polygons of several pieces, boxes alone; paths before the file name."""
    mask = tricky_plane() == 3
    runs = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    annotations = [
        {"segmentation": {"size": [40, 52], "counts": runs["counts"].decode()}},
        {"segmentation": [[20, 30, 24, 30, 24, 34, 20, 34], [22, 32, 28, 32, 28, 36, 22, 36]]},
    ]
    data = {
        "images": [
            {"id": 7, "file_name": "a\\b\\cells.ome.tif", "height": 40, "width": 52},
            {"id": 8, "file_name": "other.png", "height": 9, "width": 9},
        ],
        "annotations": [
            {"id": at, "image_id": 7, "category_id": 1, "iscrowd": 0, **annotation}
            for at, annotation in enumerate(annotations)
        ]
        + [{"id": 9, "image_id": 8, "category_id": 1, "bbox": [0, 0, 5, 5]}],
    }
    path = tmp_path / "instances_default.json"
    path.write_text(json.dumps(data))
    labels = AnnotationFiles(pair([tmp_path / "cells.npy"], [path])["cells"], file).read_labels()
    np.testing.assert_array_equal(labels == 1, mask)
    union = np.zeros((40, 52), bool)
    union[30:34, 20:24] = union[32:36, 22:28] = True  # pieces that overlap are no hole
    np.testing.assert_array_equal(labels == 2, union)
    data["annotations"] = [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [5, 6, 7, 8]}]
    path.write_text(json.dumps(data))
    [boxes] = AnnotationFiles([path], file).read(Boxes)
    assert boxes.corners.tolist() == [[6, 5, 14, 12]]
    with pytest.raises(InputError, match="holds boxes or points, but outlines are wanted"):
        AnnotationFiles([path], file).read(Instances)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_cellpose_files_of_all_ages_are_read_without_unpickling(tmp_path, monkeypatch, protocol, order):
    masks = np.asarray(tricky().renumbered()[0].labels.astype(np.uint16), order=order)
    content = {"outlines": [np.zeros((3, 2))], "masks": masks, "filename": "ä.tif", "diameter": np.nan,
               "flows": [[], [np.zeros((2, 2), np.uint8)]], "ismanual": np.zeros(3, bool), "img": None, "n": 2**40,
               "colors": ((1, 2), ()), "scale": np.float64(3), "f": -1.5}  # fmt: skip
    path = tmp_path / "cells_seg.npy"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        pickle.dump(np.array(content, object), file, protocol)
    monkeypatch.setattr(pickle, "load", None)
    monkeypatch.setattr(pickle, "Unpickler", None)
    np.testing.assert_array_equal(read_masks(path), masks)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_code_in_a_cellpose_file_is_not_run(tmp_path):
    sprung = tmp_path / "sprung"
    masks = np.arange(12, dtype=np.uint16).reshape(3, 4)
    np.save(tmp_path / "a_seg.npy", np.array({"masks": masks, "flows": Trap(sprung)}, object), allow_pickle=True)
    np.testing.assert_array_equal(read_masks(tmp_path / "a_seg.npy"), masks)
    np.save(tmp_path / "b_seg.npy", np.array({"masks": Trap(sprung)}, object), allow_pickle=True)
    with pytest.raises(InputError, match="save the masks as TIFF or PNG"):
        read_masks(tmp_path / "b_seg.npy")
    assert not sprung.exists()
    np.load(tmp_path / "b_seg.npy", allow_pickle=True)  # the trap does work
    assert sprung.exists()


@pytest.mark.parametrize("content", [b"", b"not numpy", None])
def test_what_is_no_cellpose_file_is_told(tmp_path, content):
    path = tmp_path / "a_seg.npy"
    np.save(path, np.zeros((3, 3))) if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match="is not a file with masks as Cellpose writes it"):
        read_masks(path)


def test_masks_without_whole_numbers_are_told(tmp_path):
    np.save(tmp_path / "a_seg.npy", np.array({"masks": np.zeros((3, 3))}, object), allow_pickle=True)
    with pytest.raises(InputError, match="no whole numbers"):
        read_masks(tmp_path / "a_seg.npy")


@pytest.mark.parametrize("name", ["a.zip", "a.json", "a.geojson", "a.txt", "a.tif", "a_seg.npy"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_any_bytes_give_a_sentence(tmp_path, file, name, content):
    (tmp_path / name).write_bytes(content)
    try:
        AnnotationFiles([tmp_path / name], file).read(Instances)
    except InputError as error:
        assert name in str(error)


def test_files_that_do_not_fit_are_told(tmp_path, file):
    image = tricky(3)
    export([image], find_format("imagej"), tmp_path)
    with pytest.raises(InputError, match="No object of"):
        small = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, top=500, left=500, bottom=510, right=510)
        small.tofile(tmp_path / "far.roi")
        AnnotationFiles([tmp_path / "far.roi"], file).read(Instances)
    stack = image_file(tmp_path, (2, 40, 52))
    with pytest.raises(InputError, match="has an object in plane 2, but the image has 2 planes"):
        AnnotationFiles([tmp_path / "cells_rois.zip"], stack).read(Instances)
    (tmp_path / "cells.geojson").write_text(
        json.dumps({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [5, 0], [5, 5]]]}})
    )
    with pytest.raises(InputError, match="does not say in which of 2 planes"):
        AnnotationFiles([tmp_path / "cells.geojson"], stack).read(Instances)
    (tmp_path / "cells.json").write_text("[]")
    with pytest.raises(InputError, match="Expected a COCO file"):
        AnnotationFiles([tmp_path / "cells.json"], file).read(Instances)
    (tmp_path / "x.json").write_text(json.dumps({"images": [{"id": 1, "file_name": "cells.png"}], "annotations": []}))
    with pytest.raises(InputError, match=r"The image cells has no height in .*x\.json, which COCO wants\. Save"):
        AnnotationFiles([tmp_path / "x.json"], file).read(Instances)
    for line in ("0 1 2", "0 0.5 1e400 0.1 0.1"):
        (tmp_path / "cells.txt").write_text(f"{line}\n")
        with pytest.raises(InputError, match="Expected lines 'class x y width height'"):
            AnnotationFiles([tmp_path / "cells.txt"], file).read(Instances)
    (tmp_path / "cells.csv").write_text("y,x\n1,2\n")
    with pytest.raises(InputError, match="holds points or boxes, but instances are wanted"):
        AnnotationFiles([tmp_path / "cells.csv"], file).read(Instances)
    with pytest.raises(InputError, match="Scribbles are read from images only"):
        AnnotationFiles([tmp_path / "cells_rois.zip"], file).read(Scribbles)


@pytest.mark.parametrize(
    ("name", "said", "told"),
    [
        ("cells.geojson", {"z": 1, "t": -3}, r"in plane \(-2, 2\), but the image has 6 planes"),
        ("cells.json", [-3, 1], r"in plane \(-2, 2\), but the image has 6 planes"),
        ("cells.json", [[], 1], r"cells\.json is not a file of annotations that can be read"),
    ],
)
def test_planes_that_cannot_be_are_told(tmp_path, name, said, told):
    square = [[0, 0], [5, 0], [5, 5], [0, 5]]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [square], "plane": said}}
    image = {"id": 1, "file_name": "cells.npy", "height": 20, "width": 30, "plane": said}
    outline = {"image_id": 1, "segmentation": [[number for corner in square for number in corner]]}
    content = feature if name.endswith(".geojson") else {"images": [image], "annotations": [outline]}
    (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(InputError, match=told):
        AnnotationFiles([tmp_path / name], image_file(tmp_path, (2, 3, 20, 30))).read(Instances)


def test_files_meet_their_images(tmp_path):
    images = [tmp_path / "images" / f"{name}.tif" for name in ("a", "b")]
    for name in ("a_labels.tif", "b_tiff_export.json", "a_preview.png", "classes.txt", ".x.tif", "notes.txt", "c.zip"):
        (tmp_path / name).write_bytes(b"dear diary")
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "b.txt").write_text("0 0.5 0.5 1e-05 0.1\n")
    pairs = pair(images, find_annotations([tmp_path]))
    assert {name: [path.name for path in files] for name, files in pairs.items()} == {
        "a": ["a_labels.tif"],
        "b": ["b.txt"],
    }
    (tmp_path / "a_points.csv").write_text("y,x\n1,2\n")
    assert [path.name for path in pair(images, find_annotations([tmp_path]), Points)["a"]] == ["a_points.csv"]
    assert [path.name for path in pair(images, find_annotations([tmp_path]), Instances)["a"]] == ["a_labels.tif"]
    (tmp_path / "a_seg.npy").write_bytes(b"")
    with pytest.raises(InputError, match="could both be annotations of a"):
        pair(images, find_annotations([tmp_path]))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="There are no annotations in"):
        find_annotations([tmp_path / "empty"])
    (tmp_path / "a.docx").write_bytes(b"")
    with pytest.raises(InputError, match="is of a kind that cannot be read"):
        find_annotations([tmp_path / "a.docx"])


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff0 0.5 0.5 0.1 0.1\n",
        "0 0.5 0.5 0.1 0.1 0.93\n",
        "0 -0.0001 0.5 0.1 0.1\n",
        "0 0.5 0.5 1E-1 0.1",
        "\r\n\n0 0.5 0.5 0.1 0.1\r\n",
    ],
)
def test_yolo_as_others_write_it(tmp_path, file, text):
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / "cells.txt").write_text(text, encoding="utf-8", newline="")
    [path] = pair([file.path], find_annotations([tmp_path / "marks"]))["cells"]
    [boxes] = AnnotationFiles([path], file).read(Boxes)
    assert boxes.corners.shape == (1, 4)


def test_rois_of_an_image_without_objects_say_that_there_are_none(tmp_path):
    file = image_file(tmp_path, (20, 30))
    export([empty()], find_format("imagej"), tmp_path / "rois")
    labels = AnnotationFiles(pair([file.path], find_annotations([tmp_path / "rois"]))["cells"], file).read_labels()
    assert labels.shape == (20, 30)
    assert not labels.any()


def test_a_task_takes_labels_of_other_programs(tmp_path):
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "images" / "cells.tif", np.random.default_rng(0).random((40, 52)).astype("f4"))
    export([tricky()], find_format("imagej"), tmp_path / "marks")
    read = read_task([tmp_path / "images"], [tmp_path / "marks"], Instances)
    np.testing.assert_array_equal(read.task.planes[0].annotation.labels, tricky().labels)


def test_a_plane_of_its_own_lies_in_its_place_and_others_are_empty(tmp_path):
    stack = image_file(tmp_path, (3, 40, 52))
    (tmp_path / "out").mkdir()
    tifffile.imwrite(tmp_path / "out" / "cells_001_labels.tif", tricky_plane())
    [path] = pair([stack.path], find_annotations([tmp_path / "out"]))["cells"]
    labels = AnnotationFiles([path], stack).read_labels()
    np.testing.assert_array_equal(labels[1], tricky_plane())
    assert not labels[[0, 2]].any()
    tifffile.imwrite(tmp_path / "cells_007.tif", tricky_plane())
    with pytest.raises(InputError, match=r"cells_007.tif is no plane of .*, which is 3 planes of 40 x 52"):
        AnnotationFiles([tmp_path / "cells_007.tif"], stack).read_labels()
    tifffile.imwrite(tmp_path / "cells_002.tif", tricky_plane()[:20])
    with pytest.raises(InputError, match=r"cells_002.tif is 20 x 52, but a plane of .* 40 x 52"):
        AnnotationFiles([tmp_path / "cells_002.tif"], stack).read_labels()


@pytest.mark.parametrize("name", ["png", "yolo", "voc"])
@pytest.mark.parametrize(
    ("exported", "image"),
    [
        ((1,), ()),
        ((1,), (1,)),
        ((1, 1), ()),
        ((1, 3), (3,)),
        ((1, 3), (1, 3)),
        ((3,), (1, 3)),
        ((2, 1, 3), (2, 3)),
        ((2, 3), (2, 1, 3)),
    ],
)
def test_planes_come_back_onto_their_image_whether_it_has_axes_of_length_1_or_not(tmp_path, name, exported, image):
    labels = np.zeros((*exported, 20, 30), np.uint8)
    for number, plane in enumerate(labels.reshape(-1, 20, 30), start=1):
        plane[number : number + 5, 4:12] = number
    file = image_file(tmp_path, (*image, 20, 30))
    export([LabelImage.of("cells", labels)], find_format(name), tmp_path / "out")
    files = pair([file.path], find_annotations([tmp_path / "out"]))["cells"]
    assert len(files) == np.prod(exported)
    found = [plane.corners.tolist() for plane in AnnotationFiles(files, file).read(Boxes)]
    wanted = [[[number, 4, number + 5, 12]] for number in range(1, len(files) + 1)]
    np.testing.assert_allclose(found, wanted, atol=1e-3)


@pytest.mark.parametrize(
    ("exported", "image"), [((2, 3), (2, 3)), ((2, 1), (2,)), ((1, 2, 3), (2, 3)), ((2, 3), (1, 2, 3))]
)
def test_a_cellpose_file_per_time_point_comes_back_onto_its_image(tmp_path, exported, image):
    labels = np.zeros((*exported, 20, 30), np.uint8)
    for number, plane in enumerate(labels.reshape(-1, 20, 30), start=1):
        plane[number : number + 5, 4:12] = number
    file = image_file(tmp_path, (*image, 20, 30))
    export([LabelImage.of("cells", labels)], find_format("cellpose"), tmp_path / "out")
    files = pair([file.path], find_annotations([tmp_path / "out"]))["cells"]
    assert [path.name for path in files] == ["cells_000_seg.npy", "cells_001_seg.npy"]
    assert planes_together(files) == [files]
    np.testing.assert_array_equal(AnnotationFiles(files, file).read_labels(), labels.reshape(file.shape))
    (tmp_path / "out" / "cells_007_seg.npy").write_bytes(files[0].read_bytes())
    with pytest.raises(InputError, match=r"cells_007_seg\.npy is no plane of .*cells\.npy"):
        AnnotationFiles([tmp_path / "out" / "cells_007_seg.npy"], file).read_labels()


def test_planes_in_files_of_two_kinds_are_not_taken_together(tmp_path):
    (tmp_path / "out").mkdir()
    files = [tmp_path / "out" / name for name in ("cells_000_seg.npy", "cells_001_seg.npy", "cells_000.xml")]
    with pytest.raises(InputError, match=r"cells_000_seg.npy and .*cells_000.xml could both be annotations of cells"):
        pair([tmp_path / "cells.tif"], files)


def test_files_of_numbered_images_are_no_planes_of_another_one(tmp_path):
    annotations = [tmp_path / "labels" / f"{name}.png" for name in ("a", "a_001", "a_002_labels")]
    images = [tmp_path / f"{name}.tif" for name in ("a", "a_001", "a_002")]
    assert pair(images, annotations) == {path.stem: [file] for path, file in zip(images, annotations, strict=True)}
    assert planes_together(annotations) == [annotations[:1], annotations[1:]]
    of_cellpose = tmp_path / "a_001_seg.npy"
    assert pair(images, [of_cellpose]) == {"a": [], "a_001": [of_cellpose], "a_002": []}


@pytest.mark.parametrize(("name", "shape"), [("cells_001.tif", (40, 52)), ("cells_001_labels.tif", (3, 40, 52))])
def test_labels_of_another_image_are_not_taken_for_a_plane(tmp_path, name, shape):
    image = image_file(tmp_path, shape)
    tifffile.imwrite(tmp_path / name, np.ones(shape, np.uint8), photometric="minisblack")
    files = pair([image.path], [tmp_path / name])["cells"]
    with pytest.raises(InputError, match=r"cells_001.*(does not belong to it|but a plane of)"):
        AnnotationFiles(files, image).read_labels()


def test_boxes_of_another_image_are_not_taken_for_a_plane(tmp_path, file):
    (tmp_path / "cells_001.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(InputError, match="does not belong to it"):
        AnnotationFiles([tmp_path / "cells_001.txt"], file).read(Boxes)


def test_labels_inside_an_ome_zarr_image_belong_to_it(tmp_path):
    image = tricky(3)
    export([image], find_format("ome-zarr"), tmp_path / "out")
    inside = tmp_path / "cells.ome.zarr"
    pixels = zarr.create_group(inside, zarr_format=2)
    axes = [{"name": name, "type": "space"} for name in "zyx"]
    pixels.create_array("0", data=np.zeros(image.labels.shape, np.uint8))
    pixels.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]
    assert find_annotations([inside]) == [inside], "an image without labels is what it is"
    shutil.copytree(tmp_path / "out" / "cells_labels.ome.zarr", inside / "labels" / "nuclei")
    zarr.create_group(inside / "labels", zarr_format=2).attrs["labels"] = ["nuclei", "gone"]
    assert find_annotations([inside]) == [inside / "labels" / "nuclei"]
    pairs = pair([inside], find_annotations([inside]))
    np.testing.assert_array_equal(AnnotationFiles(pairs["cells"], read_image(inside)).read_labels(), image.labels)


def test_damaged_labels_inside_an_ome_zarr_image_are_told(tmp_path):
    inside = tmp_path / "cells.ome.zarr"
    zarr.create_group(inside, zarr_format=2)
    (inside / "labels").mkdir()
    (inside / "labels" / ".zgroup").write_text("{")
    with pytest.raises(InputError, match=r"labels is damaged \(.*\)\. Save the labels again, or remove it\."):
        find_annotations([inside])


@pytest.mark.parametrize("name", ["cells", "cells_001"])
def test_labels_go_back_onto_an_image_with_axes_of_length_1(tmp_path, name):
    pixels = zarr.create_group(tmp_path / f"{name}.ome.zarr", zarr_format=2)
    pixels.create_array("0", data=np.zeros((1, 1, 1, 40, 52), np.uint8))
    pixels.attrs["multiscales"] = [{"axes": [{"name": axis} for axis in "tczyx"], "datasets": [{"path": "0"}]}]
    image = read_image(tmp_path / f"{name}.ome.zarr")
    labels = tricky_plane().reshape(image.shape)
    assert labels.shape == (1, 1, 40, 52)
    export([LabelImage.of(name, labels, tricky(4).grid)], find_format("tiff"), tmp_path / "out")
    [path] = pair([image.path], find_annotations([tmp_path / "out"]))[name]
    np.testing.assert_array_equal(AnnotationFiles([path], image).read_labels(), labels)


def test_other_programs_may_begin_a_file_with_a_mark_of_the_byte_order(tmp_path, file):
    for name in ("coco", "geojson"):
        exported = export([tricky()], find_format(name), tmp_path / name)
        path = tmp_path / name / exported.files[0]
        path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
        found = pair([file.path], find_annotations([tmp_path / name]))["cells"]
        np.testing.assert_array_equal(AnnotationFiles(found, file).read_labels(), tricky().labels)


def test_a_coco_file_belongs_to_the_images_that_it_names(tmp_path):
    export([tricky(), LabelImage.of("b", tricky_plane())], find_format("coco"), tmp_path / "coco")
    images = [tmp_path / f"{name}.png" for name in ("cells", "b", "c")]
    pairs = pair(images, find_annotations([tmp_path / "coco"]))
    assert [len(pairs[name]) for name in ("cells", "b", "c")] == [1, 1, 0]
    with pytest.raises(InputError, match=r"coco\.json is about the images b, cells, and none is given"):
        pair(images[2:], find_annotations([tmp_path / "coco"]))


def test_a_file_that_is_no_coco_file_and_is_named_like_no_image_is_told(tmp_path):
    (tmp_path / "other.json").write_text("{")
    with pytest.raises(InputError, match=r"other\.json has the name of no image and is no COCO file that can be read"):
        pair([tmp_path / "a.png"], [tmp_path / "other.json"])


def test_a_folder_with_labels_in_a_folder_of_its_own_is_looked_into(tmp_path):
    file = image_file(tmp_path, (40, 52))
    export([tricky()], find_format("yolo-polygons"), tmp_path / "yolo")
    found = pair([file.path], find_annotations([tmp_path / "yolo"]))["cells"]
    np.testing.assert_array_equal(AnnotationFiles(found, file).read_labels() > 0, tricky().labels > 0)


def test_boxes_and_polygons_of_yolo_lie_beside_one_another_and_each_can_be_read(tmp_path):
    file = image_file(tmp_path, (40, 52))
    for name in ("yolo", "yolo-polygons"):
        export([tricky()], find_format(name), tmp_path / "yolo")
    read = [
        AnnotationFiles(pair([file.path], find_annotations([folder]))["cells"], file)
        for folder in (tmp_path / "yolo", tmp_path / "yolo" / "polygons")
    ]
    [boxes] = read[0].read(Boxes)
    assert len(boxes.corners) == len(list(objects_of(tricky().labels)))
    np.testing.assert_array_equal(read[1].read_labels() > 0, tricky().labels > 0)


def test_channels_are_told_where_a_stack_was_meant(tmp_path):
    (tmp_path / "images").mkdir()
    pixels = np.zeros((4, 20, 30), np.uint16)
    tifffile.imwrite(tmp_path / "images" / "a.tif", pixels, photometric="rgb", planarconfig="separate")
    file = read_image(tmp_path / "images" / "a.tif")
    np.save(tmp_path / "a.npy", np.zeros((4, 20, 30), np.uint8))
    with pytest.raises(InputError, match=r"20 x 30 with 3 channels but .* is told from channels by its axes, ZYX"):
        AnnotationFiles([tmp_path / "a.npy"], file).read(Instances)
