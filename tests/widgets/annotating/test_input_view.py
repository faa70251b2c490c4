"""Choosing the image and its annotation; what a run gets from them."""

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Shapes
from npe2 import PluginManifest

from napari_labelfix.annotations import Scribbles, Task
from napari_labelfix.sample_data.napari_samples import fluorescence_nuclei
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.viewer import layers


@pytest.fixture
def model():
    return ViewerModel()


@pytest.fixture
def inputs(qtbot, model):
    inputs = InputView(model, KINDS[Scribbles])
    qtbot.addWidget(inputs)
    return inputs


def entries(combo):
    return [combo.itemText(row) for row in range(combo.count())]


def scribble(inputs, index=()):
    """Mark some background and foreground on a plane of the chosen annotation layer."""
    inputs.annotation.data[(*index, 0, slice(0, 5))] = 1
    inputs.annotation.data[(*index, 5, slice(0, 5))] = 2


def test_without_an_image_it_says_how_to_open_one(inputs):
    assert inputs.image is None
    assert not inputs.create_button.isEnabled()
    menu = PluginManifest.from_distribution("napari-labelfix").display_name
    assert inputs.missing() == f"Open an image: File > Open, or File > Open Sample > {menu}."
    inputs.create_annotation()
    assert inputs.annotation is None


def test_an_image_that_napari_takes_for_labels_is_named_where_there_is_no_other(inputs, model):
    model.add_labels(np.random.default_rng(0).integers(0, 2**31, (20, 30)), name="counts")
    assert inputs.missing().startswith("“counts” is open as labels. If it is an image, right-click it")


def test_the_choices_follow_the_viewer(inputs, model, spots):
    first = model.add_image(spots, name="first")
    assert inputs.image is first
    second = model.add_image(spots, name="second")
    assert inputs.image is first, "a new image does not take the place of the chosen one"
    assert entries(inputs.images) == ["no image", "second", "first"]
    first.name = "renamed"
    assert entries(inputs.images) == ["no image", "second", "renamed"]
    assert inputs.images.currentText() == "renamed"
    model.layers.move(0, 2)
    assert entries(inputs.images) == ["no image", "renamed", "second"]
    model.layers.remove(first)
    assert inputs.image is second
    model.layers.clear()
    assert inputs.image is None


def test_two_layers_of_one_name_are_two_choices(inputs, model, spots):
    model.add_image(spots, name="cells")
    model.add_labels(np.zeros((60, 80), np.uint8), name="marks")
    model.add_labels(np.ones((60, 80), np.uint8), name="other")
    model.layers["other"].name = "marks"
    inputs.annotations.setCurrentIndex(1)
    inputs.annotations.activated.emit(1)
    assert inputs.annotation is model.layers[-1]


def test_the_button_makes_a_layer_and_hands_over_the_brush(inputs, model, spots):
    image = model.add_image(spots, name="cells", scale=(2, 2))
    assert inputs.missing() == "Press “Create scribble layer”."
    inputs.create_button.click()
    layer = inputs.annotation
    assert layer is model.layers[-1]
    assert model.layers.selection.active is layer
    assert (layer.mode, layer.selected_label) == ("paint", 2)
    assert layers.find(model, "scribbles", image) is layer
    assert inputs.missing() == "Paint a few strokes of background (1) and foreground (2)."


def test_the_button_gives_way_to_the_brushes(inputs, model, spots, qtbot):
    inputs.show()
    model.add_image(spots)
    assert inputs.create_button.isVisible()
    assert not inputs.brushes[1].isVisible()
    inputs.create_button.click()
    assert not inputs.create_button.isVisible()
    assert inputs.brushes[1].isVisible()
    inputs.annotations.choose(None)
    assert inputs.create_button.isVisible()


def test_scribbles_of_the_chosen_image_are_chosen_with_it(inputs, model, spots):
    first = model.add_image(spots, name="first")
    inputs.create_annotation()
    first_scribbles = inputs.annotation
    second = model.add_image(spots, name="second")
    inputs.images.choose(second)
    assert inputs.annotation is None, "those of the first image are not taken for this one's"
    inputs.create_annotation()
    inputs.images.choose(first)
    assert inputs.annotation is first_scribbles


def test_scribbles_that_belong_to_no_image_yet_are_taken(inputs, model, spots):
    """A sample or a file brings scribbles with their tag, but knows no image."""
    model.add_image(spots)
    tagged = model.add_labels(np.zeros((60, 80), np.uint8), metadata={"labelfix": {"role": "scribbles"}})
    assert inputs.annotation is tagged


