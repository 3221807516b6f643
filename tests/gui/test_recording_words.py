from pathlib import Path

import pytest

from facecam.gui import recording_words, words
from facecam.recording.request import RecordingStatus


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_lengths_read_like_a_clock(seconds: float, shown: str) -> None:
    assert recording_words.clock_text(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(40, "40 s left"), (750, "12 min left"), (20_000, "5 h left"), (1e9, "99 h left")],
)
def test_room_is_told_coarsely(seconds: float, shown: str) -> None:
    assert recording_words.room_text(seconds) == shown


def test_states_are_told_apart() -> None:
    def said(state: str) -> str:
        return recording_words.state_text(RecordingStatus(state, Path("x.mp4"), elapsed_s=5.0))  # type: ignore[arg-type]

    texts = [said(state) for state in ("starting", "recording", "paused", "stopping")]
    assert len(set(texts)) == 4
    assert texts[1] == "REC 0:05"


def test_every_state_of_a_source_has_its_own_words() -> None:
    names = ("stalled", "frozen", "black", "wrong_size", "gone", "reconnecting")
    texts = {words.health_text(name, 4.2) for name in names}
    assert len(texts) == 6
    assert all("4" in text for text in texts)
    assert words.health_text("ok", 4.2) == ""


def test_gaps_say_what_happened() -> None:
    assert recording_words.gap_text("pause", 65) == "paused for 1:05"
    assert "another source" in recording_words.gap_text("source", 1)
    assert "0:03" in recording_words.gap_text("unheard of", 3)
