"""Every format is read back by the library that its users use, and compared with what was exported."""

from __future__ import annotations

import csv
import json
import os
import time
from itertools import combinations
from xml.etree import ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest
import roifile
import shapely
import tifffile
import zarr
from imagecodecs import png_decode
from pycocotools.coco import COCO
from tricky import GRIDS, HUGE, empty, objects_of, tricky

from napari_labelfix.errors import InputError, OutputError
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format, formats_for
from napari_labelfix.io.grid import Grid, read_grid
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.marked_image import MarkedImage
from napari_labelfix.io.outlines import outline, paint
from napari_labelfix.io.read import read_labels

NDIMS = pytest.mark.parametrize("ndim", [2, 3, 4])


def parts(image):
    """Yield number, index of the plane and (Y, X) mask for each object in each plane."""
    for index, plane in image.planes:
        for found in objects_of(plane):
            yield found.number, index, plane == found.number


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@NDIMS
def test_tiff(tmp_path, ndim):
    image = tricky(ndim)
    export([image], find_format("tiff"), tmp_path)
    with tifffile.TiffFile(tmp_path / "cells_labels.tif") as file:
        assert file.is_ome
        assert file.series[0].axes == "TZYX"[-ndim:]
        np.testing.assert_array_equal(file.asarray(), image.labels)
    assert read_grid(tmp_path / "cells_labels.tif", ndim) == image.grid
    np.testing.assert_array_equal(read_labels(tmp_path / "cells_labels.tif"), image.labels)


@NDIMS
def test_ome_zarr(tmp_path, ndim):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Label, Reader
    from ome_zarr_models.v04.image_label_types import Label as LabelModel
    from ome_zarr_models.v04.multiscales import Multiscale

    image = tricky(ndim)
    image = LabelImage.of("cells", np.tile(image.labels, (1,) * (ndim - 2) + (16, 14)), image.grid)  # 640 x 728
    export([image], find_format("ome-zarr"), tmp_path)
    path = tmp_path / "cells_labels.ome.zarr"
    [node] = list(Reader(parse_url(path))())
    assert any(isinstance(spec, Label) for spec in node.specs)
    assert [level.shape[-2:] for level in node.data] == [(640, 728), (320, 364)]
    np.testing.assert_array_equal(np.asarray(node.data[0]), image.labels)
    np.testing.assert_array_equal(np.asarray(node.data[1]), image.labels[..., ::2, ::2])
    attributes = json.loads((path / ".zattrs").read_text())
    [multiscale] = attributes["multiscales"]
    assert Multiscale(**multiscale).ndim == ndim
    LabelModel(**attributes["image-label"])
    assert [axis["name"] for axis in multiscale["axes"]] == list(image.grid.axes)
    coarse = multiscale["datasets"][1]["coordinateTransformations"][0]["scale"]
    assert coarse == [*image.grid.scale[:-2], 0.5, 1.0]
    assert read_grid(path, ndim) == image.grid
    np.testing.assert_array_equal(read_labels(path), image.labels)


@pytest.mark.parametrize(("highest", "dtype"), [(65_535, np.uint16), (65_536, np.uint32)])
def test_ome_zarr_keeps_every_number_and_all_rows_and_columns(tmp_path, highest, dtype):
    labels = np.zeros((3, 1200), np.int64)
    labels[1, 5:900] = highest
    export([LabelImage.of("a", labels)], find_format("ome-zarr"), tmp_path)
    group = zarr.open_group(tmp_path / "a_labels.ome.zarr", mode="r")
    assert group["0"].dtype == dtype
    assert np.array_equal(group["0"][:], labels)
    assert [group[level].shape for level in sorted(group.array_keys())] == [(3, 1200), (2, 600), (1, 300)]


def test_ome_zarr_has_no_place_for_other_axes_than_four(tmp_path):
    with pytest.raises(InputError, match="axes t, z, y, x, but a has 5"):
        export([LabelImage.of("a", np.ones((1, 1, 1, 4, 4), int))], find_format("ome-zarr"), tmp_path)


