from functools import partial

import numpy as np
import pytest

from napari_labelfix.data.normalize import normalize
from napari_labelfix.data.tiles import tiles
from napari_labelfix.methods.scribble2label import instant
from napari_labelfix.methods.scribble2label.instant import InstantClassifier
from napari_labelfix.metrics.overlap import iou
from napari_labelfix.sample_data.scribbles import scribbles_from_labels
from napari_labelfix.sample_data.synthetic import fluorescence

NUCLEI = fluorescence(seed=4, shape=(128, 128))
IMAGE = normalize(NUCLEI.image)
MARKS = scribbles_from_labels(NUCLEI.labels, 0.4).astype(int) - 1


def test_it_learns_from_scribbles_and_gives_probabilities():
    found = InstantClassifier([IMAGE], [MARKS], 2, seed=0).predict(IMAGE)
    assert found.shape == (2, 128, 128)
    assert np.allclose(found.sum(axis=0), 1, atol=1e-5)
    assert iou(found[1] > 0.5, NUCLEI.labels > 0) > 0.6


def test_planes_without_scribbles_teach_nothing_and_are_predicted():
    alone = InstantClassifier([IMAGE], [MARKS], 2, seed=0).predict(IMAGE[:50])
    beside = InstantClassifier([IMAGE, IMAGE[:50]], [MARKS, None], 2, seed=0).predict(IMAGE[:50])
    assert np.array_equal(alone, beside)


def test_in_a_plane_where_all_is_the_same_nothing_is_found_although_it_is_as_dark_as_the_objects():
    found = InstantClassifier([1 - IMAGE], [MARKS], 2, seed=0).predict(np.zeros_like(IMAGE))
    assert (found[0] == 1).all()
    assert not found[1].any()


def test_a_class_that_nobody_has_drawn_is_never_found():
    marks = np.where(MARKS == 1, 2, MARKS)
    found = InstantClassifier([IMAGE], [marks], 3, seed=0).predict(IMAGE)
    assert found[1].max() == 0
    assert found[2].max() > 0.5


@pytest.mark.parametrize("side", [190, 220])
def test_tiles_change_nothing(side, monkeypatch):
    """A plane in tiles is predicted as in one piece: the margin holds the largest filter."""
    big = np.tile(IMAGE, (2, 2, 1))
    classifier = InstantClassifier([IMAGE], [MARKS], 2, seed=0)
    whole = classifier.predict(big)
    monkeypatch.setattr(instant, "tiles", partial(tiles, side=side))
    same = np.isclose(classifier.predict(big), whole, atol=1e-6)
    assert same.mean() > 0.999  # a rounding error may fall on the other side of a tree's threshold


def test_too_many_scribbled_pixels_are_thinned(monkeypatch):
    monkeypatch.setattr(instant, "MOST_PIXELS", 50)
    found = InstantClassifier([IMAGE], [MARKS], 2, seed=0).predict(IMAGE)
    assert iou(found[1] > 0.5, NUCLEI.labels > 0) > 0.3


def test_of_a_rare_class_every_scribbled_pixel_counts(monkeypatch):
    monkeypatch.setattr(instant, "MOST_PIXELS", 40)
    marks = np.where(NUCLEI.labels > 0, -1, 0)
    marks[np.unravel_index(np.flatnonzero(NUCLEI.labels)[::40], marks.shape)] = 1
    found = InstantClassifier([IMAGE], [marks], 2, seed=0).predict(IMAGE)
    assert iou(found[1] > 0.5, NUCLEI.labels > 0) > 0.3
