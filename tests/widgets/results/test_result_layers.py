"""Result layers: made once, filled in place, never editable, and known again by their tag."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import proposal_above
from napari.components import ViewerModel
from napari.layers import Image

from napari_labelfix.io.palette import OUTLINES
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.viewer import layers

ROLES = ("proposal", "confidence", "ignored")


@pytest.fixture
def results(model):
    results = ProposalLayers(model, model.layers[0], "m")
    results.create()
    return results


def test_three_layers_lie_on_the_image(model, results):
    image = model.layers[0]
    assert len(model.layers) == 4
    for role in ROLES:
        layer = results.layer(role)
        assert layers.role_of(layer) == role
        np.testing.assert_allclose(layer.data_to_world((7, 8)), image.data_to_world((7, 8)))
        assert layer.units == image.units
    assert results.layer("proposal").visible
    assert not results.layer("confidence").visible
    assert not results.layer("ignored").visible
    assert tuple(results.layer("confidence").contrast_limits) == (0, 1)


def test_a_model_writes_in_place_into_layers_that_nobody_can_edit(results, spots):
    before = {role: results.layer(role).data for role in ROLES}
    proposal = proposal_above(spots, 0.4)
    results.write({0: proposal})
    for role in ROLES:
        layer = results.layer(role)
        assert layer.data is before[role]
        assert not layer.editable
    np.testing.assert_array_equal(results.layer("proposal").data, proposal.labels)
    np.testing.assert_array_equal(results.layer("confidence").data, proposal.confidence)
    np.testing.assert_array_equal(results.layer("ignored").data, proposal.ignored)


def test_the_view_shows_what_was_written(results, spots):
    redrawn = []
    proposal = results.layer("proposal")
    proposal.events.set_data.connect(lambda _event: redrawn.append(np.array(proposal._slice.image.raw)))
    results.write({0: proposal_above(spots, 0.4)})
    assert (redrawn[-1] > 0).any()


def test_making_them_again_keeps_those_that_are_there_and_what_they_show(model, results, spots):
    results.write({0: proposal_above(spots, 0.4)})
    kept = {role: results.layer(role) for role in ROLES}
    model.layers.remove(kept["ignored"])
    results.create()
    assert results.layer("proposal") is kept["proposal"]
    assert results.layer("proposal").data.any()
    assert results.layer("ignored") is not None
    assert len(model.layers) == 4


def test_a_deleted_layer_stays_away_until_the_next_run(model, results, spots):
    model.layers.remove(results.layer("proposal"))
    results.write({0: proposal_above(spots, 0.4)})
    assert results.layer("proposal") is None
    assert not results.has_proposal
    assert results.layer("confidence").data.any()


def test_what_was_in_a_deleted_layer_is_not_offered_when_the_next_run_makes_another(model, results, spots):
    results.write({0: proposal_above(spots, 0.4)})
    assert results.objects()[0].ids.size == 4
    model.layers.remove(results.layer("proposal"))
    results.write({0: proposal_above(spots, 0.4)})  # the run goes on
    results.create()
    assert not results.has_proposal
    assert results.objects() == {}
    results.write({0: proposal_above(spots, 0.4)})
    assert results.has_proposal
    assert results.objects()[0].ids.size == 4


def test_another_methods_layers_are_its_own(model, results):
    other = ProposalLayers(model, model.layers[0], "another method")
    assert other.layer("proposal") is None
    other.create()
    assert other.layer("proposal") is not results.layer("proposal")


def test_layers_of_a_second_method_say_whose_they_are(model, results):
    ProposalLayers(model, model.layers[0], "sissi").create()
    names = {layer.name for layer in model.layers}
    assert names >= {"cells proposal", "cells confidence", "cells SISSI proposal", "cells SISSI confidence"}


def test_objects_become_features_for_the_pointer_to_read(results):
    labels = np.zeros((60, 80), np.int32)
    labels[0:2, 0:2], labels[5:6, 5:9] = 3, 8
    confidence = np.where(labels == 3, 0.9, 0.6).astype(np.float32)
    assert not results.has_proposal
    results.write({0: Proposal(labels, (labels > 0).astype(np.uint8), confidence, labels > 9)})
    assert results.has_proposal
    objects = results.objects()[0]
    np.testing.assert_array_equal(objects.ids, [3, 8])
    features = results.layer("proposal").features
    assert list(features["index"]) == [3, 8]
    assert list(features["class"]) == [1, 1]
    assert list(features["confidence"]) == [0.9, 0.6]


def test_a_dock_opened_later_knows_the_objects_from_the_features(model, results, spots):
    results.write({0: proposal_above(spots, 0.4, confidence=0.75)})
    before = results.objects()[0]
    again = ProposalLayers(model, model.layers[0], "m")
    assert again.has_proposal
    np.testing.assert_array_equal(again.objects()[0].ids, before.ids)
    np.testing.assert_allclose(again.objects()[0].confidence, before.confidence, atol=1e-3)


def test_a_dock_opened_later_knows_objects_whose_ids_a_person_gave_however_high(model, results):
    labels = np.zeros((60, 80), np.int32)
    labels[0:2, 0:2], labels[5:6, 5:9] = 3, 2**30
    results.write({0: Proposal(labels, (labels > 0).astype(np.uint8), np.ones(labels.shape, np.float32), labels < 0)})
    assert results.objects()[0].ids.tolist() == [3, 2**30]
    again = ProposalLayers(model, model.layers[0], "m").objects()
    assert {plane: objects.ids.tolist() for plane, objects in again.items()} == {0: [3, 2**30]}


def test_objects_of_a_stack_have_ids_of_their_own_and_only_the_changed_plane_is_written(spots):
    model = ViewerModel()
    image = model.add_image(np.stack([spots] * 3), name="stack")
    results = ProposalLayers(model, image, "m")
    results.create()
    results.write({0: proposal_above(spots, 0.4), 2: proposal_above(spots, 0.4)})
    data = results.layer("proposal").data
    assert data.shape == (3, 60, 80)
    assert set(np.unique(data[0])) == {0, 1, 2, 3, 4}
    assert not data[1].any()
    assert set(np.unique(data[2])) == {0, 2000001, 2000002, 2000003, 2000004}
    first = data[0].copy()
    results.write({2: proposal_above(spots, 9)})
    np.testing.assert_array_equal(data[0], first)
    assert not data[2].any()
    assert sorted(results.objects()) == [0, 2]
    assert results.objects()[2].ids.size == 0


def test_ids_of_a_very_long_stack_still_fit():
    image = Image(np.zeros((5000, 2, 2), np.uint8))
    model = ViewerModel()
    model.layers.append(image)
    results = ProposalLayers(model, image, "m")
    results.create()
    one = np.ones((2, 2), np.int32)
    results.write({4999: Proposal(one, one.astype(np.uint8), one.astype(np.float32), one > 1)})
    assert results.layer("proposal").data[4999].min() == 4999 * ((2**31 - 1) // 5000) + 1


def test_an_image_of_another_size_gets_layers_of_its_own(model, results):
    image = model.layers[0]
    image.data = np.zeros((30, 30), np.float32)
    again = ProposalLayers(model, image, "m")
    assert again.layer("proposal") is None
    again.create()
    assert again.layer("proposal").data.shape == (30, 30)


def test_every_outline_is_bright_and_selecting_one_shows_it_alone(results):
    layer = results.layer("proposal")
    colors = layer.colormap.map(np.arange(1, 2 * len(OUTLINES) + 1))
    np.testing.assert_allclose(colors[:, :3], np.array(OUTLINES * 2) / 255, atol=1e-6)
    assert (colors[:, :3] @ (0.2126, 0.7152, 0.0722) > 0.5).all(), "napari's own colours go down to 0.1"
    assert layer.colormap.map(0)[3] == 0
    layer.selected_label, layer.show_selected_label = 2, True
    shown = layer.colormap.map(np.array([1, 2, 2 + len(OUTLINES)]))
    np.testing.assert_array_equal(shown[:, 3], [0, 1, 0])


def test_a_plane_that_is_looked_at_bit_by_bit_takes_nothing_away_that_an_earlier_run_has_proposed(results, spots):
    whole = proposal_above(spots, 0.4)
    bit = replace(whole, labels=np.where(np.arange(spots.shape[1]) < 30, whole.labels, 0), partial=True)
    shown = results.layer("proposal")

    def is_shown(proposal):
        return np.array_equal(shown.data > 0, proposal.labels > 0)

    results.write({0: bit})
    assert is_shown(bit), "there was nothing yet"
    more = replace(whole, partial=True)
    results.write({0: more})
    assert is_shown(more), "in the same run it grows"
    results.create()
    results.write({0: bit})
    assert is_shown(more)
    results.write({0: replace(bit, partial=False)})
    assert is_shown(bit), "all of it was looked at, and no more is there"
