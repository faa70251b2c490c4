"""The labels of a project are exported with what is known about them, whatever stands there."""

import numpy as np
import pytest

from napari_labelfix.project.blocks import Key
from napari_labelfix.project.label_images import read_project_labels
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


@pytest.mark.parametrize(
    ("said", "number"),
    [(3, 3), (2.0, 2), (float("nan"), 1), (float("inf"), 1), ("tumour", 1), ("2", 1), (None, 1), (0, 1), (2.5, 1)],
)
def test_only_whole_numbers_from_1_up_are_classes(tmp_path, said, number):
    path = write(tmp_path / "a.labelfix", [layer("l", "corrected")], objects=[ObjectRecord(1, more={"class": said})])
    [image] = read_project_labels(path)
    assert image.class_of(1) == number


def test_files_are_named_by_the_layer_too_where_images_would_have_one_name(tmp_path):
    several = [layer("a", "mine", position=0), layer("b", "yours/2", position=1), layer("c", "mine", position=2)]
    found = read_project_labels(write(tmp_path / "a.labelfix", several))
    assert [image.name for image in found] == ["cells_mine", "cells_yours_2", "cells_mine_2"]
    assert [len(image.numbers) for image in found] == [1, 2, 3]
    assert {image.image_name for image in found} == {""}
    folders = [layer("a", "corrected"), layer("b", "corrected [1]", "j", position=1)]
    path = write(tmp_path / "b.labelfix", folders, [("i", "/one/cells.tif"), ("j", "/two/cells.tif")])
    assert [image.name for image in read_project_labels(path)] == ["cells_corrected", "cells_corrected [1]"]
    one = write(tmp_path / "c.labelfix", [layer("a", "corrected")])
    assert [image.name for image in read_project_labels(one)] == ["cells"]
