"""What is rehearsed beside new strokes: what was sure, on pixels that nobody has drawn on, and not refuted since."""

import numpy as np
import pytest

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.scribble2label import rehearsal
from napari_labelfix.methods.scribble2label.instant import InstantClassifier
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.session import Session
from napari_labelfix.metrics.overlap import iou

BRIGHT, DIM, HAZE = np.s_[8:20, 8:24], np.s_[40:52, 44:60], np.s_[60:90, 10:86]
TRUTH = np.zeros((96, 96), bool)
TRUTH[BRIGHT] = TRUTH[DIM] = True
PARAMS = Scribble2LabelParams(device="cpu", seed=0, pretrained=False)


def picture():
    """A bright object, a dim one, and haze that is nearly as bright as the dim one."""
    image = np.random.default_rng(0).normal(0.2, 0.02, TRUTH.shape)
    image[BRIGHT] += 0.6
    image[DIM] += 0.3
    image[HAZE] += 0.19
    return image.astype(np.float32)


def marks(*, with_dim):
    drawn = np.zeros(TRUTH.shape, np.uint8)
    drawn[12:16, 10:20] = FIRST_CLASS
    drawn[28:31, 4:90] = BACKGROUND
    if with_dim:
        drawn[44:48, 48:56] = FIRST_CLASS
    return drawn


def belief_in(found, sure=0.95):
    foreground = np.where(found, sure, 1 - sure).astype(np.float32)
    return np.stack([1 - foreground, foreground])


def found_with(beliefs):
    image = normalize(picture())
    drawn = marks(with_dim=True).astype(int) - BACKGROUND
    return InstantClassifier([image], [drawn], 2, seed=0, beliefs=beliefs).predict(image)[1] > 0.5


def test_a_dim_object_that_is_marked_floods_the_haze_unless_what_was_seen_is_rehearsed():
    without, rehearsed = found_with(None), found_with({0: belief_in(TRUTH & (picture() > 0.6))})
    assert without[HAZE].mean() > 0.3
    assert rehearsed[HAZE].mean() < 0.05
    assert rehearsed[DIM].mean() > 0.5
    assert iou(rehearsed, TRUTH) > iou(without, TRUTH) + 0.3


def test_objects_that_the_strokes_speak_against_are_not_rehearsed():
    image = normalize(picture())
    drawn = marks(with_dim=True).astype(int) - BACKGROUND
    drawn[70:74, 20:80] = 0  # the haze is none
    haze_too = TRUTH.copy()
    haze_too[HAZE] = True
    found = InstantClassifier([image], [drawn], 2, seed=0, beliefs={0: belief_in(haze_too)}).predict(image)[1] > 0.5
    assert found[HAZE].mean() < 0.1
    assert found[DIM].mean() > 0.5


def test_rehearsed_are_sure_pixels_that_nobody_has_drawn_on_of_each_class_alike(monkeypatch):
    monkeypatch.setattr(rehearsal, "PIXELS", 40)
    drawn = marks(with_dim=True).astype(int) - BACKGROUND
    belief = belief_in(TRUTH)
    belief[:, :, :48] = 0.5
    chosen = rehearsal.choose({3: drawn, 5: drawn}, {3: belief, 5: belief}, seed=0)
    assert set(chosen) == {3, 5}
    for values in chosen.values():
        assert [(values == value).sum() for value in (0, 1)] == [20, 20]
        assert (values[:, :48] == -1).all()
        assert (values[drawn >= 0] == -1).all()
        assert TRUTH[values == 1].all()
        assert not TRUTH[values == 0].any()
    empty = belief_in(np.zeros_like(TRUTH))
    assert set(rehearsal.choose({3: np.full_like(drawn, -1)}, {3: empty}, seed=0)) == {3}, "background alone is known"


