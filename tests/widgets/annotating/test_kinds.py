"""A scribble layer is made so that the first stroke is right, and is read plane by plane."""

import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_labelfix.annotations import Annotation, Scribbles
from napari_labelfix.methods.table import METHODS
from napari_labelfix.review.states import Record, RecordChanges, State
from napari_labelfix.widgets.annotating.class_brushes import SCRIBBLE_COLORS
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.annotating.scribbles import SCRIBBLE_KIND
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.history import history_of

SCRIBBLES, ACCEPTED = SCRIBBLE_KIND.layers


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_the_dock_knows_the_annotation_of_every_method(method):
    assert method.annotation in KINDS


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        (Image(np.zeros((50, 60))), (50, 60)),
        (Image(np.zeros((50, 60, 3), np.uint8), rgb=True), (50, 60)),
        (Image(np.zeros((4, 50, 60))), (4, 50, 60)),
        (Image([np.zeros((64, 64)), np.zeros((32, 32))], multiscale=True), (64, 64)),
    ],
    ids=["2D", "RGB", "stack", "multiscale"],
)
def test_a_scribble_layer_is_ready_to_paint_on(image, shape):
    layer = SCRIBBLES.create(Place(image, ()))
    SCRIBBLES.draw(layer, 2, Place(image, ()))
    assert layer.data.shape == shape
    assert layer.data.dtype == np.uint8
    assert layer.editable
    assert (layer.mode, layer.selected_label) == ("paint", 2)
    assert not layer.contiguous
    assert layer.n_edit_dimensions == 2
    assert 3 <= layer.brush_size <= 5
    assert SCRIBBLES.fits(layer, image)
    layer.paint((1,) * (len(shape) - 2) + (20, 30), 1)
    assert (layer.data == 1).sum() > 4


def test_a_scribble_layer_lies_on_its_image_and_carries_its_id():
    image = Image(np.zeros((50, 60)), scale=(0.2, 0.3), translate=(5, 6), units=("um", "um"), name="cells")
    layer = SCRIBBLES.create(Place(image, ()))
    assert layer.metadata["labelfix"]["role"] == "scribbles"
    assert layer.metadata["labelfix"]["image"] == layers.image_id(image)
    np.testing.assert_allclose(layer.data_to_world((7, 8)), image.data_to_world((7, 8)))
    assert layer.units == image.units
    assert layer.name == "cells scribbles"


def test_background_is_blue_foreground_orange_and_unmarked_see_through():
    layer = SCRIBBLES.create(Place(Image(np.zeros((50, 60))), ()))
    assert isinstance(layer.colormap, DirectLabelColormap)
    red, _green, blue, _alpha = layer.get_color(1)
    assert blue > red
    red, _green, blue, _alpha = layer.get_color(2)
    assert red > blue
    assert layer.get_color(0) is None or layer.get_color(0)[3] == 0
    assert len({tuple(layer.get_color(label)) for label in range(1, 7)}) == 6


def _luminance(color: str) -> float:
    return float(np.dot([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)], [0.2126, 0.7152, 0.0722]))


def test_the_two_brushes_are_told_apart_by_those_who_see_blue_and_yellow_only():
    """Most colour-blind people lack the red-green difference: what is left is blue against yellow."""
    blue_yellow = [
        int(SCRIBBLE_COLORS[label][5:7], 16)
        - (int(SCRIBBLE_COLORS[label][1:3], 16) + int(SCRIBBLE_COLORS[label][3:5], 16)) / 2
        for label in (1, 2)
    ]
    assert blue_yellow[0] - blue_yellow[1] > 100
    assert _luminance(SCRIBBLE_COLORS[1]) > 0.4, "and both show on a dark image"
    assert _luminance(SCRIBBLE_COLORS[2]) > 0.4


@pytest.mark.parametrize(
    ("layer", "fits"),
    [
        (Labels(np.zeros((50, 60), np.int64)), True),
        (Labels(np.zeros((60, 50), np.uint8)), False),
        (Labels(np.zeros((50, 60), np.uint8), metadata={"labelfix": {"role": "proposal"}}), False),
        (Labels(np.zeros((50, 60), np.uint8), metadata={"labelfix": {"role": "corrected"}}), False),
        (Image(np.zeros((50, 60))), False),
    ],
    ids=["labels of the same size", "another size", "a proposal", "accepted labels", "an image"],
)
def test_which_layers_can_serve_as_scribbles(layer, fits):
    assert SCRIBBLES.fits(layer, Image(np.zeros((50, 60)))) is fits


def test_planes_without_scribbles_have_none_and_the_others_are_copies():
    image = Image(np.zeros((3, 50, 60)))
    layer = SCRIBBLES.create(Place(image, (0,)))
    layer.data[1, 2, 3] = 2
    assert SCRIBBLE_KIND.read([layer, None], Place(image, (0,))) is None
    read = SCRIBBLE_KIND.read([layer, None], Place(image, (1,)))
    layer.data[1, 2, 4] = 1
    assert read.marks[2, 3] == 2
    assert read.marks.sum() == 2, "painting on does not change what was read"


