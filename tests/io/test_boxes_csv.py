import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from napari.layers import Shapes
from napari_builtins.io import napari_write_shapes

from napari_labelfix.annotations import Boxes, Points
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.boxes_csv import boxes_of_planes, write_boxes
from napari_labelfix.io.pairing import pair
from napari_labelfix.io.read import ImageFile, read_image
from napari_labelfix.snapshots import BoxRole, FoundBoxes


@pytest.fixture
def image(tmp_path):
    def make(shape=(40, 60)):
        path = tmp_path / "cells.npy"
        np.save(path, np.random.default_rng(0).random(shape))
        return read_image(path)

    return make


SEVERAL = FoundBoxes(np.array([[1, 2, 9, 12]], np.float32), np.ones(1, np.float32), np.zeros(1, np.uint8))


def table(tmp_path, text):
    path = tmp_path / "cells.csv"
    path.write_text(text)
    return path


def test_columns_in_any_order_and_case(tmp_path, image):
    path = table(tmp_path, "Name;X0;Y0;x1;y1\na;2;1;12;9.5\n")
    (found,) = boxes_of_planes(path, image())
    assert found.corners.tolist() == [[1, 2, 9.5, 12]]
    assert found.shape == (40, 60)


@pytest.mark.parametrize("column", ["kind", "role"])
def test_what_is_no_cell_is_read_apart(tmp_path, image, column):
    word = {"kind": "Not a cell", "role": "negative"}[column]
    path = table(tmp_path, f"y0,x0,y1,x1,{column}\n1,2,9,12,cell\n20,20,30,30,{word}\n")
    (found,) = boxes_of_planes(path, image())
    assert found.corners.tolist() == [[1, 2, 9, 12]]
    assert found.negatives.tolist() == [[20, 20, 30, 30]]


def test_planes_of_a_stack(tmp_path, image):
    path = table(tmp_path, "plane,y0,x0,y1,x1\n2,1,2,9,12\n0,3,3,8,8\n")
    found = boxes_of_planes(path, image((3, 40, 60)))
    assert [len(boxes.corners) for boxes in found] == [1, 0, 1]


def test_what_reaches_beyond_the_image_is_cut_off(tmp_path, image):
    path = table(tmp_path, "y0,x0,y1,x1\n-5,50,10,80\n100,100,120,120\n")
    (found,) = boxes_of_planes(path, image())
    assert found.corners.tolist() == [[0, 50, 10, 60]]


@pytest.mark.parametrize("shape", [(2, 3, 40, 60), (1, 40, 60), (1, 1, 40, 60), (1, 3, 40, 60)])
def test_what_is_written_of_any_stack_is_read_again(tmp_path, image, shape):
    file, path = image(shape), tmp_path / "cells_boxes.csv"
    none = FoundBoxes(SEVERAL.corners[:0], SEVERAL.scores[:0], SEVERAL.roles[:0])
    count = len(file.planes)
    write_boxes(path, [none] * (count - 1) + [SEVERAL])
    assert [len(boxes.corners) for boxes in boxes_of_planes(path, file)] == [0] * (count - 1) + [1]


@pytest.mark.parametrize(
    "heading", ["y1,x1,y0,x0", "y0,x1,y1,x0", "YMin,XMin,yMax,xMax", "bbox-0,bbox-1,bbox-2,bbox-3"]
)
def test_corners_may_be_swapped_and_called_as_others_call_them(tmp_path, image, heading):
    (found,) = boxes_of_planes(table(tmp_path, f"label,{heading}\n7,3,4,20,30\n"), image())
    assert sorted(found.corners[0]) == [3, 4, 20, 30]
    assert (found.corners[:, 2:] > found.corners[:, :2]).all()


def test_boxes_of_regions_in_three_dimensions_are_none_of_a_plane(tmp_path, image):
    path = table(tmp_path, "bbox-0,bbox-1,bbox-2,bbox-3,bbox-4,bbox-5\n0,1,2,3,40,50\n")
    with pytest.raises(InputError, match="Expected columns y0,x0,y1,x1"):
        boxes_of_planes(path, image())


def test_boxes_that_cannot_be_seen_are_left_out(tmp_path, image):
    (found,) = boxes_of_planes(table(tmp_path, "y0,x0,y1,x1\n1,2,9,12\n1,2,1.5,12\n39.5,2,50,12\n"), image())
    assert found.corners.tolist() == [[1, 2, 9, 12]]
    (found,) = boxes_of_planes(table(tmp_path, "y0,x0,y1,x1\n"), image())
    assert found.corners.shape == (0, 4), "that there are none can be said"


