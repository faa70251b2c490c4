import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from monai.transforms import ComputeHoVerMaps

from napari_labelfix.data.hover_maps import hover_maps


@settings(deadline=None, max_examples=50)
@given(arrays(np.int32, (9, 11), elements=st.integers(0, 5)))
def test_as_monai_has_it(labels):
    expected = ComputeHoVerMaps()(labels[np.newaxis]).numpy()
    np.testing.assert_allclose(hover_maps(labels), expected, atol=1e-6)


def test_by_hand():
    labels = np.zeros((3, 7), int)
    labels[0, 1:6] = 70_000
    labels[2, 3] = 3
    horizontal, vertical = hover_maps(labels)
    assert horizontal[0] == pytest.approx([0, -1, -0.5, 0, 0.5, 1, 0])
    assert not horizontal[1:].any()
    assert not vertical.any()


def test_no_object_no_maps():
    assert not hover_maps(np.zeros((4, 5), np.int32)).any()
