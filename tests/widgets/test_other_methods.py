"""The same dock with other kinds of annotation and output, and a trainer that is a puppet."""

from threading import Event

import numpy as np
import pytest
from docked import key
from fakes import detections, found_boxes, snapshot
from napari.components import ViewerModel
from qtpy.QtWidgets import QScrollArea

from napari_labelfix.annotations import Instances
from napari_labelfix.errors import InputError
from napari_labelfix.methods.table import METHODS
from napari_labelfix.snapshots import BoxRole, Change, PointRole, Proposal
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.viewer import layers

FOUR = [[15, 15], [15, 60], [45, 20], [42, 55]]


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def open_dock(viewer, trainer, qtbot, spots):
    docks = []

    def open_dock(name):
        viewer.add_image(spots, name="cells", scale=(0.5, 0.5), units=("um", "um"))
        dock = MethodDock(viewer, METHODS[name], trainer)
        qtbot.addWidget(dock)
        docks.append(dock)
        return dock

    yield open_dock
    for dock in docks:
        dock.close_session()


class TestPoints:
    @pytest.fixture
    def dock(self, open_dock):
        dock = open_dock("p_classification")
        dock.inputs.create_button.click()
        dock.inputs.annotation.add(FOUR[:3])
        dock.run_view.run_button.click()
        return dock

    @pytest.fixture
    def run(self, dock, trainer):
        return trainer.runs[0]

    def send(self, run, roles, masks=False):
        run.waiting.append(snapshot(1, {0: detections(FOUR, [1, 1, 1, 0.8], roles, masks=masks)}))

    def test_a_run_starts_from_the_points(self, run):
        annotation = run.task.planes[0].annotation
        np.testing.assert_array_equal(annotation.positions, FOUR[:3])
        assert 5 < annotation.radius < 12

    def test_detections_are_shown_counted_and_accepted_as_new_input(self, dock, run, qtbot):
        view = dock.accept_view
        assert view.object_button.text() == "Accept point [K]"
        self.send(run, [PointRole.GIVEN] * 3 + [PointRole.DETECTED])
        qtbot.waitUntil(view.all_button.isEnabled)
        assert view.count.text() == "1 point ≥ 0.50 will be accepted, 3 are already there."
        assert view.certainty.text() == "Score"
        assert "3&nbsp;given" in view.legend.text()
        assert "1&nbsp;detected" in view.legend.text()
        assert "pseudo-negative: likely no cell" in view.legend.toolTip()
        assert view.scopes.isHidden(), "there is one thing to accept"
        assert dock.message.text().startswith("Click on cells that are missed")
        view.above_button.click()
        assert len(dock.inputs.annotation.data) == 4
        assert dock.message.text().startswith("1 point was accepted into your points, as new input.")
        qtbot.waitUntil(lambda: bool(run.sent))
        np.testing.assert_array_equal(run.sent[0].planes[0].annotation.positions, FOUR)
        assert not view.take_back_button.isHidden()
        view.take_back_button.click()
        assert dock.message.text() == "1 point was taken back."
        assert view.take_back_button.isHidden()
        qtbot.waitUntil(lambda: len(run.sent) == 2)
        assert len(run.sent[1].planes[0].annotation.positions) == 3

    def test_points_that_are_added_and_removed_while_it_runs_are_sent(self, dock, run, qtbot):
        mine = dock.inputs.annotation
        mine.add([30, 30])
        qtbot.waitUntil(lambda: len(run.sent) == 1)
        mine.remove([0])
        qtbot.waitUntil(lambda: len(run.sent) == 2)
        assert len(run.sent[1].planes[0].annotation.positions) == 3
        dock.inputs.brushes["not a cell"].click()
        mine.add([55, 5])
        qtbot.waitUntil(lambda: len(run.sent) == 3)
        np.testing.assert_array_equal(run.sent[2].planes[0].annotation.negatives, [[55, 5]])

    def test_masks_can_be_accepted_as_labels_instead(self, dock, run, viewer, qtbot):
        view = dock.accept_view
        self.send(run, [PointRole.GIVEN] * 3 + [PointRole.DETECTED], masks=True)
        qtbot.waitUntil(lambda: not view.scopes.isHidden())
        view.scopes.setCurrentIndex(1)
        view.scopes.activated.emit(1)
        assert view.all_button.text() == "Accept all (4)"
        view.all_button.click()
        corrected = layers.find(viewer, "corrected", dock.inputs.image)
        assert len(np.unique(corrected.data)) == 5
        assert len(dock.inputs.annotation.data) == 3

    def test_a_wrong_detection_is_rejected_by_a_key_and_sent(self, dock, run, viewer, qtbot):
        view, mine = dock.accept_view, dock.inputs.annotation
        assert view.reject_button.text() == "Reject point [N]"
        self.send(run, [PointRole.GIVEN] * 3 + [PointRole.DETECTED])
        qtbot.waitUntil(view.reject_button.isEnabled)
        viewer.cursor.position = (42 * 0.5, 54 * 0.5)
        key(viewer, "N")
        told = "1 point was marked as no cell: the run learns from it. “Take back” removes what was added last."
        assert dock.message.text() == told
        assert view.count.text() == "0 points ≥ 0.50 will be accepted, 3 are already there."
        qtbot.waitUntil(lambda: bool(run.sent))
        np.testing.assert_array_equal(run.sent[-1].planes[0].annotation.negatives, FOUR[3:])
        viewer.cursor.position = (15 * 0.5, 15 * 0.5)
        key(viewer, "N")
        assert dock.message.text().startswith("1 point was marked as no cell, in place of yours:")
        view.take_back_button.click()
        view.take_back_button.click()
        np.testing.assert_array_equal(mine.data, [*FOUR[1:3], FOUR[0]])
        qtbot.waitUntil(lambda: len(run.sent[-1].planes[0].annotation.negatives) == 0)
        assert len(run.sent[-1].planes[0].annotation.positions) == 3

    def test_masks_are_not_rejected_and_the_key_says_what_to_do(self, dock, run, viewer, qtbot):
        view = dock.accept_view
        self.send(run, [PointRole.GIVEN] * 3 + [PointRole.DETECTED], masks=True)
        qtbot.waitUntil(lambda: not view.scopes.isHidden())
        view.scopes.setCurrentIndex(1)
        view.scopes.activated.emit(1)
        assert view.reject_button.isHidden()
        key(viewer, "N")
        assert dock.message.text() == "Choose “Points, as new input” to reject one."

    def test_the_estimate_is_offered_in_the_dock(self, dock):
        box = dock.inputs.parts[0].measure
        box.number.setValue(40)
        box.estimate_button.click()
        assert box.number.value() == pytest.approx(16, rel=0.35)


