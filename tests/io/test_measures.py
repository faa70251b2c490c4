"""What is measured of all objects together is what scikit-image measures of each alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.measure import label, regionprops

from napari_labelfix.io.measures import measure_objects, measure_shapes

planes = arrays(
    st.sampled_from([np.uint8, np.int32, np.uint64]),
    array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.integers(0, 3),
)


@settings(max_examples=200, deadline=None)
@given(planes, st.integers(1, 3), st.sampled_from([1, 10**7]))
def test_each_object_has_the_measures_of_scikit_image(plane, times, factor):
    plane = np.kron(plane, np.ones((times, times), plane.dtype)).astype(np.int64) * factor
    found = measure_objects(plane)
    shapes = measure_shapes(found)
    assert found.numbers.tolist() == np.unique(plane[plane > 0]).tolist()
    for row, number in enumerate(found.numbers):
        [region] = regionprops((plane == number).astype(np.uint8))
        assert found.areas[row] == region.area
        assert tuple(found.boxes[row]) == region.bbox
        np.testing.assert_allclose(found.centres[row], region.centroid)
        np.testing.assert_allclose(shapes.perimeters[row], region.perimeter)
        np.testing.assert_allclose(shapes.eccentricities[row], region.eccentricity, atol=1e-6)
        assert shapes.pieces[row] == label(plane == number).max()
        assert shapes.holes[row] == shapes.pieces[row] - region.euler_number


def test_a_plane_without_objects_has_nothing_to_measure():
    found = measure_objects(np.zeros((5, 6), bool))
    assert found.centres.shape == (0, 2)
    assert measure_shapes(found).perimeters.shape == (0,)
