"""The offer to restore what was cut off, made once."""

import gc
import weakref
from pathlib import Path

import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget

from napari_labelfix.project.recovery import Unsaved
from napari_labelfix.widgets.saving import restore_offer
from napari_labelfix.widgets.saving.dock_saving import Saving

pytestmark = pytest.mark.gui


@pytest.fixture
def told(monkeypatch):
    """What is told; nothing was offered yet, and something was cut off."""
    told = []
    monkeypatch.setattr(restore_offer.notification_manager, "dispatch", told.append)
    monkeypatch.setattr(restore_offer, "_offered", False)
    monkeypatch.setattr(restore_offer, "_AFTER_MS", 100)
    found = Unsaved(Path("cells.labelfix"), named=False, cut_off=True, changed=0.0, images=("cells",))
    monkeypatch.setattr(restore_offer.recovery, "find_unsaved", lambda: [found])
    return told


def test_a_dock_that_is_closed_before_anything_is_found_does_not_end_the_offer(told, qtbot):
    viewer, first, second = ViewerModel(), QWidget(), QWidget()
    qtbot.addWidget(second)
    Saving(viewer, first).begin()
    first.deleteLater()
    del first
    qtbot.wait(10)
    gc.collect()
    Saving(viewer, second).begin()
    qtbot.waitUntil(lambda: told != [])
    qtbot.wait(200)
    assert [notification.message.count("cut off while you worked on cells") for notification in told] == [1]


def test_a_notification_that_napari_keeps_does_not_keep_the_viewer(told, qtbot):
    viewer = ViewerModel()
    restore_offer._offer(viewer, restore_offer.recovery.find_unsaved())
    gone = weakref.ref(viewer)
    del viewer
    gc.collect()
    assert gone() is None
    [(_, restore)] = told[0].actions
    restore(None)


@pytest.mark.parametrize(("number", "more"), [(1, ""), (2, " There is 1 more"), (3, " There are 2 more")])
def test_how_many_more_were_cut_off_is_said(told, number, more):
    restore_offer._offer(ViewerModel(), restore_offer.recovery.find_unsaved() * number)
    assert told[0].message.endswith(f"is there.{more}{' in the Project dock.' if more else ''}")
