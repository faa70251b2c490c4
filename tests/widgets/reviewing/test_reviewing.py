"""What is looked at stays looked at while a run proposes anew: it is found again by its place."""

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_labelfix.review.states import State
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.reviewing.reviewing import Reviewing
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.class_names import set_classes
from napari_labelfix.widgets.viewer.history import history_of

PLACES = [(5, 5), (5, 25), (5, 45), (25, 5), (25, 25)]  # of squares


def squares(*numbers, shape=(60, 80)):
    """Return a proposal with a square at each place, of these numbers; 0 for none."""
    labels = np.zeros(shape, np.int32)
    for (row, column), number in zip(PLACES, numbers, strict=True):
        labels[row : row + 10, column : column + 10] = number
    sure = np.where(labels > 0, 0.5 + 0.05 * labels, 0).astype(np.float32)  # the first is the most doubtful
    return Proposal(labels, (labels > 0).astype(np.uint8), sure, labels < 0)


@pytest.fixture
def results(model):
    results = ProposalLayers(model, model.layers["cells"], "scribble2label")
    results.create()
    show(results, 1, 2, 3, 4, 5)
    return results


def show(results, *numbers):
    results.write({0: squares(*numbers)})
    results.objects()


@pytest.fixture
def review(model, results, qtbot):
    review = Reviewing(model)
    review.said = []
    review.told.connect(lambda sentence, mood: review.said.append((sentence, mood)))
    review.review(results.layer("proposal"))
    yield review
    review.leave()
    qtbot.waitUntil(lambda: not review.searching, timeout=10_000)


def test_the_object_that_is_looked_at_stays_so_when_objects_are_numbered_anew(review, results, model):
    review.select([2, 4])
    show(results, 5, 4, 3, 2, 1)
    assert review.selected_ids == [4, 2]
    show(results, 2, 3, 4, 5, 6)
    assert review.selected_ids == [3, 5]
    review.select([3])
    show(results, 3, 1, 2, 4, 5)
    assert review.current == 1
    review.decide(State.ACCEPTED)
    accepted = layers.find(model, "corrected", results.image).data
    np.testing.assert_array_equal(accepted > 0, results.layer("proposal").data == 1, "what was looked at is accepted")


def test_what_is_not_proposed_any_more_is_not_selected_and_that_is_said(review, results):
    review.select([2, 4])
    show(results, 1, 0, 2, 3, 4)
    assert review.selected_ids == [3]
    assert not review.said, "the other one is still looked at"
    show(results, 1, 2, 3, 0, 4)
    assert review.selected_ids == []
    [(sentence, mood)] = review.said
    assert sentence.startswith("What was selected is gone")
    assert mood == "warning"


def test_there_is_a_way_back_from_the_second_object_on(review):
    assert not review.can_go_back
    review.previous()
    assert review.said.pop() == ("No other object was shown before.", "hint")
    review.select([2])
    assert not review.can_go_back
    review.select([3])
    assert review.can_go_back
    review.previous()
    assert review.current == 2
    assert not review.can_go_back


def test_what_was_passed_over_and_the_way_back_go_by_place(review, results):
    assert [review.next_doubtful() for _ in range(4)] == [1, 2, 3, 4]
    show(results, 5, 4, 3, 2, 1)
    assert review.current == 2
    review.previous()
    assert review.current == 3, "the one before"
    show(results, 4, 2, 0, 5, 1)
    assert review.current is None
    assert review.next_doubtful() == 1, "the most doubtful one"
    assert review.next_doubtful() == 5, "those at the first places were passed over, whatever their numbers"


def test_pixels_of_another_size_have_nothing_at_the_same_place(model, qtbot):
    layer = model.add_labels(squares(1, 2, 3, 4, 5).labels, name="labels")
    review = Reviewing(model)
    review.review(layer)
    review.select([2])
    layer.data = squares(1, 2, 3, 4, 5, shape=(70, 80)).labels
    assert review.selected_ids == []
    layer.data = np.where(layer.data > 0, layer.data + 3, 0)
    review.select([5])
    layer.data = np.where(layer.data > 0, layer.data + 3, 0)
    assert review.selected_ids == [8]
    assert layer.selected_label == 8, "the brush follows"
    review.leave()
    qtbot.waitUntil(lambda: not review.searching, timeout=10_000)


def test_undecided_objects_that_are_looked_at_get_what_the_model_says_now(review, results):
    review.select([5])
    show(results, 5, 1, 2, 3, 4)
    assert review.selected_ids == [4]
    assert review.table.get(4).confidence == pytest.approx(0.7), "and not what it said before"


def test_in_a_stack_decisions_and_what_is_looked_at_stay_while_another_plane_is_proposed_anew(qtbot):
    model = ViewerModel()
    results = ProposalLayers(model, model.add_image(np.zeros((3, 60, 80))), "scribble2label")
    results.create()
    results.write(dict.fromkeys(range(3), squares(1, 2, 3, 4, 5)))
    results.objects()
    review = Reviewing(model)
    review.review(results.layer("proposal"))
    review.select([1_000_003])
    review.decide(State.REJECTED)
    review.select([2, 2_000_004])
    results.write({2: squares(5, 4, 3, 2, 1)})
    results.objects()
    assert review.selected_ids == [2, 2_000_002]
    assert review.table.get(1_000_003).state is State.REJECTED
    results.write({1: squares(3, 4, 5, 1, 2)})
    assert review.table.get(1_000_005).state is State.REJECTED
    assert review.table.count()[State.REJECTED] == 1
    assert review.selected_ids == [2, 2_000_002]
    review.leave()
    qtbot.waitUntil(lambda: not review.searching, timeout=10_000)


def test_a_class_that_is_said_of_a_proposed_object_accepts_it_as_that(review, results, model):
    set_classes(results.layer("proposal"), {1: "nucleus", 2: "mitosis"})
    assert review.classes == {1: "nucleus", 2: "mitosis"}
    review.set_class(2)
    assert review.said.pop()[0].startswith("Select an object first")
    for selected, said in (([2], "Object 2 was"), ([3, 4], "2 objects were")):
        review.select(selected)
        review.set_class(2)
        assert review.said.pop() == (f"{said} accepted as “mitosis”. Ctrl+Z takes it back.", "done")
    history = history_of(layers.find(model, "corrected", results.image))
    assert [history.records.get(label).class_number for label in (1, 2, 3)] == [2, 2, 2]
    assert review.table.count()[State.ACCEPTED] == 3
    review.set_class(1)
    assert review.said.pop()[0] == "What is selected is in the corrected layer already: choose its class there."
    layers.active(model).undo()
    assert review.table.count()[State.ACCEPTED] == 1
