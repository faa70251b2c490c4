"""A run on several images that are open, each with layers of its own. The trainer is a puppet."""

import dask.array
import numpy as np
import pytest
from fakes import proposal_above, snapshot
from napari.components import ViewerModel

from napari_labelfix.methods.table import METHODS
from napari_labelfix.project.store import Project
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.reviewing.reviewing import Reviewing
from napari_labelfix.widgets.saving import followed_layers
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.layer_states import describe_layer


@pytest.fixture
def viewer(spots):
    """Three images upon each other, the last one taller and a stack of two planes."""
    viewer = ViewerModel()
    viewer.add_image(spots, name="a")
    viewer.add_image(spots[:, :70], name="b")
    viewer.add_image(np.stack([spots.T, spots.T]), name="c")
    return viewer


@pytest.fixture
def open_dock(viewer, trainer, qtbot):
    docks = []

    def open_dock(name="scribble2label"):
        dock = MethodDock(viewer, METHODS[name], trainer)
        qtbot.addWidget(dock)
        dock.inputs.images.choose(viewer.layers["a"])
        docks.append(dock)
        return dock

    yield open_dock
    for dock in docks:
        dock.close_session()


def scribble(dock):
    dock.inputs.create_annotation()
    dock.inputs.annotation.data_setitem((np.full(9, 30), np.arange(9)), 1)
    dock.inputs.annotation.data_setitem((np.full(9, 15), np.arange(10, 19)), 2)


@pytest.fixture
def dock(open_dock, viewer):
    """Scribbles on a, none on b; c is left out."""
    dock = open_dock()
    scribble(dock)
    dock.inputs.images.others_button.choose([viewer.layers["b"]])
    return dock


@pytest.fixture
def run(dock, trainer):
    dock.run_view.run_button.click()
    return trainer.runs[0]


def pick(dock, name):
    """Choose an image in the box as a person does."""
    images = dock.inputs.images
    images.setCurrentIndex(images.findText(name))
    images.activated.emit(images.currentIndex())


def proposal_of(viewer, name, method="scribble2label"):
    return layers.find(viewer, "proposal", viewer.layers[name], method)


def names(layers_):
    return [layer.name for layer in layers_]


class TestChoice:
    def test_no_other_image_goes_along_unasked(self, open_dock):
        dock = open_dock()
        assert names(dock.inputs.images.together) == ["a"]
        assert dock.inputs.images.others_button.text() == "+ more"

    def test_with_one_image_there_is_no_button(self, open_dock, viewer):
        dock = open_dock()
        assert not dock.inputs.images.others_button.isHidden()
        del viewer.layers["c"], viewer.layers["b"]
        assert dock.inputs.images.others_button.isHidden()

    def test_all_are_chosen_at_once_and_none(self, open_dock):
        images = open_dock().inputs.images
        images.others_button._all.click()
        assert names(images.together) == ["a", "b", "c"]
        assert images.others_button.text() == "+ 2 more"
        images.others_button._all.click()
        assert names(images.together) == ["a"]

    def test_among_several_the_one_in_hand_can_be_any(self, dock, viewer):
        images = dock.inputs.images
        images.choose(viewer.layers["b"])
        assert names(images.together) == ["a", "b"]
        images.choose(viewer.layers["c"])
        assert names(images.together) == ["a", "b", "c"], "another one comes along"

    def test_alone_another_image_takes_the_place_of_the_one_before(self, open_dock, viewer):
        images = open_dock().inputs.images
        images.choose(viewer.layers["b"])
        assert names(images.together) == ["b"]

    def test_an_image_that_is_closed_leaves(self, dock, viewer):
        del viewer.layers["b"]
        assert names(dock.inputs.images.together) == ["a"]

    def test_renamed_images_have_their_new_name_in_the_menu(self, dock, viewer):
        viewer.layers["b"].name = "other"
        assert [box.text() for box in dock.inputs.images.others_button._boxes.values()] == ["c", "other"]


