"""A project comes back as it was, wherever it lies now, and never on another image."""

import shutil

import numpy as np
import pytest
import tifffile
from fakes import found_boxes, proposal_above
from napari.components import ViewerModel
from npe2 import PluginManager

from napari_labelfix.errors import ProjectError
from napari_labelfix.methods.table import METHODS
from napari_labelfix.project.records import RunRecord
from napari_labelfix.snapshots import BoxRole
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.annotating.boxes import BOXES_KIND, add_boxes, boxes_on, create_boxes, rectangles_of
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.annotating.points import CELL, NO_CELL
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.results.box_layers import BoxLayers
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import open_project, relink
from napari_labelfix.widgets.saving.restored_layers import dress
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import classes_of, set_classes
from napari_labelfix.widgets.viewer.layer_states import describe_layer


@pytest.fixture
def made(qtbot, spots, tmp_path):
    """A viewer with work of every kind on an image file, saved as `one/mine.labelfix` and left."""
    (tmp_path / "one").mkdir()
    tifffile.imwrite(tmp_path / "one" / "cells.tif", spots)
    PluginManager.instance().discover()  # napari's readers; a window would do it
    viewer = ViewerModel()
    [image] = viewer.open(str(tmp_path / "one" / "cells.tif"), plugin="napari")
    image.scale, image.colormap, image.contrast_limits = (0.5, 0.5), "green", (0.1, 0.7)
    for kind in KINDS.values():
        part = next(part for part in reversed(kind.layers) if part.create is not None)
        layers.add_selected(viewer, part.create(Place(image, ())))
    by_role = {layers.role_of(layer): layer for layer in viewer.layers}
    by_role["scribbles"].data_setitem((np.array([3, 4]), np.array([5, 5])), 2)
    by_role["scribbles"].events.paint(value=[])
    by_role["scribbles"].data[3:9, 5:9] = 2
    by_role["points"].add([[3, 4], [10, 20]])
    by_role["points"].feature_defaults = {"kind": "not a cell"}
    by_role["points"].add([[30, 40]])
    by_role["points"].size = 11
    by_role["right_part"].add_rectangles([[2, 2], [20, 30]])
    by_role["right_part"].add_polygons([[5, 5], [5, 30], [25, 10]])
    results = ProposalLayers(viewer, image, "scribble2label")
    results.create()
    results.write({0: proposal_above(spots, 0.4)})
    results.objects()
    accepting = AcceptingObjects(results)
    accepting.accept_above()
    accepting.corrected.selected_label = 3
    for layer in (by_role["scribbles"], accepting.corrected):
        set_classes(layer, {1: "nucleus", 2: ""})
    layers.select(viewer, by_role["points"])
    saver = autosaver_of(viewer)
    saver.save_as(tmp_path / "one" / "mine.labelfix")
    run = RunRecord("r", "scribble2label", layers.image_id(image), {"steps": 17}, step=5, total=17)
    saver.note_run(run)
    saver.close()
    return viewer


@pytest.fixture
def again(qtbot):
    viewer = ViewerModel()
    yield viewer
    autosaver_of(viewer).close()


def by_tag(viewer):
    return {(layers.role_of(layer), layers.tag_of(layer).get("method", "")): layer for layer in viewer.layers}


def test_everything_comes_back(made, again, tmp_path):
    assert open_project(again, tmp_path / "one" / "mine.labelfix") == []
    before, after = by_tag(made), by_tag(again)
    assert [layer.name for layer in again.layers] == [layer.name for layer in made.layers]
    assert before.keys() == after.keys()
    for tag, old in before.items():
        new = after[tag]
        assert type(new) is type(old)
        assert layers.tag_of(new).get("image") == layers.tag_of(old).get("image")
        np.testing.assert_allclose(new.scale, old.scale)
        assert (new.visible, new.opacity, new.blending, new.editable) == (
            old.visible,
            old.opacity,
            old.blending,
            old.editable,
        )
        for one, other in zip(new.data, old.data, strict=True):
            np.testing.assert_array_equal(one, other)
    corrected, old = after["corrected", ""], before["corrected", ""]
    assert corrected.data.dtype == old.data.dtype
    assert corrected.selected_label == 3
    assert classes_of(corrected) == classes_of(after["scribbles", ""]) == {1: "nucleus", 2: ""}
    for column in ("index", "state", "confidence", "source"):
        np.testing.assert_array_equal(corrected.features[column], old.features[column])
    points, old = after["points", ""], before["points", ""]
    assert points.features["kind"].tolist() == ["cell", "cell", "not a cell"]
    assert points.feature_defaults["kind"].tolist() == ["cell"], "what is drawn next is a cell, whatever came last"
    np.testing.assert_array_equal(points.size, old.size)
    np.testing.assert_allclose(points.face_color, old.face_color)
    assert after["right_part", ""].shape_type == ["rectangle", "polygon"]
    image = after["image", ""]
    assert (image.colormap.name, list(image.contrast_limits)) == ("green", [0.1, 0.7])
    assert again.layers.selection.active is points


