"""napari's canvas."""

import os
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

from napari_labelfix.widgets.viewer.canvas import ViewDirection


@pytest.mark.gui
def test_layers_can_be_removed_while_others_are_seen(tmp_path):
    """In a process of its own: where this goes wrong, OpenGL ends it."""
    program = """
        import napari
        import numpy as np
        from qtpy.QtTest import QTest
        from napari_labelfix.widgets.saving.autosave import autosaver_of

        viewer = napari.Viewer()
        saver = autosaver_of(viewer)
        for _ in range(3):
            viewer.add_image(np.zeros((60, 80), np.float32))
            QTest.qWait(50)
        while viewer.layers:
            viewer.layers.pop(0)
            QTest.qWait(50)
        viewer.close()
    """
    elsewhere = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-c", dedent(program)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=elsewhere)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shape", [(3, 60, 80), (2, 3, 60, 80), (60, 80)])
def test_labels_are_selected_in_3d_before_the_pointer_has_moved_there(model, shape):
    seen = [ViewDirection(model)]
    for _ in range(2):
        model.add_labels(np.ones(shape, np.int32), features={"index": [1], "state": ["accepted"]})
    model.cursor.position, model.mouse_over_canvas = (0.0,) * len(shape), True
    for ndisplay in (3, 2, 3):
        model.cursor._view_direction = None  # as where the pointer moves in 2D
        model.dims.ndisplay = ndisplay
        for layer in model.layers[1:]:
            model.layers.selection.active = layer
    assert model.layers.selection.active is model.layers[-1]
    assert seen
