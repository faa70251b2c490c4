import numpy as np
import pytest
import torch

from napari_labelfix.methods.sissi import views
from napari_labelfix.methods.sissi.masks import masks_in_boxes
from napari_labelfix.methods.sissi.views import FLIPS, SCALES, find
from napari_labelfix.networks.faster_rcnn import Found


def test_the_foreground_of_a_box_is_its_mask():
    foreground = np.zeros((30, 40))
    foreground[5:15, 5:12] = 0.9
    labels = masks_in_boxes(foreground, np.array([[3.0, 3, 17, 14]]))
    assert np.array_equal(labels > 0, foreground > 0.5)


def test_what_lies_in_two_boxes_goes_to_the_nearer_middle():
    labels = masks_in_boxes(np.ones((20, 40)), np.array([[0.0, 0, 20, 24], [0, 16, 20, 40]]))
    assert (labels[10, :20] == 1).all()
    assert (labels[10, 20:] == 2).all()


def test_without_foreground_the_ellipse_is_the_mask():
    labels = masks_in_boxes(np.zeros((30, 40)), np.array([[4.0, 4, 24, 34]]))
    assert np.count_nonzero(labels) == pytest.approx(np.pi * 10 * 15, rel=0.03)
    assert labels[4, 4] == 0


def test_boxes_beyond_the_image_and_none():
    labels = masks_in_boxes(np.ones((10, 10)), np.array([[-5.0, -5, 4, 4], [8, 8, 30, 30]]))
    assert set(np.unique(labels)) == {0, 1, 2}
    assert not masks_in_boxes(np.ones((10, 10)), np.zeros((0, 4))).any()


@pytest.fixture
def bright_finder(monkeypatch):
    """A detector that boxes what is bright, wherever it is: so it sees a mirrored image mirrored."""
    seen = []

    def detect(_network, images):
        seen.extend(image.shape[1:] for image in images)
        found = []
        for image in images:
            rows, columns = torch.nonzero(image[0] > 0.5, as_tuple=True)
            box = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1] if len(rows) else None
            corners = torch.tensor([box] if box else []).reshape(-1, 4).float()
            found.append(Found(corners, torch.full((len(corners),), 0.8)))
        return found

    monkeypatch.setattr(views, "detect", detect)
    return seen


def page(y0, x0, y1, x1, shape=(90, 120)):
    image = torch.zeros(1, *shape)
    image[:, y0:y1, x0:x1] = 1
    return image


def test_twenty_views_of_one_cell_agree_on_its_box(bright_finder):
    found = find(None, page(20, 70, 40, 100), 0.1, thorough=True, cell=24)
    assert len(bright_finder) == len(SCALES) * len(FLIPS) == 20
    assert found.corners == pytest.approx(np.array([[20, 70, 40, 100]]), abs=0.6)
    assert found.scores == pytest.approx([0.8])


def test_one_look_is_one_look(bright_finder):
    found = find(None, page(20, 70, 40, 100), 0.1, thorough=False, cell=24)
    assert len(bright_finder) == 1
    assert found.corners.tolist() == [[20, 70, 40, 100]]


@pytest.mark.parametrize("corner", [(240, 240), (20, 250), (500, 500)])
def test_in_a_large_page_a_cell_at_a_seam_is_found_once_and_in_its_place(bright_finder, corner):
    y, x = corner
    found = find(None, page(y, x, y + 30, x + 24, (700, 650)), 0.1, thorough=False, cell=24)
    assert found.corners.tolist() == [[y, x, y + 30, x + 24]]
    assert len(bright_finder) > 1
    assert max(max(shape) for shape in bright_finder) <= 512


def test_scores_below_the_lowest_are_left_out(bright_finder):
    assert len(find(None, page(20, 70, 40, 100), 0.9, thorough=False, cell=24).scores) == 0


def test_every_cell_of_a_dense_page_is_kept(monkeypatch):
    grid = np.array([(y, x, y + 22, x + 22) for y in range(0, 700, 23) for x in range(0, 600, 23)])

    def detect(_network, images):
        shape = torch.tensor(images[0].shape[1:])
        inside = torch.from_numpy(grid)[(torch.from_numpy(grid)[:, 2:] <= shape).all(dim=1)].float()
        return [Found(inside, torch.full((len(inside),), 0.9))]

    monkeypatch.setattr(views, "detect", detect)
    monkeypatch.setattr(views, "_SIDE", 1024)
    found = find(None, torch.zeros(1, 740, 640), 0.1, thorough=False, cell=24)
    assert len(found.scores) == len(grid)
