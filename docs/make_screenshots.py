"""Takes the pictures of the docs: drives a real napari window as a person would, and saves what is on screen.

On a desktop, or under a virtual screen: `xvfb-run -a -s "-screen 0 1360x850x24" python docs/make_screenshots.py`. It
takes about five minutes; name parts (`quick_start`, `points`, `label_upgrade`, `boxes`, `hovernet`, `several`,
`edits`, `review`, `count`, `export`, `project`, `another_computer`) to take only these. Look at every picture
before committing it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import napari
import numpy as np
import tifffile
from napari.layers import Labels
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QScrollArea
from screen import IMAGES, Screen, press, wait, wait_until, write
from skimage.measure import label, regionprops

from napari_labelfix.io.tables import CELL
from napari_labelfix.sample_data.napari_samples import SEED
from napari_labelfix.sample_data.synthetic import fluorescence
from napari_labelfix.widgets.annotating.points import add_points, create_points
from napari_labelfix.widgets.export_dock import ExportDock
from napari_labelfix.widgets.project_dock import ProjectDock
from napari_labelfix.widgets.review_dock import ReviewDock
from napari_labelfix.widgets.running.computer_choice import ComputerDialog
from napari_labelfix.widgets.saving.autosave import autosaver_of
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from napari_labelfix.widgets.method_dock import MethodDock

SCRIBBLED = slice(4, None, 9)  # which of the nuclei get a stroke
# row and column where strokes between the nuclei begin and end, in pixels of the sample
BACKGROUND = [
    ((62, 292), (174, 292)), ((236, 396), (250, 452)), ((460, 162), (481, 207)), ((446, 361), (495, 361)),
    ((20, 220), (80, 220)), ((310, 30), (325, 60)), ((220, 20), (260, 40)), ((150, 150), (160, 175)),
]  # fmt: skip
LATER_BACKGROUND = [((90, 380), (160, 385)), ((330, 400), (300, 380)), ((15, 150), (40, 165))]


def strokes_in_nuclei() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return a stroke along each of some nuclei of the sample."""
    strokes = []
    for nucleus in regionprops(fluorescence(SEED).labels)[SCRIBBLED]:
        along = 0.25 * nucleus.axis_major_length * np.array([np.cos(nucleus.orientation), np.sin(nucleus.orientation)])
        strokes.append((tuple(nucleus.centroid - along), tuple(nucleus.centroid + along)))
    return strokes


def open_sample_and_dock(sample: str, title: str) -> tuple[Screen, MethodDock]:
    """Start napari, open a sample and a dock from the menus, and wait for the trainer."""
    viewer = napari.Viewer()
    screen = Screen(viewer)
    screen.choose(viewer.window.file_menu, "Open Sample", "Labelfix", sample)
    screen.choose(viewer.window.plugins_menu, "Labelfix", f"{title} (Labelfix)")
    dock = screen.dock
    wait_until(lambda: dock.session.trainer.ready)
    return screen, dock


def quick_start() -> None:
    """Go through the quick start."""
    screen, dock = open_sample_and_dock("Fluorescence nuclei, with scribbles", "Scribble2Label")
    viewer = screen.viewer
    screen.save("sample")

    viewer.layers.remove(dock.inputs.annotation)  # an image of one's own comes without scribbles
    screen.save("create", dock)
    press(dock.inputs.create_button)
    press(viewer.window._qt_viewer.viewerButtons.resetViewButton)
    screen.paint(strokes_in_nuclei())
    press(dock.inputs.brushes[1])
    screen.paint(BACKGROUND)
    screen.save("scribbles")

    press(dock.run_view.run_button)
    wait_until(dock.accept_view.all_button.isEnabled)
    screen.save("instant", settled=0.1)
    wait_until(lambda: "self-labelling" in dock.run_view.progress.format())
    wait(20)
    screen.paint(LATER_BACKGROUND)
    wait(10)
    screen.save("training")
    press(dock.run_view.stop_button)
    press(dock.accept_view.above_button)
    screen.save("accepted")

    viewer.add_image(fluorescence(SEED + 1).image, name="the next nuclei")
    dock.inputs.images.choose(viewer.layers["the next nuclei"])
    dock.models.choose_last()
    wait_until(dock.accept_view.all_button.isEnabled)
    wait_until(lambda: not dock.session.running)
    screen.save("applied")
    viewer.close()


def points() -> None:
    """Find all cells from some points."""
    screen, dock = open_sample_and_dock("Nuclei, with points", "P-classification")
    press(dock.run_view.run_button)
    wait_until(lambda: "round 1: detector" in dock.run_view.progress.format())
    show_the_end_of(dock)
    screen.save("points")
    screen.viewer.close()


def label_upgrade() -> None:
    """Upgrade labels of low quality."""
    screen, dock = open_sample_and_dock("Tissue, with careless labels", "Label upgrade")
    press(dock.run_view.run_button)
    wait_until(lambda: "learning" in dock.run_view.progress.format() and dock.run_view.progress.value() > 0)
    wait(40)
    show_the_end_of(dock)
    screen.save("upgrade")
    screen.viewer.close()


