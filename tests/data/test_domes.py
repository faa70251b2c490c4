import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import center_of_mass, maximum
from skimage.morphology import reconstruction

from napari_labelfix.data import domes
from napari_labelfix.data.domes import find_domes, middles_of, tops_of


def ridge(*heights):
    return np.array([heights], np.float32)


def test_two_maxima_are_two_domes_if_the_way_between_them_goes_down_far_enough():
    assert find_domes(ridge(1, 10, 8.5, 10, 1), share=0.1, floor=0.5).tolist() == [[0, 1, 0, 2, 0]]
    assert find_domes(ridge(1, 10, 9.5, 10, 1), share=0.1, floor=0.5).tolist() == [[0, 1, 1, 1, 0]]


def test_the_share_is_that_of_the_lower_dome():
    assert find_domes(ridge(100, 5, 10), share=0.3, floor=0.5).max() == 2
    assert find_domes(ridge(100, 8, 10), share=0.3, floor=0.5).max() == 1


def test_what_rises_too_little_above_the_floor_is_no_dome():
    assert find_domes(ridge(0, 0.6, 0, 0.7, 0), share=0.2, floor=0.5).tolist() == [[0, 0, 0, 1, 0]]


@pytest.mark.parametrize("height", [0, 0.5, 3])
def test_where_all_is_flat_there_is_no_dome_but_above_the_floor(height):
    assert find_domes(np.full((9, 9), height, np.float32), share=0.1, floor=0.5).max() == (height > 0.5)


@given(arrays(np.float32, (12, 15), elements=st.floats(0, 20, width=16)))
def test_a_dome_is_what_stands_out_of_the_flooded_relief_and_reaches_its_full_share(relief):
    found = find_domes(relief, share=0.2, floor=0.5)
    height = np.log(np.maximum(relief, 0.5))
    lowered = np.where(relief > 0.5, height + np.float32(np.log(0.8)), height)
    rise = height - reconstruction(lowered, height, footprint=np.ones((3, 3)))
    for number in range(1, found.max() + 1):
        assert rise[found == number].max() == pytest.approx(-np.log(0.8), rel=2e-3)
    assert found[(rise > 0.999 * -np.log(0.8)) & (relief > 0.5)].all()


def test_of_domes_with_tops_near_to_each_other_the_higher_counts():
    assert find_domes(ridge(1, 9, 3, 10, 1, 7), share=0.3, floor=0.5, apart=2).tolist() == [[0, 0, 0, 1, 0, 0]]
    assert find_domes(ridge(1, 9, 3, 10, 1, 7), share=0.3, floor=0.5, apart=1).tolist() == [[0, 1, 0, 2, 0, 3]]
    assert find_domes(ridge(7, 1, 10, 3, 9, 1), share=0.3, floor=0.5, apart=2).tolist() == [[0, 0, 1, 0, 0, 0]]
    for column in (ridge(1, 9, 3, 10, 1, 7).T, ridge(7, 1, 10, 3, 9, 1).T):
        assert find_domes(column, share=0.3, floor=0.5, apart=2).max() == 1
    assert not find_domes(ridge(0, 0, 0), share=0.3, floor=0.5, apart=1).any()


def test_the_top_of_a_dome_is_its_highest_pixel():
    relief = ridge(1, 8, 10, 9, 1, 7)
    assert tops_of(find_domes(relief, share=0.3, floor=0.5), relief).tolist() == [[0, 2], [0, 5]]
    assert tops_of(np.zeros((1, 6), np.int32), relief).shape == (0, 2)


def test_the_middle_of_a_dome_is_its_centre_of_mass_or_its_top_where_that_lies_outside():
    y, x = np.mgrid[:40, :40]
    bent = ((np.abs(np.hypot(y - 20, x - 20) - 14) < 3) & (y < 24)).astype(np.float32)
    bent[6, 20] = 1.01
    relief = np.maximum(bent, np.pad(ridge(2, 2, 2, 2, 2), ((35, 4), (0, 35))))
    domes = find_domes(relief, share=0.3, floor=0.5)
    assert sorted(map(tuple, middles_of(domes, relief).tolist())) == [(6, 20), (35, 2)]
    assert middles_of(np.zeros((4, 4), np.int32), relief[:4, :4]).shape == (0, 2)


@given(arrays(np.float32, (9, 12), elements=st.floats(0, 20, width=16)))
def test_tops_and_middles_are_those_of_scipy(relief):
    found = find_domes(relief, share=0.2, floor=0.5)
    numbers = np.arange(1, found.max() + 1)
    tops, middles = tops_of(found, relief), middles_of(found, relief)
    assert found[tuple(tops.T)].tolist() == numbers.tolist()
    assert relief[tuple(tops.T)].tolist() == np.atleast_1d(maximum(relief, found, numbers)).tolist()
    centres = np.round(center_of_mass(relief.astype(float), found, numbers)).reshape(-1, 2).astype(int)
    inside = found[tuple(centres.T)] == numbers
    assert np.array_equal(middles, np.where(inside[:, np.newaxis], centres, tops))


def test_wide_domes_are_found_as_narrow_ones_are(monkeypatch):
    y, x = np.mgrid[:200, :200]
    relief = np.maximum(60 - np.hypot(y - 60, x - 60), 50 - np.hypot(y - 120, x - 140)).astype(np.float32)
    expected = find_domes(relief, share=0.5, floor=0.5)
    assert expected.max() == 2
    monkeypatch.setattr(domes, "_WIDE", 1)
    assert np.array_equal(find_domes(relief, share=0.5, floor=0.5), expected)