@NDIMS
def test_png_with_numbers_that_fit_and_a_preview(tmp_path, ndim):
    image = tricky(ndim)
    exported = export([image], find_format("png"), tmp_path)
    assert "new numbers" in exported.notes[0]
    record = json.loads((tmp_path / "cells_png_export.json").read_text())
    old_of = {int(new): old for new, old in record["images"][0]["old_number_of"].items()}
    for index, plane in image.planes:
        name = image.plane_name(index)
        pixels = png_decode((tmp_path / f"{name}_labels.png").read_bytes())
        assert pixels.dtype == np.uint16
        np.testing.assert_array_equal(np.vectorize(lambda new: old_of.get(new, 0))(pixels), plane)
        colours = png_decode((tmp_path / f"{name}_preview.png").read_bytes())
        assert colours.shape == (*plane.shape, 3)
        np.testing.assert_array_equal(colours.any(axis=-1), plane > 0)


def test_png_keeps_numbers_that_fit(tmp_path):
    labels = np.zeros((9, 9), np.int32)
    labels[2:4, 2:4] = 65_535
    assert export([LabelImage.of("a", labels)], find_format("png"), tmp_path).notes == ()
    np.testing.assert_array_equal(png_decode((tmp_path / "a_labels.png").read_bytes()), labels)


@pytest.mark.parametrize("shape", [(20, 30), (3, 20, 30)])
def test_png_takes_labels_that_are_ordered_by_columns(tmp_path, shape):
    labels = np.asfortranarray(np.arange(np.prod(shape), dtype=np.uint16).reshape(shape) % 7)
    image = LabelImage.of("a", labels)
    export([image], find_format("png"), tmp_path)
    for index, plane in image.planes:
        np.testing.assert_array_equal(read_labels(tmp_path / f"{image.plane_name(index)}_labels.png"), plane)


def test_png_refuses_more_objects_than_it_can_number(tmp_path):
    labels = np.arange(300 * 300).reshape(300, 300)
    with pytest.raises(InputError, match="a has 89999 objects, but a PNG can number 65535"):
        export([LabelImage.of("a", labels)], find_format("png"), tmp_path)


@NDIMS
def test_imagej_rois(tmp_path, ndim):
    image = tricky(ndim)
    export([image], find_format("imagej"), tmp_path)
    rois = roifile.roiread(tmp_path / "cells_rois.zip")
    wanted = list(parts(image))
    assert len(rois) == len(wanted)
    for roi, (number, index, mask) in zip(rois, wanted, strict=True):
        rings = [ring[:, ::-1].astype(float) for ring in roi.coordinates(multi=True)]
        labels = np.zeros(mask.shape, int)
        assert paint(labels, rings, 1) == mask.sum()
        np.testing.assert_array_equal(labels, mask)
        rows, columns = np.nonzero(mask)
        assert (roi.top, roi.left, roi.bottom, roi.right) == (
            rows.min(), columns.min(), rows.max() + 1, columns.max() + 1,
        )  # fmt: skip
        assert roi.name.endswith(f"{number:04d}")
        if ndim == 3:
            assert roi.position == index[0] + 1
        if ndim == 4:
            assert (roi.t_position, roi.z_position) == (index[0] + 1, index[1] + 1)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools, with numpy 2
@NDIMS
@pytest.mark.parametrize("name", ["coco", "coco-rle"])
def test_coco(tmp_path, ndim, name):
    image = tricky(ndim, image_name="cells.ome.tif")
    export([image], find_format(name), tmp_path)
    coco = COCO(tmp_path / ("cells_coco.json" if name == "coco" else "cells_coco_rle.json"))
    assert [entry["file_name"] for entry in coco.loadImgs(coco.getImgIds())] == ["cells.ome.tif"] * 3 ** (ndim > 2) * (
        1 + (ndim == 4)
    )
    wanted = list(parts(image))
    annotations = coco.loadAnns(sorted(coco.getAnnIds()))
    assert sorted(coco.getAnnIds(iscrowd=False)) == list(range(1, len(wanted) + 1))  # COCO's evaluator takes 0 for none
    assert min(coco.getImgIds()) == 1
    kinds = set()
    for annotation, (number, index, mask) in zip(annotations, wanted, strict=True):
        assert annotation["label"] == number
        assert tuple(coco.imgs[annotation["image_id"]].get("plane", ())) == index
        np.testing.assert_array_equal(coco.annToMask(annotation), mask)  # polygons, too: not one pixel differs
        assert annotation["area"] == mask.sum()
        x, y, width, height = annotation["bbox"]
        rows, columns = np.nonzero(mask)
        assert (y, x, y + height, x + width) == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
        kinds.add(type(annotation["segmentation"]))
    assert kinds == ({list, dict} if name == "coco" else {dict})


