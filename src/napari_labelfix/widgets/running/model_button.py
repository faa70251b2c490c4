"""Saves the network of a run: to go on with it on another image, or to apply it on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_labelfix.errors import OutputError
from napari_labelfix.io.files import filling

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_labelfix.widgets.running.session import Session


_SAVE = "Save model…"
_HELP = (
    "Save the network of this run as a folder.\n"
    "“Start from” under More goes on with it; napari-labelfix predict applies it."
)
_LONGEST = 18  # letters of a name in the button


class ModelButton(QPushButton):
    """Is there when a run has ended and left a model; says of which image, where another one is in hand.

    Parameters
    ----------
    session
        The runs of the dock.
    parent
        The Qt parent.
    """

    told = Signal(str, str)  # a sentence, and its mood

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(_SAVE, parent)
        self._session = session
        self._image = ""  # the name of the one that the run was started on
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(_HELP)
        self.clicked.connect(self._choose_folder)
        session.started.connect(self.hide)
        session.ended.connect(lambda _state: self.setVisible(session.model is not None))
        self.hide()

    def begin(self, image: str) -> None:
        """Note the name of the image that a run was started on."""
        self._image = image
        self.tell_image(False)

    def tell_image(self, told: bool) -> None:
        """Say which image the model was learned from, or leave that to what is seen around the button."""
        name = self._image if len(self._image) <= _LONGEST else f"{self._image[: _LONGEST - 1]}…"
        self.setText(f"Save model of “{name}”…" if told else _SAVE)
        self.setToolTip(f"It was learned from “{self._image}”.\n{_HELP}" if told else _HELP)

    def save(self, folder: Path) -> None:
        """Write the model; what is wrong with that is told."""
        model = self._session.model
        if model is None:
            return
        try:
            with filling(folder) as temporary:
                model.save(temporary)
        except OutputError as error:
            self.told.emit(str(error), "error")
        else:
            self.told.emit(f"The model is saved in {folder}.", "done")

    def _choose_folder(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the model as a folder", str(Path.home() / "model"))
        if name:
            self.save(Path(name))
