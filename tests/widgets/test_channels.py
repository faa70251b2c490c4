"""Channels that are open as layers of their own, as napari opens them, are seen together as one image."""

import numpy as np
import pytest
from fakes import found_boxes
from napari.components import ViewerModel

from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.parts.message import Message
from napari_labelfix.widgets.results.box_layers import BoxLayers
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.saving.opening import open_project
from napari_labelfix.widgets.viewer import layers


@pytest.fixture
def viewer(spots):
    """Two channels, one half as bright; an image of another size, one that lies elsewhere, and one in colour."""
    viewer = ViewerModel()
    viewer.add_image(spots, name="nuclei", scale=(0.5, 0.5))
    viewer.add_image((100 * spots).astype(np.int16), name="membrane", scale=(0.5, 0.5), blending="additive")
    viewer.add_image(spots[:, :70], name="smaller", scale=(0.5, 0.5))
    viewer.add_image(spots, name="elsewhere", scale=(0.5, 0.5), translate=(10, 0))
    viewer.add_image(np.dstack([spots] * 3), name="colour", rgb=True, scale=(0.5, 0.5))
    return viewer


@pytest.fixture
def dock(viewer, trainer, qtbot):
    dock = MethodDock(viewer, METHODS["scribble2label"], trainer)
    qtbot.addWidget(dock)
    dock.inputs.images.choose(viewer.layers["nuclei"])
    dock.inputs.create_annotation()
    dock.inputs.annotation.data_setitem((np.full(9, 30), np.arange(9)), 1)
    dock.inputs.annotation.data_setitem((np.full(9, 15), np.arange(10, 19)), 2)
    yield dock
    dock.close_session()


@pytest.fixture
def chosen(dock, viewer):
    dock.inputs.images.others_button.choose_channels([viewer.layers["membrane"]])
    return dock


def test_only_what_lies_on_the_image_pixel_by_pixel_can_be_a_channel(dock):
    assert [layer.name for layer in dock.inputs.images.others_button._channel_boxes] == ["membrane"]
    assert dock.inputs.images.others_button.text() == "+ more"


def test_chosen_channels_are_in_the_run_as_one_image(chosen, viewer, trainer):
    assert chosen.inputs.images.others_button.text() == "+ 1 channel"
    chosen.run()
    (plane,) = trainer.runs[0].task.planes
    assert plane.name == "nuclei"
    assert plane.image.shape == (60, 80, 2)
    for channel, name in enumerate(("nuclei", "membrane")):
        np.testing.assert_array_equal(plane.image[..., channel], viewer.layers[name].data)
    assert chosen.inputs.images.together == [viewer.layers["nuclei"]]


def test_an_image_is_a_channel_or_one_more_and_not_both(chosen, viewer):
    images = chosen.inputs.images
    images.others_button.choose([viewer.layers["smaller"]])
    assert images.channels_of(images.layer) == [viewer.layers["nuclei"]]
    assert images.others_button.text() == "+ 1 more"
    images.others_button.choose_channels([viewer.layers["membrane"]])
    assert images.together == [viewer.layers["nuclei"]]
    assert images.others_button.text() == "+ 1 channel"


def test_each_image_has_channels_of_its_own_and_keeps_them(chosen, viewer):
    images = chosen.inputs.images
    images.choose(viewer.layers["colour"])
    assert images.others_button.text() == "+ more"
    images.choose(viewer.layers["nuclei"])
    assert images.others_button.text() == "+ 1 channel"
    assert images.channels_of(images.layer) == [viewer.layers["nuclei"], viewer.layers["membrane"]]


@pytest.mark.parametrize("how", ["moved", "of another size"])
def test_what_does_not_lie_on_the_image_any_more_is_a_channel_no_longer(chosen, viewer, spots, how, trainer):
    if how == "moved":
        viewer.layers["membrane"].translate = (5, 5)
    else:
        viewer.layers["membrane"].data = spots[:40]
    chosen.run()
    (plane,) = trainer.runs[0].task.planes
    assert plane.image.shape == (60, 80)
    assert chosen.inputs.images.others_button.text() == "+ more"


