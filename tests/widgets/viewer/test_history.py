"""The history: strokes, steps and records go back and forth together, whoever makes them."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_labelfix.errors import InputError
from napari_labelfix.review.actions import Edit
from napari_labelfix.review.states import Record, RecordChanges, State
from napari_labelfix.widgets.viewer.history import history_of


def boxes(shape=(40, 40)):
    """Three boxes of 5 x 5 pixels."""
    data = np.zeros(shape, np.int32)
    for label, column in enumerate((0, 10, 20), start=1):
        data[..., 0:5, column : column + 5] = label
    return data


@pytest.fixture
def layer():
    return Labels(boxes(), name="cells")


@pytest.fixture
def history(layer):
    return history_of(layer)


def edit_of(layer, mask, label):
    indices = np.nonzero(mask & (layer.data != label))
    before = layer.data[indices].astype(np.int32)
    return Edit(indices, before, np.full_like(before, label), count=1)


def records(**states):
    return RecordChanges({}, {int(label[1:]): record for label, record in states.items()})


def state_of(layer):
    """Everything that undo has to bring back."""
    return layer.data.copy(), layer.features.copy()


def assert_same(first, second):
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1].reset_index(drop=True).equals(second[1].reset_index(drop=True)), (first[1], second[1])


ACCEPTED = Record(State.ACCEPTED, 0.9, "m", "1")


def test_every_object_has_a_record_in_the_features(layer, history):
    assert layer.features["index"].tolist() == [1, 2, 3]
    assert layer.features["state"].tolist() == ["todo"] * 3
    assert layer.features["area"].tolist() == [25] * 3
    assert history_of(layer) is history
    assert history.records.get(9) is None


def test_a_step_sets_pixels_and_records_and_ctrl_z_takes_both_back(layer, history):
    before = state_of(layer)
    mask = layer.data == 2
    assert history.step(edit_of(layer, mask, 1), records(o1=ACCEPTED), "merge")
    after = state_of(layer)
    assert layer.features["index"].tolist() == [1, 3]
    assert layer.features["area"].tolist() == [50, 25]
    assert history.records.get(1) == ACCEPTED
    assert history.last_step() == "merge"
    layer.undo()
    assert_same(state_of(layer), before)
    assert history.last_step() == ""
    layer.redo()
    assert_same(state_of(layer), after)


def test_a_step_of_states_alone_can_be_undone_between_strokes(layer, history):
    layer.brush_size = 3
    states = [state_of(layer)]
    layer.paint((30, 30), 7)
    states.append(state_of(layer))
    history.step(None, records(o2=ACCEPTED), "accept")
    states.append(state_of(layer))
    layer.paint((2, 12), 0)
    states.append(state_of(layer))
    assert history.records.get(2).state is State.EDITED
    for expected in reversed(states[:-1]):
        layer.undo()
        assert_same(state_of(layer), expected)
    for expected in states[1:]:
        layer.redo()
        assert_same(state_of(layer), expected)


def test_a_step_that_does_nothing_is_no_step(layer, history):
    history.step(None, records(o2=ACCEPTED), "accept")
    assert not history.step(None, records(o2=ACCEPTED), "accept")
    assert not history.step(None, None, "nothing")
    assert not history.step(edit_of(layer, layer.data < 0, 3), None, "nothing")
    layer.undo()
    assert history.last_step() == ""


def test_a_stroke_makes_edits_and_ends_objects(layer, history):
    history.step(None, records(o1=ACCEPTED, o2=ACCEPTED), "accept")
    layer.brush_size = 30
    layer.paint((2, 22), 9)  # over all of 3 and 2, and a little of 1? no: it begins at column 7
    assert 3 not in history.records.table
    assert history.records.get(9) == Record(State.EDITED, source="hand")
    assert history.records.table.area_of(9) == (layer.data == 9).sum()
    layer.undo()
    assert history.records.get(2) == ACCEPTED
    assert history.records.get(3) == Record()
    assert 9 not in history.records.table


@pytest.mark.parametrize(
    ("state", "erased", "drawn", "painted_over"),
    [
        (State.TODO, State.EDITED, State.EDITED, State.TODO),
        (State.ACCEPTED, State.EDITED, State.EDITED, State.EDITED),
        (State.REJECTED, State.REJECTED, State.EDITED, State.REJECTED),
        (State.IGNORED, State.IGNORED, State.EDITED, State.IGNORED),
    ],
)
def test_what_a_stroke_makes_of_a_state(layer, history, state, erased, drawn, painted_over):
    layer.brush_size = 3
    for place, label, expected in [((0, 10), 0, erased), ((8, 12), 2, drawn), ((0, 10), 3, painted_over)]:
        history.step(None, records(o2=Record(state)), "set")
        layer.paint(place, label)
        assert history.records.get(2).state is expected
        layer.undo()


def test_an_edit_outside_a_stroke_is_told_when_its_pixels_are_written(layer, history):
    seen = []

    class Listener:
        def hear(self, event):
            seen.append((event.value.what, int(layer.data[30, 30])))

    listener = Listener()
    history.changed.connect(listener.hear)
    layer.paint((30, 30), 7)
    layer.data_setitem((np.array([30]), np.array([30])), 8)
    assert seen == [("paint", 7), ("paint", 8)]
    layer.data_setitem((np.array([30]), np.array([30])), 9, refresh=False)
    layer.undo()
    assert 9 not in history.records.table
    layer.redo()
    assert history.records.get(9) == Record()
    del listener


def test_a_stroke_of_several_moves_is_one_step(layer, history):
    before = state_of(layer)
    with layer.block_history():
        layer.paint((30, 30), 7)
        layer.paint((30, 33), 7)
        layer.paint((30, 31), 0)
    assert history.records.table.area_of(7) == (layer.data == 7).sum()
    layer.undo()
    assert_same(state_of(layer), before)


def test_locked_objects_come_back_from_a_stroke_in_the_same_step(layer, history):
    history.step(None, records(o2=Record(State.ACCEPTED, locked=True)), "lock")
    locked = layer.data == 2
    before = state_of(layer)
    layer.brush_size = 20
    with layer.block_history():
        layer.paint((2, 12), 1)
        layer.paint((2, 14), 3)
    np.testing.assert_array_equal(layer.data == 2, locked)
    assert history.records.get(2) == Record(State.ACCEPTED, locked=True)
    assert history.records.table.area_of(1) == (layer.data == 1).sum()
    after = state_of(layer)
    layer.undo()
    assert_same(state_of(layer), before)
    layer.redo()
    assert_same(state_of(layer), after)


def test_nobody_draws_onto_a_locked_object_and_no_step_changes_it(layer, history):
    history.step(None, records(o2=Record(locked=True)), "lock")
    before = layer.data.copy()
    layer.paint((30, 30), 2)
    np.testing.assert_array_equal(layer.data, before)
    assert not history.step(edit_of(layer, layer.data == 2, 0), None, "delete")
    assert history.step(edit_of(layer, layer.data > 0, 3), None, "merge")
    np.testing.assert_array_equal(layer.data == 2, before == 2)


def test_an_undo_of_a_hidden_layer_is_noticed_later_even_when_a_stroke_came_between(layer, history):
    history.step(None, records(o1=ACCEPTED), "accept")
    history.step(None, records(o2=ACCEPTED), "accept")
    layer.visible = False
    layer.undo()
    assert history.last_step() == "accept"
    assert history.records.get(2) == Record()
    layer.undo()
    layer.paint((30, 30), 7)
    assert history.records.get(1) == Record()
    assert layer.features["index"].tolist() == [1, 2, 3, 7]


def test_beyond_a_hundred_steps_the_oldest_are_kept_as_they_are(layer, history):
    for number in range(130):
        history.step(None, records(o1=Record(note=str(number))), "note")
    for _ in range(150):
        layer.undo()
    assert history.records.get(1).note == "29"
    for _ in range(150):
        layer.redo()
    assert history.records.get(1).note == "129"


def test_strokes_from_before_the_history_was_asked_for_can_be_undone(layer):
    layer.paint((30, 30), 7)
    layer.paint((2, 2), 0)
    layer.undo()
    history = history_of(layer)
    assert history.records.get(7) == Record()
    layer.redo()
    assert history.records.table.area_of(1) == (layer.data == 1).sum()
    layer.undo()
    layer.undo()
    assert 7 not in history.records.table
    layer.redo()
    assert history.records.table.area_of(7) == (layer.data == 7).sum()


def test_it_tells_what_changed_and_where(history):
    layer = Labels(np.zeros((3, 600, 600), np.int32))
    told = []
    history = history_of(layer)

    class Listener:
        def hear(self, event):
            told.append(event.value)

    listener = Listener()
    history.changed.connect(listener.hear)
    layer.brush_size = 3
    layer.paint((1, 255, 10), 4)
    layer.undo()
    layer.redo()
    history.step(None, records(o4=ACCEPTED), "accept")
    assert [one.what for one in told] == ["paint", "undo", "redo", "accept"]
    assert all(one.ids.tolist() == [4] for one in told)
    assert told[0].blocks.tolist() == told[1].blocks.tolist() == [[1, 0, 0], [1, 1, 0]]
    assert told[3].blocks.size == 0
    del listener
    layer.paint((1, 255, 10), 5)
    assert len(told) == 4, "listeners are held weakly"


def test_a_new_array_hands_records_on_by_place_and_old_undo_cannot_spoil_it(layer, history):
    history.step(None, records(o1=ACCEPTED, o3=Record(State.REJECTED)), "set")
    new = np.zeros_like(layer.data)
    new[0:5, 0:5] = 8
    new[0:4, 20:25] = 5
    new[30:35, 0:5] = 1
    layer.data = new.copy()
    assert [history.records.get(label) for label in (8, 5, 1)] == [ACCEPTED, Record(State.REJECTED), Record()]
    layer.undo()
    np.testing.assert_array_equal(layer.data, new)


def test_the_same_array_set_again_is_counted_again_and_ids_keep_their_records(layer, history):
    history.step(None, records(o1=ACCEPTED), "accept")
    layer.data[30:32, 30:32] = 1
    layer.data = layer.data
    assert history.records.get(1) == ACCEPTED
    assert history.records.table.area_of(1) == 29


def test_an_array_of_another_shape_begins_anew(layer, history):
    history.step(None, records(o1=ACCEPTED), "accept")
    layer.data = np.ones((7, 9), np.int32)
    assert history.records.get(1) == Record()


def test_features_of_others_are_kept_and_do_not_wipe_out_the_states(layer, history):
    history.step(None, records(o2=ACCEPTED), "accept")
    layer.features = {"index": [1, 2, 3], "roundness": [0.1, 0.2, 0.3]}
    assert history.records.get(2) == ACCEPTED
    assert layer.features["state"].tolist() == ["todo", "accepted", "todo"]
    layer.paint((30, 30), 7)
    assert layer.features["roundness"].tolist()[:3] == [0.1, 0.2, 0.3]
    assert layer.features["state"].tolist() == ["todo", "accepted", "todo", "edited"]


@pytest.mark.parametrize("index", [["c1", "c2", "c3"], [1, np.nan, 3], [1, None, 3.5]])
def test_rows_that_name_no_object_are_left_alone(layer, history, index):
    history.step(None, records(o1=ACCEPTED), "accept")
    layer.features = {"index": index, "roundness": [0.1, 0.2, 0.3]}
    assert history.records.get(1) == ACCEPTED
    assert layer.features["index"].tolist() == [1, 2, 3]
    if index[0] == 1:
        assert layer.features["roundness"].tolist()[0] == 0.1


def test_states_that_somebody_else_sets_are_read(layer, history):
    layer.features = {
        "index": [1, 3],
        "state": ["rejected", "no state"],
        "locked": [True, False],
        "parents": ["", "4 5"],
    }
    assert history.records.get(1) == Record(State.REJECTED, locked=True)
    assert history.records.get(2) == Record()
    assert history.records.get(3) == Record(parents=(4, 5))


def test_a_layer_brings_its_states_along():
    layer = Labels(boxes(), features={"index": [1, 2], "state": ["accepted", "ignored"], "confidence": [0.5, None]})
    table = history_of(layer).records.table
    assert [table.get(label) for label in (1, 2, 3)] == [
        Record(State.ACCEPTED, 0.5),
        Record(State.IGNORED),
        Record(),
    ]


def test_labels_of_several_resolutions_and_too_large_ids_are_refused(layer):
    with pytest.raises(InputError, match="several resolutions"):
        history_of(Labels([boxes(), boxes()[::2, ::2]], multiscale=True))
    small = Labels(boxes().astype(np.uint8), name="small")
    with pytest.raises(InputError, match="can hold ids up to 255 only"):
        history_of(small).step(edit_of(small, small.data == 1, 300), None, "set")


def lazy_boxes():
    return pytest.importorskip("dask.array").from_array(boxes())


def read_only_boxes():
    data = boxes()
    data.flags.writeable = False
    return data


@pytest.mark.parametrize(
    ("make", "way_out"), [(read_only_boxes, "choose Duplicate Layer"), (lazy_boxes, "Save the layer as a TIFF file")]
)
def test_labels_that_cannot_be_written_to_are_refused_before_anything_is_done(make, way_out):
    layer = Labels(make(), name="cells")
    history = history_of(layer)
    before = layer.features.copy()
    edit = edit_of(Labels(boxes()), boxes() == 1, 7)
    with pytest.raises(InputError, match=f"The pixels of “cells” cannot be changed. .*{way_out}"):
        history.step(edit, records(i7=ACCEPTED), "set")
    assert history.last_step() == ""
    assert layer.features.equals(before)
    np.testing.assert_array_equal(np.asarray(layer.data), boxes())


def test_classes_that_others_have_said_go_with_the_objects_and_other_words_stay_as_they_are():
    words = ["tumour", "stroma", ""]
    for said, kept in (([2, 3, 1], [2, 3, 1]), ([2.0, np.nan, 1.0], [2, 0, 1]), (words, words)):
        layer = Labels(boxes(), features={"index": [1, 2, 3], "class": said})
        history = history_of(layer)
        history.step(edit_of(layer, boxes() == 2, 0), None, "delete")
        assert list(layer.features["class"]) == [kept[0], kept[2]]
        layer.undo()
        history.notice()
        assert list(layer.features["class"]) == kept


def test_ten_thousand_objects_stay_fluent():
    import time

    side = 2000
    layer = Labels(
        (np.arange(side * side).reshape(side, side) // 20 % 100 + np.arange(side)[:, None] // 20 * 100 + 1).astype(
            np.int32
        )
    )
    history = history_of(layer)
    assert len(history.records.table) == 10_000
    times = []
    for number in range(5):
        started = time.process_time()
        history.step(None, records(**{f"o{number + 1}": ACCEPTED}), "accept")
        times.append(time.process_time() - started)
    assert min(times) < 0.05
