"""What is known about proposed objects: class, certainty, and what became of them."""

import tracemalloc

import numpy as np
import pytest

from napari_labelfix.review.objects import describe_boxed_objects, describe_marked_objects, describe_objects
from napari_labelfix.snapshots import BoxRole, Change, Detections, FoundBoxes, PointRole, Proposal


def canvas(*boxes):
    """Labels of shape (10, 10) from (y0, y1, x0, x1, id) boxes."""
    labels = np.zeros((10, 10), np.int32)
    for y0, y1, x0, x1, label in boxes:
        labels[y0:y1, x0:x1] = label
    return labels


def proposal(labels, classes=None, confidence=None, changes=None):
    classes = (labels > 0).astype(np.uint8) if classes is None else classes
    confidence = np.ones(labels.shape, np.float32) if confidence is None else confidence
    return Proposal(labels, classes, confidence, labels < 0, changes=changes)


def test_objects_carry_their_mean_confidence_and_their_commonest_class():
    labels = canvas((0, 2, 0, 2, 3), (5, 6, 0, 4, 7))
    classes = np.where(labels > 0, 1, 0).astype(np.uint8)
    classes[5, 0:3] = 2
    confidence = np.full((10, 10), 0.5, np.float32)
    confidence[0, 0:2] = 1.0
    objects = describe_objects(proposal(labels, classes, confidence))
    np.testing.assert_array_equal(objects.ids, [3, 7])
    np.testing.assert_array_equal(objects.classes, [1, 2])
    np.testing.assert_allclose(objects.confidence, [0.75, 0.5])
    np.testing.assert_array_equal(objects.changes, [Change.NONE, Change.NONE])


def test_ids_that_a_person_gave_may_be_high_without_costing_memory():
    high = 20_000_000
    labels = canvas((0, 2, 0, 2, 3), (5, 6, 0, 4, high))
    changes = np.where(labels == high, Change.RESHAPED, Change.NONE).astype(np.uint8)
    tracemalloc.start()
    objects = describe_objects(proposal(labels, changes=changes), labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(objects.ids, [3, high])
    np.testing.assert_array_equal(objects.changes, [Change.NONE, Change.RESHAPED])
    assert peak < high


@pytest.mark.parametrize("apart", [1, 1_000_003], ids=["ids in a row", "high ids"])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_said_of_objects_is_what_counting_their_pixels_one_by_one_says(seed, apart):
    random = np.random.default_rng(seed)
    labels = (random.integers(-1, 9, (12, 13)) * apart).astype(np.int32)
    classes, changes = random.integers(0, 3, labels.shape), random.integers(0, len(Change), labels.shape)
    confidence = random.random(labels.shape).astype(np.float32)
    before = random.integers(0, 9, labels.shape) * apart
    given = proposal(labels, classes.astype(np.uint8), confidence, changes.astype(np.uint8))
    objects = describe_objects(given, before)
    assert objects.ids.tolist() == [label for label in np.unique(labels).tolist() if label > 0]
    shrunk = set(before[(changes == Change.RESHAPED) & (labels <= 0)].tolist())
    for row, label in enumerate(objects.ids.tolist()):
        inside = labels == label
        assert objects.classes[row] == np.bincount(classes[inside]).argmax()
        assert objects.confidence[row] == pytest.approx(confidence[inside].mean())
        of_change = np.bincount(changes[inside], minlength=len(Change))
        of_change[Change.NONE] = 0
        kind = of_change.argmax()
        assert objects.changes[row] == (Change.RESHAPED if not kind and label in shrunk else kind)


def test_an_empty_plane_has_no_objects():
    objects = describe_objects(proposal(np.zeros((4, 4), np.int32)))
    assert objects.ids.size == objects.classes.size == objects.confidence.size == objects.changes.size == 0


def test_an_object_is_what_most_of_its_changed_pixels_say():
    before = canvas((0, 2, 0, 2, 1), (4, 6, 0, 2, 2), (8, 10, 0, 4, 4))
    after = canvas((0, 2, 0, 2, 1), (4, 6, 0, 3, 2), (4, 6, 6, 8, 3), (8, 10, 0, 2, 4), (8, 10, 2, 4, 5))
    changes = np.zeros((10, 10), np.uint8)
    changes[4, 2], changes[4:6, 6:8], changes[8:10, 2:4] = Change.RESHAPED, Change.ADDED, Change.SPLIT
    objects = describe_objects(proposal(after, changes=changes), before)
    assert dict(zip(objects.ids.tolist(), objects.changes.tolist(), strict=True)) == {
        1: Change.NONE, 2: Change.RESHAPED, 3: Change.ADDED, 4: Change.NONE, 5: Change.SPLIT,
    }  # fmt: skip


def test_an_object_that_only_lost_pixels_is_reshaped():
    before = canvas((0, 4, 0, 4, 1), (6, 8, 6, 8, 2))
    after = canvas((0, 4, 0, 3, 1), (6, 8, 6, 8, 2))
    changes = np.where((before > 0) & (after == 0), Change.RESHAPED, Change.NONE).astype(np.uint8)
    objects = describe_objects(proposal(after, changes=changes), before)
    np.testing.assert_array_equal(objects.changes, [Change.RESHAPED, Change.NONE])
    unknown = describe_objects(proposal(after, changes=changes))  # what was before
    np.testing.assert_array_equal(unknown.changes, [Change.NONE, Change.NONE])


def test_a_mask_is_as_sure_as_the_surest_cell_in_it():
    labels = canvas((0, 4, 0, 4, 1), (6, 9, 6, 9, 4))
    detections = Detections(
        np.array([[1, 1], [2.4, 3], [7, 7], [8, 8]], np.float32),
        np.array([0.4, 0.7, 0.3, 0.9], np.float32),
        np.array([PointRole.GIVEN, PointRole.DETECTED, PointRole.DETECTED, PointRole.PSEUDO_NEGATIVE], np.uint8),
        2.0,
        np.zeros((10, 10), np.float32),
    )
    objects = describe_marked_objects(labels, detections)
    np.testing.assert_array_equal(objects.ids, [1, 4])
    np.testing.assert_allclose(objects.confidence, [0.7, 0.3], rtol=1e-6)


def test_no_detections_are_no_objects():
    none = Detections(np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.uint8), 2.0, np.zeros((4, 4)))
    assert describe_marked_objects(np.zeros((4, 4), np.int32), none).ids.size == 0


def test_a_mask_is_as_sure_as_the_box_that_it_was_grown_in():
    corners, roles = np.zeros((3, 4)), np.full(3, BoxRole.ADDED, np.uint8)
    found = FoundBoxes(corners, np.array([0.9, 0.5, 0.75], np.float32), roles)
    objects = describe_boxed_objects(canvas((0, 4, 0, 4, 3), (6, 9, 6, 9, 1)), found)
    np.testing.assert_array_equal(objects.ids, [1, 3])
    np.testing.assert_array_equal(objects.confidence, found.scores[[0, 2]])
