"""The preview shows right labels, spoiled, and nothing beyond."""

import numpy as np
import pytest

from napari_labelfix.annotations import Instances, Plane
from napari_labelfix.errors import InputError
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.preview import preview
from napari_labelfix.sample_data.synthetic import fluorescence

IMAGE, LABELS = fluorescence(3, (160, 160))


def plane(trusted, others=None):
    return Plane("cells", IMAGE, Instances(LABELS, trusted, others))


def test_it_loses_objects_inside_the_right_part_and_shows_none_outside():
    trusted = np.zeros(LABELS.shape, bool)
    trusted[20:150, 10:140] = True
    spoiled = preview(plane(trusted), LabelUpgradeParams(wrong="cells are missing"), seed=0)
    assert not spoiled[~trusted].any()
    right, left = (set(np.unique(labels[trusted])) - {0} for labels in (LABELS, spoiled))
    assert left < right, "some are gone and none is new"
    assert len(left) == pytest.approx(0.3 * len(right), abs=1)


def test_another_seed_is_another_example_and_the_same_one_the_same():
    trusted = np.ones(LABELS.shape, bool)
    params = LabelUpgradeParams()
    first, again, other = (preview(plane(trusted), params, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_given_others_are_what_is_added():
    others = np.where(LABELS == 0, 1, 0).astype(np.int32)
    params = LabelUpgradeParams(wrong="as set below", omission=0, inclusion=1.0, bias=0)
    spoiled = preview(plane(np.ones(LABELS.shape, bool), others), params, seed=0)
    np.testing.assert_array_equal(np.where(others, 0, spoiled), LABELS)
    assert (spoiled[others > 0] > LABELS.max()).all()


@pytest.mark.parametrize("trusted", [None, np.zeros(LABELS.shape, bool)])
def test_without_a_right_part_it_says_what_to_do(trusted):
    with pytest.raises(InputError, match="No part of cells is right"):
        preview(plane(trusted), LabelUpgradeParams(), seed=0)
