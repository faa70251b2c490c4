import numpy as np

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.telling import tell_and_listen
from napari_labelfix.snapshots import Proposal, Snapshot

MODEL = TrainedModel("toy", {}, {}, b"")
NOTHING = Proposal(
    np.zeros((2, 3), np.int32), np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.float32), np.zeros((2, 3), bool)
)


def plane(name, value=1):
    return Plane(name, np.zeros((2, 3)), Scribbles(np.full((2, 3), value, np.uint8)))


def test_the_first_proposal_of_a_plane_after_something_was_drawn_there_answers_it():
    shown = [{0: NOTHING}, {}, {1: NOTHING}, {0: NOTHING}, {0: NOTHING}]
    story = (Snapshot("going on", step, 5, proposals=found, model=MODEL) for step, found in enumerate(shown))
    begun = Task((plane("a"), plane("b")))
    heard = []
    told = tell_and_listen(story, begun, heard.append)
    changed = Task((plane("a", 2), begun.planes[1]))
    answers = [next(told).answers, told.send(changed).answers]
    answers += [snapshot.answers for snapshot in told]
    assert heard == [changed]
    assert answers == [False, False, False, True, False]
