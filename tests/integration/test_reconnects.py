"""A real stream from another process: cut, stalled, killed and restarted with another size."""

import pytest

from facecam.torture.reconnects import FAULTS, run_reconnects


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def check(cycles: int, faults: tuple[str, ...]) -> None:
    """Let every fault be noticed and got over; how fast is for the drill to judge."""
    report = run_reconnects(cycles, faults=faults)
    assert report.failures == []
    assert report.cycles == cycles
    assert report.after.threads <= report.before.threads
    assert report.after.handles <= report.before.handles
    assert sum(map(len, report.detected_s.values())) == cycles
    assert sum(map(len, report.resumed_s.values())) == cycles


def test_ten_faults_of_a_stream_and_nothing_leaks() -> None:
    check(10, ("kill", "cut", "kill", "cut", "stall and kill"))


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_thousand_faults_of_a_stream_and_nothing_leaks() -> None:
    check(1000, FAULTS)
