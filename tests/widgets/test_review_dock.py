"""The Review dock as a person uses it: go from doubt to doubt, decide, take back, compare."""

import numpy as np
import pytest
from napari.layers import Labels
from person import Person
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_labelfix.review.states import Record, RecordChanges, State
from napari_labelfix.snapshots import Change, Proposal
from napari_labelfix.widgets.annotating.class_brushes import SCRIBBLE_COLORS
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.review_dock import ReviewDock
from napari_labelfix.widgets.reviewing.objects_model import Column
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import set_classes
from napari_labelfix.widgets.viewer.history import history_of

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier

pytestmark = pytest.mark.gui


def discs():
    """Sixteen discs; 6 has a hole, 11 two pieces and a hole, 16 lies at the border."""
    labels = np.zeros((180, 180), np.int32)
    for number, (row, column) in enumerate(np.ndindex(4, 4), start=1):
        labels[disk((25 + 40 * row, 25 + 40 * column), 9 + number % 3)] = number
    labels[labels == 16] = 0
    labels[disk((168, 172), 10, shape=labels.shape)] = 16
    labels[64:67, 64:67] = 0
    labels[104:107, 104:107], labels[125:128, 125:128] = 0, 11
    return labels


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.add_image((discs() > 0).astype(np.float32), name="cells", scale=(0.5, 0.5), translate=(3, 4))
    viewer.add_labels(discs(), name="labels", scale=(0.5, 0.5), translate=(3, 4))
    return viewer


def open_dock(viewer, qtbot):
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Review")
    assert isinstance(dock, ReviewDock)
    qtbot.waitUntil(lambda: dock.review.suspects is not None and not dock.review.searching, timeout=10_000)
    return dock


@pytest.fixture
def dock(viewer, qtbot):
    return open_dock(viewer, qtbot)


@pytest.fixture
def person(viewer, qtbot):
    return Person(viewer, qtbot)


def states(layer):
    return {i: str(s) for i, s in zip(layer.features["index"], layer.features["state"], strict=True) if s != "todo"}


def shown_ids(dock):
    return [dock.model.id_at(row) for row in range(dock.model.rowCount())]


def cell(dock, label, column):
    [row] = dock.model.rows_of([label])
    return dock.model.data(dock.model.index(row, column))


def middle_of_view(viewer, layer):
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    return np.asarray(layer.world_to_data(camera.center[-2:]))


def test_every_object_is_listed_with_its_doubt_and_the_reason(dock, viewer):
    assert dock.review.layer is viewer.layers["labels"]
    assert shown_ids(dock)[:3] == [11, 6, 16], "the most doubtful first"
    assert cell(dock, 11, Column.WHY) == "several pieces, holes, unusual shape"
    assert cell(dock, 6, Column.WHY) == "holes"
    assert cell(dock, 16, Column.WHY) == "at the border"
    assert cell(dock, 1, Column.WHY) == ""
    assert cell(dock, 1, Column.AREA) == str((discs() == 1).sum())
    assert dock.view.progress.format() == "0 of 16 decided"


def test_keys_go_to_the_most_doubtful_decide_and_move_on(dock, viewer, person):
    layer = viewer.layers["labels"]
    person.press(KEY.Key_Period)
    assert dock.review.current == 11
    assert np.abs(middle_of_view(viewer, layer) - (111, 111)).max() < 8, "it is in the middle of the canvas"
    person.press(KEY.Key_K)
    assert dock.review.current == 6
    person.press(KEY.Key_N)
    assert dock.review.current == 16
    person.press(KEY.Key_W)
    assert states(layer) == {11: "accepted", 6: "rejected", 16: "ignored"}
    assert dock.review.current == 1
    assert dock.view.progress.format() == "3 of 16 decided"
    assert "Ctrl+Z" in dock.message.text()
    person.press(KEY.Key_Z, CTRL)
    person.press(KEY.Key_Z, CTRL)
    assert dock.message.text() == "Taken back."
    assert states(layer) == {11: "accepted"}
    assert dock.view.progress.format() == "1 of 16 decided"
    np.testing.assert_array_equal(layer.data, discs())