def test_the_same_seed_chooses_the_same():
    drawn, belief = marks(with_dim=True).astype(int) - BACKGROUND, belief_in(TRUTH)
    one, same, other = (rehearsal.choose({0: drawn}, {0: belief}, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("beliefs", [{}, {1: belief_in(TRUTH)}, {0: belief_in(TRUTH, sure=rehearsal.SURE)}])
def test_where_nothing_was_sure_nothing_is_rehearsed(beliefs):
    drawn = marks(with_dim=False).astype(int) - BACKGROUND
    assert rehearsal.choose({0: drawn}, beliefs, seed=0) == {}
    image = normalize(picture())
    classifier = InstantClassifier([image], [drawn], 2, seed=0, beliefs=beliefs)
    assert not classifier.rehearses
    assert np.array_equal(classifier.predict(image), InstantClassifier([image], [drawn], 2, seed=0).predict(image))


def test_all_of_a_class_that_is_rehearsed_weighs_a_share_of_what_is_drawn_of_it():
    targets = np.array([0, 0, 0, 1])
    weights = rehearsal.weights(targets, drawn=60, classes=2)
    assert weights[targets == 0].sum() == weights[targets == 1].sum() == pytest.approx(rehearsal.WEIGHT * 30)


def test_background_is_rehearsed_whatever_the_strokes_say_and_objects_where_they_are_likely_still():
    targets = np.array([0, 1, 1, 2])
    from_strokes = np.array([[0.1, 0.9, 0], [0.6, 0.4, 0], [0.8, 0.2, 0], [0.5, 0.1, 0.4]])
    assert rehearsal.still_likely(targets, from_strokes).tolist() == [True, True, False, True]


def session_with(drawn):
    return Task((Plane("picture", picture(), Scribbles(drawn)),))


def proposed(session):
    list(session.instant_beliefs())
    return session.proposal(0).classes > 0


def test_a_stroke_that_is_taken_back_leaves_nothing_behind():
    session = Session(session_with(marks(with_dim=False)), PARAMS)
    before = proposed(session)
    mistake = marks(with_dim=False)
    mistake[70:74, 20:80] = FIRST_CLASS  # on the haze
    session.annotate(session_with(mistake))
    assert proposed(session)[HAZE].mean() > 0.5
    session.annotate(session_with(marks(with_dim=False)))
    after = proposed(session)
    assert not after[HAZE].any()
    assert iou(after, before) > 0.75


@pytest.mark.parametrize(("pixels", "flooded"), [(0, True), (rehearsal.PIXELS, False)])
def test_a_run_rehearses_what_it_has_shown_when_something_new_is_drawn(pixels, flooded, monkeypatch):
    monkeypatch.setattr(rehearsal, "PIXELS", pixels)
    session = Session(session_with(marks(with_dim=False)), PARAMS)
    before = proposed(session)
    session.annotate(session_with(marks(with_dim=True)))
    after = proposed(session)
    assert not before[HAZE].any()
    assert after[DIM].mean() > before[DIM].mean()
    assert (after[HAZE].mean() > 0.3) == flooded


def test_nothing_is_rehearsed_around_what_was_just_corrected():
    drawn = marks(with_dim=True).astype(int) - BACKGROUND
    missed = TRUTH.copy()
    missed[DIM] = False
    values = rehearsal.choose({0: drawn}, {0: belief_in(missed)}, seed=0)[0]
    away = np.abs(np.subtract(np.argwhere(values == 0), (46, 52))).max(axis=1)
    assert away.min() > rehearsal.NEAR - 4
    unmarked_object = rehearsal.choose({0: drawn}, {0: belief_in(TRUTH)}, seed=0)[0]
    assert (unmarked_object[DIM] == 1).any()


def test_of_a_large_plane_only_what_lies_in_some_blocks_is_rehearsed(monkeypatch):
    """To learn from a pixel its surroundings have to be read: pixels all over a plane cost as much as the plane."""
    monkeypatch.setattr(rehearsal, "BLOCK", 8)
    drawn = {0: np.full((96, 100), -1)}
    drawn[0][50, 50] = 1
    belief = {0: belief_in(np.arange(100) % 2 > np.zeros((96, 1)))}
    chosen = rehearsal.choose(drawn, belief, seed=0)[0]
    blocks = (chosen[:96, :96] >= 0).reshape(12, 8, 12, 8).any(axis=(1, 3)).sum() + (chosen[:, 96:] >= 0).any()
    assert 8 < blocks <= rehearsal.BLOCKS + 1
    assert (chosen == 0).sum() > 100
    assert (chosen == 1).sum() > 100