class TestBoxes:
    corners = ((8, 8, 23, 23), (8, 53, 23, 68), (38, 13, 53, 28))

    @pytest.fixture
    def dock(self, open_dock):
        return open_dock("sissi")

    def send(self, run, masks=False):
        roles = [BoxRole.CONFIRMED, BoxRole.ADDED, BoxRole.ADDED]
        run.waiting.append(snapshot(1, {0: found_boxes(list(self.corners), [1, 0.9, 0.6], roles, masks, shown=True)}))

    def test_with_nothing_drawn_it_says_press_run_and_runs(self, dock, trainer):
        assert dock.message.text() == "Press Run [G]."
        assert not dock.suggestion_button.isHidden()
        assert dock.preview_button.isHidden()
        dock.run_view.run_button.click()
        assert trainer.runs[0].task.planes[0].annotation.corners.shape == (0, 4)

    def test_boxes_are_found_before_a_run_and_again_with_other_parameters(self, dock, qtbot):
        for sensitivity in (0.5, 0.6):
            dock.form.setValue(dock.form.value().replace(sensitivity=sensitivity, cell=16.0))
            dock.suggestion_button.click()
            qtbot.waitUntil(dock.suggestion_button.isEnabled, timeout=10_000)
            assert dock.message.text().startswith("4 boxes were found. Delete wrong ones")
        assert len(dock.inputs.annotation.data) == 4, "those found before were replaced"

    def test_while_it_runs_none_are_found(self, dock, trainer, qtbot):
        """A run would take them for what a person has drawn."""
        dock.suggestion_button.click()
        dock.run_view.run_button.click()
        assert not dock.suggestion_button.isEnabled()
        qtbot.waitUntil(lambda: "nothing was added" in dock.message.text(), timeout=10_000)
        assert dock.inputs.annotation is None
        assert not dock.suggestion_button.isEnabled()
        dock.run_view.stop_button.click()
        qtbot.waitUntil(dock.suggestion_button.isEnabled)

    def test_where_none_are_found_it_says_what_to_do(self, dock, qtbot):
        dock.form.setValue(dock.form.value().replace(weak_boxes="none"))
        dock.suggestion_button.click()
        qtbot.waitUntil(dock.suggestion_button.isEnabled, timeout=10_000)
        assert dock.message.text().startswith("No boxes were found. Choose another way")

    def test_found_boxes_are_shown_counted_accepted_sent_and_taken_back(self, dock, trainer, qtbot):
        dock.run_view.run_button.click()
        run, view = trainer.runs[0], dock.accept_view
        self.send(run)
        qtbot.waitUntil(view.all_button.isEnabled)
        assert view.object_button.text() == "Accept box [K]"
        assert view.count.text() == "3 boxes ≥ 0.50 will be accepted."
        assert "2&nbsp;added" in view.legend.text()
        view.all_button.click()
        assert dock.message.text().startswith("3 boxes were accepted into your boxes, as new input.")
        qtbot.waitUntil(lambda: bool(run.sent))
        np.testing.assert_allclose(run.sent[0].planes[0].annotation.corners, self.corners)
        view.take_back_button.click()
        assert dock.message.text() == "3 boxes were taken back."
        qtbot.waitUntil(lambda: len(run.sent) == 2)
        assert len(run.sent[1].planes[0].annotation.corners) == 0

    def test_a_wrong_box_is_rejected_by_a_key_sent_and_taken_back(self, dock, trainer, viewer, qtbot):
        dock.run_view.run_button.click()
        run, view = trainer.runs[0], dock.accept_view
        self.send(run)
        qtbot.waitUntil(view.reject_button.isEnabled)
        assert view.reject_button.text() == "Reject box [N]"
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "N")
        assert dock.message.text().startswith("1 box was marked as no cell: the run learns from it.")
        assert view.count.text() == "2 boxes ≥ 0.50 will be accepted."
        qtbot.waitUntil(lambda: bool(run.sent))
        annotation = run.sent[-1].planes[0].annotation
        np.testing.assert_allclose(annotation.negatives, self.corners[1:2])
        assert len(annotation.corners) == 0
        view.take_back_button.click()
        assert dock.message.text() == "1 box was taken back."
        assert view.count.text() == "3 boxes ≥ 0.50 will be accepted."

    def test_masks_can_be_accepted_as_labels_instead(self, dock, trainer, viewer, qtbot):
        dock.run_view.run_button.click()
        self.send(trainer.runs[0], masks=True)
        view = dock.accept_view
        qtbot.waitUntil(lambda: not view.scopes.isHidden())
        assert [view.scopes.itemText(row) for row in range(2)] == ["Boxes, as new input", "Masks, as labels"]
        view.scopes.setCurrentIndex(1)
        view.scopes.activated.emit(1)
        view.all_button.click()
        corrected = layers.find(viewer, "corrected", dock.inputs.image)
        assert len(np.unique(corrected.data)) == 4


