"""Finished labels: planes with labels are finished, those without are not, and a part can be outlined."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_labelfix.annotations import FinishedInstances
from napari_labelfix.widgets.annotating.finished import FINISHED_KIND, NEW_OBJECT
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.viewer import layers


def some_labels():
    labels = np.zeros((3, 60, 80), np.int32)
    labels[1, 10:20, 10:20], labels[1, 40:50, 50:60] = 4, 9
    return labels


@pytest.fixture
def viewer(spots):
    model = ViewerModel()
    model.add_image(np.stack([spots] * 3), name="stack", scale=(1, 0.5, 0.5))
    return model


@pytest.fixture
def inputs(qtbot, viewer):
    inputs = InputView(viewer, FINISHED_KIND)
    qtbot.addWidget(inputs)
    return inputs


def known(inputs):
    annotations = [plane.annotation for plane in inputs.task().planes]
    return [None if annotation is None else annotation.known() for annotation in annotations]


def test_it_is_said_step_by_step_what_is_missing(inputs, viewer):
    assert inputs.missing() == FINISHED_KIND.layers[0].absent
    inputs.create_button.click()
    assert inputs.missing().startswith("Label every object of one plane")
    inputs.annotation.data_setitem((np.array([1]), np.array([12]), np.array([12])), 1)
    assert inputs.missing() == ""


def test_a_finished_part_is_called_so(inputs, viewer):
    viewer.add_labels(some_labels())
    inputs.parts[1].create_button.click()
    assert inputs.parts[1].layer.name == "stack finished part"


def test_planes_with_labels_are_finished_and_the_others_have_no_annotation(inputs, viewer):
    given = viewer.add_labels(some_labels())
    assert inputs.annotation is given, "the only labels are chosen unasked"
    first, second, third = (plane.annotation for plane in inputs.task().planes)
    assert first is None and third is None
    assert isinstance(second, FinishedInstances)
    assert second.known().all()
    second.labels[:] = 0
    np.testing.assert_array_equal(given.data, some_labels())


def test_every_new_object_gets_a_number_of_its_own(inputs, viewer):
    inputs.create_button.click()
    layer = inputs.annotation
    assert (layer.mode, layer.selected_label, layer.n_edit_dimensions) == ("paint", 1, 2)
    np.testing.assert_allclose(layer.scale, (1, 0.5, 0.5))
    layer.paint((1, 20, 20), 1)
    inputs.brushes[NEW_OBJECT].click()
    assert layer.selected_label == 2
    layer.paint((0, 40, 40), 2)
    assert layer.data[0, 40, 40] == 2
    assert not layer.data[2].any()
    inputs.draw_with_next_brush()
    assert layer.selected_label == 3


def test_a_part_of_a_plane_can_be_finished(inputs, viewer):
    viewer.add_labels(some_labels(), scale=(1, 0.5, 0.5))
    viewer.dims.set_current_step(0, 1)
    part = inputs.parts[1]
    assert part.missing(inputs.image) == "", "it is not needed"
    part.create_button.click()
    part.layer.add_rectangles(np.array([[1, 5, 5], [1, 5, 25], [1, 25, 25], [1, 25, 5]], float))
    first, second, third = known(inputs)
    assert first is None and third is None
    assert second[10, 10]
    assert not second[45, 55]
    part.layer.data = [np.array([[1, 25, 25], [1, 25, 38], [1, 38, 38], [1, 38, 25]], float)]
    assert inputs.missing().startswith("Label every object of one plane")


def test_accepted_objects_are_right_and_finish_no_plane(inputs, viewer):
    corrected = Labels(some_labels())
    layers.link(corrected, "corrected", viewer.layers[0])
    viewer.layers.append(corrected)
    assert inputs.annotation is None, "never chosen unasked: a model may have made what was accepted in a hurry"
    inputs.annotations.choose(corrected)
    first, second, third = known(inputs)
    assert first is None and third is None
    assert second[10:20, 10:20].all()
    assert second[7, 15]
    assert not second[30, 30]
    assert inputs.missing() == ""
    assert inputs.parts[0].tools.isHidden(), "nothing is drawn on accepted objects"


def test_labels_that_are_upgraded_meanwhile_stay_chosen(inputs, viewer):
    given = viewer.add_labels(some_labels(), name="given")
    assert inputs.annotation is given
    layers.link(given, "imperfect", viewer.layers[0])  # as a run of another dock does
    inputs.refresh()
    assert inputs.annotation is given
    assert inputs.missing() == ""
    assert known(inputs)[1].all()


def test_an_object_more_than_the_numbers_are_is_told(inputs, viewer):
    told = []
    inputs.refused.connect(told.append)
    inputs.parts[0].combo.choose(viewer.add_labels(np.full((3, 60, 80), 255, np.uint8), name="full"))
    inputs.brushes[NEW_OBJECT].click()
    assert told == ["“full” can hold ids up to 255 only. Convert its data type to int32."]
