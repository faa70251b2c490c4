"""What goes into a project together, and what is said of a run that was interrupted."""

import numpy as np
import pytest

from napari_labelfix.project.blocks import Key
from napari_labelfix.project.records import Batch, Block, Entry, ImageRecord, ObjectRecord, Objects, RunRecord, together


def test_of_several_batches_nothing_is_left_out_and_the_last_word_counts():
    objects = [Objects([ObjectRecord(number)]) for number in range(3)]
    one = Batch(
        images=[ImageRecord("i", "cells", "", (4, 4), "uint8")],
        runs=[RunRecord("r", "sissi", "i", {})],
        removed=["gone"],
        blocks=[Block("l", "person", Key(0, 0, 0), np.ones((4, 4)))],
        objects={"l": objects[0], "m": objects[1]},
        geometry={"p": "{}"},
        history=[Entry("person", "ann", "paint", "l")],
        meta={"view": "{}"},
    )
    other = Batch(layers=["a layer"], emptied=["l"], removed=["too"], objects={"l": objects[2]}, meta={"view": "[]"})
    both = together(part for part in (one, other))
    assert (both.images, both.layers, both.runs) == (one.images, other.layers, one.runs)
    assert (both.removed, both.emptied) == (["gone", "too"], ["l"])
    assert (both.blocks, both.history) == (one.blocks, one.history)
    assert both.objects == {"l": objects[2], "m": objects[1]}
    assert (both.geometry, both.meta) == ({"p": "{}"}, {"view": "[]"})


@pytest.mark.parametrize(
    ("ended", "total", "said"),
    [
        ("", 0, "was cut off before its first step"),
        ("", 90, "was cut off at step 7 of 90"),
        ("2026-01-01", 90, "was stopped at step 7 of 90, when napari was closed"),
    ],
)
def test_it_is_said_how_far_a_run_came_and_whether_it_was_stopped_or_cut_off(ended, total, said):
    assert RunRecord("r", "sissi", "i", {}, step=7, total=total, ended=ended).interruption == said
