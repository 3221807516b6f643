"""Cameras: missing, busy, blocked, lost and odd ones."""

import threading
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from facecam.capture.camera import CameraSource
from facecam.capture.devices import CameraDevice
from facecam.capture.pump import stuck_pumps
from facecam.capture.source import SourceInfo
from facecam.errors import CameraLostError, CameraOpenError, SourceError
from tests.fakes import WAIT_S

DEVICES = (CameraDevice(0, "Integrated Camera"), CameraDevice(2, "HD Webcam C920"))


class FakeCapture:
    """A camera driver that gives numbered pictures on request, or blocks, or refuses."""

    def __init__(
        self,
        *,
        opens: bool = True,
        pictures: int = 3,
        warm_up: int = 0,
        size_wh: tuple[int, int] = (640, 480),
        channels: int = 3,
        fourcc: str = "YUYV",
    ) -> None:
        self.opens = opens
        self.asked: list[tuple[int, float]] = []
        self.released = threading.Event()
        self.blocked = threading.Event()  # set while a read waits after the last picture
        self.unblock = threading.Event()
        self.then_fail = False
        self._left = pictures
        self._warm_up = warm_up
        shape = (size_wh[1], size_wh[0], channels) if channels > 1 else (size_wh[1], size_wh[0])
        self._picture = np.full(shape, 77, np.uint8)
        self._fourcc = cv2.VideoWriter.fourcc(*fourcc)

    def isOpened(self) -> bool:
        return self.opens

    def set(self, prop: int, value: float, /) -> bool:
        self.asked.append((prop, value))
        return True

    def get(self, prop: int, /) -> float:
        return {cv2.CAP_PROP_FPS: 15.0, cv2.CAP_PROP_FOURCC: float(self._fourcc)}.get(prop, -1.0)

    def read(self) -> tuple[bool, Any]:
        if self._warm_up > 0:
            self._warm_up -= 1
            return False, None
        if self._left > 0:
            self._left -= 1
            return True, self._picture
        if not self.then_fail:
            self.blocked.set()
            self.unblock.wait(WAIT_S)
        return False, None

    def release(self) -> None:
        self.released.set()


def camera(
    capture: FakeCapture,
    which: int | str = 0,
    devices: Callable[[], tuple[CameraDevice, ...]] = lambda: DEVICES,
    **options: Any,
) -> CameraSource:
    return CameraSource(which, open_capture=lambda _: capture, devices=devices, **options)


def test_asks_for_mjpg_size_and_rate_in_this_order() -> None:
    capture = FakeCapture()
    source = camera(capture, size_wh=(1280, 720), fps=30)
    source.open()
    capture.unblock.set()
    source.close()
    mjpg = float(cv2.VideoWriter.fourcc(*"MJPG"))
    assert capture.asked == [
        (cv2.CAP_PROP_FOURCC, mjpg),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280.0),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720.0),
        (cv2.CAP_PROP_FPS, 30.0),
    ]


def test_says_what_was_asked_and_what_came() -> None:
    capture = FakeCapture(size_wh=(640, 480))
    source = camera(capture, size_wh=(1280, 720), fps=30)
    source.open()
    capture.unblock.set()
    source.close()
    info = source.info
    assert (info.name, info.kind, info.live) == ("Integrated Camera", "camera", True)
    assert (info.asked, info.given) == ("MJPG 1280x720 30 Hz", "YUYV 640x480 15 Hz")
    assert (info.size_wh, info.fps) == ((640, 480), 15.0)


def test_warming_up_is_waited_for() -> None:
    capture = FakeCapture(warm_up=5)
    source = camera(capture)
    source.open()
    assert source.read() is not None
    capture.unblock.set()
    source.close()


def test_grey_camera_gives_colour_frames() -> None:
    capture = FakeCapture(channels=1)
    source = camera(capture)
    source.open()
    frame = source.read()
    capture.unblock.set()
    source.close()
    assert frame is not None
    assert frame.image_bgr.shape == (480, 640, 3)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("Integrated Camera", 0), ("hd webcam c920", 2), ("C920", 2), (2, 2), (5, 5)],
)
def test_is_found_by_index_or_name(wanted: int | str, index: int) -> None:
    opened: list[int] = []
    capture = FakeCapture()
    capture.unblock.set()

    def open_capture(at: int) -> FakeCapture:
        opened.append(at)
        return capture

    source = CameraSource(wanted, open_capture=open_capture, devices=lambda: DEVICES)
    source.open()
    source.close()
    assert opened == [index]