def test_what_was_restored_can_be_accepted_from_and_is_saved_on(made, again, tmp_path):
    path = tmp_path / "one" / "mine.labelfix"
    open_project(again, path)
    after = by_tag(again)
    results = ProposalLayers(again, after["image", ""], "scribble2label")
    assert results.has_proposal
    accepting = AcceptingObjects(results)
    assert accepting.count().present == 4
    corrected = after["corrected", ""]
    corrected.data_setitem((np.array([0, 0]), np.array([0, 1])), 99)
    expected = corrected.data.copy()
    corrected.undo()
    assert not corrected.data[0, 0]
    corrected.redo()
    autosaver_of(again).close()
    third = ViewerModel()
    open_project(third, path)
    np.testing.assert_array_equal(by_tag(third)["corrected", ""].data, expected)
    autosaver_of(third).close()


def test_nothing_is_written_for_only_looking(made, again, tmp_path):
    path = tmp_path / "one" / "mine.labelfix"
    open_project(again, path)
    saver = autosaver_of(again)
    taken = [followed.layer.name for followed in saver._changes.followed if list(followed._changes(followed._sent))]
    assert taken == []


def test_a_run_that_was_cut_off_is_told(made, again, tmp_path):
    open_project(again, tmp_path / "one" / "mine.labelfix")
    [run] = autosaver_of(again).unfinished
    assert (run.method, run.params, run.step, run.state) == ("scribble2label", {"steps": 17}, 5, "interrupted")


def test_a_folder_that_was_moved_is_found(made, again, tmp_path):
    shutil.move(tmp_path / "one", tmp_path / "moved")
    assert open_project(again, tmp_path / "moved" / "mine.labelfix") == []
    assert by_tag(again)["image", ""].source.path == str(tmp_path / "moved" / "cells.tif")


def test_an_image_that_was_saved_again_is_the_same(made, again, spots, tmp_path):
    tifffile.imwrite(tmp_path / "one" / "cells.tif", spots, compression="zlib")
    assert open_project(again, tmp_path / "one" / "mine.labelfix") == []


def test_another_image_under_the_old_name_is_refused_and_the_right_one_can_be_relinked(made, again, spots, tmp_path):
    shutil.copy(tmp_path / "one" / "cells.tif", tmp_path / "the right one.tif")
    tifffile.imwrite(tmp_path / "one" / "cells.tif", spots[::-1])
    [lost] = open_project(again, tmp_path / "one" / "mine.labelfix")
    assert "is another image than “cells”" in lost.reason
    assert ("image", "") not in by_tag(again)
    assert by_tag(again)["scribbles", ""].data.any(), "what was drawn is shown all the same"
    with pytest.raises(ProjectError, match="is another image"):
        relink(again, lost, tmp_path / "one" / "cells.tif")
    assert ("image", "") not in by_tag(again)
    relink(again, lost, tmp_path / "the right one.tif")
    saver = autosaver_of(again)
    assert saver.lost == []
    assert layers.tag_of(by_tag(again)["image", ""])["id"] == lost.image.id
    saver.save_now()
    saver.close()
    third = ViewerModel()
    assert open_project(third, tmp_path / "one" / "mine.labelfix") == []
    autosaver_of(third).close()


def test_another_image_of_the_same_size_can_be_taken_by_force_and_one_of_another_size_cannot(
    made, again, spots, tmp_path
):
    tifffile.imwrite(tmp_path / "one" / "cells.tif", spots[::-1])
    [lost] = open_project(again, tmp_path / "one" / "mine.labelfix")
    tifffile.imwrite(tmp_path / "small.tif", spots[:30])
    with pytest.raises(ProjectError, match="another image"):
        relink(again, lost, tmp_path / "small.tif", nevertheless=True)
    relink(again, lost, tmp_path / "one" / "cells.tif", nevertheless=True)
    assert ("image", "") in by_tag(again)