class TestLabelsOfEach:
    def test_labels_that_were_chosen_for_an_image_stay_its_own(self, open_dock, viewer):
        dock = open_dock("hovernet_stpp")
        for name in ("a", "b"):
            finished = viewer.add_labels(np.ones(viewer.layers[name].data.shape, np.int32), name=f"{name} masks")
            dock.inputs.images.choose(viewer.layers[name])
            dock.inputs.annotations.choose(finished)
        dock.inputs.images.choose(viewer.layers["c"])
        assert dock.inputs.annotation is None
        dock.inputs.images.others_button._all.click()
        annotations = dock.inputs.read_annotations()
        assert [None if one is None else one.labels.shape for one in annotations] == [(60, 80), (60, 70), None, None]
        dock.inputs.images.choose(viewer.layers["a"])
        assert dock.inputs.annotation.name == "a masks"

    def test_labels_that_could_be_of_several_images_are_taken_for_none_unasked(self, open_dock, viewer, spots):
        viewer.add_image(spots, name="d")
        dock = open_dock("label_upgrade")
        viewer.add_labels(np.ones((60, 80), np.int32), name="poor")
        assert dock.inputs.annotation is None
        del viewer.layers["d"]
        dock.inputs.refresh()
        assert dock.inputs.annotation.name == "poor"

    def test_labels_that_are_called_like_an_image_are_its_own(self, open_dock, viewer, spots):
        viewer.add_image(spots, name="aa")
        for name in ("aa", "a"):
            viewer.add_labels(np.ones((60, 80), np.int32), name=f"{name} masks")
        dock = open_dock("hovernet_stpp")
        assert dock.inputs.annotation.name == "a masks"
        dock.inputs.images.others_button.choose([viewer.layers["aa"]])
        assert [layer.name for layer in dock.inputs.chosen] == ["a masks", "aa masks"]

    def test_labels_that_are_chosen_for_an_image_leave_the_one_that_had_them(self, open_dock, viewer, spots):
        viewer.add_image(spots, name="d")
        masks = viewer.add_labels(np.ones((60, 80), np.int32), name="masks")
        dock = open_dock("hovernet_stpp")
        dock.inputs.annotations.choose(masks)
        dock.inputs.images.choose(viewer.layers["d"])
        dock.inputs.annotations.choose(masks)
        dock.inputs.images.others_button.choose([viewer.layers["a"]])
        assert [annotation is None for annotation in dock.inputs.read_annotations()] == [True, False]

    def test_labels_that_are_put_away_are_not_taken_up_again(self, open_dock, viewer, spots):
        dock = open_dock("label_upgrade")
        poor = [viewer.add_labels(np.ones((60, 80), np.int32), name=name) for name in ("one", "two")]
        dock.inputs.annotations.choose(poor[0])
        dock.inputs.annotations.choose(None)
        dock.inputs.images.choose(viewer.layers["b"])
        dock.inputs.images.choose(viewer.layers["a"])
        assert dock.inputs.annotation is None

    def test_one_image_with_an_annotation_is_enough_whichever_is_in_hand(self, dock, viewer):
        dock.inputs.images.choose(viewer.layers["b"])
        assert dock.inputs.missing() == ""
        dock.inputs.images.others_button.choose([])
        assert dock.inputs.missing() == "Press “Create scribble layer”."


