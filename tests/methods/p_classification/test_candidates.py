import tracemalloc

import numpy as np
import pytest

from napari_labelfix.methods.p_classification.candidates import away_from, climb, find_peaks, summits
from napari_labelfix.methods.p_classification.masks import grow_masks
from napari_labelfix.methods.p_classification.targets import heatmap_target
from napari_labelfix.snapshots import PointRole

SHAPE = (60, 70)
NONE = np.zeros((0, 2), np.float32)
CELLS = np.array([[0.0, 5.0], [20.0, 20.0], [20.0, 34.0], [59.0, 69.0]])


def heatmap_of(cells=CELLS, radius=6.0):
    return heatmap_target(SHAPE, cells, NONE, radius)[0]


def moved(rows, columns):
    return CELLS[1:2] + np.array([rows, columns])


def test_every_cell_is_a_peak_those_at_the_border_too():
    found, heights = find_peaks(heatmap_of(), radius=6.0, threshold=0.5)
    assert np.abs(np.array(sorted(map(tuple, found))) - CELLS).max() <= 1  # half of a dome is seen at the border
    assert heights == pytest.approx(1)


def test_lower_peaks_and_flat_images_give_none():
    assert len(find_peaks(0.4 * heatmap_of(), 6.0, 0.5)[0]) == 0
    assert len(find_peaks(np.zeros(SHAPE, np.float32), 6.0, 0.5)[0]) == 0


def test_of_two_peaks_nearer_than_half_a_radius_the_higher_counts():
    heatmap = np.maximum(0.8 * heatmap_of(CELLS[1:2]), heatmap_of(moved(0, 4)))
    found, _ = find_peaks(heatmap, radius=10.0, threshold=0.3)
    assert found.tolist() == [[20, 23]]  # of both a dome, nearer to the higher


def test_a_long_cell_is_found_once_and_in_its_middle():
    along = heatmap_of(np.array([[20.0, column] for column in range(15, 56)]))
    along[:, 15:56] *= 1 - 0.2 * np.sin(np.linspace(0, np.pi, 41), dtype=np.float32)  # higher at its ends
    found, heights = find_peaks(along, radius=6.0, threshold=0.3)
    assert found.tolist() == [[20, 35]]
    assert 0.8 <= heights[0] <= 1


def test_a_flat_heatmap_without_a_summit_is_one_cell():
    found, heights = find_peaks(np.full((401, 401), 0.9, np.float32), radius=3.0, threshold=0.5)
    assert found.tolist() == [[200, 200]]
    assert heights == pytest.approx(0.9)


def test_cells_with_a_valley_between_them_are_two():
    found, _ = find_peaks(heatmap_of(CELLS[1:3]), radius=8.0, threshold=0.3)
    assert sorted(map(tuple, found)) == sorted(map(tuple, CELLS[1:3]))


def test_the_middle_of_a_bent_cell_is_on_it():
    y, x = np.mgrid[:60, :70]
    bent = (np.abs(np.hypot(y - 30, x - 35) - 20) < 4) & (y < 35)
    found, _ = find_peaks(bent.astype(np.float32), radius=6.0, threshold=0.3)
    assert len(found) == 1
    assert bent[tuple(found[0].astype(int))]


def test_a_point_climbs_to_the_summit_beside_it_and_no_farther():
    heatmap = heatmap_of()
    assert climb(moved(2, -1), heatmap, 6.0).tolist() == [[20, 20]]
    assert np.abs(climb(moved(6, 0), heatmap, 6.0) - CELLS[1]).max() >= 2
    assert climb(CELLS[[0, 3]], heatmap, 6.0).tolist() == CELLS[[0, 3]].tolist()
    assert climb(NONE, heatmap, 6.0).shape == (0, 2)


@pytest.mark.parametrize("reach", [1, 2, 3])
def test_no_pixel_within_half_a_radius_is_higher_at_the_border_too(reach):
    rng = np.random.default_rng(reach)
    heatmap = rng.random((8, 11), np.float32)
    places = np.argwhere(heatmap > 0)
    summit = climb(places, heatmap, 2.0 * reach)
    heights = summits(places, heatmap, 2.0 * reach)
    assert np.array_equal(heights, heatmap[tuple(summit.astype(int).T)])
    assert np.abs(summit - places).max() == reach
    near = np.linalg.norm(places[:, np.newaxis] - places, axis=2) <= reach
    assert (heights >= np.where(near, heatmap.ravel(), 0).max(axis=1)).all()


def test_points_of_a_radius_larger_than_the_image_take_little_memory():
    heatmap = np.random.default_rng(0).random((60, 70)).astype(np.float32)
    places = np.tile(CELLS[:1], (200, 1))
    tracemalloc.start()
    summit = climb(places, heatmap, 1000.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    highest = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert (summit == highest).all()
    assert peak < 100e6


def test_what_is_near_a_given_place_is_not_another():
    found = np.array([[20.0, 22.0], [20.0, 29.0], [50.0, 50.0]])
    assert away_from(found, CELLS, radius=6.0).tolist() == [False, False, True]
    assert away_from(found, NONE, radius=6.0).all()
    assert away_from(NONE, CELLS, radius=6.0).shape == (0,)


def test_a_second_maximum_in_a_given_cell_is_not_another_cell():
    assert away_from(np.array([[20.0, 20.0], [20.0, 22.0]]), CELLS[1:2], radius=6.0).tolist() == [False, False]


def test_masks_meet_between_touching_cells_and_end_at_the_edge():
    y, x = np.mgrid[:60, :70]
    inside = (np.hypot(y - 20, x - 20) < 8) | (np.hypot(y - 20, x - 34) < 8)
    roles = np.full(4, PointRole.DETECTED, np.uint8)
    masks = grow_masks(inside.astype(np.float32), 0.5, CELLS, roles, radius=8.0)
    assert np.array_equal((masks == 2) | (masks == 3), inside)
    assert (masks[20, 20], masks[20, 34]) == (2, 3)
    assert abs((masks == 2).sum() - (masks == 3).sum()) < 20
    assert (masks == 1).sum() == (masks == 4).sum() == 1  # outside of the foreground there is the point alone


def test_pseudo_negatives_grow_no_mask():
    roles = np.array([PointRole.GIVEN, PointRole.PSEUDO_NEGATIVE, PointRole.DETECTED, PointRole.DETECTED], np.uint8)
    masks = grow_masks(heatmap_of(), 0.1, CELLS, roles, radius=6.0)
    assert set(np.unique(masks)) == {0, 1, 3, 4}
    assert not grow_masks(heatmap_of(), 0.1, NONE, roles[:0], radius=6.0).any()


def test_a_mask_reaches_no_farther_than_two_radii():
    masks = grow_masks(np.ones(SHAPE, np.float32), 0.5, CELLS[1:2], np.zeros(1, np.uint8), radius=6.0)
    rows, columns = np.nonzero(masks)
    assert np.hypot(rows - 20, columns - 20).max() <= 12
