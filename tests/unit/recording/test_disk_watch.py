"""How long the disk lasts, with a disk that tells what the test says."""

from pathlib import Path

from facecam.recording.disk_watch import DiskLimits, DiskWatch
from tests.fakes import FakeClock


def test_time_left_follows_from_the_rate(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = DiskWatch(tmp_path, DiskLimits(1000, 10.0), free=lambda folder: 6000, clock=clock)
    first = watch.look(0)
    assert (first.left_s, first.low) == (None, False)
    clock.advance(4.0)
    state = watch.look(400)  # 100 bytes a second: 10 s of it count as much as the limit
    assert state.left_s == 50.0
    assert not state.low


def test_fast_recording_keeps_seconds_free_not_only_bytes(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = DiskWatch(tmp_path, DiskLimits(1000, 30.0), free=lambda folder: 5000, clock=clock)
    watch.look(0)
    clock.advance(5.0)
    state = watch.look(1000)  # 200 bytes a second for 30 s are 6000
    assert state.low
    assert state.left_s == 0.0


def test_rate_is_of_the_last_seconds(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = DiskWatch(tmp_path, DiskLimits(0, 0.0), free=lambda folder: 1000, clock=clock)
    written = 0
    for second in range(60):
        written += 1000 if second < 30 else 10
        state = watch.look(written)
        clock.advance(1.0)
    assert state.left_s == 100.0


def test_true_disk_has_room(tmp_path: Path) -> None:
    assert DiskWatch(tmp_path, DiskLimits(1, 0.0)).look(0).free_bytes > 1