def test_every_format_that_knows_classes_calls_them_by_their_names(tmp_path):
    image = LabelImage.of("a", np.diag([1, 2, 2]), classes={1: 1, 2: 2}, names={1: "nucleus", 2: "μ <mitosis>"})
    for name in ("coco", "yolo", "voc", "geojson", "objects"):
        export([image, LabelImage.of("b", np.eye(9, dtype=int))], find_format(name), tmp_path)
    assert [entry["name"] for entry in COCO(tmp_path / "coco.json").cats.values()] == ["nucleus", "μ <mitosis>"]
    assert (tmp_path / "classes.txt").read_text(encoding="utf-8") == "nucleus\nμ <mitosis>\n"
    boxes = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert [found.text for found in boxes.iterfind("object/name")] == ["nucleus", "μ <mitosis>"]
    features = json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["features"]
    assert {feature["properties"]["classification"]["name"] for feature in features} == {"nucleus", "μ <mitosis>"}
    with (tmp_path / "a_objects.csv").open(newline="", encoding="utf-8") as file:
        assert [row["class_name"] for row in csv.DictReader(file)] == ["nucleus", "μ <mitosis>"]
    record = json.loads((tmp_path / "coco_export.json").read_text(encoding="utf-8"))
    assert [image["objects_per_class"] for image in record["images"]] == [
        {"nucleus": 1, "μ <mitosis>": 1}, {"object": 1},
    ]  # fmt: skip


def test_coco_of_several_images_is_one_file_with_categories(tmp_path):
    images = [tricky(2, classes={3: 2, HUGE: 2}), LabelImage.of("b", np.eye(9, dtype=int))]
    export(images, find_format("coco"), tmp_path)
    export(images, find_format("yolo"), tmp_path)
    assert (tmp_path / "classes.txt").read_text().split() == ["class", "1", "class", "2"]
    coco = COCO(tmp_path / "coco.json")
    assert len(coco.imgs) == 2
    assert {entry["name"] for entry in coco.cats.values()} == {"class 1", "class 2"}
    assert {entry["label"] for entry in coco.loadAnns(coco.getAnnIds(catIds=[2]))} == {3, HUGE}


@NDIMS
def test_yolo_boxes(tmp_path, ndim):
    image = tricky(ndim, classes={3: 2})
    export([image], find_format("yolo"), tmp_path)
    assert (tmp_path / "classes.txt").read_text().split("\n")[:2] == ["class 1", "class 2"]
    for index, plane in image.planes:
        lines = (tmp_path / "labels" / f"{image.plane_name(index)}.txt").read_text().splitlines()
        objects = list(objects_of(plane))
        assert len(lines) == len(objects)
        for line, found in zip(lines, objects, strict=True):
            kind, x, y, width, height = map(float, line.split())
            assert kind == (found.number == 3)
            box = np.array([y - height / 2, x - width / 2, y + height / 2, x + width / 2]) * [40, 52, 40, 52]
            np.testing.assert_allclose(box, found.box, atol=1e-5)


@NDIMS
def test_yolo_polygons(tmp_path, ndim):
    image = tricky(ndim)
    export([image], find_format("yolo-polygons"), tmp_path)
    for index, plane in image.planes:
        lines = (tmp_path / "polygons" / "labels" / f"{image.plane_name(index)}.txt").read_text().splitlines()
        for line, found in zip(lines, objects_of(plane), strict=True):
            shares = np.array(line.split()[1:], float).reshape(-1, 2)
            assert shares.min() >= 0
            assert shares.max() <= 1
            labels = np.zeros(plane.shape, int)
            paint(labels, [shares[:, ::-1] * plane.shape], 1)
            np.testing.assert_array_equal(labels, plane == found.number)
            # this is what Ultralytics does with it; a line between pieces is as wide as a pixel there
            filled = np.zeros(plane.shape, np.uint8)
            cv2.fillPoly(filled, np.asarray([shares * plane.shape[::-1]], np.int32), 1)
            overlap = (filled & labels).sum() / (filled | labels).sum()
            rings = sum(len(polygon.rings) for polygon in outline(found.mask))
            assert overlap == 1 if rings == 1 else overlap > 0.7, found.number