class TestLabelsWithARightPart:
    before = np.zeros((60, 80), np.int32)
    before[8:22, 8:22], before[8:22, 55:65], before[50:58, 70:78] = 1, 2, 3
    after = np.zeros((60, 80), np.int32)
    after[8:22, 8:22], after[8:22, 52:68], after[38:50, 14:26] = 1, 2, 4
    changes = np.zeros((60, 80), np.uint8)
    changes[(after == 4)] = Change.ADDED
    changes[(after == 2) & (before == 0)] = Change.RESHAPED
    changes[before == 3] = Change.REMOVED

    @pytest.fixture
    def dock(self, open_dock, viewer):
        dock = open_dock("label_upgrade")
        viewer.add_labels(self.before.copy(), name="from another tool", scale=(0.5, 0.5))
        dock.inputs.create_button.click()
        dock.inputs.parts[1].layer.add_rectangles(np.array([[2, 2], [2, 30], [30, 30], [30, 2]], float))
        return dock

    @pytest.fixture
    def run(self, dock, trainer, qtbot):
        dock.run_view.run_button.click()
        (run,) = trainer.runs
        sure = np.full((60, 80), 0.95, np.float32)
        proposal = Proposal(self.after, (self.after > 0).astype(np.uint8), sure, sure < 0, changes=self.changes)
        run.waiting.append(snapshot(1, {0: proposal}))
        qtbot.waitUntil(dock.accept_view.all_button.isEnabled)
        return run

    def choose(self, dock, scope):
        row = dock.accept_view.scopes.findText(scope)
        dock.accept_view.scopes.setCurrentIndex(row)
        dock.accept_view.scopes.activated.emit(row)

    @pytest.mark.parametrize("method", ["label_upgrade", "hovernet_stpp"])
    def test_labels_that_are_open_as_an_image_are_named_until_they_are_labels(self, open_dock, viewer, method, qtbot):
        dock = open_dock(method)
        masks = viewer.add_image(self.before.astype(np.uint16), name="masks", scale=(0.5, 0.5))
        qtbot.waitUntil(lambda: dock.message.text().startswith("“masks” is open as an image. If it holds labels,"))
        viewer.layers.remove(masks)
        viewer.add_labels(masks.data, name="masks", scale=(0.5, 0.5))
        assert dock.inputs.annotation is viewer.layers["masks"]
        assert "open as an image" not in dock.message.text()

    def test_no_button_stands_out_before_there_are_labels_and_then_that_for_the_right_part(self, open_dock, viewer):
        dock = open_dock("label_upgrade")
        create, run = dock.inputs.create_button, dock.run_view.run_button
        assert dock.message.text().startswith("Open labels to upgrade, and choose them.")
        assert (create.styleSheet(), run.styleSheet()) == ("", "")
        viewer.add_labels(self.before.copy(), name="from another tool", scale=(0.5, 0.5))
        assert (create.styleSheet() != "", run.styleSheet()) == (True, "")
        create.click()
        assert (create.styleSheet(), run.styleSheet() != "") == ("", True)

    def test_a_run_starts_from_the_labels_and_the_right_part(self, run):
        annotation = run.task.planes[0].annotation
        assert isinstance(annotation, Instances)
        np.testing.assert_array_equal(annotation.labels, self.before)
        assert annotation.trusted[10, 10]
        assert not annotation.trusted[45, 20]

    def test_a_wrong_addition_is_rejected_by_a_key_sent_and_taken_back(self, dock, run, viewer, qtbot):
        view = dock.accept_view
        viewer.cursor.position = (45 * 0.5, 20 * 0.5)
        key(viewer, "N")
        assert dock.message.text() == (
            "1 object was outlined as none in the right part: the run learns from it. “Take back” removes the outline."
        )
        assert view.count.text() == "2 objects ≥ 0.90 will be accepted."
        qtbot.waitUntil(lambda: bool(run.sent))
        annotation = run.sent[-1].planes[0].annotation
        assert annotation.trusted[self.after == 4].all()
        assert not annotation.labels[self.after == 4].any()
        view.take_back_button.click()
        assert dock.message.text() == "1 object was taken back."
        qtbot.waitUntil(lambda: not run.sent[-1].planes[0].annotation.trusted[45, 20])

    def test_when_its_outline_is_deleted_by_hand_it_is_counted_again(self, dock, run, viewer, qtbot):
        viewer.cursor.position = (45 * 0.5, 20 * 0.5)
        key(viewer, "N")
        right_part = dock.inputs.parts[1].layer
        right_part.selected_data = {1}
        right_part.remove_selected()
        qtbot.waitUntil(lambda: dock.accept_view.count.text() == "3 objects ≥ 0.90 will be accepted.")

    def test_of_an_object_that_was_given_it_says_where_it_is_erased(self, dock, run, viewer):
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "N")
        told = "“from another tool” has this object. Erase it there, and outline the place as right."
        assert (dock.message.text(), dock.message.mood) == (told, "warning")

    def test_the_changes_are_a_layer_with_a_colour_each_and_counts_in_the_dock(self, dock, run, viewer):
        layer = layers.find(viewer, "changes", dock.inputs.image, "label_upgrade")
        np.testing.assert_array_equal(layer.data, self.changes)
        assert len({tuple(layer.get_color(int(change))) for change in Change if change}) == 5
        np.testing.assert_allclose(layer.scale, (0.5, 0.5))
        legend = dock.accept_view.legend.text()
        for part in ("1&nbsp;added", "1&nbsp;removed", "1&nbsp;reshaped", "0&nbsp;split", "0&nbsp;merged"):
            assert part in legend

    def test_outlines_have_no_colour_of_a_change(self, dock, run, viewer):
        proposal = layers.find(viewer, "proposal", dock.inputs.image, "label_upgrade")
        assert {tuple(proposal.get_color(number)) for number in (1, 2, 4)} == {(1, 1, 1, 1)}, "white on a dark image"

    def test_the_given_labels_make_way_and_are_not_changed(self, dock, run, viewer):
        given = viewer.layers["from another tool"]
        assert not given.visible
        dock.accepts.accept_all()
        np.testing.assert_array_equal(given.data, self.before)

    @pytest.mark.parametrize(
        ("scope", "accepted"),
        [("All objects", {1, 2, 4}), ("Unchanged objects", {1}), ("Added objects", {4}), ("Reshaped objects", {2})],
    )
    def test_objects_are_accepted_by_what_became_of_them(self, dock, run, viewer, scope, accepted):
        self.choose(dock, scope)
        assert dock.accept_view.all_button.text() == f"Accept all ({len(accepted)})"
        dock.accept_view.all_button.click()
        corrected = layers.find(viewer, "corrected", dock.inputs.image)
        np.testing.assert_array_equal(corrected.data > 0, np.isin(self.after, list(accepted)))

    def test_nothing_split_is_nothing_to_accept(self, dock, run):
        self.choose(dock, "Split objects")
        assert not dock.accept_view.all_button.isEnabled()
        assert dock.accept_view.count.text() == "0 objects ≥ 0.90 will be accepted."

    def test_a_new_shape_and_a_mended_label_are_sent(self, dock, run, viewer, qtbot):
        shapes = dock.inputs.parts[1].layer
        shapes.add_rectangles(np.array([[2, 50], [2, 70], [30, 70], [30, 50]], float))
        qtbot.waitUntil(lambda: len(run.sent) == 1)
        assert run.sent[0].planes[0].annotation.trusted[10, 60]
        viewer.layers["from another tool"].data_setitem((np.array([10]), np.array([54])), 2)
        qtbot.waitUntil(lambda: len(run.sent) == 2)
        assert run.sent[1].planes[0].annotation.labels[10, 54] == 2

    def test_accepted_objects_as_the_right_part_are_learned_from_as_they_come(self, dock, run, viewer, trainer, qtbot):
        dock.accepts.accept_above()
        dock.stop()
        corrected = layers.find(viewer, "corrected", dock.inputs.image)
        dock.inputs.parts[1].combo.choose(corrected)
        dock.run()
        again = trainer.runs[1]
        assert again.task.planes[0].annotation.trusted[45, 20]
        corrected.undo()
        corrected.redo()
        corrected.data_setitem((np.array([39]), np.array([15])), 0)
        qtbot.waitUntil(lambda: bool(again.sent))
        assert again.sent[-1].planes[0].annotation.labels[39, 15] == 0

    def preview(self, dock, qtbot):
        dock.preview_button.click()
        qtbot.waitUntil(dock.preview_button.isEnabled)  # it is worked out in a thread

    def test_the_preview_shows_spoiled_labels_in_a_layer_of_its_own(self, dock, viewer, qtbot):
        assert not dock.preview_button.isHidden()
        dock.form.editor("wrong").setCurrentText("outlines are loose")
        self.preview(dock, qtbot)
        layer = layers.find(viewer, "preview", dock.inputs.image, "label_upgrade")
        first = layer.data.copy()
        assert first[15, 15] == 1
        assert (first != np.where(self.before == 1, 1, 0)).any()
        assert not first[:, 40:].any()
        for _ in range(5):
            self.preview(dock, qtbot)
        assert layers.find(viewer, "preview", dock.inputs.image, "label_upgrade") is layer
        assert not layer.editable
        assert "training labels" in dock.message.text()
        np.testing.assert_array_equal(viewer.layers["from another tool"].data, self.before)

    def test_a_preview_that_is_ready_after_a_run_has_begun_is_not_shown(self, dock, viewer, qtbot, monkeypatch):
        begun, preview = Event(), type(dock._method).load_preview(dock._method)
        late = lambda *given, **named: begun.wait(10) and preview(*given, **named)  # noqa: E731
        monkeypatch.setattr(type(dock._method), "load_preview", lambda _method: late)
        dock.preview_button.click()
        assert not dock.preview_button.isEnabled()
        dock.run_view.run_button.click()
        begun.set()
        qtbot.waitUntil(dock.preview_button.isEnabled)
        assert layers.find(viewer, "preview", dock.inputs.image, "label_upgrade") is None

    def test_a_preview_of_a_plane_without_a_right_part_says_so_when_it_has_looked(self, dock, qtbot, monkeypatch):
        def refuse(*_given, **_named):
            raise InputError("No part is right.")

        monkeypatch.setattr(type(dock._method), "load_preview", lambda _method: refuse)
        self.preview(dock, qtbot)
        assert (dock.message.text(), dock.message.mood) == ("No part is right.", "warning")

    def test_a_preview_without_a_right_part_says_what_to_do(self, dock, viewer):
        dock.inputs.parts[1].layer.data = []
        dock.preview_button.click()
        assert dock.message.mood == "warning"
        assert dock.message.text().startswith("Draw a rectangle")


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_cut_off_at_the_width_of_a_dock(open_dock, viewer, name):
    dock = open_dock(name)
    viewer.add_labels(np.ones((60, 80), np.uint8))
    dock.inputs.create_annotation()
    dock.form.folded.expand(animate=False)
    dock.resize(300, 700)
    dock.show()
    scroll = dock.findChild(QScrollArea)
    assert dock.width() == 300
    assert scroll.widget().minimumSizeHint().width() <= scroll.viewport().width()


