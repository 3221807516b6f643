import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from facecam.gui.look import TRANSLATIONS_DIR, Look, language_for
from facecam.gui.main_window import MainWindow
from tests.gui.fake_recording import write_session
from tests.gui.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "facecam" / "gui").glob("*.py"))


def messages(path: Path) -> dict[tuple[str, str], ElementTree.Element]:
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            found[name, message.findtext("source") or ""] = message
    return found


KOREAN = messages(TRANSLATIONS_DIR / "facecam_ko.ts")


def test_every_korean_message_is_finished_and_keeps_its_places() -> None:
    for (context, source), message in KOREAN.items():
        translation = message.find("translation")
        assert translation is not None
        assert translation.get("type") is None, f"unfinished: {context}: {source}"
        places = r"\{\w+\}"
        text = translation.text or ""
        assert sorted(re.findall(places, source)) == sorted(re.findall(places, text)), source


def test_every_text_of_the_window_is_in_the_translation(tmp_path: Path) -> None:
    tool = Path(sys.executable).with_name("pyside6-lupdate")
    if not tool.exists() and shutil.which("pyside6-lupdate") is None:
        pytest.skip("pyside6-lupdate, which reads the texts out of the sources, is not there")
    fresh = tmp_path / "facecam_ko.ts"
    command = [str(tool) if tool.exists() else "pyside6-lupdate", *map(str, SOURCES)]
    done = subprocess.run(
        [*command, "-ts", str(fresh)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    missing = set(messages(fresh)) - set(KOREAN)
    assert not missing, f"not translated: {sorted(missing)}"


def test_the_compiled_translation_says_what_the_source_says(app: QApplication) -> None:
    translator = QTranslator()
    assert translator.load("facecam_ko", str(TRANSLATIONS_DIR))
    app.installTranslator(translator)
    try:
        for (context, source), message in KOREAN.items():
            comment = message.findtext("comment")
            shown = QCoreApplication.translate(context, source, comment)
            assert shown == message.findtext("translation"), source
    finally:
        app.removeTranslator(translator)


@pytest.mark.parametrize(
    ("choice", "system", "language"),
    [
        ("ko", "en_US", "ko"),
        ("en", "ko_KR", "en"),
        ("system", "ko_KR", "ko"),
        ("system", "fr_FR", "en"),
    ],
)
def test_the_language_follows_the_choice_then_the_system(
    choice: str, system: str, language: str
) -> None:
    assert language_for(choice, QLocale(system)) == language


def menus_of(window: QMainWindow) -> list[tuple[str, list[QAction]]]:
    """Return the menu bar and every menu below it, with their actions."""
    found = [("menu bar", window.menuBar().actions())]
    for _, actions in found:
        found += [
            (a.text(), menu.actions()) for a in actions if isinstance(menu := a.menu(), QMenu)
        ]
    return found


def letters_of(actions: list[QAction]) -> list[str]:
    """Return the letters to press, without the "&&" that is a plain "&"."""
    texts = (action.text().replace("&&", "") for action in actions)
    return [text.partition("&")[2][0].upper() for text in texts if "&" in text]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_menu_has_a_letter_twice(
    window: MainWindow, look: Look, tmp_path: Path, language: Literal["en", "ko"]
) -> None:
    window.commands.open_recording_at(write_session(tmp_path))
    replay = window.commands._replays[0]
    wait_until(lambda: replay.recording is not None)
    window.change(language=language)
    wait_until(lambda: ("보기" in replay.actions_.view_menu.title()) == (language == "ko"))
    for running, paused, playing in (
        (False, False, False),
        (True, False, True),
        (True, True, True),
    ):
        window.actions_.show_recording_state(running=running, paused=paused, theme=window.theme)
        replay.actions_.show_playing(playing, replay.theme)
        for name, actions in (*menus_of(window), *menus_of(replay)):
            letters = letters_of(actions)
            assert len(set(letters)) == len(letters), f"{name}: {''.join(letters)}"
    assert len(menus_of(window)) > 10
    assert len(letters_of(window.actions_.file_menu.actions())) > 8