@NDIMS
def test_qupath_geojson(tmp_path, ndim):
    image = tricky(ndim, classes={3: 2})
    export([image], find_format("geojson"), tmp_path)
    features = json.loads((tmp_path / "cells.geojson").read_text())["features"]
    wanted = list(parts(image))
    assert len(features) == len(wanted)
    rows, columns = np.indices(image.labels.shape[-2:])
    for feature, (number, index, mask) in zip(features, wanted, strict=True):
        shape = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert shape.is_valid
        np.testing.assert_array_equal(shapely.contains_xy(shape, columns + 0.5, rows + 0.5), mask)
        assert shape.area == mask.sum()
        assert feature["properties"]["name"] == str(number)
        assert feature["properties"]["classification"]["name"] == ("class 2" if number == 3 else "class 1")
        plane = feature["geometry"]["plane"]
        assert (plane["t"], plane["z"]) == (0,) * (4 - ndim) + index
    assert len({feature["id"] for feature in features}) == len(features)


@NDIMS
def test_cellpose_seg(tmp_path, ndim):
    image = tricky(ndim)
    exported = export([image], find_format("cellpose"), tmp_path)
    record = json.loads((tmp_path / exported.files[-1]).read_text())
    old_of = {int(new): old for new, old in record["images"][0]["old_number_of"].items()}
    for index in np.ndindex(image.labels.shape[:-3]):
        # this is what Cellpose does to open it
        data = np.load(tmp_path / f"{image.plane_name(index)}_seg.npy", allow_pickle=True).item()
        masks = data["masks"]
        assert masks.dtype == np.uint16
        np.testing.assert_array_equal(np.vectorize(lambda new: old_of.get(new, 0))(masks), image.labels[index])
        assert data["outlines"].shape == masks.shape
        assert set(np.unique(data["outlines"])) == set(np.unique(masks))
        assert len(data["ismanual"]) == masks.max()
        assert data["filename"] == "cells.tif"


@NDIMS
def test_points_open_in_napari(tmp_path, ndim):
    from napari_builtins.io import csv_to_layer_data

    image = tricky(ndim)
    export([image], find_format("points"), tmp_path)
    data, _, kind = csv_to_layer_data(tmp_path / "cells_points.csv", "points")
    assert kind == "points"
    wanted = [(*index, *np.argwhere(mask).mean(axis=0)) for _, index, mask in parts(image)]
    np.testing.assert_allclose(data, wanted, atol=1e-3)
    rows = read_csv(tmp_path / "cells_points.csv")
    assert [int(row["label"]) for row in rows] == [number for number, *_ in parts(image)]


@NDIMS
def test_table_of_objects(tmp_path, ndim):
    image = tricky(ndim)
    export([image], find_format("objects"), tmp_path)
    table = pd.read_csv(tmp_path / "cells_objects.csv")
    assert table["label"].tolist() == [number for number, *_ in parts(image)]
    areas = [mask.sum() for *_, mask in parts(image)]
    assert table["area_px"].tolist() == areas
    np.testing.assert_allclose(table["area_µm2"], np.multiply(areas, 0.25 * 0.5))
    np.testing.assert_allclose(table["centre_x_µm"], table["centre_x_px"] * 0.5, atol=1e-3)
    first = table[table["z"] == 0] if ndim > 2 else table
    first = (first[first["t"] == 0] if ndim > 3 else first).set_index("label")
    assert first["pieces"].to_dict() == {number: 2 if number == 7 else 1 for number in first.index}
    assert first["holes"].to_dict() == {number: {3: 1, 15: 2}.get(number, 0) for number in first.index}
    assert set(first.index[first["at_border"] == 1]) == {70_000, 9, 10, 20, 21}
    assert list(first.loc[12, ["y0", "x0", "y1", "x1"]]) == [18, 40, 19, 41]
    if ndim > 2:
        assert table["z"].unique().tolist() == [0, 2]


@pytest.mark.parametrize("format", formats_for("labels"), ids=lambda row: row.name)
def test_an_image_without_objects_is_exported_as_such(tmp_path, format):
    exported = export([empty()], format, tmp_path / "new" / "folder")
    assert exported.objects == 0
    written = {path.relative_to(tmp_path / "new" / "folder").parts[0] for path in (tmp_path / "new/folder").rglob("*")}
    assert {name.split("/")[0] for name in exported.files} == written
    record = json.loads((tmp_path / "new" / "folder" / exported.files[-1]).read_text())
    assert record["images"][0]["objects"] == 0


