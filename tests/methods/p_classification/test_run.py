import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from method_tester import MethodTester
from scipy.ndimage import center_of_mass, gaussian_filter
from skimage.draw import disk

from napari_labelfix.annotations import Plane, Points, Task
from napari_labelfix.methods.p_classification import selection
from napari_labelfix.methods.p_classification.candidates import CANDIDATE
from napari_labelfix.methods.p_classification.detector import Detector
from napari_labelfix.methods.p_classification.params import PClassificationParams
from napari_labelfix.methods.p_classification.run import predict, train
from napari_labelfix.methods.p_classification.session import Session
from napari_labelfix.metrics.detection import count_detections
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.snapshots import PointRole, run_to_end

NUCLEI = fluorescence(seed=1, shape=(128, 144))
RADIUS = 12.0


def centres_of(sample):
    return np.array(center_of_mass(sample.labels > 0, sample.labels, range(1, sample.labels.max() + 1)))


CENTRES = centres_of(NUCLEI)


def quick(**changes):
    values = {"epochs": 2, "rounds": 1, "crop": 64, "classifier_epochs": 20, "device": "cpu"}
    return PClassificationParams(**(values | changes))


def points(chosen=slice(0, 3), negatives=(), shape=(128, 144), radius=RADIUS):
    return Points(CENTRES[chosen], shape, radius, np.array(negatives, float).reshape(-1, 2))


def nuclei_task(**kwargs):
    return Task((Plane("nuclei", NUCLEI.image, points(**kwargs)),))


def last_of(task, params):
    proposals, _ = run_to_end(train(task, params))
    return proposals[0]


class TestPClassification(MethodTester):
    method = "p_classification"
    losses_at_first = 5

    def task(self):
        return Task((Plane("nuclei", NUCLEI.image, points()), Plane("not marked", NUCLEI.image[:70, :50])))

    def more(self):
        return Task((Plane("nuclei", NUCLEI.image, points(slice(0, 5))), self.task().planes[1]))

    def quick(self, **changes):
        return quick(**({"epochs": 30, "learning_rate": 1e-3} | changes))

    def test_the_loss_falls(self, finished):
        """In the first round: the others begin where it has ended, with more to learn."""
        losses = [s.metrics["loss"] for s in finished[0] if s.stage == "round 0: detector" and "loss" in s.metrics]
        assert len(losses) >= 3
        assert np.mean(losses[-2:]) < losses[0]


def test_there_are_useful_detections_before_anything_is_learned():
    first = next(train(nuclei_task(), quick()))
    assert first.stage == "first look"
    counts = count_detections(first.proposals[0].positions, CENTRES, RADIUS)
    assert counts.f1 > 0.8


def test_stages_come_in_the_papers_order():
    stages = [snapshot.stage for snapshot in train(nuclei_task(), quick())]
    changes = [stages[0], *(after for before, after in pairwise(stages) if after != before)]
    rounds = ["round 0: detector", "round 0: detections", "round 0: classifier", "round 0: ranking"]
    assert changes == ["first look", *rounds, "round 1: detector", "round 1: detections", "finished"]


def test_a_network_from_scratch_is_not_asked_before_it_has_learned():
    stages = [snapshot.stage for snapshot in train(nuclei_task(), quick(pretrained=False, rounds=0))]
    assert list(dict.fromkeys(stages)) == ["round 0: detector", "round 0: detections", "finished"]


def test_it_says_once_what_it_starts_from():
    messages = [s.message for s in train(nuclei_task(), quick(epochs=1)) if s.message]
    assert messages == ["Started from the microscopy weights of the package."]