def hovernet() -> None:
    """Label a stack of which two planes are finished."""
    screen, dock = open_sample_and_dock("Stack of nuclei, two planes finished", "HoVer-Net + ST++")
    press(dock.run_view.run_button)
    wait_until(lambda: "reliable images" in dock.run_view.progress.format(), 300)
    show_the_end_of(dock)
    screen.viewer.dims.set_current_step(0, 5)
    wait(1)
    screen.save("hovernet")
    screen.viewer.close()


def several() -> None:
    """Label three images, of which one is finished."""
    viewer = napari.Viewer()
    screen = Screen(viewer)
    samples = [fluorescence(SEED + number, (300, 400)) for number in range(3)]
    for number, sample in enumerate(samples, start=1):
        viewer.add_image(sample.image, name=f"nuclei {number}")
    viewer.add_labels(samples[0].labels, name="nuclei 1 labels")
    screen.choose(viewer.window.plugins_menu, "Labelfix", "HoVer-Net + ST++ (Labelfix)")
    dock = screen.dock
    wait_until(lambda: dock.session.trainer.ready)
    dock.inputs.images.choose(viewer.layers["nuclei 1"])
    others = dock.inputs.images.others_button
    others.choose([viewer.layers["nuclei 2"], viewer.layers["nuclei 3"]])
    press(dock.run_view.run_button)
    wait_until(dock.accept_view.all_button.isEnabled)
    wait(10)
    dock.inputs.images.choose(viewer.layers["nuclei 3"])
    others.menu().popup(others.mapToGlobal(QPoint(0, others.height())))
    screen.save("several")
    others.menu().close()
    viewer.close()


def boxes() -> None:
    """Find all nuclei from careless boxes on half of them."""
    screen, dock = open_sample_and_dock("Nuclei, with careless boxes", "SISSI")
    dock.form.editor("masks").setCurrentText("foreground")
    press(dock.run_view.run_button)
    wait_until(lambda: "correcting" in dock.run_view.progress.format(), 300)
    wait(20)
    show_the_end_of(dock)
    screen.save("boxes")
    screen.viewer.close()


def review_thresholded() -> tuple[Screen, ReviewDock]:
    """Start napari with nuclei outlined by a threshold, which takes some that touch for one, and review them."""
    viewer = napari.Viewer()
    screen = Screen(viewer)
    screen.choose(viewer.window.file_menu, "Open Sample", "Labelfix", "Fluorescence nuclei, with scribbles")
    objects = label(fluorescence(SEED).labels > 0)
    viewer.layers.remove(viewer.layers[-1])
    viewer.add_labels(objects, name="nuclei, thresholded", metadata={"labelfix": {"role": "imperfect"}})
    screen.choose(viewer.window.plugins_menu, "Labelfix", "Review (Labelfix)")
    dock = screen.window.findChild(ReviewDock)
    wait_until(lambda: not dock.review.searching)
    return screen, dock


def edits() -> None:
    """Cut two nuclei apart that a threshold has taken for one."""
    screen, dock = review_thresholded()
    nuclei, objects = fluorescence(SEED).labels, dock.review.layer.data
    two = next(found for found in regionprops(objects, nuclei) if np.unique(found.image_intensity).size == 3)
    first, second = (np.array(found.centroid) for found in regionprops(nuclei * (objects == two.label)))
    screen.look_at(tuple((first + second) / 2), zoom=5)
    press(dock.edits.tool_buttons["cut"])
    across = np.array([1, -1]) * (second - first)[::-1] / np.linalg.norm(second - first) * two.axis_minor_length * 0.7
    line = (tuple((first + second) / 2 - across), tuple((first + second) / 2 + across))
    screen.paint([line], before_release=lambda: screen.save("edits"))
    screen.viewer.close()


def review() -> None:
    """Decide about a few doubtful objects; then change some, and compare."""
    screen, dock = review_thresholded()
    labels = dock.review.layer
    dock.review.accept_above(0.95)
    press(dock.view.next_button)
    for button in (dock.view.accept_button, dock.view.reject_button, dock.view.accept_button, dock.view.ignore_button):
        press(button)
    wait(0.5)
    screen.save("review")
    screen.viewer.reset_view()
    dock.view.tabs.setCurrentIndex(1)
    press(dock.compare.keep_button)
    ids = [int(label) for label in labels.features["index"][:6]]
    for one, other in ((ids[0], 0), (ids[2], 0), (ids[4], 300)):
        labels.data_setitem(np.nonzero(labels.data == one), other)
    dock.review.select(ids[5:6])
    press(dock.edits.action_buttons["grow"])
    wait_until(lambda: dock.review.differences is not None and len(dock.review.differences) >= 3)
    press(dock.compare.layer_button)
    wait(0.5)
    screen.save("compare")
    screen.viewer.close()