class TestRun:
    def test_it_starts_from_all_of_them(self, run, spots):
        assert [plane.name for plane in run.task.planes] == ["a", "b"]
        assert [plane.annotation is None for plane in run.task.planes] == [False, True]
        np.testing.assert_array_equal(run.task.planes[1].image, spots[:, :70])

    def test_each_image_gets_layers_with_what_is_proposed_for_it(self, dock, run, viewer, spots, qtbot):
        proposals = {0: proposal_above(spots, 0.4), 1: proposal_above(spots[:, :70], 0.6)}
        run.waiting.append(snapshot(1, proposals))
        qtbot.waitUntil(lambda: proposal_of(viewer, "b") is not None and proposal_of(viewer, "b").data.any())
        for name, proposal in zip("ab", proposals.values(), strict=True):
            np.testing.assert_array_equal(proposal_of(viewer, name).data, proposal.labels)
        assert proposal_of(viewer, "c") is None

    def test_planes_of_a_stack_are_counted_through(self, dock, viewer, trainer, spots, qtbot):
        dock.inputs.images.others_button.choose([viewer.layers["b"], viewer.layers["c"]])
        dock.run()
        (run,) = trainer.runs
        assert [plane.name for plane in run.task.planes] == ["a", "b", "c[000]", "c[001]"]
        run.waiting.append(snapshot(1, {3: proposal_above(spots.T, 0.4)}))
        qtbot.waitUntil(lambda: proposal_of(viewer, "c").data.any())
        assert proposal_of(viewer, "c").data[1].any()
        assert not proposal_of(viewer, "c").data[0].any()

    def test_what_is_accepted_is_of_the_image_in_hand(self, dock, run, viewer, spots, qtbot):
        run.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4), 1: proposal_above(spots[:, :70], 0.4)}))
        qtbot.waitUntil(lambda: proposal_of(viewer, "b") is not None and proposal_of(viewer, "b").data.any())
        dock.inputs.images.choose(viewer.layers["b"])
        dock.accept_view.all_button.click()
        corrected = layers.find(viewer, "corrected", viewer.layers["b"])
        assert corrected.data.max() == 4
        assert layers.find(viewer, "corrected", viewer.layers["a"]) is None

    def test_the_first_proposal_of_the_image_in_hand_is_the_next_step_although_another_had_one(
        self, dock, run, spots, qtbot
    ):
        run.waiting.append(snapshot(1, {1: proposal_above(spots[:, :70], 0.4)}))
        qtbot.wait(200)
        assert dock.message.text() == "The first proposal comes in a moment."
        run.waiting.append(snapshot(2, {0: proposal_above(spots, 0.4)}))
        qtbot.waitUntil(lambda: "Paint more strokes" in dock.message.text())

    def test_one_may_go_to_another_of_its_images_and_draw_there_while_it_trains(self, dock, run, viewer, qtbot):
        assert [dock.inputs.images.itemText(row) for row in range(dock.inputs.images.count())] == ["no image", "b", "a"]
        assert not dock.inputs.images.others_button.isEnabled()
        dock.inputs.images.choose(viewer.layers["b"])
        dock.inputs.create_button.click()
        dock.inputs.annotation.data_setitem((np.array([50]), np.array([50])), 2)
        qtbot.waitUntil(lambda: bool(run.sent))
        assert [plane.annotation is None for plane in run.sent[-1].planes] == [False, False]
        assert run.sent[-1].planes[1].annotation.marks[50, 50] == 2

    def test_an_image_that_is_opened_meanwhile_is_offered_when_it_has_ended(self, dock, run, viewer, spots):
        fresh = viewer.add_image(spots, name="fresh")
        assert names(dock.inputs.images.together) == ["a", "b"]
        assert dock.inputs.images.findText("fresh") == -1
        dock.stop()
        dock.inputs.images.choose(fresh)
        assert dock.inputs.image is fresh

    def test_it_ends_when_one_of_its_images_goes(self, dock, run, viewer):
        del viewer.layers["b"]
        assert run.state == "stopped"
        assert dock.message.text().startswith("The run was stopped because its image “b”")

    def test_images_with_other_channels_do_not_go_together(self, dock, viewer, trainer, spots):
        colour = viewer.add_image(np.stack([spots] * 3, axis=-1), rgb=True, name="colour")
        dock.inputs.images.others_button.choose([colour])
        dock.run()
        assert trainer.runs == []
        assert "has 1 channel, but colour 3 channels. All images of a run must have the same" in dock.message.text()

    def test_what_is_shown_of_each_is_saved(self, dock, run, viewer, spots, qtbot, monkeypatch):
        monkeypatch.setattr(followed_layers, "_MODEL_EVERY", 0)
        saver = dock.saving.begin()
        saver.save_now()
        run.waiting.append(snapshot(1, {1: proposal_above(spots[:, :70], 0.4)}))
        qtbot.waitUntil(lambda: proposal_of(viewer, "b") is not None and proposal_of(viewer, "b").data.any())
        saver.save_now()
        path = saver.path
        saver.close()
        with Project.look(path) as project:
            [record] = [record for record in project.layers() if record.name == "b proposal"]
            np.testing.assert_array_equal(project.pixels(record), proposal_of(viewer, "b").data)


