"""The plane or the stack under a person's hands: what is in it, and how an edit of it would look."""

import numpy as np
import pytest

from napari_labelfix.review import edits
from napari_labelfix.review.edits import sheet as sheet_module
from napari_labelfix.review.edits.sheet import Sheet, edges


def two_planes():
    stack = np.zeros((2, 6, 8), np.int32)
    stack[:, 1:4, 1:3] = 1
    stack[0, 1:4, 3:5] = 2
    return stack


def test_a_plane_is_edited_in_its_stack():
    stack = two_planes()
    sheet = Sheet(stack, (1,))
    np.testing.assert_array_equal(sheet.labels, stack[1])
    outcome = sheet.in_stack(edits.delete(sheet.labels, [1], boxes=sheet.boxes([1])))
    result = stack.copy()
    outcome.edit.apply(result)
    assert (result[0] == stack[0]).all()
    assert not result[1].any()


def test_boxes_are_looked_for_once_and_missing_objects_have_none(monkeypatch):
    sheet = Sheet(two_planes(), (1,))
    assert sheet.boxes([1, 2]) == {1: (slice(1, 4), slice(1, 3))}
    monkeypatch.setattr("napari_labelfix.review.edits.sheet.find_boxes", None)
    assert sheet.boxes([2, 1]) == {1: (slice(1, 4), slice(1, 3))}
    assert Sheet(two_planes(), (1,), whole=True, steps=(3, 1, 1)).spacing == (3, 1, 1)
    assert Sheet(two_planes(), (1,), steps=(3, 1, 1)).spacing == (1, 1)


def test_positions_and_objects_are_those_of_the_plane_or_of_the_body():
    points = np.array([[0, 2, 4], [1, 2, 2]], float)
    plane, body = Sheet(two_planes(), (1,)), Sheet(two_planes(), (1,), whole=True)
    assert [plane.object_at(place) for place in plane.positions(points)] == [0, 1]
    assert [body.object_at(place) for place in body.positions(points)] == [2, 1]
    assert plane.object_at(np.array([-1, 2])) == plane.object_at(np.array([2, 99])) == 0


def test_edges_run_between_pixels_of_different_labels():
    pieces = edges(np.array([[0, 0, 0], [0, 5, 0], [0, 0, 0]])).reshape(-1, 2, 2)
    square = {((0.5, 0.5), (0.5, 1.5)), ((1.5, 0.5), (1.5, 1.5)), ((0.5, 0.5), (1.5, 0.5)), ((0.5, 1.5), (1.5, 1.5))}
    assert {tuple(map(tuple, piece)) for piece in pieces.tolist()} == square
    assert edges(np.zeros((3, 3), int)).shape == (0, 2)


def ends(sheet, outcome):
    return {tuple(map(tuple, piece)) for piece in sheet.outlines(outcome).reshape(-1, 2, 2).tolist()}


def test_merged_objects_are_outlined_together_and_parted_ones_apart():
    sheet = Sheet(two_planes(), (0,))
    merged = ends(sheet, edits.merge(sheet.labels, [1, 2]))
    assert len(merged) == 14  # around 3 x 4 pixels
    between = {((row - 0.5, 2.5), (row + 0.5, 2.5)) for row in (1, 2, 3)}
    assert not merged & between
    whole = Sheet(np.where(two_planes() > 0, 1, 0), (0,))
    line = np.array([(0, 3), (5, 3)], float)
    parted = ends(whole, edits.split_by_line(whole.labels, line, [1], 9))
    assert len(parted) == 17
    assert merged < parted


def test_an_object_that_grows_is_outlined_where_it_will_be():
    sheet = Sheet(two_planes(), (1,))
    square = [(1, 1), (1, 5), (4, 5), (4, 1)]
    assert len(ends(sheet, edits.redraw(sheet.labels, 1, square))) == 18  # around 4 x 5 pixels
    assert len(ends(sheet, edits.redraw(sheet.labels, 7, [(0, 4), (0, 5), (1, 5), (1, 4)]))) == 8


def test_many_objects_are_outlined_at_one_look_and_as_one_by_one(monkeypatch):
    looks = []
    look = sheet_module._edges_in
    monkeypatch.setattr(sheet_module, "_edges_in", lambda *given: (looks.append(given[0].size), look(*given))[1])
    plane = np.zeros((60, 60), np.int32)
    plane[::3, ::3] = np.arange(1, 401).reshape(20, 20)
    sheet = Sheet(plane)
    outcomes = [edits.delete(plane, range(1, 300)), edits.merge(plane, range(1, 300)), edits.grow(plane, range(1, 300))]
    many = [ends(sheet, outcome) for outcome in outcomes]
    assert len(looks) == len(outcomes)
    assert sum(looks) <= 3 * 62**2
    monkeypatch.setattr(sheet_module, "FEW", 10_000)
    assert [ends(sheet, outcome) for outcome in outcomes] == many


def test_of_a_body_only_what_is_in_view_is_outlined():
    sheet = Sheet(two_planes(), (1,), whole=True)
    outlined = ends(sheet, edits.merge(sheet.labels, [1, 2]))
    assert len(outlined) == 10  # around 3 x 2 pixels


def test_a_body_in_view_is_found_without_a_look_at_the_whole_stack(monkeypatch):
    stack = np.zeros((20, 64, 64), np.int32)
    stack[6:12, 10:14, 20:30] = 5
    stack[12, 16, 33] = 5  # a piece apart
    stack[0, 0, 0] = stack[19, 63, 63] = 8  # a body from corner to corner
    asked = []
    look = edits.find_boxes
    monkeypatch.setattr(
        "napari_labelfix.review.edits.sheet.find_boxes",
        lambda labels, ids: (asked.append((labels.ndim, set(ids))), look(labels, ids))[1],
    )
    sheet = Sheet(stack, (7,), whole=True, area_of=lambda body: int((stack == body).sum()))
    assert sheet.boxes([5]) == {5: (slice(6, 13), slice(10, 17), slice(20, 34))}
    assert asked == [(2, {5}), (3, set())]
    assert Sheet(stack, (0,), whole=True, area_of=lambda body: 2).boxes([8]) == look(stack, [8])
    assert Sheet(stack, (7,), whole=True, area_of=lambda body: 2).boxes([8]) == look(stack, [8])


def test_a_known_part_of_an_object_leads_to_all_of_it(monkeypatch):
    plane = np.zeros((200, 200), np.int32)
    plane[50:60, 50:70] = plane[66, 50] = 3
    area = {3: 201, 4: 0}
    sheet = Sheet(plane, area_of=area.get, part_of={3: (slice(52, 53), slice(52, 53))}.get)
    monkeypatch.setattr("napari_labelfix.review.edits.sheet.find_boxes", lambda labels, ids: dict.fromkeys(ids))
    assert sheet.boxes([3]) == {3: (slice(50, 67), slice(50, 70))}
    assert sheet.boxes([4]) == {}


def test_for_many_objects_the_stack_is_looked_at_once_and_nobody_is_asked_for_parts():
    plane = np.kron(np.arange(16, dtype=np.int32).reshape(4, 4), np.ones((4, 4), np.int32))
    sheet = Sheet(plane, area_of=lambda _: pytest.fail("asked"), part_of=lambda _: pytest.fail("asked"))
    assert sheet.boxes(range(1, 16)) == edits.find_boxes(plane, range(1, 16))
