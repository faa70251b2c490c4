"""What accepted objects say of a plane is worked out when that plane has changed, and comes out as ever."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_labelfix.review import trust
from napari_labelfix.widgets.annotating.drawn_layers import DrawnLayers
from napari_labelfix.widgets.annotating.trusted_planes import trusted_plane

PLANES = [(0,), (1,), (2,)]


def some_objects(value=1):
    labels = np.zeros((3, 40, 50), np.int32)
    labels[0, 5:15, 5:15], labels[2, 20:30, 20:35] = value, value + 1
    return labels


@pytest.fixture
def looked_at(monkeypatch):
    """The planes of accepted objects that anything was worked out for."""
    seen, work_out = [], trust.trust_accepted
    monkeypatch.setattr(trust, "trust_accepted", lambda labels, there: seen.append(there) or work_out(labels, there))
    return seen


def expect_as_afresh(accepted, given=None):
    for index in PLANES:
        plane = accepted.data[index]
        labels, trusted = trust.trust_accepted(np.zeros_like(plane) if given is None else given.data[index], plane)
        there = trusted_plane(accepted, index, given)
        np.testing.assert_array_equal(there[0], labels)
        np.testing.assert_array_equal(there[1], trusted)
        assert there[0].dtype == labels.dtype


def everywhere(accepted, given=None):
    return [trusted_plane(accepted, index, given) for index in PLANES]


def test_a_plane_is_worked_out_once_and_handed_over_as_it_is(looked_at):
    accepted = Labels(some_objects())
    first, second = everywhere(accepted), everywhere(accepted)
    assert len(looked_at) == 3
    for before, now in zip(first, second, strict=True):
        assert now[0] is before[0]
        assert now[1] is before[1]
    expect_as_afresh(accepted)


@pytest.mark.parametrize("with_given", [False, True], ids=["accepted objects alone", "beside given labels"])
def test_an_edit_and_its_undo_are_looked_at_in_their_plane_alone(looked_at, with_given):
    accepted, given = Labels(some_objects()), Labels(some_objects(7)) if with_given else None
    everywhere(accepted, given)
    for act in (
        lambda: accepted.data_setitem((np.array([2]), np.array([3]), np.array([4])), 9),
        accepted.undo,
        accepted.redo,
    ):
        act()
        looked_at.clear()
        everywhere(accepted, given)
        assert len(looked_at) == 1
        expect_as_afresh(accepted, given)


def test_what_is_undone_while_the_layer_is_hidden_counts(looked_at):
    accepted = Labels(some_objects())
    accepted.data_setitem((np.array([1]), np.array([3]), np.array([4])), 9)
    everywhere(accepted)
    accepted.visible = False
    accepted.undo()
    assert not trusted_plane(accepted, (1,))[1].any()


def test_given_labels_that_a_program_changes_in_place_are_seen(looked_at):
    accepted, given = Labels(some_objects()), Labels(some_objects(7))
    everywhere(accepted, given)
    given.data[1, 30:, 30:] = 4  # past any history
    looked_at.clear()
    everywhere(accepted, given)
    assert len(looked_at) == 1
    expect_as_afresh(accepted, given)


def test_other_pixels_in_the_place_of_all_are_looked_at_anew(looked_at):
    accepted = Labels(some_objects())
    everywhere(accepted)
    accepted.data = some_objects()[::-1].copy()
    expect_as_afresh(accepted)


def test_accepted_objects_that_a_program_changes_in_place_are_seen_once_they_are_redrawn(looked_at, model):
    accepted = model.add_labels(some_objects())
    drawn = DrawnLayers(model, lambda: None)
    drawn.follow([accepted])
    everywhere(accepted)
    accepted.data[0], accepted.data[1, 30:, 30:] = 0, 4  # past any history
    accepted.refresh()
    looked_at.clear()
    everywhere(accepted)
    assert len(looked_at) == 2
    expect_as_afresh(accepted)


def test_a_redraw_without_a_change_works_nothing_out_again(looked_at, model):
    accepted = model.add_labels(some_objects())
    drawn = DrawnLayers(model, lambda: None)
    drawn.follow([accepted])
    first = everywhere(accepted)
    accepted.refresh()
    assert all(now is before for before, now in zip(first, everywhere(accepted), strict=True))
    assert len(looked_at) == 3


def test_two_methods_that_ask_in_turn_do_not_put_each_other_out(looked_at):
    accepted, given = Labels(some_objects()), Labels(some_objects(7))
    for _ in range(3):
        everywhere(accepted)
        everywhere(accepted, given)
    assert len(looked_at) == 6
