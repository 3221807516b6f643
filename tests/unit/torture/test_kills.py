"""The drill of killed recordings comes to an end, whatever the recording program does."""

import sys

import pytest

from facecam.torture import kills


@pytest.mark.parametrize("does", ["import time; time.sleep(600)", "pass"])
def test_a_program_that_hangs_or_ends_by_itself_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    monkeypatch.setattr(kills, "_CHILD", (sys.executable, "-c", does))
    monkeypatch.setattr(kills, "_HUNG_S", 0.5)
    report = kills.run_kills(1)
    assert (report.trials, report.playable, report.readable) == (1, 0, 0)
    assert len(report.failures) == 1
    assert "ended by itself, or hung for 0.5 s" in report.failures[0]