def test_channels_keep_the_order_in_which_they_were_chosen(chosen, viewer, spots):
    viewer.add_image(3 * spots, name="third", scale=(0.5, 0.5), blending="additive")
    images = chosen.inputs.images
    images.others_button.choose_channels([viewer.layers["third"], viewer.layers["membrane"]])
    viewer.layers.move(0, 3)
    assert [layer.name for layer in images.channels_of(images.layer)] == ["nuclei", "membrane", "third"]


def test_a_channel_that_is_closed_is_one_no_longer(chosen, viewer):
    viewer.layers.remove("membrane")
    assert chosen.inputs.images.others_button.text() == "+ more"
    assert chosen.inputs.plane_in_view()[0].channels == 1


def test_a_channel_that_lies_on_the_image_does_not_hide_it(chosen, viewer):
    for name in ("smaller", "elsewhere", "colour"):
        viewer.layers.remove(name)
    viewer.layers["membrane"].blending = "translucent"
    assert chosen.inputs.covered() == ""
    chosen.inputs.images.others_button.choose_channels([])
    assert chosen.inputs.covered() == "“membrane” lies on “nuclei” and hides it: click on its eye in the layer list."


class TestChannelsLeftOut:
    @pytest.fixture
    def viewer(self, spots):
        """Three channels, as napari opens them."""
        viewer = ViewerModel()
        viewer.add_image(np.stack([spots, spots / 2, spots / 3]), channel_axis=0, name=["dapi", "gfp", "rfp"])
        return viewer

    @pytest.fixture
    def inputs(self, viewer, trainer, qtbot):
        dock = MethodDock(viewer, METHODS["scribble2label"], trainer)
        qtbot.addWidget(dock)
        dock.inputs.images.choose(viewer.layers["dapi"])
        yield dock.inputs
        dock.close_session()

    def test_they_are_told(self, inputs):
        assert inputs.images.others_button.text() == "+ more"
        assert inputs.doubt() == "“gfp” and “rfp” look like further channels of “dapi”. “+ more” adds them."

    def test_of_many_some_are_named(self, inputs, viewer, spots):
        viewer.add_image(spots, name="cy5", blending="additive")
        assert inputs.doubt().startswith("“gfp”, “rfp” and “cy5” look like further channels of “dapi”.")
        viewer.add_image(spots, name="cy7", blending="additive")
        assert inputs.doubt().startswith("“gfp”, “rfp” and 2 others look like further channels of “dapi”.")

    def test_also_where_the_one_in_hand_is_blended_and_another_is_the_lowest(self, inputs, viewer):
        inputs.images.choose(viewer.layers["rfp"])
        assert inputs.doubt() == "“dapi” and “gfp” look like further channels of “rfp”. “+ more” adds them."

    def test_those_that_are_chosen_are_told_no_more(self, inputs, viewer):
        inputs.images.others_button.choose_channels([viewer.layers["gfp"]])
        assert inputs.doubt() == "“rfp” looks like a further channel of “dapi”. “+ 1 channel” adds it."
        inputs.images.others_button.choose_channels([viewer.layers["gfp"], viewer.layers["rfp"]])
        assert inputs.doubt() == ""

    def test_images_of_the_run_are_no_channels(self, inputs, viewer):
        inputs.images.others_button.choose([viewer.layers["gfp"], viewer.layers["rfp"]])
        assert inputs.doubt() == ""

    @pytest.mark.parametrize(
        "difference", [{"visible": False}, {"blending": "minimum"}, {"translate": (5, 0)}, {"scale": (2, 2)}]
    )
    def test_what_is_not_seen_mixed_with_the_image_is_none(self, inputs, viewer, difference):
        for name in ("gfp", "rfp"):
            for part, value in difference.items():
                setattr(viewer.layers[name], part, value)
        assert inputs.doubt() == ""

    def test_the_dock_tells_it_once_a_run_can_start(self, inputs, viewer, qtbot):
        inputs.create_annotation()
        inputs.annotation.data_setitem((np.full(9, 30), np.arange(9)), 1)
        inputs.annotation.data_setitem((np.full(9, 15), np.arange(10, 19)), 2)
        inputs.annotation.events.paint(value=[])
        message = inputs.parent().window().findChild(Message)
        qtbot.waitUntil(lambda: message.text().startswith("“gfp” and “rfp” look like"))
        assert "Press Run" in message.text()
        viewer.layers["gfp"].visible = viewer.layers["rfp"].visible = False
        qtbot.waitUntil(lambda: message.text().startswith("Press Run"))

    def test_the_menu_offers_channels_before_other_images(self, inputs):
        rows = [row.defaultWidget().text() for row in inputs.images.others_button.menu().actions()]
        assert rows == [
            "<i>Further channels of this image:</i>",
            "rfp",
            "gfp",
            "<i>Learn from and label, too:</i>",
            "All",
            "rfp",
            "gfp",
        ]


