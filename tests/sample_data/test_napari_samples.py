import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes
from npe2 import PluginManifest

from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.metrics.overlap import iou_of_boxes
from napari_labelfix.sample_data.napari_samples import (
    OTHER_SEED,
    SHARE_OF_OBJECTS,
    bright_field_cells,
    fluorescence_nuclei,
    nuclei_with_boxes,
    nuclei_with_points,
    stack_with_finished_planes,
    stained_tissue_nuclei,
    tissue_with_careless_labels,
)
from napari_labelfix.sample_data.synthetic import fluorescence, stained_tissue
from napari_labelfix.widgets.annotating.scribbles import scribble_colormap

SAMPLES = [fluorescence_nuclei, bright_field_cells, stained_tissue_nuclei]
ALL = [
    *SAMPLES,
    nuclei_with_points,
    tissue_with_careless_labels,
    nuclei_with_boxes,
    stack_with_finished_planes,
]


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
    assert offered == [f"napari_labelfix.sample_data.napari_samples:{sample.__name__}" for sample in ALL]


def test_a_tenth_of_the_nuclei_have_a_point_in_them():
    (image, _, _), (points, of_points, points_type) = nuclei_with_points()
    labels = fluorescence(OTHER_SEED).labels
    assert points_type == "points"
    assert of_points["metadata"] == {"labelfix": {"role": "points"}}
    assert len(points) == pytest.approx(labels.max() / 10, abs=1)
    hit = labels[tuple(np.round(points).astype(int).T)]
    assert (hit > 0).all()
    assert len(set(hit)) == len(points)
    assert of_points["size"] == pytest.approx(np.sqrt(4 / np.pi * (labels > 0).sum() / labels.max()), rel=0.2)
    assert image.shape == labels.shape


def test_careless_labels_are_right_in_the_frame_and_wrong_elsewhere():
    (image, _, _), (careless, of_labels, _), (frame, of_frame, _) = tissue_with_careless_labels()
    labels = stained_tissue(OTHER_SEED).labels
    Labels(careless, **of_labels)
    Shapes(frame, **of_frame)
    assert image.shape == (*labels.shape, 3)
    (y0, x0), (y1, x1) = frame[0].min(axis=0).astype(int), frame[0].max(axis=0).astype(int)
    np.testing.assert_array_equal(careless[y0:y1, x0:x1], labels[y0:y1, x0:x1])
    assert labels[y0:y1, x0:x1].any()
    kept = set(np.unique(careless)) & set(np.unique(labels))
    assert 0.5 < len(kept) / labels.max() < 0.85, "some are missing"
    assert careless.max() > labels.max(), "some are none"
    both = np.mean((careless > 0) & (labels > 0)) / np.mean((careless > 0) | (labels > 0))
    assert 0.3 < both < 0.75


def test_two_planes_of_the_stack_are_finished_and_the_others_have_no_label():
    (image, of_image, _), (labels, of_labels, _) = stack_with_finished_planes()
    Labels(labels, **of_labels)
    assert Image(image, **of_image).data.shape == labels.shape == (8, 256, 256)
    np.testing.assert_array_equal(labels[3], fluorescence(4, (256, 256)).labels)
    assert np.flatnonzero(labels.any(axis=(1, 2))).tolist() == [3, 4], "in the middle, where napari opens a stack"


def test_boxes_lie_about_half_of_the_nuclei_and_none_is_exact():
    (_, _, _), (rectangles, of_boxes, kind) = nuclei_with_boxes()
    assert kind == "shapes"
    exact = boxes_of_labels(fluorescence(1).labels)
    corners = np.concatenate([rectangles.min(axis=1), rectangles.max(axis=1)], axis=1) + 0.5
    assert 0.3 < len(corners) / len(exact) < 0.7
    best = iou_of_boxes(corners, exact).max(axis=1)
    assert (best > 0.3).all()
    assert 0.6 < best.mean() < 0.9
    assert (best < 1).all()
    assert of_boxes["features"]["source"] == ["drawn"] * len(corners)
