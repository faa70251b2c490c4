"""The Export dock as a person uses it: see what there is, choose, export, and import again."""

import json
from time import process_time

import numpy as np
import pandas as pd
import pytest
import tifffile
from napari.layers import Labels, Points, Shapes
from napari.utils.colormaps.standardize_color import transform_color
from person import Person
from qtpy.QtCore import Qt

from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.review.states import Record, RecordChanges, State
from napari_labelfix.widgets.export_dock import ExportDock
from napari_labelfix.widgets.exporting.content import content_of
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.class_names import classes_of, set_classes
from napari_labelfix.widgets.viewer.colors import PALETTE
from napari_labelfix.widgets.viewer.history import history_of

PLACED = {"scale": (2.0, 0.5, 0.25), "units": ("um", "um", "um"), "translate": (0, 5, 7)}


def three_objects():
    labels = np.zeros((2, 40, 50), np.int32)
    labels[0, 5:15, 5:15], labels[0, 20:30, 20:40], labels[1, 30:40, 0:9] = 1, 2, 1_000_003
    return labels


@pytest.fixture
def viewer(make_napari_viewer, tmp_path):
    """A window with an image of a file, a proposal, and the corrected layer below it, renamed."""
    viewer = make_napari_viewer(show=True)
    tifffile.imwrite(tmp_path / "cells.tif", np.random.default_rng(0).random((2, 40, 50)).astype("f4"))
    [image] = viewer.open(tmp_path / "cells.tif", plugin="napari", **PLACED)
    for role, data in (("corrected", three_objects()), ("proposal", np.zeros((2, 40, 50), np.int32))):
        layer = Labels(data, name=f"my {role}", **image_planes.placement(image))
        layers.link(layer, role, image)
        viewer.add_layer(layer)
    viewer.add_labels(np.zeros((2, 40, 50), np.uint8), name="scribbles", metadata={"labelfix": {"role": "scribbles"}})
    return viewer


@pytest.fixture
def dock(viewer, qtbot):
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Export")
    assert isinstance(dock, ExportDock)
    qtbot.waitUntil(lambda: "object" in dock.content.text(), timeout=15_000)
    return dock


@pytest.fixture
def person(viewer, qtbot):
    return Person(viewer, qtbot)


def choose(dock, name):
    dock.formats.setCurrentIndex(dock.formats.findData(name))


def wait_for_end(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.exporting.busy and not dock.importing.busy, timeout=10_000)
    qtbot.wait(20)


def test_files_are_announced_as_they_will_be_called(dock, viewer):
    viewer.layers["cells"].name = "scan 3/4 <DAPI>"
    choose(dock, "yolo")
    choose(dock, "imagej")
    assert "scan 3_4 _DAPI__rois.zip" in dock.explanation.text()


def test_what_will_be_exported_is_shown_first(dock, viewer, tmp_path, qtbot):
    assert dock.chosen.layer is viewer.layers["my corrected"]
    assert dock.chosen.findText("scribbles") == -1
    assert dock.content.text() == "3 objects, 2 x 40 x 50 pixels, a pixel is 2 x 0.5 x 0.25 µm."
    assert dock.folder.text() == str(tmp_path / "labels")
    choose(dock, "imagej")
    assert "cells_rois.zip" in dock.explanation.text()
    dock.saving.begin()  # from now on objects have states, and the new one is an edit, which is no review
    viewer.layers["my corrected"].fill((1, 0, 0), 9)  # the background of the second plane
    qtbot.waitUntil(lambda: dock.content.text().startswith("4 objects"), timeout=15_000)


def test_what_belongs_to_the_image_in_view_is_offered_first_until_a_person_chooses(dock, viewer):
    other = viewer.add_image(np.zeros((2, 40, 50)), name="other")
    labels = Labels(three_objects(), name="of the other")
    layers.link(labels, "corrected", other)
    viewer.add_layer(labels)
    for in_view, hidden in (("cells", "other"), ("other", "cells")):
        for layer in viewer.layers:
            belongs = layers.image_id_of(layer) == layers.image_id(viewer.layers[hidden])
            layers.hide_meanwhile(layer) if belongs else layers.show(layer)
        dock.hide()
        dock.show()  # as behind another dock, in which another image is taken in hand
        assert layers.image_id_of(dock.chosen.layer) == layers.image_id(viewer.layers[in_view])
        assert dock.images.layer is viewer.layers[in_view]
    dock.chosen.setCurrentIndex(dock.chosen.findText("my corrected"))
    dock.chosen.activated.emit(dock.chosen.currentIndex())
    dock.hide()
    dock.show()
    assert dock.chosen.layer is viewer.layers["my corrected"]


