import numpy as np
import pytest
from skimage.draw import disk

from napari_labelfix.methods.label_upgrade.outlines import upgraded_objects
from napari_labelfix.methods.label_upgrade.pages import edge_strength
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.perturbations import chosen_perturbation


def discs(*discs, shape=(60, 120)):
    """Make labels of id, row, column and radius."""
    labels = np.zeros(shape, np.int32)
    for number, row, column, radius in discs:
        labels[disk((row, column), radius, shape=shape)] = number
    return labels


def ids(labels):
    return set(np.unique(labels)) - {0}


def upgraded(new, old, trusted=None, cells=None, certainty=1.0, **how):
    """Upgrade old labels where the network sees the new ones, in an image of cells; by default of what is seen."""
    edges = edge_strength((new if cells is None else cells)[np.newaxis].astype(bool).astype(np.float32))
    trusted = np.zeros(old.shape, bool) if trusted is None else trusted
    probabilities = np.where(new > 0, np.where(old > 0, 1.0, certainty), 0.0).astype(np.float32)
    return upgraded_objects(probabilities, old, trusted, edges, 30, **how)


CAREFUL = discs((3, 20, 20, 10), (70_000, 30, 60, 10), (70_001, 40, 100, 10))
LOOSE = discs((3, 20, 20, 6), (70_000, 30, 60, 6), (70_001, 40, 100, 10))


def test_outlines_on_edges_are_careful_even_where_the_network_has_its_own_mind():
    seen = discs((1, 20, 20, 8), (1, 30, 60, 8), (1, 40, 100, 8))  # IoU 0.64
    assert np.array_equal(upgraded(seen, CAREFUL, cells=CAREFUL), CAREFUL)
    assert np.array_equal(upgraded(seen, CAREFUL, cells=seen) > 0, seen > 0)


def test_where_outlines_are_careful_every_object_that_is_seen_keeps_its_own():
    seen = discs((1, 20, 21, 10), (1, 30, 61, 10), (1, 40, 100, 13))
    assert np.array_equal(upgraded(seen, CAREFUL, cells=CAREFUL), CAREFUL)


def test_where_outlines_are_loose_only_an_object_that_hardly_differs_keeps_its_own():
    seen = discs((1, 20, 20, 10), (1, 30, 60, 10), (1, 40, 101, 10))
    labels = upgraded(seen, LOOSE)
    assert ids(labels) == ids(LOOSE)
    assert np.array_equal(labels == 70_001, LOOSE == 70_001)
    assert np.array_equal((labels > 0)[:, :80], (seen > 0)[:, :80])


def test_careful_outlines_of_the_right_part_say_nothing_of_the_others():
    lower = discs(*((number, 50, 18 * number - 8, 7) for number in range(1, 6)))
    old = lower + discs((7, 20, 20, 6), (8, 22, 100, 10))
    seen = lower + discs((7, 20, 20, 10), (8, 22, 100, 10))
    right = np.zeros(old.shape, bool)
    right[42:] = True
    assert np.array_equal(upgraded(seen, old), old)
    assert np.array_equal(upgraded(seen, old, right), seen)


def test_outlines_that_are_known_to_be_right_are_kept():
    seen = discs((1, 20, 20, 10), (1, 30, 60, 10), (1, 40, 101, 10))
    assert np.array_equal(upgraded(seen, LOOSE, right_outlines=True), LOOSE)


def test_outlines_that_are_known_to_be_wrong_are_not_kept():
    seen = discs((3, 20, 20, 11), (70_000, 30, 60, 11), (70_001, 40, 100, 11))
    assert np.array_equal(upgraded(seen, CAREFUL, cells=CAREFUL), CAREFUL)
    assert np.array_equal(upgraded(seen, CAREFUL, cells=CAREFUL, right_outlines=False), seen)


@pytest.mark.parametrize(
    ("wrong", "right_outlines"),
    [
        ("cells are missing", True),
        ("other things are marked", True),
        ("outlines are loose", False),
        ("a bit of everything", None),
        ("made by a machine", None),
    ],
)
def test_what_is_wrong_says_something_of_outlines(wrong, right_outlines):
    assert chosen_perturbation(LabelUpgradeParams(wrong=wrong)).right_outlines is right_outlines


