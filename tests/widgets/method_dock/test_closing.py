"""Docks and windows are closed, hidden and moved."""

import gc
import weakref

import numpy as np
import pytest
from app_model.types import KeyBinding
from docked import METHOD

from napari_labelfix.project.store import Project
from napari_labelfix.widgets.method_dock import MethodDock


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
