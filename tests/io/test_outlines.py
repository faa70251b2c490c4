"""Outlines give back the pixels they were drawn around, and are polygons that others accept."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from napari_labelfix.io import outlines
from napari_labelfix.io.outlines import in_one_ring, outline, outlines_of, paint

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.booleans())


def painted(rings, shape):
    labels = np.zeros(shape, int)
    if rings:
        paint(labels, rings, 1)
    return labels > 0


@settings(max_examples=60, deadline=None)
@given(masks)
def test_rings_enclose_the_pixels_and_no_others(mask):
    polygons = outline(mask)
    np.testing.assert_array_equal(painted([ring for polygon in polygons for ring in polygon.rings], mask.shape), mask)
    if polygons:
        np.testing.assert_array_equal(painted([in_one_ring(polygons)], mask.shape), mask)


@settings(max_examples=60, deadline=None)
@given(masks)
def test_polygons_are_valid_and_have_the_area_of_the_pixels(mask):
    polygons = [shapely.Polygon(polygon.outside, polygon.holes) for polygon in outline(mask)]
    assert all(polygon.is_valid for polygon in polygons)
    whole = shapely.MultiPolygon(polygons)
    assert whole.is_valid
    assert whole.area == mask.sum()


def test_straight_lines_have_no_vertices_between_their_ends():
    [polygon] = outline(np.pad(np.ones((3, 5), bool), ((10, 0), (20, 0))))
    assert sorted(map(tuple, polygon.outside.tolist())) == [(10, 20), (10, 25), (13, 20), (13, 25)]
    assert polygon.holes == ()


def test_each_side_of_an_outline_is_walked_once_however_many_pieces_and_holes_there_are(monkeypatch):
    taken = []

    class Counting(list):
        def __getitem__(self, step):
            taken.append(step)
            return super().__getitem__(step)

    walks = outlines._walks
    monkeypatch.setattr(outlines, "_walks", lambda then, *of: walks(Counting(then), *of))
    mask = np.random.default_rng(0).random((120, 150)) < 0.6
    polygons = outline(mask)
    corners = sum(len(ring) for polygon in polygons for ring in polygon.rings)
    assert sorted(taken) == list(range(corners))
    assert len(polygons) > 500
    assert sum(len(polygon.holes) for polygon in polygons) > 500
    whole = shapely.MultiPolygon([shapely.Polygon(polygon.outside, polygon.holes) for polygon in polygons])
    assert whole.is_valid
    assert whole.area == mask.sum()


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        st.sampled_from([np.uint8, np.int32, np.uint64]),
        array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.integers(0, 3),
    )
)
def test_objects_that_are_outlined_together_are_outlined_as_each_is_alone(labels):
    together = dict(outlines_of(labels))
    assert list(together) == np.unique(labels[labels > 0]).tolist()
    for number, polygons in together.items():
        alone = outline(labels == number)
        for one, other in zip(polygons, alone, strict=True):
            assert [ring.tolist() for ring in one.rings] == [ring.tolist() for ring in other.rings]


def test_objects_are_outlined_in_one_walk_over_the_plane_however_many_they_are(monkeypatch):
    seen = []
    sides = outlines._sides
    monkeypatch.setattr(outlines, "_sides", lambda padded: seen.append(padded.size) or sides(padded))
    rings = np.hypot(*np.ogrid[-50:50, -50:50]).astype(int) + 1  # each but the last has another one inside
    assert len(list(outlines_of(rings))) == rings.max()
    assert seen == [102 * 102]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-90, 290), st.integers(-90, 290)), min_size=3, max_size=7, unique=True))
def test_any_polygon_is_painted_as_another_program_does(vertices):
    ring = np.array(vertices) / 10.0
    shape = (20, 20)
    rows, columns = np.indices(shape)
    inside = np.zeros(shape, bool)
    for (y0, x0), (y1, x1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):  # a ray to the left, edge by edge
        crosses = (y0 <= rows + 0.5) != (y1 <= rows + 0.5)
        if crosses.any():
            inside ^= crosses & (x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0) <= columns + 0.5)
    apart = shapely.distance(shapely.LinearRing(ring), shapely.points(rows + 0.5, columns + 0.5)) > 1e-6
    np.testing.assert_array_equal(painted([ring], shape)[apart], inside[apart])


@pytest.mark.parametrize("place", [(-50, -50), (100, 3), (3, 100), (1e300, 3), (3, -1e300)])
def test_what_lies_outside_is_left_out(place):
    labels = np.zeros((20, 20), int)
    assert paint(labels, [np.array([(0, 0), (0, 9), (9, 9), (9, 0)]) + np.array(place, float)], 5) == 0
    assert not labels.any()


def test_an_outline_may_go_far_beyond_the_image():
    labels = np.zeros((20, 20), int)
    assert paint(labels, [np.array([(2, 3), (2, 1e300), (9, 1e300), (9, 3)])], 5) == 7 * 17
    assert (labels[2:9, 3:] == 5).all()
