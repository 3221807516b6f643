"""The command around the drills: where its report goes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facecam.commands.cli import app
from facecam.torture.table import Line

ONE_KILL = ["torture", "--only", "kill", "--kills", "1"]


@pytest.fixture
def drilled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the drills that ran; none of them does anything."""
    names: list[str] = []

    def run_drill(name: str, *_: object) -> tuple[list[Line], list[str]]:
        names.append(name)
        return [Line(name, "playable", "1", "1", True)], []

    monkeypatch.setattr("facecam.torture.drills.run_drill", run_drill)
    return names


def test_the_report_makes_its_folder(drilled: list[str], tmp_path: Path) -> None:
    report = tmp_path / "new" / "torture.md"
    assert CliRunner().invoke(app, [*ONE_KILL, "--report", str(report)]).exit_code == 0
    assert "playable" in report.read_text("utf-8")


def test_a_report_without_a_place_is_refused_before_anything_is_drilled(
    drilled: list[str], tmp_path: Path
) -> None:
    for place in (tmp_path, tmp_path / "file" / "torture.md"):
        (tmp_path / "file").touch()
        result = CliRunner().invoke(app, [*ONE_KILL, "--report", str(place)])
        assert result.exit_code == 1
        assert result.stderr.startswith("The report cannot be written")
    assert drilled == []


def test_a_report_that_fails_in_the_end_costs_no_results(
    drilled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    report = tmp_path / "torture.md"
    result = CliRunner().invoke(app, [*ONE_KILL, "--json", "--report", str(report)])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["lines"]
    assert "No space left" in result.stderr


@pytest.mark.parametrize(
    "size", ["--kills=0", "--disks=-1", "--cycles=0", "--files=0", "--minutes=0"]
)
def test_a_drill_of_no_size_is_wrong_usage(drilled: list[str], size: str) -> None:
    assert CliRunner().invoke(app, ["torture", size]).exit_code == 2
    assert drilled == []
