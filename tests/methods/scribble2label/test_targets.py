import torch

from napari_labelfix.losses.partial_cross_entropy import NO_LABEL
from napari_labelfix.methods.scribble2label.targets import average, pseudo_label


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
