"""A camera through OpenCV."""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2

from facecam.capture.decoders import set_up_decoders
from facecam.capture.devices import CameraDevice, find_again, list_cameras, programs_using
from facecam.capture.pump import CaptureFacts, CapturePump, VideoCapture, stuck_pumps
from facecam.capture.source import SourceInfo
from facecam.errors import CameraLostError, CameraOpenError, SourceError
from facecam.timing import Clock, monotonic_s
from facecam.types import Frame

_OPEN_TIMEOUT_S = 9.0
_READ_TIMEOUT_S = 2.5  # a little more than the driver's own limit, see decoders.py
_FIRST_TRIES = 30  # some cameras fail reads while they warm up

CaptureOpener = Callable[[int], VideoCapture]


def open_camera_capture(index: int) -> VideoCapture:
    """Return OpenCV's capture for a camera, opened or not (`isOpened` tells)."""
    backends = {
        "linux": (cv2.CAP_V4L2,),
        "darwin": (cv2.CAP_AVFOUNDATION,),
        # DirectShow opens at once and honours MJPG; Media Foundation knows some newer cameras.
        "win32": (cv2.CAP_DSHOW, cv2.CAP_MSMF),
    }.get(sys.platform, (cv2.CAP_ANY,))
    capture = cv2.VideoCapture(index, backends[0])
    for backend in backends[1:]:
        if not capture.isOpened():
            capture = cv2.VideoCapture(index, backend)
    return capture


class CameraSource:
    """A camera by index or by name, asked for MJPG, a size and a rate.

    The newest picture wins: frame ids count what the camera gave, so a gap in them is a picture
    that `read` came too late for. `open` and `read` belong to one thread, `close` to any.

    Args:
        camera: Index, or a name or part of a name as `list_cameras` tells them.
        size_wh: Size to ask for; `info.size_wh` is what came.
        fps: Rate to ask for; `info.fps` is what the camera says, the real one must be measured.
        clock: Stamps frames.
        open_capture: Opens the device; tests put a fake here.
        devices: Lists the cameras, for names and messages.
        open_timeout_s: Longest wait for the first picture.
        read_timeout_s: Silence after which the camera counts as lost.
    """

    def __init__(
        self,
        camera: int | str,
        *,
        size_wh: tuple[int, int] = (1280, 720),
        fps: float = 30.0,
        clock: Clock = monotonic_s,
        open_capture: CaptureOpener = open_camera_capture,
        devices: Callable[[], tuple[CameraDevice, ...]] = list_cameras,
        open_timeout_s: float = _OPEN_TIMEOUT_S,
        read_timeout_s: float = _READ_TIMEOUT_S,
    ) -> None:
        self._camera = camera
        self._size_wh = size_wh
        self._fps = fps
        self._clock = clock
        self._open_capture = open_capture
        self._devices = devices
        self._open_timeout_s = open_timeout_s
        self._read_timeout_s = read_timeout_s
        self._pump: CapturePump | None = None
        self._closed = threading.Event()
        self._start_s: float | None = None
        name = camera if isinstance(camera, str) else f"Camera {camera}"
        asked = f"MJPG {size_wh[0]}x{size_wh[1]} {fps:g} Hz"
        self._info = SourceInfo(name, "camera", True, size_wh, fps, asked=asked)
        self._followed: SourceInfo | None = None

    @property
    def info(self) -> SourceInfo:
        """Facts about the camera; complete after `open`."""
        return self._info

    def follow(self, info: SourceInfo) -> None:
        """Open the very camera that gave this info, wherever it is plugged in now."""
        if info.kind == "camera" and info.identity:
            self._followed = info

    def open(self) -> None:
        """Open the camera and wait for its first picture. Raises `CameraOpenError`."""
        if self._closed.is_set() or self._pump is not None:
            raise SourceError(f"{self._info.name} was opened before: make a new source.")
        set_up_decoders()
        began_s = monotonic_s()
        # macOS and Windows take a second or more to list cameras: not before a picture is there,
        # unless the name is all that is known.
        is_slow = sys.platform != "linux" and self._devices is list_cameras
        is_listed = isinstance(self._camera, str) or not is_slow or self._followed is not None
        devices = self._devices() if is_listed else ()
        index = self._find(devices)
        device = next(
            (d for d in devices if d.index == index), CameraDevice(index, f"Camera {index}")
        )
        name = device.name
        self._info = replace(self._info, name=name, identity=device.identity)
        label = f"camera {index}" if name == f"Camera {index}" else f"camera {index} ({name})"

        pump_name = f"camera {index}"
        if f"capture-pump {pump_name}" in stuck_pumps():
            raise CameraOpenError(
                f"The {label} is still held by a call to its driver that does not return: unplug "
                "it and plug it in again."
            )

        def opener() -> VideoCapture:
            capture = self._open_capture(index)
            if not capture.isOpened():
                capture.release()
                raise CameraOpenError(
                    _why_not_opened(index, label, devices if is_listed else self._devices())
                )
            # The pixel format first: it decides which sizes and rates there are.
            capture.set(cv2.CAP_PROP_FOURCC, float(cv2.VideoWriter.fourcc(*"MJPG")))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, float(self._size_wh[0]))
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, float(self._size_wh[1]))
            capture.set(cv2.CAP_PROP_FPS, float(self._fps))
            return capture

        self._pump = CapturePump(
            opener,
            newest_wins=lambda _: True,
            clock=self._clock,
            first_tries=_FIRST_TRIES,
            name=pump_name,
        )
        if self._closed.is_set():
            return
        try:
            # What listing took counts, so that both together keep `FrameSource.open`'s promise.
            left_s = self._open_timeout_s - (monotonic_s() - began_s)
            facts = self._pump.start(max(left_s, 0.3 * self._open_timeout_s))
        except TimeoutError:
            raise CameraOpenError(
                f"The {label} did not answer within {self._open_timeout_s:g} s: unplug it and plug "
                "it in again, or close the program that uses it."
            ) from None
        if facts is None:
            if self._closed.is_set():
                return
            raise CameraOpenError(
                f"The {label} opens but gives no picture: {_close_others(device.path)}, or choose "
                "another camera."
            )
        self._info = replace(
            self._info, size_wh=facts.size_wh, fps=facts.fps, given=_in_words(facts)
        )

    def _find(self, devices: tuple[CameraDevice, ...]) -> int:
        """Return the index of the wanted camera: by number, full name, then part of a name.

        A camera that is followed counts by its identity alone.
        """
        if self._followed is not None:
            again = find_again(self._followed.identity, devices)
            if again is None:
                raise CameraOpenError(
                    f"{self._followed.name} is not connected: plug it in again, or choose another "
                    "camera."
                )
            return again.index
        if isinstance(self._camera, int):
            return self._camera
        wanted = self._camera.casefold().strip()
        exact = [d for d in devices if wanted in (d.name.casefold(), d.path.casefold())]
        part = [d for d in devices if wanted in d.name.casefold()]
        for matches in (exact, part):
            if matches:
                return matches[0].index
        raise CameraOpenError(
            f"There is no camera and no file called {self._camera}: {_choice(devices)}."
        )

    def read(self) -> Frame | None:
        """Return the next frame, None once closed.

        Raises:
            CameraLostError: No picture came for some seconds, or the device went away.
        """
        pump = self._pump
        if pump is None:
            if self._closed.is_set():
                return None
            raise SourceError(f"{self._info.name} was read before it was opened.")
        try:
            grabbed = pump.take(self._read_timeout_s)
        except TimeoutError:
            grabbed = None
        if self._closed.is_set():
            return None
        if grabbed is None:
            raise CameraLostError(
                f"{self._info.name} stopped giving pictures: check its cable and whether another "
                "program took it."
            )
        if self._start_s is None:
            self._start_s = grabbed.captured_s
        source_s = grabbed.captured_s - self._start_s
        return Frame(grabbed.image_bgr, grabbed.number, grabbed.captured_s, source_s)

    def close(self) -> None:
        """Let the camera go; a pending `open` or `read` ends at once."""
        self._closed.set()
        if self._pump is not None:
            self._pump.close()


