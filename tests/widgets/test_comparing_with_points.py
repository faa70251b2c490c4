"""Labels compared with points in the Review dock: missed cells, merged ones, and how these are parted."""

import numpy as np
import pytest
from person import Person
from qtpy.QtCore import Qt
from skimage.draw import disk

from napari_labelfix.io.tables import CELL, NO_CELL
from napari_labelfix.review.states import State
from napari_labelfix.snapshots import Change
from napari_labelfix.widgets.annotating.points import add_points, create_points
from napari_labelfix.widgets.reviewing.objects_model import Column
from napari_labelfix.widgets.viewer.history import history_of

pytestmark = pytest.mark.gui

PAIRS = {1: (30, 30), 2: (30, 90), 3: (90, 30)}  # two discs each, one object
SINGLE, MISSED = (90, 100), (130, 60)


def labels():
    array = np.zeros((150, 150), np.int32)
    for number, (row, column) in PAIRS.items():
        for beside in (-9, 9):
            array[disk((row, column + beside), 11)] = number
    array[disk(SINGLE, 11)], array[disk((130, 130), 6)] = 4, 5
    return array


def middles():
    return np.array([(row, column + beside) for row, column in PAIRS.values() for beside in (-9, 9)] + [SINGLE, MISSED])


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    image = viewer.add_image((labels() > 0).astype(np.float32), name="cells", scale=(0.5, 0.5), translate=(3, 4))
    viewer.add_labels(labels(), name="labels", scale=(0.5, 0.5), translate=(3, 4))
    points = create_points(image, 20)
    viewer.add_layer(points)
    add_points(points, middles(), CELL)
    add_points(points, np.array([(5, 5)]), NO_CELL)
    return viewer


@pytest.fixture
def dock(viewer, qtbot):
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Review")
    dock.view.tabs.setCurrentIndex(1)
    dock.compare.others.choose(viewer.layers["cells points"])
    qtbot.waitUntil(lambda: dock.review.differences is not None and not dock.review.searching, timeout=10_000)
    return dock


@pytest.fixture
def person(viewer, qtbot):
    return Person(viewer, qtbot)


def cells_of(dock):
    model = dock.compare.model
    return [
        tuple(model.data(model.index(row, column)) for column in range(model.columnCount()))
        for row in range(model.rowCount())
    ]


def found(dock, number):
    return lambda: len(dock.review.differences) == number and not dock.review.searching


def test_merged_cells_missed_cells_and_what_is_none_are_listed(dock):
    several = [row[:3] for row in cells_of(dock)[:3]]
    assert several == [
        ("several points", "0, 1", "1"),
        ("several points", "2, 3", "2"),
        ("several points", "4, 5", "3"),
    ]
    assert cells_of(dock)[3] == ("no object", "7", "", "")
    assert cells_of(dock)[4][:3] == ("no point", "", "5")
    header = [dock.compare.model.headerData(column, Qt.Orientation.Horizontal) for column in range(4)]
    assert header == ["What", "Points", "Object", "Pixels"]
    summary = dock.compare.summary.text().replace("&nbsp;", " ")
    assert "1 no point" in summary
    assert "1 no object" in summary
    assert "3 several points" in summary
    assert "F1 0.62" in summary, "of 8 points and 5 objects 4 belong together"
    assert dock.model.data(dock.model.index(dock.model.rows_of([5])[0], Column.WHY)).startswith("no point")


