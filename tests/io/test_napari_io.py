"""Saving as the File menu does it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from npe2 import PluginManager

from napari_labelfix.errors import OutputError
from napari_labelfix.io.annotation_files import AnnotationFiles
from napari_labelfix.io.grid import read_grid
from napari_labelfix.io.read import read_image


@pytest.fixture(autouse=True)
def manager():
    """The plugins as napari finds them; its own test support starts each test with none."""
    found = PluginManager.instance()
    found.discover()
    return found


def labels_layer(data, **attributes):
    from napari.layers import Labels

    return Labels(data, **attributes)


@pytest.mark.parametrize(("highest", "dtype"), [(65_535, "u2"), (65_536, "u4")])
@pytest.mark.parametrize("shape", [(20, 30), (3, 20, 30)])
def test_a_labels_layer_is_saved_in_the_bits_it_needs(tmp_path, shape, highest, dtype):
    data = np.zeros(shape, np.int32)
    data[..., 2:5, 2:5] = highest
    path = str(tmp_path / "corrected.tif")
    assert labels_layer(data, scale=(0.5,) * len(shape)).save(path, plugin="napari-labelfix") == [path]
    saved = tifffile.imread(path)
    assert saved.dtype == dtype
    np.testing.assert_array_equal(saved, data)


def test_the_finest_level_of_a_multiscale_layer_is_saved(tmp_path):
    data = np.arange(1600, dtype=np.int32).reshape(40, 40)
    labels_layer([data, data[::2, ::2]], multiscale=True).save(str(tmp_path / "a.tiff"), plugin="napari-labelfix")
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tiff"), data)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OutputError, match="was not written"):
        labels_layer(np.zeros((9, 9), int)).save(str(tmp_path / "no" / "a.tif"), plugin="napari-labelfix")


@pytest.mark.parametrize("suffix", [".tif", ".tiff"])
def test_napari_offers_the_writer_for_labels_only(manager, suffix):
    writer, _ = manager.get_writer(f"a{suffix}", ["labels"], "napari-labelfix")
    assert writer.command == "napari-labelfix.write_labels"
    assert manager.get_writer(f"a{suffix}", ["image"], "napari-labelfix")[0] is None


@pytest.mark.parametrize("chosen", [False, True], ids=["found by napari", "chosen in the dialog"])
def test_a_name_without_a_suffix_becomes_a_tif(tmp_path, manager, chosen):
    layer, path = labels_layer(np.ones((9, 9), int)), str(tmp_path / "a")
    if chosen:  # napari then hands over the path as it was typed
        from napari.plugins.io import save_layers

        writer, _ = manager.get_writer("a.tif", ["labels"], "napari-labelfix")
        written = save_layers(path, [layer], _writer=writer)
    else:
        written = layer.save(path, plugin="napari-labelfix")
    assert written == [path + ".tif"]
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]
    assert tifffile.imread(written[0]).all()


def test_the_pixel_size_is_saved(tmp_path):
    layer = labels_layer(np.ones((3, 9, 9), int), scale=(2, 0.5, 0.25), units=("um",) * 3, axis_labels=("z", "y", "x"))
    layer.save(str(tmp_path / "a.tif"), plugin="napari-labelfix")
    grid = read_grid(tmp_path / "a.tif", 3)
    assert (grid.axes, grid.scale, grid.units) == (("z", "y", "x"), (2, 0.5, 0.25), ("micrometer",) * 3)


@pytest.mark.parametrize("suffix", [".zip", ".geojson", ".json"])
def test_outlines_are_saved_for_other_programs_under_the_name_that_was_typed(tmp_path, suffix):
    data = np.zeros((20, 30), np.int32)
    data[3:9, 3:12], data[5, 5] = 7, 0
    path = tmp_path / f"mine{suffix}"
    assert labels_layer(data).save(str(path), plugin="napari-labelfix") == [str(path)]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    np.save(tmp_path / "mine.npy", np.random.default_rng(0).random((20, 30)))
    np.testing.assert_array_equal(AnnotationFiles([path], read_image(tmp_path / "mine.npy")).read_labels(), data)


def test_what_is_saved_as_coco_has_the_classes_of_the_layer_by_their_names(tmp_path):
    tag = {"labelfix": {"role": "corrected", "classes": {1: "nucleus", 2: "mitosis"}}}
    layer = labels_layer(np.diag([1, 2, 2]), features={"index": [1, 2], "class": [1, 2]}, metadata=tag)
    layer.save(str(tmp_path / "a.json"), plugin="napari-labelfix")
    saved = json.loads((tmp_path / "a.json").read_text())
    assert [category["name"] for category in saved["categories"]] == ["nucleus", "mitosis"]
    assert [found["category_id"] for found in saved["annotations"]] == [1, 2]
