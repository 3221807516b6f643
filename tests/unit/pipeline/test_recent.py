"""The last seconds: what was to be blurred stays so, and a clip that is cut off says so."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facecam.pipeline.recent import RecentKeeper
from facecam.recording.video_writer import VideoWriter
from facecam.timing import monotonic_s
from facecam.types import Frame, ImageU8
from facecam.vision.overlay import OverlayOptions
from tests.fakes import WAIT_S, picture

NOISE = picture((320, 240), seed=1)


def detail(image: ImageU8) -> float:
    return float(cv2.Laplacian(image, cv2.CV_64F).std())


@pytest.fixture
def keeper() -> Iterator[RecentKeeper]:
    keeper = RecentKeeper(1, 10.0)
    yield keeper
    for worker in keeper.workers:
        worker.request_stop()
        worker.join(WAIT_S)


def give(keeper: RecentKeeper, first: int, count: int) -> None:
    for number in range(first, first + count):
        keeper.book.put(1, Frame(NOISE, number, monotonic_s(), number / 30))


def details_of(keeper: RecentKeeper, count: int) -> list[float]:
    """Return how much detail each kept picture has, once there are `count`."""
    deadline_s = monotonic_s() + WAIT_S
    pause = threading.Event()
    while len(keeper._kept) < count:
        assert monotonic_s() < deadline_s
        pause.wait(0.01)
    jpegs = [np.frombuffer(item.jpeg, np.uint8) for item in keeper._kept]
    return [detail(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)) for jpeg in jpegs]


def test_blur_that_is_switched_off_leaves_blurred_what_came_before(keeper: RecentKeeper) -> None:
    keeper.set_blur(True)
    give(keeper, 0, 5)
    keeper.set_blur(False)
    keeper.worker.start()
    blurred = details_of(keeper, 5)
    give(keeper, 5, 5)
    details = details_of(keeper, 10)
    assert max(blurred) < 0.1 * detail(NOISE)
    assert min(details[5:]) > 0.5 * detail(NOISE)


def test_clip_that_is_cut_off_by_the_end_of_the_program_says_so(
    keeper: RecentKeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    write = VideoWriter.write

    def hang(self: VideoWriter, *args: Any) -> float:
        entered.set()
        assert go_on.wait(WAIT_S)
        return write(self, *args)

    monkeypatch.setattr(VideoWriter, "write", hang)
    keeper.worker.start()
    give(keeper, 0, 5)
    details_of(keeper, 5)
    keeper.save(tmp_path / "a.mp4", 5.0, OverlayOptions())
    clip = keeper.workers[-1]
    assert entered.wait(WAIT_S)
    assert keeper.status().saving
    clip.request_stop()
    go_on.set()
    clip.join(WAIT_S)
    status = keeper.status()
    assert not status.saving
    assert status.saved is None
    assert "was not written, because the program ended" in status.message
    assert list(tmp_path.iterdir()) == []