def test_where_a_run_cannot_be_told_of_one_wrong_object_the_key_says_what_to_do(open_dock, viewer, trainer, qtbot):
    dock = open_dock("hovernet_stpp")
    dock.inputs.create_annotation()
    dock.inputs.annotation.data_setitem((np.arange(10, 20), np.arange(10, 20)), 1)
    dock.run_view.run_button.click()
    labels = np.ones((60, 80), np.int32)
    proposal = Proposal(labels, labels.astype(np.uint8), np.ones((60, 80), np.float32), labels < 0)
    trainer.runs[0].waiting.append(snapshot(1, {0: proposal}))
    qtbot.waitUntil(dock.accept_view.all_button.isEnabled)
    assert dock.accept_view.reject_button.isHidden()
    key(viewer, "N")
    told = "A run cannot be told of one wrong object alone. Finish more planes, or mend labels."
    assert dock.message.text() == told


class TestFinishedPlanes:
    @pytest.fixture
    def dock(self, viewer, trainer, qtbot, spots):
        """A run on a stack of three planes, of which the first is finished; all of the second are proposed."""
        viewer.add_image(np.stack([spots] * 3), name="stack")
        dock = MethodDock(viewer, METHODS["hovernet_stpp"], trainer)
        qtbot.addWidget(dock)
        dock.inputs.create_annotation()
        viewer.dims.set_current_step(0, 0)
        self.draw(dock, 0)
        dock.run_view.run_button.click()
        labels = np.ones((60, 80), np.int32)
        proposal = Proposal(labels, labels.astype(np.uint8), np.ones((60, 80), np.float32), labels < 0)
        trainer.runs[0].waiting.append(snapshot(1, {1: proposal}))
        qtbot.waitUntil(dock.accept_view.all_button.isEnabled)
        yield dock
        dock.close_session()

    def draw(self, dock, plane):
        layer = dock.inputs.annotation
        place = (np.full(9, plane), np.arange(10, 19), np.arange(10, 19))
        layer.data_setitem(place, int(layer.data.max()) + 1)

    def test_a_plane_that_is_begun_is_learned_from_when_another_is_seen(self, dock, viewer, trainer, qtbot):
        viewer.dims.set_current_step(0, 1)
        self.draw(dock, 1)
        told = "Label every object of “stack[001]”: it is learned from when you go to another plane or image."
        qtbot.waitUntil(lambda: dock.message.text() == told)
        assert trainer.runs[0].sent == [], "all but the first object would be background"
        viewer.dims.set_current_step(0, 2)
        qtbot.waitUntil(lambda: len(trainer.runs[0].sent) == 1)
        assert trainer.runs[0].sent[0].planes[1].annotation.labels.any()
        assert dock.inputs.begun == ""

    def test_a_plane_that_a_run_has_not_learned_from_is_named_when_it_ends_and_learned_from_in_the_next(
        self, dock, viewer, trainer, qtbot
    ):
        viewer.dims.set_current_step(0, 1)
        self.draw(dock, 1)
        qtbot.waitUntil(lambda: dock.message.text().startswith("Label every object"))
        dock.stop()
        told = "Accept what is right, or finish “stack[001]”, which was not learned from yet, and press Run [G] again."
        qtbot.waitUntil(lambda: dock.message.text() == told)
        dock.run()
        assert [plane.annotation is not None for plane in trainer.runs[1].task.planes] == [True, True, False]
        dock.stop()
        assert "not learned from" not in dock.message.text()

    def test_what_is_mended_in_a_finished_plane_is_learned_from_at_once(self, dock, trainer, qtbot):
        self.draw(dock, 0)
        qtbot.waitUntil(lambda: len(trainer.runs[0].sent) == 1)
        assert "every object of" not in dock.message.text()

    def test_a_plane_whose_finished_part_is_deleted_is_whole_when_another_is_seen(self, dock, viewer, trainer, qtbot):
        viewer.dims.set_current_step(0, 1)
        self.draw(dock, 1)
        part = dock.inputs.parts[1]
        part.create()
        part.layer.add(np.array([(1, 5, 5), (1, 5, 30), (1, 30, 30), (1, 30, 5)]), shape_type="polygon")
        qtbot.waitUntil(lambda: len(trainer.runs[0].sent) == 1)
        part.layer.selected_data = {0}
        part.layer.remove_selected()
        qtbot.waitUntil(lambda: dock.message.text().startswith("Label every object of “stack[001]”"))
        assert len(trainer.runs[0].sent) == 1, "all but what lay in the part would be background"
        viewer.dims.set_current_step(0, 2)
        qtbot.waitUntil(lambda: len(trainer.runs[0].sent) == 2)
        assert trainer.runs[0].sent[-1].planes[1].annotation.trusted is None

    def test_what_is_taken_back_is_not_asked_for(self, dock, viewer, trainer, qtbot):
        viewer.dims.set_current_step(0, 1)
        self.draw(dock, 1)
        qtbot.waitUntil(lambda: dock.message.text().startswith("Label every object"))
        dock.inputs.annotation.undo()
        qtbot.waitUntil(lambda: dock.message.text().startswith("Finish more planes"))
        assert trainer.runs[0].sent == []


def test_only_a_method_with_a_preview_offers_one(open_dock):
    assert open_dock("scribble2label").preview_button.isHidden()