def count() -> None:
    """Compare thresholded nuclei but one with points but one, and go to some that were taken for one."""
    screen, dock = review_thresholded()
    nuclei, labels = fluorescence(SEED).labels, dock.review.layer
    single = [found for found in regionprops(labels.data, nuclei) if np.unique(found.image_intensity).size == 2]
    missed, uncounted = single[5], int(single[6].image_intensity.max())
    labels.data_setitem(np.nonzero(labels.data == missed.label), 0)
    points = create_points(screen.viewer.layers[0], diameter=14)
    screen.viewer.add_layer(points)
    counted = [nucleus.centroid for nucleus in regionprops(nuclei) if nucleus.label != uncounted]
    add_points(points, np.array(counted), CELL)
    dock.view.tabs.setCurrentIndex(1)
    dock.compare.others.choose(points)
    wait_until(lambda: dock.review.differences is not None and not dock.review.searching)
    dock.compare.go_to(0)
    wait(0.5)
    screen.save("count")
    screen.viewer.close()


def another_computer() -> None:
    """Ask for another computer to train on."""
    viewer = napari.Viewer()
    screen = Screen(viewer)
    screen.choose(viewer.window.plugins_menu, "Labelfix", "Scribble2Label (Labelfix)")
    screen.dock.computer_button.add()
    dialog = screen.window.findChild(ComputerDialog)
    dialog.address.setText("anna@gpu-server")
    dialog.python.setText("labelfix/bin/python")
    wait(0.5)
    write(dialog.grab(), "another_computer")
    dialog.reject()
    viewer.close()


def show_the_end_of(dock: MethodDock) -> None:
    """Scroll the dock to where accepting is."""
    bar = dock.findChild(QScrollArea).verticalScrollBar()
    bar.setValue(bar.maximum())


def export() -> None:
    """Choose what leaves, and as what."""
    viewer = napari.Viewer()
    screen = Screen(viewer)
    screen.choose(viewer.window.file_menu, "Open Sample", "Labelfix", "Nuclei, with careless boxes")
    image, boxes_layer = viewer.layers
    boxes_layer.visible = False
    corrected = Labels(
        label(fluorescence(SEED).labels > 0), name="nuclei corrected", scale=image.scale, units=image.units
    )
    layers.link(corrected, "corrected", image)
    layers.add_selected(viewer, corrected)
    screen.choose(viewer.window.plugins_menu, "Labelfix", "Export (Labelfix)")
    dock = screen.window.findChild(ExportDock)
    dock.formats.setCurrentIndex(dock.formats.findData("imagej"))
    dock.folder.setText("~/experiment/labels")
    wait(1)
    screen.save("export_dock")
    viewer.close()


def project() -> None:
    """Come back to a project: a run was cut off, an image is another one now, and there is work without a name."""
    with tempfile.TemporaryDirectory(prefix="Experiment 7 ") as folder:
        cells, control, saved = (Path(folder, name) for name in ("cells.tif", "control.tif", "nuclei.labelfix"))
        for number, path in enumerate((cells, control)):
            tifffile.imwrite(path, fluorescence(SEED + number).image)
        leave_work(control)
        leave_work(control, cells, saved=saved)
        tifffile.imwrite(control, fluorescence(SEED + 2).image)
        viewer = napari.Viewer()
        screen = Screen(viewer)
        screen.choose(viewer.window.plugins_menu, "Labelfix", "Project (Labelfix)")
        screen.window.findChild(ProjectDock).open(saved)
        wait(1)
        screen.save("project_dock")
        viewer.close()


def leave_work(*images: Path, saved: Path | None = None) -> None:
    """Draw on images and leave; with a name for the work, in the middle of a run on the last of them."""
    viewer = napari.Viewer()
    screen = Screen(viewer)
    screen.choose(viewer.window.plugins_menu, "Labelfix", "Scribble2Label (Labelfix)")
    dock = screen.dock
    for path in images:
        [image] = viewer.open(path, plugin="napari")
        dock.inputs.images.choose(image)
        dock.inputs.create_annotation()
        viewer.reset_view()
        screen.paint(strokes_in_nuclei())
        press(dock.inputs.brushes[1])
        screen.paint(BACKGROUND)
    if saved is not None:
        autosaver_of(viewer).save_as(saved)
        wait_until(lambda: dock.session.trainer.ready)
        press(dock.run_view.run_button)
        wait_until(lambda: dock.run_view.progress.value() > 0)
        wait(10)
        press(dock.accept_view.all_button)
    viewer.close()
    wait(1)


PARTS = {
    "quick_start": quick_start, "points": points, "label_upgrade": label_upgrade, "boxes": boxes, "hovernet": hovernet,
    "several": several, "edits": edits, "review": review, "count": count,
    "export": export, "project": project, "another_computer": another_computer,
}  # fmt: skip


def main() -> None:
    """Take the pictures of the parts that are named, or of all."""
    IMAGES.mkdir(exist_ok=True)
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()


if __name__ == "__main__":
    main()
