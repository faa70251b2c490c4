import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_labelfix.annotations import Plane, Points, Task
from napari_labelfix.errors import InputError
from napari_labelfix.methods.p_classification import given
from napari_labelfix.methods.p_classification.given import points_to_learn_from, without_offenders

SHAPE = (40, 50)
NONE = np.zeros((0, 2))


def task_of(*annotations):
    image = np.random.default_rng(0).random(SHAPE)
    return Task(tuple(Plane(f"p{i}", image, annotation) for i, annotation in enumerate(annotations)))


def points(positions, radius=4.0, negatives=NONE):
    return Points(np.array(positions, float).reshape(-1, 2), SHAPE, radius, np.array(negatives, float).reshape(-1, 2))


def test_a_plane_without_points_has_the_usual_radius():
    annotations = [points([[5, 5], [20, 20]], 3.0), points([[9, 9]], 7.0), None]
    found = points_to_learn_from(task_of(*annotations))
    assert [len(p.positions) for p in found] == [2, 1, 0]
    assert found[2].radius == 5.0
    assert {p.radius for p in points_to_learn_from(task_of(*annotations), radius=2.0)} == {2.0}


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        (points([]), "There are 0 points, but at least 3"),
        (points([[5, 5]]), "There is 1 point, but at least 3"),
        (points([[5, 5], [5, 5.2], [20, 20]]), r"1 point of p0 lies upon another\. Delete it\."),
        (
            points([[5, 5], [9, 9], [20, 20]], negatives=[[9, 9], [5, 5]]),
            r"2 points of p0 lie upon another\. Delete the doubles\.",
        ),
        (points([[5, 5], [5, 8], [20, 20]], 9.0), "are 3.0 px apart, but their radius is 9 px. Set a smaller radius"),
        (points([[5, 5], [5, 80], [20, 20]]), "1 point of p0 lies outside the image"),
    ],
    ids=["none", "one", "doubled", "cell and no cell", "radius too large", "outside"],
)
def test_points_that_cannot_be_learned_from_are_told(annotation, sentence):
    with pytest.raises(InputError, match=sentence):
        points_to_learn_from(task_of(annotation))


def left(sent, before, radius=0.0):
    task, wrong = without_offenders(task_of(sent), [before], radius)
    points_to_learn_from(task, radius)
    (plane,) = task.planes
    return plane.annotation.positions.tolist(), plane.annotation.negatives.tolist(), str(wrong)


KNOWN = points([[5, 5], [20, 20], [30, 30]], negatives=[[35, 5]])


def test_of_points_that_contradict_each_other_those_that_were_there_before_stay():
    sent = points([[6, 5.5], [5, 5], [20, 20], [30, 30], [12, 40]], negatives=[[35, 5], [35.2, 5], [20, 20]])
    positions, negatives, wrong = left(sent, KNOWN)
    assert positions == [[5, 5], [20, 20], [30, 30], [12, 40]]
    assert negatives == [[35, 5]]
    assert "upon another" in wrong


def test_of_new_points_that_contradict_each_other_one_is_held_back():
    positions, _, wrong = left(points([*KNOWN.positions, [12, 40], [13, 40]], negatives=KNOWN.negatives), KNOWN)
    assert positions == [[5, 5], [20, 20], [30, 30], [12, 40]]
    assert wrong.startswith("Two cells of p0 are 1.0 px apart, but their radius is 4 px.")


def test_points_outside_the_image_are_held_back():
    positions, _, wrong = left(points([*KNOWN.positions, [12, 60], [np.nan, 1], [12, 40]]), KNOWN)
    assert positions == [[5, 5], [20, 20], [30, 30], [12, 40]]
    assert wrong.startswith("2 points of p0 lie outside the image")


def test_a_larger_radius_may_hold_back_points_that_were_there_before():
    near = points([[5, 5], [8, 5], [20, 20], [30, 30]])
    assert left(near, near)[2] == "None"
    positions, _, wrong = left(near, near, radius=8.0)
    assert len(positions) == 3
    assert "radius is 8 px" in wrong


def test_points_that_are_none_are_told_as_at_the_start():
    bad = Points(np.ones((4, 3)), SHAPE, 4.0)
    task, wrong = without_offenders(task_of(bad), [KNOWN])
    assert "Expected points of shape" in str(wrong)
    with pytest.raises(InputError, match="Expected points of shape"):
        points_to_learn_from(task)


@pytest.mark.parametrize("radius", [0.0, 3.0])
def test_what_is_left_can_be_learned_from_and_nothing_more_could_be_left(radius):
    rng = np.random.default_rng(0)
    for _ in range(50):
        sent = points(rng.uniform(0, 39, (30, 2)), negatives=rng.uniform(0, 39, (10, 2)))
        positions, negatives, _ = left(sent, points(sent.positions[:5]), radius)
        kept = np.array(positions + negatives)
        for place in sent.positions:
            if place.tolist() not in positions:
                assert cdist([place], kept).min() < max(0.5, 0.5 * (radius or 4.0))


def test_of_very_many_points_in_one_place_no_more_are_looked_at_than_can_stay(monkeypatch):
    asked = []

    class Tree(given.cKDTree):
        def query_ball_point(self, *args):
            asked.append(super().query_ball_point(*args))
            return asked[-1]

        def query_pairs(self, *args):
            pytest.fail("all pairs of so many would take all of the memory")

    monkeypatch.setattr(given, "cKDTree", Tree)
    crowd = np.full((3000, 2), 7.0)
    cells, others, wrong = left(points([(2, 2), (12, 12), (17, 4), *crowd.tolist()], negatives=crowd), KNOWN)
    assert f"{6000 * 5999 // 2} points" in wrong
    assert sorted(cells) == [[2, 2], [7, 7], [12, 12], [17, 4]]
    assert others == []
    assert len(asked) <= 2 * len(cells)
