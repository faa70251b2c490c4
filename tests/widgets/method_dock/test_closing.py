"""Docks and windows are closed, hidden and moved."""

import gc
import weakref

import numpy as np
import pytest
from app_model.types import KeyBinding
from docked import METHOD, proposal_of
from fakes import proposal_above, snapshot
from qtpy.QtCore import Qt
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication

from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.project import models
from napari_labelfix.project.store import Project
from napari_labelfix.widgets.accepting.acceptor import Count
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.review_dock import ReviewDock


class TestClosing:
    @pytest.fixture
    def viewer(self, make_napari_viewer):
        return make_napari_viewer(show=True)

    @pytest.fixture
    def docked(self, viewer, trainer, qtbot):
        dock = MethodDock(viewer, METHOD, trainer)
        viewer.window.add_dock_widget(dock, name="Scribble2Label")
        qtbot.waitUntil(dock.isVisible)
        return dock

    def test_closing_the_dock_ends_the_trainer_and_gives_the_keys_back(self, docked, viewer, trainer, spots, qtbot):
        viewer.add_image(spots)
        docked.inputs.create_annotation()
        scribbles = docked.inputs.annotation
        docked.parent().destroyOnClose()  # what the cross in the title bar does
        assert trainer.closed
        assert KeyBinding.from_str("K") not in viewer.keymap
        scribbles.paint((3, 3), 2)
        qtbot.wait(400)
        assert "foreground" in docked.message.text(), "nobody listens any more"

    def test_a_dock_that_is_closed_at_once_starts_no_process_any_more(self, viewer, trainer, qtbot):
        dock = MethodDock(viewer, METHOD, trainer)
        viewer.window.add_dock_widget(dock, name="Scribble2Label")
        dock.parent().destroyOnClose()
        qtbot.wait(400)
        assert trainer.closed
        assert trainer.warm_ups == 0

    def test_a_closed_dock_counts_nothing_any_more(self, docked, viewer, trainer, spots, qtbot, monkeypatch):
        viewer.add_image(spots)
        docked.inputs.create_annotation()
        docked.inputs.annotation.data_setitem((np.arange(2), np.arange(2)), np.array([1, 2]))
        docked.run()
        trainer.runs[0].waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: proposal_of(docked) is not None and proposal_of(docked).data.any())
        docked.parent().destroyOnClose()
        counted = []
        monkeypatch.setattr(AcceptingObjects, "count", lambda *_: counted.append(1) or Count(0, 0))
        viewer.add_image(spots)
        qtbot.wait(400)
        assert counted == []

    def test_a_run_in_a_dock_that_is_closed_was_stopped_and_not_cut_off(self, docked, viewer, trainer, spots):
        viewer.add_image(spots)
        docked.inputs.create_annotation()
        docked.inputs.annotation.data_setitem((np.arange(2), np.arange(2)), np.array([1, 2]))
        docked.run()
        saver = docked.saving.begin()
        docked.parent().destroyOnClose()
        assert trainer.runs[0].state == "stopped"
        saver.save_now()
        path = saver.path
        saver.close()
        with Project.look(path) as project:
            assert [run.state for run in project.runs()] == ["stopped"]

    def test_a_run_that_ends_because_napari_quits_is_kept_as_one_to_go_on_with(self, docked, viewer, trainer, spots):
        viewer.add_image(spots)
        docked.inputs.create_annotation()
        docked.inputs.annotation.data_setitem((np.arange(2), np.arange(2)), np.array([1, 2]))
        docked.run()
        saver = docked.saving.begin()
        saver.save_now()
        path, window = saver.path, viewer.window._qt_window
        QApplication.sendEvent(window, QCloseEvent())  # as Quit begins; it takes the layers out while it closes
        viewer.layers.clear()
        assert trainer.runs[0].state == "stopped"
        saver.close()
        with Project.look(path) as project:
            assert [(run.state, bool(run.ended)) for run in project.runs()] == [("interrupted", True)]

    @pytest.mark.parametrize("removed_before", [False, True])
    def test_a_run_in_a_window_that_a_program_closes_is_to_go_on_with_but_not_one_whose_image_was_removed(
        self, docked, viewer, trainer, spots, qtbot, removed_before
    ):
        viewer.add_image(spots, name="spots")
        docked.inputs.create_annotation()
        docked.inputs.annotation.data_setitem((np.arange(2), np.arange(2)), np.array([1, 2]))
        docked.run()
        saver = docked.saving.begin()
        saver.save_now()
        trainer.runs[0].model = TrainedModel("scribble2label", {}, {}, b"the last")
        path = saver.path
        if removed_before:
            del viewer.layers["spots"]
            qtbot.wait(10)
        viewer.close()  # as Quit does with all windows but the one that it was chosen in
        assert trainer.runs[0].state == "stopped"
        saver.close()
        with Project.look(path) as project:
            [run] = project.runs()
            assert run.state == ("stopped" if removed_before else "interrupted")
            assert run.ended
            assert models.load(path, run).weights == b"the last"

    def test_hiding_the_dock_does_not_end_the_run(self, docked, viewer, trainer, qtbot):
        assert KeyBinding.from_str("K") in viewer.keymap
        docked.parent().hide()
        assert not trainer.closed
        assert KeyBinding.from_str("K") not in viewer.keymap, "the keys belong to the dock that is seen"
        docked.parent().show()
        assert KeyBinding.from_str("K") in viewer.keymap

    def test_floating_the_dock_does_not_end_the_run(self, docked, trainer):
        docked.parent().setFloating(True)
        docked.parent().setFloating(False)
        assert not trainer.closed

    def test_closing_the_window_ends_the_trainer(self, docked, viewer, trainer, qtbot):
        viewer.close()
        qtbot.waitUntil(lambda: trainer.closed)

    def test_a_closed_dock_is_not_kept_alive(self, viewer, trainer, qtbot):
        dock = MethodDock(viewer, METHOD, trainer)
        viewer.window.add_dock_widget(dock, name="Scribble2Label")
        gone = weakref.ref(dock)
        dock.parent().destroyOnClose()
        del dock
        qtbot.wait(50)
        gc.collect()
        assert gone() is None


