"""Labels that look like a mask or like a picture are told from labels."""

import numpy as np
import pytest
from skimage.measure import label

from napari_labelfix.data.numbering import doubt_about_numbers
from napari_labelfix.sample_data.synthetic import bright_field, fluorescence, stained_tissue

NUCLEI = fluorescence(seed=3, shape=(200, 240))


@pytest.mark.parametrize("make", [bright_field, fluorescence, stained_tissue])
def test_labels_are_not_doubted(make):
    assert doubt_about_numbers([make(seed=0).labels]) == ""


def test_crowded_tiny_objects_and_one_object_in_two_pieces_are_not_doubted():
    tiny = np.arange(400).reshape(20, 20).repeat(3, axis=0).repeat(3, axis=1)
    assert doubt_about_numbers([tiny]) == ""
    two = np.zeros((20, 20), np.uint8)
    two[2:5, 2:5] = two[10:15, 10:15] = 1
    assert doubt_about_numbers([two]) == ""
    assert doubt_about_numbers([np.zeros((20, 20), np.uint8)]) == ""


@pytest.mark.parametrize("number", [1, 255])
def test_a_mask_is_doubted(number):
    pieces = label(NUCLEI.labels > 0, connectivity=2).max()
    mask = (NUCLEI.labels > 0) * np.uint8(number)
    said = f"have one number in {pieces} separate pieces, which counts as one object. If they are several, give each a"
    assert doubt_about_numbers([mask]) == f"The labels {said} number of its own first."
    assert doubt_about_numbers([NUCLEI.labels, mask], "nuclei").startswith(f"The labels of nuclei {said}")
    assert doubt_about_numbers([mask], remedy="This does it").endswith("number of its own first: This does it.")


@pytest.mark.parametrize("make", [bright_field, fluorescence])
@pytest.mark.parametrize("highest", [2**8 - 1, 2**16 - 1])
def test_a_picture_is_doubted(make, highest):
    image = make(seed=0).image.astype(float)
    grey = ((image - image.min()) / np.ptp(image) * highest).astype(np.uint16)
    assert "in most neighbouring pixels, as a picture has." in doubt_about_numbers([grey])
