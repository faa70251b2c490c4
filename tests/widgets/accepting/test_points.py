"""Detections become new input: above a score, one by one, all; as none, where they are rejected. All is taken back."""

import numpy as np
import pytest
from fakes import detections

from napari_labelfix.snapshots import PointRole
from napari_labelfix.widgets.accepting.acceptor import Accepted, Count, Rejected
from napari_labelfix.widgets.accepting.points import AcceptingPoints
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.annotating.points import CELL, NO_CELL, POINTS_KIND
from napari_labelfix.widgets.results.detection_layers import DetectionLayers
from napari_labelfix.widgets.viewer import layers

FOUR = [[15, 15], [15, 60], [45, 20], [42, 55]]
ROLES = [PointRole.GIVEN, PointRole.PSEUDO_POSITIVE, PointRole.DETECTED, PointRole.PSEUDO_NEGATIVE]
SCORES = [1.0, 0.9, 0.6, 0.3]


@pytest.fixture
def mine(model):
    """The person's points: one cell, which was found again."""
    mine = POINTS_KIND.layers[0].create(Place(model.layers[0], ()))
    mine.add([15, 15])
    mine.selected_data = set()
    model.layers.append(mine)
    return mine


@pytest.fixture
def accepting(model, mine):
    results = DetectionLayers(model, model.layers[0], "m")
    results.create()
    results.write({0: detections(FOUR, SCORES, ROLES, radius=7)})
    return AcceptingPoints(results, mine)


@pytest.mark.parametrize(("threshold", "new"), [(0.0, 2), (0.8, 1), (0.95, 0)])
def test_those_above_a_score_that_are_not_there_yet_are_added(accepting, mine, threshold, new):
    assert accepting.count(threshold) == Count(new, 1)
    assert accepting.accept_above(threshold) == Accepted(new, 1)
    assert len(mine.data) == 1 + new
    assert set(mine.features["kind"]) == {CELL}, "what is taken for no cell is never accepted in bulk"
    assert accepting.count(threshold) == Count(0, 1 + new)


def test_an_accept_selects_the_persons_points_and_keeps_their_size(accepting, mine, model):
    mine.size = 19
    accepting.accept_above()
    assert model.layers.selection.active is mine
    np.testing.assert_array_equal(mine.size, [19] * 3)


@pytest.mark.parametrize(
    ("pixel", "kinds"),
    [((45, 21), [CELL, CELL]), ((40, 55), [CELL, NO_CELL]), ((30, 40), None), ((15, 15), [CELL])],
    ids=["a cell", "no cell", "nothing there", "there already"],
)
def test_one_is_accepted_as_what_it_is_taken_for(accepting, mine, pixel, kinds):
    accepted = accepting.accept_at(mine.data_to_world(pixel))
    if kinds is None:
        assert accepted is None
        return
    assert accepted == Accepted(len(kinds) - 1, 2 - len(kinds))
    assert list(mine.features["kind"]) == kinds


def test_accepts_are_taken_back_one_after_the_other_and_the_persons_points_stay(accepting, mine):
    assert not accepting.can_take_back
    accepting.accept_above(0.8)
    mine.add([55, 70])
    accepting.accept_above(0.0)
    assert len(mine.data) == 4
    assert accepting.take_back() == 1
    np.testing.assert_array_equal(mine.data, [[15, 15], [15, 60], [55, 70]])
    assert accepting.take_back() == 1
    np.testing.assert_array_equal(mine.data, [[15, 15], [55, 70]])
    assert not accepting.can_take_back
    assert accepting.take_back() == 0


def test_points_go_to_where_they_are_seen_in_a_layer_that_lies_elsewhere(accepting, model):
    plain = model.add_points([model.layers["cells"].data_to_world((15, 15))])
    layers.link(plain, "points", model.layers["cells"])
    elsewhere = AcceptingPoints(accepting._results, plain)
    assert elsewhere.count() == Count(2, 1)
    elsewhere.accept_above()
    np.testing.assert_allclose([model.layers["cells"].world_to_data(point) for point in plain.data], FOUR[:3])
    assert elsewhere.count() == Count(0, 3)
    assert elsewhere.take_back() == 2


