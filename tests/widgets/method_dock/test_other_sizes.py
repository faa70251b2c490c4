"""An image, or a layer on it, that becomes one of another size: nothing breaks or is lost, and the dock says it."""

import numpy as np
import pytest
from docked import corrected_of, key, proposal_of
from fakes import detections, found_boxes, proposal_above, snapshot

from napari_labelfix.errors import InputError
from napari_labelfix.methods.table import METHODS
from napari_labelfix.snapshots import BoxRole, PointRole
from napari_labelfix.widgets.accepting.by_parts import AcceptingByParts
from napari_labelfix.widgets.method_dock import MethodDock
from napari_labelfix.widgets.results.proposal_layers import ProposalLayers
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.label_layers import image_of

SEEN = [[15, 15], [15, 60], [45, 20]]
CORNERS = np.array([[7, 7, 23, 23], [7, 52, 23, 68], [37, 12, 53, 28]], float)


def put_points(layer, plane=()):
    layer.add([[*plane, *point] for point in SEEN])


def put_boxes(layer, plane=()):
    corners = [[(y0, x0), (y0, x1), (y1, x1), (y1, x0)] for y0, x0, y1, x1 in CORNERS]
    layer.add_rectangles([[[*plane, *corner] for corner in box] for box in corners])


def found_points():
    return detections(SEEN, [0.9] * 3, [PointRole.DETECTED] * 3)


def boxes_found():
    return found_boxes(CORNERS.tolist(), [0.9] * 3, [BoxRole.ADDED] * 3)


class TestMarksOnAStackThatBecomesAPlane:
    @pytest.fixture(params=[("p_classification", put_points, found_points), ("sissi", put_boxes, boxes_found)])
    def marks(self, request, viewer, trainer, qtbot, spots):
        """A dock after a run on a stack, how to mark an image, and what a run finds."""
        method, put, found = request.param
        viewer.add_image(np.stack([spots, spots[::-1]]), name="cells")
        dock = MethodDock(viewer, METHODS[method], trainer)
        qtbot.addWidget(dock)
        dock.inputs.create_button.click()
        put(dock.inputs.annotation, (0,))
        dock.run()
        dock._on_snapshots([snapshot(1, {0: found(), 1: found()})])
        dock.stop()
        yield dock, put, found
        dock.close_session()

    @pytest.mark.parametrize("split", [True, False], ids=["split", "projected"])
    def test_a_run_starts_with_layers_of_its_own_and_those_of_the_stack_stay(
        self, marks, viewer, trainer, spots, split
    ):
        dock, put, found = marks
        old, old_main = dock.inputs.annotation, dock._results.layer(dock._results.main)
        data = [np.array(mark) for mark in old.data]
        if split:
            stack = viewer.layers["cells"]
            tag = dict(layers.tag_of(stack))
            viewer.layers.remove(stack)
            viewer.add_image(spots, name="cells layer 0", metadata={layers.TAG: tag})
        else:
            viewer.layers["cells"].data = spots
        dock.run()
        assert dock.session.running or dock.message.text().startswith("Press “Create "), "boxes may be missing"
        dock.stop()
        dock.inputs.create_button.click()
        new = dock.inputs.annotation
        assert new is not old
        assert new.ndim == 2
        put(new)
        dock.run()
        assert dock.session.running
        dock._on_snapshots([snapshot(1, {0: found()})])
        main = dock._results.layer(dock._results.main)
        assert main is not old_main
        assert len(main.data) == 3
        assert "3 are already there" in dock.accept_view.count.text()
        assert len(old_main.data) == 6
        assert all(map(np.array_equal, old.data, data)), "what the person made is as it was"

    def test_marks_of_the_stack_are_not_of_its_projection(self, marks, viewer, spots):
        dock, _, _ = marks
        image = viewer.layers["cells"]
        assert image_of(viewer, dock.inputs.annotation) is image
        image.data = spots
        assert image_of(viewer, dock.inputs.annotation) is None

    def test_touching_the_marks_of_the_stack_says_what_to_do(self, marks, viewer, spots, qtbot):
        dock, put, _ = marks
        old = dock.inputs.annotation
        viewer.layers["cells"].data = spots
        put(old, (1,))
        assert len(old.data) == 6
        qtbot.waitUntil(lambda: "has another size than “cells” now" in dock.message.text())
        if (measure := dock.inputs.parts[0].measure) is not None:
            measure.number.setValue(33)
        assert len(old.data) == 6