def test_an_object_that_the_network_does_not_see_goes_and_others_keep_their_outlines():
    seen = discs((1, 20, 21, 10), (1, 30, 61, 10))
    assert np.array_equal(upgraded(seen, CAREFUL), np.where(CAREFUL == 70_001, 0, CAREFUL))


def test_a_cell_that_is_missing_beside_a_careful_one_is_added_with_an_id_of_its_own():
    seen = CAREFUL + discs((1, 30, 79, 9))
    labels = upgraded(seen, CAREFUL)
    assert np.array_equal(np.where(labels <= 70_001, labels, 0), CAREFUL)
    assert len(ids(labels)) == 4
    assert (labels > 70_001).sum() > 200


def test_a_cell_that_the_network_is_not_certain_of_is_not_added_to_careful_ones():
    seen = CAREFUL + discs((1, 30, 79, 9))
    assert np.array_equal(upgraded(seen, CAREFUL, certainty=0.9), CAREFUL)
    assert len(ids(upgraded(seen, LOOSE, cells=seen, certainty=0.9))) == 4


def test_a_network_that_is_less_certain_of_what_it_confirms_is_asked_for_no_more():
    probabilities = np.where(CAREFUL + discs((1, 30, 79, 9)) > 0, 0.8, 0.0).astype(np.float32)
    edges = edge_strength((CAREFUL > 0)[np.newaxis].astype(np.float32))
    labels = upgraded_objects(probabilities, CAREFUL, np.zeros(CAREFUL.shape, bool), edges, 30)
    assert len(ids(labels)) == 4


def test_where_many_are_missing_the_network_need_be_less_certain():
    seen = CAREFUL + discs((1, 30, 79, 9)) + discs((1, 50, 30, 9)) + discs((1, 12, 40, 8), (1, 48, 60, 8))
    assert len(ids(upgraded(CAREFUL + discs((1, 30, 79, 9)), CAREFUL, certainty=0.96))) == 3
    assert len(ids(upgraded(seen, CAREFUL, certainty=0.96))) > 3


def test_a_careful_object_that_is_half_seen_may_be_there_and_one_that_is_not_seen_goes():
    rows = np.indices(CAREFUL.shape)[0]
    seen, blind = (np.where((CAREFUL == 70_001) & (rows > bottom), 0, CAREFUL) for bottom in (38, 31))
    assert np.array_equal(upgraded(seen, CAREFUL, cells=CAREFUL), CAREFUL)
    assert 70_001 not in ids(upgraded(blind, CAREFUL, cells=CAREFUL))


@pytest.mark.parametrize("radii", [(9, 9, 9), (10, 10, 10), (11, 11, 11)])
def test_outlines_that_are_all_a_pixel_off_are_a_custom(radii):
    """The image has edges where the network draws, so that edges do not speak for them."""
    seen = discs((1, 20, 20, 10), (1, 30, 60, 10), (1, 40, 100, 10))
    old = discs(*((3 + i, 20 + 10 * i, 20 + 40 * i, radius) for i, radius in enumerate(radii)))
    assert np.array_equal(upgraded(seen, old), old)


@pytest.mark.parametrize("radii", [(7, 7, 7), (13, 13, 13), (7, 10, 12)])
def test_outlines_that_are_far_off_or_each_otherwise_are_mended(radii):
    seen = discs((1, 20, 20, 10), (1, 30, 60, 10), (1, 40, 100, 10))
    old = discs(*((3 + i, 20 + 10 * i, 20 + 40 * i, radius) for i, radius in enumerate(radii)))
    assert np.array_equal(upgraded(seen, old) > 0, seen > 0)


def test_two_cells_under_one_label_are_parted_among_careful_outlines():
    two = discs((7, 40, 24, 12), (7, 40, 45, 11), shape=(60, 220))
    others = discs((1, 20, 100, 10), (2, 20, 140, 10), (3, 20, 180, 10), shape=(60, 220))
    labels = upgraded(two + others, two + others)
    assert len(ids(labels[:, :70])) == 2
    assert np.array_equal(labels[:, 70:], others[:, 70:])


def test_where_nothing_is_seen_or_nothing_was_labelled():
    nothing = np.zeros_like(CAREFUL)
    assert ids(upgraded(nothing, CAREFUL)) == set()
    assert len(ids(upgraded(CAREFUL, nothing))) == 3
    assert len(ids(upgraded(CAREFUL, discs((9, 50, 10, 5))))) == 3
