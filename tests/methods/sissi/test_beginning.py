import numpy as np
import pytest

from napari_labelfix.annotations import Boxes, FinishedInstances, Plane
from napari_labelfix.data.label_images import boxes_of_labels
from napari_labelfix.errors import InputError
from napari_labelfix.methods.sissi.beginning import begin
from napari_labelfix.methods.sissi.pages import typical_side
from napari_labelfix.methods.sissi.params import SissiParams
from napari_labelfix.sample_data.synthetic import fluorescence

IMAGE, LABELS = fluorescence(1, (96, 112))
TRUTH = boxes_of_labels(LABELS)
FINISHED = Plane("finished", IMAGE, FinishedInstances(LABELS))
EMPTY = Plane("empty", IMAGE, FinishedInstances(np.zeros_like(LABELS), np.ones(LABELS.shape, bool)))
TO_LABEL = Plane("to label", IMAGE)
NOISE = Plane("noise", np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8))
SMALLER = Plane("boxed", IMAGE, Boxes((TRUTH + np.roll(TRUTH, 2, axis=1)) / 2 + [-5, -5, 5, 5], IMAGE.shape))


def test_boxes_that_a_person_has_drawn_are_all_that_a_run_begins_with():
    begun = begin([SMALLER, TO_LABEL], SissiParams())
    assert begun.planes == [SMALLER, TO_LABEL]
    assert [len(corners) for corners in begun.suggested] == [0, 0]
    assert begun.sentence == ""


def test_what_is_found_is_the_suggestion_of_no_person():
    planes, suggested, _, sentence = begin([FINISHED, TO_LABEL], SissiParams())
    assert planes[0] is FINISHED
    assert np.array_equal(suggested[1], planes[1].annotation.corners)
    assert [len(corners) for corners in suggested] == [0, len(suggested[1])]
    assert sentence == f"No boxes were given: {len(suggested[1])} were found by watershed to begin with."


def test_where_none_are_to_be_found_planes_stay_as_they_are():
    begun = begin([FINISHED, TO_LABEL], SissiParams(weak_boxes="none"))
    assert begun.planes == [FINISHED, TO_LABEL]
    assert begun.sentence == "No boxes were given: cells of finished images are learned from to begin with."


@pytest.mark.parametrize(
    ("planes", "params", "sentence"),
    [
        ([FINISHED], SissiParams(), r"All images are finished, so there is none to label\. Add one that is not\."),
        (
            [TO_LABEL],
            SissiParams(weak_boxes="none"),
            r"No image has boxes\. Draw some, or choose a way to",
        ),
        ([EMPTY, TO_LABEL], SissiParams(weak_boxes="none"), "No image has boxes"),
        (
            [NOISE],
            SissiParams(weak_boxes="circles", sensitivity=0, cell=60),
            r"No box was found by circles\. Draw some boxes, or choose another way or sensitivity\.",
        ),
    ],
    ids=["all finished", "none drawn", "none labelled", "none found"],
)
def test_what_nothing_can_be_learned_from_is_refused(planes, params, sentence):
    with pytest.raises(InputError, match=sentence):
        begin(planes, params)


def test_cells_are_as_large_as_is_said_or_drawn_or_labelled_before_they_are_as_large_as_what_is_found():
    assert begin([FINISHED, SMALLER], SissiParams(cell=31)).cell == 31
    assert begin([FINISHED, SMALLER], SissiParams()).cell == typical_side(SMALLER.annotation.corners)
    assert begin([FINISHED, TO_LABEL], SissiParams()).cell == typical_side(TRUTH)
    found = begin([TO_LABEL], SissiParams())
    assert found.cell == typical_side(found.suggested[0])