def test_an_image_that_is_gone_is_said(made, again, tmp_path):
    (tmp_path / "one" / "cells.tif").unlink()
    [lost] = open_project(again, tmp_path / "one" / "mine.labelfix")
    assert lost.reason.startswith("There is no ")


def test_a_project_that_cannot_be_opened_changes_nothing(made, again, tmp_path):
    again.add_labels(np.ones((5, 5), int), name="mine")
    bad = tmp_path / "bad.labelfix"
    bad.write_bytes(b"nonsense")
    with pytest.raises(ProjectError):
        open_project(again, bad)
    assert [layer.name for layer in again.layers] == ["mine"]


def test_opening_another_project_takes_the_place_of_the_first_and_leaves_it_whole(made, again, tmp_path):
    again.add_labels(np.zeros((50, 50), int), name="other work").data_setitem((np.array([3]), np.array([3])), 5)
    saver = autosaver_of(again)
    saver.save_as(tmp_path / "other.labelfix")
    open_project(again, tmp_path / "one" / "mine.labelfix")
    assert "other work" not in [layer.name for layer in again.layers]
    open_project(again, tmp_path / "other.labelfix")
    assert [layer.name for layer in again.layers] == ["other work"]
    assert again.layers[0].data[3, 3] == 5


def test_shapes_keep_what_is_said_of_them(made, again, tmp_path):
    made.layers.clear()
    made = ViewerModel()
    corners = [[2, 2], [2, 9], [9, 9], [9, 2]]
    shapes = made.add_shapes([corners], features={"class": ["a"]}, name="regions")
    empty = made.add_shapes(ndim=2, features={"class": np.array([], object)}, name="none yet")
    shapes.add_rectangles([[20, 20], [30, 30]])
    saver = autosaver_of(made)
    saver.save_as(tmp_path / "shapes.labelfix")
    saver.close()
    open_project(again, tmp_path / "shapes.labelfix")
    assert again.layers["regions"].features["class"].tolist() == shapes.features["class"].tolist()
    assert list(again.layers["none yet"].features) == list(empty.features)


def test_boxes_come_back_with_where_they_are_from_and_found_ones_with_their_roles(made, again, tmp_path):
    made = ViewerModel()
    [image] = made.open(str(tmp_path / "one" / "cells.tif"), plugin="napari")
    mine = create_boxes(Place(image, ()))
    layers.add_quietly(made, mine)
    add_boxes(mine, rectangles_of(np.array([[5.0, 5, 20, 20]]), ()), "found")
    BOXES_KIND.layers[0].draw(mine, NO_CELL, Place(image, ()))
    mine.add(rectangles_of(np.array([[30.0, 30, 40, 45]]), ())[0], shape_type="rectangle")
    results = BoxLayers(made, image, "sissi")
    results.create()
    corners, roles = [[8, 8, 23, 23], [8, 53, 23, 68], [35, 48, 50, 63]], list(BoxRole)
    results.write({0: found_boxes(corners, [0.9, 0.8, 0], roles, shown=True)})
    saver = autosaver_of(made)
    saver.save_as(tmp_path / "boxes.labelfix")
    saver.close()
    open_project(again, tmp_path / "boxes.labelfix")
    tags = by_tag(again)
    own, found = tags["boxes", ""], tags["found_boxes", "sissi"]
    assert list(own.features["source"]) == ["found", "drawn"]
    np.testing.assert_allclose(boxes_on(own, again.layers[0])[0][0], [5, 5, 20, 20])
    assert list(own.features["kind"]) == [CELL, NO_CELL]
    np.testing.assert_allclose(own.edge_color, mine.edge_color)
    assert own.edge_width == mine.edge_width == [2, 2]
    assert found.edge_width == results.layer("found_boxes").edge_width == [2, 2, 2]
    assert (own.face_color[:, 3] == 0).all(), "the cells are to be seen through the boxes"
    np.testing.assert_allclose(boxes_on(found, again.layers[0])[0], corners)
    np.testing.assert_allclose(found.edge_color, results.layer("found_boxes").edge_color)
    assert not found.editable
    assert ("training_image", "sissi") not in tags, "the next run makes it anew"


@pytest.fixture
def kept_project(qtbot, spots, tmp_path):
    """Returns what saves a viewer's work as a project and opens it in another viewer."""

    def keep(viewer, name="kept"):
        saver = autosaver_of(viewer)
        saver.save_as(tmp_path / f"{name}.labelfix")
        saver.close()
        again = ViewerModel()
        open_project(again, tmp_path / f"{name}.labelfix")
        autosaver_of(again).close()
        return again

    return keep