class TestKeys:
    """Of two docks that are seen at once, the one that the person works in has the keys."""

    @pytest.fixture
    def viewer(self, make_napari_viewer):
        return make_napari_viewer(show=True)

    @pytest.fixture
    def docks(self, viewer, trainer, qtbot):
        method = MethodDock(viewer, METHOD, trainer)
        review = ReviewDock(viewer)
        viewer.window.add_dock_widget(method, name="Scribble2Label")
        viewer.window.add_dock_widget(review, name="Review")
        window = viewer.window._qt_window
        qtbot.waitUntil(lambda: window.tabifiedDockWidgets(review.parent()) == [method.parent()])
        window.splitDockWidget(method.parent(), review.parent(), Qt.Orientation.Horizontal)
        qtbot.waitUntil(lambda: owner(viewer) is not None)
        return method, review

    def test_a_click_into_a_dock_takes_the_keys_and_the_other_says_that_it_has_none(self, docks, viewer, qtbot):
        method, review = docks
        for pressed in (method.form, method.run_view.run_button, method._keys):
            qtbot.mouseClick(review.view.filter, Qt.MouseButton.LeftButton)
            review.view.filter.hidePopup()
            assert owner(viewer) == "accept_selected"
            assert review._keys.text() == "Keys: U merge, Q cut, H blink, J accept many"
            assert "click here" in method._keys.text()
            qtbot.mouseClick(pressed, Qt.MouseButton.LeftButton)
            assert owner(viewer) == "accept_object"
        assert method._keys.text() == "Keys: Q draw, W brush, H hide"
        assert "click here" in review._keys.text()
        qtbot.keyClick(review.view.words, "k")
        assert owner(viewer) == "accept_selected"
        assert review.view.words.text() == "k", "a press does what it always does"

    def test_closing_a_dock_gives_the_keys_to_the_one_that_is_left(self, docks, viewer):
        method, review = docks
        review._keys.take()
        review.parent().destroyOnClose()
        assert owner(viewer) == "accept_object"
        assert "click here" not in method._keys.text()
        method.parent().destroyOnClose()
        assert not viewer.keymap

    def test_of_two_docks_that_lie_on_one_another_the_one_in_front_has_the_keys(self, docks, viewer, qtbot):
        method, review = docks
        viewer.window._qt_window.tabifyDockWidget(method.parent(), review.parent())
        for dock, action in [(review, "accept_selected"), (method, "accept_object"), (review, "accept_selected")]:
            dock.parent().raise_()
            qtbot.waitUntil(lambda action=action: owner(viewer) == action)


def owner(viewer):
    """Return what the key does, or None."""
    return getattr(viewer.keymap.get(KeyBinding.from_str("K")), "__name__", None)
