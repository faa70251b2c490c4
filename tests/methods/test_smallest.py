"""Small objects stay where a person has shown that there are some."""

import numpy as np
import pytest

from napari_labelfix.annotations import FinishedInstances, Instances, Plane, Task
from napari_labelfix.methods.smallest import news_of_smallest, smallest_object
from napari_labelfix.methods.table import METHODS
from napari_labelfix.metrics.instances import f1_score
from napari_labelfix.snapshots import run_to_end

SAID = "The right objects are small, so those from 12 pixels on are kept."


@pytest.mark.parametrize(
    ("sizes", "rank", "expected"),
    [
        ([[20, 20, 20]], 0.1, 10),
        ([[20, 20], [20]], 0.1, 10),  # planes count together
        ([[20, 20]], 0.1, 30),  # two say little
        ([[400, 500, 600]], 0.1, 30),  # large ones make none larger than was said
        ([[20] * 2 + [600] * 8], 0.1, 10),  # some are small
        ([[20] * 2 + [600] * 8], 0.5, 30),
        ([[1, 1, 1]], 0.5, 1),
        ([], 0.5, 30),
    ],
)
def test_half_of_a_small_object_that_was_shown_is_enough(sizes, rank, expected):
    assert smallest_object(30, [np.array(each) for each in sizes], rank) == expected


@pytest.mark.parametrize("said", [0, 5])
def test_who_wants_smaller_ones_still_gets_them(said):
    assert smallest_object(said, [np.array([20, 20, 20])]) == said


def test_it_is_said_where_smaller_ones_are_kept_and_only_there():
    assert news_of_smallest(30, 12) == SAID
    assert news_of_smallest(30, 30) == ""


def dots(seed):
    """Return an image of dots of 25 pixels, and their labels."""
    rng = np.random.default_rng(seed)
    image, labels = rng.normal(0, 0.1, (96, 96)).astype(np.float32), np.zeros((96, 96), np.int32)
    for number, (row, column) in enumerate(np.ndindex(6, 6), start=1):
        y, x = 4 + 15 * np.array([row, column]) + rng.integers(0, 6, 2)
        labels[y : y + 5, x : x + 5] = number
    return image + (labels > 0), labels


def task_of(method):
    """Return a plane of which all is right, and one to be labelled, with the truth of that."""
    (first, right), (second, truth) = dots(0), dots(1)
    spoiled = np.where(truth % 3 == 0, 0, truth)
    given = {
        "label_upgrade": (Instances(right, np.ones(right.shape, bool)), Instances(spoiled)),
        "hovernet_stpp": (FinishedInstances(right), None),
    }
    known, other = given[method]
    return Task((Plane("right", first, known), Plane("other", second, other))), truth


@pytest.mark.parametrize("method", ["label_upgrade", "hovernet_stpp"])
def test_objects_as_small_as_the_right_ones_are_found_and_the_model_knows_it(method):
    task, truth = task_of(method)
    params = METHODS[method].params(device="cpu", epochs=8, crop=64)
    said = []
    proposals, model = run_to_end(METHODS[method].load().train(task, params), on_snapshot=said.append)
    assert f1_score(proposals[1].labels, truth) > 0.8
    assert sum(SAID in snapshot.message for snapshot in said) == 1
    assert model.params["minimum_size"] == 12
