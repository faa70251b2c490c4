"""Who waits for a large plane sees a piece of it first, where they have worked; the rest comes out as ever."""

import numpy as np
import pytest
from method_tester import same
from scipy.ndimage import center_of_mass

from napari_labelfix.annotations import Boxes, FinishedInstances, Instances, Plane, Points, Task
from napari_labelfix.data import tiles
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.methods.hovernet_stpp import session as hovernet_session
from napari_labelfix.methods.label_upgrade import session as upgrade_session
from napari_labelfix.methods.sissi import learner, pages, views
from napari_labelfix.methods.table import METHODS
from napari_labelfix.sample_data.synthetic import fluorescence
from napari_labelfix.snapshots import BoxRole, Change, PointRole, run_to_end

NUCLEI = fluorescence(seed=3, shape=(336, 336))
CENTRES = np.array(center_of_mass(NUCLEI.labels > 0, NUCLEI.labels, range(1, NUCLEI.labels.max() + 1)))
BOXES = boxes_of_labels(NUCLEI.labels)
WORKED_ON = np.s_[:120, :120]  # where a person has worked: in a corner
PART = np.zeros(NUCLEI.labels.shape, bool)
PART[WORKED_ON] = True
IN_PART = (CENTRES < 120).all(axis=1)

ANNOTATIONS = {
    "p_classification": Points(CENTRES[IN_PART], NUCLEI.labels.shape, 10.0),
    "sissi": Boxes(BOXES[IN_PART], NUCLEI.labels.shape),
    "hovernet_stpp": FinishedInstances(np.where(PART, NUCLEI.labels, 0), PART),
}
QUICK = {
    "p_classification": {"epochs": 1, "rounds": 0, "crop": 128},
    "sissi": {"epochs": 2, "batch_size": 4, "crop": 160},
    "hovernet_stpp": {"epochs": 1, "crop": 64},
}
every_method = pytest.mark.parametrize("method", ANNOTATIONS)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """A first piece of 96 pixels, or as many of a page of SISSI; and few steps."""
    monkeypatch.setattr(tiles, "FIRST", 96)
    monkeypatch.setattr(views, "_SIDE", 160)
    monkeypatch.setattr(views, "_MARGIN", 32)
    monkeypatch.setattr(views, "SCALES", (1.0,))
    monkeypatch.setattr(views, "FLIPS", ((False, False),))
    monkeypatch.setattr(learner, "FEWEST_CROPS", 2)
    monkeypatch.setattr(pages, "_SOURCE_PLANES", 2)
    monkeypatch.setattr(pages, "_SOURCE_SIDE", 128)


def training(method, annotation=None, planes=1, **changes):
    given = annotation or ANNOTATIONS[method]
    params = METHODS[method].params(**(QUICK[method] | {"device": "cpu"} | changes))
    return METHODS[method].load().train(task(given, planes), params)


def task(annotation, planes=1):
    return Task(tuple(Plane(f"{n}", NUCLEI.image, None if n else annotation) for n in range(planes)))


def looks(told, count, plane=0):
    """Return the first proposals of a plane."""
    shown = (snapshot.proposals[plane] for snapshot in told if plane in snapshot.proposals)
    return [next(shown) for _ in range(count)]


def places(found):
    """Return (N, 2) where a method has found something by itself, and not only been told of it."""
    if hasattr(found, "positions"):
        return found.positions[found.roles != PointRole.GIVEN]
    if hasattr(found, "corners"):
        return (found.corners[:, :2] + found.corners[:, 2:]) / 2
    return np.argwhere(np.where(PART, 0, found.labels) > 0)


@every_method
def test_the_first_look_is_where_a_person_has_worked_and_then_all_is_seen(method):
    first, whole = looks(training(method), 2)
    assert (first.partial, whole.partial) == (True, False)
    assert len(places(first))
    assert (places(first) < 200).all()
    assert (places(whole) > 200).all(axis=1).any()


@every_method
def test_the_rest_of_the_run_is_as_if_there_had_been_no_such_look(method, monkeypatch):
    results, model = run_to_end(training(method))
    monkeypatch.setattr(tiles, "FIRST", 512)
    told = []
    as_ever, model_as_ever = run_to_end(training(method), on_snapshot=told.append)
    assert not any(belief.partial for snapshot in told for belief in snapshot.proposals.values())
    assert model.weights == model_as_ever.weights
    assert same(results[0], as_ever[0])


@every_method
def test_each_plane_is_shown_in_part_once(method):
    partial = [
        (index, snapshot.stage)
        for snapshot in training(method, planes=2)
        for index, belief in snapshot.proposals.items()
        if belief.partial
    ]
    assert sorted(partial) == [(0, "first look"), (1, "first look")]


@every_method
def test_a_network_that_knows_nothing_shows_a_part_when_it_has_learned_something(method, monkeypatch):
    monkeypatch.setattr(hovernet_session, "FIRST_SHOWN", 0.0)
    run = training(method, pretrained=False)
    assert next(run).proposals == {}
    assert [belief.partial for belief in looks(run, 2)] == [True, False]
    run.close()


