import numpy as np
import pytest
import torch

from napari_labelfix.annotations import Boxes, Plane
from napari_labelfix.methods.sissi.pages import (
    NARROWEST,
    Page,
    joined,
    page_image,
    random_crops,
    scale_of,
    synthetic_pages,
    target_page,
    typical_side,
)

CPU = torch.device("cpu")


def bright_page(corners, shape=(120, 150)):
    """A page that is 1 inside of boxes and 0 elsewhere, so that crops can be checked against their boxes."""
    image = torch.zeros(1, *shape)
    for y0, x0, y1, x1 in corners.astype(int):
        image[:, y0:y1, x0:x1] = 1
    return Page(image, corners)


CORNERS = np.array([[10, 12, 30, 40], [60, 70, 80, 84], [90, 10, 112, 30], [20, 100, 45, 140]], np.float32)


def test_boxes_go_where_the_image_goes():
    page = bright_page(CORNERS)
    crops = random_crops([page], 40, 64, np.random.default_rng(0))
    assert crops.images.shape == (40, 1, 64, 64)
    for image, boxes in zip(crops.images[:, 0], crops.boxes, strict=True):
        outside = image.clone()
        for y0, x0, y1, x1 in boxes:
            inside = image[int(y0 + 1) : int(y1 - 1), int(x0 + 1) : int(x1 - 1)]
            assert inside.numel() == 0 or inside.min() > 0.4
            outside[int(y0.floor()) : int(y1.ceil()), int(x0.floor()) : int(x1.ceil())] = 0
        rows, columns = torch.nonzero(outside > 0.75, as_tuple=True)
        edge = (rows < NARROWEST) | (columns < NARROWEST) | (rows >= 64 - NARROWEST) | (columns >= 64 - NARROWEST)
        assert edge.all(), "what is bright has a box, but for slivers at the edge"
    assert any(len(boxes) for boxes in crops.boxes)


def test_crops_are_mirrored_and_zoomed():
    page = bright_page(CORNERS[:1])
    crops = random_crops([page], 60, 64, np.random.default_rng(1))
    widths = [float(box[3] - box[1]) for boxes in crops.boxes for box in boxes if box[1] > 0 and box[3] < 64]
    assert min(widths) < 26 < 31 < max(widths)


def test_a_page_smaller_than_a_crop_is_padded():
    page = bright_page(CORNERS[:1] - 8, (30, 40))
    crops = random_crops([page], 5, 64, np.random.default_rng(0))
    assert crops.images.shape == (5, 1, 64, 64)
    assert all(len(boxes) == 1 for boxes in crops.boxes if len(boxes))


@pytest.mark.parametrize("height", [1, 2, 3])
def test_a_page_of_one_row_is_cut_as_any_other(height):
    torch.manual_seed(0)
    page = Page(torch.rand(1, height, 90), np.array([[0, 10, height, 34]], np.float32))
    assert random_crops([page], 30, 64, np.random.default_rng(0)).images.shape == (30, 1, 64, 64)


def test_what_is_shown_is_learned_from_in_the_place_of_the_image():
    page = bright_page(CORNERS)
    page.shown = torch.full_like(page.image, 0.5)
    assert random_crops([page], 4, 64, np.random.default_rng(0)).images == pytest.approx(0.5, abs=1e-5)


def test_batches_join():
    page = bright_page(CORNERS)
    rng = np.random.default_rng(0)
    both = joined([random_crops([page], 2, 32, rng), random_crops([page], 3, 32, rng)])
    assert len(both.images) == len(both.boxes) == 5


def test_a_plane_is_scaled_to_the_size_the_detector_wants():
    plane = Plane("p", np.random.default_rng(0).random((100, 60)), Boxes(np.array([[10.0, 10, 58, 58]]), (100, 60)))
    page = target_page(plane, 48.0, 24.0, CPU)
    assert page.scale == 0.5
    assert page.image.shape == (1, 50, 30)
    assert page.corners == pytest.approx(np.array([[5, 5, 29, 29]]))
    assert scale_of(1e6, 24) > 0
    assert scale_of(1e-6, 24) < 10


def test_a_typical_side_is_that_of_the_median_box():
    assert typical_side(np.array([[0, 0, 4, 9], [0, 0, 6, 6], [0, 0, 100, 100]])) == 6


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_made_up_cells_come_in_the_channels_and_the_size_that_are_wanted(channels):
    pages = synthetic_pages(channels, 24.0, 0, CPU)
    assert {page.image.shape[0] for page in pages} == {channels}
    assert np.mean([typical_side(page.corners) for page in pages]) == pytest.approx(24, rel=0.05)
    again = synthetic_pages(channels, 24.0, 0, CPU)
    assert all(torch.equal(a.image, b.image) for a, b in zip(pages, again, strict=True))


def test_images_keep_a_pixel_at_least():
    assert page_image(np.arange(6.0).reshape(2, 3), 0.05, CPU).shape == (1, 1, 1)