class TestView:
    def visible(self, viewer, name):
        return [
            layer.visible
            for layer in viewer.layers
            if layers.image_id_of(layer) == layers.image_id(viewer.layers[name])
        ]

    def test_of_images_upon_each_other_the_one_in_hand_is_seen(self, dock, viewer):
        assert viewer.layers["a"].visible
        assert not viewer.layers["b"].visible
        assert viewer.layers["c"].visible, "it has nothing to do with the run"
        dock.inputs.images.choose(viewer.layers["b"])
        assert not any(self.visible(viewer, "a"))
        assert viewer.layers["b"].visible

    def test_proposals_lie_on_the_image_in_hand_alone(self, dock, run, viewer):
        hidden = self.visible(viewer, "a").count(False)
        assert proposal_of(viewer, "a").visible
        assert not proposal_of(viewer, "b").visible
        dock.inputs.images.choose(viewer.layers["b"])
        assert proposal_of(viewer, "b").visible
        assert not proposal_of(viewer, "a").visible
        dock.inputs.images.choose(viewer.layers["a"])
        assert self.visible(viewer, "a").count(False) == hidden, "what was hidden by itself stays so"

    def test_when_none_goes_along_any_more_all_are_seen_as_before(self, dock, viewer):
        dock.inputs.images.others_button.choose([])
        assert viewer.layers["b"].visible

    def test_what_is_hidden_meanwhile_is_saved_as_seen(self, dock, viewer):
        assert describe_layer(viewer.layers["b"], 0).look["visible"]
        viewer.layers["c"].visible = False
        assert not describe_layer(viewer.layers["c"], 0).look["visible"], "by the person"

    def test_when_the_dock_is_closed_nothing_stays_hidden(self, dock, viewer):
        dock.close_session()
        assert viewer.layers["b"].visible

    def test_one_that_a_person_takes_in_hand_lies_under_no_other(self, open_dock, viewer, spots):
        dock = open_dock()
        assert all(layer.visible for layer in viewer.layers), "nobody has picked one yet"
        viewer.layers["a"].blending = "additive"
        pick(dock, "b")
        assert [layer.visible for layer in viewer.layers] == [True, True, False], "what can be seen through stays"
        assert dock.inputs.covered() == ""
        assert viewer.add_image(spots, name="d").visible, "one that is opened now is seen"
        pick(dock, "c")
        assert [layer.visible for layer in viewer.layers] == [True, False, True, False]
        assert not layers.tag_of(viewer.layers["d"]), "no project keeps what nothing was made for"
        dock.inputs.images.others_button.choose([viewer.layers["b"]])
        assert [layer.visible for layer in viewer.layers] == [True, False, True, False]
        dock.close_session()
        assert all(layer.visible for layer in viewer.layers)

    def test_what_one_draws_on_and_takes_back_in_is_of_the_image_in_hand(self, dock, viewer):
        scribbles = viewer.layers["a scribbles"]
        layers.select(viewer, scribbles)
        pick(dock, "b")
        assert layers.active(viewer) is viewer.layers["b"], "Ctrl+Z would change what nobody sees"
        dock.inputs.create_annotation()
        viewer.layers.selection.active = viewer.layers["b"]
        pick(dock, "a")
        assert layers.active(viewer) is scribbles, "where one was"
        pick(dock, "b")
        layers.select(viewer, viewer.layers["b scribbles"])
        pick(dock, "a")
        viewer.layers.remove("b scribbles")
        pick(dock, "b")
        assert layers.active(viewer) is viewer.layers["b"]
        scribbles_of_c = viewer.add_labels(np.zeros((2, 80, 60), np.int32))
        layers.link(scribbles_of_c, "scribbles", viewer.layers["c"])
        layers.select(viewer, viewer.layers["b"])
        pick(dock, "a")
        pick(dock, "c")
        assert layers.active(viewer) is scribbles_of_c, "as those of the image before"

    def test_what_belongs_to_an_image_that_was_closed_lies_upon_no_other(self, dock, run, viewer):
        layers.show(proposal_of(viewer, "b"))
        del viewer.layers["b"]
        pick(dock, "c")
        assert not viewer.layers["b proposal"].visible
        pick(dock, "a")
        assert not viewer.layers["b proposal"].visible
        layers.show(viewer.layers["b proposal"])
        viewer.add_labels(np.zeros((60, 80), np.int32))
        assert viewer.layers["b proposal"].visible, "a person wants to see it"
        pick(dock, "c")
        dock.close_session()
        assert viewer.layers["b proposal"].visible

    def test_images_beside_each_other_are_all_seen(self, open_dock, viewer):
        viewer.layers["b"].translate = (0, 100)
        dock = open_dock()
        dock.inputs.images.others_button.choose([viewer.layers["b"]])
        assert viewer.layers["b"].visible