def test_points_that_are_moved_while_a_part_is_shown_are_taken_up():
    run = training("p_classification", planes=2)
    first = next(run)
    assert first.proposals[0].partial
    assert first.proposals[0].labels is None
    elsewhere = Points(CENTRES[~IN_PART][:4], NUCLEI.labels.shape, 10.0)
    given = Task((Plane("0", NUCLEI.image), Plane("1", NUCLEI.image, elsewhere)))
    told = run.send(given)
    assert not told.proposals[0].partial
    assert np.isfinite(told.proposals[0].scores).all()
    assert (told.proposals[0].roles != PointRole.GIVEN).all()
    run.close()


def test_masks_wait_for_the_whole_plane():
    for method, masks in (("p_classification", "heatmap"), ("sissi", "foreground")):
        first, whole = looks(training(method, masks=masks), 2)
        assert first.labels is None
        assert whole.labels.any()


def test_no_box_is_said_to_be_gone_where_nobody_has_looked():
    far = np.array([[300.0, 300, 310, 310]])  # where there is no cell
    boxes = Boxes(np.concatenate([BOXES[IN_PART], far]), NUCLEI.labels.shape)
    first, whole = looks(training("sissi", boxes), 2)
    assert not (first.roles == BoxRole.DROPPED).any()
    assert (first.roles == BoxRole.CONFIRMED).any()
    assert (whole.roles == BoxRole.DROPPED).any()


def test_what_a_person_has_labelled_is_in_the_part_and_of_the_rest_nothing_is_known():
    first, _ = looks(training("hovernet_stpp"), 2)
    assert np.array_equal(first.labels[WORKED_ON], NUCLEI.labels[WORKED_ON])
    assert (first.confidence[WORKED_ON] == 1).all()
    assert (first.confidence[200:] == 0.5).all()
    assert first.ignored[200:].all()
    assert np.array_equal(first.labels > 0, first.classes > 0)


def test_a_finished_plane_is_shown_as_it_is():
    finished = FinishedInstances(NUCLEI.labels)
    (shown,) = looks(training("hovernet_stpp", finished, planes=2), 1)
    assert not shown.partial
    assert np.array_equal(shown.labels, NUCLEI.labels)
    first, _ = looks(training("hovernet_stpp", finished, planes=2), 2, plane=1)
    away = np.abs(np.argwhere(first.labels > 0) - 168).max(axis=1)
    assert first.partial
    assert (away < 64).all(), "nothing is labelled: it begins in the middle"


def test_a_page_is_labelled_in_tensors_when_it_is_learned_from(monkeypatch):
    """A long stack would make its first proposal wait."""
    made = []
    stack = hovernet_session.make_page
    monkeypatch.setattr(hovernet_session, "make_page", lambda *of: made.append(stack(*of)) or made[-1])
    run = training("hovernet_stpp", planes=3)
    next(run)
    assert not any("_layers" in vars(page) for page in made)
    run.close()


def test_boxes_of_a_part_come_where_those_of_the_whole_plane_are():
    first, whole = looks(training("sissi"), 2)
    for one, score in zip(first.corners, first.scores, strict=True):
        nearest = np.abs(whole.corners - one).max(axis=1).min()
        assert nearest < 3 or score < 0.5


ROUGH = np.where(PART | (NUCLEI.labels % 3 > 0), NUCLEI.labels, 0)  # labels that are right where a person has worked


def upgrading(planes=1):
    params = METHODS["label_upgrade"].params(epochs=2, crop=64, device="cpu")
    return METHODS["label_upgrade"].load().train(task(Instances(ROUGH, PART), planes), params)


def test_labels_are_shown_as_given_then_upgraded_beside_the_right_part_and_then_everywhere(monkeypatch):
    monkeypatch.setattr(upgrade_session, "FIRST_SHOWN", 0.0)
    given, first, whole = looks(upgrading(), 3)
    assert (given.partial, first.partial, whole.partial) == (True, True, False)
    for belief in (given, first):
        assert (belief.confidence[PART] == 1).all()
        assert (belief.confidence[250:, 250:] == 0.5).all()
        assert np.array_equal(belief.labels[250:, 250:], ROUGH[250:, 250:])
    assert np.array_equal(given.labels, ROUGH)
    assert (whole.confidence[250:, 250:] > 0.5).any()


def test_a_piece_that_is_upgraded_changes_nothing_outside_and_its_new_objects_have_ids_of_none():
    session = upgrade_session.Session(
        task(Instances(ROUGH, PART)), METHODS["label_upgrade"].params(crop=64, device="cpu")
    )
    learner = upgrade_session.Learner(1, True, session.params, session.device)
    for _ in range(4 * learner.steps(session.right_pages)):
        learner.step(session.right_pages)
    page = session.pages[0]
    piece = page.first_piece()
    found = session.upgrade(0, learner, piece)
    outside = np.ones(ROUGH.shape, bool)
    outside[piece.keep] = False
    assert np.array_equal(found.labels[outside], ROUGH[outside])
    assert np.array_equal(found.labels[PART], ROUGH[PART])
    assert np.array_equal(found.labels != ROUGH, found.changes != Change.NONE)
    added = np.unique(found.labels[found.changes == Change.ADDED])
    assert len(added)
    assert (added > ROUGH.max()).all()


def test_upgraded_labels_come_out_as_if_no_piece_had_been_shown_first(monkeypatch):
    results, model = run_to_end(upgrading(planes=2))
    monkeypatch.setattr(tiles, "FIRST", 512)
    as_ever, model_as_ever = run_to_end(upgrading(planes=2))
    assert model.weights == model_as_ever.weights
    assert all(same(results[index], as_ever[index]) for index in (0, 1))
