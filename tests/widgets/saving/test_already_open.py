"""A project is opened, or restored, when its images are open already: they become its own, and no second ones come."""

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel
from npe2 import PluginManager

from napari_labelfix.methods.table import METHODS
from napari_labelfix.project.records import KEPT, Batch
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import open_project
from napari_labelfix.widgets.viewer import layers

STROKE = (np.full(9, 30), np.arange(9))


@pytest.fixture
def file(spots, tmp_path):
    """An image file."""
    PluginManager.instance().discover()  # napari's readers; a window would do it
    tifffile.imwrite(tmp_path / "cells.tif", spots)
    return tmp_path / "cells.tif"


@pytest.fixture
def viewer(qtbot):
    """The viewer of the program that was started again."""
    viewer = ViewerModel()
    yield viewer
    autosaver_of(viewer).close()


@pytest.fixture
def dock_in(trainer, qtbot):
    docks = []

    def dock_in(viewer):
        autosaver_of(viewer)  # a moment after a dock opens it follows the layers
        dock = MethodDock(viewer, METHODS["scribble2label"], trainer)
        qtbot.addWidget(dock)
        docks.append(dock)
        return dock

    yield dock_in
    for dock in docks:
        dock.close_session()


def opened(viewer, file):
    [image] = viewer.open(str(file), plugin="napari")
    return image


def scribble(dock):
    dock.inputs.create_annotation()
    dock.inputs.annotation.data_setitem(STROKE, 2)


def left(viewer, tmp_path):
    """Save the work in a viewer, and let go of it; return its file."""
    saver, path = autosaver_of(viewer), tmp_path / "mine.labelfix"
    saver.save_as(path)
    assert saver.save_now()
    saver.close()
    return path


@pytest.fixture
def saved(file, dock_in, tmp_path):
    """A project with scribbles on the image file."""
    before = ViewerModel()
    image = opened(before, file)
    image.name, image.scale, image.colormap = "nuclei", (0.5, 0.5), "green"
    scribble(dock_in(before))
    return left(before, tmp_path)


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_an_image_that_is_open_becomes_that_of_the_project_and_the_dock_shows_its_scribbles(
    saved, viewer, file, dock_in
):
    image = opened(viewer, file)
    dock = dock_in(viewer)
    assert open_project(viewer, saved) == []
    assert names(viewer) == ["nuclei", "nuclei scribbles"]
    assert viewer.layers[0] is image
    assert dock.inputs.image is image
    assert dock.inputs.annotation is viewer.layers[1]
    assert dock.inputs.annotation.data[30, 5] == 2
    assert (image.scale.tolist(), image.colormap.name) == ([0.5, 0.5], "green")


def test_it_does_so_where_no_dock_has_seen_the_image_yet(saved, viewer, file):
    image = opened(viewer, file)
    open_project(viewer, saved)
    assert names(viewer) == ["nuclei", "nuclei scribbles"]
    assert layers.image_id_of(viewer.layers[1]) == layers.image_id(image)


def test_the_dock_stays_on_the_image_among_others(saved, viewer, file, dock_in, spots):
    image = opened(viewer, file)
    dock = dock_in(viewer)
    viewer.add_image(spots + 1, name="other")
    open_project(viewer, saved)
    assert dock.inputs.image is image
    assert dock.inputs.annotation is viewer.layers["nuclei scribbles"]
    assert names(viewer) == ["other", "nuclei", "nuclei scribbles"]


def test_what_is_drawn_then_is_saved_in_the_project_and_nothing_before(saved, viewer, file, dock_in):
    opened(viewer, file)
    dock = dock_in(viewer)
    open_project(viewer, saved)
    saver = autosaver_of(viewer)
    assert [one.layer.name for one in saver._changes.followed if list(one._changes(one._sent))] == []
    dock.inputs.annotation.data_setitem((np.full(9, 40), np.arange(9)), 1)
    assert saver.save_now()
    saver.close()
    again = ViewerModel()
    assert open_project(again, saved) == []
    assert names(again) == ["nuclei", "nuclei scribbles"]
    assert again.layers[1].data[40, 5] == 1


