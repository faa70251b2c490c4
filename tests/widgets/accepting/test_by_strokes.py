"""A wrong object is painted over in the layer with the strokes, by one step that Ctrl+Z takes back."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_labelfix.errors import InputError
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.accepting.acceptor import Count, Rejected
from napari_labelfix.widgets.accepting.by_strokes import AcceptingByStrokes
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.annotating.scribbles import SCRIBBLE_KIND
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import open_project
from napari_labelfix.widgets.viewer import layers

HOW = "painted over as background"


def proposal() -> Proposal:
    """Two squares and, between them, two pixels."""
    labels = np.zeros((60, 80), np.int32)
    labels[10:20, 10:20], labels[10:20, 40:50], labels[30, 30:32] = 1, 2, 3
    return Proposal(labels, (labels > 0).astype(np.uint8), np.full(labels.shape, 0.95, np.float32), labels < 0)


@pytest.fixture
def scribbles(model):
    scribbles = SCRIBBLE_KIND.layers[0].create(Place(model.layers[0], ()))
    model.layers.append(scribbles)
    return scribbles


@pytest.fixture
def results(model):
    results = ProposalLayers(model, model.layers[0], "m")
    results.create()
    results.write({0: proposal()})
    return results


@pytest.fixture
def accepting(results, scribbles):
    return AcceptingByStrokes(results, scribbles)


@pytest.fixture
def place(scribbles):
    """In the first square, in world coordinates."""
    return scribbles.data_to_world((14, 15))


def test_the_inner_part_becomes_background_and_one_undo_takes_it_back(accepting, scribbles, place, model):
    before = scribbles.data.copy()
    assert accepting.reject_at(place) == Rejected(HOW, way_back="Ctrl+Z takes it back.")
    expected = np.zeros((60, 80), np.uint8)
    expected[11:19, 11:19] = 1
    np.testing.assert_array_equal(scribbles.data, expected)
    assert layers.active(model) is scribbles
    scribbles.undo()
    np.testing.assert_array_equal(scribbles.data, before)
    scribbles.redo()
    np.testing.assert_array_equal(scribbles.data, expected)


def test_of_an_object_without_an_inner_part_all_is_painted(accepting, scribbles):
    accepting.reject_at(scribbles.data_to_world((30, 31)))
    assert np.argwhere(scribbles.data).tolist() == [[30, 30], [30, 31]]


def test_strokes_of_the_persons_stay_and_it_is_said(accepting, scribbles, place):
    scribbles.data_setitem((np.full(4, 15), np.arange(12, 16)), 2)
    rejected = accepting.reject_at(place)
    assert rejected.how == f"{HOW}, but for your strokes in it, which you can erase"
    assert (scribbles.data == 2).sum() == 4
    assert (scribbles.data == 1).sum() == 60
    scribbles.undo()
    assert (scribbles.data == 2).sum() == 4


def test_an_object_that_strokes_fill_says_what_to_do(accepting, scribbles, place):
    scribbles.data_setitem(np.nonzero(proposal().labels == 1), 2)
    with pytest.raises(InputError, match="Erase them, or paint background over them"):
        accepting.reject_at(place)


def test_what_is_painted_over_is_not_accepted_with_others_until_it_is_taken_back(accepting, scribbles, place):
    assert accepting.count() == Count(3, 0)
    accepting.reject_at(place)
    assert accepting.count() == Count(2, 0)
    assert accepting.reject_at(place) == Rejected(HOW, new=False)
    scribbles.undo()
    assert accepting.count() == Count(3, 0)
    scribbles.redo()
    assert accepting.accept_above().count == 2


def test_another_proposal_is_counted_as_it_is(accepting, results, place):
    accepting.reject_at(place)
    without = proposal()
    without.labels[without.labels == 1] = 0
    without.labels[without.labels == 3] = 1
    results.write({0: without})
    assert accepting.count() == Count(2, 0)


def test_a_dock_opened_later_does_not_accept_it_with_others_either(accepting, results, scribbles, place, model):
    results.objects()  # as after each refresh of a run
    accepting.reject_at(place)
    later = AcceptingByStrokes(ProposalLayers(model, model.layers["cells"], "m"), scribbles)
    assert later.count() == Count(2, 0)


def test_a_project_that_is_opened_again_does_not_either(accepting, results, place, model, tmp_path, qtbot):
    results.objects()
    accepting.reject_at(place)
    saver = autosaver_of(model)
    saver.save_as(tmp_path / "mine.labelfix")
    saver.close()
    again = ViewerModel()
    open_project(again, tmp_path / "mine.labelfix")
    image, *_, scribbles = again.layers
    later = AcceptingByStrokes(ProposalLayers(again, image, "m"), scribbles)
    assert later.count() == Count(2, 0)
    scribbles.data_setitem((np.array([15]), np.array([15])), 0)
    assert later.count() == Count(3, 0), "part of it is no background"
    autosaver_of(again).close()


def test_what_is_proposed_again_under_another_number_is_not_accepted_with_others(accepting, results, place):
    accepting.reject_at(place)
    again = proposal()
    again.labels[again.labels > 0] += 4
    results.write({0: again})
    assert accepting.count() == Count(2, 0)


def test_it_can_be_accepted_by_itself_after_all(accepting, place):
    accepting.reject_at(place)
    assert accepting.accept_at(place).count == 1


def test_that_what_was_accepted_stays_is_said(accepting, place):
    accepting.accept_at(place)
    assert accepting.reject_at(place).how == f"{HOW}, but stays in the corrected layer"
    assert (accepting.corrected.data > 0).sum() == 100


def test_beside_the_objects_there_is_nothing_to_reject(accepting, scribbles):
    assert accepting.reject_at(scribbles.data_to_world((50, 70))) is None
    assert not scribbles.data.any()


def test_without_strokes_nothing_can_be_rejected(results, place):
    accepting = AcceptingByStrokes(results, None)
    assert not accepting.can_reject
    assert accepting.rejects_into is None
    assert accepting.reject_at(place) is None


def test_in_a_stack_the_plane_that_is_pointed_at_is_painted(model, spots):
    image = model.add_image(np.stack([spots] * 3), name="stack")
    scribbles = SCRIBBLE_KIND.layers[0].create(Place(image, (0,)))
    model.layers.append(scribbles)
    results = ProposalLayers(model, image, "m")
    results.create()
    results.write({plane: proposal() for plane in range(3)})
    accepting = AcceptingByStrokes(results, scribbles)
    accepting.reject_at(scribbles.data_to_world((1, 14, 15)))
    assert [int(plane.sum()) for plane in scribbles.data] == [0, 64, 0]
    assert accepting.count() == Count(8, 0)
