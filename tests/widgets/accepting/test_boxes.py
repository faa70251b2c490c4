"""Boxes are accepted, or rejected, into a layer that napari made, and taken back; counts are worked out once."""

import numpy as np
import pytest
from fakes import found_boxes

from napari_labelfix.annotations import FinishedInstances, Plane, Task
from napari_labelfix.errors import InputError
from napari_labelfix.review import marks
from napari_labelfix.snapshots import BoxRole
from napari_labelfix.widgets.accepting import added_marks
from napari_labelfix.widgets.accepting import boxes as accepting_boxes
from napari_labelfix.widgets.accepting.acceptor import Accepted, Count, Rejected
from napari_labelfix.widgets.accepting.boxes import AcceptingBoxes, ReplacingBoxes
from napari_labelfix.widgets.annotating.boxes import (
    DRAWN,
    add_boxes,
    adopt_boxes,
    all_boxes_on,
    boxes_on,
    rectangles_of,
)
from napari_labelfix.widgets.annotating.points import CELL, NO_CELL
from napari_labelfix.widgets.results.box_layers import BoxLayers
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.coordinates import map_points

TWO = [[8.13, 8.2, 23.7, 23], [38, 13, 53, 28]]


@pytest.fixture
def results(model):
    model.layers[0].scale = (0.325, 0.325)
    results = BoxLayers(model, model.layers[0], "m")
    results.create()
    results.write({0: found_boxes(TWO, [0.9, 0.8], [BoxRole.ADDED] * 2)})
    return results


@pytest.fixture
def plain(model):
    """A layer as napari makes it, in another scale than the image, once it is chosen."""
    plain = model.add_shapes(ndim=2)
    layers.link(plain, "boxes", model.layers[0])
    return plain


@pytest.fixture
def accepting(results, plain):
    return AcceptingBoxes(results, plain)


def test_boxes_in_a_layer_of_another_scale_are_taken_back(accepting, plain):
    """The layer keeps fewer digits than were computed."""
    assert accepting.accept_above() == Accepted(2, 0)
    assert accepting.take_back() == 2
    assert len(plain.data) == 0


def test_where_nothing_is_left_to_take_back_it_says_so(accepting, plain, monkeypatch):
    told = []
    monkeypatch.setattr(added_marks, "show_info", told.append)
    accepting.accept_above()
    plain.selected_data = {0, 1}
    plain.remove_selected()
    assert accepting.take_back() == 0
    assert told == ["Nothing was taken back: what was added last has been moved or removed since."]


def test_what_is_there_is_worked_out_once_until_something_changes(accepting, results, plain, monkeypatch):
    looked = []

    def overlapping_any(*boxes):
        looked.append(len(boxes[0]))
        return marks.overlapping_any(*boxes)

    monkeypatch.setattr(accepting_boxes, "overlapping_any", overlapping_any)
    assert accepting.count() == accepting.count(0.1) == Count(2, 0)
    assert accepting.count(0.85) == Count(1, 0)
    assert looked == [2, 2], "which the person has, and which they have rejected"
    results.write({0: found_boxes(TWO[:1], [0.9], [BoxRole.ADDED])})
    assert accepting.count() == Count(1, 0)
    assert looked == [2, 2, 1, 1], "something else is proposed"
    drawn = [map_points(rectangle, results.image, plain) for rectangle in rectangles_of(np.array(TWO), ())]
    add_boxes(plain, drawn, DRAWN)
    accepting.forget_counts()
    assert accepting.count() == Count(0, 1)
    results.write({0: found_boxes(TWO, [0.9, 0.8], [BoxRole.ADDED] * 2)})
    assert accepting.take_back() == 0
    assert accepting.accept_above() == Accepted(0, 2)


class TestOneThatWasConfirmed:
    """The run takes a found box for a drawn one, with which it has less than half in common: it is the same cell."""

    CARELESS = (12, 12, 27.5, 27)

    @pytest.fixture
    def drawn(self, results, plain):
        results.write({0: found_boxes(TWO, [0.9, 0.8], [BoxRole.CONFIRMED, BoxRole.ADDED])})
        careless = rectangles_of(np.array([self.CARELESS]), ())[0]
        add_boxes(plain, [map_points(careless, results.image, plain)], DRAWN)
        return plain

    def corners(self, layer, results):
        return boxes_on(layer, results.image)[0].round(1).tolist()

    def test_it_becomes_no_second_box_of_the_cell(self, results, drawn):
        accepting = AcceptingBoxes(results, drawn)
        assert accepting.count() == Count(1, 1)
        assert accepting.accept_above() == Accepted(1, 1)
        assert self.corners(drawn, results) == [list(self.CARELESS), TWO[1]]
        drawn.selected_data = {0}
        drawn.remove_selected()
        accepting.forget_counts()
        assert accepting.count() == Count(1, 1), "that box is not there any more"

    def test_it_takes_its_place(self, results, drawn):
        assert ReplacingBoxes(results, drawn).accept_above() == Accepted(2, 0)
        assert self.corners(drawn, results) == np.round(TWO, 1).tolist()

    def test_a_new_one_stands_beside_it(self, results, drawn):
        results.write({0: found_boxes(TWO, [0.9, 0.8], [BoxRole.ADDED] * 2)})
        assert AcceptingBoxes(results, drawn).count() == Count(2, 0)