def test_a_project_of_an_image_alone_is_saved_on_under_the_same_id(viewer, file, tmp_path):
    before = ViewerModel()
    opened(before, file)
    path = left(before, tmp_path)
    opened(viewer, file)
    saver = autosaver_of(viewer)
    open_project(viewer, path)
    viewer.layers[0].gamma = 0.5
    assert saver.save_now()
    saver.close()
    with Project.look(path) as project:
        assert [image.id for image in project.images()] == [layer.id for layer in project.layers()]
        assert [layer.look["gamma"] for layer in project.layers()] == [0.5]


def test_an_image_of_no_file_is_known_by_its_pixels_and_still_kept(viewer, spots, dock_in, tmp_path):
    before = ViewerModel()
    before.add_image(spots, name="sample")
    scribble(dock_in(before))
    path = left(before, tmp_path)
    image = viewer.add_image(spots.copy(), name="sample")
    dock = dock_in(viewer)
    open_project(viewer, path)
    assert names(viewer) == ["sample", "sample scribbles"]
    assert dock.inputs.image is image
    assert dock.inputs.annotation is viewer.layers[1]
    viewer.layers[0].name = "renamed"
    assert autosaver_of(viewer).save_now()
    autosaver_of(viewer).close()
    with Project.look(path) as project:
        [kept] = project.images()
        assert (kept.name, kept.reader) == ("renamed", KEPT)
        np.testing.assert_array_equal(project.pixels(project.layers()[0]), spots)


def test_an_image_that_there_was_no_time_to_keep_is_kept_now(viewer, spots, dock_in, tmp_path):
    before = ViewerModel()
    before.add_image(spots, name="sample")
    scribble(dock_in(before))
    path = left(before, tmp_path)
    with Project.open(path) as project:
        [image], [layer, _] = project.images(), project.layers()
        project.write(Batch(images=[type(image)(**{**vars(image), "reader": ""})], emptied=[layer.id]))
    viewer.add_image(spots.copy(), name="sample")
    assert open_project(viewer, path) == []
    assert autosaver_of(viewer).save_now()
    autosaver_of(viewer).close()
    again = ViewerModel()
    assert open_project(again, path) == []
    np.testing.assert_array_equal(again.layers["sample"].data, spots)


def test_channels_that_are_open_are_those_of_the_project(viewer, spots, dock_in, tmp_path):
    PluginManager.instance().discover()
    file = tmp_path / "cells.tif"
    tifffile.imwrite(file, np.stack([spots, spots / 2, spots / 3]), photometric="minisblack")
    before = ViewerModel()
    before.open(str(file), plugin="napari", channel_axis=0, name=["dapi", "gfp", "rfp"])
    dock = dock_in(before)
    dock.inputs.images.choose(before.layers["dapi"])
    scribble(dock)
    dock.inputs.images.others_button.choose_channels([before.layers["rfp"], before.layers["gfp"]])
    path = left(before, tmp_path)
    viewer.open(str(file), plugin="napari", channel_axis=0)
    viewer.layers.move(0, 3)
    images = list(viewer.layers)
    dock = dock_in(viewer)
    assert open_project(viewer, path) == []
    assert names(viewer) == ["dapi", "gfp", "rfp", "dapi scribbles"]
    assert set(images) == set(viewer.layers[:3])
    for layer, part in zip(viewer.layers[:3], (1, 2, 3), strict=True):
        np.testing.assert_array_equal(layer.data, spots / np.float32(part))
    assert dock.inputs.image is viewer.layers["dapi"]
    shown = dock.inputs.images.channels_of(dock.inputs.image)
    assert [layer.name for layer in shown] == ["dapi", "rfp", "gfp"]


