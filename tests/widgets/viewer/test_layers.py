"""Layers are found by tag, lie exactly on the image, and come without disturbing the person."""

import zlib

import dask
import dask.array
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.viewer import image_planes, layers

PLACED = {
    "scale": (0.5, 0.25),
    "translate": (10, -3),
    "rotate": 30,
    "shear": [0.1],
    "affine": [[1, 0.2, 5], [0, 1, 0], [0, 0, 1]],
    "units": ("um", "um"),
    "axis_labels": ("row", "column"),
}


@pytest.fixture
def model(spots):
    model = ViewerModel()
    model.add_image(spots, name="cells")
    return model


class Listener:
    def __init__(self):
        self.heard = 0

    def hear(self, _event):
        self.heard += 1


def result(image, role, name="anything", method="m"):
    kind = Image if role in ("confidence", "heatmap") else Labels
    layer = kind(np.zeros((60, 80), np.int32), name=name)
    layers.link(layer, role, image, method)
    return layer


def test_a_layer_that_is_not_ours_has_no_role(model):
    assert layers.role_of(model.layers[0]) == ""
    assert layers.tag_of(Image(np.eye(3), metadata={"labelfix": "nonsense of another program"})) == {}


def test_layers_are_found_by_tag_whatever_they_are_called(model):
    image = model.layers["cells"]
    decoy = model.add_labels(np.zeros((60, 80), int), name="cells proposal")
    proposal = result(image, "proposal")
    layers.add_quietly(model, proposal)
    proposal.name, image.name = "renamed by the user", "renamed too"
    assert layers.find(model, "proposal", image, "m") is proposal
    assert layers.find(model, "proposal", image, "another method") is None
    assert layers.find(model, "corrected", image) is None
    assert layers.role_of(decoy) == ""


def test_layers_of_another_image_are_not_mistaken_for_ours(model, spots):
    other = model.add_image(spots, name="cells")
    layers.add_quietly(model, result(other, "proposal"))
    assert layers.find(model, "proposal", model.layers[0], "m") is None


def test_linking_again_keeps_what_else_stands_in_the_tag(model):
    layer = Labels(np.zeros((2, 2), int), metadata={"labelfix": {"role": "scribbles", "author": "me"}})
    layers.link(layer, "scribbles", model.layers[0])
    assert layers.tag_of(layer)["author"] == "me"


@pytest.mark.parametrize("selected", [[], [0], [0, 1]])
def test_a_layer_comes_quietly(model, selected):
    scribbles = model.add_labels(np.zeros((60, 80), np.uint8))
    scribbles.mode = "paint"
    chosen = {model.layers[i] for i in selected}
    model.layers.selection.clear()
    model.layers.selection.update(chosen)
    active = model.layers.selection.active
    layers.add_quietly(model, result(model.layers[0], "proposal"))
    assert set(model.layers.selection) == chosen
    assert model.layers.selection.active is active
    assert scribbles.mode == "paint"


def test_layers_lie_in_a_fixed_order_above_their_image(model, spots):
    image = model.layers[0]
    model.add_image(spots, name="another image")
    for role in ("scribbles", "proposal", "corrected", "confidence", "ignored"):
        layers.add_quietly(model, result(image, role))
    ours = [layers.role_of(layer) for layer in model.layers if layers.tag_of(layer).get("image")]
    assert ours == ["confidence", "ignored", "proposal", "corrected", "scribbles"]
    assert model.layers[0] is image


def test_what_napari_makes_of_a_layer_of_another_kind_is_not_ours(model):
    proposal = result(model.layers[0], "proposal")
    converted = Image(proposal.data, metadata=proposal.metadata)
    assert layers.role_of(proposal) == "proposal"
    assert layers.tag_of(converted) == {}
    model.add_layer(converted)
    assert layers.find(model, "proposal", model.layers[0], "m") is None


def test_add_selected_makes_the_layer_active(model):
    layer = result(model.layers[0], "scribbles")
    layers.add_selected(model, layer)
    assert model.layers.selection.active is layer


@pytest.mark.parametrize("placed", [{key: PLACED[key]} for key in PLACED] + [PLACED], ids=[*PLACED, "all"])
def test_a_new_layer_lies_exactly_on_the_image(spots, placed):
    image = Image(spots, **placed)
    layer = Labels(np.zeros((60, 80), int), **image_planes.placement(image))
    corners = [(0, 0), (59, 0), (0, 79), (59, 79)]
    np.testing.assert_allclose(
        [layer.data_to_world(corner) for corner in corners], [image.data_to_world(corner) for corner in corners]
    )
    assert layer.units == image.units
    assert layer.axis_labels == image.axis_labels


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        (Image(np.zeros((5, 6))), (5, 6)),
        (Image(np.zeros((5, 6, 3), np.uint8), rgb=True), (5, 6)),
        (Image(np.zeros((4, 5, 6))), (4, 5, 6)),
        (Image(np.zeros((2, 4, 5, 6, 3), np.uint8), rgb=True), (2, 4, 5, 6)),
        (Image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True), (8, 8)),
    ],
    ids=["2D", "RGB", "stack", "stack of RGB stacks", "multiscale"],
)
def test_labels_have_the_spatial_shape_of_the_image(image, shape):
    assert image_planes.spatial_shape(image) == shape