@pytest.mark.parametrize(
    ("units", "size"),
    [(("s", "um", "um"), "30 s x 0.5 µm x 0.25 µm"), (("pixel",) * 3, "30 x 0.5 x 0.25 (no unit)")],
    ids=["units", "none"],
)
def test_the_size_of_a_pixel_of_a_time_lapse_has_the_unit_of_each_axis(make_napari_viewer, qtbot, units, size):
    viewer = make_napari_viewer(show=True)
    viewer.add_labels(three_objects(), scale=(30, 0.5, 0.25), units=units, axis_labels=("t", "y", "x"))
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Export")
    said = f"3 objects, 2 x 40 x 50 pixels, a pixel is {size}."
    qtbot.waitUntil(lambda: "object" in dock.content.text(), timeout=15_000)
    assert dock.content.text() == said


@pytest.mark.parametrize("name", ["tiff", "imagej", "coco", "objects"])
def test_a_click_exports_the_corrected_layer(dock, person, tmp_path, qtbot, name):
    choose(dock, name)
    person.click(dock.export_button)
    wait_for_end(dock, qtbot)
    assert dock.message.mood == "done", dock.message.text()
    assert dock.message.text().startswith("3 objects exported: cells")
    record = json.loads((tmp_path / "labels" / f"cells_{name}_export.json").read_text())
    [image] = record["images"]
    assert (image["objects"], image["image"], image["scale"]) == (3, "cells.tif", [2.0, 0.5, 0.25])
    assert image["units"] == ["micrometer"] * 3
    assert image["source"] == "layer “my corrected”"


def test_what_is_exported_are_the_pixels_of_the_layer(dock, person, tmp_path, qtbot):
    person.click(dock.export_button)
    dock.chosen.layer.data[:] = 0  # what comes later does not count
    wait_for_end(dock, qtbot)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "labels" / "cells_labels.tif"), three_objects())


def test_a_proposal_is_exported_only_when_it_is_chosen_and_that_is_said(dock, viewer):
    dock.chosen.choose(viewer.layers["my proposal"])
    assert "nobody has accepted" in dock.message.text()


@pytest.mark.parametrize("picked", [False, True])
def test_what_is_accepted_later_is_chosen_unless_a_person_has_picked_another_layer(make_napari_viewer, picked, qtbot):
    viewer = make_napari_viewer()
    image = viewer.add_image(np.zeros((40, 50), np.float32))
    proposal, corrected = (Labels(three_objects()[0], name=role) for role in ("proposal", "corrected"))
    layers.link(proposal, "proposal", image)
    viewer.add_layer(proposal)
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Export")
    assert dock.chosen.layer is proposal
    if picked:
        dock.chosen.activated.emit(1)
    layers.link(corrected, "corrected", image)
    viewer.add_layer(corrected)
    assert dock.chosen.layer is (proposal if picked else corrected)


