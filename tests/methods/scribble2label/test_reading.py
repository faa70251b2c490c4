"""A large plane is read from the newest stroke outwards, and comes out as if it had been read as a whole."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from napari_labelfix import snapshots
from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.data import patches, tiles
from napari_labelfix.methods.scribble2label import session as session_module
from napari_labelfix.methods.scribble2label.guide import Guide
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.reading import Reading, patched
from napari_labelfix.methods.scribble2label.run import train
from napari_labelfix.methods.scribble2label.session import Session
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.synthetic import fluorescence

NUCLEI = fluorescence(seed=4, shape=(416, 416))
PARAMS = Scribble2LabelParams(device="cpu", seed=0)
DRAWN, FAR = (slice(20, 100), slice(20, 100)), (slice(370, 374), slice(390, 410))


@pytest.fixture
def small_pieces(monkeypatch):
    """Four tiles instead of one, with a first piece of 96 pixels, each of them shown."""
    monkeypatch.setattr(tiles, "FIRST", 96)
    monkeypatch.setattr(patches, "SIDE", 320)
    monkeypatch.setattr(session_module, "PIECES_EVERY", 0.0)
    monkeypatch.setattr(snapshots, "PAUSE", 0)


def task(*strokes, planes=1, value=BACKGROUND):
    """Nuclei of which a corner is painted, and more strokes on the first plane."""
    marks = np.zeros(NUCLEI.labels.shape, np.uint8)
    marks[DRAWN] = np.where(NUCLEI.labels[DRAWN] > 0, FIRST_CLASS, BACKGROUND)
    more = marks.copy()
    for window in strokes:
        more[window] = value
    return Task(tuple(Plane(f"{n}", NUCLEI.image, Scribbles(marks if n else more)) for n in range(planes)))


def looks(session):
    """Return what is proposed each time that the instant proposal is looked at."""
    return [session.proposal(index) for index in session.instant_beliefs()]


def whole(*strokes):
    session = Session(task(*strokes), PARAMS)
    list(session.instant_beliefs())
    return session.proposal(0)


def same(one, other):
    return np.array_equal(one.labels, other.labels) and np.allclose(one.confidence, other.confidence, atol=0.02)


def test_the_first_look_is_around_the_strokes_and_the_last_one_as_if_it_were_read_at_once(small_pieces):
    session = Session(task(), PARAMS)
    found = looks(session)
    assert len(found) == 5
    first, last = found[0], found[-1]
    assert first.labels[DRAWN].any()
    assert not first.labels[200:].any()
    assert (first.confidence[200:] == 0.5).all(), "nothing is known of it"
    assert first.ignored[200:].all()
    assert [proposal.partial for proposal in found] == [True] * 4 + [False]
    known = [(proposal.confidence > 0.5).sum() for proposal in found]
    assert all(before < after for before, after in pairwise(known[1:])), "more and more is known"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "FIRST", 512)
        assert same(whole(), last)


def test_a_stroke_is_answered_where_it_is_first_and_the_rest_stays_until_its_turn(small_pieces):
    session = Session(task(), PARAMS)
    looks(session)
    before = session.proposal(0)
    session.annotate(task(FAR))
    first, *_, last = looks(session)
    assert not first.labels[FAR].any()
    assert not first.partial, "of the rest it is known what was believed before"
    changed = first.confidence != before.confidence
    assert changed[300:, 300:].any()
    assert not changed[:250, :250].any()
    assert ((first.labels > 0) == (before.labels > 0))[:250, :250].all()
    assert (last.confidence != before.confidence)[:250, :250].any()


def test_a_stroke_that_comes_while_a_plane_is_read_is_taken_up_before_the_next_piece(small_pieces):
    session = Session(task(), PARAMS)
    told = session.instant_beliefs()
    next(told)
    session.annotate(task(FAR))
    next(told)
    proposal = session.proposal(0)
    assert proposal.confidence[FAR].min() > 0.5, "the plane begins anew, there"
    list(told)
    assert not session.redrawn
    assert iou(session.proposal(0).labels > 0, whole(FAR).labels > 0) > 0.9


def test_a_plane_that_was_left_for_a_stroke_on_another_one_is_read_to_its_end_afterwards(small_pieces):
    session = Session(task(planes=2), PARAMS)
    told = session.instant_beliefs()
    assert next(told) == 0
    changed = task(FAR, planes=2)
    session.annotate(Task((task(planes=2).planes[0], Plane("1", NUCLEI.image, changed.planes[0].annotation))))
    order = list(told)
    assert order[0] == 1
    assert set(order) == {0, 1}
    assert not (session.proposal(0).confidence == 0.5).all(axis=1).any()


def test_the_network_counts_in_the_pieces_that_were_read(small_pieces):
    session = Session(task(), PARAMS)
    looks(session)
    truth = torch.from_numpy((NUCLEI.labels > 0).astype(np.float32))
    session.look_first(0, torch.stack([1 - truth, truth]) * 0.98 + 0.01)
    before = session.proposal(0)
    session.annotate(task(FAR))
    first, *_, last = looks(session)
    assert not (first.confidence != before.confidence)[:250, :250].any()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "FIRST", 512)
        at_once = Session(task(), PARAMS)
        looks(at_once)
        at_once.look_first(0, torch.stack([1 - truth, truth]) * 0.98 + 0.01)
        at_once.annotate(task(FAR))
        looks(at_once)
        assert same(at_once.proposal(0), last)


def test_what_the_network_confirms_is_believed_in_the_first_piece_that_is_read_after_a_stroke(
    small_pieces, monkeypatch
):
    much = torch.from_numpy(np.full(NUCLEI.labels.shape, 0.99, np.float32))
    much[DRAWN][torch.from_numpy(NUCLEI.labels[DRAWN] == 0)] = 0.01
    much[FAR] = 0.01
    said = torch.stack([1 - much, much])
    monkeypatch.setattr(Guide, "read", lambda _self, _canvas, _guess, tile: said[:, *tile.keep])
    session = Session(task(), PARAMS)
    held_back = looks(session)[-1]
    session.look_first(0, said)
    session.annotate(task(FAR))
    (plane,) = session._planes
    reading = Reading(session._classifier, Guide(session.device), plane, session._trust)
    reading.read_piece()
    assert not reading.finished
    reading.tell()
    (window,) = plane.instant.pieces
    assert torch.allclose(plane.instant.says[:, *window], said[:, *window])
    assert (held_back.confidence < 0.95)[window].any()


def test_of_a_class_that_is_new_nothing_was_believed_before():
    before, now = torch.full((2, 4, 4), 0.5), torch.full((3, 4, 4), 1 / 3)
    found = patched(before, now, [(slice(0, 2), slice(0, 4))])
    assert found.shape == (3, 4, 4)
    assert (found[:, :2] == now[:, :2]).all()
    assert (found[:2, 2:] == 0.5).all()
    assert (found[2, 2:] == 0).all()
    assert (before == 0.5).all()


def test_a_stroke_that_comes_while_the_network_looks_at_a_plane_is_answered_between_two_tiles(small_pieces):
    told = train(task(), PARAMS.replace(epochs=2))
    snapshot = next(told)
    while not (snapshot.stage == "first look" and not snapshot.proposals):
        snapshot = next(told)
    snapshot = told.send(task(FAR, value=FIRST_CLASS + 1))
    assert snapshot.stage == "instant proposal"
    assert (snapshot.proposals[0].classes[FAR] == 2).any()
    stages = [snapshot.stage for snapshot in told]
    assert stages.index("first look") < stages.index("self-labelling"), "it goes on with the look, and learns the class"


def test_a_long_narrow_plane_keeps_its_objects_while_a_stroke_is_answered(monkeypatch):
    """It is read in several tiles, although it is no large one."""
    monkeypatch.setattr(patches, "SIDE", 320)
    monkeypatch.setattr(session_module, "PIECES_EVERY", 0.0)
    monkeypatch.setattr(snapshots, "PAUSE", 0)

    def strip(*strokes):
        drawn = task(*strokes).planes[0]
        return Task((Plane("strip", drawn.image[:112], Scribbles(drawn.annotation.marks[:112])),))

    session = Session(strip(), PARAMS)
    before = looks(session)[-1]
    session.annotate(strip((slice(100, 104), slice(5, 15))))
    first, *_ = looks(session)
    assert first.labels.max() > 0.9 * before.labels.max()


def test_when_the_network_is_heard_a_plane_is_read_in_one_go(small_pieces, monkeypatch):
    session = Session(task(planes=2), PARAMS)
    looks(session)
    session.annotate(task(FAR, planes=2))
    assert session.overdue == [0, 1]
    assert list(session.instant_beliefs())[-1] == 0
    truth = torch.from_numpy((NUCLEI.labels > 0).astype(np.float32))
    told, tell = [], Reading.tell
    monkeypatch.setattr(Reading, "tell", lambda reading: told.append(reading.finished) or tell(reading))
    session.believe(1, torch.stack([1 - truth, truth]))
    assert session.overdue == [0]
    assert told == [True]