def test_the_planes_of_stacks_are_joined_one_by_one(spots, trainer, qtbot):
    viewer = ViewerModel()
    first, second = (
        viewer.add_image(np.stack([spots, part * spots]), name=name) for name, part in (("a", 2), ("b", 3))
    )
    dock = MethodDock(viewer, METHODS["sissi"], trainer)
    qtbot.addWidget(dock)
    dock.inputs.images.choose(first)
    dock.inputs.images.others_button.choose_channels([second])
    planes = dock.inputs.task().planes
    assert [plane.image.shape for plane in planes] == [(60, 80, 2)] * 2
    np.testing.assert_array_equal(planes[1].image[..., 1], second.data[1])
    dock.close_session()


def test_what_is_learned_from_in_the_place_of_several_channels_is_shown_as_their_mean(viewer):
    results = BoxLayers(viewer, viewer.layers["nuclei"], "sissi")
    results.create()
    found = found_boxes([(1, 1, 9, 9)], [0.9], [0], shown=True)
    two = np.dstack([found.training_image, found.training_image + 10])
    results.write({0: type(found)(**{**vars(found), "training_image": two})})
    shown = layers.find(viewer, "training_image", viewer.layers["nuclei"], "sissi")
    np.testing.assert_array_equal(shown.data, np.full((60, 80), 82))


def test_channels_are_those_of_the_image_in_every_dock(chosen, viewer, trainer, qtbot):
    other = MethodDock(viewer, METHODS["sissi"], trainer)
    qtbot.addWidget(other)
    other.inputs.images.choose(viewer.layers["nuclei"])
    assert other.inputs.images.others_button.text() == "+ 1 channel"
    other.close_session()


def test_a_run_keeps_the_channels_that_it_began_with(chosen, viewer, trainer):
    chosen.run()
    viewer.layers["membrane"].translate = (5, 5)
    viewer.layers["nuclei"].name = "other"  # whatever happens to the list of layers
    assert chosen.inputs.plane_in_view()[0].image.shape == (60, 80, 2)


def dock_of_saved(viewer, path, trainer, qtbot):
    """Save what is in a viewer, open it in another one, and return a dock there with its viewer."""
    saver = autosaver_of(viewer)
    saver.save_as(path)
    saver.close()
    again = ViewerModel()
    open_project(again, path)
    dock = MethodDock(again, METHODS["scribble2label"], trainer)
    qtbot.addWidget(dock)
    dock.inputs.images.choose(again.layers["nuclei"])
    return dock, again


