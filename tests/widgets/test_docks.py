"""The docks as napari finds and opens them: from the manifest, fast, and without torch."""

import gc
import subprocess
import sys
from textwrap import dedent

import pytest
from npe2 import PluginManifest
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QWidget

from napari_labelfix.annotations import Boxes, FinishedInstances, Instances, Points, Scribbles
from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.docks import Scribble2LabelDock
from napari_labelfix.widgets.method_dock import MethodDock


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_distribution("napari-labelfix")


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_has_a_dock_in_the_manifest_and_in_the_layers_menu(manifest, method):
    (widget,) = [widget for widget in manifest.contributions.widgets if widget.display_name == method.title]
    assert widget.command == f"napari-labelfix.{method.name}"
    for menu in ("napari/layers/segment", "napari/layers/annotate"):
        assert widget.command in [item.command for item in manifest.contributions.menus[menu]]


def test_every_command_of_the_manifest_can_be_imported(manifest):
    for command in manifest.contributions.commands:
        module, _, name = command.python_name.partition(":")
        assert callable(getattr(__import__(module, fromlist=[name]), name))


SAMPLES = {  # by what is learned from
    Scribbles: "stained_tissue",
    Points: "points",
    Instances: "careless_labels",
    Boxes: "boxes",
    FinishedInstances: "finished_planes",
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_napari_opens_the_dock_on_a_sample_ready_to_run(make_napari_viewer, qtbot, method):
    viewer = make_napari_viewer()
    viewer.open_sample("napari-labelfix", SAMPLES[method.annotation])
    holder, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", method.title)
    assert isinstance(dock, MethodDock)
    assert dock.inputs.image is viewer.layers[0], "the layer itself, not napari's proxy of it"
    assert dock.inputs.chosen == list(viewer.layers[1:])
    assert dock.message.text() == "Press Run [G]."
    dock.inputs.task().check()
    holder.destroyOnClose()


@pytest.mark.parametrize("title", [*(method.title for method in METHODS.values()), "Review", "Export", "Project"])
def test_no_part_of_a_dock_flashes_up_as_a_window_of_its_own(make_napari_viewer, title):
    viewer = make_napari_viewer()
    viewer.open_sample("napari-labelfix", "stained_tissue")
    shown = []

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(f"{type(watched).__name__} {watched.objectName()}")
            return False

    watch = Watch()
    QApplication.instance().installEventFilter(watch)
    holder, _ = viewer.window.add_plugin_dock_widget("napari-labelfix", title)
    QApplication.instance().removeEventFilter(watch)
    assert shown == []
    holder.destroyOnClose()


@pytest.mark.gui
@pytest.mark.parametrize(("title", "close"), [("Scribble2Label", "dock.session.close()"), ("Review", "")])
def test_a_dock_opens_within_a_third_of_a_second_and_brings_no_torch(title, close):
    """In a process of its own: a cold import, a warm napari; the time is that of this process, not of its rivals."""
    program = f"""
        import sys, time
        import napari
        from qtpy.QtWidgets import QApplication

        viewer = napari.Viewer()
        QApplication.processEvents()
        started = time.process_time()
        holder, dock = viewer.window.add_plugin_dock_widget("napari-labelfix", "{title}")
        dock.repaint()
        seconds = time.process_time() - started
        {close}
        assert "torch" not in sys.modules, "the GUI process has imported torch"
        assert "pyqtgraph" not in sys.modules, "the plot was imported before there is a number"
        print("seconds:", seconds)
        viewer.close()
    """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    seconds = float(done.stdout.split("seconds: ")[1].split()[0])
    assert seconds < 0.3


def test_no_garbage_is_collected_while_a_dock_opens_but_soon_after(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    begun = []
    gc.callbacks.append(lambda phase, _: begun.append(phase))
    try:
        dock = Scribble2LabelDock(viewer)
        assert not gc.isenabled()
        assert not begun
        qtbot.waitUntil(gc.isenabled, timeout=5000)
    finally:
        gc.enable()
        gc.callbacks.pop()
    dock.session.close()
