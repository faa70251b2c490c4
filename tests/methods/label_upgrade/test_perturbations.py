import numpy as np
import pytest

from napari_labelfix.methods.label_upgrade import perturbations
from napari_labelfix.methods.label_upgrade.params import LabelUpgradeParams
from napari_labelfix.methods.label_upgrade.perturbations import (
    PRESETS,
    Perturbation,
    chosen_perturbation,
    find_segments,
    object_scale,
    other_objects,
    perturb,
    segments_near,
)

SQUARES = np.zeros((120, 120), np.int32)
for number, (row, column) in enumerate(np.ndindex(5, 5), start=1):
    SQUARES[4 + 24 * row : 18 + 24 * row, 4 + 24 * column : 18 + 24 * column] = number * 10


def ids(labels):
    return set(np.unique(labels)) - {0}


def spoiled(seed=0, others=None, labels=SQUARES, **how):
    return perturb(
        labels, np.zeros_like(labels) if others is None else others, Perturbation(**how), np.random.default_rng(seed)
    )


def test_nothing_wrong_changes_nothing():
    assert np.array_equal(spoiled(), SQUARES)


@pytest.mark.parametrize("share", [0.2, 0.4, 1.0])
def test_omission_deletes_its_share_of_the_objects_and_leaves_the_others_as_they_were(share):
    labels = spoiled(omission=share)
    assert len(ids(labels)) == pytest.approx(25 * (1 - share), abs=1)
    assert np.array_equal(labels[labels > 0], SQUARES[labels > 0])
    assert ids(labels) <= ids(SQUARES)


def test_in_a_crop_with_one_object_omission_deletes_it_as_often_as_its_share_says():
    one = np.where(SQUARES == 10, SQUARES, 0)
    deleted = [not spoiled(seed, labels=one, omission=0.7).any() for seed in range(200)]
    assert np.mean(deleted) == pytest.approx(0.7, abs=0.1)


def test_inclusion_adds_its_share_of_the_other_objects_with_new_ids():
    others = np.roll(SQUARES, 16, axis=0) * (SQUARES == 0)
    labels = spoiled(others=others, inclusion=0.4)
    added = ids(labels) - ids(SQUARES)
    assert len(added) == pytest.approx(0.4 * len(ids(others)), abs=1)
    assert min(added) > SQUARES.max()
    assert np.array_equal(labels[SQUARES > 0], SQUARES[SQUARES > 0])


def test_bias_moves_each_outline_by_one_to_the_most_pixels_in_or_out():
    sizes = [np.count_nonzero(spoiled(bias=3) == number) for number in ids(SQUARES)]
    possible = {(14 + 2 * shift) ** 2 for shift in (-3, -2, -1, 1, 2, 3)}
    assert set(sizes) <= possible
    assert len(set(sizes)) > 3


def test_dilated_objects_do_not_grow_into_each_other():
    touching = np.zeros((40, 40), np.int32)
    touching[10:30, 5:20], touching[10:30, 20:35] = 1, 2
    for seed in range(20):
        labels = spoiled(seed, labels=touching, bias=4)
        assert not (labels[touching == 1] == 2).any()
        assert not (labels[touching == 2] == 1).any()


def test_an_object_at_the_border_is_not_eroded_from_there():
    border = np.zeros((40, 40), np.int32)
    border[:, :20] = 1
    for seed in range(10):
        assert spoiled(seed, labels=border, bias=2)[:, 0].all()


def test_noise_flips_its_share_of_the_pixels():
    noisy = spoiled(noise=0.1)
    assert ((noisy > 0) != (SQUARES > 0)).mean() == pytest.approx(0.1, abs=0.01)
    assert (noisy[(noisy > 0) & (SQUARES == 0)] > SQUARES.max()).all(), "what is added is no part of an object"


def test_every_time_it_is_random_but_for_the_seed():
    how = {"omission": 0.5, "bias": 3, "noise": 0.1}
    assert np.array_equal(spoiled(1, **how), spoiled(1, **how))
    assert not np.array_equal(spoiled(1, **how), spoiled(2, **how))


def test_labels_above_65535_and_a_single_giant_object():
    big = spoiled(labels=SQUARES * 100_000, omission=0.3, bias=2)
    assert ids(big) <= ids(SQUARES * 100_000)
    assert spoiled(labels=np.ones((50, 50), np.int32), bias=6).all()