def test_a_click_and_the_arrow_keys_go_to_the_object_or_where_there_should_be_one(dock, viewer, qtbot):
    layer, table = viewer.layers["labels"], dock.compare.table

    def is_in_the_middle(place):
        camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
        return np.abs(np.asarray(layer.world_to_data(camera.center[-2:])) - place).max() < 2

    center = table.visualRect(dock.compare.model.index(0, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=center)
    assert is_in_the_middle(PAIRS[1])
    assert dock.review.current == 1
    for _ in range(3):
        qtbot.keyClick(table, Qt.Key.Key_Down)
    assert is_in_the_middle(MISSED)
    qtbot.keyClick(table, Qt.Key.Key_Up)
    assert is_in_the_middle(PAIRS[3])
    assert dock.review.current == 3


def test_all_merged_cells_are_parted_at_their_points_in_one_step(dock, viewer, person, qtbot):
    layer = viewer.layers["labels"]
    before = layer.data.copy()
    assert dock.compare.part_button.text() == "Part 3 at their points"
    person.click(dock.compare.part_button)
    assert dock.message.text() == "3 objects were parted between their points. Ctrl+Z takes it back."
    ids = layer.data[tuple(middles()[:-1].T)]
    assert len(set(ids.tolist())) == 7
    np.testing.assert_array_equal(layer.data > 0, before > 0)
    for (row, column), left, right in zip(PAIRS.values(), ids[:6:2], ids[1:6:2], strict=True):
        assert (layer.data[row - 8 : row + 9, column - 9] == left).all()
        assert (layer.data[row - 8 : row + 9, column + 9] == right).all()
    states = history_of(layer).records
    assert {states.get(int(label)).state for label in ids[:6]} == {State.EDITED}
    qtbot.waitUntil(found(dock, 2), timeout=10_000)
    assert not dock.compare.part_button.isEnabled()
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(layer.data, before)
    qtbot.waitUntil(found(dock, 5), timeout=10_000)
    assert dock.compare.part_button.isEnabled()


def test_two_presses_part_once_and_tell_of_what_was_parted(dock, viewer, person, qtbot):
    person.click(dock.compare.part_button)
    parted = viewer.layers["labels"].data.copy()
    dock.compare.part_button.click()
    dock.compare.part_at_points()
    np.testing.assert_array_equal(viewer.layers["labels"].data, parted)
    assert dock.message.text().startswith("3 objects were parted")
    person.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(dock.compare.part_button.isEnabled, timeout=10_000)
    person.click(dock.compare.part_button)
    np.testing.assert_array_equal(viewer.layers["labels"].data, parted)


def test_points_in_one_pixel_are_listed_and_part_nothing_as_is_said(dock, viewer, person, qtbot):
    points = viewer.layers["cells points"]
    points.data = [*np.repeat([(30, 21)], 2, axis=0), (90, 100)]
    qtbot.waitUntil(lambda: len(dock.review.differences.points) == 3 and not dock.review.searching, timeout=10_000)
    assert cells_of(dock)[0][:3] == ("several points", "0, 1", "1")
    person.click(dock.compare.part_button)
    told = "Nothing was parted: the points of an object lie in one pixel, or in other objects by now."
    assert dock.message.text() == told
    np.testing.assert_array_equal(viewer.layers["labels"].data, labels())


def test_labels_that_are_moved_are_compared_anew(dock, viewer, qtbot):
    viewer.layers["labels"].translate = (3, 5 + 75)
    qtbot.waitUntil(lambda: dock.review.differences.count()[Change.MERGED] == 0, timeout=10_000)


def test_blinking_leaves_the_points_where_they_are(dock, viewer, person):
    layer, points = viewer.layers["labels"], viewer.layers["cells points"]
    seen = []
    for _ in range(2):
        person.press(Qt.Key.Key_H)
        seen.append((layer.visible, points.visible, dock.message.text()))
    assert seen == [(False, True, "“labels” is hidden now."), (True, True, "“labels” is shown now.")]


def test_what_is_locked_or_was_set_aside_stays_whole(dock, viewer, person):
    layer = viewer.layers["labels"]
    dock.review.select([1])
    dock.review.lock(True)
    dock.review.select([2])
    dock.review.decide(State.REJECTED)
    assert dock.compare.part_button.text() == "Part 1 at its points"
    person.click(dock.compare.part_button)
    assert dock.message.text().startswith("1 object was parted between its points.")
    np.testing.assert_array_equal(np.isin(layer.data, [1, 2]), np.isin(labels(), [1, 2]))
    assert len(np.unique(layer.data[labels() == 3])) == 2


def test_points_that_are_added_moved_or_called_no_cell_are_compared_at_once(dock, viewer, qtbot):
    points = viewer.layers["cells points"]
    add_points(points, np.array([(130, 130)]), CELL)
    qtbot.waitUntil(found(dock, 4), timeout=10_000)
    assert not np.any(dock.review.differences.kinds == Change.ADDED)
    points.features = points.features.assign(kind=[NO_CELL, *points.features["kind"][1:]])
    qtbot.waitUntil(found(dock, 3), timeout=10_000)
    viewer.layers.remove(points)
    assert dock.compare.other is None
    assert dock.compare.part_button.isHidden()


def test_a_proposal_is_compared_with_points_but_not_parted(dock, viewer, qtbot):
    proposed = viewer.add_labels(labels(), name="proposed", metadata={"labelfix": {"role": "proposal"}})
    proposed.scale, proposed.translate = (0.5, 0.5), (3, 4)
    dock.labels.choose(proposed)
    dock.compare.others.choose(viewer.layers["cells points"])
    qtbot.waitUntil(lambda: dock.review.differences is not None and not dock.review.searching, timeout=10_000)
    assert len(dock.review.differences) == 5
    assert not dock.compare.part_button.isEnabled()


def test_points_of_other_axes_are_not_offered_and_labels_have_no_part_button(dock, viewer, qtbot):
    viewer.add_points(np.zeros((1, 3)), name="in three axes")
    assert dock.compare.others.findText("in three axes") == -1
    dock.compare.keep_as_before()
    qtbot.waitUntil(lambda: dock.review.differences is not None and len(dock.review.differences) == 0, timeout=10_000)
    assert dock.compare.part_button.isHidden()
    assert dock.compare.summary.text() == "There is no difference."
    other = viewer.layers["labels before"]
    other.fill((90, 100), 0)
    qtbot.waitUntil(found(dock, 1), timeout=10_000)
    shared, all_of_one = (np.isin(labels(), ids).sum() for ids in ([1, 2, 3, 5], [1, 2, 3, 4, 5]))
    scores = f"F1&nbsp;{2 * 4 / (5 + 4):.2f}, Dice&nbsp;{2 * shared / (shared + all_of_one):.2f}"
    assert dock.compare.summary.text().endswith(f"1&nbsp;added&nbsp; {scores}")


def test_bodies_of_a_stack_are_parted_through_its_planes(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.stack([labels() > 0] * 3).astype(np.float32), name="stack", scale=(2, 0.5, 0.5))
    layer = viewer.add_labels(np.stack([labels()] * 3), name="labels", scale=(2, 0.5, 0.5))
    points = viewer.add_points([(0, 30, 21), (2, 30, 39), (1, *SINGLE)], scale=(2, 0.5, 0.5), name="count")
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Review")
    dock.compare.others.choose(points)
    qtbot.waitUntil(lambda: dock.review.differences is not None and not dock.review.searching, timeout=10_000)
    assert dock.review.differences.count()[Change.MERGED] == 1
    dock.compare.part_at_points()
    assert len(np.unique(layer.data[labels()[None].repeat(3, 0) == 1])) == 2
    assert layer.data[0, 30, 21] == layer.data[2, 30, 21] != layer.data[1, 30, 39]


def test_that_there_is_neither_object_nor_point_is_said(dock, viewer, qtbot):
    empty = viewer.add_labels(np.zeros((150, 150), np.int32), name="empty")
    nothing = viewer.add_points(np.zeros((0, 2)), name="nothing")
    dock.labels.choose(empty)
    dock.compare.others.choose(nothing)
    qtbot.waitUntil(lambda: dock.review.differences is not None and not dock.review.searching, timeout=10_000)
    assert dock.compare.summary.text() == "There are no objects and no points yet."