def test_labels_without_a_tag_are_offered_but_never_chosen_unasked(inputs, model, spots):
    model.add_image(spots)
    truth = model.add_labels(np.ones((60, 80), np.uint8), name="truth")
    assert inputs.annotation is None
    assert "truth" in entries(inputs.annotations)
    inputs.annotations.choose(truth)
    assert inputs.annotation is truth


def test_a_deleted_scribble_layer_is_let_go(inputs, model, spots):
    model.add_image(spots)
    inputs.create_annotation()
    model.layers.remove(inputs.annotation)
    assert inputs.annotation is None


def test_brush_buttons_and_the_key_pick_up_the_brushes(inputs, model, spots):
    image = model.add_image(spots)
    inputs.create_annotation()
    layer = inputs.annotation
    model.layers.selection.active = image
    layer.mode = "pan_zoom"
    inputs.brushes[1].click()
    assert (layer.selected_label, layer.mode) == (1, "paint")
    assert model.layers.selection.active is layer
    for label in (2, 1, 2):
        inputs.draw_with_next_brush()
        assert layer.selected_label == label
    layer.selected_label = 3
    inputs.draw()
    assert layer.selected_label == 3, "a further class stays in hand"
    inputs.draw_with_next_brush()
    assert layer.selected_label == 1


def drawn_on(inputs):
    """The part that has the brushes, with a layer."""
    part = next(part for part in inputs.parts if part.brushes)
    if part.layer is None:
        part.create()
    return part


def brushes_in_hand(part):
    for brush in part.brushes.values():
        part.layer.mode = "pan_zoom"
        brush.click()
        yield part.layer.mode


@pytest.mark.parametrize("kind", KINDS.values(), ids=[kind.__name__ for kind in KINDS])
def test_a_brush_is_taken_up_in_a_layer_that_is_hidden_or_locked_too(model, qtbot, spots, kind):
    model.add_image(spots)
    inputs = InputView(model, kind)
    qtbot.addWidget(inputs)
    part = drawn_on(inputs)
    for flag in ("visible", "editable"):
        setattr(part.layer, flag, False)
        brushes = zip(part.kind.brushes, brushes_in_hand(part), strict=True)
        assert "pan_zoom" not in [mode for brush, mode in brushes if not brush.for_stacks]
        assert part.layer.visible
        assert part.layer.editable


@pytest.mark.parametrize("kind", KINDS.values(), ids=[kind.__name__ for kind in KINDS])
def test_where_nothing_can_be_drawn_it_says_what_to_do(model, qtbot, spots, kind):
    said = []
    model.add_image(np.stack([spots] * 3))
    inputs = InputView(model, kind)
    inputs.refused.connect(said.append)
    qtbot.addWidget(inputs)
    part = drawn_on(inputs)
    model.dims.ndisplay = 3
    assert set(brushes_in_hand(part)) == {"pan_zoom"}
    assert len(part.layer.data) == (3 if isinstance(part.layer, Labels) else 0)
    assert len(said) == len(part.brushes)
    assert set(said) == {f"Show “{part.layer.name}” in 2D, with its last two axes in view, to draw in its planes."}
    model.dims.ndisplay = 2
    said.clear()
    model.dims.order = (1, 0, 2)
    assert ("pan_zoom" in brushes_in_hand(part)) == bool(said) == isinstance(part.layer, Shapes)
    model.dims.order = (0, 2, 1)
    said.clear()
    assert next(brushes_in_hand(part)) != "pan_zoom"
    assert not said, "rows and columns have changed places, and the plane is still one"


def test_the_keys_do_nothing_without_a_layer(inputs):
    inputs.draw()
    inputs.draw_with_next_brush()
    assert inputs.annotation is None


def test_a_2d_image_becomes_one_plane(inputs, model, spots):
    model.add_image(spots, name="cells")
    inputs.create_annotation()
    scribble(inputs)
    (plane,) = inputs.task().planes
    assert plane.name == "cells"
    np.testing.assert_array_equal(plane.image, spots)
    assert (plane.annotation.marks > 0).sum() == 10
    assert inputs.missing() == ""


def test_an_rgb_image_keeps_its_colours_and_its_scribbles_have_none(inputs, model):
    rgb = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    model.add_image(rgb, name="tissue", rgb=True)
    inputs.create_annotation()
    assert inputs.annotation.data.shape == (30, 40)
    scribble(inputs)
    (plane,) = inputs.task().planes
    assert plane.image.shape == (30, 40, 3)
    inputs.task().check()