class TestReopened:
    """An image that is closed and opened again, while layers that were made for it are still there."""

    def test_its_layers_are_its_own_again_and_lie_upon_it(self, open_dock, viewer, spots, qtbot):
        dock = open_dock()
        scribble(dock)
        scribbles = dock.inputs.annotation
        del viewer.layers["a"]
        again = viewer.add_image(spots, name="a")
        dock.inputs.images.choose(again)
        assert dock.inputs.annotation is scribbles
        qtbot.waitUntil(lambda: viewer.layers.index(again) < viewer.layers.index(scribbles))
        assert viewer.layers.index(again) == viewer.layers.index(scribbles) - 1

    def test_another_image_of_that_name_and_size_is_another(self, open_dock, viewer, spots):
        dock = open_dock()
        scribble(dock)
        del viewer.layers["a"]
        dock.inputs.images.choose(viewer.add_image(spots + 1, name="a"))
        assert dock.inputs.annotation is None

    def test_a_copy_of_an_image_that_is_still_there_gets_nothing(self, open_dock, viewer, spots):
        dock = open_dock()
        scribble(dock)
        dock.inputs.images.choose(viewer.add_image(spots, name="copy"))
        assert dock.inputs.annotation is None


class TestBesidesOtherDocks:
    def proposed(self, dock, run, viewer, spots, qtbot):
        run.waiting.append(snapshot(1, {0: proposal_above(spots, 0.4), 1: proposal_above(spots[:, :70], 0.4)}))
        qtbot.waitUntil(lambda: proposal_of(viewer, "b") is not None and proposal_of(viewer, "b").data.any())

    def test_objects_of_an_image_that_was_never_in_hand_are_known(self, dock, run, viewer, spots, qtbot):
        """Review, the project and later docks read what the layer says of them."""
        self.proposed(dock, run, viewer, spots, qtbot)
        assert len(proposal_of(viewer, "b").features) == 4

    def test_what_a_person_hides_stays_hidden_while_it_trains(self, dock, run, viewer, spots, qtbot):
        viewer.layers["a"].visible = False
        self.proposed(dock, run, viewer, spots, qtbot)
        assert not viewer.layers["a"].visible

    def test_an_image_that_another_dock_takes_in_hand_is_seen_and_stays_so(
        self, dock, run, viewer, spots, qtbot, open_dock
    ):
        other = open_dock("hovernet_stpp")
        other.inputs.images.choose(viewer.layers["b"])
        assert viewer.layers["b"].visible
        other.inputs.create_button.click()
        self.proposed(dock, run, viewer, spots, qtbot)
        assert viewer.layers["b"].visible
        assert other.inputs.annotation.visible
        assert other.inputs.annotation.mode == "paint"

    def test_a_closed_dock_hides_nothing(self, dock, run, viewer):
        dock.close_session()
        viewer.layers.remove(dock.inputs.annotation)
        assert viewer.layers["b"].visible

    def test_labels_are_reviewed_upon_their_own_image(self, dock, run, viewer, spots, qtbot):
        self.proposed(dock, run, viewer, spots, qtbot)
        review = Reviewing(viewer)
        review.review(proposal_of(viewer, "b"))
        review.go_to(int(proposal_of(viewer, "b").features["index"][0]))
        assert viewer.layers["b"].visible
        assert not viewer.layers["a"].visible

    def test_given_labels_of_every_image_make_way(self, open_dock, viewer, trainer, qtbot):
        dock = open_dock("label_upgrade")
        for name in ("a", "b"):
            viewer.add_labels(np.ones(viewer.layers[name].data.shape, np.int32), name=f"{name} masks")
            dock.inputs.images.choose(viewer.layers[name])
            dock.inputs.parts[1].create()
            dock.inputs.draw_with_next_brush()
            dock.inputs.parts[1].layer.add_rectangles(np.array([[2, 2], [2, 20], [20, 20], [20, 2]], float))
        dock.inputs.images.others_button.choose([viewer.layers["a"]])
        dock.run()
        (run,) = trainer.runs
        labels = np.ones((60, 70), np.int32)
        sure = np.ones((60, 70), np.float32)
        run.waiting.append(snapshot(1, {1: Proposal(labels, labels.astype(np.uint8), sure, sure < 0)}))
        qtbot.waitUntil(lambda: not viewer.layers["b masks"].visible)
        dock.inputs.images.choose(viewer.layers["a"])
        assert not viewer.layers["a masks"].visible


