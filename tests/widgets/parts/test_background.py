"""Work in another thread: only what was asked for last tells its result."""

from concurrent.futures import Future
from threading import Event

import pytest
from qtpy.QtCore import QCoreApplication, QObject

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


@pytest.mark.parametrize("end", ["stop", "start_long", "parent", "program"])
def test_long_work_ends_where_nobody_waits_for_it_and_nothing_is_told(qtbot, caplog, end):
    parent, ended, told = QObject(), Event(), []
    background = Background(parent)
    background.done.connect(told.append)
    background.failed.connect(told.append)

    def work(go_on):
        try:
            while True:
                go_on()
        finally:
            ended.set()

    background.start_long(work)
    match end:
        case "stop":
            background.stop()
        case "start_long":
            background.start_long(lambda go_on: go_on())
        case "parent":
            with qtbot.waitSignal(parent.destroyed):
                parent.deleteLater()
        case "program":
            QCoreApplication.instance().aboutToQuit.emit()
    assert ended.wait(5)
    qtbot.wait(50)
    assert told == ([None] if end == "start_long" else [])
    assert end == "parent" or not background.busy
    assert not caplog.records


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


def test_work_that_is_done_at_once_is_told_after_whoever_starts_it_has_gone_on(qtbot, monkeypatch):
    background, told = Background(), []
    background.done.connect(told.append)
    done = Future()
    done.set_result("done")
    monkeypatch.setattr(background._thread, "submit", lambda work: done)
    background.start(lambda: "done")
    assert told == []
    assert background.busy
    qtbot.waitUntil(lambda: told == ["done"])
    assert not background.busy