def test_a_stack_becomes_planes_and_those_without_scribbles_have_none(inputs, model, spots):
    model.add_image(np.stack([spots, spots * 2, spots]), name="stack")
    inputs.create_annotation()
    scribble(inputs, (1,))
    task = inputs.task()
    assert [plane.name for plane in task.planes] == ["stack[000]", "stack[001]", "stack[002]"]
    assert [plane.annotation is not None for plane in task.planes] == [False, True, False]
    np.testing.assert_array_equal(task.planes[1].image, spots * 2)
    task.check()


def test_no_image_is_a_task_without_planes(inputs):
    assert inputs.task().planes == ()
    assert inputs.read_annotations() == []


class TestNewStrokes:
    @pytest.fixture
    def task(self, inputs, model, spots) -> Task:
        model.add_image(np.stack([spots] * 3), name="stack")
        inputs.create_annotation()
        scribble(inputs, (1,))
        return inputs.task()

    def test_the_same_annotations_are_no_change(self, inputs, task):
        assert inputs.with_changes(task) is None

    def test_only_planes_that_changed_are_new(self, inputs, task):
        inputs.annotation.data[1, 20, 20] = 2
        inputs.annotation.data[2, 3, 3] = 1
        changed = inputs.with_changes(task)
        assert changed.planes[0] is task.planes[0]
        assert changed.planes[1].image is task.planes[1].image
        assert changed.planes[1].annotation.marks[20, 20] == 2
        assert task.planes[1].annotation.marks[20, 20] == 0
        assert changed.planes[2].annotation.marks[3, 3] == 1
        assert inputs.with_changes(changed) is None

    def test_erasing_a_plane_leaves_it_without_annotation(self, inputs, task):
        scribble(inputs, (0,))
        inputs.annotation.data[1] = 0
        changed = inputs.with_changes(task)
        assert [plane.annotation is not None for plane in changed.planes] == [True, False, False]

    def test_scribbles_that_no_longer_suffice_are_not_handed_on(self, inputs, task):
        inputs.annotation.data[...] = 0
        assert inputs.with_changes(task) is None

    def test_another_image_is_no_change_of_strokes(self, inputs, model, spots, task):
        inputs.images.choose(model.add_image(spots))
        assert inputs.with_changes(task) is None


def test_while_a_run_goes_on_nothing_else_can_be_chosen_but_one_can_draw(inputs, model, spots):
    model.add_image(spots)
    inputs.create_annotation()
    inputs.set_choosable(False)
    assert not inputs.images.isEnabled()
    assert not inputs.annotations.isEnabled()
    assert inputs.brushes[1].isEnabled()
    inputs.set_choosable(True)
    assert inputs.images.isEnabled()


def test_the_scribbles_of_a_sample_get_the_tools_of_created_ones_once(inputs, model):
    for layer in fluorescence_nuclei():
        model.add_layer(Layer.create(*layer))
    sample = inputs.annotation
    assert (sample.brush_size, sample.contiguous) == (4, False)
    sample.brush_size = 10
    inputs.annotations.choose(None)
    inputs.annotations.choose(sample)
    assert sample.brush_size == 10, "what the person chose stays"


def test_the_brush_of_a_layer_without_a_tag_is_left_alone(inputs, model, spots):
    model.add_image(spots)
    plain = model.add_labels(np.zeros((60, 80), np.uint8))
    inputs.annotations.choose(plain)
    assert inputs.annotation is plain
    assert (plain.brush_size, plain.contiguous) == (10, True)


def test_within_a_block_that_reads_once_each_plane_is_read_once(qtbot, model, spots):
    looked_at = []
    kind = replace(KINDS[Scribbles], read=lambda chosen, place: looked_at.append(place.index) or read(chosen, place))
    read = KINDS[Scribbles].read
    inputs = InputView(model, kind)
    qtbot.addWidget(inputs)
    model.add_image(np.stack([spots] * 3), name="stack")
    inputs.create_annotation()
    scribble(inputs, (1,))
    task = inputs.task()
    scribble(inputs, (2,))
    looked_at.clear()
    with inputs.read_once():
        assert inputs.missing() == inputs.doubt() == ""
        changed = inputs.with_changes(task)
    assert looked_at == [(0,), (1,), (2,)]
    assert [plane.annotation is not None for plane in changed.planes] == [False, True, True]
    scribble(inputs, (0,))
    assert inputs.with_changes(changed).planes[0].annotation is not None, "a later look is a new one"