def test_pseudo_labels_are_chosen_from_both_ends_and_reported():
    ranked = [s for s in train(nuclei_task(), quick(share=0.1, risk=1.0)) if s.stage.endswith("ranking")]
    told, ranking = ranked[0].metrics, ranked[0].ranking
    roles = ranked[-1].proposals[0].roles
    assert (roles == PointRole.PSEUDO_POSITIVE).sum() == (roles == PointRole.PSEUDO_NEGATIVE).sum() >= 1
    assert told["residual"] < 1e-6
    assert 0 < told["prior"] < 1
    assert told["risk"] >= 0
    assert (np.diff(ranking.scores) <= 0).all()
    best, worst = ranking.chosen["pseudo-positive"], ranking.chosen["pseudo-negative"]
    assert np.array_equal(best, np.arange((roles == PointRole.PSEUDO_POSITIVE).sum()))
    assert len(worst) == (roles == PointRole.PSEUDO_NEGATIVE).sum()
    assert worst.min() > best.max()


def test_it_is_told_how_many_of_the_marked_cells_are_found_and_how_many_finds_are_none():
    def told(**marked):
        snapshots = train(nuclei_task(**marked), quick(rounds=0, epochs=1, learning_rate=1e-7))
        return next(s.metrics for s in snapshots if "marked cells found" in s.metrics)

    assert told() == {"marked cells found": 1}
    nowhere = [[2.0, 2.0]]  # nothing is seen there
    assert told(negatives=nowhere) == {"marked cells found": 1, "precision at marks": 1}
    cell = CENTRES[5]
    assert told(negatives=[*nowhere, cell]) == {"marked cells found": 1, "precision at marks": 0.75}


def test_a_prior_that_is_set_is_taken():
    metrics = [s.metrics for s in train(nuclei_task(), quick(prior=0.3)) if "prior" in s.metrics]
    assert {m["prior"] for m in metrics} == {0.3}


def test_given_points_come_out_as_they_went_in():
    found = last_of(nuclei_task(), quick())
    given = found.roles == PointRole.GIVEN
    assert found.positions[given] == pytest.approx(CENTRES[:3].astype(np.float32))
    assert (found.scores[given] == 1).all()


def test_a_place_marked_as_no_cell_is_not_detected():
    before = next(train(nuclei_task(), quick())).proposals[0]
    wrong = before.positions[before.roles == PointRole.DETECTED][0]
    after = last_of(nuclei_task(negatives=[wrong]), quick())
    assert np.linalg.norm(after.positions - wrong, axis=1).min() > RADIUS / 2


def two_stains(seed=0, side=160):
    """Return an image (Y, X, 3) of brown and blue discs, and the centres of the brown and of the blue ones."""
    rng = np.random.default_rng(seed)
    image, centres = np.full((side, side, 3), [0.93, 0.9, 0.92]), ([], [])
    for number, (row, column) in enumerate(np.ndindex(8, 8)):
        centre = 10 + 20 * np.array([row, column]) + rng.integers(-2, 3, 2)
        image[disk(centre, 7, shape=image.shape[:2])] = ([0.45, 0.28, 0.15], [0.45, 0.5, 0.7])[number % 2]
        centres[number % 2].append(centre)
    image = gaussian_filter(image, (1, 1, 0)) + rng.normal(0, 0.02, image.shape)
    return image.astype(np.float32), np.array(centres[0], float), np.array(centres[1], float)


def test_cells_of_another_stain_go_once_a_few_are_marked_as_none():
    image, brown, blue = two_stains()
    marked = Points(brown[::6], image.shape[:2], 7.0, blue[::10])
    task = Task((Plane("two stains", image, marked),))
    found = [
        s.proposals[0] for s in train(task, quick(epochs=8, rounds=2)) if s.stage.endswith("detections") and s.proposals
    ]

    def f1(detections):
        return count_detections(detections.positions[detections.roles != PointRole.PSEUDO_NEGATIVE], brown, 7).f1

    assert f1(found[0]) < 0.75
    assert f1(found[-1]) > 0.85