@pytest.mark.parametrize("format", formats_for("labels"), ids=lambda row: row.name)
def test_signed_and_boolean_labels_and_odd_names_are_fine(tmp_path, format):
    labels = np.zeros((20, 30), np.int64)
    labels[3:6, 3:6] = 5
    images = [
        LabelImage.of("a/b: c", labels), LabelImage.of("mask", labels > 0), LabelImage.of("rest", labels.astype("u1")),
    ]  # fmt: skip
    exported = export(images, format, tmp_path)
    assert exported.objects == 3
    assert all((tmp_path / name).exists() for name in exported.files)
    assert images[0].name == "a_b_ c"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("plate 3 (a+b), #1_é", "plate 3 (a+b), #1_é"),
        ('a<>:"/\\|?*b\n\x7fc', "a_b_c"),
        ("..", "labels"),
        (" ", "labels"),
        ("", "labels"),
        ("\udcff", "_"),
        ("long " * 60, ("long " * 36).strip()),
        ("長い" * 60, "長い" * 30),
        ("é" * 89 + "é長", "é" * 90),
    ],
)
def test_of_a_name_only_what_no_file_may_be_called_is_replaced(tmp_path, name, kept):
    image = LabelImage.of(name, np.eye(9, dtype=int))
    assert image.name == kept
    for row in formats_for("labels"):
        assert export([image], row, tmp_path / row.name).files


_IMAGE = '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="9" SizeY="8" SizeC="1" '
_REST = '<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels></Image>'


@pytest.mark.parametrize(
    "said",
    [
        "<Image>",
        '<BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:1"/>',
        f'{_IMAGE} SizeZ="1" SizeT="1" PhysicalSizeX="0,5">{_REST}',
        f'{_IMAGE} SizeZ="1" SizeT="1" PhysicalSizeX="nan">{_REST}',
    ],
)
def test_a_tiff_whose_metadata_are_odd_is_in_pixels(tmp_path, said):
    namespace = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    text = f'<?xml version="1.0"?><OME xmlns="{namespace}">{said}</OME>'
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((8, 9), np.uint8), description=text, metadata=None)
    assert read_grid(tmp_path / "a.ome.tif", 2).scale == (1.0, 1.0)


@pytest.mark.parametrize("transform", [{"scale": [0.5, 0.5, 0.5]}, {"path": "scales"}, {"scale": None}, {"scale": "a"}])
def test_a_zarr_whose_metadata_are_odd_is_in_pixels(tmp_path, transform):
    export([tricky()], find_format("ome-zarr"), tmp_path)
    path = tmp_path / "cells_labels.ome.zarr" / ".zattrs"
    attributes = json.loads(path.read_text())
    attributes["multiscales"][0]["datasets"][0]["coordinateTransformations"] = [{"type": "scale", **transform}]
    path.write_text(json.dumps(attributes))
    assert read_grid(path.parent, 2) == Grid.in_pixels(2)


