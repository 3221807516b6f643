"""Ctrl+C in the terminal closes the window."""

import signal
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from facecam.gui.interrupts import INTERRUPTED, WindowInterrupts


@pytest.fixture
def handlers_kept() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    app = QApplication.instance()
    if app is not None:
        app.setProperty(INTERRUPTED, None)


@pytest.mark.usefixtures("handlers_kept")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window(qtbot: QtBot, number: signal.Signals) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    interrupts = WindowInterrupts()
    interrupts.install()
    signal.raise_signal(number)
    assert not widget.isVisible()
    assert interrupts.received == number
    assert signal.getsignal(number) == signal.SIG_DFL, "the second one ends the process at once"


@pytest.mark.usefixtures("handlers_kept", "qapp")
def test_a_signal_before_there_is_a_window_interrupts_the_start() -> None:
    interrupts = WindowInterrupts()
    interrupts.install()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