def test_what_goes_wrong_is_a_sentence(dock, person, tmp_path, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr("napari_labelfix.widgets.export_dock.show_error", told.append)
    (tmp_path / "file").write_text("")
    dock.folder.setText(str(tmp_path / "file"))
    person.click(dock.export_button)
    wait_for_end(dock, qtbot)
    assert dock.message.mood == "error"
    assert told == [dock.message.text()]
    assert "is a file, but a folder is wanted" in told[0]
    assert dock.export_button.isEnabled()
    dock.folder.selectAll()
    qtbot.keyClicks(dock.folder, str(tmp_path / "folder"))
    assert dock.message.text() == "Choose a format and press Export.", "another folder was chosen, as it had said"


def test_without_labels_there_is_nothing_to_press(make_napari_viewer):
    dock = ExportDock(make_napari_viewer())
    assert not dock.export_button.isEnabled()
    assert not dock.import_button.isEnabled()
    assert "There is nothing yet" in dock.message.text()


@pytest.mark.parametrize("name", ["imagej", "geojson", "coco-rle", "cellpose", "tiff"])
def test_outlines_of_other_programs_become_labels_on_the_image(dock, viewer, tmp_path, qtbot, name):
    labels = three_objects()
    exported = export([LabelImage.of("cells", labels)], find_format(name), tmp_path / "others")
    dock.import_files([tmp_path / "others" / exported.files[0]])
    wait_for_end(dock, qtbot)
    assert dock.message.mood == "done", dock.message.text()
    added = viewer.layers[-1]
    assert isinstance(added, Labels)
    np.testing.assert_array_equal(added.data > 0, labels > 0)
    np.testing.assert_array_equal(added.scale, PLACED["scale"])
    np.testing.assert_array_equal(added.translate, PLACED["translate"])
    assert [str(unit) for unit in added.units] == ["micrometer"] * 3


def test_classes_and_their_names_come_back_with_the_objects(dock, viewer, tmp_path, qtbot):
    classes, names = {1: 1, 2: 2, 1_000_003: 1}, {1: "nucleus", 2: "mitosis"}
    image = LabelImage.of("cells", three_objects(), classes=classes, names=names)
    exported = export([image], find_format("coco"), tmp_path)
    dock.import_files([tmp_path / exported.files[0]])
    wait_for_end(dock, qtbot)
    added = viewer.layers[-1]
    assert classes_of(added) == {1: "nucleus", 2: "mitosis"}
    table = history_of(added).records.table
    assert dict(zip(table.ids.tolist(), table.classes.tolist(), strict=True)) == image.classes


def test_the_planes_of_a_stack_become_one_layer(dock, viewer, tmp_path, qtbot):
    labels = three_objects()
    exported = export([LabelImage.of("cells", labels)], find_format("png"), tmp_path)
    dock.import_files([tmp_path / name for name in exported.files if name.endswith("_labels.png")])
    wait_for_end(dock, qtbot)
    assert dock.message.mood == "done", dock.message.text()
    assert viewer.layers[-1].name == "cells_labels"
    np.testing.assert_array_equal(viewer.layers[-1].data > 0, labels > 0)


def test_points_and_boxes_become_points_and_rectangles(dock, viewer, tmp_path, qtbot):
    export([LabelImage.of("cells", three_objects())], find_format("points"), tmp_path)
    dock.import_files([tmp_path / "cells_points.csv"])
    wait_for_end(dock, qtbot)
    points = viewer.layers[-1]
    assert isinstance(points, Points)
    np.testing.assert_allclose(points.data, [(0, 9.5, 9.5), (0, 24.5, 29.5), (1, 34.5, 4)])
    np.testing.assert_array_equal(points.scale, PLACED["scale"])
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [3, 4, 10, 20]}
    image = {"id": 1, "file_name": "cells.tif", "height": 40, "width": 50, "plane": [1]}
    (tmp_path / "boxes.json").write_text(json.dumps({"images": [image], "annotations": [box]}))
    dock.import_files([tmp_path / "boxes.json"])
    wait_for_end(dock, qtbot)
    boxes = viewer.layers[-1]
    assert isinstance(boxes, Shapes)
    np.testing.assert_array_equal(boxes.data[0].min(axis=0), [1, 3.5, 2.5])
    np.testing.assert_array_equal(boxes.data[0].max(axis=0), [1, 23.5, 12.5])


def test_that_boxes_lose_their_classes_and_outlines_is_said(dock, viewer, tmp_path, qtbot):
    image = {"id": 1, "file_name": "cells.tif", "height": 40, "width": 50, "plane": [1]}
    told = {"image_id": 1, "bbox": [3, 4, 10, 20]}
    boxes = [{"id": 1, "category_id": 1, **told}, {"id": 2, "category_id": 2, **told}]
    boxes[1]["segmentation"] = [[3, 4, 13, 4, 13, 24, 3, 24]]
    categories = [{"id": 1, "name": "cell"}, {"id": 2, "name": "debris"}]
    (tmp_path / "a.json").write_text(json.dumps({"images": [image], "annotations": boxes, "categories": categories}))
    dock.import_files([tmp_path / "a.json"])
    wait_for_end(dock, qtbot)
    assert isinstance(viewer.layers[-1], Shapes)
    assert dock.message.mood == "warning"
    assert "some objects have outlines and others only boxes, so all are taken as boxes" in dock.message.text()
    assert "Boxes have no classes here, so that those of the files (cell, debris) are left out." in dock.message.text()


