import numpy as np
import pytest
import torch

from napari_labelfix.annotations import Instances, Plane
from napari_labelfix.methods.label_upgrade import pages as pages_module
from napari_labelfix.methods.label_upgrade.pages import (
    Picture,
    hold_out,
    hold_out_together,
    make_page,
    random_crops,
    replaced,
)
from napari_labelfix.methods.label_upgrade.perturbations import Perturbation

CPU = torch.device("cpu")
LABELS = np.zeros((100, 100), np.int32)
for number, (row, column) in enumerate(np.ndindex(5, 5), start=1):
    LABELS[20 * row + 4 : 20 * row + 14, 20 * column + 4 : 20 * column + 14] = number * 1000
EVERYWHERE = np.ones(LABELS.shape, bool)


def page(trusted=EVERYWHERE, others=None):
    image = (LABELS > 0) + np.random.default_rng(0).normal(0, 0.1, LABELS.shape)
    return laid_out(Plane("squares", image, Instances(LABELS, trusted, others)))


def laid_out(plane):
    return make_page(plane, Picture.of(plane, CPU), seed=0)


def crops(of, how=None, held_out=False, count=8, size=64):
    return random_crops([of], count, size, how or Perturbation(), np.random.default_rng(1), held_out)


def test_a_fifth_of_the_right_objects_is_held_out_with_the_background_around_them():
    held_out = hold_out(LABELS, EVERYWHERE, np.random.default_rng(0))
    ids = np.unique(LABELS[held_out])
    assert len(ids) == 6  # of 25, and background
    assert np.array_equal(np.isin(LABELS, ids[1:]), held_out & (LABELS > 0))
    assert 0.1 < held_out.mean() < 0.3


def test_nothing_is_held_out_where_there_are_few_or_it_is_not_right():
    few = np.where(LABELS <= 4000, LABELS, 0)
    assert not hold_out(few, EVERYWHERE, np.random.default_rng(0)).any()
    trusted = EVERYWHERE.copy()
    trusted[40:] = False
    assert not hold_out(LABELS, trusted, np.random.default_rng(0))[40:].any()


def right_in(rows):
    trusted = np.zeros(LABELS.shape, bool)
    trusted[:20, : 20 * rows] = True
    return trusted


def held_ids(of):
    return np.unique(of.labels[of.held_out & (of.labels > 0)]).tolist()


def test_a_fifth_is_held_out_of_all_pages_where_each_has_few():
    pages = [page(right_in(count)) for count in (3, 4, 0, 3, 2, 3)]
    hold_out_together(pages, seed=0)
    held = [held_ids(of) for of in pages]
    assert sum(map(len, held)) == 3  # of 15
    for of, ids in zip(pages, held, strict=True):
        assert of.area() + of.area(held_out=True) == of.trusted.sum()
        assert of.area(held_out=True) > len(ids) * 100 or not ids
    hold_out_together(pages, seed=0)
    assert [held_ids(of) for of in pages] == held


def test_a_page_whose_only_right_object_is_held_out_is_measured_on_as_a_whole():
    pages = [page(right_in(1)) for _ in range(5)]
    hold_out_together(pages, seed=0)
    assert sorted(of.area() for of in pages) == [0, 400, 400, 400, 400]
    assert random_crops(pages, 8, 32, Perturbation(), np.random.default_rng(0)).known.any()
    assert random_crops(pages, 8, 32, Perturbation(), np.random.default_rng(0), held_out=True).known.any()


def test_objects_that_become_right_change_little_of_what_is_held_out_in_other_pages():
    before, after = ([page(right_in(count)) for count in (*others, 3, 3, 3, 3)] for others in ((0,), (2,)))
    for pages in (before, after):
        hold_out_together(pages, seed=0)
    changed = sum(held_ids(one) != held_ids(other) for one, other in zip(before, after, strict=True))
    assert changed <= 1


def test_pages_with_enough_right_objects_spare_a_fifth_each_and_few_in_all_spare_none():
    alone = page()
    pages = [page(), page(right_in(4))]
    hold_out_together(pages, seed=0)
    assert np.array_equal(pages[0].held_out, alone.held_out)
    assert not pages[1].held_out.any()


def test_what_is_held_out_or_not_right_is_not_known_in_training_and_the_other_way_round():
    trusted = EVERYWHERE.copy()
    trusted[60:] = False
    of = page(trusted)
    assert of.area() + of.area(held_out=True) == trusted.sum()
    share = crops(of, count=64).known.float().mean()
    assert 0.1 < share < 0.9
    measured = crops(of, held_out=True)
    # straight crops of straight squares: what is known there is background or whole objects
    assert measured.known.any()
    assert (measured.target[measured.known] == 1).any()