def test_keys_work_after_a_click_into_the_table_and_arrows_go_from_row_to_row(dock, viewer, qtbot):
    table = dock.view.table
    qtbot.mouseClick(table.viewport(), LEFT, pos=table.visualRect(dock.model.index(0, 0)).center())
    assert viewer.window._qt_window.focusWidget() is table
    assert dock.review.current == 11
    qtbot.keyClick(table, KEY.Key_Down)
    assert dock.review.current == 6
    qtbot.keyClick(table, KEY.Key_N)
    assert states(viewer.layers["labels"]) == {6: "rejected"}


def test_a_stroke_that_covers_whole_objects_is_told_with_the_way_back(dock, viewer):
    layer = viewer.layers["labels"]
    layers.select(viewer, layer)
    layer.data_setitem(np.nonzero(np.isin(layer.data, [2, 3])), 1)
    assert dock.message.text() == "2 objects are gone: the stroke has left nothing there. Ctrl+Z takes it back."
    layer.undo()
    assert dock.message.text() == "Taken back."
    layer.data_setitem((np.array([3]), np.array([3])), 1)
    assert "gone" not in dock.message.text()


def test_there_is_nothing_to_accept_where_no_object_is_as_certain(dock, viewer):
    before = list(viewer.layers)
    dock.view.certainty_box.setValue(1)
    dock.review.accept_above(1.1)
    assert dock.message.text() == "No object to do is as certain."
    assert list(viewer.layers) == before


def test_passed_over_objects_come_again_at_the_end_and_back_goes_back(dock, person):
    seen = []
    for _ in range(17):
        person.press(KEY.Key_Period)
        seen.append(dock.review.current)
    assert sorted(seen[:16]) == list(range(1, 17))
    assert seen[16] == 11
    person.press(KEY.Key_Comma)
    assert dock.review.current == seen[15]


def test_when_everything_is_decided_the_dock_says_so(dock, person, viewer):
    dock.view.table.selectAll()
    person.click(dock.view.accept_button)
    assert set(states(viewer.layers["labels"]).values()) == {"accepted"}
    assert dock.message.text() == "16 objects were accepted. Ctrl+Z takes it back."
    person.press(KEY.Key_Period)
    assert dock.message.text() == "Every object is decided."
    dock.labels.choose(None)
    dock.labels.choose(viewer.layers["labels"])
    assert dock.message.text() == "Every object of “labels” is decided."
    person.press(KEY.Key_Z, CTRL)
    assert states(viewer.layers["labels"]) == {}, "a bulk decision is one step"
    assert dock.message.text() == "Press Next doubtful [.] to go to the most doubtful object."
    assert dock.view.next_button.text() == "Next doubtful [.]"


def test_a_click_on_a_row_goes_to_the_object_and_a_click_on_the_canvas_finds_the_row(dock, viewer, person, qtbot):
    layer = viewer.layers["labels"]
    [row] = dock.model.rows_of([16])
    table = dock.view.table
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(dock.model.index(row, 1)).center()
    )
    assert dock.review.selected_ids == [16]
    assert np.abs(middle_of_view(viewer, layer) - (168, 171)).max() < 3
    assert layer.selected_label == 16
    viewer.reset_view()
    person.stroke(layer, (25, 65))
    assert dock.review.selected_ids == [2]
    assert [index.row() for index in table.selectionModel().selectedRows()] == dock.model.rows_of([2])
    person.stroke(layer, (3, 3))
    assert dock.review.selected_ids == []


def test_neighbouring_rows_are_selected_as_one_range_of_the_table(dock):
    chosen = dock.view.table.selectionModel()
    ids = [dock.model.id_at(row) for row in range(16)]
    dock.review.select(ids)
    assert len(chosen.selection()) == 1, "thousands of ranges take the table half a minute"
    assert len(chosen.selectedRows()) == 16
    dock.review.select([ids[row] for row in (9, 0, 1, 2, 7, 8)])
    assert len(chosen.selection()) == 2
    assert sorted(index.row() for index in chosen.selectedRows()) == [0, 1, 2, 7, 8, 9]
    dock.model.sort(Column.AREA)
    assert {dock.model.id_at(index.row()) for index in chosen.selectedRows()} == set(dock.review.selected_ids)
    dock.review.select([])
    assert not chosen.hasSelection()


