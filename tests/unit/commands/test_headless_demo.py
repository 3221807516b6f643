"""The summary that stands in for a window, and when it does."""

import json
from pathlib import Path
from typing import Any

import pytest

from facecam.commands import display
from facecam.commands.headless_demo import summarize, usual_reading
from facecam.commands.output import HeadWords


def write_stats(path: Path, frames: list[list[dict[str, Any]]]) -> Path:
    lines = [{"schema": "facecam-stats-1"}]
    lines += [{"frame": i, "t_s": i / 30, "faces": faces} for i, faces in enumerate(frames)]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def face(track: int, **heads: Any) -> dict[str, Any]:
    return {"track": track, "box_xywh": [0, 0, 9, 9], "score": 0.9, "heads": heads}


def test_one_line_a_face(tmp_path: Path) -> None:
    age = {"value": 30.0, "low": 25.0, "high": 35.0}
    frames = [[face(1, age=age), face(2)], [face(1, age=age | {"value": 40.0})], []]
    assert summarize(write_stats(tmp_path / "x.jsonl", frames)) == [
        "  face 1: 2 frames; age 35",
        "  face 2: 1 frames; no readings",
    ]


def test_a_face_that_nothing_can_be_told_of_says_so_once(tmp_path: Path) -> None:
    unsure = {"p": 0.9, "on": True, "unsure": "turned"}
    frames = [[face(1, smile=unsure, glasses=unsure)]]
    stats = write_stats(tmp_path / "x.jsonl", frames)
    assert summarize(stats) == ["  face 1: 1 frames; can't tell (turned)"]


def test_it_fits_on_a_screen(tmp_path: Path) -> None:
    frames = [[face(track) for track in range(1, 41)]]
    lines = summarize(write_stats(tmp_path / "x.jsonl", frames), most=5)
    assert len(lines) == 6
    assert lines[-1] == "  and 35 more"


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([{"label": "a", "p": 0.6}, {"label": "b", "p": 0.6}, {"label": "b", "p": 0.6}], "b"),
        ([{"p": 0.9, "on": True}, {"p": 0.8, "on": True}, {"p": 0.1, "on": False}], "yes"),
        ([{"label": "nv", "p": 0.6}], "mole"),
        ([{"p": 0.1, "on": False}], "no"),
        (
            [{"p": 0.9, "on": True}, *[{"p": 0.9, "on": True, "unsure": "small"}] * 2],
            "can't tell (small)",
        ),
        ([{"probs": {}, "on": ["hat", "scarf"]}, {"probs": {}, "on": ["hat"]}], "hat"),
    ],
)
def test_usual_reading(items: list[dict[str, Any]], words: str) -> None:
    assert usual_reading(items, HeadWords("Looks like", {"nv": "mole"})) == words


def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def test_no_display_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    no_display(monkeypatch)
    assert display.why_no_window() == "There is no display to open a window on."


def test_a_dead_display_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    no_display(monkeypatch)
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.setattr("facecam.gui.qt_environment.missing_library", lambda: None)
    assert ":4242 does not answer" in display.why_no_window()


def test_a_missing_library_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    no_display(monkeypatch)
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.setattr("facecam.gui.qt_environment.missing_library", lambda: "libxcb-cursor.so.0")
    assert "libxcb-cursor.so.0" in display.why_no_window()


def test_a_forced_platform_needs_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    no_display(monkeypatch)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.why_no_window() == ""
