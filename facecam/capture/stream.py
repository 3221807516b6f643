"""Network streams through OpenCV's FFmpeg."""

import statistics
import threading
from collections import deque
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

import cv2

from facecam.capture.decoders import set_up_decoders
from facecam.capture.pump import CapturePump, VideoCapture
from facecam.capture.source import SourceInfo, without_password
from facecam.errors import SourceError, StreamError
from facecam.timing import Clock, monotonic_s
from facecam.types import Frame

STREAM_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "rtmp", "udp", "tcp", "rtp"})
_OPEN_TIMEOUT_S = 8.0
_READ_TIMEOUT_S = 8.0
# A live stream that gave pictures steadily counts as broken sooner: after four of its intervals,
# but two seconds at least. Segmented streams come in bursts, up to ten seconds apart.
_SHORTEST_SILENCE_S = 2.0
_SILENT_INTERVALS = 4.0
_FEWEST_INTERVALS = 5
_SEGMENTED = (".m3u8", ".mpd")
_SEGMENTS_S = 15.0
_GRACE_S = 1.0  # for what FFmpeg's own timeouts do not cover, such as looking up a name


class StreamSource:
    """An http(s), rtsp or similar URL.

    An endless stream is live and its newest picture wins; a video file behind a URL states its
    length and is read frame by frame. `open` and `read` belong to one thread, `close` to any.

    Args:
        url: The address; a password in it appears in no name or message.
        clock: Stamps frames.
        open_timeout_s: Longest wait for the server's answer.
        read_timeout_s: Silence after which the stream counts as broken at the latest; a steady live
            stream does sooner.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = monotonic_s,
        open_timeout_s: float = _OPEN_TIMEOUT_S,
        read_timeout_s: float = _READ_TIMEOUT_S,
    ) -> None:
        self._url = url
        self._clock = clock
        self._open_timeout_s = open_timeout_s
        self._is_segmented = urlsplit(url).path.lower().endswith(_SEGMENTED)
        self._read_timeout_s = _SEGMENTS_S if self._is_segmented else read_timeout_s
        self._arrivals_s: deque[float] = deque(maxlen=16)
        self._pump: CapturePump | None = None
        self._closed = threading.Event()
        self._zero_s: float | None = None
        self._last_s = float("-inf")
        self._given = 0
        self._info = SourceInfo(without_password(url), "stream", True, (0, 0), 0.0)

    @property
    def info(self) -> SourceInfo:
        """Facts about the stream; complete after `open`."""
        return self._info

    def open(self) -> None:
        """Connect and wait for the first picture. Raises `StreamError`."""
        if self._closed.is_set() or self._pump is not None:
            raise SourceError(f"{self._info.name} was opened before: make a new source.")
        set_up_decoders()
        name = self._info.name

        def opener() -> VideoCapture:
            options = [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                int(self._open_timeout_s * 1e3),
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                int(self._read_timeout_s * 1e3),
            ]
            began_s = monotonic_s()
            capture = cv2.VideoCapture(self._url, cv2.CAP_FFMPEG, options)
            if capture.isOpened():
                return capture
            if monotonic_s() - began_s >= 0.9 * self._open_timeout_s:
                raise TimeoutError
            raise StreamError(
                f"The stream {name} cannot be opened: check that the address is right, that the "
                "server runs and that it gives video."
            )

        self._pump = CapturePump(
            opener,
            newest_wins=lambda facts: facts.frame_count is None,
            clock=self._clock,
            name=name,
        )
        if self._closed.is_set():
            return
        try:
            facts = self._pump.start(self._open_timeout_s + _GRACE_S)
        except TimeoutError:
            raise StreamError(
                f"The stream {name} did not answer within {self._open_timeout_s:g} s: check the "
                "address and the network."
            ) from None
        if facts is None:
            if self._closed.is_set():
                return
            raise StreamError(
                f"The stream {name} gives no picture that can be decoded: check that the address "
                "is one of a video."
            )
        self._info = replace(
            self._info,
            live=facts.frame_count is None,
            size_wh=facts.size_wh,
            fps=facts.fps,
            frame_count=facts.frame_count,
        )

    def read(self) -> Frame | None:
        """Return the next frame; None at the end of a finite stream or once closed.

        Raises:
            StreamError: The stream fell silent or was cut off.
        """
        pump = self._pump
        if pump is None:
            if self._closed.is_set():
                return None
            raise SourceError(f"{self._info.name} was read before it was opened.")
        patience_s = self._patience_s()
        began_s = monotonic_s()
        try:
            grabbed = pump.take(patience_s)
            is_silent = grabbed is None and monotonic_s() - began_s >= 0.9 * self._read_timeout_s
        except TimeoutError:
            grabbed, is_silent = None, True
        if self._closed.is_set():
            return None
        if grabbed is None:
            self._check_end(min(patience_s, self._read_timeout_s) if is_silent else None)
            return None
        self._arrivals_s.append(grabbed.captured_s)
        self._given = grabbed.number + 1
        # Live, the time of arrival is the only clock that surely goes on; a file has its own.
        time_s = grabbed.captured_s if self._info.live else grabbed.position_s
        if self._zero_s is None:
            self._zero_s = time_s
        source_s = time_s - self._zero_s
        if not source_s > self._last_s:
            source_s = self._last_s + 1.0 / (self._info.fps or 25.0)
        self._last_s = source_s
        return Frame(grabbed.image_bgr, grabbed.number, grabbed.captured_s, source_s)

    def _patience_s(self) -> float:
        """Return how long to wait for the next picture."""
        longest_s = self._read_timeout_s + _GRACE_S
        arrivals_s = list(self._arrivals_s)
        if not self._info.live or self._is_segmented or len(arrivals_s) <= _FEWEST_INTERVALS:
            return longest_s
        usual_s = statistics.median(b - a for a, b in pairwise(arrivals_s))
        return min(max(_SHORTEST_SILENCE_S, _SILENT_INTERVALS * usual_s), longest_s)

    def _check_end(self, silent_s: float | None) -> None:
        """Tell a finite stream's end (by returning) from a broken stream (by raising).

        Args:
            silent_s: For how long nothing came; None when the stream was ended.
        """
        name, stated = self._info.name, self._info.frame_count
        if silent_s is not None:
            raise StreamError(
                f"The stream {name} fell silent for {silent_s:.2g} s: check the network "
                "and open it again."
            )
        if stated is None:
            raise StreamError(
                f"The stream {name} was ended by its server after {self._given} pictures: open it "
                "again."
            )
        if stated - self._given > max(2, 0.02 * stated):
            raise StreamError(
                f"The stream {name} was cut off after {self._given} of {stated} pictures: open it "
                "again."
            )

    def close(self) -> None:
        """Disconnect; a pending `open` or `read` ends at once."""
        self._closed.set()
        if self._pump is not None:
            self._pump.close()
