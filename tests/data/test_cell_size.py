"""The estimate of the cells' diameter: near enough to begin with, for bright and dark cells of any size."""

import numpy as np
import pytest
from skimage.measure import regionprops

from napari_labelfix.data.cell_size import LARGEST, SMALLEST, estimate_diameter
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue


def discs(diameter, shape=(200, 240), ground=0.1, cell=0.9):
    rows, columns = np.indices(shape)
    image = np.full(shape, ground)
    step = int(2 * diameter)
    for row in range(step // 2, shape[0], step):
        for column in range(step // 2, shape[1], step):
            image[(rows - row) ** 2 + (columns - column) ** 2 < diameter**2 / 4] = cell
    return image + np.random.default_rng(0).normal(0, 0.02, shape)


@pytest.mark.parametrize("diameter", [10, 20, 40])
@pytest.mark.parametrize(("ground", "cell"), [(0.1, 0.9), (0.9, 0.2)], ids=["bright", "dark"])
def test_discs_are_measured(diameter, ground, cell):
    assert estimate_diameter(discs(diameter, ground=ground, cell=cell)) == pytest.approx(diameter, rel=0.3)


@pytest.mark.parametrize("make", [fluorescence, stained_tissue])
def test_cells_are_measured(make):
    image, labels = make(1)
    true = np.median([cell.equivalent_diameter_area for cell in regionprops(labels)])
    assert estimate_diameter(image) == pytest.approx(true, rel=0.35)


def test_known_centres_tell_more_than_the_rest_of_the_image():
    image = discs(12, (200, 400))
    image[:, 200:] = discs(40, (200, 200))
    assert estimate_diameter(image, np.array([[12, 12], [36, 12], [60, 36]])) == pytest.approx(12, rel=0.3)
    assert estimate_diameter(image, np.array([[40, 240], [40, 320]])) == pytest.approx(40, rel=0.3)


@pytest.mark.parametrize("image", [np.zeros((64, 64)), np.eye(9), np.ones((700, 40, 3), np.uint8)])
def test_an_image_without_cells_gets_a_diameter_all_the_same(image):
    assert SMALLEST <= estimate_diameter(image) <= LARGEST
