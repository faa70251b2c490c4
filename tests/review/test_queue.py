"""From doubt to doubt, and back."""

import numpy as np

from napari_labelfix.review.queue import DoubtQueue
from napari_labelfix.review.record_table import RecordTable


def test_the_way_back_is_remembered_for_fifty_steps():
    table, queue = RecordTable(), DoubtQueue()
    table.add_areas(np.arange(1, 201), np.ones(200, np.int64))
    for label in range(1, 201):
        queue.visit(label)
    assert len(queue.ids) == 50
    assert queue.back(table) == 199
    assert [queue.back(table) for _ in range(49)][-2:] == [151, None]