class TestInPlaceOfTheirs:
    """A drawn box that is 2 pixels off, and one that is found besides; in the layer there is also one elsewhere."""

    CARELESS = (10, 10, 25.5, 25)

    @pytest.fixture
    def drawn(self, results, plain):
        own = rectangles_of(np.array([self.CARELESS, [0, 60, 12, 75]]), ())
        add_boxes(plain, [map_points(rectangle, results.image, plain) for rectangle in own], DRAWN)
        return plain

    @pytest.fixture
    def replacing(self, results, drawn):
        return ReplacingBoxes(results, drawn)

    def corners(self, layer, results):
        return boxes_on(layer, results.image)[0].round(1).tolist()

    def test_one_that_is_about_the_same_gives_way_and_the_others_stay(self, replacing, results, drawn):
        assert AcceptingBoxes(results, drawn).count() == Count(1, 1)
        assert replacing.count() == Count(2, 0)
        assert replacing.accept_above() == Accepted(2, 0)
        assert self.corners(drawn, results) == [[0, 60, 12, 75], *np.round(TWO, 1).tolist()]
        assert drawn.features["source"].tolist() == ["drawn", "accepted", "accepted"]
        assert replacing.count() == Count(0, 2)

    def test_taken_back_it_is_there_again(self, replacing, results, drawn):
        replacing.accept_above()
        assert AcceptingBoxes(results, drawn).take_back() == 2, "whichever scope is chosen by then"
        assert self.corners(drawn, results) == [[0, 60, 12, 75], list(self.CARELESS)]
        assert drawn.features["source"].tolist() == ["drawn", "drawn"]

    def test_one_by_one(self, replacing, results, drawn):
        place = results.layer("found_boxes").data_to_world((15, 15))
        assert replacing.accept_at(place) == Accepted(1, 0)
        assert self.corners(drawn, results) == [[0, 60, 12, 75], np.round(TWO[0], 1).tolist()]

    def test_shapes_of_other_kinds_come_back_as_they_were(self, replacing, results, drawn):
        ellipse = map_points(rectangles_of(np.array([[37, 12, 52, 27]]), ())[0], results.image, drawn)
        drawn.add_ellipses(ellipse)
        corners = np.array([[8, 8], [8, 23], [23, 23], [23, 8], [20, 7]], float)
        drawn.add_polygons(map_points(corners, results.image, drawn))
        before = [np.array(shape) for shape in drawn.data]
        replacing.accept_above()
        replacing.take_back()
        assert sorted(drawn.shape_type) == ["ellipse", "polygon", "rectangle", "rectangle"]
        assert {len(shape) for shape in drawn.data} == {len(shape) for shape in before}

    def test_lines_and_what_is_no_cell_are_left_alone(self, results, plain):
        adopt_boxes(plain)
        line, wrong, careless = rectangles_of(np.array([[30, 30, 34, 34], [10, 11, 25, 26], self.CARELESS]), ())
        plain.add(map_points(line[:2], results.image, plain), shape_type="line")
        plain.add(map_points(wrong, results.image, plain), shape_type="rectangle")
        plain.features = plain.features.assign(kind=[CELL, NO_CELL])
        add_boxes(plain, [map_points(careless, results.image, plain)], DRAWN)
        assert ReplacingBoxes(results, plain).accept_above() == Accepted(1, 0), "one lies on what is no cell"
        assert sorted(plain.shape_type) == ["line", "rectangle", "rectangle", "rectangle"]
        assert plain.features["kind"].tolist() == [CELL, NO_CELL, CELL, CELL]
        assert self.corners(plain, results) == [list(self.CARELESS), np.round(TWO[1], 1).tolist()]

    def test_one_that_was_moved_since_keeps_its_place_alone(self, replacing, results, drawn):
        replacing.accept_above()
        moved = [shape + (3 if number == 1 else 0) for number, shape in enumerate(drawn.data)]
        drawn.data = moved
        assert replacing.take_back() == 1
        assert len(drawn.data) == 2


