"""An image, or a layer on it, that becomes one of another size: nothing breaks or is lost, and the dock says it."""

import numpy as np
import pytest
from fakes import detections, found_boxes, snapshot

from napari_labelfix.methods.table import METHODS
from napari_labelfix.snapshots import BoxRole, Role
from napari_labelfix.widgets import layers
from napari_labelfix.widgets.label_layers import image_of
from napari_labelfix.widgets.method_dock import MethodDock

SEEN = [[15, 15], [15, 60], [45, 20]]
CORNERS = np.array([[7, 7, 23, 23], [7, 52, 23, 68], [37, 12, 53, 28]], float)


def put_points(layer, plane=()):
    layer.add([[*plane, *point] for point in SEEN])


def put_boxes(layer, plane=()):
    corners = [[(y0, x0), (y0, x1), (y1, x1), (y1, x0)] for y0, x0, y1, x1 in CORNERS]
    layer.add_rectangles([[[*plane, *corner] for corner in box] for box in corners])


def found_points():
    return detections(SEEN, [0.9] * 3, [Role.DETECTED] * 3)


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