def test_the_window_stays_responsive_while_a_large_layer_is_exported(viewer, dock, qtbot):
    """4096 x 4096 pixels with 4,000 objects: the click returns at once, and the event loop goes on turning."""
    rows, columns = np.indices((4096, 4096)) // 64
    large = viewer.add_labels((rows * 64 + columns).astype(np.int32), name="large")
    dock.chosen.choose(large)
    choose(dock, "coco-rle")
    started = process_time()
    dock.export()
    assert process_time() - started < 0.5
    turns = 0
    while dock.exporting.busy:
        qtbot.wait(5)
        turns += 1
    assert dock.message.mood == "done", dock.message.text()
    assert turns > 20


def test_only_what_was_accepted_is_exported_and_the_record_says_so(viewer, tmp_path, qtbot, person):
    layer = viewer.layers["my corrected"]
    layer.features = {
        "index": [1, 2, 1_000_003],
        "state": ["accepted", "edited", "rejected"],
        "source": ["m", "hand", "m"],
    }
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Export")
    qtbot.waitUntil(lambda: dock.content.text().startswith("2 of 3 objects, "))
    assert dock.selections.currentText() == "accepted and edited (2)", "what was reviewed is proposed"
    dock.selections.setCurrentIndex(dock.selections.findData("accepted"))
    dock.selections.activated.emit(dock.selections.currentIndex())
    qtbot.waitUntil(lambda: dock.content.text().startswith("1 of 3 objects, "))
    history_of(layer).step(None, RecordChanges(after={2: Record(State.ACCEPTED, source="hand")}), "accept")
    qtbot.waitUntil(lambda: dock.content.text().startswith("2 of 3 objects, "))
    assert dock.selection.name == "accepted", "the person's choice stays"
    choose(dock, "tiff")
    person.click(dock.export_button)
    wait_for_end(dock, qtbot)
    written = tifffile.imread(tmp_path / "labels" / "cells_labels.tif")
    np.testing.assert_array_equal(written, np.where(three_objects() == 1_000_003, 0, three_objects()))
    [record] = json.loads((tmp_path / "labels" / "cells_tiff_export.json").read_text())["images"]
    assert record["selection"] == "accepted"
    assert (record["objects"], record["objects_in_layer"]) == (2, 3)
    assert record["objects_per_state"] == {"accepted": 2}
    assert record["objects_per_source"] == {"m": 1, "hand": 1}


def test_classes_are_the_whole_numbers_of_the_features_whatever_else_stands_there(viewer, dock, qtbot):
    layer = viewer.layers["my corrected"]
    for kinds, classes in (([3.0, np.nan, -2.0], [3, 1, 1]), (["tumour", 2, None], [1, 2, 1])):
        layer.features = pd.DataFrame({"index": [1, 2, 1_000_003], "class": kinds})
        image = content_of(viewer, layer)()
        assert [image.class_of(number) for number in (1, 2, 1_000_003)] == classes
    set_classes(layer, {2: "mitosis"})
    counted = "3 objects of 2 classes (2 class 1, 1 mitosis), "
    qtbot.waitUntil(lambda: counted in dock.content.text(), timeout=15_000)


def test_where_objects_were_only_rejected_the_others_are_exported(viewer, tmp_path, qtbot, person):
    layer = viewer.layers["my corrected"]
    history_of(layer).step(None, RecordChanges({1: Record()}, {1: Record(state=State.REJECTED)}), "reject")
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Export")
    qtbot.waitUntil(lambda: dock.content.text().startswith("2 of 3 objects"), timeout=15_000)
    assert dock.selection.name == "all but rejected and ignored"


def test_an_export_of_nothing_is_no_success(dock, viewer, person, qtbot):
    dock.selections.setCurrentIndex(dock.selections.findData("accepted"))
    dock.selections.activated.emit(dock.selections.currentIndex())
    person.click(dock.export_button)
    wait_for_end(dock, qtbot)
    assert dock.message.text().startswith("0 objects exported: cells_labels.tif")
    assert dock.message.mood == "warning"


