import numpy as np
import pytest

from napari_labelfix.methods.sissi import synthetic
from napari_labelfix.methods.sissi.synthetic import synthetic_like


@pytest.fixture
def discs():
    """Two bright discs (96, 128, 1) with some texture, and their boxes."""
    y, x = np.indices((96, 128))
    image = np.full((96, 128), 0.1, np.float32)
    for row, column in [(30, 30), (60, 90)]:
        image[np.hypot(y - row, x - column) < 12] = 0.8
    image += np.random.default_rng(0).normal(0, 0.03, image.shape).astype(np.float32)
    return image[..., None], np.array([[16.0, 16, 45, 45], [46, 76, 75, 105]])


@pytest.mark.parametrize("background", ["weak blur", "strong blur"])
def test_a_known_cell_stays_and_an_unknown_one_vanishes(discs, background):
    image, boxes = discs
    made = synthetic_like(image, boxes[:1], background)[..., 0]
    known, unknown = image[16:45, 16:45, 0], image[46:75, 76:105, 0]
    assert np.corrcoef(made[16:45, 16:45].ravel(), known.ravel())[0, 1] > 0.9

    def steepest(part):
        return max(np.abs(np.diff(part, axis=axis)).max() for axis in (0, 1))

    assert steepest(made[46:75, 76:105]) < 0.2 * steepest(unknown)
    assert steepest(made[16:45, 16:45]) > 0.5 * steepest(known)


def test_a_cell_is_cloned_to_its_own_place(discs):
    image, boxes = discs
    made = synthetic_like(image, boxes[:1], "strong blur")[..., 0]
    part = image[18:43, 18:43, 0]

    def likeness(dy, dx):
        return np.corrcoef(made[18 + dy : 43 + dy, 18 + dx : 43 + dx].ravel(), part.ravel())[0, 1]

    shifts = {(dy, dx): likeness(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)}
    assert max(shifts, key=shifts.get) == (0, 0)


def test_boxes_that_cover_all_leave_the_image(discs):
    image, _ = discs
    made = synthetic_like(image, np.array([[0.0, 0, 96, 128]]), "weak blur")
    inner = np.s_[4:-4, 4:-4]
    assert np.corrcoef(made[inner].ravel(), image[inner].ravel())[0, 1] > 0.98


@pytest.mark.parametrize(
    "corners", [np.zeros((0, 4)), np.array([[-5.0, -5, 20, 20]]), np.array([[80.0, 100, 120, 160]])]
)
def test_boxes_at_the_edge_and_none_are_fine(discs, corners):
    image, _ = discs
    made = synthetic_like(image, corners, "strong blur")
    assert made.shape == image.shape
    assert made.dtype == np.float32
    assert 0 <= made.min() <= made.max() <= 1


@pytest.mark.parametrize("side", [1, 2, 3])
@pytest.mark.parametrize("corner", [(30, 30), (95, 40), (0, 127)])
def test_slivers_of_a_box_are_fine(discs, side, corner):
    """OpenCV cannot clone what is one or two pixels wide."""
    image, _ = discs
    y, x = corner
    for box in ([y, x, y + side, x + 20], [y, x, y + 20, x + side]):
        made = synthetic_like(image, np.array([box], float), "weak blur")
        assert made.shape == image.shape
        if side < 3:
            assert made[y, x, 0] == pytest.approx(image[y, x, 0], abs=0.01), "what is known is as it was"


def test_every_channel_is_made(discs):
    image, boxes = discs
    colours = np.concatenate([image, 1 - image, image[::-1]], axis=2)
    made = synthetic_like(colours, boxes[:1], "weak blur")
    assert made.shape == colours.shape
    assert made[..., 0] == pytest.approx(synthetic_like(image, boxes[:1], "weak blur")[..., 0])


def test_as_it_is_is_the_image(discs):
    assert synthetic_like(discs[0], discs[1], "as it is") is discs[0]


def test_large_planes_are_made_in_blocks(discs, monkeypatch):
    image, boxes = discs
    monkeypatch.setattr(synthetic, "_BLOCK", 64)
    made = synthetic_like(image, boxes, "weak blur")[..., 0]
    for y0, x0, y1, x1 in boxes.astype(int):  # the second lies in two blocks
        assert np.corrcoef(made[y0:y1, x0:x1].ravel(), image[y0:y1, x0:x1, 0].ravel())[0, 1] > 0.9
    alone = synthetic_like(image, boxes[:1], "weak blur")[..., 0]  # and leaves no edge between them
    assert np.abs(np.diff(alone[46:75, 76:105], axis=0)).max() < 0.1


@pytest.mark.parametrize(("value", "becomes"), [(-0.5, 0), (1.5, 1)])
def test_what_is_beyond_the_levels_is_cut_off(value, becomes):
    made = synthetic_like(np.full((40, 40, 1), value, np.float32), np.array([[10.0, 10, 20, 20]]), "weak blur")
    assert np.abs(made - becomes).max() < 0.01