@pytest.mark.parametrize(("negatives", "expected"), [([], False), ([0], True), ([0, "nowhere"], False)])
def test_marks_are_unheeded_while_more_than_half_of_what_is_no_cell_is_found(negatives, expected):
    cell, nowhere = CENTRES[5], np.array([127.0, 0.0])
    given = [nowhere if place == "nowhere" else cell for place in negatives]
    session = Session(nuclei_task(negatives=given), quick())
    for _ in session.look(Detector(1, quick(), session.device)):
        pass
    assert session.is_unheeded == expected


def test_points_marked_meanwhile_are_given_and_no_longer_pseudo():
    training = train(nuclei_task(), quick(share=0.2, epochs=4, rounds=2))
    while not ((snapshot := next(training)).stage.endswith("ranking") and snapshot.proposals):
        pass
    found = snapshot.proposals[0]
    chosen = found.positions[found.roles == PointRole.PSEUDO_POSITIVE]
    more = Points(np.concatenate([CENTRES[:3], chosen[:1]]), NUCLEI.image.shape, RADIUS)
    snapshot = training.send(Task((Plane("nuclei", NUCLEI.image, more),)))
    while not snapshot.proposals:
        snapshot = next(training)
    now = snapshot.proposals[0]
    assert (now.roles == PointRole.GIVEN).sum() == 4
    pseudo = now.positions[now.roles == PointRole.PSEUDO_POSITIVE]
    assert not (np.abs(pseudo - chosen[0]).sum(axis=1) < 1).any()


def test_points_that_cannot_be_learned_from_leave_a_run_as_it_is():
    training = train(nuclei_task(), quick())
    next(training)
    training.send(nuclei_task(chosen=slice(0, 1)))
    assert list(training)[-1].stage == "finished"


def test_when_every_cell_is_given_it_says_so_and_goes_on(monkeypatch):
    image = np.zeros((96, 96), np.float32)
    y, x = np.mgrid[:96, :96]
    centres = np.array([[24.0, 24.0], [24.0, 70.0], [70.0, 48.0]])
    for row, column in centres:
        image += np.hypot(y - row, x - column) < 9
    monkeypatch.setattr(selection, "CANDIDATE", 0.9)  # background has its faint maxima, too
    snapshots = list(train(Task((Plane("a", image, Points(centres, (96, 96), 9.0)),)), quick()))
    assert any("nothing to choose from" in s.message for s in snapshots)
    assert snapshots[-1].stage == "finished"


@pytest.mark.parametrize("masks", ["foreground", "heatmap"])
def test_masks_have_the_number_of_their_point(masks):
    found = last_of(nuclei_task(), quick(masks=masks))
    cells = np.flatnonzero(found.roles != PointRole.PSEUDO_NEGATIVE)
    assert set(np.unique(found.labels)) == {0, *(cells + 1)}
    rows, columns = np.round(found.positions[cells]).astype(int).T
    assert np.array_equal(found.labels[rows, columns], cells + 1)


def test_without_masks_there_are_none():
    assert last_of(nuclei_task(), quick()).labels is None


def test_a_model_finds_cells_in_another_image_and_grows_masks_there():
    _, model = run_to_end(train(nuclei_task(), quick(masks="foreground")))
    other = fluorescence(seed=2, shape=(128, 128))
    found = predict(model, other.image, "cpu")
    assert count_detections(found.positions, centres_of(other), RADIUS).f1 > 0.7
    assert found.radius == RADIUS
    assert found.labels.max() == len(found.positions)


@pytest.mark.parametrize("channels", [2, 3])
def test_every_number_of_channels(channels):
    tissue = stained_tissue(seed=1, shape=(96, 96))
    image = tissue.image[..., :channels]
    plane = Plane("tissue", image, Points(centres_of(tissue)[:3], (96, 96), 9.0))
    _, model = run_to_end(train(Task((plane,)), quick(rounds=0)))
    assert model.network["channels"] == channels