class TestRejecting:
    """The found boxes are those above; the person may have drawn some of their own."""

    @pytest.fixture
    def draw(self, results, plain):
        def draw(*corners):
            own = rectangles_of(np.array(corners, float), ())
            add_boxes(plain, [map_points(rectangle, results.image, plain) for rectangle in own], DRAWN)

        return draw

    @pytest.fixture
    def place(self, results):
        """In the first of the found boxes, in world coordinates."""
        return results.layer("found_boxes").data_to_world((15, 15))

    def boxes(self, layer, results):
        corners, _, cells, _ = all_boxes_on(layer, results.image)
        return [(*box, cell) for box, cell in zip(corners.round(1).tolist(), cells.tolist(), strict=True)]

    def test_a_found_box_becomes_one_around_no_cell(self, accepting, results, plain, place):
        first = np.round(TWO[0], 1).tolist()
        rejected = accepting.reject_at(place)
        assert (rejected.how, rejected.new) == ("marked as no cell", True)
        assert rejected.way_back == "“Take back” removes what was added last."
        assert self.boxes(plain, results) == [(*first, False)]
        assert plain.features["source"].tolist() == ["rejected"]
        assert accepting.take_back() == 1
        assert len(plain.data) == 0

    def test_it_is_not_accepted_with_others_any_more(self, accepting, place):
        accepting.reject_at(place)
        assert accepting.count() == Count(1, 0)
        assert accepting.accept_above() == Accepted(1, 0)

    def test_once_is_enough(self, accepting, plain, place):
        accepting.reject_at(place)
        assert accepting.reject_at(place) == Rejected("marked as no cell", new=False)
        assert len(plain.data) == 1

    @pytest.mark.parametrize("own", [TWO[0], (10, 10, 25.5, 25), (8, 8, 24, 14)], ids=["same", "careless", "a third"])
    def test_a_box_of_the_persons_there_gives_way_and_comes_back(self, accepting, results, plain, place, draw, own):
        """One that SISSI takes for the found one would go on saying that there is a cell."""
        draw(own, [0, 60, 12, 75])
        rejected = accepting.reject_at(place)
        assert rejected.how == "marked as no cell, in place of yours"
        assert rejected.way_back == "“Take back” brings yours again."
        assert self.boxes(plain, results) == [(0, 60, 12, 75, True), (*np.round(TWO[0], 1).tolist(), False)]
        assert accepting.take_back() == 1
        assert self.boxes(plain, results) == [(0, 60, 12, 75, True), (*np.round(own, 1).tolist(), True)]
        assert plain.features["source"].tolist() == ["drawn", "drawn"]

    def test_what_was_noted_of_it_comes_back_too(self, accepting, plain, place, draw):
        draw(TWO[0], [0, 60, 12, 75])
        plain.features = plain.features.assign(note=["faint", "bright"])
        accepting.reject_at(place)
        accepting.take_back()
        assert plain.features["note"].tolist() == ["bright", "faint"]
        draw([40, 60, 52, 75])
        assert plain.features["note"].tolist() == ["bright", "faint", "bright"], "as napari would have it"

    def test_a_neighbour_that_overlaps_a_little_stays(self, accepting, results, plain, place, draw):
        draw((20, 8, 36, 23))
        assert accepting.reject_at(place).how == "marked as no cell"
        assert self.boxes(plain, results)[0] == (20, 8, 36, 23, True)

    def test_what_was_rejected_can_be_accepted_after_all_and_the_other_way_round(
        self, accepting, results, plain, place
    ):
        accepting.reject_at(place)
        assert accepting.accept_at(place) == Accepted(1, 0)
        assert [cell for *_, cell in self.boxes(plain, results)] == [True]
        accepting.reject_at(place)
        assert [cell for *_, cell in self.boxes(plain, results)] == [False]
        for cells in ([True], [False], []):
            accepting.take_back()
            assert [cell for *_, cell in self.boxes(plain, results)] == cells

    def test_without_a_layer_one_is_made(self, results, place):
        accepting = AcceptingBoxes(results, None)
        assert accepting.reject_at(results.layer("found_boxes").data_to_world((30, 70))) is None, "nothing is there"
        assert accepting.target is None
        assert accepting.reject_at(place).new
        assert accepting.target.features["kind"].tolist() == [NO_CELL]

    def test_the_next_box_is_of_the_kind_that_was_in_hand(self, accepting, plain, place):
        accepting.reject_at(place)
        assert plain.feature_defaults["kind"].iloc[0] == CELL

    def test_in_a_finished_plane_it_says_where_the_object_is_erased(self, model, spots):
        image = model.add_image(np.stack([spots] * 2), name="stack")
        results = BoxLayers(model, image, "m")
        results.create()
        finished = FinishedInstances((spots > 0.4).astype(np.int32))
        task = Task((Plane("0", spots, finished), Plane("1", spots, None)))
        found = found_boxes(TWO, [0.9, 0.8], [BoxRole.ADDED] * 2)
        results.write({0: found, 1: found}, task)
        accepting = AcceptingBoxes(results, None)
        with pytest.raises(InputError, match="Erase the object there"):
            accepting.reject_at((0, 15, 15))
        assert accepting.reject_at((1, 15, 15)).new
        results.write({0: found}, Task((Plane("0", spots, None), Plane("1", spots, None))))
        assert accepting.reject_at((0, 15, 15)).new, "it is not finished any more"