@pytest.mark.parametrize("name", ["my lut", "custom", "#ff8800", "magma", "jet"])
def test_any_colormap_comes_back(kept_project, spots, monkeypatch, name):
    from napari.utils import colormaps

    viewer = ViewerModel()
    image = viewer.add_image(spots, name="cells")
    mine = colormaps.Colormap([[0, 0, 0, 1], [0, 0.5, 1, 1], [1, 1, 1, 1]], name=name, controls=[0, 0.2, 1])
    image.colormap = mine if name in ("my lut", "custom") else name
    colors = image.colormap.map(np.linspace(0, 1, 9))
    viewer.add_labels(np.eye(60, 80, dtype=np.int32))
    saver = autosaver_of(viewer)
    saver.save_now()
    for key in ("my lut", "custom"):  # as in a program that was just started
        colormaps.AVAILABLE_COLORMAPS.pop(key, None)
    again = kept_project(viewer)
    np.testing.assert_allclose(again.layers["cells"].colormap.map(np.linspace(0, 1, 9)), colors, atol=1e-6)


def test_a_stack_is_seen_from_the_side_where_it_was(kept_project, spots):
    viewer = ViewerModel()
    viewer.add_image(np.stack([spots] * 3), name="stack")
    viewer.dims.order, viewer.dims.current_step = (1, 0, 2), (2, 30, 40)
    opened = kept_project(viewer)
    assert (opened.dims.order, opened.dims.current_step) == ((1, 0, 2), (2, 30, 40))


def test_what_was_hidden_while_another_image_was_in_hand_is_so_again(kept_project, spots, trainer, qtbot):
    viewer = ViewerModel()
    for name in ("first", "second"):
        viewer.add_image(spots, name=name)
        [of_strokes, *_] = KINDS[METHODS["scribble2label"].annotation].layers
        layers.add_selected(viewer, of_strokes.create(Place(viewer.layers[name], ())))
    for layer in (viewer.layers["second"], viewer.layers["second scribbles"]):
        layers.hide_meanwhile(layer)
    layers.hide(viewer.layers["first scribbles"])
    opened = kept_project(viewer)
    assert [layer.name for layer in opened.layers if layer.visible] == ["first"]
    dock = MethodDock(opened, METHODS["scribble2label"], trainer)
    qtbot.addWidget(dock)
    assert dock.inputs.image.name == "first", "what is seen"
    dock.inputs.images.choose(opened.layers["second"])
    assert opened.layers["second scribbles"].visible
    assert not opened.layers["first scribbles"].visible, "by the person"
    dock.close_session()


def test_a_look_that_napari_does_not_know_any_more_is_left_out(spots):
    viewer = ViewerModel()
    image = viewer.add_image(spots, name="cells")
    record = describe_layer(image, 0)
    record.look["colormap"], record.look["blending"], record.look["gamma"] = "of another program", "strange", 0.5
    dress(image, record)
    assert (image.colormap.name, str(image.blending), image.gamma) == ("gray", "translucent_no_depth", 0.5)


def test_features_of_any_type_come_back_or_as_plain_values(kept_project, spots):
    import pandas as pd

    viewer = ViewerModel()
    viewer.add_image(spots, name="cells")
    table = pd.DataFrame(
        {
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "yes": pd.array([True, None, False], dtype="boolean"),
            "part": pd.array([0.5, None, 2.5], dtype="Float64"),
            "word": pd.array(["a", None, "c"], dtype="string"),
            "kind": pd.Categorical(["a", None, "b"]),
            "bin": pd.cut([1, 2, 3], [0, 1, 2, 3]),
            "plain": [1, 2, 3],
        }
    )
    viewer.add_points([[1, 2], [3, 4], [5, 6]], features=table, name="points")
    again = kept_project(viewer).layers["points"].features
    for name in ("whole", "yes", "part", "word", "kind", "plain"):
        pd.testing.assert_series_equal(again[name], table[name])
    assert again["bin"].astype(str).tolist() == table["bin"].astype(str).tolist()


def test_a_project_that_fails_to_open_at_the_last_is_closed_and_can_be_opened_again(made, monkeypatch, tmp_path):
    viewer = ViewerModel()
    with monkeypatch.context() as broken:
        broken.setattr("napari_labelfix.widgets.saving.opening.show_again", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            open_project(viewer, tmp_path / "one" / "mine.labelfix")
    again = ViewerModel()
    assert open_project(again, tmp_path / "one" / "mine.labelfix") == []
    autosaver_of(again).close()
