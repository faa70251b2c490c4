import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.draw import disk
from skimage.measure import label

from napari_labelfix.data import large
from napari_labelfix.data.instances import split_instances


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(large, "SIDE", 100)
    monkeypatch.setattr(large, "MARGIN", 25)


def cells(seed, shape=(230, 310), radius=9, count=90):
    rng = np.random.default_rng(seed)
    classes = np.zeros(shape, np.uint8)
    for centre in rng.uniform((0, 0), shape, (count, 2)):
        classes[disk(centre, rng.uniform(3, radius), shape=shape)] = 1
    return classes


def same_objects(one, other):
    """Whether two label arrays part the plane alike, whatever the numbers."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(np.unique(pairs[0])) == len(np.unique(pairs[1])) == pairs.shape[1]


@pytest.mark.parametrize("seed", range(5))
def test_discs_come_out_as_in_one_piece(small_tiles, seed):
    classes = cells(seed, count=35)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "SIDE", 10_000)
        whole = split_instances(classes, "watershed", 10)
    tiled = split_instances(classes, "watershed", 10)
    assert len(np.unique(tiled)) == tiled.max() + 1
    assert same_objects(tiled, whole)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 250))
def test_components_of_any_size_and_form_come_out_as_in_one_piece(seed, count):
    classes = cells(seed, count=count, radius=16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "SIDE", 100)
        patch.setattr(large, "MARGIN", 25)
        tiled = split_instances(classes, "components")
    assert np.array_equal(tiled > 0, classes > 0)
    assert same_objects(tiled, label(classes, connectivity=2))


def test_a_snake_through_all_tiles_is_one_object(small_tiles):
    classes = np.zeros((230, 310), np.uint8)
    for row in range(10, 230, 40):
        classes[row : row + 3, 5:305] = 1
    for turn, row in enumerate(range(10, 190, 40)):
        classes[row : row + 43, 5 if turn % 2 else 302][:] = 1
        classes[row : row + 43, (slice(5, 8) if turn % 2 else slice(302, 305))] = 1
    assert split_instances(classes, "components").max() == 1


def test_an_empty_plane_has_no_objects(small_tiles):
    assert split_instances(np.zeros((230, 310), np.uint8)).max() == 0


WINDOW = (slice(80, 150), slice(90, 220))


@pytest.mark.parametrize("seed", range(5))
def test_where_a_window_has_changed_only_its_objects_are_found_anew(seed, monkeypatch):
    monkeypatch.setattr(large, "_AROUND", 40)
    classes = cells(seed, count=40)
    before = split_instances(classes, "watershed", 10)
    others = cells(seed + 100, count=40)
    now = classes.copy()
    now[WINDOW] = others[WINDOW]
    # what lies across the window's edge stays: only its inside may change
    now[WINDOW][:20], now[WINDOW][-20:] = classes[WINDOW][:20], classes[WINDOW][-20:]
    now[WINDOW][:, :20], now[WINDOW][:, -20:] = classes[WINDOW][:, :20], classes[WINDOW][:, -20:]
    found = split_instances(now, "watershed", 10, before=(before, [WINDOW]))
    assert same_objects(found, split_instances(now, "watershed", 10))
    assert len(np.unique(found)) == found.max() + 1
    assert (before == split_instances(classes, "watershed", 10)).all(), "what was before is left alone"


def test_an_object_that_goes_on_beyond_the_window_is_one():
    classes = np.zeros((230, 310), np.uint8)
    classes[100:110, 20:300] = 1
    before = split_instances(classes, "components")
    classes[100:110, 150:160] = 0  # parts it within the window: the longer seam is on the left
    classes[98:112, 85:95] = 1
    found = split_instances(classes, "components", before=(before, [WINDOW]))
    assert set(found[105, [30, 100, 200, 290]]) == {1}
    assert found[105, 155] == 0


def test_in_a_window_that_is_the_plane_all_is_found_anew():
    classes = cells(0)
    everything = (slice(0, 230), slice(0, 310))
    found = split_instances(classes, "watershed", 10, before=(np.ones(classes.shape, np.int32), [everything]))
    assert same_objects(found, split_instances(classes, "watershed", 10))
