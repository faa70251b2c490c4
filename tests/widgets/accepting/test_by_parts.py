"""What is proposed wrongly is outlined in the right part, to the pixel; the outline can be taken back."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_labelfix.annotations import Instances, Plane, Task
from napari_labelfix.errors import InputError
from napari_labelfix.snapshots import Change, Proposal
from napari_labelfix.widgets.accepting.acceptor import Count
from napari_labelfix.widgets.accepting.by_parts import AcceptingByParts
from napari_labelfix.widgets.annotating.instances import RIGHT_PART, inside_shapes
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.viewer import layers

HOW = "outlined as none in the right part"
GIVEN = np.zeros((60, 80), np.int32)
GIVEN[5:15, 5:15] = 1


def proposal(*added: int) -> Proposal:
    """What was given, and of two additions those that are asked for: a ring, and two pieces that touch at a corner."""
    labels = GIVEN.copy()
    if 2 in added:
        labels[20:30, 40:50], labels[23:26, 43:46] = 2, 0
    if 3 in added:
        labels[40:44, 10:14], labels[44:47, 14:17] = 3, 3
    changes = np.where(labels > 1, Change.ADDED, Change.NONE).astype(np.uint8)
    sure = np.full(labels.shape, 0.95, np.float32)
    return Proposal(labels, (labels > 0).astype(np.uint8), sure, sure < 0, changes=changes)


@pytest.fixture
def right_part(model):
    right_part = RIGHT_PART.create(Place(model.layers["cells"], ()))
    right_part.add_rectangles(np.array([[2, 2], [2, 18], [18, 18], [18, 2]], float))
    model.layers.append(right_part)
    return right_part


@pytest.fixture
def given(model):
    return model.add_labels(GIVEN.copy(), name="from elsewhere", scale=(0.5, 0.5))


@pytest.fixture
def results(model):
    results = ProposalLayers(model, model.layers["cells"], "m")
    results.create()
    show(results, 2, 3)
    return results


def show(results, *added):
    image = results.image.data
    results.write({0: proposal(*added)}, Task((Plane("cells", image, Instances(GIVEN)),)))
    results.objects()


@pytest.fixture
def accepting(results, given, right_part):
    return AcceptingByParts(results, given, right_part)


@pytest.mark.parametrize(("pixel", "number"), [((21, 41), 2), ((41, 11), 3)])
def test_an_addition_is_outlined_to_the_pixel_and_taken_back(accepting, results, right_part, pixel, number):
    place = Place(results.image, ())
    before = inside_shapes(right_part, place)
    rejected = accepting.reject_at(results.image.data_to_world(pixel))
    assert rejected.how == HOW
    assert rejected.way_back == "“Take back” removes the outline."
    outlined = inside_shapes(right_part, place) & ~before
    assert outlined[proposal(2, 3).labels == number].all()
    assert not outlined[np.isin(proposal(2, 3).labels, [5 - number, 1])].any()
    assert outlined.sum() == {2: 100, 3: 25}[number], "with what is in its hole"
    assert accepting.can_take_back
    assert accepting.take_back() == 1
    np.testing.assert_array_equal(inside_shapes(right_part, place), before)
    assert accepting.take_back() == 0


def test_it_is_not_accepted_with_others_until_the_outline_is_gone(accepting, results, right_part):
    place = results.image.data_to_world((21, 41))
    assert accepting.count() == Count(3, 0)
    accepting.reject_at(place)
    assert accepting.count() == Count(2, 0)
    assert not accepting.reject_at(place).new
    right_part.selected_data = {1}
    right_part.remove_selected()
    assert accepting.count() == Count(3, 0)


def test_another_proposal_is_counted_as_it_is(accepting, results):
    accepting.reject_at(results.image.data_to_world((21, 41)))
    show(results, 3)
    assert accepting.count() == Count(2, 0)


def test_what_the_given_labels_have_is_to_be_erased_there(accepting, results, right_part):
    with pytest.raises(InputError, match="“from elsewhere” has this object"):
        accepting.reject_at(results.image.data_to_world((10, 10)))
    assert len(right_part.data) == 1


def test_what_was_outlined_is_not_accepted_with_others_in_layers_that_are_opened_again(accepting, results, given):
    accepting.reject_at(results.image.data_to_world((21, 41)))
    model = ViewerModel()
    image = model.add_image(results.image.data, name="cells", scale=(0.5, 0.5))
    right_part = RIGHT_PART.create(Place(image, ()))
    right_part.data = accepting.rejects_into.data
    later = ProposalLayers(model, image, "m")
    later.create()
    show(later, 2, 3)
    opened = AcceptingByParts(later, model.add_labels(given.data.copy()), right_part)
    assert opened.count(change=Change.ADDED) == Count(1, 0)
    assert not opened.reject_at(image.data_to_world((21, 41))).new
    right_part.data = right_part.data[:1]
    assert opened.count(change=Change.ADDED) == Count(2, 0)


def test_counting_leaves_the_given_labels_as_they_are(accepting, given):
    given.features = {"index": [0, 1], "mine": ["a", "b"]}
    assert accepting.count(change=Change.ADDED) == Count(2, 0)
    assert list(given.features.columns) == ["index", "mine"]


def test_what_given_labels_have_is_no_rejected_object(accepting, results, given):
    accepting.reject_at(results.image.data_to_world((21, 41)))
    assert accepting.count(change=Change.ADDED) == Count(1, 0)
    labelled = np.nonzero(results.layer("proposal").data == 2)
    given.data_setitem(labelled, 5)
    show(results, 2, 3)  # what is proposed next
    assert accepting.count(change=Change.ADDED) == Count(2, 0)


def test_that_what_was_accepted_stays_is_said(accepting, results):
    place = results.image.data_to_world((21, 41))
    accepting.accept_at(place)
    assert accepting.reject_at(place).how == f"{HOW}, but stays in the corrected layer"


def test_beside_the_objects_there_is_nothing_to_reject(accepting, results):
    assert accepting.reject_at(results.image.data_to_world((55, 70))) is None


def test_where_accepted_objects_are_the_right_part_nothing_is_outlined(results, given, model):
    corrected = model.add_labels(GIVEN.copy())
    accepting = AcceptingByParts(results, given, corrected)
    assert not accepting.can_reject
    assert accepting.reject_at(results.image.data_to_world((21, 41))) is None
    assert accepting.take_back() == 0


def test_in_a_stack_the_outline_is_in_the_plane_that_is_pointed_at(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 2), name="cells")
    given = model.add_labels(np.stack([GIVEN] * 2))
    right_part = RIGHT_PART.create(Place(image, (0,)))
    model.layers.append(right_part)
    results = ProposalLayers(model, image, "m")
    results.create()
    task = Task(tuple(Plane(str(number), spots, Instances(GIVEN)) for number in range(2)))
    results.write({0: proposal(2), 1: proposal(2)}, task)
    AcceptingByParts(results, given, right_part).reject_at((1, 21, 41))
    assert inside_shapes(right_part, Place(image, (0,))) is None
    assert inside_shapes(right_part, Place(image, (1,))).sum() == 100
    assert layers.active(model) is right_part


class TestFinishedPart:
    """Where a plane with a part is one that is labelled: to begin one would be to say more than that one is wrong."""

    @pytest.fixture
    def accepting(self, results, given, right_part):
        return AcceptingByParts(results, given, right_part, "finished part", begins=False)

    def test_in_a_plane_with_a_part_it_is_outlined(self, accepting, results):
        rejected = accepting.reject_at(results.image.data_to_world((21, 41)))
        assert rejected.how == "outlined as none in the finished part"

    def test_in_another_plane_it_says_why_not(self, accepting, results, right_part):
        right_part.data = []
        with pytest.raises(InputError, match="This plane has no finished part yet"):
            accepting.reject_at(results.image.data_to_world((21, 41)))
        assert len(right_part.data) == 0
