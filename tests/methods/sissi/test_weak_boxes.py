import numpy as np
import pytest

from napari_labelfix.annotations import Plane
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.methods.sissi.weak_boxes import find_weak_boxes, suggest
from napari_labelfix.metrics.overlap import iou_of_boxes
from napari_labelfix.sample_data.synthetic import fluorescence

DISCS = [(20, 20), (20, 70), (60, 30), (62, 90), (95, 60)]
RADIUS = 9


def discs(dark=False):
    y, x = np.indices((120, 120))
    image = np.random.default_rng(0).normal(20, 2, (120, 120))
    for row, column in DISCS:
        image[np.hypot(y - row, x - column) <= RADIUS] += 120
    return (160 - image if dark else image).clip(0, 255).astype(np.uint8)


TRUTH = np.array([(y - RADIUS, x - RADIUS, y + RADIUS + 1, x + RADIUS + 1) for y, x in DISCS], float)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("way", ["circles", "watershed", "edges"])
def test_discs_are_found_bright_or_dark(way, dark):
    found = find_weak_boxes(discs(dark), way, 2 * RADIUS + 1)
    overlaps = iou_of_boxes(found, TRUTH)
    assert (overlaps.max(axis=0) > 0.5).all(), "each disc has a box"
    assert len(found) <= 2 * len(TRUTH)


@pytest.mark.parametrize("way", ["circles", "watershed", "edges"])
def test_the_size_is_estimated_where_it_is_not_said_and_boxes_stay_inside(way):
    image, labels = fluorescence(1, (160, 144))
    found = find_weak_boxes(image, way)
    assert ((found >= 0) & (found <= [160, 144, 160, 144])).all()
    assert (found[:, 2:] > found[:, :2]).all()
    recall = (iou_of_boxes(found, boxes_of_labels(labels)).max(axis=0) > 0.5).mean()
    assert recall > (0.6 if way == "watershed" else 0.15)


@pytest.mark.parametrize("way", ["circles", "edges", "watershed"])
def test_faint_cells_are_found_with_more_sensitivity(way):
    y, x = np.indices((120, 120))
    image = discs().astype(float)
    faint = np.hypot(y - 100, x - 20) <= RADIUS
    image[faint] += {"watershed": 35, "circles": 12, "edges": 30}[way]
    box = np.array([[91.0, 11, 110, 30]])
    few, many = (find_weak_boxes(image, way, 19, sensitivity) for sensitivity in (0.0, 1.0))
    assert (iou_of_boxes(few, box) < 0.5).all()
    assert (iou_of_boxes(many, box) >= 0.5).any()


def test_touching_discs_are_two_boxes_by_watershed():
    y, x = np.indices((60, 60))
    image = np.where((np.hypot(y - 30, x - 20) < 10) | (np.hypot(y - 30, x - 38) < 10), 200, 10).astype(np.uint8)
    assert len(find_weak_boxes(image, "watershed", 20)) == 2


def test_colour_images_and_nothing_to_find():
    image = np.stack([discs()] * 3, axis=-1)
    assert len(find_weak_boxes(image, "watershed", 19)) == len(DISCS)
    assert find_weak_boxes(image, "none").shape == (0, 4)
    flat = np.zeros((40, 40), np.uint8)
    flat[0, 0] = 1
    for way in ("circles", "watershed", "edges"):
        assert len(find_weak_boxes(flat, way, 20)) == 0


@pytest.mark.parametrize("way", ["circles", "watershed", "edges"])
def test_in_a_plane_of_a_few_pixels_nothing_is_found_however_large_a_cell_is_said_to_be(way):
    for shape in ((1, 1), (1, 3), (2, 1), (2, 3)):
        for seed in range(40):
            image = np.random.default_rng(seed).integers(0, 2, shape).astype(np.uint8)
            assert len(find_weak_boxes(image, way, 300)) == 0


def test_a_suggestion_follows_the_parameters():
    plane = Plane("discs", discs())
    boxes = suggest(plane, SissiParams(weak_boxes="watershed", cell=19))
    assert boxes.shape == (120, 120)
    boxes.check("discs")
    assert len(boxes.corners) == len(DISCS)
    assert len(suggest(plane, SissiParams(weak_boxes="none")).corners) == 0
