"""What a run on a part of a plane is given, and where what it says lies on the whole."""

import numpy as np
import pytest

from napari_labelfix.annotations import Boxes, FinishedInstances, Instances, Plane, Points, Scribbles, Task
from napari_labelfix.data.region import Region
from napari_labelfix.snapshots import BoxRole, Detections, FoundBoxes, PointRole, Proposal

SHAPE = (20, 30)
WINDOW = np.s_[4:12, 10:22]
IMAGE = np.arange(600, dtype=np.uint16).reshape(SHAPE)
NUMBERS = IMAGE.astype(np.int32)


def cut(annotation):
    """Return the annotation that is left of one, by a region of the second of two planes."""
    task = Task((Plane("whole", IMAGE, annotation), Plane("part", IMAGE, annotation)))
    whole, part = Region((None, WINDOW)).of(task).planes
    assert whole is task.planes[0]
    assert np.array_equal(part.image, IMAGE[WINDOW])
    assert part.name == "part"
    part.check()
    return part.annotation


def test_strokes_and_accepted_objects_outside_are_not_given():
    marks = (NUMBERS % 3).astype(np.uint8)
    found = cut(Scribbles(marks, NUMBERS))
    assert np.array_equal(found.marks, marks[WINDOW])
    assert np.array_equal(found.accepted, NUMBERS[WINDOW])
    assert cut(Scribbles(marks)).accepted is None
    classes = np.array([(0, 1), (NUMBERS[5, 12], 2), (NUMBERS[11, 21], 1), (NUMBERS[12, 21], 3)])
    assert cut(Scribbles(marks, NUMBERS, classes)).classes.tolist() == classes[1:3].tolist()


def test_points_are_given_in_the_pixels_of_the_part():
    positions = np.array([[4, 10], [11.4, 21.4], [3.4, 15], [8, 21.6], [11.6, 15]])
    found = cut(Points(positions, SHAPE, radius=3, negatives=np.array([[6.0, 12], [0, 0]])))
    assert found.positions.tolist() == [[0, 0], [7, 11]], "on pixels"
    assert found.negatives.tolist() == [[2, 2]]
    assert (found.shape, found.radius) == ((8, 12), 3)


def test_a_box_is_given_if_its_middle_is_in_the_part_and_ends_at_its_edge():
    corners = np.array([[5, 11, 9, 15], [0, 12, 11, 16], [0, 12, 7, 16], [2, 5, 30, 28]], float)
    found = cut(Boxes(corners, SHAPE, negatives=corners[:1]))
    assert found.corners.tolist() == [[1, 1, 5, 5], [0, 2, 7, 6]]
    assert found.negatives.tolist() == [[1, 1, 5, 5]]
    assert found.shape == (8, 12)


@pytest.mark.parametrize("kind", [Instances, FinishedInstances])
def test_labels_keep_their_kind_and_what_is_known_of_them(kind):
    trusted = NUMBERS % 2 == 0
    found = cut(kind(NUMBERS, trusted, NUMBERS + 1))
    assert type(found) is kind
    assert np.array_equal(found.labels, NUMBERS[WINDOW])
    assert np.array_equal(found.trusted, trusted[WINDOW])
    assert np.array_equal(found.others, NUMBERS[WINDOW] + 1)
    assert cut(Instances(NUMBERS)).trusted is None


def test_of_a_finished_plane_a_part_without_any_object_is_finished_too():
    labels = np.where(NUMBERS < 60, NUMBERS, 0)
    assert FinishedInstances(labels).known().all()
    found = cut(FinishedInstances(labels))
    assert not found.labels.any()
    assert found.known().all()
    assert not cut(FinishedInstances(labels * 0)).known().any(), "one without any label is not finished at all"


def test_a_plane_without_annotation_stays_one():
    assert cut(None) is None


def placed(belief):
    region = Region((None, WINDOW))
    assert region.on_plane(0, belief, SHAPE) is belief
    return region.on_plane(1, belief, SHAPE)


def is_placed(whole, part):
    rest = whole.copy()
    rest[WINDOW] = 0
    return whole.dtype == part.dtype and np.array_equal(whole[WINDOW], part) and not rest.any()


def test_a_proposal_lies_where_the_part_is_and_around_it_is_nothing():
    rng = np.random.default_rng(0)
    labels, share = rng.integers(0, 9, (8, 12), dtype=np.int32), rng.random((8, 12), np.float32)
    given = Proposal(labels, labels.astype(np.uint8), share, share > 0.5, np.stack([share]), partial=True)
    found = placed(given)
    for name in ("labels", "classes", "confidence", "ignored"):
        assert is_placed(getattr(found, name), getattr(given, name)), name
    assert found.partial
    assert found.changes is None
    changes = labels.astype(np.uint8)
    assert is_placed(placed(Proposal(labels, changes, share, share > 0.5, changes=changes)).changes, changes)


def test_points_that_are_found_lie_where_they_were_seen():
    heat, labels = np.full((8, 12), 0.5, np.float32), np.ones((8, 12), np.int32)
    roles = np.array([PointRole.GIVEN, PointRole.DETECTED], np.uint8)
    spots, scores = np.array([[0, 0], [7, 11]], np.float32), np.ones(2, np.float32)
    found = placed(Detections(spots, scores, roles, 3.0, heat, labels))
    assert found.positions.tolist() == [[4, 10], [11, 21]]
    assert found.positions.dtype == np.float32
    assert is_placed(found.heatmap, heat)
    assert is_placed(found.labels, labels)
    assert placed(Detections(spots, scores, roles, 3.0, heat)).labels is None


def test_boxes_that_are_found_lie_where_they_were_seen():
    corners = np.array([[0, 0, 3, 4], [2, 3, 8, 12]], np.float32)
    roles = np.full(2, BoxRole.ADDED, np.uint8)
    image, labels = np.full((8, 12, 3), 9, np.uint8), np.ones((8, 12), np.int32)
    found = placed(FoundBoxes(corners, np.ones(2, np.float32), roles, labels, image))
    assert found.corners.tolist() == [[4, 10, 7, 14], [6, 13, 12, 22]]
    assert found.corners.dtype == np.float32
    assert is_placed(found.labels, labels)
    assert is_placed(found.training_image, image)


def test_what_is_drawn_outside_is_no_change():
    def drawn(*at):
        marks = np.zeros(SHAPE, np.uint8)
        marks[at] = 1
        return Plane("part", IMAGE, Scribbles(marks))

    whole, part = Plane("whole", IMAGE), drawn(5, 12)
    region, task = Region((None, WINDOW)), Task((whole, part))
    assert not region.has_changes(task, task)
    assert not region.has_changes(task, Task((whole, drawn([5, 0], [12, 0]))))
    assert region.has_changes(task, Task((whole, drawn([5, 6], [12, 12]))))
    assert region.has_changes(task, Task((Plane("whole", IMAGE, Scribbles(np.ones(SHAPE, np.uint8))), part)))


def test_it_is_said_how_much_is_looked_at():
    task = Task((Plane("one", IMAGE), Plane("two", IMAGE)))
    assert Region((None, WINDOW)).sentence(task) == "Only 8 x 12 of 20 x 30 pixels are looked at."
    assert Region.whole(task).sentence(task) == ""
    assert Region((None, np.s_[0:20, 0:30])).sentence(task) == ""
    assert Region.whole(task).of(task).planes == task.planes
