"""Blocks: every pixel is in exactly one, and comes back as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_labelfix.errors import ProjectError
from napari_labelfix.project.blocks import Key, Tiling, pack, unpack


@pytest.mark.parametrize(
    ("shape", "channels", "count"),
    [((10, 10), False, 1), ((256, 257), False, 2), ((2, 3, 600, 256), False, 18), ((300, 300, 3), True, 4)],
)
def test_every_pixel_is_in_one_block(shape, channels, count):
    tiling = Tiling(shape, channels)
    covered = np.zeros(shape, int)
    keys = list(tiling.every_key())
    for key in keys:
        assert tiling.has(key)
        covered[tiling.window(key)] += 1
    assert len(keys) == count
    assert (covered == 1).all()
    assert not tiling.has(Key(0, 99, 0))


@given(arrays.arrays(st.sampled_from([np.uint8, np.int32, ">u2", np.float32, bool]), st.just((7, 5))))
def test_pixels_come_back_exactly(pixels):
    packed = pack(pixels)
    if packed is None:
        assert not pixels.any()
    else:
        back = unpack(packed, pixels.shape, pixels.dtype)
        assert back.dtype == pixels.dtype
        assert back.tobytes() == pixels.tobytes()


def test_a_cut_is_a_copy():
    array = np.ones((300, 300), np.int32)
    cut = Tiling(array.shape).cut(array, Key(0, 1, 1))
    array[:] = 5
    assert (cut == 1).all()
    assert cut.shape == (44, 44)


@pytest.mark.parametrize("data", [b"nonsense", pack(np.ones((3, 3), np.int32))])
def test_bytes_that_are_no_block_are_refused(data):
    with pytest.raises(ProjectError, match="damaged"):
        unpack(data, (5, 5), np.dtype(np.int32))
