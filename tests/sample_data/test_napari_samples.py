import numpy as np
import pytest
from napari.layers import Image, Labels
from npe2 import PluginManifest

from napari_labelfix.sample_data.napari_samples import (
    SHARE_OF_OBJECTS,
    bright_field_cells,
    fluorescence_nuclei,
    stained_tissue_nuclei,
)
from napari_labelfix.widgets.annotation_kinds import scribble_colormap

SAMPLES = [fluorescence_nuclei, bright_field_cells, stained_tissue_nuclei]


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_an_image_and_scribbles_of_both_kinds_on_top(sample):
    (image, of_image, image_type), (scribbles, of_scribbles, scribbles_type) = sample()
    assert (image_type, scribbles_type) == ("image", "labels")
    assert image.shape[:2] == scribbles.shape == (512, 512)
    assert of_image["rgb"] == (image.ndim == 3)
    assert set(np.unique(scribbles)) == {0, 1, 2}
    assert of_scribbles["metadata"] == {"labelfix": {"role": "scribbles"}}
    assert 0.002 < np.mean(scribbles > 0) < 0.03


def test_a_sample_opened_twice_shares_nothing():
    first, second = fluorescence_nuclei(), fluorescence_nuclei()
    first[1][0][:] = 9
    first[1][1]["metadata"]["labelfix"]["role"] = "corrected"
    first[1][1]["colormap"].clear()
    assert second[1][0].max() == 2
    assert second[1][1]["metadata"]["labelfix"]["role"] == "scribbles"
    assert second[1][1]["colormap"]


def test_the_share_of_scribbled_objects_is_what_the_docs_say():
    assert 0.1 <= SHARE_OF_OBJECTS <= 0.2


def test_samples_become_napari_layers_in_the_colours_of_the_dock():
    for sample in SAMPLES:
        (image, of_image, _), (scribbles, of_scribbles, _) = sample()
        Image(image, **of_image)
        layer = Labels(scribbles, **of_scribbles)
        for label in (1, 2, 3, 255):
            assert np.allclose(layer.get_color(label), scribble_colormap().map(label))


def test_the_manifest_offers_every_sample():
    manifest = PluginManifest.from_distribution("napari-labelfix")
    commands = {command.id: command for command in manifest.contributions.commands}
    offered = [commands[contribution.command].python_name for contribution in manifest.contributions.sample_data]
    assert offered == [f"napari_labelfix.sample_data.napari_samples:{sample.__name__}" for sample in SAMPLES]
