"""Suspects: each kind of oddity is found, and ordinary objects are left alone."""

import numpy as np
import pytest
from skimage.draw import disk
from skimage.measure import label, regionprops

from napari_labelfix.review.differences import find_differences
from napari_labelfix.review.suspects import Reason, find_suspects
from napari_labelfix.snapshots import Change


def discs(size=200, step=40, radius=10):
    """Ordinary objects, 1 to 16, none at the border."""
    labels = np.zeros((size, size), np.int32)
    centres = [(row, column) for row in range(30, size - 20, step) for column in range(30, size - 20, step)]
    for number, centre in enumerate(centres, start=1):
        labels[disk(centre, radius + number % 3)] = number
    return labels


def reasons(found, number):
    return set(found.why(int(np.searchsorted(found.ids, number))))


def test_ordinary_objects_are_not_suspect():
    found = find_suspects(discs())
    assert found.ids.tolist() == list(range(1, 17))
    assert not found.doubt.any()


def test_small_objects_have_no_weaker_edges_than_large_ones():
    labels = discs(radius=14)
    for number in (2, 7, 16):
        y, x = np.argwhere(labels == number).mean(axis=0)
        labels[labels == number] = 0
        labels[disk((y, x), 5)] = number
    assert not find_suspects(labels, (labels > 0).astype(np.float32)).found[Reason.WEAK_EDGE].any()


@pytest.mark.parametrize("leading", [(2,), (3, 2), (1, 2, 2)])
def test_labels_of_any_number_of_axes_are_looked_at(leading):
    labels = np.zeros((*leading, 200, 200), np.int32)
    labels[...] = discs()
    assert not find_suspects(labels).doubt.any()
    labels[-1, ..., 5:8, 5:8] = 3
    assert reasons(find_suspects(labels), 3) >= {Reason.PIECES}


def test_an_object_may_move_from_time_to_time():
    labels = np.zeros((2, 3, 200, 200), np.int32)
    labels[:] = discs()
    labels[1] = np.roll(labels[1], 30, axis=-1)
    assert Reason.PIECES not in {why for row in range(16) for why in find_suspects(labels).why(row)}


def huge(labels):
    labels[disk((110, 110), 45)] = 50


def several_pieces(labels):
    labels[0:0], labels[50:52, 50:52] = 0, 1


def with_hole(labels):
    labels[30:33, 30:33] = 0


def at_border(labels):
    labels[disk((30, 8), 10)] = 1


def branched(labels):
    labels[labels == 1] = 0
    labels[10:50, 28:32] = 1
    labels[28:32, 10:50] = 1


def tiny(labels):
    labels[50, 50] = 1
    labels[disk((30, 30), 13)] = 0


@pytest.mark.parametrize(
    ("spoil", "number", "reason"),
    [
        (huge, 50, Reason.HUGE),
        (several_pieces, 1, Reason.PIECES),
        (with_hole, 1, Reason.HOLES),
        (at_border, 1, Reason.BORDER),
        (branched, 1, Reason.SHAPE),
        (tiny, 1, Reason.TINY),
    ],
)
def test_each_oddity_is_found(spoil, number, reason):
    labels = discs()
    spoil(labels)
    found = find_suspects(labels)
    assert reason in reasons(found, number)
    untouched = [i for i in range(2, 17) if (discs() == i).sum() == (labels == i).sum()]
    assert len(untouched) > 8
    assert not found.doubt[np.isin(found.ids, untouched)].any()


def test_a_hole_that_another_object_fills_is_none():
    labels = discs()
    labels[29:32, 29:32] = 77
    assert Reason.HOLES not in reasons(find_suspects(labels), 1)


def test_an_outline_where_the_image_shows_nothing_is_weak():
    labels = discs()
    image = (labels > 0).astype(np.float32) * (labels != 6)
    found = find_suspects(labels, image + np.random.default_rng(0).normal(0, 0.01, image.shape))
    assert [int(i) for i, row in zip(found.ids, range(16), strict=True) if Reason.WEAK_EDGE in found.why(row)] == [6]
    assert not find_suspects(labels).found[Reason.WEAK_EDGE].any(), "without an image nothing is said about edges"
    rgb = np.repeat(image[..., None], 3, axis=-1)
    assert find_suspects(labels, rgb).found[Reason.WEAK_EDGE].tolist() == found.found[Reason.WEAK_EDGE].tolist()


def test_several_reasons_make_an_object_more_doubtful_than_each_alone():
    labels = discs()
    with_hole(labels)
    one = find_suspects(labels).doubt[0]
    several_pieces(labels)
    both = find_suspects(labels)
    assert both.doubt[0] > one > 0
    assert both.why(0) == [Reason.PIECES, Reason.HOLES]


