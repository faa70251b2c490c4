"""Accepting: undoable, never without being asked, never over what is accepted or locked."""

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_labelfix.errors import InputError
from napari_labelfix.review.states import Record, RecordChanges, State
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.accepting.acceptor import Count
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import classes_of, set_classes
from napari_labelfix.widgets.viewer.history import history_of

SURE, UNSURE = 0.95, 0.6


def discs() -> Proposal:
    """Four boxes of 5 x 5 pixels, in the corners of 10 x 10 tiles; the last two are unsure."""
    labels = np.zeros((20, 20), np.int32)
    confidence = np.zeros((20, 20), np.float32)
    for label, (row, column, sure) in enumerate([(0, 0, SURE), (0, 10, SURE), (10, 0, UNSURE), (10, 10, UNSURE)], 1):
        labels[row : row + 5, column : column + 5] = label
        confidence[row : row + 5, column : column + 5] = sure
    return Proposal(labels, (labels > 0).astype(np.uint8), confidence, labels < 0)


@pytest.fixture
def model():
    return ViewerModel()


def results_on(model, shape=(20, 20), **placed):
    image = model.add_image(np.random.default_rng(0).random(shape), **placed)
    results = ProposalLayers(model, image, "m")
    results.create()
    return results


@pytest.fixture
def results(model):
    results = results_on(model, name="cells")
    results.write({0: discs()})
    return results


@pytest.fixture
def accepting(results):
    return AcceptingObjects(results)


def test_a_refreshed_proposal_never_touches_what_was_accepted(accepting, results):
    accepting.accept_above(0.9)
    before = accepting.corrected.data.copy()
    empty = np.zeros((20, 20), np.int32)
    results.write({0: Proposal(empty, empty.astype(np.uint8), empty.astype(np.float32), empty > 0)})
    np.testing.assert_array_equal(accepting.corrected.data, before)


def test_the_corrected_layer_is_made_on_the_first_accept(model):
    results = results_on(model, scale=(0.5, 0.5), translate=(3, 4), units=("um", "um"))
    results.write({0: discs()})
    accepting = AcceptingObjects(results)
    assert accepting.corrected is None
    accepting.accept_above()
    corrected = accepting.corrected
    assert corrected.data.dtype == np.int32
    assert layers.role_of(corrected) == "corrected"
    assert corrected.editable
    np.testing.assert_allclose(corrected.data_to_world((7, 8)), results.image.data_to_world((7, 8)))
    assert corrected.units == results.image.units


@pytest.mark.parametrize(("threshold", "ids"), [(0.0, [1, 2, 3, 4]), (0.9, [1, 2]), (1.0, [])])
def test_only_objects_above_the_threshold_are_accepted(accepting, threshold, ids):
    proposed = discs().labels
    edit = accepting.accept_above(threshold)
    assert edit.count == len(ids)
    np.testing.assert_array_equal(accepting.corrected.data > 0, np.isin(proposed, ids))


def test_one_undo_takes_an_accept_back_and_redo_brings_it_again(accepting):
    accepting.accept_above(0.9)
    first = accepting.corrected.data.copy()
    accepting.accept_above(0.0)
    everything = accepting.corrected.data.copy()
    corrected = accepting.corrected
    corrected.undo()
    np.testing.assert_array_equal(corrected.data, first)
    corrected.undo()
    assert not corrected.data.any()
    corrected.redo()
    corrected.redo()
    np.testing.assert_array_equal(corrected.data, everything)


def test_an_accepted_object_has_a_record_that_undo_takes_away_and_redo_brings(accepting, results):
    accepting.accept_above(0.9)
    results.note_version("2024-05-01 10:00, step 40")
    accepting.accept_at((12, 2))
    corrected = accepting.corrected
    records = history_of(corrected).records
    assert records.get(1) == Record(State.ACCEPTED, 0.95, "m")
    assert records.get(3) == Record(State.ACCEPTED, 0.6, "m", "2024-05-01 10:00, step 40")
    assert history_of(corrected).last_step() == "accept"
    corrected.undo()
    assert corrected.features["index"].tolist() == [1, 2]
    corrected.redo()
    assert records.get(3) == Record(State.ACCEPTED, 0.6, "m", "2024-05-01 10:00, step 40")