def test_accepted_objects_are_read_with_the_scribbles_of_their_plane():
    image = Image(np.zeros((2, 50, 60)))
    layer, corrected = SCRIBBLES.create(Place(image, (0,))), Labels(np.zeros((2, 50, 60), int))
    layer.data[0, 2, 3] = 2
    corrected.data_setitem((np.full(4, 1), np.full(4, 5), np.arange(5, 9)), 7)
    assert SCRIBBLE_KIND.read([layer, corrected], Place(image, (0,))).accepted is None
    read = SCRIBBLE_KIND.read([layer, corrected], Place(image, (1,)))
    assert not read.marks.any()
    assert read.teaches
    assert SCRIBBLE_KIND.read([layer, corrected], Place(image, (1,))).accepted is read.accepted, "copied once"
    corrected.data_setitem((np.array([0]), np.array([9]), np.array([9])), 8)
    assert SCRIBBLE_KIND.read([layer, corrected], Place(image, (1,))).accepted is read.accepted
    assert SCRIBBLE_KIND.read([layer, corrected], Place(image, (0,))).accepted[9, 9] == 8
    corrected.data_setitem((np.array([1]), np.array([5]), np.array([5])), 0)
    assert (read.accepted == 7).sum() == 4, "what a run reads stays"
    assert (SCRIBBLE_KIND.read([layer, corrected], Place(image, (1,))).accepted == 7).sum() == 3
    corrected.data = np.zeros_like(corrected.data)
    assert SCRIBBLE_KIND.read([layer, corrected], Place(image, (1,))) is None


def test_accepted_objects_are_read_with_their_class_where_it_is_known():
    image = Image(np.zeros((2, 50, 60)))
    layer, corrected = SCRIBBLES.create(Place(image, (0,))), Labels(np.zeros((2, 50, 60), int))
    for label, where in [(7, (0, 5)), (8, (1, 5)), (9, (1, 20)), (10, (1, 30))]:
        corrected.data[*where, where[1] : where[1] + 4] = label
    history = history_of(corrected)

    def classes(z):
        return SCRIBBLE_KIND.read([layer, corrected], Place(image, (z,))).classes.tolist()

    assert classes(0) == classes(1) == []
    said = {label: Record(State.ACCEPTED, class_number=kind) for label, kind in [(7, 1), (8, 2), (9, 1), (10, 0)]}
    history.step(None, RecordChanges(after=said), "say")
    assert classes(0) == [[7, 1]]
    assert classes(1) == [[8, 2], [9, 1]]
    corrected.data_setitem((np.full(4, 1), np.full(4, 20), np.arange(20, 24)), 0)
    assert classes(1) == [[8, 2]]
    corrected.undo()
    assert classes(1) == [[8, 2], [9, 1]]


def test_what_was_accepted_is_chosen_of_itself_and_other_labels_are_not():
    image, labels = Image(np.zeros((50, 60))), Labels(np.zeros((50, 60), int))
    assert not ACCEPTED.fits(labels, image)
    layers.link(labels, "corrected", image)
    assert ACCEPTED.fits(labels, image)
    assert not ACCEPTED.fits(labels, Image(np.zeros((50, 61))))


def test_masks_in_the_place_of_scribbles_are_doubted_behind_a_plane_of_accepted_objects_too():
    masks = np.zeros((60, 60), np.uint8)
    for value, place in enumerate((0, 20, 40), start=1):
        masks[place : place + 15, 5:25] = value
    accepted = Scribbles(np.zeros((60, 60), np.uint8), np.ones((60, 60), int))
    assert SCRIBBLE_KIND.doubt([accepted, Scribbles(masks)]) == SCRIBBLE_KIND.doubt([Scribbles(masks)]) != ""


def scribbled(*labels: int) -> list[Annotation | None]:
    marks = np.zeros((4, 4), np.uint8)
    marks.flat[: len(labels)] = labels
    return [None, Scribbles(marks)]


@pytest.mark.parametrize(
    ("annotations", "sentence"),
    [
        ([None], "Paint a few strokes of background (1) and foreground (2)."),
        ([], "Paint a few strokes of background (1) and foreground (2)."),
        (scribbled(1), "Paint a few strokes of foreground (2) too, inside some objects."),
        (scribbled(2), "Paint a few strokes of background (1) too, between the objects."),
        (scribbled(1, 2), ""),
        (scribbled(1, 3), ""),
    ],
)
def test_what_is_missing_is_said(annotations, sentence):
    assert SCRIBBLE_KIND.missing(annotations) == sentence
