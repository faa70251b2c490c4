"""In a stack an accept looks at the plane that it is in, and comes out as if it had looked at all of them."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_labelfix.review.actions import accept_object, already_there
from napari_labelfix.review.states import Record, State
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.accepting import objects as module
from napari_labelfix.widgets.accepting.acceptor import Count
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.reviewing import proposal_review
from napari_labelfix.widgets.reviewing.proposal_review import ProposalReview
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.history import history_of

PLANES = 4


def boxes():
    """Nine boxes of 6 x 6 pixels."""
    labels = np.zeros((30, 30), np.int32)
    for label in range(1, 10):
        row, column = divmod(label - 1, 3)
        labels[10 * row : 10 * row + 6, 10 * column : 10 * column + 6] = label
    return Proposal(labels, (labels > 0).astype(np.uint8), (labels > 0) * np.float32(0.9), labels < 0)


@pytest.fixture
def results():
    model = ViewerModel()
    image = model.add_image(np.random.default_rng(0).random((PLANES, 30, 30)))
    results = ProposalLayers(model, image, "m")
    results.create()
    results.write(dict.fromkeys(range(PLANES), boxes()))
    results.objects()
    return results


def corrected_with(results, labels):
    corrected = Labels(labels)
    layers.link(corrected, "corrected", results.image)
    results.viewer.layers.append(corrected)
    return corrected


def some_accepted(seed, through):
    """Objects that lie a little beside the proposed ones; with `through`, some go on in the next plane."""
    random = np.random.default_rng(seed)
    labels = np.zeros((PLANES, 30, 30), np.int32)
    for label in range(1, 25):
        plane, row, column = random.integers(0, (PLANES, 26, 26))
        height, width = random.integers(2, 9, 2)
        depth = 2 if through and label % 3 == 0 else 1
        labels[plane : plane + depth, row : row + height, column : column + width] = label
    return labels


def test_no_object_gets_the_number_of_one_that_was_written_past_the_history(results):
    accepting, corrected = AcceptingObjects(results), corrected_with(results, np.zeros((PLANES, 30, 30), np.int32))
    accepting.accept_in_place(1)
    corrected.data[3, 20:26, 20:26] = 2  # another plugin, in a plane that the next accept does not look at
    accepting.accept_in_place(1_000_002)
    assert [np.unique(plane).tolist() for plane in corrected.data] == [[0, 1], [0, 3], [0], [0, 2]]


@pytest.mark.parametrize("through", [False, True], ids=["objects in one plane", "objects through planes"])
@pytest.mark.parametrize("seed", range(4))
def test_an_accept_writes_what_it_would_if_all_planes_were_searched(results, seed, through):
    accepting, corrected = AcceptingObjects(results), corrected_with(results, some_accepted(seed, through))
    history, proposed = history_of(corrected), results.layer("proposal").data
    locked = history.records.table.ids[::4].tolist()
    history.set_quietly({label: Record(State.ACCEPTED, locked=True) for label in locked})
    for object_id in np.random.default_rng(seed).permutation(np.unique(proposed[proposed > 0]))[:12].tolist():
        expected = accept_object(proposed, corrected.data, object_id, locked)
        after = corrected.data.copy()
        expected.apply(after)
        edit = accepting.accept_in_place(object_id)
        np.testing.assert_array_equal(corrected.data, after)
        assert (edit.count, edit.present) == (expected.count, expected.present)
        np.testing.assert_array_equal(edit.indices, expected.indices)


def test_the_next_id_is_free_also_after_an_undo_in_a_hidden_layer(results):
    accepting = AcceptingObjects(results)
    accepting.accept_in_place(1)
    corrected = accepting.corrected
    accepting.accept_in_place(1_000_002)
    corrected.visible = False
    corrected.undo()
    corrected.undo()
    accepting.accept_in_place(2_000_003)
    assert np.unique(corrected.data).tolist() == [0, 1]


def test_an_accept_and_its_undo_count_the_plane_that_they_change(results, monkeypatch):
    looked_at = []

    def look(proposed, accepted, ids):
        looked_at.append(proposed.shape)
        return already_there(proposed, accepted, ids)

    accepting = AcceptingObjects(results)
    corrected_with(results, np.zeros((PLANES, 30, 30), np.int32))
    monkeypatch.setattr(module, "already_there", look)
    assert accepting.count() == Count(36, 0)
    assert len(looked_at) == PLANES
    for act, count in [
        (lambda: accepting.accept_at((2, 3, 3)), Count(35, 1)),
        (lambda: accepting.corrected.undo(), Count(36, 0)),
        (lambda: accepting.corrected.redo(), Count(35, 1)),
    ]:
        looked_at.clear()
        act()
        assert accepting.count() == count
        assert looked_at == [(30, 30)]


def test_another_corrected_layer_is_counted_as_a_whole(results):
    accepting = AcceptingObjects(results)
    first = corrected_with(results, np.ones((PLANES, 30, 30), np.int32))
    assert accepting.count() == Count(0, 36)
    results.viewer.layers.remove(first)
    assert accepting.count() == Count(36, 0)
    other = np.zeros((PLANES, 30, 30), np.int32)
    other[1] = 1
    corrected_with(results, other)
    assert accepting.count() == Count(27, 9)


def test_the_review_of_a_proposal_looks_at_the_plane_that_changed_and_states_follow(results, monkeypatch, qtbot):
    looked_at, look = [], proposal_review.coverage
    monkeypatch.setattr(proposal_review, "coverage", lambda *given: looked_at.append(given[0]) or look(*given))
    corrected = corrected_with(results, np.zeros((PLANES, 30, 30), np.int32))
    proposal = results.layer("proposal")
    history = history_of(proposal)
    review = ProposalReview(results.viewer, proposal, history)
    assert len(looked_at) == PLANES

    def expect_states():
        table = history.records.table
        there = already_there(proposal.data, corrected.data, table.ids)
        np.testing.assert_array_equal(table.in_state(State.ACCEPTED), there)

    for act in (
        lambda: review.accept([1_000_004]),
        corrected.undo,
        corrected.redo,
        lambda: corrected.data_setitem(tuple(np.nonzero(corrected.data)), 0),
    ):
        looked_at.clear()
        act()
        assert len(looked_at) == 1
        expect_states()
    looked_at.clear()
    results.write({3: boxes()})
    results.objects()
    assert len(looked_at) == PLANES, "the proposal is another one"
    expect_states()
    review.accept([1, 2_000_001])
    expect_states()