def test_planes_are_named_after_the_image_and_their_place(spots):
    image = Image(np.zeros((2, 3, 5, 6)), name="movie")
    indices = image_planes.plane_indices((2, 3, 5, 6))
    assert len(indices) == 6
    assert image_planes.plane_name(image, indices[-1]) == "movie[001,002]"
    assert image_planes.plane_name(Image(spots, name="cells"), image_planes.plane_indices(spots.shape)[0]) == "cells"


@pytest.mark.parametrize("lazy", [False, True])
def test_planes_are_read_from_level_0_and_keep_their_colours(lazy):
    rng = np.random.default_rng(0)
    data = rng.integers(0, 255, (3, 8, 8, 3), np.uint8)
    source = dask.array.from_array(data) if lazy else data
    image = Image([source, source[:, ::2, ::2]], multiscale=True, rgb=True)
    plane = image_planes.read_plane(image, (1,))
    assert isinstance(plane, np.ndarray)
    np.testing.assert_array_equal(plane, data[1])


@pytest.mark.parametrize("error", [OSError, RuntimeError, KeyError, zlib.error])
def test_an_image_whose_file_is_gone_or_damaged_is_told_in_a_sentence(error):
    unmounted = False

    def read():
        if unmounted:
            raise error("disk not mounted")
        return np.zeros((8, 8), np.uint8)

    image = Image(dask.array.from_delayed(dask.delayed(read)(), (8, 8), np.uint8), name="cells", cache=False)
    unmounted = True
    with pytest.raises(InputError, match=r"cells cannot be read \('?disk not mounted'?\)\. Open the image again\."):
        image_planes.read_plane(image, ())


def test_results_are_not_offered_as_images(model):
    image = model.layers[0]
    confidence = Image(np.zeros((60, 80)))
    layers.link(confidence, "confidence", image, "m")
    assert layers.is_input_image(image)
    assert not layers.is_input_image(confidence)
    assert not layers.is_input_image(Labels(np.zeros((3, 3), int)))


def test_layers_are_offered_topmost_first(model, spots):
    model.add_image(spots, name="newer")
    assert [layer.name for layer in layers.layers_where(model, layers.is_input_image)] == ["newer", "cells"]


def test_watch_tells_strokes_undo_and_new_data_until_unwatch():
    class Ear:
        heard = 0

        def hear(self, _event):
            self.heard += 1

    layer, ear = Labels(np.zeros((9, 9), np.uint8)), Ear()
    layers.watch(layer, ear.hear)
    for act in (
        lambda: layer.paint((4, 4), 1),
        layer.undo,
        lambda: layer.data_setitem((np.array([1]), np.array([1])), 2),
        lambda: setattr(layer, "data", np.ones((9, 9), np.uint8)),
    ):
        before = ear.heard
        act()
        assert ear.heard > before
    layers.unwatch(layer, ear.hear)
    before = ear.heard
    layer.paint((4, 4), 2)
    assert ear.heard == before


def test_labels_made_from_an_image_are_not_that_image(model):
    image = model.layers[0]
    layers.image_id(image)
    labels = Labels(np.zeros((60, 80), int), metadata=dict(image.metadata))  # as napari's Convert to Labels does
    assert layers.role_of(labels) == ""
    layers.link(labels, "imperfect", image)
    assert layers.tag_of(labels) == {"role": "imperfect", "image": layers.image_id(image), "method": ""}
    assert layers.role_of(image) == "image"


def test_a_result_lies_above_its_image_even_where_the_annotation_does_not(model):
    image = model.layers[0]
    scribbles = Labels(np.zeros((60, 80), np.uint8))
    layers.link(scribbles, "scribbles", image)
    model.layers.insert(0, scribbles)
    proposal = Labels(np.zeros((60, 80), np.int32))
    layers.link(proposal, "proposal", image)
    layers.add_quietly(model, proposal)
    assert list(model.layers) == [scribbles, image, proposal]


def test_a_new_name_of_any_layer_is_told_once_to_each_who_asked(model, spots):
    listeners = [Listener(), Listener()]
    for listener in listeners:
        layers.on_list_change(model, listener.hear)
    later = model.add_image(spots)
    for layer in (model.layers["cells"], later):
        before = [listener.heard for listener in listeners]
        layer.name += " under another name"
        assert [listener.heard for listener in listeners] == [count + 1 for count in before]
