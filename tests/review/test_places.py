"""Objects are found again at their place, and looked for only where pixels become others."""

import numpy as np
import pytest

from napari_labelfix.review.places import find_heirs, inherit, remember
from napari_labelfix.review.record_table import RecordTable
from napari_labelfix.review.states import Record, State

REJECTED = Record(State.REJECTED)


class Stack:
    """Three planes with two objects each, and which planes were read."""

    def __init__(self):
        self.data = np.zeros((3, 20, 20), np.int32)
        for plane in range(3):
            self.data[plane, 2:8, 2:8], self.data[plane, 12:18, 12:18] = 10 * plane + 1, 10 * plane + 2
        self.read = []

    shape, dtype = (3, 20, 20), np.dtype(np.int32)

    def __getitem__(self, index):
        self.read.append(index)
        return self.data[index]


@pytest.fixture
def stack():
    return Stack()


@pytest.fixture
def table(stack):
    table = RecordTable()
    table.add_areas(*np.unique(stack.data[stack.data > 0], return_counts=True))
    table.update(dict.fromkeys((1, 12, 21), REJECTED))
    return table


def places_of(table, data, planes=None):
    return remember(table, data, table.in_state(State.REJECTED), table.ids == 2, planes)


def test_objects_are_looked_for_in_the_planes_that_become_others_and_stay_as_they_are_elsewhere(stack, table):
    places = places_of(table, stack, [(1,)])
    stack.data[1] = np.where(stack.data[1] > 0, 23 - stack.data[1], 0)  # 11 and 12 change their numbers
    heirs = find_heirs(places, stack)
    assert heirs == {1: 1, 2: 2, 12: 11, 21: 21}
    assert set(inherit(places, heirs)) == {1, 11, 21}, "one that is only looked at hands nothing on"
    assert stack.read == [(1,), (1,)]


def test_what_is_gone_in_a_plane_has_no_heir(stack, table):
    places = places_of(table, stack, [(0,), (1,)])
    stack.data[:2] = 0
    assert find_heirs(places, stack) == {21: 21}


def test_in_some_planes_they_are_found_as_in_all(stack, table):
    places = places_of(table, stack.data), places_of(table, stack, [(0,), (2,)])
    stack.data[0], stack.data[2] = stack.data[0] * 3, np.roll(stack.data[2], 2, axis=1)
    everywhere, in_two = (find_heirs(each, stack.data) for each in places)
    assert everywhere == in_two == {1: 3, 2: 6, 12: 12, 21: 21}


def test_where_nothing_becomes_other_all_stay(stack, table):
    assert find_heirs(places_of(table, stack, []), stack) == {1: 1, 2: 2, 12: 12, 21: 21}


def test_where_nothing_is_remembered_nothing_is_read(stack):
    places = places_of(RecordTable(), stack, [(0,)])
    assert find_heirs(places, stack) == {}
    assert not stack.read


def test_all_that_is_remembered_is_handed_on_and_nothing_onto_an_image_of_another_size(stack, table):
    places = remember(table, stack.data, table.in_state(State.REJECTED))
    heirs = find_heirs(places, stack.data)
    assert inherit(places, heirs) == dict.fromkeys((1, 12, 21), REJECTED)
    assert find_heirs(places, stack.data[:2]) == find_heirs(places, np.pad(stack.data, 1)) == {}
