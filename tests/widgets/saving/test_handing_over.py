"""What has changed is given to the thread that writes, once, and again where it was lost."""

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QObject, Signal

from napari_labelfix.project.records import Entry, RunRecord
from napari_labelfix.widgets.saving.handing_over import HandingOver


class File(QObject):
    """Takes what is handed over, as a project and its thread in one."""

    dropped = Signal()
    is_open, waiting = True, 0

    def __init__(self):
        super().__init__()
        self.batches = []

    def call(self, work):
        work(self)

    def write(self, batch):
        self.batches.append(batch)

    def take(self):
        taken, self.batches = self.batches, []
        return taken


@pytest.fixture
def file(qtbot):
    return File()


@pytest.fixture
def changes(file):
    model = ViewerModel()
    model.add_labels(np.zeros((20, 30), np.int32), name="mine")
    changes = HandingOver(model, file)
    changes.follow(list(model.layers))
    changes.model = model  # it is held weakly
    changes.hand_over_all()
    [first] = file.take()
    assert [layer.name for layer in first.layers] == ["mine"]
    return changes


def test_what_was_handed_over_does_not_come_again(changes, file):
    assert not changes.hand_over()
    assert file.take() == []
    changes.model.layers["mine"].data_setitem((np.array([3]), np.array([4])), 1)
    changes.told.history.append(Entry("person", "me", "said", ""))
    changes.hand_over_all()
    [batch] = file.take()
    assert [line.what for line in batch.history] == ["paint", "said"]


def test_what_was_lost_is_asked_for_and_comes_again(changes, file, qtbot):
    changes.told.runs["r"] = RunRecord("r", "scribble2label", "i", {})
    changes.hand_over_all()
    file.take()
    with qtbot.waitSignal(changes.due, timeout=5000):
        file.dropped.emit()
    assert changes.incomplete
    changes.hand_over_all()
    [batch] = file.take()
    assert [run.id for run in batch.runs] == ["r"]
    assert len(batch.layers) == 1
    changes.settle()
    assert not changes.incomplete


def test_of_a_viewer_that_was_emptied_the_layers_are_told_as_gone_and_what_had_changed_is_kept(changes, file):
    layer = changes.model.layers["mine"]
    layer.data_setitem((np.array([3]), np.array([4])), 1)
    changes.model.layers.clear()
    changes.follow([])
    assert changes.was_emptied
    assert changes.left_behind
    changes.forget_removed()
    assert not changes.was_emptied
    assert not changes.worth_a_project