@pytest.mark.parametrize("state", [State.REJECTED, State.IGNORED])
def test_what_was_rejected_is_not_accepted_in_bulk_and_stays_rejected_where_it_is(accepting, results, state):
    history = history_of(results.layer("proposal"))
    history.step(None, RecordChanges(after={2: Record(state)}), "reject")
    assert accepting.count() == Count(3, 0)
    moved = discs()
    moved.labels[0:5, 10:15] = 0
    moved.labels[0:5, 11:16] = 9
    moved.confidence[0:5, 11:16] = SURE
    results.write({0: moved})
    accepting.count()
    assert history.records.get(9).state is state
    assert history.records.get(9).confidence == pytest.approx(0.8 * SURE + 0.2 * SURE, abs=0.01)
    assert accepting.accept_above().count == 3
    assert not accepting.corrected.data[0:5, 11:16].any()
    results.layer("proposal").undo()
    assert history.records.get(9).state is state, "a new proposal has a new history"
    assert accepting.accept_at((2, 13)).count == 1, "who points at it wants it"


def test_an_accept_tells_the_paint_event_once(accepting):
    accepting.accept_above(0.9)
    told = []
    accepting.corrected.events.paint.connect(lambda event: told.append(event.value))
    accepting.accept_above(0.0)
    assert len(told) == 1


def test_an_accept_selects_the_corrected_layer_so_that_ctrl_z_and_save_act_on_it(accepting, model):
    model.layers.selection.active = model.layers["cells"]
    accepting.accept_above(0.9)
    assert model.layers.selection.active is accepting.corrected


def test_an_accept_leaves_the_brush_in_the_hand(accepting):
    accepting.accept_above(0.9)
    accepting.corrected.mode = "paint"
    accepting.accept_above(0.0)
    assert accepting.corrected.mode == "paint"


def test_the_count_says_before_what_will_happen(accepting):
    assert accepting.count(0.9) == Count(new=2, present=0)
    assert accepting.count() == Count(new=4, present=0)
    edit = accepting.accept_above(0.9)
    assert (edit.count, edit.present) == (2, 0)
    assert accepting.count(0.9) == Count(new=0, present=2)
    assert accepting.count() == Count(new=2, present=2)
    edit = accepting.accept_above()
    assert (edit.count, edit.present) == (2, 2)


def test_the_count_follows_a_refresh_and_an_edit_at_once(accepting, results):
    accepting.accept_above()
    assert accepting.count().new == 0
    accepting.corrected.undo()
    assert accepting.count() == Count(4, 0)
    empty = np.zeros((20, 20), np.int32)
    results.write({0: Proposal(empty, empty.astype(np.uint8), empty.astype(np.float32), empty > 0)})
    assert accepting.count() == Count(0, 0)


def test_bulk_accepts_leave_hand_made_objects_alone(accepting):
    accepting.accept_at((0, 0))
    corrected = accepting.corrected
    corrected.selected_label = 77
    corrected.data_setitem(tuple(np.indices((20, 20))[:, 10:14, 0:5].reshape(2, -1)), 77)  # most of object 3
    mine = corrected.data.copy()
    accepting.accept_above()
    np.testing.assert_array_equal(corrected.data[mine > 0], mine[mine > 0])
    assert corrected.data[14, 0] == 0, "object 3 is there already, in the person's own outline"
    assert corrected.data.max() == 79


@pytest.mark.parametrize("placed", [{}, {"scale": (0.5, 0.25), "translate": (10, -3)}, {"rotate": 30, "scale": (2, 2)}])
def test_the_object_under_the_pointer_is_found_in_data_coordinates(model, placed):
    results = results_on(model, **placed)
    results.write({0: discs()})
    accepting = AcceptingObjects(results)
    layer = results.layer("proposal")
    assert accepting.object_at(layer.data_to_world((2, 12))) == 2
    assert accepting.object_at(layer.data_to_world((4.4, 14.4))) == 2, "the corner pixel"
    assert accepting.object_at(layer.data_to_world((4.6, 12))) == 0
    assert accepting.object_at(layer.data_to_world((-3, 2))) == 0, "outside, and not wrapped around"
    assert accepting.object_at(layer.data_to_world((2, 400))) == 0
    edit = accepting.accept_at(layer.data_to_world((12, 2)))
    assert edit.count == 1
    np.testing.assert_array_equal(accepting.corrected.data > 0, discs().labels == 3)


def test_pointing_at_nothing_accepts_nothing_and_makes_no_layer(accepting):
    assert accepting.accept_at((7, 7)) is None
    assert accepting.corrected is None


def test_a_better_outline_replaces_the_object_and_keeps_its_id(accepting, results):
    accepting.accept_above()
    better = discs()
    better.labels[0:6, 0:6] = 1
    results.write({0: better})
    accepting.accept_at((2, 2))
    corrected = accepting.corrected.data
    assert (corrected == corrected[0, 0]).sum() == 36
    assert len(np.unique(corrected)) == 5


