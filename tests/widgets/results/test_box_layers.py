"""Found boxes as rectangles whose colour is their role, and how they become a person's own."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import found_boxes
from napari.components import ViewerModel
from napari.layers import Shapes

from napari_labelfix.snapshots import BoxRole
from napari_labelfix.widgets.accepting.acceptor import Accepted, Count
from napari_labelfix.widgets.accepting.boxes import AcceptingBoxes
from napari_labelfix.widgets.annotating.boxes import ACCEPTED, BOXES_KIND, DRAWN, add_boxes, boxes_on, rectangles_of
from napari_labelfix.widgets.annotating.layer_kind import Place
from napari_labelfix.widgets.results.box_layers import BoxLayers
from napari_labelfix.widgets.results.detection_layers import DetectionLayers
from napari_labelfix.widgets.viewer import image_planes, layers
from napari_labelfix.widgets.viewer.looks import BOX_COLORS, BOX_NAMES

FOUR = [[8, 8, 23, 23], [8, 53, 23, 68], [38, 13, 53, 28], [35, 48, 50, 63]]
ROLES = [BoxRole.CONFIRMED, BoxRole.ADDED, BoxRole.ADDED, BoxRole.DROPPED]
SCORES = [0.95, 0.9, 0.4, 0.0]


@pytest.fixture
def results(model):
    results = BoxLayers(model, model.layers[0], "m")
    results.create()
    return results


@pytest.fixture
def shown(results):
    results.write({0: found_boxes(FOUR, SCORES, ROLES)})
    return results


def test_boxes_lie_on_the_image_with_score_role_and_colour(model, results):
    assert not results.has_proposal
    results.write({0: found_boxes(FOUR, SCORES, ROLES)})
    layer = results.layer("found_boxes")
    assert results.has_proposal
    assert not layer.editable
    np.testing.assert_allclose(boxes_on(layer, model.layers[0])[0], FOUR)
    np.testing.assert_allclose(layer.features["score"], SCORES, atol=1e-3)
    assert list(layer.features["role"]) == [BOX_NAMES[role] for role in ROLES]
    assert len({tuple(color) for color in layer.edge_color}) == 3
    assert (layer.face_color[:, 3] == 0).all()


def test_a_refresh_is_in_place(results):
    layer = results.layer("found_boxes")
    for count in (4, 2, 0, 3):
        results.write({0: found_boxes(FOUR[:count], SCORES[:count], ROLES[:count])})
        assert len(layer.data) == len(layer.features) == count
    assert results.layer("found_boxes") is layer


def test_only_the_planes_that_came_are_replaced(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 3))
    results = BoxLayers(model, image, "m")
    results.create()
    results.write({0: found_boxes(FOUR, SCORES, ROLES), 2: found_boxes(FOUR[:1], [0.5], [BoxRole.ADDED])})
    results.write({0: found_boxes(FOUR[:2], SCORES[:2], ROLES[:2])})
    layer = results.layer("found_boxes")
    _, planes = boxes_on(layer, image)
    assert sorted(planes[:, 0]) == [0, 0, 2]
    last = planes[:, 0] == 2
    assert layer.features["score"].to_numpy()[last].item() == 0.5


def test_a_part_of_a_plane_is_shown_only_where_nothing_was_proposed(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 2))
    results = BoxLayers(model, image, "m")
    results.create()
    part = replace(found_boxes(FOUR[:1], [0.5], [BoxRole.ADDED]), partial=True)
    results.write({0: found_boxes(FOUR, SCORES, ROLES)})
    results.write({0: part, 1: part})
    layer = results.layer("found_boxes")
    assert sorted(boxes_on(layer, image)[1][:, 0]) == [0] * 4 + [1]
    results.write({0: replace(part, partial=False)})
    assert len(layer.data) == 2, "all of it was looked at, and no more is there"


@pytest.fixture
def made(monkeypatch):
    """How many boxes napari was asked to make, each time."""
    numbers, add = [], Shapes.add
    monkeypatch.setattr(Shapes, "add", lambda layer, data, **how: numbers.append(len(data)) or add(layer, data, **how))
    return numbers


def looks_of(layer):
    return [np.array(layer.data), layer.edge_color, layer.face_color, layer.edge_width, *map(list, (layer.shape_type,))]


def test_boxes_that_are_as_before_are_not_made_again_and_have_their_new_scores(results, made):
    results.write({0: found_boxes(FOUR, SCORES, ROLES)})
    layer = results.layer("found_boxes")
    before, table = looks_of(layer), layer.features
    results.write({0: found_boxes(FOUR, [0.5, 0.6, 0.7, 0.8], ROLES)})
    assert made == [4]
    for one, other in zip(before, looks_of(layer), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(layer.features["score"], [0.5, 0.6, 0.7, 0.8], atol=1e-3)
    assert list(layer.features["role"]) == [BOX_NAMES[role] for role in ROLES]
    assert layer.features is not table, "whoever counts sees by the table that something new was proposed"
    assert not layer.editable
    assert not layer.selected_data


@pytest.mark.parametrize("change", ["role", "corner", "order", "fewer"])
def test_boxes_of_which_one_is_different_are_as_if_they_were_the_first(model, results, change):
    results.write({0: found_boxes(FOUR, SCORES, ROLES)})
    corners, roles = [list(box) for box in FOUR], list(ROLES)
    if change == "role":
        roles[1] = BoxRole.CONFIRMED
    elif change == "corner":
        corners[2][3] += 0.25
    elif change == "order":
        corners.reverse()
    else:
        corners, roles = corners[1:], roles[1:]
    results.write({0: found_boxes(corners, SCORES[: len(corners)], roles)})
    afresh = BoxLayers(model, model.layers[0], "another")
    afresh.create()
    afresh.write({0: found_boxes(corners, SCORES[: len(corners)], roles)})
    layer, expected = results.layer("found_boxes"), afresh.layer("found_boxes")
    for one, other in zip(looks_of(layer), looks_of(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    assert layer.features.equals(expected.features)


def test_of_a_stack_only_planes_with_other_boxes_are_made_again(spots, made):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 3))
    results = BoxLayers(model, image, "m")
    results.create()
    same = found_boxes(FOUR, SCORES, ROLES)
    results.write(dict.fromkeys(range(3), same))
    results.write({0: same, 1: found_boxes(FOUR[:1], [0.3], [BoxRole.ADDED]), 2: same})
    assert made == [12, 1]
    layer = results.layer("found_boxes")
    _, planes = boxes_on(layer, image)
    assert np.bincount(planes[:, 0]).tolist() == [4, 1, 4]
    assert layer.features["score"].to_numpy()[planes[:, 0] == 1].tolist() == pytest.approx([0.3])
    results.write({1: found_boxes([], [], [])})
    assert len(layer.data) == len(layer.features) == 8


def test_masks_and_training_images_get_layers_once_some_come(model, results):
    results.write({0: found_boxes(FOUR, SCORES, ROLES)})
    assert results.layer("proposal") is None
    assert results.layer("training_image") is None
    results.write({0: found_boxes(FOUR, SCORES, ROLES, masks=True, shown=True)})
    assert set(np.unique(results.layer("proposal").data)) == {0, 1, 2, 3, 4}
    np.testing.assert_allclose(results.objects()[0].confidence, SCORES, atol=1e-6)
    training = results.layer("training_image")
    assert (training.data == 77).all()
    assert not training.visible
    names = [layers.role_of(layer) for layer in model.layers]
    assert names == ["image", "training_image", "proposal", "found_boxes"]


def test_a_training_image_of_a_colour_image_is_in_colour(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 3, axis=-1), rgb=True)
    results = BoxLayers(model, image, "m")
    results.create()
    one = found_boxes(FOUR, SCORES, ROLES)
    results.write({0: type(one)(one.corners, one.scores, one.roles, None, np.full((60, 80, 3), 9, np.uint8))})
    layer = results.layer("training_image")
    assert layer.rgb
    assert (layer.data == 9).all()


def test_a_training_image_has_no_alpha_channel(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 4, axis=-1), rgb=True)
    assert image_planes.read_plane(image, ()).shape == (60, 80, 3)
    results = BoxLayers(model, image, "m")
    results.create()
    one = found_boxes(FOUR, SCORES, ROLES)
    results.write({0: type(one)(one.corners, one.scores, one.roles, None, np.full((60, 80, 3), 9, np.uint8))})
    assert results.layer("training_image").data.shape == (60, 80, 3)


@pytest.mark.parametrize("kind", [BoxLayers, DetectionLayers])
def test_what_is_found_cannot_be_edited_whatever_napari_shows(make_napari_viewer, spots, kind):
    viewer = make_napari_viewer()
    results = kind(viewer, viewer.add_image(spots), "m")
    results.create()
    layer = results.layer(results.main)
    assert not layer.editable
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    assert not layer.editable
    layer.events.editable.disconnect()
    layer.editable = True  # as it comes out of a project
    kind(viewer, results.image, "m")
    assert not layer.editable


def test_the_legend_counts_the_roles(shown):
    legend = {entry.meaning: (entry.color, entry.number) for entry in shown.legend()}
    assert legend == {BOX_NAMES[role]: (BOX_COLORS[role], ROLES.count(role)) for role in BoxRole}


class TestAccepting:
    @pytest.fixture
    def mine(self, model):
        """The person's boxes: one, imprecise, which was found again."""
        mine = BOXES_KIND.layers[0].create(Place(model.layers[0], ()))
        add_boxes(mine, rectangles_of(np.array([[9.0, 7, 24, 21]]), ()), DRAWN)
        model.layers.append(mine)
        return mine

    @pytest.fixture
    def accepting(self, shown, mine):
        return AcceptingBoxes(shown, mine)

    @pytest.mark.parametrize(("threshold", "new"), [(0.0, 2), (0.5, 1), (0.93, 0)])
    def test_those_above_a_score_that_are_not_there_yet_are_added(self, accepting, mine, threshold, new):
        assert accepting.count(threshold) == Count(new, 1)
        assert accepting.accept_above(threshold) == Accepted(new, 1)
        assert list(mine.features["source"]) == [DRAWN] + [ACCEPTED] * new
        assert accepting.count(threshold) == Count(0, 1 + new)

    @pytest.mark.parametrize(
        ("pixel", "accepted"),
        [((45, 20), Accepted(1, 0)), ((15, 15), Accepted(0, 1)), ((30, 40), None)],
        ids=["new", "there already", "nothing there"],
    )
    def test_one_is_accepted(self, accepting, mine, pixel, accepted):
        assert accepting.accept_at(mine.data_to_world(pixel)) == accepted
        assert len(mine.data) == 1 + (accepted is not None and accepted.count)

    def test_accepts_are_taken_back_one_after_the_other(self, accepting, mine):
        accepting.accept_above(0.5)
        accepting.accept_above(0.0)
        assert len(mine.data) == 3
        assert accepting.take_back() == 1
        assert accepting.take_back() == 1
        assert list(mine.features["source"]) == [DRAWN]
        assert not accepting.can_take_back
        assert accepting.take_back() == 0

    def test_a_layer_is_made_where_there_is_none(self, shown, model):
        accepting = AcceptingBoxes(shown, None)
        assert accepting.has_objects
        assert accepting.count(0.5) == Count(2, 0)
        assert accepting.accept_above(0.5) == Accepted(2, 0)
        assert layers.role_of(model.layers[-1]) == "boxes"
        np.testing.assert_allclose(boxes_on(accepting.target, model.layers[0])[0], FOUR[:2])

    def test_the_smaller_of_two_boxes_is_meant(self, results, mine):
        inner = [[12, 12, 18, 18]]
        results.write({0: found_boxes([[0, 0, 40, 40], *inner], [0.9, 0.8], [BoxRole.ADDED] * 2)})
        AcceptingBoxes(results, mine).accept_at(mine.data_to_world((15, 15)))
        np.testing.assert_allclose(boxes_on(mine, results.image)[0][1], inner[0])