def test_unknown_name_lists_the_choice() -> None:
    source = camera(FakeCapture(), "Nikon")
    with pytest.raises(
        CameraOpenError,
        match=r"called Nikon: choose one of 0 \(Integrated Camera\), 2 \(HD Webcam C920\)",
    ):
        source.open()


def test_index_that_does_not_exist() -> None:
    capture = FakeCapture(opens=False)
    source = camera(capture, 7)
    with pytest.raises(CameraOpenError, match=r"There is no camera 7: choose one of 0 \("):
        source.open()
    assert capture.released.wait(WAIT_S)


def test_no_camera_at_all() -> None:
    source = camera(FakeCapture(opens=False), 0, devices=lambda: ())
    with pytest.raises(CameraOpenError, match=r"There is no camera 0: no camera was found"):
        source.open()


def test_really_missing_camera() -> None:
    """Through OpenCV itself."""
    with pytest.raises(CameraOpenError, match="There is no camera 63: "):
        CameraSource(63).open()


def test_busy_camera_that_refuses_to_open() -> None:
    source = camera(FakeCapture(opens=False), 0)
    with pytest.raises(
        CameraOpenError, match=r"camera 0 \(Integrated Camera\) cannot be opened: .*close other"
    ):
        source.open()


def test_busy_camera_that_gives_no_picture() -> None:
    capture = FakeCapture(pictures=0)
    capture.then_fail = True
    source = camera(capture, 2)
    with pytest.raises(
        CameraOpenError, match=r"camera 2 \(HD Webcam C920\) opens but gives no picture: close"
    ):
        source.open()
    assert capture.released.wait(WAIT_S)


def test_driver_that_blocks_in_open_is_left_behind_and_tidied_up() -> None:
    let_go = threading.Event()
    capture = FakeCapture()

    def open_capture(_: int) -> FakeCapture:
        let_go.wait(WAIT_S)
        return capture

    source = CameraSource(
        0, open_capture=open_capture, devices=lambda: DEVICES, open_timeout_s=0.05
    )
    with pytest.raises(CameraOpenError, match=r"did not answer within 0\.05 s: unplug it"):
        source.open()
    let_go.set()
    assert capture.released.wait(WAIT_S)


def test_camera_that_falls_silent_is_lost() -> None:
    capture = FakeCapture(pictures=1)
    source = camera(capture, read_timeout_s=0.05)
    source.open()
    assert source.read() is not None
    with pytest.raises(CameraLostError, match="Integrated Camera stopped giving pictures: check"):
        source.read()
    capture.unblock.set()
    source.close()


def test_camera_that_was_pulled_out_is_lost() -> None:
    capture = FakeCapture(pictures=1)
    capture.then_fail = True
    source = camera(capture)
    source.open()
    assert source.read() is not None
    with pytest.raises(CameraLostError, match="check its cable"):
        source.read()
    source.close()
    assert capture.released.wait(WAIT_S)


def test_driver_that_raises_is_reported_by_read() -> None:
    capture = FakeCapture(pictures=1)

    def explode() -> tuple[bool, Any]:
        raise cv2.error("driver fault")

    source = camera(capture)
    source.open()
    assert source.read() is not None
    capture.read = explode  # type: ignore[method-assign]
    capture.unblock.set()
    with pytest.raises(CameraLostError):
        source.read()
    source.close()


def test_close_ends_a_blocked_read_at_once() -> None:
    capture = FakeCapture(pictures=1)
    source = camera(capture, read_timeout_s=WAIT_S)
    source.open()
    assert source.read() is not None
    ended = threading.Event()

    def read_on() -> None:
        assert source.read() is None
        ended.set()

    reading = threading.Thread(target=read_on)
    reading.start()
    assert capture.blocked.wait(WAIT_S)
    source.close()  # while the driver is still stuck
    assert ended.wait(WAIT_S)
    assert not capture.released.is_set()  # never under a running read
    capture.unblock.set()
    reading.join(WAIT_S)
    assert capture.released.wait(WAIT_S)


