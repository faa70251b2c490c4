"""What is done in the layers that runs learn from is told; that another plane is looked at is not."""

import numpy as np
import pytest

from napari_labelfix.review.states import Record, State
from napari_labelfix.widgets.annotating.drawn_layers import DrawnLayers
from napari_labelfix.widgets.viewer.history import history_of


@pytest.fixture
def stack(model):
    model.layers.clear()
    return model.add_labels(np.zeros((4, 30, 40), np.int32))


class Ear(DrawnLayers):
    """Counts what it is told."""

    def __init__(self, viewer, followed):
        self.heard = 0
        super().__init__(viewer, self.hear)
        self.follow(followed)

    def hear(self):
        self.heard += 1

    def hears(self, act):
        self.heard = 0
        act()
        return self.heard > 0


def paint(layer):
    layer.data_setitem((np.array([1]), np.array([3]), np.array([4])), 2)


def test_the_slider_is_not_told_and_a_stroke_undo_and_redraw_are(model, stack):
    ear = Ear(model, [stack])
    assert not ear.hears(lambda: model.dims.set_current_step(0, 2))
    assert not ear.hears(lambda: model.dims.set_current_step(0, 1))
    assert ear.hears(lambda: paint(stack))
    assert ear.hears(stack.undo)
    assert ear.hears(stack.refresh), "a program may have written into the array"
    assert not ear.hears(lambda: model.dims.set_current_step(0, 3))
    assert ear.hears(stack.redo), "in a plane that is not seen"


def test_a_layer_without_the_slider_is_told_of_when_an_undo_follows_a_move_of_it(model, stack):
    flat, points = model.add_labels(np.zeros((30, 40), np.int32)), model.add_points([[3.0, 4.0]])
    ear = Ear(model, [flat, points])
    flat.data_setitem((np.array([3]), np.array([4])), 2)
    model.dims.set_current_step(0, 2)
    assert ear.hears(flat.undo)
    assert ear.hears(flat.redo)
    model.dims.set_current_step(0, 1)
    assert ear.hears(points.refresh), "a program may have moved them"


def test_an_undo_is_told_even_where_the_redraw_is_that_of_another_plane(model, stack):
    ear = Ear(model, [stack])
    paint(stack)
    with stack.events.set_data.blocker(ear._on_touched):
        assert ear.hears(stack.undo), "by the history of the layer"


def test_what_is_only_known_about_objects_is_told_by_no_history(model, stack):
    ear = Ear(model, [stack])
    paint(stack)
    history = history_of(stack)
    with stack.events.features.blocker(ear._on_touched):
        assert not ear.hears(lambda: history.set_quietly({2: Record(State.ACCEPTED)}))


def test_other_axes_on_the_screen_and_a_look_in_3d_are_not_told(model, stack):
    ear = Ear(model, [stack])
    assert not ear.hears(lambda: setattr(model.dims, "ndisplay", 3))
    assert not ear.hears(lambda: setattr(model.dims, "ndisplay", 2))
    assert not ear.hears(lambda: setattr(model.dims, "order", (1, 0, 2)))


def test_what_was_undone_while_the_layer_was_hidden_is_told_when_it_is_seen_again(model, stack):
    ear = Ear(model, [stack])
    paint(stack)
    stack.visible = False
    stack.undo()
    model.dims.set_current_step(0, 3)
    assert ear.hears(lambda: setattr(stack, "visible", True))


def test_points_and_shapes_are_told_as_well(model, stack):
    points, shapes = model.add_points(ndim=3), model.add_shapes(ndim=3)
    ear = Ear(model, [points, shapes])
    assert ear.hears(lambda: points.add([0, 3, 4]))
    assert ear.hears(lambda: shapes.add_rectangles([[0, 1, 1], [0, 1, 5], [0, 5, 5], [0, 5, 1]]))
    assert not ear.hears(lambda: model.dims.set_current_step(0, 2))


def test_a_layer_that_is_followed_no_more_is_not_told(model, stack):
    ear = Ear(model, [stack])
    ear.follow([])
    assert not ear.hears(lambda: paint(stack))
    ear.follow([stack])
    assert ear.hears(stack.undo)
