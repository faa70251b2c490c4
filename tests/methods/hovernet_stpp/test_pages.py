import numpy as np
import torch

from napari_labelfix.annotations import FinishedInstances, Plane
from napari_labelfix.data.hover_maps import hover_maps
from napari_labelfix.methods.hovernet_stpp.light import Light
from napari_labelfix.methods.hovernet_stpp.pages import joined, make_page, random_crops

CPU = torch.device("cpu")
LABELS = np.zeros((100, 100), np.int32)
for number, (row, column) in enumerate(np.ndindex(5, 5), start=1):
    LABELS[20 * row + 4 : 20 * row + 14, 20 * column + 4 : 20 * column + 14] = number * 100_000
IMAGE = (LABELS > 0) + np.random.default_rng(0).normal(0, 0.1, LABELS.shape)


def page(annotation=None):
    return make_page(Plane("squares", IMAGE, annotation), CPU)


def crops(*pages, count=8, size=64):
    return random_crops(pages, count, size, np.random.default_rng(1))


def test_a_plane_with_labels_is_known_everywhere_and_one_without_nowhere():
    assert page(FinishedInstances(LABELS)).area == LABELS.size
    assert page().area == page(FinishedInstances(LABELS * 0)).area == 0
    part = LABELS == 100_000
    assert page(FinishedInstances(LABELS, part)).area == part.sum()


def test_labels_of_its_own_are_learned_from_everywhere():
    assert page().taught(LABELS).area == LABELS.size


def test_crops_show_the_objects_and_their_maps_under_one_view():
    found = crops(page(FinishedInstances(LABELS)))
    assert found.image.shape == (8, 1, 64, 64)
    assert found.maps.shape == (8, 2, 64, 64)
    bright = found.image[:, 0] > 0.5
    assert (bright == found.foreground)[found.known].float().mean() > 0.97
    assert not found.maps[~found.foreground.unsqueeze(1).expand(-1, 2, -1, -1)].any()
    assert found.maps.amin() == -1
    assert found.maps.amax() == 1


def test_beyond_the_plane_and_beyond_the_finished_part_nothing_is_known():
    part = np.zeros(LABELS.shape, bool)
    part[:40, :40] = True
    found = crops(page(FinishedInstances(LABELS, part)))
    assert 0 < found.known.float().mean() < 0.6
    assert not found.foreground[~found.known].all()
    corner = crops(page(FinishedInstances(LABELS, LABELS == 100_000)))
    assert not (corner.foreground & corner.known)[:, 0, 0].all()


def test_batches_join():
    a, b = crops(page(FinishedInstances(LABELS)), count=3), crops(page().taught(LABELS), count=2)
    both = joined([a, b])
    assert len(both.image) == len(both.maps) == 5
    assert torch.equal(both.known[:3], a.known)


def test_high_ids_stay_apart():
    labels = np.zeros((40, 40), np.int32)
    labels[10:20, 10:20], labels[10:20, 20:30] = 2**30 - 1, 2**30
    found = make_page(Plane("two", IMAGE[:40, :40], FinishedInstances(labels, labels > 0)), CPU)
    _, layers = found.look(1, 40, np.random.default_rng(0))
    assert len(torch.unique(layers[:, 0])) == 3
    maps = hover_maps(layers[0, 0].int().numpy())
    assert np.abs(maps).max() == 1


def test_light_changes_every_crop_in_its_own_way_and_the_same_way_for_a_seed():
    crop = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    known = torch.ones(6, 64, 64, dtype=torch.bool)

    def lit(strong, seed=3):
        return Light(64, strong, seed)(crop, known)[0]

    assert lit(True).shape == crop.shape
    assert type(lit(True)) is torch.Tensor
    assert torch.equal(lit(True), lit(True))
    assert not torch.equal(lit(True), lit(True, seed=4))
    assert (lit(True) - crop).abs().mean() > (lit(False) - crop).abs().mean() > 0


def test_what_is_cut_out_is_not_learned_from():
    crop = torch.rand(12, 1, 64, 64, generator=torch.Generator().manual_seed(0)) + 1
    known = torch.ones(12, 64, 64, dtype=torch.bool)
    image, left = Light(64, True, seed=0)(crop, known)
    cut = [not where.all() for where in left]
    assert 2 < sum(cut) < 10
    assert not image[~left.unsqueeze(1)].any()
    assert 0.5 < left[torch.tensor(cut)].float().mean() < 0.99
    assert Light(64, False, seed=0)(crop, known)[1].all()


def test_an_empty_crop_is_lit_without_a_warning():
    crop, known = torch.zeros(1, 1, 64, 64).expand(40, -1, -1, -1), torch.ones(40, 64, 64)
    assert Light(64, True, seed=0)(crop, known)[0].shape == (40, 1, 64, 64)
