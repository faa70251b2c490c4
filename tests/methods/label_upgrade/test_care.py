import numpy as np
import pytest
from skimage.draw import disk
from skimage.segmentation import find_boundaries

from napari_labelfix.methods.label_upgrade.care import OldObjects, drawn_with_care, what_became

SHAPE = (60, 160)


def discs(*radii):
    """Make labels of discs of some radii, 40 pixels apart, with the ids 3, 5, 7, ..."""
    labels = np.zeros(SHAPE, np.int32)
    for number, radius in enumerate(radii):
        labels[disk((30, 20 + 40 * number), radius, shape=SHAPE)] = 3 + 2 * number
    return labels


def objects(iou=(1.0, 1.0, 1.0), parts=(1, 1, 1), growth=(0.0, 0.0, 0.0)):
    return OldObjects(np.array([3, 5, 7]), *map(np.array, (iou, np.ones(3), parts, growth)))


def believed(was, before=1.0, now=1.0, doubted=(True, True, True)):
    """Return whose outlines are believed where those of before and of now lie on edges so strong."""
    old, labels = discs(8, 8, 8), discs(12, 12, 12)
    edges = np.where(find_boundaries(old), before, np.where(find_boundaries(labels), now, 0)).astype(np.float32)
    return drawn_with_care(was, np.array(doubted), old, labels, edges).tolist()


def test_what_became_of_objects_is_measured_one_by_one():
    old, labels = discs(10, 10, 10), discs(12, 10, 10)
    labels[labels == 5] = 0
    labels[:, 101:][labels[:, 101:] == 7] = 8
    labels[:, 100] = 0  # it fell into two
    was = what_became(old, labels, labels > 0)
    assert was.ids.tolist() == [3, 5, 7]
    assert was.iou == pytest.approx([(old == 3).sum() / (labels == 3).sum(), 0, 0.47], abs=0.01)
    assert was.inside == pytest.approx([1, 0, 0.94], abs=0.01)
    assert was.parts.tolist() == [1, 0, 2]
    assert was.growth == pytest.approx([2, -10, -3], abs=0.2)


@pytest.mark.parametrize(("before", "careful"), [(0.79, False), (0.81, True), (2.0, True)])
def test_outlines_are_believed_that_lie_on_edges_about_as_strong_as_those_of_the_network(before, careful):
    assert believed(objects(growth=(3.0, 3.0, 3.0)), before) == [careful] * 3


@pytest.mark.parametrize(
    ("growth", "careful"),
    [
        ((1.2, 1.2, 1.2), True),
        ((-1.2, -1.2, -1.2), True),
        ((1.4, 1.4, 1.4), False),
        ((-1.0, 0.0, 1.0), True),
        ((-1.3, 0.0, 1.3), False),
    ],
)
def test_on_weak_edges_they_are_if_all_are_off_alike_and_by_little(growth, careful):
    assert believed(objects(growth=growth), before=0.1) == [careful] * 3


def test_two_objects_show_no_custom():
    assert not any(believed(objects(), before=0.1, doubted=(True, True, False)))
    assert not any(believed(objects(parts=(1, 1, 2)), before=0.1))


def test_where_most_objects_are_elsewhere_nothing_is_said_of_outlines():
    assert not any(believed(objects(iou=(0.4, 0.4, 1.0))))


@pytest.mark.parametrize(("typical", "careful"), [(0.8, True), (0.7, False)])
def test_one_that_is_hardly_the_same_object_is_believed_where_the_typical_one_is_much_the_same(typical, careful):
    assert believed(objects(iou=(typical, typical, 0.2))) == [True, True, careful]


@pytest.mark.parametrize(("iou", "careful"), [(0.7, False), (0.8, True)])
def test_one_that_fell_into_parts_is_believed_if_it_is_much_the_same_itself(iou, careful):
    assert believed(objects(iou=(1.0, 1.0, iou), parts=(1, 1, 2))) == [True, True, careful]


def test_of_objects_that_are_not_doubted_nothing_is_said():
    assert believed(objects(), doubted=(True, False, True)) == [True, False, True]
    assert not any(believed(objects(), doubted=(False, False, False)))
