import numpy as np
import pytest

from napari_labelfix.annotations import Plane
from napari_labelfix.data.gaps import filled, has_gaps, sentence_about, wide_gaps, without_gaps
from napari_labelfix.snapshots import BoxRole, Detections, FoundBoxes, PointRole, Proposal

IMAGE = np.random.default_rng(0).random((30, 40)).astype(np.float32)
MARGIN = np.zeros((30, 40), bool)
MARGIN[:, 25:] = True
STITCHED = np.where(MARGIN, np.nan, IMAGE)
LABELS = np.zeros((30, 40), np.int32)
LABELS[2:6, 2:6], LABELS[10:14, 30:34], LABELS[20:24, 3:7] = 1, 2, 3


@pytest.mark.parametrize("image", [IMAGE, (IMAGE * 9).astype(np.uint16), IMAGE > 0.5, np.dstack([IMAGE] * 3)])
def test_an_image_without_gaps_is_left_as_it_is(image):
    assert not has_gaps(image)
    assert wide_gaps(image) is None
    assert filled(image) is image
    assert not sentence_about([Plane("cells", image)])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_gaps_become_as_dark_as_the_darkest(value):
    image = IMAGE.copy()
    image[3, 4] = value
    image[5, 5] = -7
    assert filled(image)[3, 4] == -7
    assert filled(image).dtype == np.float32
    both = np.dstack([image, np.full_like(image, value)])
    assert filled(both)[3, 4].tolist() == [-7, 0]


def test_narrow_gaps_may_lie_within_objects_and_wide_ones_do_not():
    dotted = IMAGE.copy()
    dotted[::7, ::5] = np.nan
    dotted[9] = np.inf
    assert wide_gaps(dotted) is None
    assert np.array_equal(wide_gaps(STITCHED), MARGIN)
    assert wide_gaps(np.dstack([STITCHED, IMAGE])) is None, "the other channel has numbers"


def test_no_object_lies_in_a_gap():
    proposal = Proposal(LABELS, (LABELS > 0).astype(np.uint8), np.ones((30, 40), np.float32), LABELS >= 0)
    assert without_gaps(proposal, None) is proposal
    told = without_gaps(proposal, MARGIN)
    assert np.unique(told.labels).tolist() == [0, 1, 3]
    assert (told.classes.dtype, told.labels.dtype) == (np.uint8, np.int32)
    assert np.array_equal(told.labels > 0, told.classes > 0)
    assert np.array_equal(told.ignored, ~MARGIN)


def test_no_detection_lies_in_a_gap_but_what_a_person_has_marked():
    positions = np.array([[4, 4], [12, 32], [22, 5], [1, 39]], np.float32)
    roles = np.array([PointRole.DETECTED, PointRole.DETECTED, PointRole.PSEUDO_POSITIVE, PointRole.GIVEN], np.uint8)
    scores = np.array([0.9, 0.8, 0.7, 1], np.float32)
    told = without_gaps(Detections(positions, scores, roles, 3.0, np.ones((30, 40), np.float32), LABELS), MARGIN)
    assert told.positions.tolist() == positions[[0, 2, 3]].tolist()
    assert told.roles.tolist() == roles[[0, 2, 3]].tolist()
    assert told.scores.tolist() == scores[[0, 2, 3]].tolist()
    assert np.array_equal(told.heatmap == 0, MARGIN)
    assert np.array_equal(told.labels == 1, LABELS == 1)
    assert np.array_equal(told.labels == 2, LABELS == 3), "a mask has one more than the number of its point"


def test_no_box_is_added_in_a_gap():
    corners = np.array([[2, 12, 6, 20], [10, 30, 14, 34], [20, 3, 24, 7], [0, 26, 9, 40]], np.float32)
    roles = np.array([BoxRole.ADDED, BoxRole.ADDED, BoxRole.CONFIRMED, BoxRole.DROPPED], np.uint8)
    told = without_gaps(FoundBoxes(corners, np.ones(4, np.float32), roles, LABELS), MARGIN)
    assert told.corners.tolist() == corners[[0, 2, 3]].tolist()
    assert told.roles.tolist() == roles[[0, 2, 3]].tolist()
    assert np.array_equal(told.labels == 2, LABELS == 3)
    none = without_gaps(FoundBoxes(corners[:0], np.zeros(0, np.float32), roles[:0]), MARGIN)
    assert len(none.corners) == 0


def test_that_there_are_gaps_is_a_sentence():
    stitched, holed = Plane("cells", STITCHED), Plane("others", np.where(IMAGE > 0.999, np.inf, IMAGE))
    assert sentence_about([stitched]) == "38 % of the pixels of cells are NaN or infinite. They are taken as empty."
    assert sentence_about([Plane("whole", IMAGE), holed]).startswith("Less than 1 % of the pixels of others are")
    assert sentence_about([stitched, holed]).startswith("2 planes have pixels that are NaN or infinite.")
