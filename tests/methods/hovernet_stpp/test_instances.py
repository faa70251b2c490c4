import numpy as np
import pytest

from napari_labelfix.data.hover_maps import hover_maps
from napari_labelfix.methods.hovernet_stpp.instances import _border, as_given, objects_of, proposal_of, with_given
from napari_labelfix.methods.hovernet_stpp.params import HoverNetParams
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.sample_data.synthetic import fluorescence


def two_squares_that_touch():
    labels = np.zeros((40, 60), np.int32)
    labels[10:30, 10:30], labels[10:30, 30:50] = 1, 2
    return labels


def found(labels, threshold=0.07, minimum_size=0):
    return objects_of((labels > 0).astype(float), hover_maps(labels), threshold, minimum_size)


def test_objects_that_touch_are_parted_where_the_maps_jump():
    labels = two_squares_that_touch()
    assert f1_score(found(labels), labels, iou=0.95) == 1


def test_without_a_jump_they_are_one():
    labels = two_squares_that_touch()
    one = (labels > 0).astype(np.int32)
    assert objects_of(one.astype(float), hover_maps(one), 0.07, 0).max() == 1
    assert objects_of(one.astype(float), np.zeros((2, *one.shape)), 0.07, 0).max() == 1


def test_synthetic_nuclei_come_back():
    labels = fluorescence(3, (256, 256)).labels
    assert f1_score(found(labels, minimum_size=10), labels) == 1


def test_what_lies_elsewhere_in_the_image_does_not_matter():
    """With the steepest fall in the image as the measure, a cell that touches none would fall into pieces."""
    labels = two_squares_that_touch()
    alone = np.where(labels == 1, 1, 0)
    terraces = np.round(hover_maps(alone) * 3) / 3
    assert objects_of((alone > 0).astype(float), terraces, 0.07, 0).max() == 1
    both = np.concatenate([terraces, hover_maps(labels)], axis=1)
    foreground = np.concatenate([alone > 0, labels > 0]).astype(float)
    assert objects_of(foreground, both, 0.07, 0).max() == 3


def test_thin_objects_are_kept_and_small_ones_dropped():
    labels = np.zeros((40, 60), np.int32)
    labels[5:7, 5:55] = 1
    labels[20:23, 20:23] = 2
    assert found(labels).max() == 2
    assert found(labels, minimum_size=10).max() == 1


@pytest.mark.parametrize("height", [1, 2, 3, 4])
@pytest.mark.parametrize("turned", [False, True])
def test_a_plane_may_be_a_few_pixels_high_or_wide(height, turned):
    labels = np.zeros((height, 200), np.int32)
    labels[:, 20:40], labels[:, 60:90] = 1, 2
    labels = labels.T if turned else labels
    again = found(labels)
    assert again.shape == labels.shape
    assert np.array_equal(again > 0, labels > 0)
    assert f1_score(again, labels) == 1


def test_nothing_is_nothing():
    nothing = np.zeros((20, 30), np.int32)
    assert not found(nothing).any()
    assert found(nothing).dtype == np.int32


def test_a_proposal_says_how_sure_each_pixel_is():
    labels = two_squares_that_touch()
    ahead = np.where(labels > 0, 4.0, -4.0)
    ahead[:, :5] = -0.5
    proposal = proposal_of(np.concatenate([[-ahead / 2, ahead / 2], hover_maps(labels)]), HoverNetParams())
    assert proposal.labels.max() == 2
    assert proposal.confidence[20, 20] == pytest.approx(1 / (1 + np.exp(-4)))
    assert proposal.ignored[:, :5].all()
    assert not proposal.ignored[:, 5:].any()


def test_what_a_person_has_said_stays():
    labels = two_squares_that_touch()
    ahead = np.where(labels > 0, 0.5, -0.5)
    proposal = proposal_of(np.concatenate([[-ahead / 2, ahead / 2], hover_maps(labels)]), HoverNetParams())
    known = np.zeros(labels.shape, bool)
    known[:, :30] = True
    mine = np.where(labels == 1, 500, 0).astype(np.int32)
    joined = with_given(proposal, mine, known)
    assert (joined.labels[10:30, 10:30] == 500).all()
    assert len(np.unique(joined.labels[10:30, 30:50])) == 1
    assert joined.labels[20, 40] > 500
    assert np.array_equal(joined.labels > 0, labels > 0)
    assert np.array_equal(joined.classes, labels > 0)
    assert (joined.confidence[known] == 1).all()
    assert not joined.ignored[known].any()
    assert joined.ignored[~known].all()


def test_of_finished_labels_nothing_is_doubtful():
    labels = two_squares_that_touch()
    proposal = as_given(labels)
    assert np.array_equal(proposal.labels, labels)
    assert np.array_equal(proposal.classes, labels > 0)
    assert (proposal.confidence == 1).all()
    assert not proposal.ignored.any()


def test_a_border_is_as_strong_as_the_maps_fall_and_where_they_rise_there_is_none():
    falls = np.tile(np.repeat(np.array([1, -1, 0.5, -0.5], np.float32), 10), (40, 1))
    for border in (_border(np.stack([falls, 0 * falls])), _border(np.stack([0 * falls, falls.T])).T):
        assert border[20, 8:12].max() == pytest.approx(1, abs=0.01)
        assert border[20, 15:25].max() == 0
        assert border[20, 28:32].max() == pytest.approx(0.5, abs=0.01)
