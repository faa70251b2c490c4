"""Work in another thread: only what was asked for last tells its result."""

from threading import Event

import pytest
from qtpy.QtCore import QObject

from napari_labelfix.errors import OutputError
from napari_labelfix.widgets.parts.background import Background

pytestmark = pytest.mark.gui


def test_work_that_still_waits_is_left_out_without_an_error(qtbot):
    background, gate, results = Background(), Event(), []
    background.done.connect(results.append)
    background.start(gate.wait)
    background.start(lambda: "left out")
    background.start(lambda: "last")
    gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert results == ["last"]


def test_what_fails_after_its_dock_was_closed_is_told_where_errors_are_written(qtbot, caplog):
    parent, gate = QObject(), Event()
    background = Background(parent)

    def fail():
        gate.wait()
        raise OutputError("The disk is full.")

    background.start(fail)
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()
    gate.set()
    qtbot.waitUntil(lambda: "The disk is full." in caplog.text)