def test_without_a_folder_nothing_is_written_and_the_usual_one_comes_back(dock, tmp_path, qtbot, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dock.folder.selectAll()
    qtbot.keyClick(dock.folder, Qt.Key.Key_Delete)
    assert not dock.export_button.isEnabled()
    dock.export()
    assert not dock.exporting.busy
    qtbot.keyClick(dock.folder, Qt.Key.Key_Return)
    assert dock.folder.text() == str(tmp_path / "labels")
    assert dock.export_button.isEnabled()


@pytest.fixture
def marks(dock, viewer, qtbot):
    """Boxes and points of a person, and boxes that a method has found, on the image of the window."""
    image = viewer.layers["cells"]
    rectangle = np.array([[0, 4.5, 4.5], [0, 4.5, 14.5], [0, 14.5, 14.5], [0, 14.5, 4.5]])
    line = np.array([[0, 0, 0], [0, 9, 9]])
    boxes = Shapes(
        [rectangle, line, np.add(rectangle, (1, 20, 30)), np.add(rectangle, (0, 500, 0))],
        shape_type=["rectangle", "line", "rectangle", "rectangle"],
        features={"kind": ["cell", "cell", "not a cell", "cell"]},
        name="my boxes",
        **image_planes.placement(image),
    )
    found = Shapes(
        [rectangle, np.add(rectangle, (1, 0, 0))],
        features={"role": ["added", "dropped"]},
        name="found",
        **image_planes.placement(image),
    )
    points = Points(
        [[0, 10, 10], [1, 35.5, 4]], features={"kind": ["cell", "not a cell"]}, size=8, name="my points",
        **image_planes.placement(image),
    )  # fmt: skip
    for layer, role in ((boxes, "boxes"), (found, "found_boxes"), (points, "points")):
        layers.link(layer, role, image)
        viewer.add_layer(layer)
    return dock


def select(dock, viewer, name, qtbot):
    dock.chosen.choose(viewer.layers[name])
    qtbot.waitUntil(lambda: "pixels" in dock.content.text(), timeout=15_000)


def test_the_formats_are_those_that_can_hold_the_layer(marks, viewer, qtbot):
    assert marks.chosen.layer is viewer.layers["my corrected"]  # still: it is what was agreed to
    choose(marks, "png")
    select(marks, viewer, "my boxes", qtbot)
    offered = [marks.formats.itemData(row) for row in range(marks.formats.count())]
    assert offered == ["imagej", "coco-boxes", "yolo", "voc", "boxes"]
    assert not marks.selections.isEnabled()
    qtbot.waitUntil(lambda: marks.content.text().startswith("1 box and 1 of what is no cell, 2 x 40 x 50 pixels"))
    choose(marks, "yolo")
    assert "labels/cells.txt" in marks.explanation.text()
    select(marks, viewer, "my points", qtbot)
    qtbot.waitUntil(lambda: marks.content.text().startswith("1 point and 1 of what is no cell"))
    select(marks, viewer, "my boxes", qtbot)
    assert marks.format.name == "yolo"
    select(marks, viewer, "my corrected", qtbot)
    assert marks.format.name == "png"
    assert marks.selections.isEnabled()


def test_boxes_are_exported_as_they_lie_on_the_image(marks, viewer, person, tmp_path, qtbot):
    select(marks, viewer, "my boxes", qtbot)
    viewer.layers["my boxes"].translate = (0, 6, 7)  # two pixels down
    choose(marks, "boxes")
    person.click(marks.export_button)
    viewer.layers["my boxes"].selected_data = {0}
    viewer.layers["my boxes"].remove_selected()  # what comes later does not count
    wait_for_end(marks, qtbot)
    assert marks.message.mood == "done", marks.message.text()
    assert marks.message.text().startswith("1 box exported: cells_boxes.csv")
    table = pd.read_csv(tmp_path / "labels" / "cells_boxes.csv")
    assert table.to_numpy().tolist() == [[0, 7, 5, 17, 15, "cell"], [1, 27, 35, 37, 45, "not a cell"]]
    record = json.loads((tmp_path / "labels" / "cells_boxes_export.json").read_text())
    assert record["images"][0]["source"] == "layer “my boxes”"
    assert record["images"][0]["scale"] == [2.0, 0.5, 0.25]


@pytest.mark.parametrize("what", ["boxes", "points"])
def test_what_is_no_cell_is_still_none_when_it_is_imported_again(marks, viewer, tmp_path, qtbot, what):
    mine = viewer.layers[f"my {what}"]
    export([content_of(viewer, mine)()], find_format(what), tmp_path)
    marks.import_files([tmp_path / f"cells_{what}.csv"])
    wait_for_end(marks, qtbot)
    again = viewer.layers[-1]
    assert again.name == f"cells_{what}"
    assert list(again.features["kind"]) == ["cell", "not a cell"]
    before, after = (content_of(viewer, layer)() for layer in (mine, again))
    np.testing.assert_allclose(after.places, before.places)
    np.testing.assert_array_equal(after.planes, before.planes)
    np.testing.assert_array_equal(after.cells, before.cells)
    colors = again.edge_color if what == "boxes" else again.border_color
    np.testing.assert_allclose(colors, transform_color([PALETTE[1], PALETTE[0]]), atol=1e-6)


def test_what_a_format_leaves_out_is_said(marks, viewer, person, tmp_path, qtbot):
    select(marks, viewer, "my points", qtbot)
    choose(marks, "imagej")
    person.click(marks.export_button)
    wait_for_end(marks, qtbot)
    assert marks.message.text().startswith("1 point exported: cells_rois.zip")
    assert "1 around or on what is no cell is left out." in marks.message.text()


def test_found_boxes_are_exported_without_the_dropped_ones_and_that_nobody_accepted_them_is_said(
    marks, viewer, person, tmp_path, qtbot
):
    select(marks, viewer, "found", qtbot)
    assert "nobody has accepted" in marks.message.text()
    choose(marks, "boxes")
    person.click(marks.export_button)
    wait_for_end(marks, qtbot)
    assert pd.read_csv(tmp_path / "labels" / "cells_boxes.csv").to_numpy().tolist() == [[0, 5, 5, 15, 15, "cell"]]


def test_boxes_of_no_image_are_told(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    viewer.add_shapes([np.array([[0, 0], [0, 9], [9, 9], [9, 0]])], name="lonely")
    dock = ExportDock(viewer)
    qtbot.addWidget(dock)
    assert dock.content.text() == "Counting…", "that is for when it is seen"
    dock.show()
    assert dock.chosen.layer is viewer.layers["lonely"]
    qtbot.waitUntil(lambda: "It is not known of which image “lonely” is." in dock.content.text())
    viewer.add_image(np.zeros((20, 30)))
    dock.count()
    qtbot.waitUntil(lambda: dock.content.text() == "1 box, 20 x 30 pixels.")


def test_numbers_that_are_too_high_are_told_and_not_cut(dock, viewer, tmp_path, qtbot):
    tifffile.imwrite(tmp_path / "a.tif", three_objects().astype(np.int64) * 2**32, photometric="minisblack")
    before = list(viewer.layers)
    dock.import_files([tmp_path / "a.tif"])
    wait_for_end(dock, qtbot)
    assert dock.message.mood == "error"
    assert dock.message.text().startswith("Expected object numbers up to 4294967295 in a, but got 4294980180901888")
    assert list(viewer.layers) == before


def test_a_picture_and_a_mask_are_imported_and_doubted(dock, viewer, tmp_path, qtbot):
    picture = np.random.default_rng(0).integers(1, 255, (2, 40, 50)).astype(np.uint8)
    mask = np.zeros((2, 40, 50), np.uint8)
    mask[:, ::8] = 255
    for name, pixels, doubt in (
        ("picture", picture, "as a picture has"),
        ("mask", mask, "one number in 5 separate pieces"),
    ):
        tifffile.imwrite(tmp_path / f"{name}.tif", pixels, photometric="minisblack")
        dock.import_files([tmp_path / f"{name}.tif"])
        wait_for_end(dock, qtbot)
        assert dock.message.mood == "warning"
        assert dock.message.text().startswith(f"“{name}” imported. The labels of {name} have ")
        assert doubt in dock.message.text()
