"""Choosing the computer that trains: this one, or another one that SSH reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_labelfix.errors import LabelfixError
from napari_labelfix.trainer.computers import Computer
from napari_labelfix.trainer.known_computers import KnownComputers
from napari_labelfix.trainer.trial import start_trial
from napari_labelfix.widgets.parts.dock_frame import follow_font
from napari_labelfix.widgets.parts.message import Message

if TYPE_CHECKING:
    from napari_labelfix.trainer.runs import Run
    from napari_labelfix.widgets.running.session import Session

_POLL_MS = 100
_WIDTH = 420  # pixels
_LONGEST = 24  # characters of an address, so that the dock stays narrow
_WHAT_IT_NEEDS = (
    "A computer that lets you in by SSH with a key, and has the same version of napari-labelfix installed. Images and "
    "annotations are sent there when you press Run; what it learns comes back while it trains."
)


class ComputerButton(QPushButton):
    """Says which computer trains; its menu has those that are known, and a way to add one.

    Parameters
    ----------
    session
        The runs of the dock.
    theme
        The name of napari's theme.
    """

    told = Signal(str, str)  # a sentence, and its mood

    def __init__(self, session: Session, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self._known = KnownComputers.load()
        self.setFlat(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMenu(QMenu(self))
        self.menu().aboutToShow.connect(self._fill_menu)
        self._take(self._known)

    def choose(self, computer: Computer | None) -> None:
        """Let a computer train from the next run on; None is this one."""
        self._take(self._known.choose(computer))
        self._known.save()

    def forget(self, computer: Computer) -> None:
        """Offer a computer no longer."""
        self._take(self._known.forget(computer))
        self._known.save()

    def add(self) -> None:
        """Ask for another computer, and choose it once it has answered."""
        dialog = ComputerDialog(self._theme, self.window())
        dialog.answered.connect(self._on_answered)
        dialog.open()

    def set_theme(self, theme: str) -> None:
        """Take the colours of another theme."""
        self._theme = theme

    def _on_answered(self, computer: Computer, device: str) -> None:
        self.choose(computer)
        self.told.emit(f"{computer.address} has answered ({device}), and trains from now on.", "done")

    def _take(self, known: KnownComputers) -> None:
        self._known = known
        self._session.trainer.move_to(known.chosen)
        where = "this computer" if known.chosen is None else known.chosen.address
        self.setText(f"on {where}" if len(where) <= _LONGEST else f"on {where[: _LONGEST - 1]}…")
        self.setToolTip(f"Runs train on {where}. Another computer may have a better GPU.")

    def _fill_menu(self) -> None:
        menu = self.menu()
        menu.clear()
        if (kept := KnownComputers.load()) != KnownComputers():  # another dock may have added one, or forgotten it
            self._known = KnownComputers(kept.others, self._known.chosen)
        for computer in (None, *self._known.others):
            action = menu.addAction("This computer" if computer is None else computer.address)
            action.setCheckable(True)
            action.setChecked(computer == self._known.chosen)
            action.triggered.connect(lambda _checked, chosen=computer: self.choose(chosen))
        menu.addSeparator()
        menu.addAction("Another computer…").triggered.connect(lambda _checked: self.add())
        if (chosen := self._known.chosen) is not None:
            menu.addAction(f"Forget {chosen.address}").triggered.connect(lambda _checked: self.forget(chosen))


class ComputerDialog(QDialog):
    """Asks for the address of a computer and tries it.

    Parameters
    ----------
    theme
        The name of napari's theme.
    parent
        The Qt parent.
    """

    answered = Signal(object, str)  # a Computer, and what it computes on

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train on another computer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self._computer: Computer | None = None
        self._run: Run | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)

        self.message = Message(theme)
        self.message.show_text(_WHAT_IT_NEEDS)
        self.address = QLineEdit()
        self.address.setPlaceholderText("anna@gpu-server")
        self.address.setToolTip("As ssh takes it: user@host, or a name from your SSH configuration.")
        self.python = QLineEdit(Computer.python)
        self.python.setToolTip("The Python there that napari-labelfix is installed for: a command, or a path.")
        self.buttons = QDialogButtonBox()
        self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.connect_button = self.buttons.addButton("Connect", QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.try_it)
        self.buttons.rejected.connect(self.reject)
        rows = QFormLayout()
        rows.addRow("Address", self.address)
        rows.addRow("Python there", self.python)
        layout = QVBoxLayout(self)
        layout.addWidget(self.message)
        layout.addLayout(rows)
        layout.addWidget(self.buttons)
        follow_font(self, self.message)
        self.connect_button.setDefault(True)  # once it is in the dialog, which else takes the first button

    def try_it(self) -> None:
        """Connect; what is wrong is said, and what was typed can be corrected."""
        try:
            self._computer = Computer(self.address.text().strip(), self.python.text().strip())
            self._run = start_trial(self._computer)
        except LabelfixError as error:
            self.message.show_text(str(error), "error")
            return
        self.message.show_text(f"Connecting to {self._computer.address}. This may take some seconds.")
        self._set_connecting(True)

    def done(self, result: int) -> None:
        """Close, and end what still tries to connect."""
        self._timer.stop()
        if self._run is not None:
            self._run.stop()
        super().done(result)

    def _poll(self) -> None:
        if self._run is None or self._computer is None:
            return
        try:
            snapshots = self._run.poll()
        except LabelfixError as error:
            self._set_connecting(False)
            self.message.show_text(str(error), "error")
            return
        if snapshots:
            self.answered.emit(self._computer, snapshots[0].message)
            self.accept()

    def _set_connecting(self, connecting: bool) -> None:
        for widget in (self.address, self.python, self.connect_button):
            widget.setEnabled(not connecting)
        if connecting:
            self._timer.start()
        else:
            self._timer.stop()
