import numpy as np
import pytest
import torch
from safetensors.torch import load

from napari_labelfix.annotations import Instances, Plane
from napari_labelfix.errors import InputError
from napari_labelfix.methods.label_upgrade.learner import OUTWEIGHS, BestSoFar, Learner
from napari_labelfix.methods.label_upgrade.pages import Picture, make_page
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.sample_data.synthetic import fluorescence

NUCLEI = fluorescence(seed=1, shape=(112, 128))
CPU = torch.device("cpu")


def right_pages():
    given = Instances(NUCLEI.labels, np.ones(NUCLEI.labels.shape, bool))
    return [page_of(Plane("nuclei", NUCLEI.image, given))]


def page_of(plane):
    return make_page(plane, Picture.of(plane, CPU), 0)


def learner(**changes):
    return Learner(1, True, LabelUpgradeParams(crop=64, device="cpu", **changes), CPU)


class Graded:
    """A learner that is as good as it is told to be, by its share and by how often it was measured."""

    def __init__(self, real, grades):
        self.real, self.grades = real, grades

    def __getattr__(self, name):
        return getattr(self.real, name)

    def __setattr__(self, name, value):
        if name in {"real", "grades"}:
            super().__setattr__(name, value)
        else:
            setattr(self.real, name, value)

    def measure(self, crops):
        return self.grades.pop(0)


def weigh(real, value):
    """Set every trained weight."""
    with torch.no_grad():
        for weight in real.network.parameters():
            weight.fill_(value)


def test_the_more_objects_are_right_the_farther_it_goes_from_the_shipped_weights():
    pages = right_pages()
    trained = pages[0].objects()
    assert 3 < trained < len(np.unique(NUCLEI.labels)) - 1  # some are held out
    real = learner()
    real.fit_to(pages)
    assert real.share == pytest.approx(trained / (trained + OUTWEIGHS))
    real.fit_to(pages * 20)
    assert real.share > 0.85


def test_from_scratch_there_is_nothing_to_stay_near():
    real = learner(pretrained=False)
    real.fit_to(right_pages())
    assert real.share == 1
    assert real.settled() is real.network


def test_what_predicts_lies_between_the_shipped_weights_and_the_trained_ones():
    real = learner()
    before = real.remember()
    weigh(real, 1.0)
    real.share = 0.25
    name = next(name for name, weight in real.network.named_parameters() if weight.ndim == 4)
    assert torch.allclose(real.settled().state_dict()[name], 0.75 * before[name] + 0.25)
    assert (real.network.state_dict()[name] == 1).all()


@pytest.mark.parametrize(("grades", "whole"), [([0.5, 0.6], True), ([0.6, 0.6], False), ([0.6, 0.5], False)])
def test_held_out_labels_tell_how_far_to_go_and_in_doubt_it_is_less_far(grades, whole):
    real = learner()
    best = BestSoFar(Graded(real, grades), right_pages(), patience=5)
    assert best.note() == {"held-out Dice": 0.6}
    assert (real.share == 1) is whole


def test_the_model_of_a_stopped_run_is_the_best_and_the_training_goes_on_from_the_latest():
    real = learner()
    best = BestSoFar(Graded(real, [0.5, 0.9, 0.3, 0.2]), right_pages(), patience=5)
    for value in (1.0, 2.0):
        weigh(real, value)
        best.note()
    name, _ = next(real.network.named_parameters())
    assert (load(best.model().weights)[name] == 1).all()
    assert (real.network.state_dict()[name] == 2).all()
    best.restore()
    assert (real.network.state_dict()[name] == 1).all()
    assert real.share == 1


def test_crops_grow_again_with_the_right_part_but_not_beyond_the_memory():
    real = Learner(1, True, LabelUpgradeParams(crop=256, device="cpu"), CPU)
    image, labels = fluorescence(seed=1, shape=(300, 300))

    def right(side):
        trusted = np.zeros(labels.shape, bool)
        trusted[:side, :side] = True
        return [page_of(Plane("nuclei", image, Instances(labels, trusted)))]

    small, whole = right(60), right(300)
    for pages, crop in ((small, 96), (whole, 256), (small, 96)):
        real.fit_to(pages)
        assert real.crop == crop
    real.fit_to(whole)
    real.batch_size = 1
    real._shrink()
    real.fit_to(whole)
    assert real.crop == 128


def test_a_start_that_takes_no_labels_or_other_channels_is_told_as_such(tmp_path):
    for name, channels, labelled in (("segments", 1, False), ("colour", 3, True)):
        Learner(channels, labelled, LabelUpgradeParams(crop=64, device="cpu"), CPU).model().save(tmp_path / name)
    with pytest.raises(InputError, match="sees the image alone, but this run needs one that sees labels beside it"):
        learner(start_from=str(tmp_path / "segments"))
    with pytest.raises(InputError, match="has channels 3, but this run has channels 1"):
        learner(start_from=str(tmp_path / "colour"))
