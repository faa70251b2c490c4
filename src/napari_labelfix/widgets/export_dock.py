"""The Export dock: which objects, in which format, where to; and annotations of other programs onto an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_error
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_labelfix.io.class_names import list_names
from napari_labelfix.io.export import Exported, export
from napari_labelfix.io.formats import FORMATS, Format, formats_for
from napari_labelfix.io.grid import PIXEL, short_unit
from napari_labelfix.io.label_image import name_for_files, say_count
from napari_labelfix.params import folder_said
from napari_labelfix.review.selection import SELECTIONS, usual
from napari_labelfix.widgets.exporting.content import content_of, file_of, states_of, what_is_in_layer
from napari_labelfix.widgets.exporting.imported import layers_from_files
from napari_labelfix.widgets.parts.background import Background
from napari_labelfix.widgets.parts.dock_frame import fill_dock
from napari_labelfix.widgets.parts.layer_combo import LayerCombo
from napari_labelfix.widgets.parts.message import Message, primary_style
from napari_labelfix.widgets.parts.wrapped_label import WrappedLabel
from napari_labelfix.widgets.saving.dock_saving import Saving
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.label_layers import can_be_exported, first_choice, image_of
from napari_labelfix.widgets.viewer.layer_states import author_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer
    from qtpy.QtGui import QShowEvent

    from napari_labelfix.io.formats import Content
    from napari_labelfix.io.grid import Grid
    from napari_labelfix.io.label_image import What
    from napari_labelfix.review.selection import Selection

_COUNT_AFTER_MS = 300
_WIDTH = 300
_IMPORTED = "*.tif *.tiff *.png *.npy *.zip *.roi *.json *.txt *.geojson *.xml *.csv"


class ExportDock(QWidget):
    """Everything a person needs to hand labels, boxes and points on.

    Parameters
    ----------
    napari_viewer
        The viewer it is docked in; the name is what napari looks for.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        viewer = layers.behind_the_proxy(napari_viewer)
        self._viewer = viewer
        self._watched: Layer | None = None
        self._chosen_folder: Path | None = None  # by the person; it stays when another layer is chosen
        self.message = Message(viewer.theme)
        self.chosen = LayerCombo(viewer, can_be_exported, "nothing yet", first_choice, follows=True)
        self.selections = QComboBox()
        self._selection_chosen = False  # by the person; it stays until another layer is chosen
        self._counted = False
        self._chosen_formats: dict[What, str] = {}
        self.content = WrappedLabel()
        self.formats = QComboBox()
        self.explanation = QLabel()
        self.folder = QLineEdit()
        self.folder_button = QPushButton("Choose…")
        self.export_button = QPushButton("Export")
        self.images = LayerCombo(viewer, layers.is_input_image, "no image", _first_in_view, follows=True)
        self.import_button = QPushButton("Import onto the image…")
        self.importable = QLabel("ImageJ ROIs, COCO, YOLO, VOC, GeoJSON, Cellpose, label images, tables.")
        self.exporting, self.importing, self._counting = Background(self), Background(self), Background(self)
        self.saving = Saving(viewer, self)
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.setInterval(_COUNT_AFTER_MS)
        self._arrange()
        self._connect()
        self._on_layer_changed()

    @property
    def format(self) -> Format:
        """The chosen format."""
        return FORMATS[self.formats.currentData()]

    @property
    def selection(self) -> Selection:
        """Which objects are exported."""
        return SELECTIONS[self.selections.currentData()]

    def export(self) -> None:
        """Write the files, in the background."""
        layer = self.chosen.layer
        if layer is None or self.exporting.busy or not self.folder.text().strip():
            return
        read, chosen = content_of(self._viewer, layer, self.selection), self.format
        folder = folder_said(self.folder.text())
        self.message.show_text(f"Exporting “{layer.name}”…")
        what = what_is_in_layer(layer)
        self.exporting.start(lambda: (export([read()], chosen, folder), what, folder))
        self._show_what_is_possible()

    def import_files(self, paths: Sequence[Path]) -> None:
        """Read annotations of another program onto the chosen image, in the background."""
        image: Any = self.images.layer
        if image is None or self.importing.busy:
            return
        self.message.show_text(f"Importing {paths[0].name}…")
        self.importing.start(layers_from_files(paths, image))
        self._show_what_is_possible()

    def count(self) -> None:
        """Count again what would be exported, or when it can be seen."""
        self._counted = self.isVisible()
        if self._counted and (layer := self.chosen.layer) is not None:
            self._propose_selection(layer)
            read = content_of(self._viewer, layer, self.selection, copy=False)
            self._counting.start(lambda: _describe(read()))

    def showEvent(self, event: QShowEvent) -> None:
        """See what has changed while the dock lay behind another one, where another image may be in hand by now."""
        super().showEvent(event)
        for combo in (self.chosen, self.images):
            combo.refresh()
        if not self._counted:
            self.count()

    def _on_exported(self, result: tuple[Exported, What, Path]) -> None:
        exported, what, folder = result
        rest = len(exported.files) - 2  # the record is one
        more = f" and {rest} more file{'s' if rest > 1 else ''}" if rest > 0 else ""
        sentence = f"{say_count(exported.objects, what)} exported: {exported.files[0]}{more} in {folder}."
        notes = (
            exported.notes
            if exported.objects
            else ("Choose another layer or other objects if there should be some.", *exported.notes)
        )
        self.message.show_text(" ".join([sentence, *notes]), "done" if exported.objects else "warning")
        self._show_what_is_possible()

    def _on_imported(self, result: tuple[list[Layer], str]) -> None:
        found, doubts = result
        for layer in found:
            layers.add_on_top(self._viewer, layer)
        names = " and ".join(f"“{layer.name}”" for layer in found)
        self.message.show_text(f"{names} imported. {doubts}".strip(), "warning" if doubts else "done")
        self._show_what_is_possible()

    def _on_failed(self, sentence: str) -> None:
        self.message.show_text(sentence, "error")
        show_error(sentence)
        self._show_what_is_possible()

    def _on_layer_changed(self) -> None:
        layer = self.chosen.layer
        if layer is not self._watched:
            if self._watched is not None:
                layers.unwatch(self._watched, self._on_labels_touched)
                self._watched.events.metadata.disconnect(self._on_labels_touched)
            if layer is not None:
                layers.watch(layer, self._on_labels_touched)
                layer.events.metadata.connect(self._on_labels_touched)  # classes may have got names
            self._watched, self._selection_chosen = layer, False
            self._offer_formats()
        if self._chosen_folder is None:
            self.folder.setText(str(self._usual_folder()))
        self.content.setText("" if layer is None else "Counting…")
        self.count()
        if not (self.exporting.busy or self.importing.busy):
            self.message.show_text(self._hint())
        self._show_what_is_possible()

    def _offer_formats(self) -> None:
        """Offer the formats that can hold the layer; the chosen one stays chosen, or is again when it can be."""
        what = what_is_in_layer(self._watched) if self._watched is not None else "labels"
        offered = formats_for(what)
        self.formats.blockSignals(True)
        self.formats.clear()
        for row in offered:
            self.formats.addItem(row.title, row.name)
        self.formats.setCurrentIndex(max(0, self.formats.findData(self._chosen_formats.get(what))))
        self.formats.blockSignals(False)
        self.selections.setEnabled(what == "labels")

    def _on_format_chosen(self) -> None:
        if self._watched is not None:
            self._chosen_formats[what_is_in_layer(self._watched)] = self.formats.currentData()
        self._forget_trouble()
        self._on_format_changed()

    def _forget_trouble(self) -> None:
        """Leave what went wrong behind: other files would be written now, or elsewhere."""
        if self.message.mood == "error":
            self.message.show_text(self._hint())

    def _propose_selection(self, layer: Layer) -> None:
        """Show how many objects there are in each selection, and choose one if the person has not."""
        states = states_of(layer)
        for row, one in enumerate(SELECTIONS.values()):
            self.selections.setItemText(row, f"{one.name} ({int(one.of(states).sum())})" if states else one.name)
        if not self._selection_chosen:
            self.selections.setCurrentIndex(self.selections.findData(usual(states).name))

    def _on_selection_chosen(self) -> None:
        self._selection_chosen = True
        self.count()

    def _on_labels_touched(self, _event: object = None) -> None:
        self._count_timer.start()

    def _on_format_changed(self) -> None:
        chosen = self.format
        layer = self.chosen.layer
        image = image_of(self._viewer, layer) if layer is not None else None
        name = image.name if image is not None else layer.name if layer is not None else "NAME"
        files = f"{chosen.files.replace('NAME', name_for_files(name))}, and a record."
        self.explanation.setText(f"{chosen.summary}<br>Files: {files}")

    def _on_folder_typed(self) -> None:
        typed = self.folder.text().strip()
        self._chosen_folder = Path(typed) if typed else None
        self._forget_trouble()
        self._show_what_is_possible()

    def _on_folder_left(self) -> None:
        if self._chosen_folder is None:
            self.folder.setText(str(self._usual_folder()))
            self._show_what_is_possible()

    def _choose_folder(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, "Folder for the files", self.folder.text()):
            self.folder.setText(chosen)
            self._on_folder_typed()

    def _choose_file(self) -> None:
        start = str(file_of(self.images.layer) or Path.home())
        kinds = f"Annotations ({_IMPORTED});;All files (*)"
        paths, _ = QFileDialog.getOpenFileNames(self, "Annotations", start, kinds)
        if paths:
            self.import_files(list(map(Path, paths)))

    def _usual_folder(self) -> Path:
        """Return a folder beside the image; the home folder for an image from nowhere."""
        layer = self.chosen.layer
        file = file_of(image_of(self._viewer, layer) if layer is not None else None)
        return (file.parent if file is not None else Path.home()) / "labels"

    def _hint(self) -> str:
        layer = self.chosen.layer
        if layer is None:
            return "There is nothing yet. Accept some objects in a method's dock, or open labels, boxes or points."
        if author_of(layer) == "model":
            return "These are proposals that nobody has accepted yet. Press Export to write them nevertheless."
        return "Choose a format and press Export."

    def _show_what_is_possible(self) -> None:
        self._on_format_changed()
        self.export_button.setEnabled(
            self.chosen.layer is not None and bool(self.folder.text().strip()) and not self.exporting.busy
        )
        self.export_button.setText("Exporting…" if self.exporting.busy else "Export")
        self.import_button.setEnabled(self.images.layer is not None and not self.importing.busy)

    def _on_theme(self, _event: object = None) -> None:
        self.message.set_theme(self._viewer.theme)
        style = primary_style(self._viewer.theme)
        self.export_button.setStyleSheet(f"{style} QPushButton {{ font-weight: bold; padding: 8px; }}")

    def _connect(self) -> None:
        self.chosen.layerChanged.connect(self._on_layer_changed)
        self.images.layerChanged.connect(self._show_what_is_possible)
        self.selections.activated.connect(lambda _: self._on_selection_chosen())
        self.formats.currentIndexChanged.connect(self._on_format_chosen)
        self.folder.textEdited.connect(self._on_folder_typed)
        self.folder.editingFinished.connect(self._on_folder_left)
        self.folder_button.clicked.connect(self._choose_folder)
        self.export_button.clicked.connect(self.export)
        self.import_button.clicked.connect(self._choose_file)
        self.exporting.done.connect(self._on_exported)
        self.importing.done.connect(self._on_imported)
        for work in (self.exporting, self.importing):
            work.failed.connect(self._on_failed)
        self._counting.done.connect(self.content.setText)
        self._counting.failed.connect(self.content.setText)
        self._count_timer.timeout.connect(self.count)
        self._viewer.events.theme.connect(self._on_theme)

    def _arrange(self) -> None:
        self._offer_formats()
        for one in SELECTIONS:
            self.selections.addItem(one, one)
        self.selections.setToolTip("Which objects, by what was decided about them in the Review dock.")
        for label in (self.content, self.explanation, self.importable):
            label.setWordWrap(True)
        for button in (self.export_button, self.import_button, self.folder_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys with the canvas
        self.formats.setToolTip("What the files will be; below stands who reads them.")
        self.folder.setToolTip(
            "The folder for the files; made if need be. What was exported there before is replaced, and no other file."
        )
        self.folder_button.setToolTip("Look for another folder.")
        self.export_button.setToolTip("Write the files. You can go on working meanwhile.")
        self.import_button.setToolTip("Outlines become labels, boxes rectangles, points points, right on the image.")
        where = QHBoxLayout()
        where.addWidget(self.folder)
        where.addWidget(self.folder_button)
        parts = QWidget()
        column = QVBoxLayout(parts)
        column.setContentsMargins(6, 0, 6, 6)
        column.setSpacing(4)
        _add_part(column, "1  What", [("Layer", self.chosen), ("Objects", self.selections)], [self.content])
        _add_part(column, "2  Format", [("Format", self.formats)], [self.explanation])
        _add_part(column, "3  Where", [("Folder", where)], [self.export_button])
        _add_part(column, "Import", [("Image", self.images)], [self.importable, self.import_button])
        column.addStretch()
        fill_dock(self, self.message, parts, _WIDTH)
        self._on_theme()


def _add_part(column: QVBoxLayout, title: str, rows: Sequence[tuple[str, Any]], below: Sequence[QWidget]) -> None:
    form = QFormLayout()
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for name, field in rows:
        form.addRow(name, field)
    column.addWidget(QLabel(f"<b>{title}</b>"))
    column.addLayout(form)
    for widget in below:
        column.addWidget(widget)
    column.addSpacing(8)


def _describe(image: Content) -> str:
    """Say what would be exported: objects, classes, size, and how large a pixel is."""
    image.check()
    *leading, height, width = image.shape
    planes = "".join(f"{length} x " for length in leading)
    known = f", a pixel is {_size_of_pixel(image.grid)}" if image.grid.is_known else ""
    return f"{_count(image)}{_of_classes(image)}, {planes}{height} x {width} pixels{known}."


def _of_classes(image: Content) -> str:
    """Say of how many classes the objects are, and how many of each where these have names."""
    names = image.class_names
    classes = f" of {len(names)} classes" if len(names) > 1 else ""
    if names == list_names(len(names), {}):
        return classes
    counts = image.count_classes()
    return f"{classes} ({', '.join(f'{counts[name]} {name}' for name in names)})"


def _size_of_pixel(grid: Grid) -> str:
    """Say how far apart pixels are along each axis: "2 x 0.5 x 0.5 µm", or "30 s x 0.5 µm x 0.5 µm"."""
    units = ["(no unit)" if unit == PIXEL else short_unit(unit) for unit in grid.units]
    if len(set(units)) == 1:
        return f"{' x '.join(f'{step:g}' for step in grid.scale)} {units[0]}"
    return " x ".join(f"{step:g} {unit}" for step, unit in zip(grid.scale, units, strict=True))


def _count(image: Content) -> str:
    """Say how many objects there are, of how many; or how many boxes or points, and how many mark what is no cell."""
    number = image.count_classes().total()
    total = image.about.get("objects_in_layer", number)
    several = "" if number == total else f"{number} of "
    others = f" and {image.left_out} of what is no cell" if image.left_out else ""
    return f"{several}{say_count(total, image.what)}{others}"


def _first_in_view(found: Sequence[Layer]) -> Layer | None:
    return next(iter(layers.in_view(found)), None)
