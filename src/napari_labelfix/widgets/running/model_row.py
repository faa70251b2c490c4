"""The models of a dock: the one of the last run is saved here, and it or a saved one is applied without training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtWidgets import QBoxLayout, QFileDialog, QMenu, QPushButton, QWidget

from napari_labelfix.errors import LabelfixError, ModelError, OutputError
from napari_labelfix.io.files import filling
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_labelfix.methods.table import Method
    from napari_labelfix.widgets.running.session import Session


_SAVE = "Save model…"
_HELP = (
    "Save the network of this run as a folder.\n"
    "“Apply a model…” applies it to other images, “Start from” under More goes on with it."
)
_LONGEST = 18  # letters of a name in the button


class ModelRow(QWidget):
    """Two buttons: to apply a model, and to save that of the last run, which is there when it has ended and left one.

    Parameters
    ----------
    method
        Whose models can be applied.
    session
        The runs of the dock.
    parent
        The Qt parent.
    """

    told = Signal(str, str)  # a sentence, and its mood
    chosen = Signal(object, str)  # a TrainedModel to apply, and what it is called

    def __init__(self, method: Method, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._method, self._session = method, session
        self._image = ""  # the name of the image in hand when the last training was started
        self._learned_from: set[str] = set()  # the ids of all that it is on
        self._folder = Path.home()  # where a saved model was found last
        self.apply_button, self.save_button = QPushButton("Apply a model…"), QPushButton(_SAVE)
        self.apply_button.setToolTip(
            "Let a trained model propose for the image in hand, and those together with it, without training."
        )
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(3)
        for button in (self.save_button, self.apply_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._row.addWidget(button)
        self.apply_button.clicked.connect(self._choose)
        self.save_button.clicked.connect(self._choose_place)
        session.started.connect(self.save_button.hide)
        session.ended.connect(lambda _state: self.save_button.setVisible(session.model is not None))
        self.save_button.hide()

    def begin(self, images: Sequence[Layer]) -> None:
        """Note the images that a training was started on, that in hand first."""
        self._image = images[0].name
        self._learned_from = set(map(layers.image_id, images))
        self.show_beside(images[0])

    def show_beside(self, image: Layer | None) -> None:
        """Say what the model was learned from, unless an image in hand tells that by what is seen around the button."""
        told = image is None or layers.tag_of(image).get("id") not in self._learned_from
        name = self._image if len(self._image) <= _LONGEST else f"{self._image[: _LONGEST - 1]}…"
        self.save_button.setText(f"Save model of “{name}”…" if told else _SAVE)
        self.save_button.setToolTip(f"It was learned from “{self._image}”.\n{_HELP}" if told else _HELP)
        below = QBoxLayout.Direction.TopToBottom if told else QBoxLayout.Direction.LeftToRight
        self._row.setDirection(below)  # a long name takes all of a line

    def save(self, folder: Path) -> None:
        """Write the model of the last run; what is wrong with that is told."""
        model = self._session.model
        if model is None:
            return
        try:
            with filling(folder) as temporary:
                model.save(temporary)
        except OutputError as error:
            self.told.emit(str(error), "error")
        else:
            self._folder = folder
            self.told.emit(f"The model is saved in {folder}.", "done")

    def choose_last(self) -> None:
        """Choose the model of the last run, to apply it."""
        if (model := self._session.model) is not None:
            self.chosen.emit(model, f"model of “{self._image}”")

    def choose_saved(self, folder: Path) -> None:
        """Choose a saved model, to apply it; what is wrong with it is told."""
        try:
            model = TrainedModel.load(folder)
            self._expect_own(model, folder)
        except LabelfixError as error:
            self.told.emit(str(error), "error")
            return
        self._folder = folder
        self.chosen.emit(model, f"model in “{folder.name}”")

    def menu(self) -> QMenu:
        """Return what there is to apply when a run has left a model."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(f"The model of “{self._image}”").triggered.connect(lambda _checked: self.choose_last())
        menu.addAction("A saved model…").triggered.connect(lambda _checked: self._choose_folder())
        return menu

    def _expect_own(self, model: TrainedModel, folder: Path) -> None:
        if model.method != self._method.name:
            title = METHODS[model.method].title if model.method in METHODS else model.method
            raise ModelError(f"The model in {folder} is one of {title}. Apply it in the dock of that method.")

    def _choose(self) -> None:
        if self._session.model is None:
            self._choose_folder()
        else:
            self.menu().popup(self.apply_button.mapToGlobal(QPoint(0, self.apply_button.height())))

    def _choose_folder(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, "The folder of a saved model", str(self._folder)):
            self.choose_saved(Path(folder))

    def _choose_place(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the model as a folder", str(Path.home() / "model"))
        if name:
            self.save(Path(name))