def test_locked_objects_never_change(accepting, results):
    accepting.accept_above()
    corrected = accepting.corrected
    locked = corrected.data[2, 2]
    corrected.features = {"index": [locked, 99], "locked": [True, False]}
    assert history_of(corrected).records.table.locked_ids.tolist() == [locked]
    before = corrected.data == locked
    better = discs()
    better.labels[0:8, 0:8] = 1
    results.write({0: better})
    accepting.accept_at((2, 2))
    np.testing.assert_array_equal(corrected.data == locked, before)


def test_a_layer_without_that_feature_has_no_locked_objects(accepting):
    accepting.accept_above()
    accepting.corrected.features = {"index": [1], "note": ["mine"]}
    assert not history_of(accepting.corrected).records.table.locked_ids.size


def test_without_a_proposal_there_is_nothing_to_accept(model):
    accepting = AcceptingObjects(results_on(model))
    assert not accepting.has_objects
    assert accepting.accept_above() is None
    assert accepting.accept_at((2, 2)) is None
    assert accepting.count() == Count(0, 0)
    assert len(model.layers) == 4, "and no corrected layer is made"


def test_accepts_work_on_every_plane_of_a_stack(model):
    results = results_on(model, (3, 20, 20))
    accepting = AcceptingObjects(results)
    results.write({0: discs(), 2: discs()})
    model.dims.set_current_step(0, 1)
    assert accepting.count(0.9) == Count(4, 0)
    assert accepting.accept_above(0.9).count == 4
    corrected = accepting.corrected
    assert [len(np.unique(plane)) - 1 for plane in corrected.data] == [2, 0, 2]
    assert set(np.unique(corrected.data)) == {0, 1, 2, 3, 4}
    assert accepting.accept_at((2, 12, 2)).count == 1
    assert corrected.data[2, 12, 2] == 5
    corrected.undo()
    corrected.undo()
    assert not corrected.data.any()


def test_the_accepts_of_two_methods_go_to_the_same_layer(accepting, model, results):
    accepting.accept_above()
    other = ProposalLayers(model, results.image, "another method")
    assert AcceptingObjects(other).corrected is accepting.corrected


def test_ids_that_the_layer_cannot_hold_are_refused_and_not_wrapped(accepting):
    accepting.accept_at((0, 0))
    corrected = accepting.corrected
    small = corrected.data.astype(np.uint8)
    small[7, 7] = 254
    corrected.data = small
    with pytest.raises(InputError, match="can hold ids up to 255 only"):
        accepting.accept_above()
    np.testing.assert_array_equal(corrected.data, small)


def test_accepted_objects_keep_their_class_through_undo_edits_and_further_accepts(accepting, results):
    several = discs()
    results.write({0: replace(several, classes=np.where(several.labels > 2, several.labels - 1, several.classes))})
    accepting.accept_above(0.9)
    accepting.accept_above()
    corrected = accepting.corrected

    def classes():
        return dict(zip(corrected.features["index"], corrected.features["class"], strict=True))

    new = {row: int(corrected.data[row, row]) for row in (0, 10)}
    other = int(corrected.data[10, 0])
    assert classes()[new[10]] == 3
    assert classes()[other] == 2
    assert classes()[new[0]] == 1
    corrected.undo()
    assert new[10] not in corrected.features["index"].to_numpy()
    corrected.redo()
    assert classes()[new[10]] == 3
    history = history_of(corrected)
    history.step(None, RecordChanges(after={other: replace(history.records.get(other), note="odd")}), "note")
    assert classes()[other] == 2
    several.labels[15, 10:15] = 4
    results.write({0: several})
    accepting.accept_in_place(int(results.layer("proposal").data[10, 10]))
    corrected_as = int(corrected.data[10, 10])
    assert classes()[corrected_as] == 0, "the proposal knows one class only, which says nothing"
    assert classes()[other] == 2
    corrected.undo()
    assert classes()[corrected_as] == 3


def test_of_one_class_nothing_is_said(accepting):
    accepting.accept_above()
    assert "class" not in accepting.corrected.features


def test_what_is_accepted_is_of_the_class_that_a_person_says_and_the_names_go_along(accepting, results):
    set_classes(results.layer("proposal"), {1: "nucleus", 2: "mitosis"})
    first, second = (int(results.layer("proposal").data[row, row]) for row in (0, 10))
    accepting.accept_in_place(first, 2)
    accepting.accept_ids(np.array([second]))
    corrected = accepting.corrected
    assert classes_of(corrected) == {1: "nucleus", 2: "mitosis"}
    table = history_of(corrected).records.table
    assert [(record.state, record.class_number) for record in map(table.at, range(len(table)))] == [
        (State.EDITED, 2), (State.ACCEPTED, 1),
    ], "where classes are known, that it is of the first one says something"  # fmt: skip