class TestChoiceOfAPerson:
    def test_none_stays_none(self, open_dock, viewer):
        dock = open_dock("hovernet_stpp")
        viewer.add_labels(np.ones((60, 80), np.int32), name="a masks")
        assert dock.inputs.annotation is not None
        dock.inputs.annotations.setCurrentIndex(0)
        dock.inputs.annotations.activated.emit(0)
        dock.inputs.refresh()
        assert dock.inputs.annotation is None
        dock.inputs.images.choose(viewer.layers["b"])
        dock.inputs.images.choose(viewer.layers["a"])
        assert dock.inputs.annotation is None

    def test_names_that_only_begin_alike_are_others(self, open_dock, viewer):
        dock = open_dock("hovernet_stpp")
        viewer.add_image(np.ones((60, 80)), name="d")
        viewer.add_labels(np.ones((60, 80), np.int32), name="a1 masks")
        assert dock.inputs.annotation is None

    def test_when_the_image_in_hand_goes_another_of_the_same_run_is_taken(self, dock, viewer):
        del viewer.layers["a"]
        assert names(dock.inputs.images.together) == ["b"]

    def test_a_run_ends_when_one_of_its_images_gets_another_size(self, dock, run, viewer, qtbot):
        viewer.layers["b"].data = viewer.layers["b"].data[:40, :40]
        qtbot.waitUntil(lambda: run.state == "stopped")
        assert dock.message.text() == "The run was stopped because its image “b” has another size now."


def test_a_lazy_image_without_a_file_is_not_known_again(open_dock, viewer):
    dock = open_dock()
    lazy = viewer.add_image(dask.array.zeros((60, 80)), name="lazy")
    dock.inputs.images.choose(lazy)
    scribble(dock)
    viewer.layers.remove(lazy)
    dock.inputs.images.choose(viewer.add_image(dask.array.ones((60, 80)), name="lazy"))
    assert dock.inputs.annotation is None