SMALL = np.zeros((30, 40), np.uint8)
SMALL[1, 1], SMALL[10, 10] = 1, 2


class TestStrokesThatGetAnotherSizeDuringARun:
    def test_the_dock_says_so_sends_nothing_and_goes_on_counting(self, proposed, running, viewer, qtbot):
        scribbles, before = proposed.inputs.annotation, np.array(proposed.inputs.annotation.data)
        proposed.message.show_text("1 object was accepted.", "done")
        scribbles.data = SMALL
        qtbot.waitUntil(lambda: "has another size than “cells” now" in proposed.message.text())
        assert proposed.message.text().startswith("The run goes on with what was drawn before")
        assert not running.sent
        proposed.accept_view.number.setValue(0.5)
        assert proposed.accept_view.count.text() == "4 objects ≥ 0.50 will be accepted."
        viewer.cursor.position = (15 * 0.5, 60 * 0.5)
        key(viewer, "N")
        assert "has another size than “cells” now" in proposed.message.text()
        np.testing.assert_array_equal(scribbles.data, SMALL)
        key(viewer, "K")
        assert corrected_of(proposed).data[15, 60]
        before[40, 5] = 2
        scribbles.data = before
        qtbot.waitUntil(lambda: bool(running.sent))
        running.sent[-1].check()

    def test_another_run_starts_with_strokes_of_the_right_size(self, proposed, trainer, qtbot):
        proposed.inputs.annotation.data = SMALL
        proposed.stop()
        proposed.run()
        assert not proposed.session.running
        assert proposed.message.text() == "Press “Create scribble layer”."
        proposed.inputs.create_button.click()
        proposed.inputs.annotation.data_setitem((np.full(9, 30), np.arange(9)), 1)
        proposed.inputs.annotation.data_setitem((np.full(9, 15), np.arange(10, 19)), 2)
        proposed.run()
        assert proposed.session.running
        assert proposal_of(proposed) is not None


def test_what_a_run_could_not_start_from_is_not_sent_to_it_either(viewer, trainer, qtbot, spots):
    viewer.add_image(spots, name="cells")
    dock = MethodDock(viewer, METHODS["p_classification"], trainer)
    qtbot.addWidget(dock)
    dock.inputs.create_button.click()
    points = dock.inputs.annotation
    put_points(points)
    dock.run()
    points.add([[200, 300]])
    qtbot.waitUntil(lambda: "1 point of cells lies outside the image." in dock.message.text())
    assert not trainer.runs[0].sent
    points.data = [*SEEN, [42, 55]]
    qtbot.waitUntil(lambda: bool(trainer.runs[0].sent))
    assert len(trainer.runs[0].sent[-1].planes[0].annotation.positions) == 4
    assert "outside" not in dock.message.text()
    dock.close_session()


@pytest.mark.parametrize("part", ["labels", "right part"])
def test_labels_of_another_size_refute_nothing(viewer, spots, part):
    image = viewer.add_image(spots, name="cells")
    results = ProposalLayers(viewer, image, "label_upgrade")
    results.create()
    results.write({0: proposal_above(spots, 0.4)})
    labels = viewer.add_labels(np.zeros((60, 80), np.int32), name="given")
    right_part = viewer.add_shapes([[[0, 0], [0, 79], [59, 79], [59, 0]]], shape_type="polygon", name="right")
    accepting = AcceptingByParts(results, labels, right_part)
    assert accepting.count().new == 0, "all four are none"
    if part == "labels":
        labels.data = SMALL
    else:
        image.data = np.stack([spots, spots])
        results = ProposalLayers(viewer, image, "label_upgrade")
        results.create()
        results.write({0: proposal_above(spots, 0.4)})
        accepting = AcceptingByParts(results, labels, right_part)
    assert accepting.count().new == 4
    with pytest.raises(InputError, match="has another size than “cells” now"):
        accepting.reject_at((0, 15, 60)[-image.ndim :])
