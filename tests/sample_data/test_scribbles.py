import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import binary_dilation, label

from napari_labelfix.sample_data.scribbles import painted_scribbles, scribbles_from_labels
from napari_labelfix.sample_data.synthetic import fluorescence

DRAW = [scribbles_from_labels, painted_scribbles]
label_images = arrays(
    np.int32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.sampled_from([0, 0, 3, 4, 70_000])
)
ratios = st.sampled_from([0.01, 0.1, 0.5, 1.0])


@pytest.fixture(scope="module")
def nuclei():
    return fluorescence(seed=5, shape=(256, 300)).labels


def scribbled_objects(marks, labels):
    return set(labels[marks == 2].tolist())


@pytest.mark.parametrize("draw", DRAW)
@given(label_images, ratios)
def test_scribbles_lie_inside_objects_and_inside_the_background(draw, labels, ratio):
    marks = draw(labels, ratio)
    assert marks.dtype == np.uint8
    assert marks.shape == labels.shape
    assert (labels[marks == 1] == 0).all()
    assert (labels[marks == 2] > 0).all()
    assert marks.max() <= 2


@given(label_images, ratios)
def test_the_asked_share_of_objects_is_scribbled_and_at_least_one(labels, ratio):
    objects = set(np.unique(labels).tolist()) - {0}
    expected = max(1, round(ratio * len(objects))) if objects else 0
    assert len(scribbled_objects(scribbles_from_labels(labels, ratio), labels)) == expected


@given(label_images, st.integers(0, 9))
def test_the_ids_of_the_objects_do_not_matter(labels, seed):
    same = np.searchsorted(np.unique(labels), labels) + (0 if (labels == 0).any() else 1)
    assert np.array_equal(scribbles_from_labels(labels, 0.5, seed), scribbles_from_labels(same, 0.5, seed))


@pytest.mark.parametrize("draw", DRAW)
def test_the_seed_decides(draw, nuclei):
    assert np.array_equal(draw(nuclei, 0.2, seed=1), draw(nuclei, 0.2, seed=1))
    assert not np.array_equal(draw(nuclei, 0.2, seed=1), draw(nuclei, 0.2, seed=2))


def test_there_are_as_many_background_pieces_as_scribbled_objects(nuclei):
    marks = scribbles_from_labels(nuclei, 0.3)
    pieces = label(marks == 1, np.ones((3, 3)))[1]
    assert pieces == len(scribbled_objects(marks, nuclei)) == round(0.3 * nuclei.max())


def test_scribbles_are_thin_lines(nuclei):
    marks = scribbles_from_labels(nuclei, 1.0)
    assert 0 < np.mean(marks > 0) < 0.03
    blocks = np.lib.stride_tricks.sliding_window_view(marks > 0, (3, 3)).all(axis=(2, 3))
    assert not blocks.any()


def test_painted_scribbles_are_three_pixels_wide_where_there_is_room(nuclei):
    thin, painted = scribbles_from_labels(nuclei, 0.3), painted_scribbles(nuclei, 0.3)
    assert (painted[thin > 0] == thin[thin > 0]).all()
    assert scribbled_objects(painted, nuclei) == scribbled_objects(thin, nuclei)
    object_id = next(iter(scribbled_objects(thin, nuclei)))
    inside = nuclei == object_id
    grown = binary_dilation((thin == 2) & inside, np.ones((3, 3)))
    assert np.array_equal((painted == 2) & inside, grown & inside)


@pytest.mark.parametrize("draw", DRAW)
def test_an_image_without_objects_gets_background_scribbles_only(draw):
    marks = draw(np.zeros((40, 60), np.uint16), 0.1)
    assert set(np.unique(marks)) == {0, 1}


@pytest.mark.parametrize("draw", DRAW)
def test_an_image_that_is_one_object_gets_foreground_scribbles_only(draw):
    assert set(np.unique(draw(np.full((40, 60), 7), 0.1))) == {0, 2}
    assert set(np.unique(draw(np.ones((40, 60), bool), 0.1))) == {0, 2}


@pytest.mark.parametrize("draw", DRAW)
def test_one_object_gets_a_scribble_at_any_ratio(draw):
    labels = np.zeros((40, 60), np.uint8)
    labels[10:20, 10:30] = 200
    assert set(np.unique(draw(labels, 0.01))) == {0, 1, 2}


@pytest.mark.parametrize("ratio", [0, -0.1, 1.01, float("nan")])
def test_a_ratio_out_of_range_is_refused(ratio):
    with pytest.raises(ValueError, match="ratio in"):
        scribbles_from_labels(np.ones((4, 4), int), ratio)
