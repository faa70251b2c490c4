import pickle

import pytest

from napari_labelfix import errors
from napari_labelfix.errors import LabelfixError, TrainingError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LabelfixError)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_a_process_border_with_its_sentence(kind):
    raised = pickle.loads(pickle.dumps(kind("The disk is full.")))
    assert type(raised) is kind
    assert str(raised) == "The disk is full."


def test_a_training_error_keeps_its_details_apart_from_the_sentence():
    raised = pickle.loads(pickle.dumps(TrainingError("Out of memory.", "Traceback ...")))
    assert (str(raised), raised.reason, raised.details) == ("Out of memory.", "Out of memory.", "Traceback ...")