def test_planes_may_differ_in_size_and_radius_and_be_smaller_than_a_crop():
    small = dataclasses.replace(points(slice(0, 0), shape=(33, 47)), radius=5.0)
    task = Task((nuclei_task().planes[0], Plane("small", NUCLEI.image[:33, :47], small)))
    proposals, _ = run_to_end(train(task, quick()))
    assert [proposals[index].radius for index in (0, 1)] == [RADIUS, 5.0]


def test_a_radius_that_is_set_wins_over_that_of_the_points():
    assert last_of(nuclei_task(), quick(radius=10.0)).radius == 10.0


def lessons_after_a_look(background):
    params = quick(background=background)
    session = Session(nuclei_task(), params)
    before = session.lessons()[0].target[1].numpy(force=True)
    for _ in session.look(Detector(session.channels, params, session.device)):
        pass
    return session, before, session.lessons()[0].target[1].numpy(force=True)


def test_far_from_all_candidates_there_is_background_once_candidates_are_known():
    session, before, after = lessons_after_a_look(0.1)
    assert set(np.unique(before)) == {0, 1}
    assert set(np.unique(after)) == {0, np.float32(0.1), 1}
    rows, columns = np.round(session.unmarked(0, CANDIDATE)).astype(int).T
    assert not after[rows, columns].any()
    assert np.array_equal(before == 1, after == 1)


def test_without_weight_of_background_only_discs_are_learned_from_as_in_the_paper():
    _, before, after = lessons_after_a_look(0.0)
    assert np.array_equal(before, after)


def test_where_no_cell_may_be_risked_fewer_become_background():
    def chosen(risk):
        ranked = [s for s in train(nuclei_task(), quick(risk=risk, negative_share=1.0, prior=0.1)) if s.ranking]
        return len(ranked[0].ranking.chosen["pseudo-negative"])

    assert chosen(0.0) < chosen(1.0)


def test_what_a_detector_was_taught_is_no_evidence_for_what_it_was_taught_with():
    session = Session(nuclei_task(), quick())
    page = session.pages[0]
    page.heatmap = np.full(page.points.shape, 0.25, np.float32)
    session.remember_first_look()
    page.heatmap = np.ones(page.points.shape, np.float32)
    assert page.heights(page.points.positions) == pytest.approx([0.25] * 3)
    assert page.given_heights() == pytest.approx([1.0] * 3)


def test_points_that_are_removed_meanwhile_are_no_longer_given():
    training = train(nuclei_task(chosen=slice(0, 5)), quick())
    next(training)
    training.send(nuclei_task(chosen=slice(0, 3)))
    shown = [snapshot.proposals[0] for snapshot in training if snapshot.proposals]
    assert (shown[-1].roles == PointRole.GIVEN).sum() == 3


def test_points_marked_at_the_very_end_are_given():
    training = train(nuclei_task(), quick(epochs=1, rounds=0))
    while not ((snapshot := next(training)).stage == "round 0: detections" and snapshot.metrics):
        pass
    more = Points(CENTRES[:6], NUCLEI.image.shape, RADIUS)
    snapshots = [training.send(Task((Plane("nuclei", NUCLEI.image, more),))), *training]
    last = [snapshot.proposals[0] for snapshot in snapshots if 0 in snapshot.proposals][-1]
    assert (last.roles == PointRole.GIVEN).sum() == 6


def test_a_stray_point_is_told_and_does_not_keep_others_from_being_taken_up():
    training = train(nuclei_task(), quick(epochs=2, rounds=0))
    next(training)
    stray = Points(np.concatenate([CENTRES[:6], CENTRES[:1] + 1]), NUCLEI.image.shape, RADIUS)
    answer = training.send(Task((Plane("nuclei", NUCLEI.image, stray),)))
    assert answer.message.endswith("Set a smaller radius, or delete one of the two points.")
    shown = [snapshot.proposals[0] for snapshot in training if 0 in snapshot.proposals]
    assert (shown[-1].roles == PointRole.GIVEN).sum() == 6