def test_without_errors_what_is_given_is_the_target():
    cut = crops(page())
    assert torch.equal(cut.given[:, 0] > 0, cut.target == 1)
    assert cut.image.shape == (8, 1, 64, 64)


def test_other_objects_that_are_known_are_the_ones_that_are_included():
    others = np.zeros_like(LABELS)
    others[:, 16:19] = 7
    given = page(others=others)
    assert np.array_equal(given.others, others)
    assert _extra(given).any()
    assert not _extra(page(others=np.zeros_like(LABELS))).any()


def _extra(of):
    cut = crops(of, Perturbation(inclusion=1.0), count=32)
    return (cut.given[:, 0] > 0) & (cut.target == 0)


def test_errors_come_in_every_strength():
    cut = crops(page(), Perturbation(omission=1.0), count=64)
    shares = [(g.sum() / (t == 1).sum()).item() for g, t in zip(cut.given[:, 0], cut.target, strict=True)]
    assert min(shares) < 0.2
    assert max(shares) > 0.8


def test_pages_with_more_right_pixels_are_seen_more_often():
    corner = np.zeros(LABELS.shape, bool)
    corner[:20, :20] = True
    small, large = page(corner), page()
    small.image.fill_(-5)
    cut = random_crops([small, large], 50, 32, Perturbation(), np.random.default_rng(0))
    assert (cut.image.amin(dim=(1, 2, 3)) < -3).sum() < 8


def test_a_page_with_upgraded_labels_keeps_what_is_held_out():
    corner = np.zeros(LABELS.shape, bool)
    corner[:60, :60] = True
    of = page(corner)
    more = replaced(of, np.where(LABELS > 0, 1, 0).astype(np.int32), LABELS > 0)
    assert np.array_equal(more.held_out, of.held_out)
    assert np.array_equal(more.trusted, corner | (LABELS > 0))
    assert more.area() == (more.trusted & ~of.held_out).sum()


@pytest.mark.parametrize("annotation", [None, Instances(LABELS)])
def test_a_plane_of_which_nothing_is_right_teaches_nothing(annotation):
    image = np.random.default_rng(0).normal(size=LABELS.shape)
    of = laid_out(Plane("bare", image, annotation))
    assert of.area() == of.extent() == 0


def test_other_objects_stay_apart_however_high_their_ids_are():
    low = np.zeros(LABELS.shape, np.int32)
    low[::20], low[1::20] = 1, 2
    high = np.where(low > 0, low + 2**24 + 2, 0)  # in float32 both are 2 ** 24 + 4
    how = Perturbation(inclusion=0.5)
    one, other = (crops(page(others=ids), how) for ids in (low, high))
    assert torch.equal(one.given, other.given)
    assert one.given.sum() > one.target.sum()


def test_other_objects_are_looked_for_when_they_are_needed_and_only_once(monkeypatch):
    asked = []
    real = pages_module.other_objects
    monkeypatch.setattr(pages_module, "other_objects", lambda *of: asked.append(1) or real(*of))
    of = page()
    crops(of, Perturbation(omission=0.7, bias=6))
    assert not asked
    first = crops(of, Perturbation(inclusion=0.7))
    crops(of, Perturbation(inclusion=0.7))
    assert len(asked) == 1
    assert first.given.sum() > first.target.sum()


def test_what_else_there_is_in_the_image_is_looked_for_again_only_where_that_shows_something_else(monkeypatch):
    asked = []
    real = pages_module.find_segments
    monkeypatch.setattr(pages_module, "find_segments", lambda *of: asked.append(of) or real(*of))
    first = page()

    def asked_with(labels, trusted=EVERYWHERE):
        plane = Plane("squares", first.image[0].numpy(), Instances(labels, trusted))
        assert not make_page(plane, first.picture, seed=0)._others[0].numpy()[labels > 0].any()
        return len(asked)

    assert asked_with(LABELS) == 1
    assert asked_with(np.where(LABELS == 3000, 0, LABELS)) == 1
    assert asked_with(np.where(np.roll(LABELS, 1, axis=0), LABELS, 0)) == 1  # all a row smaller
    assert asked_with(right_in(4) * LABELS, right_in(4)) == 1 + 1  # elsewhere
    assert asked_with(np.kron(LABELS, np.ones((2, 2), np.int32))[:100, :100]) == 2 + 1  # of other sizes


def test_what_is_omitted_does_not_depend_on_other_objects_that_are_not_included():
    given = page(others=np.where(LABELS == 0, 5, 0))
    one, other = (crops(each, Perturbation(omission=0.7, bias=6)) for each in (page(), given))
    assert torch.equal(one.given, other.given)