@pytest.mark.parametrize("ndim", [2, 3])
def test_shapes_that_napari_has_saved(tmp_path, image, ndim):
    corners = np.array([(1, 2), (1, 12), (9, 12), (9, 2)], float) - 0.5
    leading = np.full((4, ndim - 2), 1.0)
    layer = Shapes([np.hstack([leading, corners])], shape_type="rectangle", ndim=ndim)
    path = tmp_path / "cells.csv"
    napari_write_shapes(str(path), layer.data, {"shape_type": layer.shape_type})
    found = boxes_of_planes(path, image((3, 40, 60) if ndim == 3 else (40, 60)))
    assert found[ndim - 2].corners.tolist() == [[1, 2, 9, 12]]


def test_ellipses_are_as_large_as_they_look_and_lines_are_no_boxes(tmp_path, image):
    corners = np.array([[10.0, 30], [20, 40], [30, 30], [20, 20]])  # a square that stands on its tip, a circle in it
    shapes = [np.array([[1.0, 1], [30, 30]]), corners, np.array([[1.0, 1], [5, 9], [9, 9]])]
    path = tmp_path / "cells.csv"
    napari_write_shapes(str(path), shapes, {"shape_type": ["line", "ellipse", "path"]})
    (found,) = boxes_of_planes(path, image())
    radius = 50**0.5
    np.testing.assert_allclose(found.corners, [[20.5 - radius, 30.5 - radius, 20.5 + radius, 30.5 + radius]])


found_boxes = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 30), st.integers(1, 19), st.integers(1, 29), st.integers(0, 2)),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(found_boxes, min_size=1, max_size=3))
def test_what_is_written_is_read_again_but_for_dropped_boxes(tmp_path, drawn):
    planes = []
    for boxes in drawn:
        rows = np.array(boxes, float).reshape(-1, 5)
        corners = np.column_stack([rows[:, :2], rows[:, :2] + rows[:, 2:4]]).astype(np.float32)
        planes.append(FoundBoxes(corners, np.full(len(rows), 0.5, np.float32), rows[:, 4].astype(np.uint8)))
    path = tmp_path / "cells_boxes.csv"
    write_boxes(path, planes)
    shape = (len(drawn), 40, 60) if len(drawn) > 1 else (40, 60)
    file = _file(tmp_path, shape)
    for plane, boxes in zip(planes, boxes_of_planes(path, file), strict=True):
        kept = plane.corners[plane.roles != BoxRole.DROPPED]
        assert boxes.corners == pytest.approx(kept)


def _file(tmp_path, shape) -> ImageFile:
    path = tmp_path / "cells.npy"
    np.save(path, np.random.default_rng(0).random(shape))
    return read_image(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "Expected columns y0,x0,y1,x1"),
        ("y0,x0,y1,x1\n1,2,three,4\n", "Expected a number under .* in line 2 of .* but got 'three'"),
        ("y0,x0,y1,x1\n100,100,120,120\n", "No box of .* lies in the image of 40 x 60. Is it of another image"),
        ("y0,x0,y1,x1\n0.1,0.2,0.3,0.4\n", "Expected boxes in pixels, but .* multiply them by its size of 40 x 60"),
        ("plane,plane2,y0,x0,y1,x1\n7,1,1,2,3,4\n", "boxes in planes that"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path, image, text, sentence):
    with pytest.raises(InputError, match=sentence):
        boxes_of_planes(table(tmp_path, text), image((3, 40, 60) if "plane" in text else (40, 60)))


def test_a_stack_needs_planes(tmp_path, image):
    with pytest.raises(InputError, match="A stack needs a column for the plane"):
        boxes_of_planes(table(tmp_path, "y0,x0,y1,x1\n1,2,3,4\n"), image((3, 40, 60)))


def test_a_table_is_known_by_its_columns(tmp_path, image):
    file = image()
    boxes = table(tmp_path, "y0,x0,y1,x1\n1,2,9,12\n")
    assert AnnotationFiles([boxes], file).main_kind() is Boxes
    assert isinstance(AnnotationFiles([boxes], file).read(Boxes)[0], Boxes)
    assert AnnotationFiles([table(tmp_path, "y,x\n1,2\n")], file).main_kind() is Points


def test_a_table_belongs_to_the_image_whose_name_it_has(tmp_path):
    image, boxes = tmp_path / "cells.npy", tmp_path / "cells_boxes.csv"
    labels = tmp_path / "cells_labels.tif"
    assert pair([image], [boxes, labels], Boxes) == {"cells": [boxes]}
