"""What the drills found, as a table."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from facecam.commands.cli import run
from facecam.torture import drills, kills, table
from facecam.torture.damaged_input import DamageReport
from facecam.torture.kills import KillReport, taken_times_s
from facecam.torture.reconnects import ReconnectReport
from facecam.torture.resources import Holdings
from facecam.torture.soak import SoakReport

BEFORE = Holdings(100.0, 1, 10)


def held(lines: list[table.Line]) -> dict[str, bool]:
    return {line.check: line.holds for line in lines}


def test_frames_that_were_dropped_are_no_loss_of_a_kill() -> None:
    told = [(0.0, 0), (0.1, 0), (0.2, 0), (0.3, 1), (0.4, 2), (0.5, 2)]
    assert taken_times_s(told) == [0.0, 0.1, 0.4, 0.5]
    assert taken_times_s([]) == []


def test_loss_of_a_kill_is_what_was_taken_and_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "video_times_s", lambda path: [0.0, 0.1, 0.2])
    report = KillReport()
    kills._look_at(report, tmp_path / "a.mp4", [0.0, 0.1, 0.2, 0.3, 0.4], "killed")
    assert report.worst_lost_s == pytest.approx(0.1 + 1 / 30)
    assert (report.playable, report.readable) == (1, 0)
    assert "killed" in report.failures[0]


def test_kills_hold_within_a_second() -> None:
    report = KillReport(trials=2, playable=2, readable=2, lost_s=[0.2, 0.9])
    assert all(held(table.kill_lines(report)).values())
    report.lost_s.append(1.1)
    report.playable = 1
    assert held(table.kill_lines(report)) == {
        "playable": False,
        "session readable": True,
        "worst loss": False,
    }


def test_leaks_and_slow_reconnects_do_not_hold() -> None:
    report = ReconnectReport(BEFORE, BEFORE, 2, [], {"cut": [0.1]}, {"cut": [0.4, 1.9]})
    assert all(held(table.reconnect_lines(report)).values())
    report.after = Holdings(100.0, 2, 11)
    report.resumed_s["cut"].append(2.1)
    found = held(table.reconnect_lines(report))
    assert not found["plays again after, worst (median)"]
    assert not found["threads before, after"]
    assert not found["handles before, after"]


def test_soak_holds_within_20_mb_and_a_frame() -> None:
    end = Holdings(119.0, 1, 10)
    report = SoakReport(BEFORE, BEFORE, end, end, worst_error_s=0.001, drift_s_an_hour=-0.002)
    assert all(held(table.soak_lines(report)).values())
    report.end = Holdings(121.0, 1, 10)
    report.drift_s_an_hour = -0.05
    found = held(table.soak_lines(report))
    assert not found["memory when warm, at the end"]
    assert not found["timing error, worst; an hour"]


@pytest.mark.parametrize("what", ["crashes", "hangs", "escaped"])
def test_any_crash_hang_or_traceback_is_a_failure(what: str) -> None:
    report = DamageReport(trials=3, read=2, **{what: 1})
    (line,) = table.damage_lines({"video": report})
    assert not line.holds


def test_page_has_date_machine_command_and_what_went_wrong() -> None:
    lines = table.kill_lines(KillReport(trials=1, playable=0, lost_s=[2.0]))
    when = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    page = table.as_markdown(lines, "a machine", "python -m facecam torture", ["x\nit broke"], when)
    assert "2026-01-02 03:04 UTC with `python -m facecam torture`" in page
    assert "on a machine." in page
    assert "| kill -9 while recording, 1 trials | worst loss | 2.00 s | 1 s | **no** |" in page
    assert "- it broke" in page


def fake_drill(name: str, size: float, *rest: Any) -> drills.Outcome:
    return [table.Line(name, "size", f"{size:g}", "any", name != "soak")], []


def test_command_prints_one_json_object_and_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drills, "run_drill", fake_drill)
    page = tmp_path / "docs" / "torture.md"
    options = ["--only", "kill", "--only", "damage", "--files", "7", "--report", str(page)]
    assert run(["torture", "--json", *options]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["ok"]
    assert [(line["drill"], line["found"]) for line in record["lines"]] == [
        ("kill", "200"),
        ("damage", "7"),
    ]
    command = "python -m facecam torture --only kill --kills 200 --only damage --files 7"
    assert command in page.read_text("utf-8")


def test_command_fails_when_a_check_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drills, "run_drill", fake_drill)
    assert run(["torture", "--quick"]) == 1
    printed = capsys.readouterr()
    assert "FAILED size: 0.5" in printed.out
    assert "1 of 5 checks failed" in printed.err
    assert run(["torture", "--only", "fire"]) == 2
