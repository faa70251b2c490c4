"""The demo opens what it promises."""

from __future__ import annotations

import sys

import pytest
from npe2 import PluginManager


@pytest.mark.gui
def test_the_demo_shows_a_sample_with_scribbles_and_a_run_that_proposes(make_napari_viewer, qtbot):
    from napari_labelfix.widgets.demo import start_demo
    from napari_labelfix.widgets.viewer.layers import role_of

    PluginManager.instance().discover()  # napari's test support starts each test with no plugins
    viewer = make_napari_viewer()
    dock = start_demo(viewer)
    try:
        scribbles = next(layer for layer in viewer.layers if role_of(layer) == "scribbles")
        assert scribbles.data.any()
        assert dock.session.running
        qtbot.waitUntil(lambda: proposal_of(viewer, role_of).any(), timeout=90_000)
    finally:
        dock.run_or_stop()
    qtbot.waitUntil(lambda: not dock.session.running, timeout=5_000)


def proposal_of(viewer, role_of):
    return next(layer.data for layer in viewer.layers if role_of(layer) == "proposal")


def test_without_a_qt_the_demo_says_what_to_install(monkeypatch, capsys):
    from napari_labelfix.cli import main

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setitem(sys.modules, "napari_labelfix.widgets.demo", None)  # importing it fails
    with pytest.raises(SystemExit, match="2"):
        main(["demo"])
    assert "napari does not open" in capsys.readouterr().err
