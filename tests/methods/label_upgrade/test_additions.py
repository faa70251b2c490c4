import numpy as np
import pytest
from skimage.draw import disk

from napari_labelfix.methods.label_upgrade.additions import with_more, without_doubtful

SHAPE = (60, 160)


def discs(*discs):
    """Make labels of id, column and radius."""
    labels = np.zeros(SHAPE, np.int32)
    for number, column, radius in discs:
        labels[disk((30, column), radius, shape=SHAPE)] = number
    return labels


def ids(labels):
    return set(np.unique(labels)) - {0}


KEPT = discs((3, 20, 10), (900, 60, 10))


def test_what_lies_apart_is_added_with_an_id_above_all_old_ones():
    labels = with_more(KEPT, (KEPT + discs((1, 120, 10))) > 0, KEPT, 30)
    assert np.array_equal(np.where(labels <= 900, labels, 0), KEPT)
    assert np.array_equal(labels > 900, discs((1, 120, 10)) > 0)


def test_a_rim_around_an_object_that_is_kept_is_no_object():
    assert np.array_equal(with_more(KEPT, discs((1, 20, 13), (1, 60, 13)) > 0, KEPT, 30), KEPT)


def test_what_is_deep_is_one_although_it_touches():
    labels = with_more(KEPT, (KEPT + discs((1, 80, 9))) > 0, KEPT, 30)
    assert len(ids(labels)) == 3


def test_what_is_as_thick_as_long_objects_are_is_one_although_it_touches():
    kept, new = np.zeros(SHAPE, np.int32), np.zeros(SHAPE, bool)
    kept[10:15, 5:155], kept[40:45, 5:155] = 3, 900
    new[15:40, 70:75] = True  # from one to the other
    labels = with_more(kept, (kept > 0) | new, kept, 30)
    assert np.array_equal(labels > 900, new)
    rims = np.zeros(SHAPE, bool)
    rims[8:17, 3:157] = True
    assert np.array_equal(with_more(kept, (kept > 0) | rims, kept, 30), kept)


def kept_of(certainties, usual=1.0, careful=(3, 900)):
    """Return of how many new objects, that are so certain, some stay beside two careful ones."""
    new = discs(*((901 + at, 90 + 20 * at, 8) for at in range(len(certainties))))
    labels = KEPT + new
    probabilities = np.select([KEPT > 0, *(new == 901 + at for at in range(len(certainties)))], [usual, *certainties])
    found = without_doubtful(labels, KEPT, np.array(careful), probabilities, probabilities > 0.5)
    return len(ids(found)) - 2


@pytest.mark.parametrize(
    ("certainties", "stay"), [([0.94], 0), ([0.96], 1), ([0.96, 0.96], 2), ([0.96, 0.9, 0.99], 2), ([0.9, 0.9, 0.9], 0)]
)
def test_an_object_is_added_if_the_network_is_certain_of_it(certainties, stay):
    assert kept_of(certainties) == stay


def test_where_few_are_missing_it_has_to_be_more_certain():
    careful = discs((3, 20, 8), (4, 40, 8), (5, 60, 8))
    for certainty, stays in ((0.97, False), (0.99, True)):
        new = discs((9, 120, 8))
        probabilities = np.select([careful > 0, new > 0], [1.0, certainty])
        found = without_doubtful(careful + new, careful, np.array([3, 4, 5]), probabilities, probabilities > 0.5)
        assert (9 in ids(found)) is stays


def test_it_need_not_be_more_certain_than_of_what_it_confirms():
    assert kept_of([0.81], usual=0.8) == 1
    assert kept_of([0.79], usual=0.8) == 0


def test_where_nothing_careful_is_confirmed_all_stay():
    assert kept_of([0.6], careful=()) == 1