def test_channels_that_were_chosen_since_stay_chosen(saved, viewer, file, dock_in, spots):
    image = opened(viewer, file)
    other = viewer.add_image(spots + 1, name="other")
    dock = dock_in(viewer)
    dock.inputs.images.choose(image)
    layers.note_channels(image, [other])
    layers.note_channels(other, [image])
    open_project(viewer, saved)
    assert layers.further_channels(viewer, image) == [other]
    assert layers.further_channels(viewer, other) == [image]
    assert dock.inputs.image is image


def test_of_several_images_those_that_are_open_are_taken_and_the_others_opened(viewer, file, spots, tmp_path, dock_in):
    tifffile.imwrite(tmp_path / "second.tif", spots[::-1])
    before = ViewerModel()
    for name in ("cells", "second"):
        image = opened(before, tmp_path / f"{name}.tif")
        dock = dock_in(before)
        dock.inputs.images.choose(image)
        scribble(dock)
    path = left(before, tmp_path)
    image = opened(viewer, tmp_path / "second.tif")
    assert open_project(viewer, path) == []
    assert sorted(names(viewer)) == ["cells", "cells scribbles", "second", "second scribbles"]
    assert viewer.layers["second"] is image


def test_an_image_with_layers_that_were_made_since_stays_as_it_is(saved, viewer, file, dock_in):
    image = opened(viewer, file)
    dock = dock_in(viewer)
    scribble(dock)
    mine = dock.inputs.annotation
    open_project(viewer, saved)
    assert len(viewer.layers) == 4
    assert dock.inputs.annotation is mine
    assert layers.image_id_of(mine) == layers.image_id(image)
    assert autosaver_of(viewer).save_now()
    autosaver_of(viewer).close()
    with Project.look(saved) as project:
        assert len(project.layers()) == 4


def test_another_image_of_the_same_size_and_name_is_not_taken(saved, viewer, spots):
    viewer.add_image(spots[::-1], name="cells")
    open_project(viewer, saved)
    assert names(viewer) == ["cells", "nuclei", "nuclei scribbles"]


def test_pixels_of_no_file_do_not_take_the_place_of_a_file(saved, viewer, spots):
    """The project would know the file no longer, and might be too small for the pixels."""
    viewer.add_image(spots, name="cells")
    open_project(viewer, saved)
    assert names(viewer) == ["cells", "nuclei", "nuclei scribbles"]


def test_of_two_that_are_alike_the_one_of_its_file_is_taken(saved, viewer, file, spots, tmp_path):
    tifffile.imwrite(tmp_path / "copy.tif", spots)
    opened(viewer, tmp_path / "copy.tif")
    image = opened(viewer, file)
    open_project(viewer, saved)
    assert layers.image_id_of(viewer.layers["nuclei scribbles"]) == layers.image_id(image)
    assert names(viewer) == ["copy", "nuclei", "nuclei scribbles"]


@pytest.mark.parametrize(("name", "count"), [("nuclei", 2), ("other", 3)])
def test_without_a_fingerprint_the_file_and_the_name_tell(saved, viewer, file, name, count):
    with Project.open(saved) as project:
        [image] = project.images()
        project.write(Batch(images=[type(image)(**{**vars(image), "pixel_fingerprint": "", "file_fingerprint": ""})]))
    opened(viewer, file).name = name
    open_project(viewer, saved)
    assert len(viewer.layers) == count


def test_an_image_that_cannot_be_read_any_more_is_not_taken(saved, viewer, spots):
    import dask.array

    def gone(_block):
        raise OSError("It is gone.")

    image = viewer.add_image(dask.array.from_array(spots), name="cells")
    image._data = dask.array.from_array(spots).map_blocks(gone, dtype=spots.dtype)
    image._source = type(image.source)(path=str(saved))
    open_project(viewer, saved)
    assert len(viewer.layers) == 3