def others_in(image, labels):
    return other_objects(find_segments(image, object_scale(labels)), labels, np.random.default_rng(0))


def test_what_else_could_be_an_object_lies_on_none_and_has_a_like_size():
    image = np.zeros((120, 120, 1), np.float32)
    image[SQUARES > 0] = 1
    image[19:27, 40:56] = 0.5  # between the squares
    others = others_in(image, SQUARES)
    assert others[22, 48]
    assert not others[SQUARES > 0].any()
    sizes = np.bincount(others.ravel())[1:]
    assert (sizes[sizes > 0] <= 4 * 14 * 14).all()


def test_where_the_image_has_nothing_else_objects_are_copied_to_where_there_are_none():
    few = np.where(SQUARES <= 30, SQUARES, 0)
    others = others_in(np.zeros((120, 120, 1), np.float32), few)
    sizes = np.bincount(others.ravel())[1:]
    assert sorted(sizes[sizes > 0]) == [14 * 14] * 3
    assert not others[few > 0].any()


def test_of_other_things_there_are_as_many_as_objects_and_none_lies_on_another():
    segments = np.ones((120, 120), np.int32)
    segments[60:74, 60:74] = 2
    for count in (3, 10):
        few = np.where(10 * count >= SQUARES, SQUARES, 0)
        others = other_objects(segments, few, np.random.default_rng(0))
        assert np.unique(others, return_counts=True)[1][1:].tolist() == [14 * 14] * count


def test_of_images_with_many_channels_nothing_is_complained():
    image = np.zeros((120, 120, 5), np.float32)
    image[19:27, 40:56] = 0.5  # between the squares
    assert others_in(image, SQUARES)[22, 48]


def test_without_objects_there_is_nothing_to_copy():
    others = others_in(np.zeros((30, 30, 1), np.float32), np.zeros((30, 30), np.int32))
    assert not others.any()


def test_every_word_for_what_is_wrong_means_a_perturbation():
    for wrong, how in PRESETS.items():
        assert chosen_perturbation(LabelUpgradeParams(wrong=wrong)) == how
    others = np.roll(SQUARES, 16, axis=0) * (SQUARES == 0)
    for wrong, missing, added, noise in [
        ("a bit of everything", 0.7, 0.7, 0),
        ("cells are missing", 0.7, 0, 0),
        ("other things are marked", 0, 0.7, 0),
        ("outlines are loose", 0, 0, 0),
        ("made by a machine", 0.5, 0.1, 0.1),
    ]:
        how = PRESETS[wrong]
        labels = perturb(SQUARES, others, Perturbation(how.omission, how.inclusion), np.random.default_rng(0))
        assert len(ids(SQUARES) - ids(labels)) == pytest.approx(25 * missing, abs=1)
        assert len(ids(labels) - ids(SQUARES)) == pytest.approx(len(ids(others)) * added, abs=1)
        assert (how.bias, how.noise) == (0 if missing + added == 0.7 else 6, noise)
    by_hand = LabelUpgradeParams(wrong="as set below", omission=0.1, inclusion=0.2, bias=3, noise=0.4)
    assert chosen_perturbation(by_hand) == Perturbation(0.1, 0.2, 3, 0.4)


def test_a_large_window_is_segmented_in_blocks_and_only_near_what_is_wanted(monkeypatch):
    monkeypatch.setattr(perturbations, "_BLOCK", 64)
    monkeypatch.setattr(perturbations, "NEARBY", 4)
    wanted = np.zeros((150, 200), bool)
    wanted[70:80, 90:100] = wanted[0, 199] = True
    asked = []

    def segments_in(part):
        asked.append(tuple((side.start, side.stop) for side in part))
        return np.full([side.stop - side.start for side in part], 1, np.int32)

    assert (segments_near(wanted, np.s_[10:74, 20:84], segments_in) == 1).all()  # a small one in one piece
    assert asked.pop() == ((10, 74), (20, 84))
    found = segments_near(wanted, np.s_[5:150, 0:200], segments_in)
    assert found.shape == (145, 200)
    assert asked == [((0, 64), (192, 200)), ((64, 128), (64, 128))]
    assert np.count_nonzero(found) == 59 * 8 + 64 * 64
    assert len(np.unique(found)) == 1 + len(asked), "those of two blocks are not one"