def _in_words(facts: CaptureFacts) -> str:
    size = f"{facts.size_wh[0]}x{facts.size_wh[1]}"
    rate = f"{facts.fps:g} Hz" if facts.fps else ""
    return " ".join(word for word in (facts.pixel_format, size, rate) if word)


def _choice(devices: tuple[CameraDevice, ...]) -> str:
    if not devices:
        return "no camera was found on this machine, connect one or choose a file"
    return "choose one of " + ", ".join(f"{d.index} ({d.name})" for d in devices)


def _why_not_opened(index: int, label: str, devices: tuple[CameraDevice, ...]) -> str:
    """Return the sentence for a camera that refused to open."""
    if sys.platform == "linux":
        node = Path(f"/dev/video{index}")
        if node.exists() and not os.access(node, os.R_OK | os.W_OK):
            return (
                f"The {label} may not be used by this account: run 'sudo usermod -aG video $USER' "
                "and log in again."
            )
    if not any(d.index == index for d in devices):
        return f"There is no camera {index}: {_choice(devices)}."
    if sys.platform == "darwin":
        return (
            f"The {label} cannot be opened: allow the camera for this program in System Settings, "
            "Privacy & Security, and close other programs that use it."
        )
    path = next(d.path for d in devices if d.index == index)
    return f"The {label} cannot be opened: {_close_others(path)}, then try again."


def _close_others(path: str) -> str:
    """Return what to do about a camera in use, with the names of its users where they are known."""
    users = programs_using(path) if path else ()
    if users:
        return f"close {' and '.join(users)}, which has it in use"
    return "close other programs that use it"