def test_the_record_says_what_was_exported(tmp_path):
    image = tricky(3, source="cells_labels.tif", image_name="cells.tif", classes={3: 2})
    exported = export([image], find_format("tiff"), tmp_path)
    assert exported.files == ("cells_labels.tif", "cells_tiff_export.json")
    record = json.loads((tmp_path / "cells_tiff_export.json").read_text())
    assert record["objects"] == exported.objects == 11
    [described] = record["images"]
    assert described["objects_per_class"] == {"class 1": 10, "class 2": 1}
    assert (described["source"], described["image"], described["shape"]) == (
        "cells_labels.tif",
        "cells.tif",
        [3, 40, 52],
    )
    assert (tuple(described["scale"]), tuple(described["units"])) == (GRIDS[3].scale, GRIDS[3].units)
    assert record["versions"]["napari-labelfix"]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.zeros((4, 4)), "whole numbers in a"),
        (np.zeros(4, int), "at least two axes"),
        (np.zeros((0, 4), int), "has no pixels"),
        (np.full((4, 4), -1), "from 0 to 4294967295 in a"),
        (np.full((4, 4), 2**32), "from 0 to 4294967295 in a"),
    ],
)
def test_what_is_no_label_image_is_told(tmp_path, labels, sentence):
    with pytest.raises(InputError, match=sentence):
        export([LabelImage("a", labels, Grid.in_pixels(max(labels.ndim, 1)))], find_format("tiff"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_and_formats_that_do_not_serve_are_told(tmp_path):
    with pytest.raises(InputError, match="There is nothing to export"):
        export([], find_format("tiff"), tmp_path)
    with pytest.raises(InputError, match="There are several images called cells"):
        export([tricky(), tricky()], find_format("tiff"), tmp_path)
    with pytest.raises(InputError, match=r"There is no format 'gif'\. Choose from tiff, "):
        find_format("gif")
    deep = LabelImage.of("deep", np.ones((1, 1, 1, 5, 5), int))
    with pytest.raises(InputError, match="OME-Zarr labels have the axes"):
        export([deep], find_format("ome-zarr"), tmp_path)
    wide = LabelImage.of("wide", np.ones((1, 2**15), np.uint8))
    with pytest.raises(InputError, match="but wide is larger"):
        export([wide], find_format("imagej"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["png", "yolo", "yolo-polygons"])
def test_a_plane_and_an_image_of_one_name_are_told(tmp_path, name):
    stack, single = np.ones((3, 9, 9), int), np.ones((9, 9), int)
    images = [LabelImage.of("scan", stack), LabelImage.of("scan_001", single)]
    with pytest.raises(InputError, match=r"More than one plane would be written as .*scan_001"):
        export(images, find_format(name), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert export(images, find_format("tiff"), tmp_path).objects == 2


def test_a_zarr_that_is_there_is_not_written_into(tmp_path):
    export([tricky()], find_format("ome-zarr"), tmp_path)
    with pytest.raises(OutputError, match="is there already"):
        export([tricky()], find_format("ome-zarr"), tmp_path)
    np.testing.assert_array_equal(read_labels(tmp_path / "cells_labels.ome.zarr"), tricky().labels)


@pytest.mark.parametrize("count", [1, 2])
def test_no_format_replaces_the_files_of_another(tmp_path, count):
    grid, cells, planes = Grid.in_pixels(2), np.ones(1, bool), np.zeros((1, 0), np.intp)
    places = {"boxes": np.array([[2.0, 3, 9, 8]]), "points": np.array([[4.0, 5]])}
    written: dict[str, set[str]] = {}
    for what in ("labels", "boxes", "points"):
        for row in formats_for(what):
            images = [
                LabelImage.of(name, np.eye(20, dtype=int), grid)
                if what == "labels"
                else MarkedImage(name, (20, 20), grid, places[what], planes, cells, 3.0, "")
                for name in "ab"[:count]
            ]
            written.setdefault(row.name, set()).update(export(images, row, tmp_path).files)
    for one, other in combinations(written, 2):
        assert not written[one] & written[other], (one, other)


class TestWhatIsThereAlready:
    """Only what an export has written is replaced, as long as nobody has touched it."""

    @pytest.fixture
    def exported(self, tmp_path):
        export([tricky(2)], find_format("tiff"), tmp_path)
        return tmp_path / "cells_labels.tif"

    def test_an_earlier_export_is_replaced(self, exported):
        other = LabelImage.of("cells", np.full((9, 9), 3, np.uint8), Grid.in_pixels(2))
        export([other], find_format("tiff"), exported.parent)
        np.testing.assert_array_equal(read_labels(exported), other.labels)

    def test_what_two_exports_share_is_replaced_too(self, tmp_path):
        one = tricky(2)
        other = LabelImage.of("more", one.labels, one.grid)
        for image in (one, other, one):
            export([image], find_format("yolo"), tmp_path)
        assert (tmp_path / "classes.txt").exists()

    @pytest.mark.parametrize("by", ["hand", "hand, after an export"])
    def test_what_somebody_made_stays_and_nothing_is_written(self, tmp_path, by, request):
        theirs = tmp_path / "cells_labels.tif"
        if by != "hand":
            request.getfixturevalue("exported")
        tifffile.imwrite(theirs, np.ones((4, 4), np.uint8))
        os.utime(theirs, (time.time() + 60,) * 2)  # a minute later
        before = sorted(path.name for path in tmp_path.iterdir()), theirs.read_bytes()
        with pytest.raises(OutputError, match=r"cells_labels\.tif is there already and was not exported from here"):
            export([tricky(2)], find_format("tiff"), tmp_path)
        assert (sorted(path.name for path in tmp_path.iterdir()), theirs.read_bytes()) == before

    @pytest.mark.parametrize("told", ["", "[1]", '{"command": "export"}', '{"command": "run", "outputs": {"a": []}}'])
    def test_a_record_that_is_none_of_ours_allows_nothing(self, tmp_path, told):
        (tmp_path / "cells_labels.tif").write_bytes(b"theirs")
        (tmp_path / "cells_tiff_export.json").write_text(told)
        with pytest.raises(OutputError, match="move it away"):
            export([tricky(2)], find_format("tiff"), tmp_path)
