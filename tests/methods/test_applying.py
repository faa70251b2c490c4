"""A model at work on the planes of a task, in words and pictures as those of a run."""

import numpy as np
import pytest

from napari_labelfix.annotations import Plane, Task
from napari_labelfix.errors import ModelError
from napari_labelfix.methods.applying import apply
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.snapshots import Proposal, run_to_end

MODEL = TrainedModel("bright", {}, {}, b"")


class Bright:
    """A method that takes what is bright for objects, and no colours."""

    def __init__(self):
        self.asked = []

    def predict(self, model, image, device="auto"):
        self.asked.append((model, device))
        if image.ndim == 3:
            raise ModelError("The model was trained on 1 channel.")
        labels = (image > 0.5).astype(np.int32)
        return Proposal(labels, labels.astype(np.uint8), np.ones(image.shape, np.float32), labels < 0)


def planes(*images):
    return Task(tuple(Plane(f"plane {number}", image) for number, image in enumerate(images)))


def test_each_plane_is_told_once_with_its_progress_and_the_model_comes_back():
    code, steps = Bright(), []
    images = [np.eye(4), np.zeros((3, 5)), np.ones((2, 2))]
    found, model = run_to_end(apply(code, MODEL, planes(*images), "cpu"), on_snapshot=lambda s: steps.append(s))
    assert [(snapshot.step, snapshot.total, [*snapshot.proposals]) for snapshot in steps] == [
        (1, 3, [0]), (2, 3, [1]), (3, 3, [2]),
    ]  # fmt: skip
    assert all(np.array_equal(found[number].labels, image > 0.5) for number, image in enumerate(images))
    assert model is MODEL
    assert code.asked == [(MODEL, "cpu")] * 3


def test_nothing_is_found_where_an_image_has_no_numbers():
    image = np.ones((80, 80), np.float32)
    image[:, :40] = np.nan
    [belief] = run_to_end(apply(Bright(), MODEL, planes(image)))[0].values()
    assert belief.labels[:, 45:].all()
    assert not belief.labels[:, :40].any()


def test_what_does_not_fit_the_model_ends_it_when_its_turn_comes():
    running = apply(Bright(), MODEL, planes(np.eye(4), np.ones((4, 4, 3))))
    assert next(running).proposals[0].labels.any()
    with pytest.raises(ModelError, match="1 channel"):
        next(running)
