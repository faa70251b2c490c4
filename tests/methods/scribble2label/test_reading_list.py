import pytest

from napari_labelfix.methods.scribble2label.reading_list import ReadingList


@pytest.fixture
def to_read():
    return ReadingList([2, 0, 1, 3])


def everything(to_read):
    return [to_read.take() for _ in iter(to_read.__bool__, False)]


def test_at_first_the_forest_is_to_learn_and_then_all_planes_are_to_be_read_in_their_order(to_read):
    assert to_read.must_learn
    assert not to_read.is_urgent
    to_read.learned()
    assert not to_read.must_learn
    assert everything(to_read) == [2, 0, 1, 3]
    assert not to_read


def test_a_plane_that_is_drawn_on_comes_first_and_once(to_read):
    to_read.draw_on(1)
    assert to_read.is_urgent
    assert everything(to_read) == [1, 2, 0, 3]


def test_of_several_the_one_with_the_newest_strokes_comes_first(to_read):
    for index in (3, 1, 3):
        to_read.draw_on(index)
    assert everything(to_read) == [3, 1, 2, 0]


def test_the_forest_is_to_learn_from_each_stroke(to_read):
    to_read.learned()
    to_read.draw_on(1)
    assert to_read.must_learn


def test_a_plane_that_was_left_comes_after_those_that_were_drawn_on_and_before_the_new_ones(to_read):
    left = to_read.take()
    to_read.draw_on(3)
    to_read.leave(left)
    assert everything(to_read) == [3, 2, 0, 1]


def test_a_plane_that_was_left_for_a_stroke_on_itself_is_read_once(to_read):
    left = to_read.take()
    to_read.draw_on(left)
    to_read.draw_on(3)
    to_read.leave(left)
    assert everything(to_read) == [3, 2, 0, 1]


def test_where_nobody_reads_there_is_nothing_to_do():
    assert not ReadingList([])
