"""From probabilities to the classes that are shown."""

import torch

from napari_labelfix.methods.prediction import shown_classes


def test_of_two_classes_the_likelier_is_shown_where_an_object_is_likelier_than_none():
    probabilities = torch.tensor([[0.4, 0.3, 0.3], [0.4, 0.25, 0.35], [0.6, 0.4, 0.0], [0.1, 0.8, 0.1]]).T[:, None]
    classes, confidence = shown_classes(probabilities)
    assert classes.tolist() == [[1, 2, 0, 1]], (
        "0.4 for the background is more than for either class, but less than both"
    )
    torch.testing.assert_close(confidence, torch.tensor([[0.3, 0.35, 0.6, 0.8]]))


def test_of_one_class_it_is_the_likelier_of_it_and_the_background():
    classes, confidence = shown_classes(torch.tensor([[[0.2, 0.5, 0.7]], [[0.8, 0.5, 0.3]]]))
    assert classes.tolist() == [[1, 0, 0]]
    torch.testing.assert_close(confidence, torch.tensor([[0.8, 0.5, 0.7]]))
