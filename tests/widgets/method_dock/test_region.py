"""A run on the part of an image that is in view."""

import numpy as np
import pytest
from docked import proposal_of
from fakes import proposal_above, snapshot

from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.widgets.viewer import in_view, layers
from napari_labelfix.widgets.viewer.canvas import camera_of

PART = np.s_[60:120, 80:160]  # the middle one of nine times the spots


@pytest.fixture(autouse=True)
def smallest(monkeypatch):
    monkeypatch.setattr(in_view, "SMALLEST", 32)


@pytest.fixture
def zoomed(dock, viewer, spots):
    """A dock with a large image, strokes in the middle of it and beside, of which the middle is in view."""
    image = viewer.add_image(np.tile(spots, (3, 3)), name="cells", scale=(0.5, 0.5), translate=(7, 9))
    dock.inputs.create_button.click()
    for row, column in ((60, 80), (0, 0)):
        dock.inputs.annotation.data_setitem((np.full(9, row + 30), np.arange(column, column + 9)), 1)
        dock.inputs.annotation.data_setitem((np.full(9, row + 15), np.arange(column + 10, column + 19)), 2)
    look_at(viewer, image, (89.5, 119.5), 60)
    dock.region_box.setChecked(True)
    return dock


def look_at(viewer, image, middle, rows):
    """Show so many rows of an image around a pixel on a canvas of 600 x 800."""
    camera_of(viewer).center = (0, *image.data_to_world(middle))
    camera_of(viewer).zoom = 600 / (rows * 0.5)


def test_what_is_outside_is_not_given_to_the_run(zoomed, trainer):
    zoomed.run()
    (plane,) = trainer.runs[0].task.planes
    assert np.array_equal(plane.image, zoomed.inputs.image.data[PART])
    assert np.array_equal(plane.annotation.marks, zoomed.inputs.annotation.data[PART])
    assert zoomed.run_view.note.text() == "Only 60 x 80 of 180 x 240 pixels are looked at."


def test_what_it_proposes_lies_in_its_place(zoomed, trainer, spots, qtbot):
    zoomed.run()
    trainer.runs[0].waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
    qtbot.waitUntil(lambda: proposal_of(zoomed).data.any())
    found = proposal_of(zoomed).data
    assert np.array_equal(found[PART] > 0, proposal_above(spots, 0.4).labels > 0)
    assert np.unique(found).size == 5, "none beside the part"
    zoomed.accepts.accept_above()
    assert np.array_equal(layers.find(zoomed._viewer, "corrected", zoomed.inputs.image).data, found)


def test_new_strokes_are_sent_without_those_outside(zoomed, trainer, viewer):
    zoomed.run()
    look_at(viewer, zoomed.inputs.image, (0, 0), 60)  # the run goes on with the part where it began
    zoomed.inputs.annotation.data_setitem((np.full(9, 100), np.arange(90, 99)), 1)
    zoomed.taking_up.look_now()
    (plane,) = trainer.runs[0].sent[-1].planes
    assert np.array_equal(plane.annotation.marks, zoomed.inputs.annotation.data[PART])


def test_strokes_outside_are_not_sent_and_no_answer_is_waited_for(zoomed, trainer, monkeypatch):
    zoomed.run()
    monkeypatch.setattr(zoomed._next_step, "await_answer", lambda: pytest.fail("none will come"))
    zoomed.inputs.annotation.data_setitem((np.full(9, 10), np.arange(90, 99)), 1)
    zoomed.taking_up.look_now()
    assert trainer.runs[0].sent == []


def test_a_model_is_applied_to_the_part_although_nothing_is_drawn_there(zoomed, trainer, viewer, spots, qtbot):
    look_at(viewer, zoomed.inputs.image, (149.5, 199.5), 60)
    zoomed.apply(TrainedModel("scribble2label", {}, {}, b"weights"), "mine")
    (plane,) = trainer.runs[0].task.planes
    corner = np.s_[120:180, 160:240]
    assert np.array_equal(plane.image, zoomed.inputs.image.data[corner])
    trainer.runs[0].waiting.append(snapshot(1, {0: proposal_above(spots, 0.4)}))
    qtbot.waitUntil(lambda: proposal_of(zoomed).data.any())
    assert proposal_of(zoomed).data[corner].any()
    assert not proposal_of(zoomed).data[:120].any()


