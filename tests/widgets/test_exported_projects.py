"""What the command line exports of a project is what the Export dock exports of its layers."""

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Points, Shapes

from napari_labelfix.project.contents import read_project
from napari_labelfix.widgets.exporting.content import content_of
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.viewer import image_planes, layers

TURNED = {
    "scale": (2.0, 0.4, 0.3),
    "translate": (0, 3, 1),
    "rotate": 20,
    "shear": (0, 0, 0.2),
    "affine": np.array([[1, 0, 0, 0], [0, 0.9, 0.1, 1], [0, -0.2, 1.1, 2], [0, 0, 0, 1]]),
}
CORNERS = [[1, 5, 5], [1, 5, 15], [1, 15, 15], [1, 15, 5]]


@pytest.fixture
def viewer(qtbot):
    viewer = ViewerModel()
    image = viewer.add_image(
        np.random.default_rng(0).random((2, 40, 50)), name="cells/1", scale=(2.0, 0.5, 0.25), units=("um",) * 3
    )
    labels = np.zeros((2, 40, 50), np.int32)
    labels[1, 3:9, 4:8] = 7
    placed = image_planes.placement(image)
    boxes = Shapes(
        [CORNERS, np.add(CORNERS, (-1, 10, -5)), [[0, 1, 1], [0, 9, 9]]],
        shape_type=["rectangle", "ellipse", "line"], features={"kind": ["cell", "not a cell", "cell"]}, name="boxes",
        **placed | TURNED,
    )  # fmt: skip
    points = Points([[0, 10, 10], [1, 14.5, 4], [1, 90, 4]], size=[4, 8, 9], name="points", **placed | TURNED)
    for layer, role in ((Labels(labels, name="mine", **placed), "corrected"), (boxes, "boxes"), (points, "points")):
        layers.link(layer, role, image)
        viewer.add_layer(layer)
    return viewer


def test_labels_boxes_and_points_are_the_same_wherever_their_layers_lie(viewer, tmp_path):
    saver, path = autosaver_of(viewer), tmp_path / "mine.labelfix"
    saver.save_as(path)
    saver.close()
    for what, name in (("labels", "mine"), ("boxes", "boxes"), ("points", "points")):
        [found], _ = read_project(path, (what,))
        seen = content_of(viewer, viewer.layers[name])()
        assert (found.what, found.name, found.shape, found.grid) == (what, seen.name, seen.shape, seen.grid)
        if what == "labels":
            np.testing.assert_array_equal(found.labels, seen.labels)
            continue
        np.testing.assert_allclose(found.places, seen.places, atol=1e-4)
        np.testing.assert_array_equal(found.planes, seen.planes)
        np.testing.assert_array_equal(found.cells, seen.cells)
        assert len(found.places) == 2
        assert found.diameter == pytest.approx(seen.diameter)
