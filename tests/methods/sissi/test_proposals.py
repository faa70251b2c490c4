import numpy as np
import pytest

from napari_labelfix.methods.sissi.fusion import Scored
from napari_labelfix.methods.sissi.proposals import boxes_told
from napari_labelfix.snapshots import BoxRole

SHAPE = (40, 60)
INSIDE, OUTSIDE, ACROSS = [10, 10, 20, 20], [10, 60, 20, 70], [30, 50, 50, 70]


def scored(*corners):
    return Scored(np.array(corners, np.float32), np.linspace(1, 0.5, len(corners), dtype=np.float32))


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_of_boxes_that_lie_outside_the_plane_nothing_is_told(scale):
    found, given = scored(OUTSIDE, INSIDE, ACROSS), np.array([[-9, 5, 0, 9], [0, 0, 5, 5]], np.float32)
    found = Scored(found.corners * scale, found.scores)
    told = boxes_told(found, given * scale, scale, SHAPE, np.ones([round(side * scale) for side in SHAPE], np.float32))
    assert told.corners.tolist() == [INSIDE, [30, 50, 40, 60], [0, 0, 5, 5]]
    assert told.scores.tolist() == [0.75, 0.5, 0]
    assert told.roles.tolist() == [BoxRole.ADDED, BoxRole.ADDED, BoxRole.DROPPED]
    assert np.unique(told.labels[10:20, 10:20]).tolist() == [1]
