"""Choosing the computer that trains."""

import sys

import pytest
from qtpy.QtCore import Qt
from stand_in_ssh import install_stand_in

from napari_labelfix.trainer.computers import Computer
from napari_labelfix.trainer.known_computers import KnownComputers
from napari_labelfix.widgets.running.computer_choice import ComputerButton, ComputerDialog
from napari_labelfix.widgets.running.session import Session

LAB, OTHER = Computer("anna@lab", "~/venv/python"), Computer("gpu-server")


@pytest.fixture
def make_button(qtbot, trainer):
    def make() -> ComputerButton:
        button = ComputerButton(Session(trainer), "dark")
        qtbot.addWidget(button)
        return button

    return make


@pytest.fixture
def dialog(qtbot, tmp_path, monkeypatch):
    if sys.platform == "win32":
        pytest.skip("the stand-in for SSH is a shell script")
    install_stand_in(tmp_path, monkeypatch)
    dialog = ComputerDialog("dark")
    qtbot.addWidget(dialog)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # the test looks at it afterwards
    dialog.open()
    return dialog


def entries(button) -> list[tuple[str, bool]]:
    button.menu().aboutToShow.emit()
    return [(action.text(), action.isChecked()) for action in button.menu().actions() if action.text()]


def pick(button, text):
    button.menu().aboutToShow.emit()
    next(action for action in button.menu().actions() if action.text() == text).trigger()


def test_at_first_this_computer_trains(make_button, trainer):
    button = make_button()
    assert button.text() == "on this computer"
    assert entries(button) == [("This computer", True), ("Another computer…", False)]
    assert trainer.computer is None


def test_a_chosen_computer_trains_in_docks_to_come_too(make_button, trainer):
    make_button().choose(LAB)
    assert trainer.computer == LAB
    trainer.computer = None
    button = make_button()
    assert (trainer.computer, button.text()) == (LAB, "on anna@lab")
    pick(button, "This computer")
    assert (trainer.computer, button.text()) == (None, "on this computer")
    assert entries(button)[:2] == [("This computer", True), ("anna@lab", False)]


def test_a_long_address_is_cut_and_stands_in_the_tooltip(make_button):
    button, address = make_button(), "anna.longname@gpu-server.institute.example"
    button.choose(Computer(address))
    assert button.text() == "on anna.longname@gpu-serve…"
    assert address in button.toolTip()


def test_what_another_dock_has_added_is_in_the_menu(make_button, trainer):
    button = make_button()
    make_button().choose(OTHER)
    assert (button.text(), trainer.computer) == ("on this computer", OTHER)
    pick(button, "gpu-server")
    assert button.text() == "on gpu-server"


def test_a_computer_can_be_forgotten(make_button, trainer):
    button = make_button()
    button.choose(LAB)
    pick(button, "Forget anna@lab")
    assert trainer.computer is None
    assert entries(button) == [("This computer", True), ("Another computer…", False)]
    assert KnownComputers.load() == KnownComputers()


def test_a_computer_is_chosen_once_it_has_answered(qtbot, make_button, dialog, trainer):
    button, told = make_button(), []
    button.told.connect(lambda *said: told.append(said))
    dialog.answered.connect(button._on_answered)
    qtbot.keyClicks(dialog.address, LAB.address)
    dialog.python.setText(LAB.python)
    with qtbot.waitSignal(dialog.answered, timeout=60_000):
        qtbot.mouseClick(dialog.connect_button, Qt.MouseButton.LeftButton)
        assert dialog.message.text().startswith("Connecting to anna@lab.")
        assert not dialog.address.isEnabled()
    assert not dialog.isVisible()
    assert trainer.computer == LAB
    ((sentence, mood),) = told
    assert sentence.startswith("anna@lab has answered (")
    assert mood == "done"


def test_a_computer_that_does_not_answer_can_be_corrected(qtbot, dialog):
    dialog.address.setText("nowhere")
    qtbot.keyClick(dialog.address, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.message.mood == "error", timeout=20_000)
    assert "The connection to nowhere failed" in dialog.message.text()
    assert dialog.isVisible()
    assert dialog.address.isEnabled()
    assert dialog.connect_button.isEnabled()


def test_an_address_that_is_none_is_told_at_once(qtbot, dialog):
    qtbot.mouseClick(dialog.connect_button, Qt.MouseButton.LeftButton)
    assert dialog.message.text().startswith("Expected an address such as anna@gpu-server")
    assert dialog.address.isEnabled()


def test_cancel_ends_what_tries_to_connect(qtbot, dialog):
    dialog.address.setText(LAB.address)
    dialog.python.setText(LAB.python)
    dialog.try_it()
    dialog.reject()
    assert dialog._run.state == "stopped"
    assert not dialog._timer.isActive()


def test_the_menus_entry_opens_the_dialog(qtbot, make_button):
    button = make_button()
    pick(button, "Another computer…")
    dialog = button.window().findChild(ComputerDialog)
    assert dialog.isVisible()
    dialog.reject()
