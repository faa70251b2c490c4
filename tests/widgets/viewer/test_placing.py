"""Layers that lie on their image follow it; what a person has moved away stays."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Points

from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import open_project
from napari_labelfix.widgets.viewer import image_planes, layers, looks
from napari_labelfix.widgets.viewer.coordinates import lies_on

MOVES = {
    "scale": (0.5, 0.25),
    "translate": (7, -3),
    "rotate": 30,
    "shear": [0.2],
    "affine": np.array([[1, 0.1, 3], [0, 2, 4], [0, 0, 1]]),
    "units": ("mm", "mm"),
    "axis_labels": ("up", "across"),
}


@pytest.fixture
def viewer(qtbot, spots):
    """An image with scribbles, a proposal, a confidence and points; points that were moved; another image."""
    viewer = ViewerModel()
    image = viewer.add_image(spots, name="cells", scale=(2, 2), units=("um", "um"))
    viewer.add_image(spots + 1, name="other", scale=(2, 2), units=("um", "um"))
    autosaver_of(viewer)
    part = KINDS[METHODS["scribble2label"].annotation].layers[0]
    layers.add_selected(viewer, part.create(Place(image, ())))
    made = (looks.make_proposal(image), "proposal"), (looks.make_confidence(image), "confidence")
    mine = Labels(np.zeros((60, 80), int), name="mine", **image_planes.placement(image))
    marks = [Points(np.array([[5.0, 5.0]]), name=name, **image_planes.placement(image)) for name in ("points", "moved")]
    for layer, role in (*made, (mine, "corrected"), (marks[0], "points"), (marks[1], "points")):
        layers.link(layer, role, image, "scribble2label" if role in ("proposal", "confidence") else "")
        viewer.add_layer(layer)
    viewer.layers["moved"].translate = (1, 1)
    viewer.add_labels(np.zeros((60, 80), int), name="nobody's", scale=(2, 2), units=("um", "um"))
    yield viewer
    autosaver_of(viewer).close()


def of_image(viewer):
    return [layer for layer in viewer.layers if layer.name.startswith(("cells ", "mine", "points"))]


def lie_on(viewer):
    image = viewer.layers["cells"]
    return [layer.name for layer in of_image(viewer) if lies_on((60, 80), layer, image) and layer.units == image.units]


@pytest.mark.parametrize("part", MOVES)
def test_what_lies_on_an_image_follows_it(viewer, part):
    others = {name: viewer.layers[name].scale.tolist() for name in ("moved", "nobody's", "other")}
    assert len(of_image(viewer)) == 5
    setattr(viewer.layers["cells"], part, MOVES[part])
    assert lie_on(viewer) == [layer.name for layer in of_image(viewer)]
    assert {layer.axis_labels for layer in of_image(viewer)} == {viewer.layers["cells"].axis_labels}
    assert {name: viewer.layers[name].scale.tolist() for name in others} == others


def test_one_change_after_another_is_followed_and_what_was_moved_away_stays(viewer):
    image = viewer.layers["cells"]
    for part, value in MOVES.items():
        setattr(image, part, value)
    assert lie_on(viewer) == [layer.name for layer in of_image(viewer)]
    viewer.layers["points"].translate = (0, 0)
    image.scale = (3, 3)
    assert "points" not in lie_on(viewer)
    assert viewer.layers["points"].scale.tolist() == [0.5, 0.25]
    assert viewer.layers["moved"].translate.tolist() == [1, 1]


def test_a_stack_in_colour_is_followed_too(qtbot):
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros((3, 20, 30, 3), np.uint8), rgb=True)
    autosaver_of(viewer)
    layer = looks.make_proposal(image)
    layers.link(layer, "proposal", image, "scribble2label")
    viewer.add_layer(layer)
    image.scale, image.units = (2, 0.5, 0.5), ("um", "um", "um")
    np.testing.assert_array_equal(layer.scale, (2, 0.5, 0.5))
    assert layer.units == image.units
    autosaver_of(viewer).close()


def test_where_everything_lies_comes_back_with_the_project(viewer, tmp_path):
    image, saver = viewer.layers["cells"], autosaver_of(viewer)
    saver.save_as(tmp_path / "mine.labelfix")
    image.scale, image.translate = (0.5, 0.25), (7, -3)
    assert saver.save_now()
    saver.close()
    again = ViewerModel()
    open_project(again, tmp_path / "mine.labelfix")
    assert again.layers["cells"].scale.tolist() == [0.5, 0.25]
    assert again.layers["moved"].translate.tolist() == [1, 1]
    assert lie_on(again) == [layer.name for layer in of_image(again)]
    again.layers["cells"].rotate = 10
    assert lie_on(again) == [layer.name for layer in of_image(again)]
    assert len(of_image(again)) == 5
    autosaver_of(again).close()


def test_an_image_that_is_opened_again_lies_where_it_lay(make_napari_viewer, spots, qtbot):
    viewer = make_napari_viewer()
    image = viewer.add_image(spots, name="cells")
    saver = autosaver_of(viewer)
    layer = looks.make_proposal(image)
    layers.link(layer, "proposal", image, "scribble2label")
    viewer.add_layer(layer)
    image.scale, image.translate, image.units = (0.5, 0.25), (7, -3), ("um", "um")
    viewer.layers.remove(image)
    again = viewer.add_image(spots, name="cells")
    assert layers.image_id_of(again) == layers.image_id_of(layer)
    assert lies_on((60, 80), layer, again)
    assert (again.scale.tolist(), again.units) == ([0.5, 0.25], layer.units)
    again.scale = (3, 3)
    assert layer.scale.tolist() == [3, 3]
    np.testing.assert_allclose(viewer.dims.range[-1].stop, -3 + 3 * 79)
    saver.close()


def test_an_image_in_colour_that_is_opened_as_a_stack_is_another_one(qtbot, spots):
    viewer = ViewerModel()
    saver = autosaver_of(viewer)
    colours = np.stack([spots] * 3, axis=-1)
    image = viewer.add_image(colours, name="tissue", rgb=True, scale=(2, 2))
    layer = looks.make_proposal(image)
    layers.link(layer, "proposal", image, "scribble2label")
    viewer.add_layer(layer)
    viewer.layers.remove(image)
    stack = viewer.add_image(colours, name="tissue", rgb=False)
    assert layers.image_id_of(stack) != layers.image_id_of(layer)
    assert stack.scale.tolist() == [1, 1, 1]
    saver.close()


def test_a_copy_of_an_image_leads_none_of_its_layers(viewer):
    copy = viewer.add_image(viewer.layers["cells"].data, name="copy", metadata=dict(viewer.layers["cells"].metadata))
    copy.scale = (9, 9)
    assert viewer.layers["points"].scale.tolist() == [2, 2]


def test_two_images_that_are_channels_of_one_another_can_be_put_where_they_are(viewer):
    one, other = viewer.layers["cells"], viewer.layers["other"]
    layers.note_channels(one, [other])
    layers.note_channels(other, [one])
    one.scale = one.scale
    one.scale = (3, 3)
    assert other.scale.tolist() == [3, 3]
