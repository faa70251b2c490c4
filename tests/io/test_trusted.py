"""What is trusted meets labels by name, as a mask or as right labels."""

from __future__ import annotations

import numpy as np
import pytest

from napari_labelfix.annotations import Instances
from napari_labelfix.errors import InputError
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.tasks import read_task
from napari_labelfix.io.trusted import trust

LABELS = np.zeros((20, 30), np.uint16)
LABELS[2:6, 2:6], LABELS[10:15, 10:20] = 1, 2


@pytest.fixture
def save(tmp_path):
    def save_at(name, pixels):
        path = tmp_path / f"{name}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, pixels)
        return path

    return save_at


@pytest.fixture
def read(save):
    """Image a with labels, a stack of three with labels, and c without labels."""
    images = [save(f"images/{name}", np.arange(600).reshape(20, 30)) for name in "ac"]
    images.append(save("images/stack", np.arange(1800).reshape(3, 20, 30)))
    return read_task(images, [save("lowq/a", LABELS), save("lowq/stack", np.stack([LABELS] * 3))], Instances)


def annotations(read):
    return {plane.name: plane.annotation for plane in read.task.planes}


def test_a_mask_says_where_the_labels_are_right(read, save):
    mask = np.zeros((20, 30), np.uint8)
    mask[:8] = 255
    found = annotations(trust(read, [save("right/a", mask)]))
    assert np.array_equal(found["a"].trusted, mask > 0)
    assert np.array_equal(found["a"].labels, LABELS)
    assert found["stack[0]"].trusted is None


def test_right_labels_take_the_place_of_the_others(read, save):
    right = LABELS * 7
    found = annotations(trust(read, [save("right/a", right)]))
    assert np.array_equal(found["a"].labels, right)
    assert found["a"].trusted.all()


def test_an_image_that_has_right_labels_alone(read, save):
    one_object = np.minimum(LABELS, 1)
    found = annotations(trust(read, [save("right/c", one_object)]))
    assert np.array_equal(found["c"].labels, one_object)
    assert found["c"].trusted.all()


def test_some_planes_of_a_stack_are_right(read, save):
    right = np.stack([LABELS * 0, LABELS * 3, LABELS * 0])
    found = annotations(trust(read, [save("right/stack", right)]))
    assert [found[f"stack[{z}]"].trusted is not None for z in range(3)] == [False, True, False]
    assert np.array_equal(found["stack[1]"].labels, LABELS * 3)


def test_a_plane_with_one_object_of_a_stack_of_right_labels_is_no_mask(read, save):
    one = np.where(LABELS == 2, 3, 0)
    found = annotations(trust(read, [save("right/stack", np.stack([LABELS, one, LABELS * 0]))]))
    assert np.array_equal(found["stack[1]"].labels, one)
    assert found["stack[1]"].trusted.all()


def test_a_mask_of_a_stack_says_in_each_plane_where_the_labels_are_right(read, save):
    mask = np.zeros((3, 20, 30), np.uint8)
    mask[0, :8], mask[2, 8:] = 1, 1
    found = annotations(trust(read, [save("right/stack", mask)]))
    for z in (0, 2):
        assert np.array_equal(found[f"stack[{z}]"].labels, LABELS)
        assert np.array_equal(found[f"stack[{z}]"].trusted, mask[z] > 0)
    assert found["stack[1]"].trusted is None


def test_axes_of_length_1_may_lack(save):
    read = read_task([save("images/a", np.arange(600).reshape(1, 1, 20, 30))], [], Instances)
    assert np.array_equal(annotations(trust(read, [save("right/a", LABELS)]))["a"].labels, LABELS)


@pytest.mark.parametrize(
    ("name", "pixels", "sentence"),
    [
        ("right/x", LABELS, "No image has the name of what is trusted: x"),
        ("right/a", LABELS[:-1], "Both must have the same"),
        ("right/a", LABELS + 0.5, "whole numbers"),
    ],
)
def test_what_cannot_be_trusted_is_told(read, save, name, pixels, sentence):
    with pytest.raises(InputError, match=sentence):
        trust(read, [save(name, pixels)])


def test_what_is_trusted_may_have_the_ending_of_an_export(read, save):
    found = annotations(trust(read, [save("right/a_labels", np.where(LABELS == 1, 1, 0) + 2 * (LABELS == 2))]))
    assert found["a"].trusted.all()


def test_two_files_for_one_image_are_refused(read, save):
    paths = [save("right/a", LABELS), save("right/a_labels", LABELS * 2)]
    with pytest.raises(InputError, match=r"could both say what is right in a\. Give one of them"):
        trust(read, paths)


@pytest.mark.parametrize("name", ["tiff", "png", "ome-zarr"])
def test_what_was_exported_into_a_folder_may_be_trusted(read, save, tmp_path, name):
    export([LabelImage.of("a", LABELS)], find_format(name), tmp_path / "exported")
    assert np.array_equal(annotations(trust(read, [tmp_path / "exported"]))["a"].labels, LABELS)
