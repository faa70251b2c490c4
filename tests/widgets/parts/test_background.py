"""Work in another thread: only what was asked for last tells its result."""

from threading import Event

import pytest

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