def test_shape_comes_from_the_moments_of_the_objects():
    from napari_labelfix.review.suspects import _measure

    plane = label(np.random.default_rng(0).random((60, 60)) > 0.6, connectivity=1)
    measured = _measure(plane, None)
    for row, region in enumerate(regionprops(plane)):
        spread = np.cov(region.coords.T, bias=True) + np.eye(2) / 12 if region.area > 1 else np.eye(2) / 12
        shorter, longer = np.linalg.eigvalsh(spread)
        assert measured.elongation[row] == pytest.approx(0.5 * np.log(longer / shorter), abs=1e-6)
        assert measured.fill[row] == pytest.approx(region.area / (4 * np.pi * np.sqrt(longer * shorter)), abs=1e-6)


def test_in_a_stack_an_object_is_connected_through_its_planes():
    labels = np.zeros((4, 200, 200), np.int32)
    labels[:] = discs()
    labels[1] = np.where(labels[1] == 3, 0, labels[1])  # a gap
    found = find_suspects(labels)
    assert reasons(found, 3) == {Reason.PIECES}
    assert not found.doubt[found.ids != 3].any()


def test_few_or_no_objects_have_no_usual_size():
    labels = np.zeros((30, 30), np.int32)
    assert find_suspects(labels).ids.size == 0
    labels[3:6, 3:6], labels[10:28, 10:28] = 1, 2
    assert not find_suspects(labels).doubt.any()


def test_ids_may_be_huge():
    labels = discs().astype(np.int64)
    labels[labels > 0] += 2**40
    assert not find_suspects(labels).doubt.any()


def changed():
    """1 and 5 are reshaped, 2 is removed, 3 split, 6 and 7 merged, 40 added; the ids of all others differ, too."""
    before = discs()
    after = np.where(before > 0, before + 100, 0)
    after[before == 2] = 0
    after[:, 110:][before[:, 110:] == 3] = 33
    after[before == 7] = 106
    after[50:60, 50:60] = 40
    after[30, :][before[30, :] == 1] = 0
    return before, after


def test_differences_are_told_by_kind_whatever_the_ids_are():
    before, after = changed()
    found = find_differences(before, after)
    rows = {Change(kind): (b, a) for kind, b, a in zip(found.kinds, found.before, found.after, strict=True)}
    assert rows == {
        Change.ADDED: ((), (40,)),
        Change.REMOVED: ((2,), ()),
        Change.SPLIT: ((3,), (33, 103)),
        Change.MERGED: ((6, 7), (106,)),
        Change.RESHAPED: ((1,), (101,)),
    }
    assert found.count() == dict.fromkeys(rows, 1)
    assert set(np.unique(found.codes)) == {0, 1, 2, 3, 4, 5}
    pixels = dict(zip(found.kinds, found.pixels, strict=True))
    assert pixels[Change.ADDED] == 100
    assert pixels[Change.REMOVED] == (before == 2).sum()
    assert pixels[Change.RESHAPED] == ((before == 1) & (after == 0)).sum()


def test_the_same_labels_with_other_ids_do_not_differ():
    before = discs()
    found = find_differences(before, np.where(before > 0, 50 - before, 0))
    assert len(found) == 0
    assert not found.codes.any()
    assert len(find_differences(before * 0, before * 0)) == 0


def test_differences_make_objects_suspect():
    before, after = changed()
    found = find_differences(before, after).add_to(find_suspects(after))
    assert Reason.EXTRA in reasons(found, 40)
    assert Reason.MERGED in reasons(found, 33)
    assert Reason.MERGED in reasons(found, 103)
    assert Reason.SPLIT in reasons(found, 106)
    assert reasons(found, 104) == set()


def test_how_well_two_agree_is_told_by_objects_and_by_pixels():
    before = np.zeros((40, 40), np.int32)
    before[0:10, 0:10], before[20:30, 20:30] = 1, 2
    after = np.zeros_like(before)
    after[0:10, 0:8], after[20:30, 20:24] = 5, 6
    found = find_differences(before, after)
    assert found.f1 == pytest.approx(0.5), "IoU is 0.8 and 0.4"
    assert found.dice == pytest.approx(2 * 120 / (200 + 120))
    stack = find_differences(np.stack([before, after]), np.stack([before, before * 0]))
    assert stack.f1 == pytest.approx(2 * 2 / (4 + 2))
    nothing = find_differences(before * 0, before * 0)
    assert (nothing.f1, nothing.dice) == (1, 1)