def test_a_point_that_was_moved_since_is_the_persons(accepting, mine):
    accepting.accept_above(0.0)
    moved = mine.data.copy()
    moved[1] += 2
    mine.data = moved
    assert accepting.take_back() == 1
    assert len(mine.data) == 2


def test_a_dock_opened_later_can_take_back_too(accepting, mine, model):
    accepting.accept_above(0.0)
    later = AcceptingPoints(DetectionLayers(model, model.layers["cells"], "m"), mine)
    assert later.count() == Count(0, 3)
    assert later.take_back() == 2


class TestWithoutPointsOfOnesOwn:
    @pytest.fixture
    def nowhere(self, accepting, model):
        return AcceptingPoints(DetectionLayers(model, model.layers["cells"], "m"), None)

    def test_a_layer_is_made_with_points_as_large_as_the_cells(self, nowhere, model):
        count = len(model.layers)
        assert nowhere.count() == Count(3, 0)
        assert nowhere.accept_above() == Accepted(3, 0)
        assert len(model.layers) == count + 1
        assert layers.role_of(model.layers[-1]) == "points"
        assert nowhere.target is model.layers[-1]
        assert list(nowhere.target.size) == [14] * 3
        assert nowhere.take_back() == 3

    def test_nothing_is_made_for_nothing(self, nowhere, model):
        before = [*model.layers]
        assert nowhere.accept_above(2.0) == Accepted(0, 0)
        assert nowhere.accept_at((-100, -100)) is None
        assert nowhere.take_back() == 0
        assert [*model.layers] == before


class TestRejecting:
    def points(self, layer):
        return [(*position, kind) for position, kind in zip(layer.data.tolist(), layer.features["kind"], strict=True)]

    def test_a_detection_becomes_a_place_without_a_cell(self, accepting, mine):
        rejected = accepting.reject_at(mine.data_to_world((45, 21)))
        assert (rejected.how, rejected.new) == ("marked as no cell", True)
        assert self.points(mine) == [(15, 15, CELL), (45, 20, NO_CELL)]
        assert accepting.take_back() == 1
        assert self.points(mine) == [(15, 15, CELL)]

    def test_it_is_not_accepted_with_others_any_more(self, accepting, mine):
        accepting.reject_at(mine.data_to_world((45, 21)))
        assert accepting.count() == Count(1, 1)
        assert accepting.accept_above() == Accepted(1, 1)
        assert accepting.reject_at(mine.data_to_world((45, 21))) == Rejected("marked as no cell", new=False)

    def test_a_point_of_the_persons_there_gives_way_and_comes_back(self, accepting, mine):
        mine.add([15, 29])
        rejected = accepting.reject_at(mine.data_to_world((16, 15)))
        assert rejected.how == "marked as no cell, in place of yours"
        assert rejected.way_back == "“Take back” brings yours again."
        assert self.points(mine) == [(15, 29, CELL), (15, 15, NO_CELL)]
        assert accepting.take_back() == 1
        assert self.points(mine) == [(15, 29, CELL), (15, 15, CELL)]

    def test_what_is_taken_for_none_is_rejected_as_it_is_accepted(self, accepting, mine):
        accepting.reject_at(mine.data_to_world((42, 55)))
        assert self.points(mine)[1:] == [(42, 55, NO_CELL)]
        assert accepting.accept_at(mine.data_to_world((42, 55))) == Accepted(0, 1)

    def test_what_was_noted_of_ones_own_point_comes_back_with_it(self, accepting, mine):
        mine.add([55, 70])
        mine.features = mine.features.assign(note=["faint", "bright"])
        accepting.reject_at(mine.data_to_world((15, 15)))
        accepting.take_back()
        assert self.points(mine) == [(55, 70, CELL), (15, 15, CELL)]
        assert mine.features["note"].tolist() == ["bright", "faint"]

    def test_what_was_rejected_can_be_accepted_after_all(self, accepting, mine):
        place = mine.data_to_world((45, 20))
        accepting.reject_at(place)
        assert accepting.accept_at(place) == Accepted(1, 0)
        assert self.points(mine) == [(15, 15, CELL), (45, 20, CELL)]
        accepting.take_back()
        assert self.points(mine) == [(15, 15, CELL), (45, 20, NO_CELL)]
