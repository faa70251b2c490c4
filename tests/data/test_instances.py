import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from skimage.draw import disk

from napari_labelfix.data.instances import fill_small_holes, split_instances


def discs(*centres, radius=12, shape=(80, 80)):
    classes = np.zeros(shape, np.uint8)
    for centre in centres:
        classes[disk(centre, radius, shape=shape)] = 1
    return classes


def rod(degrees, half_width, half_length=15, shape=(60, 80)):
    """Draw what lies near a line through the middle: a body as deep in one place as in another."""
    y, x = np.indices(shape) - np.array(shape)[:, None, None] // 2
    along = np.clip(np.sin(np.deg2rad(degrees)) * y + np.cos(np.deg2rad(degrees)) * x, -half_length, half_length)
    away = np.hypot(y - along * np.sin(np.deg2rad(degrees)), x - along * np.cos(np.deg2rad(degrees)))
    return (away < half_width).astype(np.uint8)


def test_watershed_parts_two_touching_discs_and_components_do_not():
    touching = discs((40, 25), (40, 46))
    assert split_instances(touching, "watershed").max() == 2
    assert split_instances(touching, "components").max() == 1


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_watershed_parts_alike_at_every_scale(scale):
    touching = np.kron(discs((40, 25), (40, 46)), np.ones((scale, scale), np.uint8))
    assert split_instances(touching).max() == 2


def test_a_disc_and_a_long_bar_stay_whole():
    classes = discs((30, 30))
    classes[60:66, 5:75] = 1
    assert split_instances(classes).max() == 2


def test_objects_that_touch_without_a_neck_are_parted_where_they_are_less_certain():
    classes = np.zeros((40, 60), np.uint8)
    classes[10:30, 10:50] = 1
    confidence = np.full(classes.shape, 0.95)
    assert split_instances(classes, confidence=confidence).max() == 1
    confidence[:, 28:32] = 0.6
    parted = split_instances(classes, confidence=confidence)
    assert parted.max() == 2
    assert np.array_equal(parted > 0, classes > 0)
    assert split_instances(classes, "components", confidence=confidence).max() == 1


def test_what_is_less_certain_all_over_or_in_spots_stays_whole():
    classes = discs((40, 40), radius=20)
    assert split_instances(classes, confidence=np.full(classes.shape, 0.6)).max() == 1
    spotted = np.where(np.hypot(*(np.indices(classes.shape) - 40)) < 4, 0.6, 0.95)
    assert split_instances(classes, confidence=spotted).max() == 1


def test_a_stroke_through_the_middles_of_two_parts_makes_them_one():
    touching = discs((40, 25), (40, 46), (15, 25))
    strokes = np.zeros(touching.shape, bool)
    strokes[40, 25:47] = True
    joined = split_instances(touching, drawn=strokes)
    assert joined.max() == 2
    assert joined[40, 25] == joined[40, 46] != joined[15, 25]
    strokes[40, 32:39] = False  # two strokes
    assert split_instances(touching, drawn=strokes).max() == 3


def test_a_stroke_that_runs_over_an_edge_joins_nothing():
    touching = discs((40, 25), (40, 46))
    strokes = np.zeros(touching.shape, bool)
    strokes[40, 25:38] = True  # a little farther than the neck
    assert split_instances(touching, drawn=strokes).max() == 2


def test_strokes_on_objects_of_two_classes_do_not_join_them():
    classes = discs((40, 25)) + 2 * (discs((40, 46)) & ~discs((40, 25)))
    strokes = np.zeros(classes.shape, bool)
    strokes[40, 25:47] = True
    labels = split_instances(classes, drawn=strokes)
    assert labels[40, 25] != labels[40, 46]


def test_objects_of_different_classes_never_join():
    classes = np.zeros((20, 20), np.uint8)
    classes[5:15, 5:10], classes[5:15, 10:15] = 1, 2
    labels = split_instances(classes, "components")
    assert labels.max() == 2
    assert labels[8, 7] != labels[8, 12]


def test_small_objects_are_dropped_and_small_holes_filled():
    classes = discs((40, 40))
    classes[40, 40] = 0
    classes[5:8, 5:8] = 1
    labels = split_instances(classes, minimum_size=10)
    assert labels.max() == 1
    assert labels[40, 40] == 1


def test_a_hole_that_is_another_class_is_not_filled():
    classes = discs((40, 40))
    classes[39:42, 39:42] = 2
    labels = split_instances(classes, minimum_size=9)
    assert labels[40, 40] != labels[40, 33]


def test_what_touches_the_border_on_any_side_is_no_hole():
    mask = np.ones((9, 11), bool)
    mask[[0, -1, 4, 4, 4], [3, 3, 0, -1, 5]] = False
    expected = mask.copy()
    expected[4, 5] = True
    assert np.array_equal(fill_small_holes(mask, 2), expected)
    assert np.array_equal(fill_small_holes(mask, 1), mask)


def test_nothing_gives_nothing():
    assert split_instances(np.zeros((10, 10), np.uint8)).max() == 0


@given(arrays(np.uint8, (24, 24), elements={"min_value": 0, "max_value": 2}))
def test_any_class_image_is_numbered_without_gaps_and_covered_whole(classes):
    labels = split_instances(classes)
    assert np.array_equal(labels > 0, classes > 0)
    assert np.array_equal(np.unique(labels[labels > 0]), np.arange(1, labels.max() + 1))
    for number in range(1, labels.max() + 1):
        assert len(np.unique(classes[labels == number])) == 1


@pytest.mark.parametrize("degrees", range(0, 180, 15))
@pytest.mark.parametrize("half_width", [3.5, 4, 4.5, 6])
def test_a_rod_stays_whole_however_it_is_turned(degrees, half_width):
    assert split_instances(rod(degrees, half_width)).max() == 1