def test_the_brush_does_not_select(dock, viewer, person):
    layer = viewer.layers["labels"]
    viewer.layers.selection.active = layer
    viewer.reset_view()
    layer.mode, layer.selected_label, layer.brush_size = "paint", 40, 4
    person.stroke(layer, (45, 45), (45, 48))
    assert dock.review.selected_ids == [], "not what is under the brush"
    assert cell(dock, 40, Column.STATE) == "edited"
    assert cell(dock, 40, Column.SOURCE) == "hand"
    person.press(KEY.Key_Z, CTRL)
    assert 40 not in shown_ids(dock)


def test_numbers_that_no_object_can_have_are_told_and_a_button_gives_others(viewer, qtbot, person):
    layer = viewer.layers["labels"]
    layer.data[layer.data == 4], layer.data[layer.data == 9] = -1, -7
    before = layer.data.copy()
    dock = open_dock(viewer, qtbot)
    told = "“labels” has numbers that no object can have: -7, -1. Press Renumber, under Edit, for others."
    assert dock.message.text() == told
    history_of(layer).step(None, RecordChanges({}, {5: Record(State.ACCEPTED)}), "accept")
    assert len(dock.review.table) == 14
    qtbot.waitUntil(dock.edits.renumber_button.isVisible, timeout=10_000)
    person.click(dock.edits.renumber_button)
    assert len(dock.review.table) == 16
    assert states(layer) == {5: "accepted"}, "nobody has decided about the others"
    assert [(before == old).sum() for old in (-7, -1)] == [dock.review.table.area_of(new) for new in (17, 18)]
    assert dock.review.selected_ids == [17, 18]
    assert not dock.edits.renumber_button.isVisible()
    assert dock.message.text() != told
    person.press(KEY.Key_Z, CTRL)
    assert dock.edits.renumber_button.isVisible(), "before the next search, which may be a long one"
    assert dock.message.text() == told
    person.press(KEY.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert not dock.edits.renumber_button.isVisible()
    assert dock.message.text() != told
    dock.review.select([17, 18])
    person.click(dock.edits.action_buttons["delete"])
    np.testing.assert_array_equal(layer.data, np.maximum(before, 0))
    for _ in range(2):
        person.press(KEY.Key_Z, CTRL)
    np.testing.assert_array_equal(layer.data, before)
    qtbot.waitUntil(dock.edits.renumber_button.isVisible, timeout=10_000)
    assert dock.message.text() == told


def test_labels_whose_numbers_are_too_small_for_others_are_not_renumbered(viewer, qtbot, person):
    layer = viewer.layers["labels"]
    layer.data = np.where(discs() == 4, 127, np.where(discs() == 9, -1, discs())).astype(np.int8)
    dock = open_dock(viewer, qtbot)
    qtbot.waitUntil(dock.edits.renumber_button.isVisible, timeout=10_000)
    person.click(dock.edits.renumber_button)
    assert "can hold ids up to 127 only" in dock.edits.hint.text()
    assert (layer.data == -1).any()


def test_long_numbers_as_those_of_a_proposal_of_a_stack_are_read_in_full(dock, viewer):
    layer = viewer.layers["labels"]
    room = dock.view.table.columnWidth(Column.ID)
    assert room >= dock.view.table.sizeHintForColumn(Column.ID)
    layer.data = np.where(discs() > 0, discs() + 4_000_000, 0)
    assert dock.view.table.columnWidth(Column.ID) >= dock.view.table.sizeHintForColumn(Column.ID) > room
    dock.view.table.setColumnWidth(Column.ID, 200)
    layer.data = discs()
    assert dock.view.table.columnWidth(Column.ID) == 200, "a person may have wanted it so"


def test_filter_search_and_sort(dock):
    dock.review.select([6])
    dock.review.decide(State.REJECTED)
    dock.view.filter.setCurrentIndex(dock.view.filter.findText("rejected"))
    assert shown_ids(dock) == [6]
    dock.view.filter.setCurrentIndex(0)
    dock.view.words.setText("BORDER")
    assert shown_ids(dock) == [16]
    dock.view.words.setText("")
    dock.view.table.sortByColumn(Column.AREA, Qt.SortOrder.AscendingOrder)
    areas = [int(cell(dock, label, Column.AREA)) for label in shown_ids(dock)]
    assert areas == sorted(areas)
    dock.view.table.sortByColumn(Column.STATE, Qt.SortOrder.DescendingOrder)
    assert shown_ids(dock)[0] == 6


def test_the_class_of_each_object_is_shown_and_chosen_where_there_are_several(dock, viewer, person):
    history, table = history_of(viewer.layers["labels"]), dock.view.table
    assert table.isColumnHidden(Column.CLASS)

    def say(classes):
        known = {label: Record(State.ACCEPTED, class_number=kind) for label, kind in classes.items()}
        history.step(None, RecordChanges({label: history.records.get(label) for label in known}, known), "say")

    say(dict.fromkeys(range(1, 9), 1))
    assert table.isColumnHidden(Column.CLASS), "where all are of one it says nothing"
    say({3: 2, 5: 3})
    assert not table.isColumnHidden(Column.CLASS)
    assert [cell(dock, label, Column.CLASS) for label in (1, 3, 5, 9)] == ["1", "2", "3", ""]
    table.sortByColumn(Column.CLASS, Qt.SortOrder.DescendingOrder)
    assert shown_ids(dock)[:3] == [5, 3, 1]
    assert shown_ids(dock)[-1] == 16
    colors = [
        dock.model.data(dock.model.index(row, Column.CLASS), Qt.ItemDataRole.DecorationRole) for row in (0, 1, 2, 15)
    ]
    assert [color and color.name() for color in colors] == [*(SCRIBBLE_COLORS[label] for label in (4, 3, 2)), None]
    box = dock.view.class_box
    assert [box.itemText(row) for row in range(box.count())] == ["class 1", "class 2", "class 3"]
    layers.select(viewer, viewer.layers["labels"])
    person.press(KEY.Key_Z, CTRL)
    assert table.isColumnHidden(Column.CLASS)
    assert not box.isVisible()

    set_classes(viewer.layers["labels"], {1: "nucleus", 2: "mitosis"})
    assert box.isVisible()
    assert not box.isEnabled(), "nothing is selected"
    dock.review.select([10, 12])
    assert box.placeholderText() == "nobody has said it"
    row = box.findText("mitosis")
    box.setCurrentIndex(row)
    box.activated.emit(row)
    assert [cell(dock, label, Column.CLASS) for label in (1, 9, 10, 12)] == ["nucleus", "", "mitosis", "mitosis"]
    assert [cell(dock, label, Column.STATE) for label in (9, 10, 12)] == ["to do", "edited", "edited"]
    assert dock.message.text() == "2 objects were marked as “mitosis”. Ctrl+Z takes it back."
    assert box.currentText() == "mitosis"
    dock.view.words.setText("MITO")
    assert sorted(shown_ids(dock)) == [10, 12]
    dock.view.words.setText("")
    dock.review.select([1, 10])
    assert box.placeholderText() == "of several classes"
    set_classes(viewer.layers["labels"], {1: "nucleus", 2: "metaphase"})
    assert cell(dock, 10, Column.CLASS) == "metaphase"
    person.press(KEY.Key_Z, CTRL)
    assert [cell(dock, label, Column.CLASS) for label in (1, 10, 12)] == ["nucleus", "", ""]


def test_neither_the_wheel_over_the_box_of_classes_nor_a_step_by_key_sets_a_class(dock, viewer, qtbot):
    set_classes(viewer.layers["labels"], {1: "nucleus", 2: "mitosis", 3: "debris"})
    dock.review.select([10])
    dock.review.set_class(1)
    dock.review.select([10])
    box = dock.view.class_box
    for held in (False, True):
        if held:
            box.setFocus()
        turned = QWheelEvent(
            QPointF(5, 5), QPointF(box.mapToGlobal(QPoint(5, 5))), QPoint(), QPoint(0, -120),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(box, turned)
        assert cell(dock, 10, Column.CLASS) == "nucleus"
        assert not turned.isAccepted(), "it scrolls the dock"
    QTest.keyClick(box, KEY.Key_Down)
    assert cell(dock, 10, Column.CLASS) == "nucleus"
    assert box.view().isVisible(), "it is chosen in the list"
    QTest.keyClick(box.view(), KEY.Key_Down)
    QTest.keyClick(box.view(), KEY.Key_Return)
    assert cell(dock, 10, Column.CLASS) == "mitosis"


def test_a_note_is_written_into_the_table_and_can_be_taken_back(dock, viewer, person):
    [row] = dock.model.rows_of([3])
    dock.model.setData(dock.model.index(row, Column.NOTE), "ask Ana ")
    layer = viewer.layers["labels"]
    assert layer.features["note"][2] == "ask Ana"
    dock.view.words.setText("ana")
    assert shown_ids(dock) == [3]
    person.press(KEY.Key_Z, CTRL)
    assert layer.features["note"][2] == ""


def test_a_locked_object_stays_as_it_is(dock, viewer, person):
    layer = viewer.layers["labels"]
    dock.review.select([1])
    person.click(dock.view.lock_button)
    assert dock.view.lock_button.text() == "Unlock"
    assert "\N{LOCK}" in cell(dock, 1, Column.ID)
    layer.brush_size = 40
    with layer.block_history():
        layer.paint((25, 25), 50)
    np.testing.assert_array_equal(layer.data == 1, discs() == 1)
    person.click(dock.view.lock_button)
    assert not layer.features["locked"].any()


def test_all_that_is_certain_is_accepted_at_once(dock, viewer, person):
    dock.view.tabs.setCurrentIndex(2)
    dock.view.certainty_box.setValue(0.85)
    assert dock.view.sure_button.text() == "Accept 14 objects [J]"
    dock.review.select([2])
    dock.review.decide(State.REJECTED)
    assert dock.view.sure_button.text() == "Accept 13 objects [J]", "what is decided stays decided"
    person.click(dock.view.sure_button)
    assert len(states(viewer.layers["labels"])) == 14
    assert not dock.view.sure_button.isEnabled()


def test_a_model_s_confidence_is_what_makes_doubt(viewer, qtbot, person):
    viewer.layers["labels"].features = {"index": [3, 6, 7], "confidence": [0.1, 0.99, 0.5]}
    dock = open_dock(viewer, qtbot)
    assert cell(dock, 3, Column.DOUBT) == "0.90"
    assert cell(dock, 6, Column.DOUBT) == "0.01"
    person.press(KEY.Key_Period)
    assert dock.review.current == 11, "where no model said anything: suspects"
    dock.view.words.setText("confidence")
    assert shown_ids(dock) == [3, 7, 6]


def test_keep_compare_blink_and_show_differences(dock, viewer, person, qtbot):
    layer = viewer.layers["labels"]
    dock.view.tabs.setCurrentIndex(1)
    person.click(dock.compare.keep_button)
    before = viewer.layers["labels before"]
    assert not before.visible
    assert dock.compare.other is before
    np.testing.assert_allclose(before.data_to_world((7, 8)), layer.data_to_world((7, 8)))
    layer.fill((25, 25), 0)
    with layer.block_history():
        layer.paint((45, 45), 30)
    qtbot.waitUntil(lambda: dock.review.differences is not None and len(dock.review.differences) == 2, timeout=10_000)
    assert "1&nbsp;added" in dock.compare.summary.text()
    assert "1&nbsp;removed" in dock.compare.summary.text()
    person.click(dock.compare.layer_button)
    codes = viewer.layers["labels differences"].data
    assert codes[25, 25] == Change.REMOVED
    assert codes[45, 45] == Change.ADDED
    assert cell(dock, 30, Column.WHY).startswith("not in the other")
    rows = [dock.compare.model.data(dock.compare.model.index(row, 0)) for row in range(2)]
    dock.compare.go_to(rows.index("removed"))
    assert np.abs(middle_of_view(viewer, layer) - (25, 25)).max() < 3, "also what is gone can be gone to"
    person.press(KEY.Key_H)
    assert (layer.visible, before.visible) == (False, True)
    assert dock.message.text() == "“labels before” is shown now."
    person.press(KEY.Key_Period)
    assert not layer.visible, "a person looks at the other on purpose"
    person.press(KEY.Key_H)
    assert (layer.visible, before.visible) == (True, False)
    assert dock.message.text() == "“labels” is shown now."
    dock.compare.others.choose(None)
    person.press(KEY.Key_H)
    assert dock.message.text() == "“labels” is hidden now."


def test_what_is_compared_with_nothing_has_no_layer_of_differences(dock, viewer, qtbot):
    layer = viewer.layers["labels"]
    dock.compare.keep_as_before()
    layer.fill((25, 25), 0)
    qtbot.waitUntil(found_differences(dock, 1), timeout=10_000)
    dock.compare.show_layer()
    dock.compare.others.choose(None)
    assert "labels differences" not in viewer.layers
    dock.compare.others.choose(viewer.layers["labels before"])
    qtbot.waitUntil(found_differences(dock, 1), timeout=10_000)
    dock.compare.show_layer()
    assert viewer.layers["labels differences"].data[25, 25] == Change.REMOVED
    del viewer.layers["labels differences"]
    dock.compare.others.choose(None)
    assert "labels" in viewer.layers


def found_differences(dock, number):
    def found():
        return dock.review.differences is not None and len(dock.review.differences) == number

    return found


def test_each_layer_has_differences_of_its_own(dock, viewer, qtbot):
    layer = viewer.layers["labels"]
    dock.compare.keep_as_before()
    layer.fill((25, 25), 0)
    qtbot.waitUntil(found_differences(dock, 1), timeout=10_000)
    dock.compare.show_layer()
    small = viewer.add_labels(discs()[:90, :90], name="small", translate=(200, 0))
    dock.labels.choose(small)
    dock.compare.keep_as_before()
    small.fill((25, 65), 0)
    qtbot.waitUntil(found_differences(dock, 1), timeout=10_000)
    assert viewer.layers["labels differences"].data.shape == (180, 180)
    dock.compare.show_layer()
    assert viewer.layers["small differences"].data.shape == (90, 90)
    dock.labels.choose(layer)
    dock.compare.others.choose(viewer.layers["labels before"])
    layer.fill((25, 65), 0)
    qtbot.waitUntil(found_differences(dock, 2), timeout=10_000)
    dock.compare.show_layer()
    assert viewer.layers["labels differences"].data[25, 65] == Change.REMOVED
    assert sum("differences" in one.name for one in viewer.layers) == 2
    image = viewer.layers["cells"]
    assert layers.image_id_of(viewer.layers["labels differences"]) == layers.image_id(image)
    assert layers.image_id_of(viewer.layers["small differences"]) == "", "these labels belong to no image"
    assert "id" not in layers.tag_of(small)


def test_pixels_of_another_size_are_no_longer_compared_and_break_nothing(dock, viewer, qtbot):
    layer = viewer.layers["labels"]
    dock.compare.keep_as_before()
    qtbot.waitUntil(found_differences(dock, 0), timeout=10_000)
    layer.data = discs()[:90, :100]
    qtbot.waitUntil(lambda: dock.compare.other is None and not dock.review.searching, timeout=10_000)
    assert dock.message.mood != "error"
    assert dock.review.differences is None
    assert dock.compare.summary.text().startswith("Choose other labels")


def proposal():
    labels = discs()
    confidence = np.where(labels % 2, 0.9, 0.6).astype(np.float32) * (labels > 0)
    return Proposal(labels, (labels > 0).astype(np.uint8), confidence, labels < 0)


@pytest.fixture
def results(viewer):
    viewer.layers.remove("labels")
    results = ProposalLayers(viewer, viewer.layers["cells"], "scribble2label")
    results.create()
    results.write({0: proposal()})
    results.objects()
    return results


def test_a_proposal_is_accepted_into_the_corrected_layer_and_its_states_follow(results, viewer, qtbot, person):
    dock = open_dock(viewer, qtbot)
    assert dock.labels.layer is results.layer("proposal")
    assert cell(dock, 2, Column.DOUBT) == "0.40"
    assert cell(dock, 2, Column.SOURCE) == "scribble2label"
    person.press(KEY.Key_Period)
    assert dock.review.current == 2
    person.press(KEY.Key_K)
    corrected = layers.find(viewer, "corrected", viewer.layers["cells"])
    np.testing.assert_array_equal(corrected.data > 0, discs() == 2)
    assert history_of(corrected).records.get(1) == Record(State.ACCEPTED, 0.6, "scribble2label")
    assert cell(dock, 2, Column.STATE) == "accepted"
    assert dock.review.layer is results.layer("proposal"), "the review goes on where it was"
    person.press(KEY.Key_N)
    assert cell(dock, 4, Column.STATE) == "rejected"
    dock.view.certainty_box.setValue(0.5)
    dock.view.tabs.setCurrentIndex(2)
    person.click(dock.view.sure_button)
    assert len(history_of(corrected).records.table) == 15, "all but the rejected one"
    viewer.layers.selection.active = corrected
    person.press(KEY.Key_Z, CTRL)
    assert cell(dock, 1, Column.STATE) == "to do", "undo in the corrected layer is seen here"
    results.write({0: proposal()})
    results.objects()
    assert cell(dock, 4, Column.STATE) == "rejected"
    assert cell(dock, 2, Column.STATE) == "accepted"


def test_nothing_is_accepted_any_more_when_the_corrected_layer_was_deleted(results, viewer, qtbot, person):
    dock = open_dock(viewer, qtbot)
    dock.review.go_to(4)
    person.press(KEY.Key_N)
    dock.review.accept_above(0.0)
    assert cell(dock, 2, Column.STATE) == "accepted"
    viewer.layers.remove("cells corrected")
    assert {cell(dock, label, Column.STATE) for label in range(1, 17) if label != 4} == {"to do"}
    assert cell(dock, 4, Column.STATE) == "rejected"
    dock.review.accept_above(0.0)
    corrected = layers.find(viewer, "corrected", viewer.layers["cells"])
    assert len(history_of(corrected).records.table) == 15


def test_without_its_image_a_proposal_cannot_be_accepted_and_the_dock_says_so(results, viewer, qtbot):
    dock = open_dock(viewer, qtbot)
    viewer.layers.remove("cells")
    dock.review.go_to(2)
    dock.view.accept_button.click()  # no turn of the event loop: Mesa may crash as it draws what vispy has removed
    assert dock.message.text().startswith("The image of “cells proposal” is gone. Open it again")
    assert dock.review.current == 2, "nothing was decided"
    assert cell(dock, 2, Column.STATE) == "to do"


def test_stacks_are_reviewed_through_their_planes(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    stack = np.zeros((5, 180, 180), np.int32)
    stack[3] = discs()
    stack[1, 10:20, 10:20] = 40
    viewer.add_labels(stack, name="labels")
    dock = open_dock(viewer, qtbot)
    dock.review.next_doubtful()
    assert dock.review.current == 11
    assert viewer.dims.current_step[0] == 3
    dock.review.go_to(40)
    assert viewer.dims.current_step[0] == 1


def test_without_an_object_only_what_makes_one_is_offered(dock, viewer, qtbot):
    layer = viewer.layers["labels"]
    buttons = dock.edits.tool_buttons
    assert all(button.isEnabled() for button in buttons.values())
    layer.data = np.zeros_like(layer.data)
    assert [name for name, button in buttons.items() if button.isEnabled()] == ["outline"]
    layer.paint((20, 20), 5)
    assert all(button.isEnabled() for button in buttons.values()), "without a search"


def test_back_is_offered_once_there_is_an_object_to_go_back_to(dock, person):
    person.press(KEY.Key_Period)
    assert not dock.view.previous_button.isEnabled()
    person.press(KEY.Key_Period)
    assert dock.view.previous_button.isEnabled()
    person.click(dock.view.previous_button)
    assert not dock.view.previous_button.isEnabled()


def test_words_that_were_typed_leave_the_keys_to_the_dock_at_enter(dock, qtbot):
    dock.window().activateWindow()
    dock.view.words.setFocus()
    qtbot.waitUntil(dock.view.words.hasFocus)
    qtbot.keyClicks(dock.view.words, "hole")
    qtbot.keyClick(dock.view.words, KEY.Key_Return)
    assert not dock.view.words.hasFocus()
    assert dock.view.words.text() == "hole"


def test_labels_that_cannot_be_reviewed_are_not_offered_and_none_is_no_error(make_napari_viewer, qtbot, person):
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "Review")
    assert dock.message.text().startswith("Choose labels to review.")
    buttons = [dock.view.next_button, dock.compare.blink_button, dock.compare.keep_button]
    assert not any(button.isEnabled() for button in buttons)
    viewer.add_image(discs().astype(np.uint16), name="masks")
    assert dock.message.text().startswith("“masks” is open as an image.")
    viewer.layers.remove("masks")
    assert dock.message.text().startswith("Choose labels to review.")
    dock.review.next_doubtful()
    assert dock.message.text() == "There are no objects here."
    viewer.add_labels([discs(), discs()[::2, ::2]], multiscale=True)
    assert dock.review.layer is None
    viewer.add_labels(discs())
    assert dock.review.layer is viewer.layers[-1]
    assert all(button.isEnabled() for button in buttons)
    viewer.layers.clear()
    assert dock.review.layer is None
    assert not any(button.isEnabled() for button in buttons)
    viewer.add_labels(np.zeros((9, 9), np.int32), name="none")
    assert dock.message.text() == "There are no objects in “none”. Choose other labels, or draw or accept some."
    assert not dock.view.next_button.isEnabled()


def test_when_the_reviewed_layer_is_deleted_one_that_is_seen_comes_next(dock, viewer, person):
    seen = viewer.add_labels(discs(), name="seen")
    hidden = viewer.add_labels(discs(), name="hidden", visible=False)  # on top
    viewer.layers.remove("labels")
    assert dock.review.layer is seen
    viewer.layers.remove("seen")
    assert dock.review.layer is hidden
    assert dock.message.text().startswith("“hidden” is hidden. Press Next doubtful [.] to show it")
    person.press(KEY.Key_Period)
    assert hidden.visible


def test_a_proposal_has_no_buttons_that_edit(results, viewer, qtbot):
    dock = open_dock(viewer, qtbot)
    dock.review.select([2, 3])
    edits = dock.edits
    assert not any(button.isEnabled() for button in (*edits.action_buttons.values(), edits.brush_button))
    assert dock.view.accept_button.isEnabled()


def test_a_closed_dock_takes_up_no_other_layer(dock, viewer, qtbot):
    """Until its garbage is collected it hears of layers that come and go, and one that is open has the same history."""
    dock.parent().destroyOnClose()
    viewer.layers.remove("labels")
    viewer.add_labels(discs(), name="others")
    qtbot.wait(50)
    assert dock.review.layer is None
    assert not dock.review.searching


def test_a_closed_dock_leaves_viewer_and_layer_alone(dock, viewer, qtbot):
    callbacks = list(viewer.mouse_drag_callbacks)
    viewer.window.remove_dock_widget(dock)
    qtbot.wait(50)
    assert len(viewer.mouse_drag_callbacks) < len(callbacks)
    assert not viewer.keymap
    history_of(viewer.layers["labels"]).step(None, RecordChanges(after={1: Record(State.ACCEPTED)}), "accept")
    assert dock.review.layer is None


def test_with_shift_a_click_adds_to_the_selection(dock, viewer):
    layer = viewer.layers["labels"]

    class Click:
        type, pos = "mouse_release", np.zeros(2)

        def __init__(self, place, *modifiers, button=1):
            self.position, self.modifiers, self.button = layer.data_to_world(place), modifiers, button

    for click in (Click((25, 65)), Click((25, 105), "Shift"), Click((3, 3), "Shift"), Click((65, 65), button=2)):
        for _ in dock._on_canvas_click(viewer, click):
            pass
    assert dock.review.selected_ids == [2, 3]


def test_layers_of_another_size_are_not_offered_to_compare_with(dock, viewer):
    viewer.add_layer(Labels(np.zeros((7, 9), np.int32), name="small"))
    assert dock.compare.others.findText("small") == -1


def test_that_nothing_is_selected_any_more_is_said_until_something_is(results, viewer, qtbot):
    dock = open_dock(viewer, qtbot)
    dock.review.go_to(6)
    fewer = proposal()
    fewer.labels[fewer.labels == 6] = 0
    results.write({0: fewer})
    assert dock.message.text().startswith("What was selected is gone")
    dock.review.next_doubtful()
    assert dock.message.text().startswith("This is a proposal")


def test_keys_work_from_the_boxes_of_the_edit_tab_and_ctrl_z_takes_the_edit_back(dock, viewer, qtbot):
    layer, by = viewer.layers["labels"], dock.edits.by
    dock.review.go_to(6)
    by.setFocus()
    by.selectAll()
    qtbot.keyClicks(by, "3")
    dock.edits.perform("grow")
    assert (layer.data == 6).sum() > (discs() == 6).sum()
    qtbot.keyClick(by, KEY.Key_Z, CTRL)
    np.testing.assert_array_equal(layer.data, discs())
    assert by.value() == 3
    for part in (by, dock.edits.scope, dock.edits.seeds_on, dock.compare.table):
        dock.review.go_to(6)
        qtbot.keyClick(part, KEY.Key_K)
        assert states(layer).pop(6, "to do") == "accepted"
        qtbot.keyClick(part, KEY.Key_Z, CTRL)
        assert not states(layer)
    qtbot.keyClick(by, KEY.Key_Period)
    assert dock.review.current != 6
