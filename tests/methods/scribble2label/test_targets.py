import numpy as np
import pytest
import torch

from napari_labelfix.annotations import BACKGROUND, FIRST_CLASS, Plane, Scribbles, Task
from napari_labelfix.errors import InputError
from napari_labelfix.losses.partial_cross_entropy import NO_LABEL
from napari_labelfix.methods.scribble2label.targets import (
    MOST_VALUES,
    average,
    class_indices,
    count_classes,
    pseudo_label,
    with_accepted,
)


def scribbled(*planes_of_values):
    planes = [np.array([values], np.uint8) for values in planes_of_values]
    return Task(tuple(Plane(f"{n}", np.eye(4), Scribbles(marks)) for n, marks in enumerate(planes)))


def test_classes_are_counted_over_all_planes():
    assert count_classes(scribbled([0, 1, 2], [2, 0, 0])) == 2
    assert count_classes(scribbled([0, 0, 3], [0, 1, 0], [0, 0, 0])) == 3
    assert count_classes(scribbled([1, MOST_VALUES])) == MOST_VALUES
    with pytest.raises(InputError, match=f"values up to {MOST_VALUES + 1}, .* no more than {MOST_VALUES}"):
        count_classes(scribbled([1, 2], [1, MOST_VALUES + 1]))


def test_pseudo_labels_are_where_the_average_is_sure_and_nobody_has_drawn():
    foreground = torch.tensor([[[0.05, 0.25, 0.5, 0.75, 0.95, 0.95]]])
    belief = torch.stack([1 - foreground, foreground], dim=1)
    marked = torch.tensor([[[NO_LABEL, NO_LABEL, NO_LABEL, NO_LABEL, NO_LABEL, 0]]])
    expected = torch.tensor([[[0, NO_LABEL, NO_LABEL, NO_LABEL, 1, NO_LABEL]]])
    assert torch.equal(pseudo_label(belief, marked, 0.8), expected)


def test_where_nothing_is_believed_there_is_no_pseudo_label():
    nothing = torch.zeros(1, 2, 3, 3)
    assert (pseudo_label(nothing, torch.full((1, 3, 3), NO_LABEL), 0.5) == NO_LABEL).all()


def test_the_average_is_the_papers_recursion():
    """y_n = alpha f + (1 - alpha) y_(n-1), y_0 = f."""
    f = torch.rand(4, 2, 3, 3)
    y = None
    for prediction in f:
        y = average(y, prediction, 0.2)
    weights = [0.8**3, 0.2 * 0.8**2, 0.2 * 0.8, 0.2]
    assert torch.allclose(y, sum(w * p for w, p in zip(weights, f, strict=True)))


def drawn(accepted, classes=()):
    marks = np.zeros((20, 20), np.uint8)
    marks[0], marks[5, 3:9] = BACKGROUND, FIRST_CLASS
    known = np.array(classes, np.int64).reshape(-1, 2)
    return Plane("cells", np.zeros((20, 20), np.uint8), Scribbles(marks, accepted, known))


def taught(plane, classes):
    return with_accepted(class_indices(plane), plane, classes)


def test_the_middles_of_accepted_objects_are_known_beside_the_strokes():
    accepted = np.zeros((20, 20), np.int32)
    accepted[10:19, 10:19], accepted[1:9, 10:19] = 1, 2
    known, strokes = taught(drawn(accepted), 2), class_indices(drawn(accepted))
    assert np.array_equal(known[strokes != NO_LABEL], strokes[strokes != NO_LABEL]), "what is drawn counts"
    added = (known != NO_LABEL) & (strokes == NO_LABEL)
    assert (known[added] == 1).all()
    assert added[14, 14]
    assert added[4, 14]
    assert not added[accepted == 0].any()
    assert added.sum() < (accepted > 0).sum() / 4


def test_an_accepted_object_in_which_background_is_drawn_since_is_none():
    accepted = np.zeros((20, 20), np.int32)
    accepted[10:19, 10:19], accepted[1:9, 10:19] = 1, 2
    plane = drawn(accepted)
    plane.annotation.marks[18, 18] = BACKGROUND
    known = taught(plane, 2)
    assert known[14, 14] == NO_LABEL
    assert known[18, 18] == 0


def three_accepted():
    accepted = np.zeros((20, 20), np.int32)
    accepted[10:19, 10:19], accepted[1:9, 10:19], accepted[10:19, 0:9] = 900, 70, 5
    return accepted


def test_of_several_classes_accepted_objects_teach_the_one_that_each_is_of():
    plane = drawn(three_accepted(), classes=[(70, 2), (900, 1)])
    known = taught(plane, 3)
    assert known[14, 14] == 1
    assert known[4, 14] == 2
    assert known[14, 4] == NO_LABEL, "nobody has said of which class it is"
    assert set(known[plane.annotation.accepted == 900]) == {1, NO_LABEL}


def test_of_several_classes_accepted_objects_without_one_teach_nothing():
    plane = drawn(three_accepted())
    assert np.array_equal(taught(plane, 3), class_indices(plane))


def test_an_accepted_object_in_which_another_class_is_drawn_since_is_none():
    plane = drawn(three_accepted(), classes=[(70, 2), (900, 1)])
    plane.annotation.marks[18, 18], plane.annotation.marks[8, 18] = FIRST_CLASS + 1, FIRST_CLASS + 1
    known = taught(plane, 3)
    assert known[14, 14] == NO_LABEL
    assert known[18, 18] == 2
    assert known[4, 14] == 2, "it is of that class"


def test_an_accepted_object_of_a_class_that_is_not_drawn_any_more_is_of_no_other():
    known = taught(drawn(three_accepted(), classes=[(70, 2)]), 2)
    assert known[4, 14] == NO_LABEL
    assert known[14, 14] == 1


def test_accepted_objects_of_another_size_are_refused():
    with pytest.raises(InputError, match="accepted objects of cells have 5 x 5 pixels"):
        drawn(np.ones((5, 5), int)).annotation.check("cells")