def test_a_part_in_which_nothing_is_drawn_is_refused_with_what_is_missing(zoomed, trainer, viewer):
    look_at(viewer, zoomed.inputs.image, (149.5, 199.5), 60)
    zoomed.run()
    assert not trainer.runs
    assert zoomed.message.text().startswith("In the part in view: Paint")


def test_an_image_that_is_out_of_sight_is_said_to_be(zoomed, trainer, viewer):
    look_at(viewer, zoomed.inputs.image, (5000, 5000), 60)
    zoomed.run()
    assert not trainer.runs
    assert zoomed.message.text() == "Nothing of “cells” is in view. Move it there, or uncheck “Only the part in view”."


def test_all_of_it_is_looked_at_unless_one_asks_for_less(zoomed, trainer):
    zoomed.region_box.setChecked(False)
    zoomed.run()
    assert trainer.runs[0].task.planes[0].shape == (180, 240)
    assert zoomed.run_view.note.isHidden()
    assert not zoomed.region_box.isEnabled(), "a run keeps what it started with"
    zoomed.stop()
    assert zoomed.region_box.isEnabled()


def test_the_part_of_an_earlier_run_is_meant_until_one_asks_for_another(zoomed, trainer, viewer):
    look_at(viewer, zoomed.inputs.image, (149.5, 199.5), 60)
    box = zoomed.region_box
    box.go_on_with(np.s_[0:60, 0:80])
    assert box.text() == "Only the same 60 x 80 pixels"
    for part, said in (
        (np.s_[40:60, 0:80], "In that part: Paint"),
        (np.s_[130:181, 0:80], "“cells” is smaller than it was. Uncheck “Only the same 51 x 80 pixels”."),
    ):
        box.go_on_with(part)
        zoomed.run()
        assert not trainer.runs
        assert zoomed.message.text().startswith(said)
    box.setChecked(False)
    box.setChecked(True)
    assert box.text() == "Only the part in view"
    box.go_on_with(np.s_[0:60, 0:80])
    viewer.add_image(np.zeros((80, 80)), name="another")
    zoomed.inputs.images.choose(viewer.layers["another"])
    assert box.text() == "Only the part in view", "it was one of the other image"
    zoomed.inputs.images.choose(viewer.layers["cells"])
    box.go_on_with(np.s_[0:60, 0:80])
    zoomed.run()
    assert np.array_equal(trainer.runs[0].task.planes[0].image, zoomed.inputs.image.data[:60, :80])
    zoomed.stop()
    box.go_on_with(None)
    assert not box.isChecked()


def test_in_a_stack_the_part_is_that_of_all_planes_and_other_images_are_taken_whole(dock, viewer, spots, trainer):
    stack = viewer.add_image(np.stack([np.tile(spots, (3, 3))] * 3), name="stack")
    viewer.add_image(np.stack([spots] * 2), name="other")
    dock.inputs.images.choose(stack)
    dock.inputs.images.others_button.choose([viewer.layers["other"]])
    dock.inputs.create_button.click()
    dock.inputs.annotation.data_setitem((np.full(9, 1), np.full(9, 90), np.arange(80, 89)), 1)
    dock.inputs.annotation.data_setitem((np.full(9, 1), np.full(9, 75), np.arange(90, 99)), 2)
    camera_of(viewer).center, camera_of(viewer).zoom = (0, 89.5, 119.5), 10
    dock.region_box.setChecked(True)
    dock.run()
    assert [plane.shape for plane in trainer.runs[0].task.planes] == [(60, 80)] * 5
    assert np.array_equal(trainer.runs[0].task.planes[1].image, spots)
