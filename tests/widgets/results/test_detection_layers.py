"""Detections as rings whose colour is their role; refreshed in place; masks when some come."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import detections
from napari.components import ViewerModel

from napari_labelfix.snapshots import PointRole
from napari_labelfix.widgets.results.detection_layers import DetectionLayers
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.looks import POINT_COLORS, POINT_NAMES

FOUR = [[15, 15], [15, 60], [45, 20], [42, 55]]
ALL_ROLES = [PointRole.GIVEN, PointRole.PSEUDO_POSITIVE, PointRole.DETECTED, PointRole.PSEUDO_NEGATIVE]
SCORES = [1.0, 0.9, 0.6, 0.3]


@pytest.fixture
def results(model):
    results = DetectionLayers(model, model.layers[0], "m")
    results.create()
    return results


def test_rings_lie_on_the_image_with_score_role_size_and_colour(model, results):
    assert not results.has_proposal
    results.write({0: detections(FOUR, SCORES, ALL_ROLES, radius=7)})
    rings = results.layer("detections")
    assert results.has_proposal
    assert not rings.editable
    np.testing.assert_allclose(rings.data, FOUR)
    np.testing.assert_allclose(rings.data_to_world((7, 8)), model.layers[0].data_to_world((7, 8)))
    np.testing.assert_allclose(rings.features["score"], SCORES, atol=1e-3)
    assert list(rings.features["role"]) == [POINT_NAMES[role] for role in ALL_ROLES]
    np.testing.assert_array_equal(rings.size, [14] * 4)
    assert (rings.face_color[:, 3] == 0).all()
    assert len({tuple(color) for color in rings.border_color}) == 4
    assert results.layer("heatmap").data.max() == 1


def test_a_refresh_is_in_place_and_drawn_once(model, results):
    rings = results.layer("detections")
    drawn = []
    rings.events.set_data.connect(lambda _event: drawn.append(len(rings._view_data)))
    for count in (4, 2, 3, 0):
        drawn.clear()
        results.write({0: detections(FOUR[:count], SCORES[:count], ALL_ROLES[:count])})
        assert drawn == [count]
        assert len(rings.size) == len(rings.border_color) == len(rings.features) == count
    assert results.layer("detections") is rings


def test_only_the_planes_that_came_are_replaced(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 3))
    results = DetectionLayers(model, image, "m")
    results.create()
    results.write({0: detections(FOUR, SCORES, ALL_ROLES), 2: detections(FOUR[:1], [0.5], [PointRole.DETECTED])})
    results.write({0: detections(FOUR[:2], SCORES[:2], ALL_ROLES[:2])})
    rings = results.layer("detections")
    np.testing.assert_array_equal(sorted(rings.data[:, 0]), [0, 0, 2])
    last = rings.data[:, 0] == 2
    assert rings.features["score"][last].item() == 0.5
    np.testing.assert_allclose(results.layer("heatmap").data[1], 0)


def test_a_part_of_a_plane_is_shown_only_where_nothing_was_proposed(spots):
    model = ViewerModel()
    results = DetectionLayers(model, model.add_image(np.stack([spots] * 2)), "m")
    results.create()
    part = replace(detections(FOUR[:1], [0.5], [PointRole.DETECTED]), partial=True)
    results.write({0: detections(FOUR, SCORES, ALL_ROLES)})
    results.write({0: part, 1: part})
    rings, heatmap = results.layer("detections"), results.layer("heatmap").data
    np.testing.assert_array_equal(sorted(rings.data[:, 0]), [0] * 4 + [1])
    np.testing.assert_array_equal(heatmap[1], part.heatmap)
    assert (heatmap[0] > 0).sum() > (part.heatmap > 0).sum()
    results.write({0: part})
    assert len(rings.data) == 5
    results.write({0: replace(part, partial=False)})
    assert len(rings.data) == 2, "all of it was looked at, and no more is there"


def test_masks_get_a_layer_once_some_come_and_count_as_objects(model, results):
    results.write({0: detections(FOUR, SCORES, ALL_ROLES)})
    assert results.layer("proposal") is None
    results.write({0: detections(FOUR, SCORES, ALL_ROLES, masks=True)})
    proposal = results.layer("proposal")
    assert set(np.unique(proposal.data)) == {0, 1, 2, 3, 4}
    objects = results.objects()[0]
    np.testing.assert_allclose(objects.confidence, [1, 0.9, 0.6, 0], atol=1e-6)
    model.layers.remove(proposal)
    results.write({0: detections(FOUR, SCORES, ALL_ROLES, masks=True)})
    assert results.layer("proposal") is None, "one that was deleted stays away until the next run"
    assert results.objects() == {}, "and what was in it is not offered"
    results.create()
    results.write({0: detections(FOUR, SCORES, ALL_ROLES, masks=True)})
    assert results.layer("proposal") is not None


def test_the_legend_counts_the_roles(results):
    results.write({0: detections([*FOUR, [30, 30]], [*SCORES, 0.7], [*ALL_ROLES, PointRole.DETECTED])})
    legend = {entry.meaning: (entry.color, entry.number) for entry in results.legend()}
    assert legend == {
        POINT_NAMES[role]: (POINT_COLORS[role], 2 if role is PointRole.DETECTED else 1) for role in POINT_NAMES
    }


def test_hiding_hides_the_rings(results):
    results.toggle()
    assert not results.layer("detections").visible
    results.toggle()
    assert results.layer("detections").visible


def test_the_layers_lie_below_the_persons_points(model, results):
    names = [layers.role_of(layer) for layer in model.layers]
    assert names == ["image", "heatmap", "detections"]
