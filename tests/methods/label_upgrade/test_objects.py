import numpy as np
import pytest
from skimage.draw import disk

from napari_labelfix.methods.label_upgrade.objects import make_objects, way_to_part


def discs(*discs, shape=(60, 120)):
    """Make labels of id, row, column and radius."""
    labels = np.zeros(shape, np.int32)
    for number, row, column, radius in discs:
        labels[disk((row, column), radius, shape=shape)] = number
    return labels


def ids(labels):
    return set(np.unique(labels)) - {0}


def test_objects_that_were_right_keep_their_ids_and_pixels():
    old = discs((7, 20, 20, 9), (70_000, 30, 80, 12))
    assert np.array_equal(make_objects(old > 0, old, 30), old)


def test_a_new_object_gets_an_id_above_all_old_ones_and_a_removed_one_goes():
    old = discs((7, 20, 20, 9), (9, 30, 100, 9))
    new = discs((7, 20, 20, 9), (1, 30, 60, 9))
    labels = make_objects(new > 0, old, 30)
    assert ids(labels) == {7, int(labels[30, 60])}
    assert labels[30, 60] > 9


@pytest.mark.parametrize("radius", [4, 14])
def test_a_reshaped_object_keeps_its_id(radius):
    labels = make_objects(discs((1, 30, 50, 9)) > 0, discs((5, 30, 50, radius)), 30)
    assert ids(labels) == {5}


def test_cells_that_touch_without_a_neck_stay_apart_because_the_old_labels_say_so():
    old = np.zeros((60, 120), np.int32)
    old[20:40, 20:36], old[20:40, 36:52] = 3, 4
    labels = make_objects(old > 0, old, 30)
    assert np.array_equal(labels, old)


def test_eroded_cells_grow_back_to_where_they_meet():
    old = np.zeros((60, 120), np.int32)
    old[24:36, 24:32], old[24:36, 40:48] = 3, 4
    foreground = np.zeros((60, 120), bool)
    foreground[20:40, 20:52] = True
    labels = make_objects(foreground, old, 30)
    assert ids(labels) == {3, 4}
    assert np.array_equal(labels > 0, foreground)
    assert abs(int((labels == 3).sum()) - int((labels == 4).sum())) < 80


def test_neither_a_speck_nor_the_end_of_a_neighbour_parts_a_cell():
    old = np.zeros((60, 120), np.int32)
    old[10:30, 10:24], old[10:30, 26:70] = 3, 4
    foreground = np.zeros((60, 120), bool)
    foreground[10:30, 10:32], foreground[10:30, 40:70] = True, True
    labels = make_objects(foreground, old, 30)
    assert np.array_equal(labels, np.where(foreground, np.where(np.indices(old.shape)[1] < 36, 3, 4), 0))
    speck = np.where(old == 3, old, 0)
    speck[24:30, 26:32] = 5
    assert ids(make_objects(foreground & (labels == 3), speck, 30)) == {3}


def test_a_convex_cell_is_not_cut():
    """Its outline has a dent now, which would part a foreground of unknown origin."""
    old = discs((3, 30, 60, 16))
    foreground = old > 0
    foreground[:24, 58:63] = False
    foreground[37:, 58:63] = False
    assert ids(make_objects(foreground, np.zeros_like(old), 30)) == {1, 2}
    assert ids(make_objects(foreground, old, 30)) == {3}


def test_two_cells_under_one_old_label_are_parted_at_their_neck_and_one_keeps_the_id():
    two = discs((1, 30, 40, 14), (1, 30, 64, 13))
    labels = make_objects(two > 0, two * 5, 30)
    assert len(ids(labels)) == 2
    assert labels[30, 36] == 5
    assert labels[30, 68] > 5


def test_without_old_labels_it_is_the_watershed_and_without_foreground_nothing():
    two = discs((1, 30, 40, 14), (1, 30, 64, 13))
    assert ids(make_objects(two > 0, np.zeros_like(two), 30)) == {1, 2}
    assert ids(make_objects(two < 0, two, 30)) == set()


def test_specks_are_dropped():
    assert ids(make_objects(discs((1, 30, 40, 2)) > 0, discs((1, 30, 80, 9)), 30)) == set()


def test_one_giant_object_and_many_tiny_ones():
    giant = np.ones((60, 120), np.int32)
    assert np.array_equal(make_objects(giant > 0, giant, 30), giant)
    dots = np.zeros((600, 600), np.int32)
    dots[1::2, 1::2] = np.arange(1, 90_001).reshape(300, 300)
    assert np.array_equal(make_objects(dots > 0, dots, 0), dots)


def test_ids_far_higher_than_there_are_objects_cost_nothing():
    far = 1_000_000_000
    touching = discs((1, 30, 30, 14), (far, 30, 56, 14))
    made = make_objects(touching > 0, touching, 30)
    assert ids(made) == {1, far}


def bent_threads():
    """Return labels (Y, X) of long bent objects, which a watershed cuts, and which do not touch."""
    labels = np.zeros((120, 160), np.int32)
    columns = np.arange(4, 156)
    for number in range(1, 6):
        rows = (20 * number + 6 * np.sin(columns / 7)).astype(int)
        for step in range(-2, 3):
            labels[rows + step, columns] = number
        labels[rows[::30], columns[::30]] = number
        for column in columns[10::25]:  # and not as thick everywhere
            row = rows[column - 4]
            labels[row - 4 : row + 5, column - 3 : column + 4] = number
    return labels


def test_right_objects_say_whether_what_touches_is_parted_at_its_necks():
    threads, touching = bent_threads(), discs((1, 30, 40, 12), (2, 52, 40, 12), (3, 30, 100, 12), (4, 52, 100, 12))
    assert way_to_part([threads]) == "components"
    assert way_to_part([touching]) == "watershed"
    assert way_to_part([discs((1, 30, 40, 12))]) == "watershed"  # either does
    assert way_to_part([]) == "watershed"
    assert way_to_part([discs((1, 30, 40, 12)), threads, threads]) == "components"


def test_of_many_right_objects_some_are_looked_at():
    def planes():
        for _ in range(20):
            yield bent_threads()
        raise AssertionError("enough was seen")

    assert way_to_part(planes()) == "components"


def test_objects_that_are_not_parted_at_necks_come_out_whole():
    threads = bent_threads()
    assert len(ids(make_objects(threads > 0, np.zeros_like(threads), 30))) > 10
    assert len(ids(make_objects(threads > 0, np.zeros_like(threads), 30, "components"))) == 5
