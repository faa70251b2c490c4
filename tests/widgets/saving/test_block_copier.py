"""Copies in parts: all of one moment, and none too long."""

from dataclasses import replace

import numpy as np
import pytest

from napari_labelfix.project.blocks import Key, Tiling
from napari_labelfix.project.records import LayerRecord
from napari_labelfix.widgets.saving import block_copier
from napari_labelfix.widgets.saving.block_copier import BlockCopier, every_block

SHAPE = (600, 800)
RECORD = LayerRecord("l", None, "", "person", "labels", "l", SHAPE, "int32")
COUNT = 3 * 4


@pytest.fixture
def array():
    return np.random.default_rng(0).integers(0, 9, SHAPE).astype(np.int32)


@pytest.fixture
def a_block_at_once(monkeypatch):
    monkeypatch.setattr(block_copier, "_AT_ONCE", 1)


def put_together(blocks):
    array = np.full(SHAPE, -1, np.int32)
    for block in blocks:
        array[Tiling(SHAPE).window(block.key)] = block.pixels
    return array


def test_at_first_everything_is_new_and_then_what_is_added(array):
    copier = BlockCopier()
    np.testing.assert_array_equal(put_together(copier.copy(array, RECORD)), array)
    assert copier.idle
    assert copier.copy(array, RECORD) == []
    copier.add([Key(0, 1, 2)])
    assert [block.key for block in copier.copy(array, RECORD)] == [Key(0, 1, 2)]


def test_what_changes_between_two_parts_is_copied_again(array, a_block_at_once):
    copier = BlockCopier()
    for _ in range(COUNT - 1):
        assert copier.copy(array, RECORD) == []
    array[:] += 1  # a step across all blocks
    copier.add(Tiling(SHAPE).every_key())
    blocks = []
    while not blocks:
        blocks = copier.copy(array, RECORD)
    np.testing.assert_array_equal(put_together(blocks), array)
    assert copier.idle


def test_of_what_is_too_large_to_hold_parts_come_before_the_end(array, a_block_at_once, monkeypatch):
    monkeypatch.setattr(block_copier, "_HELD_UP_TO", 2**19)
    copier, parts = BlockCopier(), []
    while not copier.idle:
        parts += [blocks] if (blocks := copier.copy(array, RECORD)) else []
    assert len(parts) > 1
    np.testing.assert_array_equal(put_together([block for part in parts for block in part]), array)


def test_of_a_lazy_stack_a_plane_is_read_at_a_time_and_once():
    stack = np.random.default_rng(0).integers(0, 9, (3, *SHAPE))
    read = []

    class Lazy:
        def __getitem__(self, index):
            read.append(index[0])
            return stack[index]

    record = replace(RECORD, shape=stack.shape)
    blocks = every_block(Lazy(), record)
    first = [next(blocks) for _ in range(COUNT)]
    assert read == [0]
    for block in [*first, *blocks]:
        np.testing.assert_array_equal(block.pixels, stack[Tiling(stack.shape).window(block.key)])
    assert read == [0, 1, 2]