def test_channels_come_back_with_the_project(chosen, viewer, tmp_path, trainer, qtbot):
    viewer.add_image(np.zeros((60, 80)), name="third", scale=(0.5, 0.5), blending="additive")
    images = chosen.inputs.images
    images.others_button.choose_channels([viewer.layers["third"]])
    images.others_button.choose_channels([viewer.layers["third"], viewer.layers["membrane"]])
    dock, again = dock_of_saved(viewer, tmp_path / "mine.labelfix", trainer, qtbot)
    shown = dock.inputs.images.channels_of(again.layers["nuclei"])
    assert [layer.name for layer in shown] == ["nuclei", "third", "membrane"]
    dock.close_session()
    autosaver_of(again).close()


def test_docks_that_are_open_follow_what_another_one_chooses(dock, viewer, trainer, qtbot):
    other, told = MethodDock(viewer, METHODS["sissi"], trainer), []
    qtbot.addWidget(other)
    other.inputs.images.choose(viewer.layers["nuclei"])
    other.inputs.images.othersChanged.connect(lambda: told.append(1))
    dock.inputs.images.others_button.choose_channels([viewer.layers["membrane"]])
    assert other.inputs.images.others_button.text() == "+ 1 channel"
    assert told
    other.inputs.images.others_button.choose([viewer.layers["smaller"]])
    assert dock.inputs.images.others_button.text() == "+ more"
    other.close_session()


def reopened(viewer, name):
    """Close an image and open it again, as its file says that it lies."""
    image = viewer.layers[name]
    viewer.layers.remove(image)
    return viewer.add_image(image.data, name=name, blending="additive")


def test_a_channel_that_is_closed_and_opened_again_is_one_again(chosen, viewer):
    autosaver_of(viewer)
    again = reopened(viewer, "membrane")
    assert chosen.inputs.images.others_button.text() == "+ 1 channel"
    assert chosen.inputs.images.channels_of(viewer.layers["nuclei"]) == [viewer.layers["nuclei"], again]
    autosaver_of(viewer).close()


def test_an_image_that_is_opened_again_has_its_channels_though_nothing_else_is_of_it(viewer, dock):
    saver = autosaver_of(viewer)
    images = dock.inputs.images
    viewer.add_image(np.zeros((60, 80)), name="third", scale=(0.5, 0.5), blending="additive")
    images.choose(viewer.layers["membrane"])
    images.others_button.choose_channels([viewer.layers["third"], viewer.layers["nuclei"]])
    again = reopened(viewer, "membrane")
    images.choose(again)
    assert [layer.name for layer in images.channels_of(again)] == ["membrane", "third", "nuclei"]
    saver.close()


def test_channels_that_come_back_with_a_project_are_known_again_too(chosen, viewer, tmp_path, trainer, qtbot):
    dock, again = dock_of_saved(viewer, tmp_path / "mine.labelfix", trainer, qtbot)
    reopened(again, "membrane")
    assert dock.inputs.images.others_button.text() == "+ 1 channel"
    assert autosaver_of(again).save_now()
    dock.close_session()
    autosaver_of(again).close()


def test_what_was_taken_from_the_channels_is_none_when_it_is_opened_again(chosen, viewer):
    autosaver_of(viewer)
    chosen.inputs.images.others_button.choose_channels([])
    reopened(viewer, "membrane")
    assert chosen.inputs.images.others_button.text() == "+ more"
    autosaver_of(viewer).close()


def test_two_images_alike_do_not_become_one(chosen, viewer):
    autosaver_of(viewer)
    again = reopened(viewer, "membrane")
    other = viewer.add_image(again.data, name="membrane", scale=(0.5, 0.5))
    assert layers.image_id_of(other) != layers.image_id_of(again)
    autosaver_of(viewer).close()


def test_channels_lie_on_their_image_wherever_it_is_moved(chosen, viewer):
    autosaver_of(viewer)
    viewer.layers["nuclei"].scale = (0.2, 0.2)
    assert viewer.layers["membrane"].scale.tolist() == [0.2, 0.2]
    assert chosen.inputs.plane_in_view()[0].channels == 2
    viewer.layers["membrane"].scale = (9, 9)
    assert viewer.layers["nuclei"].scale.tolist() == [0.2, 0.2]
    autosaver_of(viewer).close()
