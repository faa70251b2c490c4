"""From beliefs to objects."""

import numpy as np
import pytest

from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.proposer import make_proposal

PARAMS = Scribble2LabelParams(device="cpu", seed=0)


def test_a_hole_that_is_filled_has_the_class_of_its_object():
    classes = np.zeros((20, 20), np.uint8)
    classes[3:17, 3:17] = 2
    classes[8:10, 8:10] = 0
    proposal = make_proposal(classes, np.ones(classes.shape, np.float32), PARAMS)
    assert (proposal.classes[3:17, 3:17] == 2).all()


@pytest.mark.parametrize("split", ["watershed", "components"])
def test_an_object_in_which_somebody_has_drawn_is_not_too_small(split):
    classes, marked = np.zeros((20, 20), np.uint8), np.full((20, 20), -1)
    classes[2:5, 2:5] = classes[12:15, 12:15] = 1
    marked[3, 3], marked[8, 8], marked[16, 16] = 1, 2, 0
    params = PARAMS.replace(instances=split)
    proposal = make_proposal(classes, np.ones(classes.shape, np.float32), params, marked)
    assert proposal.labels.max() == 2
    assert (proposal.classes[2:5, 2:5] == 1).all()
    assert proposal.classes[8, 8] == 2
    assert not proposal.labels[12:15, 12:15].any(), "nobody has drawn in this one"
