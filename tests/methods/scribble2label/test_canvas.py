import numpy as np
import torch

from napari_labelfix.data.augment import Augmentation
from napari_labelfix.losses.partial_cross_entropy import NO_LABEL
from napari_labelfix.methods.scribble2label.canvas import Canvas, random_batch

STILL = Augmentation(scale=0, rotation=0, brightness=0, contrast=0)


def canvas(height=50, width=70, belief=True):
    """A plane whose image, marks and belief all tell the same left half from the same right half."""
    right = torch.zeros(height, width)
    right[:, width // 2 :] = 1
    marked = torch.full((height, width), NO_LABEL)
    marked[::7] = right[::7].long()
    both = torch.stack([1 - right, right])
    return Canvas(right.unsqueeze(0), marked, marked, 2, both if belief else None)


def test_image_marks_and_belief_are_turned_together():
    batch = random_batch([canvas()], 16, 32, Augmentation(brightness=0, contrast=0), np.random.default_rng(0))
    assert batch.image.shape == (16, 1, 32, 32)
    assert batch.belief.shape == (16, 2, 32, 32)
    marked = batch.marked != NO_LABEL
    assert marked.any()
    certain = marked & ((batch.image[:, 0] < 0.01) | (batch.image[:, 0] > 0.99)) & (batch.belief.amax(1) > 0.99)
    assert certain.sum() > 100
    assert torch.equal(batch.marked[certain], batch.image[:, 0][certain].round().long())
    assert torch.equal(batch.marked[certain], batch.belief.argmax(1)[certain])


def test_outside_of_the_plane_image_and_belief_are_mirrored_and_nothing_is_marked():
    batch = random_batch([canvas(10, 10)], 4, 64, STILL, np.random.default_rng(0))
    assert torch.allclose(batch.belief[:, 1], batch.image[:, 0], atol=1e-5)
    marked = (batch.marked != NO_LABEL).flatten(1).sum(1)
    assert (marked > 0).all()
    assert (marked < 10 * 10).all()


def test_where_nothing_is_believed_yet_the_belief_is_0():
    batch = random_batch([canvas(belief=False)], 2, 32, STILL, np.random.default_rng(0))
    assert (batch.belief == 0).all()


def test_the_same_seed_gives_the_same_crops():
    def crops():
        torch.manual_seed(3)
        return random_batch([canvas(), canvas(90, 40)], 6, 32, Augmentation(), np.random.default_rng(5))

    assert torch.equal(crops().image, crops().image)


def test_half_of_the_centres_are_near_a_mark():
    one = canvas(400, 400)
    marked = torch.full((400, 400), NO_LABEL).index_put((torch.tensor([200]), torch.tensor([300])), torch.tensor(1))
    one.mark(marked, marked)
    rng = np.random.default_rng(0)
    at_mark = sum(one.random_centre(rng) == (200.0, 300.0) for _ in range(200))
    assert 70 < at_mark < 130


def test_of_a_class_that_was_drawn_since_nothing_is_believed_yet():
    older, newer = canvas(), canvas()
    older.classes = newer.classes = 3
    newer.belief = torch.cat([newer.belief, torch.full((1, 50, 70), 0.5)])
    batch = random_batch([older, newer], 12, 32, STILL, np.random.default_rng(0))
    assert batch.belief.shape == (12, 3, 32, 32)
    of_new_class = batch.belief[:, 2].amax((1, 2))
    assert set(of_new_class.tolist()) == {0.0, 0.5}
