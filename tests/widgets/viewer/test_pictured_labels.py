"""Labels that were opened as an image are told from pictures."""

import dask.array
import numpy as np
import pytest
from napari.layers import Labels

from napari_labelfix.sample_data.synthetic import bright_field, fluorescence, stained_tissue
from napari_labelfix.widgets.viewer.pictured_labels import labelled_picture, pictured_labels

MASKS = fluorescence(3).labels
NOISE = np.random.default_rng(0).poisson(3, MASKS.shape)


@pytest.mark.parametrize(
    "masks",
    [
        MASKS.astype(np.uint16),
        (MASKS > 0).astype(np.uint8) * 255,
        MASKS > 0,
        dask.array.from_array(np.stack([MASKS] * 3), chunks=(1, 512, 512)),
    ],
    ids=["ids", "black and white", "bool", "lazy stack"],
)
def test_labels_are_named_whatever_they_are_of(model, masks):
    layer = model.add_image(masks, name="masks")
    how = "right-click it in the layer list and choose Convert to Labels"
    told = f"“masks” is open as an image. If it holds labels, {how}."
    assert pictured_labels(model) == pictured_labels(model, layer) == told
    assert pictured_labels(model, model.layers["cells"]) == "", "they are of another size"


@pytest.mark.parametrize(
    "picture",
    [
        fluorescence(3).image,
        (fluorescence(3).image // 8).astype(np.uint8),
        bright_field(3).image,
        np.where(MASKS > 0, NOISE, 0).astype(np.uint8),
        np.zeros(MASKS.shape, np.uint8),
        np.full(MASKS.shape, 7, np.uint8),
        MASKS.astype(np.float32),
    ],
    ids=["fluorescence", "8 bit", "bright field", "noise on 0", "nothing", "constant", "float"],
)
def test_pictures_are_none(model, picture):
    model.add_image(picture)
    assert pictured_labels(model) == ""


def test_colours_and_what_cannot_be_read_are_none(model):
    model.add_image(stained_tissue(3).image, rgb=True)
    model.add_image(np.dstack([MASKS.astype(np.uint8)] * 3), rgb=True)
    layer = model.add_image(MASKS.astype(np.uint8))
    layer._data = dask.array.zeros((64, 64), dtype=np.uint8).map_blocks(lambda _: 1 // 0, dtype=np.uint8)
    assert pictured_labels(model) == ""


def test_other_pixels_are_looked_at_anew(model):
    layer = model.add_image(MASKS.astype(np.uint16), name="masks")
    assert pictured_labels(model) != ""
    layer.data = fluorescence(3).image
    assert pictured_labels(model) == ""
    model.layers.remove(layer)
    model.layers.append(Labels(MASKS))
    assert pictured_labels(model) == ""


@pytest.mark.parametrize("lowest", [0, 100])
def test_an_image_that_was_opened_as_labels_is_named(model, lowest):
    picture = fluorescence(3).image.astype(np.uint32) + lowest
    model.add_labels(picture, name="cells of 32 bit")
    how = "right-click it in the layer list and choose Convert to Image"
    assert labelled_picture(model) == f"“cells of 32 bit” is open as labels. If it is an image, {how}."


def test_labels_and_what_was_drawn_are_no_image(model):
    model.add_labels(MASKS)
    model.add_labels(np.zeros_like(MASKS))
    model.add_labels(np.random.default_rng(0).integers(0, 3, MASKS.shape), metadata={"labelfix": {"role": "scribbles"}})
    assert labelled_picture(model) == ""
