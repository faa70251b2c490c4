"""What of a project is exported: labels with what is known about them, boxes and points where they lie on the image."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from napari_labelfix.errors import InputError, ProjectError
from napari_labelfix.project.blocks import Key
from napari_labelfix.project.contents import read_project
from napari_labelfix.project.records import Batch, Block, ImageRecord, LayerRecord, ObjectRecord, Objects
from napari_labelfix.project.store import Project

SHAPE = (20, 30)


def layer(id_, name, image="i", position=0):
    return LayerRecord(id_, image, "corrected", "person", "labels", name, SHAPE, "int32", position=position)


def write(path, layers, images=(("i", ""),), objects=()):
    """Write a project in which each layer has one object more than the one before."""
    with Project.create(path) as project:
        records = [ImageRecord(id_, "cells", file, SHAPE, "uint8") for id_, file in images]
        project.write(Batch(images=records, layers=layers, objects={layers[0].id: Objects(list(objects))}))
        for count, one in enumerate(layers, start=1):
            labels = np.zeros(SHAPE, np.int32)
            labels[1, 1 : 1 + count] = np.arange(1, count + 1)
            project.write(Batch(blocks=[Block(one.id, "person", Key(0, 0, 0), labels)]))
    return path


def read_labels(path):
    found, left = read_project(path, ("labels",))
    assert not left
    return found


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (3, 3), (2.0, 2), (255, 255), (float("nan"), 1), (float("inf"), 1), ("tumour", 1), ("2", 1), (None, 1), (0, 1),
        (2.5, 1), (256, 1), (20_240_131, 1), (1e300, 1),
    ],
)  # fmt: skip
def test_only_whole_numbers_from_1_to_255_are_classes(tmp_path, said, number):
    path = write(tmp_path / "a.labelfix", [layer("l", "corrected")], objects=[ObjectRecord(1, more={"class": said})])
    [image] = read_labels(path)
    assert image.class_of(1) == number


def test_files_are_named_by_the_layer_too_where_images_would_have_one_name(tmp_path):
    several = [layer("a", "mine", position=0), layer("b", "yours/2", position=1), layer("c", "mine", position=2)]
    found = read_labels(write(tmp_path / "a.labelfix", several))
    assert [image.name for image in found] == ["cells_mine", "cells_yours_2", "cells_mine_2"]
    assert [len(image.numbers) for image in found] == [1, 2, 3]
    assert {image.image_name for image in found} == {""}
    folders = [layer("a", "corrected"), layer("b", "corrected [1]", "j", position=1)]
    path = write(tmp_path / "b.labelfix", folders, [("i", "/one/cells.tif"), ("j", "/two/cells.tif")])
    assert [image.name for image in read_labels(path)] == ["cells_corrected", "cells_corrected [1]"]
    one = write(tmp_path / "c.labelfix", [layer("a", "corrected")])
    assert [image.name for image in read_labels(one)] == ["cells"]


def placed(scale=(1.0, 1.0), translate=(0.0, 0.0)):
    return {"scale": list(scale), "translate": list(translate), "rotate": [[1, 0], [0, 1]], "shear": [0.0],
            "affine": np.eye(3).tolist(), "units": ["um", "um"], "axis_labels": ["y", "x"]}  # fmt: skip


def marks(id_, kind, data, role=None, image="i", placement=None, author="person", told=None):
    """A layer of points or rectangles, and what is in it."""
    record = LayerRecord(
        id_, image, {"points": "points", "shapes": "boxes"}[kind] if role is None else role, author, kind, f"my {id_}",
        (len(data), 2), "float64", placement=placement or placed(), look={"current_size": 12},
    )  # fmt: skip
    features = {name: {"dtype": "object", "values": values} for name, values in (told or {}).items()}
    content = {"data": data, "features": features}
    content |= {"size": [8.0] * len(data)} if kind == "points" else {"shape_type": ["rectangle"] * len(data)}
    return record, json.dumps(content)


def rectangle(y0, x0, y1, x1):
    return [[y0, x0], [y0, x1], [y1, x1], [y1, x0]]


def write_marks(path, *made, more=(), images=(("i", "cells"),), colours=False):
    shape = (*SHAPE, 3) if colours else SHAPE
    records = [ImageRecord(id_, name, f"/data/{name}.tif", shape, "uint8") for id_, name in images]
    shown = [
        LayerRecord(id_, id_, "image", "person", "image", name, shape, "uint8", placement=placed(),
                    look={"rgb": colours})
        for id_, name in images
    ]  # fmt: skip
    with Project.create(path) as project:
        project.write(Batch(images=records, layers=[*shown, *more, *(layer for layer, _ in made)],
                            geometry={layer.id: content for layer, content in made}))  # fmt: skip
    return path


def test_points_and_boxes_are_those_of_the_image_with_what_they_mark(tmp_path):
    path = write_marks(
        tmp_path / "a.labelfix",
        marks("p", "points", [[3, 4], [5.5, 6], [90, 90]], told={"kind": ["cell", "not a cell", "cell"]}),
        marks("b", "shapes", [rectangle(1.5, 2.5, 8.5, 9.5), rectangle(-3.5, -0.5, 3.5, 4.5)]),
        colours=True,
    )  # fmt: skip
    [points], left = read_project(path, ("points",))
    assert (points.what, points.shape, points.name, points.image_name) == ("points", SHAPE, "cells", "cells.tif")
    np.testing.assert_array_equal(points.places, [[3, 4], [5.5, 6]])  # the third lies beside the image
    assert (points.cells.tolist(), points.diameter, left) == ([True, False], 8, {"boxes": 2})
    assert points.grid.units == ("micrometer", "micrometer")
    [boxes], left = read_project(path, ("boxes",))
    np.testing.assert_array_equal(boxes.places, [[2, 3, 9, 10], [0, 0, 4, 5]])  # counted from the edge, and cut off
    assert (boxes.source, left) == ("layer “my b” of a.labelfix", {"points": 3})


def test_marks_that_lie_elsewhere_are_brought_onto_the_image(tmp_path):
    there = placed(scale=(2.0, 2.0), translate=(4.0, 0.0))
    path = write_marks(tmp_path / "a.labelfix", marks("p", "points", [[0, 0], [3, 1]], placement=there))
    [points], _ = read_project(path, ("points",))
    np.testing.assert_allclose(points.places, [[4, 0], [10, 2]])
    assert points.diameter == pytest.approx(16)


def test_of_each_image_the_first_that_is_wanted_and_has_anything_in_it_is_taken(tmp_path):
    boxes = marks("b", "shapes", [rectangle(1, 1, 9, 9)])
    empty = layer("l", "corrected")
    elsewhere = marks("c", "shapes", [rectangle(2, 2, 9, 9)], image="j")
    path = write_marks(tmp_path / "a.labelfix", boxes, elsewhere, more=[empty], images=(("i", "one"), ("j", "two")))
    for wanted in (("labels", "boxes"), ("boxes", "labels")):
        found, left = read_project(path, wanted)
        assert [(one.what, one.name) for one in found] == [("boxes", "one"), ("boxes", "two")]
        assert not left
    [only], left = read_project(path, ("labels",))
    assert (only.what, only.name, left) == ("labels", "one", {"boxes": 2})
    [*nothing_wanted], _ = read_project(path, ("points",))
    assert {one.what for one in nothing_wanted} == {"boxes"}  # the format says that it cannot hold them


def test_what_a_person_draws_on_goes_before_other_shapes_and_what_a_model_found_is_not_taken(tmp_path):
    path = write_marks(
        tmp_path / "a.labelfix",
        marks("other", "shapes", [rectangle(0, 0, 5, 5)] * 2, role="", image=None),
        marks("right", "shapes", [rectangle(0, 0, 5, 5)], role="right_part"),
        marks("found", "shapes", [rectangle(0, 0, 5, 5)], role="found_boxes", author="model"),
        marks("b", "shapes", [rectangle(1, 1, 9, 9)]),
    )
    [boxes], _ = read_project(path, ("boxes",))
    assert boxes.source == "layer “my b” of a.labelfix"
    alone = write_marks(tmp_path / "b.labelfix", marks("other", "shapes", [rectangle(0, 0, 5, 5)], "", image=None))
    [boxes], _ = read_project(alone, ("boxes",))
    assert (boxes.name, len(boxes.places)) == ("cells", 1)
    two = write_marks(
        tmp_path / "c.labelfix", marks("other", "points", [[1, 1]], "", image=None), images=(("i", "a"), ("j", "b"))
    )
    with pytest.raises(InputError, match="There are no labels, boxes or points of a person"):
        read_project(two, ("points",))


def test_a_copy_of_what_was_found_is_taken_without_what_was_dropped(tmp_path):
    copied = marks("x", "points", [[1, 1], [5, 5]], role="", told={"role": ["detected", "pseudo-negative"]})
    [points], _ = read_project(write_marks(tmp_path / "a.labelfix", copied), ("points",))
    np.testing.assert_array_equal(points.places, [[1, 1]])


@pytest.mark.parametrize(
    "content", ["{}", '{"data": [[1]]}', '{"data": 3}', '{"data": [[1, 2]], "features": {"kind": 1}}']
)
def test_marks_that_make_no_sense_are_told(tmp_path, content):
    record, _ = marks("p", "points", [[1, 1]])
    with pytest.raises(ProjectError, match=r"a\.labelfix is damaged"):
        read_project(write_marks(tmp_path / "a.labelfix", (record, content)), ("points",))


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("layer", "placement", {"scale": [1, 1]}),
        ("layer", "placement", placed() | {"scale": ["one", 1]}),
        ("layer", "placement", placed() | {"scale": [1.0] * 3, "axis_labels": ["z", "y", "x"], "units": ["um"] * 3}),
        ("layer", "look", None),
        ("layer", "shape", [20]),
        ("layer", "shape", ["a", 2]),
        ("layer", "shape", [-2, 4]),
        ("layer", "dtype", "foo"),
        ("image", "shape", 3),
        ("object", "more", [1]),
    ],
)
def test_records_that_make_no_sense_are_told(tmp_path, table, column, said):
    path = write(
        tmp_path / "a.labelfix", [replace(layer("l", "corrected"), placement=placed())], objects=[ObjectRecord(1)]
    )
    with closing(sqlite3.connect(path)) as connection:
        text = said if column == "dtype" else json.dumps(said)
        connection.execute(f"UPDATE {table} SET {column} = ?", [text])
        connection.commit()
    with pytest.raises(ProjectError, match=r"a\.labelfix is damaged"):
        read_project(path, ("labels",))


def test_marks_of_more_axes_than_their_image_are_told(tmp_path):
    record, _ = marks("p", "points", [[0, 1, 1]])
    path = write_marks(tmp_path / "a.labelfix", (replace(record, shape=(1, 3)), json.dumps({"data": [[0, 1, 1]]})))
    with pytest.raises(ProjectError, match="“my p” has more axes than its image"):
        read_project(path, ("points",))


def test_classes_are_called_as_the_layer_says(tmp_path):
    objects = [ObjectRecord(1, more={"class": 2})]
    for told, names in [
        ({"1": "nucleus", "2": "mitosis"}, ("nucleus", "mitosis")),
        ({"2": 7, "x": "y"}, ("class 1", "class 2")),
        ("nonsense", ("class 1", "class 2")),
    ]:
        one = replace(layer("l", "corrected"), look={"class_names": told})
        [image] = read_labels(write(tmp_path / f"{len(str(told))}.labelfix", [one], objects=objects))
        assert image.class_names == names
