"""Any mixture of strokes, edits, accepts and decisions is undone to its start and redone to its end, step by step.

Pixels and features have to be the same at each step, on the way back and on the way forth, and nothing may change a
locked object. `LABELFIX_SEQUENCES=1000`
tries so many mixtures instead of a few.
"""

import os
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from napari.components import ViewerModel
from reviewed import FakeReview

from napari_labelfix.review import edits
from napari_labelfix.review.states import Record, RecordChanges, State
from napari_labelfix.snapshots import Proposal
from napari_labelfix.widgets.accepting.objects import AcceptingObjects
from napari_labelfix.widgets.editing.actions import ACTIONS
from napari_labelfix.widgets.editing.editing import Editing
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.history import history_of

SEQUENCES = int(os.environ.get("LABELFIX_SEQUENCES", "40"))
SIZE = 16
SHAPES = [(SIZE, SIZE), (3, SIZE, SIZE)]
numbers = st.integers(0, SIZE - 1)
places = st.tuples(numbers, numbers)
ids = st.integers(0, 6)


@dataclass
class Scene:
    """An image with proposals and labels, and what a person did to them."""

    accepting: AcceptingObjects
    review: FakeReview
    editing: Editing
    steps: int = 0  # that napari has told of
    seen: list = field(default_factory=list)  # labels and features after each step
    undone: int = 0

    @property
    def layer(self):
        return self.review.labels

    def look(self):
        return self.layer.data.copy(), self.layer.features.copy(deep=True)

    def note(self, _event):
        self.steps += 1


def scene_of(labels, proposed):
    model = ViewerModel()
    image = model.add_image(np.random.default_rng(0).random(labels.shape))
    results = ProposalLayers(model, image, "m")
    results.create()
    planes = proposed.reshape(-1, SIZE, SIZE)
    results.write(
        {
            number: Proposal(plane, (plane > 0).astype(np.uint8), np.full(plane.shape, 0.7, np.float32), plane < 0)
            for number, plane in enumerate(planes)
        }
    )
    layer = model.add_labels(labels.copy())
    layers.link(layer, "corrected", image)
    present = np.unique(labels[labels > 0])
    layer.features = pd.DataFrame({"index": present, "class": present % 3})
    review = FakeReview(layer)
    scene = Scene(AcceptingObjects(results), review, Editing(model, review))
    history_of(layer)
    layer.events.paint.connect(scene.note)
    scene.seen.append(scene.look())
    return scene


def stroke(scene, path, label, keep_others):
    """Drag napari's brush; label 0 erases."""
    layer = scene.layer
    layer.brush_size, layer.preserve_labels, layer.selected_label = 3, keep_others, max(label, 1)
    leading = (0,) * (layer.ndim - 2)
    with layer.block_history():
        for place in path:
            layer.paint((*leading, *place), label)


def fill(scene, place, label):
    scene.layer.fill((*(0,) * (scene.layer.ndim - 2), *place), label)


def act(scene, name, chosen, by, whole):
    scene.review.select(sorted(chosen))
    sheet = scene.editing.sheet(whole=whole)
    scene.editing.apply(sheet, ACTIONS[name].perform(sheet, sorted(chosen), by), name)


def merge(scene, path, whole):
    sheet = scene.editing.sheet(whole=whole)
    scene.editing.apply(
        sheet, edits.merge(sheet.labels, edits.ids_along(sheet.plane, path), locked=sheet.locked), "merge"
    )


def cut(scene, path, whole):
    sheet = scene.editing.sheet(whole=whole)
    met = edits.ids_along(sheet.plane, path)
    scene.editing.apply(sheet, edits.split_by_line(sheet.labels, path, met, sheet.new_id, locked=sheet.locked), "cut")


def accept(scene, place, everything):
    if everything:
        scene.accepting.accept_above()
    else:
        scene.accepting.accept_at((*(0,) * (scene.layer.ndim - 2), *place))


def decide(scene, chosen, state, locked):
    known = history_of(scene.layer).records
    after = {one: Record(state, locked=locked, note="n") for one in chosen if known.get(one) is not None}
    history_of(scene.layer).step(None, RecordChanges({}, after), "decide")


def undo(scene, times):
    for _ in range(min(times, len(scene.seen) - 1 - scene.undone)):
        scene.layer.undo()
        scene.undone += 1


def redo(scene, times):
    for _ in range(min(times, scene.undone)):
        scene.layer.redo()
        scene.undone -= 1


paths = st.lists(places, min_size=2, max_size=4)
sets = st.sets(st.integers(1, 8), min_size=1, max_size=4)
deeds = st.one_of(
    st.tuples(st.just(stroke), paths, ids, st.booleans()),
    st.tuples(st.just(fill), places, ids),
    st.tuples(st.just(act), st.sampled_from(sorted(ACTIONS)), sets, st.integers(1, 2), st.booleans()),
    st.tuples(st.just(merge), paths, st.booleans()),
    st.tuples(st.just(cut), paths, st.booleans()),
    st.tuples(st.just(accept), places, st.booleans()),
    st.tuples(st.just(decide), sets, st.sampled_from(State), st.booleans()),
    st.tuples(st.just(undo), st.integers(1, 3)),
    st.tuples(st.just(redo), st.integers(1, 3)),
)


@st.composite
def label_arrays(draw):
    """Blocks of 4 x 4 pixels, so that there are objects of some size."""
    shape = draw(st.sampled_from(SHAPES))
    coarse = draw(arrays(np.int32, (*shape[:-2], SIZE // 4, SIZE // 4), elements=st.integers(0, 5)))
    return np.kron(coarse, np.ones((4, 4), np.int32))


def assert_same(scene, step):
    data, features = scene.seen[step]
    np.testing.assert_array_equal(scene.layer.data, data)
    pd.testing.assert_frame_equal(scene.layer.features, features)


@settings(max_examples=SEQUENCES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(label_arrays(), label_arrays(), st.lists(deeds, min_size=1, max_size=20))
def test_undo_to_the_start_and_redo_to_the_end_give_what_was_there(labels, proposed, sequence):
    proposed = np.resize(proposed, labels.shape)
    scene = scene_of(labels, proposed)
    for deed, *how in sequence:
        before, (data, features) = scene.steps, scene.look()
        deed(scene, *how)
        if deed not in (undo, redo):
            for label in features["index"][features["locked"]]:
                np.testing.assert_array_equal(scene.layer.data == label, data == label)
        if scene.steps > before:  # napari forgets what was undone when something new is done
            assert scene.steps == before + 1, "each deed is one step"
            del scene.seen[len(scene.seen) - scene.undone :]
            scene.undone = 0
            scene.seen.append(scene.look())
        assert_same(scene, len(scene.seen) - 1 - scene.undone)
    redo(scene, scene.undone)
    last = len(scene.seen) - 1
    for step in reversed(range(last)):
        scene.layer.undo()
        assert_same(scene, step)
    for step in range(1, last + 1):
        scene.layer.redo()
        assert_same(scene, step)
    present = np.unique(scene.layer.data)
    assert scene.layer.features["index"].tolist() == present[present > 0].tolist()
    areas = np.bincount(scene.layer.data.ravel())
    assert scene.layer.features["area"].tolist() == areas[present[present > 0]].tolist()
