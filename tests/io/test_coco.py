"""COCO files of many objects and of many images are read quickly, in little memory, and what is wrong is told."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from tricky import tricky, tricky_plane

from napari_labelfix.annotations import Instances
from napari_labelfix.errors import InputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.pairing import find_annotations, pair
from napari_labelfix.io.read import read_image


def image_file(folder, shape, name="cells"):
    np.save(folder / f"{name}.npy", np.random.default_rng(0).random(shape))
    return read_image(folder / f"{name}.npy")


def squares(side, across):
    """Labels of (side, side) with so many squares in a row."""
    step = side // across
    labels = np.arange(1, across**2 + 1).reshape(across, across).repeat(step, axis=0).repeat(step, axis=1)
    inside = np.arange(len(labels)) % step >= step // 2
    return labels * inside * inside[:, None]


def write(path, *annotations):
    images = [{"id": 1, "file_name": "cells.png", "height": 40, "width": 52}]
    path.write_text(json.dumps({"images": images, "annotations": [{"image_id": 1} | one for one in annotations]}))
    return [path]


def test_run_lengths_of_many_objects_take_no_plane_each(tmp_path):
    labels = squares(1000, 10)
    file = image_file(tmp_path, labels.shape)
    export([LabelImage.of("cells", labels)], find_format("coco-rle"), tmp_path)
    tracemalloc.start()
    try:
        found = AnnotationFiles([tmp_path / "cells_coco_rle.json"], file).read_labels()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(found, labels)
    assert peak < 20 * labels.size, "some planes, but not one for each object"


def test_a_file_is_parsed_once(tmp_path, monkeypatch):
    export([tricky(), LabelImage.of("b", tricky_plane())], find_format("coco"), tmp_path / "coco")
    parsed, really_parse = [], json.loads
    monkeypatch.setattr(json, "loads", lambda *text, **how: parsed.append(1) or really_parse(*text, **how))
    files = [image_file(tmp_path, (40, 52), name) for name in ("cells", "b")]
    pairs = pair([file.path for file in files], find_annotations([tmp_path / "coco"]))
    for file in files:
        np.testing.assert_array_equal(AnnotationFiles(pairs[file.stem], file).read_labels(), tricky_plane())
    assert len(parsed) == 1


@pytest.mark.parametrize("counts", [[0, 5, -2, 4], [0, 40 * 52 + 1], [[1], [2, 3]], ["a"]])
def test_run_lengths_that_do_not_fit_are_told(tmp_path, counts):
    file = image_file(tmp_path, (40, 52))
    paths = write(tmp_path / "a.json", {"segmentation": {"counts": counts}})
    with pytest.raises(InputError, match="is not a file of annotations that can be read"):
        AnnotationFiles(paths, file).read(Instances)


def test_run_lengths_that_end_outside_or_inside_are_whole(tmp_path):
    file = image_file(tmp_path, (40, 52))
    paths = write(tmp_path / "a.json", *({"segmentation": {"counts": counts}} for counts in ([3, 4, 5], [2078, 2])))
    labels = AnnotationFiles(paths, file).read_labels()
    assert np.flatnonzero(labels.T == 1).tolist() == [3, 4, 5, 6]
    assert np.flatnonzero(labels.T == 2).tolist() == [2078, 2079]


def test_what_a_file_does_not_say_is_told(tmp_path):
    file = image_file(tmp_path, (40, 52))
    [path] = write(tmp_path / "a.json", {"bbox": [1, 2, 3, 4]})
    whole = json.loads(path.read_text())
    for part, key in (("annotations", "image_id"), ("images", "id"), ("images", "width")):
        [entry] = whole[part]
        path.write_text(json.dumps(whole | {part: [{name: entry[name] for name in entry if name != key}]}))
        with pytest.raises(InputError, match=rf"has no {key} in .*a\.json, which COCO wants"):
            AnnotationFiles([path], file).read(Instances)


def test_an_image_of_another_size_is_told(tmp_path):
    paths = write(tmp_path / "a.json", {"bbox": [1, 2, 3, 4]})
    with pytest.raises(InputError, match=r"cells is 41 x 52, but .* says 40 x 52"):
        AnnotationFiles(paths, image_file(tmp_path, (41, 52))).read(Instances)


def test_run_lengths_of_an_image_of_another_size_are_told(tmp_path):
    file = image_file(tmp_path, (40, 52))
    segmentation = {"size": [52, 40], "counts": [5, 10]}
    paths = write(tmp_path / "a.json", {"id": 1, "category_id": 1, "segmentation": segmentation})
    with pytest.raises(InputError, match=r"of an image of \[52, 40\], not \[40, 52\]"):
        AnnotationFiles(paths, file).read(Instances)
