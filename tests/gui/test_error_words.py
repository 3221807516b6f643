"""Errors in the language of the window: what the sources say is recognised, with its values."""

import ast
import dataclasses
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication

from facecam.capture.camera import CameraSource
from facecam.capture.files import VideoFileSource
from facecam.capture.pictures import read_picture
from facecam.capture.stream import StreamSource
from facecam.errors import FacecamError
from facecam.gui.error_words import REASONS, REST, SENTENCES, in_words
from facecam.gui.live_session import SourcePhase
from facecam.gui.look import TRANSLATIONS_DIR, Look
from facecam.gui.main_window import MainWindow
from facecam.recording.output_file import unwritable
from facecam.recording.session_files import read_session
from tests.gui.fake_session import FakeSession

ROOT = Path(__file__).resolve().parents[2]
_LEAST_WORDS = 15  # letters that a text in the sources has besides its values, to count as one


@pytest.fixture
def korean(app: QApplication) -> Iterator[None]:
    translator = QTranslator()
    assert translator.load("facecam_ko", str(TRANSLATIONS_DIR))
    app.installTranslator(translator)
    yield
    app.removeTranslator(translator)


def texts_of_sources() -> list[re.Pattern[str]]:
    """Return every text in the sources as an expression that takes anything as its values."""
    found = []
    for path in sorted((ROOT / "facecam").rglob("*.py")):
        if path.name == "error_words.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            fixed = [str(part.value) if isinstance(part, ast.Constant) else None for part in parts]
            if isinstance(node, ast.JoinedStr | ast.Constant) and (
                sum(len(text or "") for text in fixed) >= _LEAST_WORDS
            ):
                made = "".join(".+" if text is None else re.escape(text) for text in fixed)
                found.append(re.compile(made, re.DOTALL))
    return found


def test_every_sentence_that_is_translated_is_one_that_the_sources_make() -> None:
    texts = texts_of_sources()
    unknown = [
        sentence
        for sentence in (*SENTENCES, REST)
        if not any(text.fullmatch(sentence) for text in texts)
    ]
    assert unknown == []


def test_reasons_are_those_of_the_system() -> None:
    if os.name != "posix":
        pytest.skip("another system words them otherwise")
    codes = (errno.EIO, errno.ENOSPC, errno.ENOENT, errno.EACCES, errno.EROFS)
    assert tuple(os.strerror(code) for code in codes) == REASONS


def real_errors(folder: Path) -> Iterator[FacecamError]:
    """Yield errors as a person meets them."""
    empty, torn = folder / "empty.png", folder / "torn.mp4"
    empty.touch()
    torn.write_bytes(b"no video at all" * 100)
    for attempt in (
        lambda: CameraSource(7, devices=lambda: ()).open(),
        lambda: CameraSource("Elgato", devices=lambda: ()).open(),
        lambda: StreamSource("http://127.0.0.1:9/video", open_timeout_s=2.0).open(),
        lambda: VideoFileSource(folder / "gone.mp4").open(),
        lambda: VideoFileSource(torn).open(),
        lambda: read_picture(empty),
        lambda: read_session(folder),
    ):
        with pytest.raises(FacecamError) as caught:
            attempt()
        yield caught.value
    yield unwritable(folder / "party.mp4", OSError(errno.EROFS, os.strerror(errno.EROFS)))


def test_real_errors_are_said_in_korean_with_their_values(korean: None, tmp_path: Path) -> None:
    for error in real_errors(tmp_path):
        said = in_words(str(error))
        assert re.search("[가-힣]", said), error
        for value in re.findall(r"/\S+?\.(?:png|mp4)|127\.0\.0\.1:9|\b7\b|Elgato", str(error)):
            assert value in said
    assert "읽기 전용" in said


def test_end_of_a_recording_by_an_error_is_said_whole(korean: None) -> None:
    sentence = (
        "/films/a.mp4 cannot be written (No space left on device): choose another file, or free "
        "space or permission there; what was recorded until then (5 s) can be played."
    )
    said = in_words(sentence)
    assert "/films/a.mp4" in said
    assert "남은 공간 없음" in said
    assert said.endswith("확보하세요. 그때까지 녹화된 5초는 재생할 수 있습니다.")


def test_other_sentences_stay_as_they_are(korean: None) -> None:
    for sentence in ("", "Something else failed: try again.", "A {curly} thing: {n}."):
        assert in_words(sentence) == sentence


def test_english_stays_word_for_word(app: QApplication, tmp_path: Path) -> None:
    for error in real_errors(tmp_path):
        assert in_words(str(error)) == str(error)
    for sentence in SENTENCES:
        assert in_words(sentence) == sentence


def test_the_window_says_what_failed_in_its_language(
    window: MainWindow, look: Look, session: FakeSession
) -> None:
    window.change(language="ko")
    sentence = "The video /films/a.mp4 does not exist: check the name."
    session.run()
    session.view = dataclasses.replace(session.view, error=sentence, error_count=1)
    window.refresh_status()
    assert (
        window.stage.notice.text.text() == "동영상 /films/a.mp4 파일이 없습니다. 이름을 확인하세요."
    )
    session.view = dataclasses.replace(session.view, source_phase=SourcePhase.FAILED)
    window.refresh_status()
    assert "파일이 없습니다" in window.stage.card.text.text()
    assert not window.stage.notice.isVisible(), "not twice"
