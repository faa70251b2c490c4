import pickle

import pytest

from napari_labelfix import errors
from napari_labelfix.errors import LabelfixError, TrainingError, choose_from

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LabelfixError)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_a_process_border_with_its_sentence(kind):
    raised = pickle.loads(pickle.dumps(kind("The disk is full.")))
    assert type(raised) is kind
    assert str(raised) == "The disk is full."


def test_a_training_error_keeps_its_details_apart_from_the_sentence():
    raised = pickle.loads(pickle.dumps(TrainingError("Out of memory.", "Traceback ...")))
    assert (str(raised), raised.reason, raised.details) == ("Out of memory.", "Out of memory.", "Traceback ...")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("treshold", "Did you mean threshold? Choose from minimum_size, threshold."),
        ("Minimum-Size", "Did you mean minimum_size? Choose from minimum_size, threshold."),
        ("colour", "Choose from minimum_size, threshold."),
    ],
)
def test_a_word_that_is_not_known_brings_the_nearest_to_mind(word, told):
    assert choose_from(word, ["minimum_size", "threshold"]) == told
