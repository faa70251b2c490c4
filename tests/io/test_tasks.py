"""Images and annotations meet by their names."""

from __future__ import annotations

import numpy as np
import pytest

from napari_labelfix.annotations import Instances, Scribbles
from napari_labelfix.errors import InputError
from napari_labelfix.io.tasks import read_task


def write(path, shape, dtype=np.uint8, constant=None):
    path.parent.mkdir(exist_ok=True)
    pixels = np.arange(np.prod(shape)).reshape(shape) % 199
    np.save(path, (pixels if constant is None else np.full(shape, constant)).astype(dtype))
    return path


def test_annotations_pair_with_images_by_stem(tmp_path):
    write(tmp_path / "images" / "a.npy", (20, 30))
    write(tmp_path / "images" / "b.npy", (4, 20, 30))
    write(tmp_path / "images" / "c.npy", (9, 9))
    write(tmp_path / "marks" / "b.npy", (4, 20, 30), constant=1)
    write(tmp_path / "marks" / "a.npy", (20, 30), constant=2)
    read = read_task([tmp_path / "images"], [tmp_path / "marks"])
    assert [plane.name for plane in read.task.planes] == ["a", "b[0]", "b[1]", "b[2]", "b[3]", "c"]
    kinds = [type(plane.annotation) for plane in read.task.planes]
    assert kinds == [Scribbles] * 5 + [type(None)]
    assert read.task.planes[0].annotation.marks.max() == 2
    assert [(file.stem, list(planes)) for file, planes in read.planes_of_files()] == [
        ("a", [0]),
        ("b", [1, 2, 3, 4]),
        ("c", [5]),
    ]


def test_labels_are_read_for_methods_that_learn_from_instances(tmp_path):
    image = write(tmp_path / "a.npy", (20, 30))
    labels = write(tmp_path / "labels" / "a.npy", (20, 30), np.int32)
    read = read_task([image], [labels], Instances)
    assert isinstance(read.task.planes[0].annotation, Instances)


def test_an_annotation_without_an_image_is_told_by_name(tmp_path):
    image = write(tmp_path / "a.npy", (20, 30))
    marks = [write(tmp_path / "marks" / f"{name}.npy", (20, 30)) for name in ("x", "a", "y")]
    with pytest.raises(InputError, match="No image has the name of these annotations: x, y"):
        read_task([image], marks)


def test_an_image_as_its_own_annotation_is_told(tmp_path):
    write(tmp_path / "images" / "a.npy", (20, 30))
    with pytest.raises(InputError, match="as an image and as its annotation"):
        read_task([tmp_path / "images"], [tmp_path / "images"])


@pytest.mark.parametrize(
    ("image", "marks", "sentence"),
    [
        ((20, 30), (20, 31), "is 20 x 30 but .* is 20 x 31"),
        ((5, 20, 30), (4, 20, 30), "is 5 planes of 20 x 30 but .* is 4 planes of 20 x 30"),
        ((5, 20, 30), (20, 30), "is 5 planes of 20 x 30 but .* is 20 x 30"),
    ],
)
def test_sizes_that_differ_are_told(tmp_path, image, marks, sentence):
    with pytest.raises(InputError, match=sentence):
        read_task([write(tmp_path / "a.npy", image)], [write(tmp_path / "marks" / "a.npy", marks)])


def test_pixels_that_cannot_be_learned_from_are_told(tmp_path):
    with pytest.raises(InputError, match="is constant"):
        read_task([write(tmp_path / "a.npy", (20, 30), constant=7)])
    with pytest.raises(InputError, match="NaN"):
        read_task([write(tmp_path / "b.npy", (20, 30), np.float32, constant=np.nan)])


def test_grey_and_colour_together_are_told(tmp_path):
    images = [write(tmp_path / "a.npy", (20, 30)), write(tmp_path / "b.npy", (20, 30, 3))]
    with pytest.raises(InputError, match="channels"):
        read_task(images)


def test_labels_that_look_like_a_mask_are_doubted(tmp_path):
    mask = np.zeros((20, 30), np.uint8)
    mask[::6] = 255
    two = np.where(np.arange(20)[:, None] == 18, 3, mask)
    for name, labels in (("mask", mask), ("numbered", two), ("whole", np.full((20, 30), 7))):
        np.save(tmp_path / f"{name}.npy", np.random.default_rng(0).random((20, 30)))
        (tmp_path / "labels").mkdir(exist_ok=True)
        np.save(tmp_path / "labels" / f"{name}.npy", labels)
    images = [tmp_path / f"{name}.npy" for name in ("mask", "numbered", "whole")]
    [doubt] = read_task(images, [tmp_path / "labels"], Instances).doubts()
    assert doubt.startswith("The labels of mask have one number in 4 separate pieces, which counts as one object.")