def test_close_ends_a_blocked_open_at_once() -> None:
    entered, let_go, done = threading.Event(), threading.Event(), threading.Event()
    capture = FakeCapture()

    def open_capture(_: int) -> FakeCapture:
        entered.set()
        let_go.wait(WAIT_S)
        return capture

    source = CameraSource(0, open_capture=open_capture, devices=lambda: DEVICES)

    def open_it() -> None:
        source.open()
        done.set()

    opening = threading.Thread(target=open_it)
    opening.start()
    assert entered.wait(WAIT_S)
    source.close()
    assert done.wait(WAIT_S)
    assert source.read() is None
    let_go.set()
    opening.join(WAIT_S)
    assert capture.released.wait(WAIT_S)


def test_newest_picture_wins_and_gaps_show_in_the_ids() -> None:
    capture = FakeCapture(pictures=5)
    source = camera(capture)
    source.open()
    assert capture.blocked.wait(WAIT_S)  # all five were pumped, nobody read
    frame = source.read()
    capture.unblock.set()
    source.close()
    assert frame is not None
    assert frame.frame_id == 4


def test_does_not_open_twice_nor_after_close() -> None:
    capture = FakeCapture()
    capture.unblock.set()
    source = camera(capture)
    source.open()
    with pytest.raises(SourceError, match="make a new source"):
        source.open()
    source.close()
    source.close()
    never = camera(FakeCapture())
    never.close()
    with pytest.raises(SourceError):
        never.open()


def test_followed_camera_is_opened_under_its_new_index() -> None:
    before = FakeCapture()
    before.unblock.set()
    first = camera(before, devices=lambda: (CameraDevice(0, "Cam", identity="usb:a@1"),))
    first.open()
    first.close()
    opened: list[int] = []
    capture = FakeCapture()
    capture.unblock.set()

    def open_capture(at: int) -> FakeCapture:
        opened.append(at)
        return capture

    now = (CameraDevice(0, "Cam", identity="usb:b@2"), CameraDevice(3, "Cam", identity="usb:a@1"))
    again = CameraSource(0, open_capture=open_capture, devices=lambda: now)
    again.follow(first.info)
    again.open()
    again.close()
    assert opened == [3]


def test_another_camera_under_the_old_index_is_not_taken_for_the_lost_one() -> None:
    lost = SourceInfo("Cam", "camera", True, (640, 480), 30.0, identity="usb:a@1")
    capture = FakeCapture()
    other = (CameraDevice(0, "Other", identity="usb:b@2"),)
    source = camera(capture, 0, devices=lambda: other)
    source.follow(lost)
    with pytest.raises(CameraOpenError, match="Cam is not connected: plug it in again"):
        source.open()
    assert not capture.asked


def test_stuck_camera_holds_no_other_camera() -> None:
    capture = FakeCapture(pictures=1)
    source = camera(capture, 17, read_timeout_s=0.05)
    source.open()
    source.read()
    with pytest.raises(CameraLostError):
        source.read()
    source.close()
    assert stuck_pumps() == ("capture-pump camera 17",)
    free = FakeCapture()
    other = camera(free, 1)
    other.open()
    assert other.read() is not None
    free.unblock.set()
    other.close()
    capture.unblock.set()
    for thread in threading.enumerate():
        if thread.name == "capture-pump camera 17":
            thread.join(WAIT_S)
    assert stuck_pumps() == ()


def test_driver_that_never_returns_is_given_up_by_name_and_not_asked_again() -> None:
    capture = FakeCapture(pictures=1)
    source = camera(capture, 7, read_timeout_s=0.05)
    source.open()
    source.read()
    with pytest.raises(CameraLostError):
        source.read()
    source.close()
    assert stuck_pumps() == ("capture-pump camera 7",)
    other = FakeCapture()
    again = camera(other, 7)
    with pytest.raises(CameraOpenError, match="held by a call to its driver that does not return"):
        again.open()
    assert not other.asked
    capture.unblock.set()
    assert capture.released.wait(WAIT_S), "let go as soon as the driver returns"
    for thread in threading.enumerate():
        if thread.name == "capture-pump camera 7":
            thread.join(WAIT_S)
    assert stuck_pumps() == ()


def test_busy_camera_names_who_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "facecam.capture.camera.programs_using", lambda path: ("python (process 12)",)
    )
    source = camera(
        FakeCapture(opens=False), 0, devices=lambda: (CameraDevice(0, "Cam", "/dev/video0"),)
    )
    with pytest.raises(CameraOpenError, match=r"close python \(process 12\), which has it in use"):
        source.open()
