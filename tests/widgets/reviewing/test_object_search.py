"""What is known of the pixels is that of now, although it was looked for a while ago."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_labelfix.review.suspects import Reason
from napari_labelfix.widgets.reviewing import object_search
from napari_labelfix.widgets.reviewing.object_search import ObjectSearch
from napari_labelfix.widgets.viewer.history import history_of


@pytest.fixture
def layer(model):
    labels = np.zeros((60, 80), np.int32)
    labels[5:15, 5:15], labels[5:15, 25:35], labels[40:50, 60:70] = 1, 2, 3
    return model.add_labels(labels)


@pytest.fixture
def search(model, layer, qtbot, monkeypatch):
    monkeypatch.setattr(object_search, "_AFTER_MS", 50)
    search = ObjectSearch(model)
    history = history_of(layer)

    def notice(event):
        search.notice(event.value)

    history.changed.connect(notice)
    search.look_at(layer)
    yield search
    history.changed.disconnect(notice)
    search.look_at(None)
    qtbot.waitUntil(lambda: not search.busy, timeout=10_000)


def test_after_an_edit_it_is_searched_again(search, layer, qtbot):
    with qtbot.waitSignal(search.found, timeout=10_000):
        search.start()
    assert not search.suspects.found[Reason.PIECES].any()
    with qtbot.waitSignal(search.found, timeout=10_000):
        layer.data_setitem((np.array([55]), np.array([5])), 2)
    assert search.suspects.found[Reason.PIECES].tolist() == [False, True, False]
    assert search.box_of(2) == (slice(5, 56), slice(5, 35))


def test_where_an_object_was_when_the_search_began_does_not_count_if_it_has_changed_since(search, layer, qtbot):
    with qtbot.waitSignal(search.found, timeout=10_000):
        search.start()
        layer.data_setitem((np.array([30]), np.array([40])), 3)
    assert search.box_of(3) == (slice(30, 50), slice(40, 70))
    assert search.box_of(1) == (slice(5, 15), slice(5, 15))
    assert search.box_of(9) is None


def test_of_a_layer_that_is_left_nothing_is_known_and_nothing_is_told(search, layer, qtbot):
    told = []
    search.found.connect(lambda: told.append(1))
    search.start()
    search.look_at(None)
    qtbot.waitUntil(lambda: not search.busy, timeout=10_000)
    assert told == []
    assert search.suspects is None
    assert search.box_of(1) is None


def test_objects_are_looked_for_in_the_plane_in_view_at_one_look(qtbot, monkeypatch):
    stack = np.zeros((3, 60, 80), np.int32)
    stack[1, 5:15, 5:15], stack[1, 20:30, 40:60], stack[2, 0:4, 0:4] = 1, 2, 3
    model = ViewerModel()
    layer = model.add_labels(stack)
    model.dims.set_point(0, 1)
    search = ObjectSearch(model)
    search.look_at(layer)
    looks = []
    real = object_search.find_boxes
    monkeypatch.setattr(object_search, "find_boxes", lambda *of: looks.append(of[0].shape) or real(*of))
    expected = {1: np.s_[1:2, 5:15, 5:15], 2: np.s_[1:2, 20:30, 40:60]}
    assert search.boxes_in_view([1, 2, 3]) == expected
    assert search.boxes_in_view([2, 1]) == expected
    assert looks == [(60, 80)]
    assert search.box_of(3) == np.s_[2:3, 0:4, 0:4]
    search.look_at(None)
    assert search.boxes_in_view([1]) == {}


def test_an_image_that_cannot_be_read_is_told_in_a_sentence(model, search, qtbot):
    class Damaged:
        shape, dtype, ndim = (60, 80), np.dtype(np.uint8), 2

        def __getitem__(self, index):
            raise RuntimeError("error during blosc decompression: -1")

    model.layers["cells"]._data = Damaged()
    with qtbot.waitSignal(search.failed, timeout=10_000) as told:
        search.start()
    assert told.args == ["cells cannot be read (error during blosc decompression: -1). Open the image again."]
