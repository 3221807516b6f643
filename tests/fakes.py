"""Stand-ins for camera, clock, detector, model and tracker: they block, fail and lie on request."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.capture.source import SourceInfo, SourceKind
from facecam.timing import monotonic_s
from facecam.types import (
    Analysis,
    Detection,
    FaceAnalysis,
    Float32Array,
    Frame,
    ImageU8,
    SigmoidReading,
    TrackedFace,
)
from facecam.vision.crops import EyeTemplate

# How long tests wait for what must come: only a test that fails waits as long.
WAIT_S = 40.0
"""How long tests wait for an event that has to come; never waited out when all is well."""


class FakeClock:
    """A clock that stands still until it is moved. May be used from any thread."""

    def __init__(self, now_s: float = 100.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


def keypoints_of(box_xywh: Sequence[float]) -> Float32Array:
    """Return (6, 2) keypoints of an upright frontal face that fills a box."""
    x, y, w, h = box_xywh
    shares = [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.5, 0.8), (0.05, 0.45), (0.95, 0.45)]
    return np.array([(x + w * a, y + h * b) for a, b in shares], np.float32)


def detection_at(x: float, y: float, width: float, score: float = 0.9) -> Detection:
    """Return a square face with its top left corner at (x, y)."""
    box = (float(x), float(y), float(width), float(width))
    return Detection(box, score, keypoints_of(box))


def picture(size_wh: tuple[int, int] = (320, 240), seed: int = 0) -> ImageU8:
    """Return (H, W, 3) uint8 noise, so that no crop is flat."""
    width, height = size_wh
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def frame_at(number: int, image_bgr: ImageU8 | None = None, fps: float = 30.0) -> Frame:
    """Return frame `number` of a clip."""
    image = picture() if image_bgr is None else image_bgr
    return Frame(image, number, 100.0 + number / fps, number / fps)


def analysis_at(number: int, *faces: FaceAnalysis, fps: float = 30.0) -> Analysis:
    """Return a result without pictures."""
    t_s = number / fps
    return Analysis(number, 100.0 + t_s, t_s, 100.01 + t_s, faces, (320, 240))


def smiling(track: int, p: float = 0.75) -> FaceAnalysis:
    """Return a face with one reading."""
    return FaceAnalysis(track, (10.0, 20.0, 64.0, 64.0), 0.9, {"smile": SigmoidReading(p, p > 0.5)})


class FakeSource:
    """Gives a fixed number of frames, as fast as it is asked.

    Args:
        frames: How many; None never ends.
        fps: Rate that the time stamps follow.
        size_wh: Size of the pictures.
        live: What `info` says.
        kind: What `info` says.
        name: What `info` says.
        open_error: Raised by `open`.
        break_after: Number of frames after which `read` raises `break_error`.
        break_error: See there.
        claims_wh: Size that `info` claims instead of the true one.
        stamp: Gives the source time of a frame instead of `number / fps`.
        gate: Each `read` waits for one release of it, so that a test decides when frames come.
    """

    def __init__(
        self,
        frames: int | None = 10,
        *,
        fps: float = 30.0,
        size_wh: tuple[int, int] = (320, 240),
        live: bool = False,
        kind: SourceKind = "file",
        name: str = "fake",
        open_error: Exception | None = None,
        break_after: int | None = None,
        break_error: Exception | None = None,
        claims_wh: tuple[int, int] | None = None,
        stamp: Callable[[int], float] | None = None,
        gate: threading.Semaphore | None = None,
        image_bgr: ImageU8 | None = None,
    ) -> None:
        self._info = SourceInfo(name, kind, live, claims_wh or size_wh, fps, frames)
        self._frames = frames
        self._open_error = open_error
        self._break_after = break_after
        self._break_error = break_error
        self._stamp = stamp or (lambda number: number / fps)
        self._gate = gate
        self._image = picture(size_wh) if image_bgr is None else image_bgr
        self.given = 0
        self.opened = 0
        self.closed = threading.Event()

    @property
    def info(self) -> SourceInfo:
        return self._info

    def open(self) -> None:
        self.opened += 1
        if self._open_error is not None:
            raise self._open_error

    def read(self) -> Frame | None:
        if self._gate is not None:
            while not self._gate.acquire(timeout=0.05):
                if self.closed.is_set():
                    return None
        if self.closed.is_set():
            return None
        if self._break_after is not None and self.given >= self._break_after:
            assert self._break_error is not None
            raise self._break_error
        if self._frames is not None and self.given >= self._frames:
            return None
        number = self.given
        self.given += 1
        return Frame(self._image, number, monotonic_s(), self._stamp(number))

    def close(self) -> None:
        self.closed.set()


class BlockingSource(FakeSource):
    """Gives some frames and then nothing, as a camera does whose driver hangs.

    Args:
        frames: How many frames before it blocks.
        deaf: Whether `close` from another thread does not wake it either.
        block_open: Whether `open` blocks already.
        kwargs: See `FakeSource`.
    """

    def __init__(
        self, frames: int = 0, *, deaf: bool = False, block_open: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(None, live=True, kind="camera", **kwargs)
        self._before = frames
        self._deaf = deaf
        self._block_open = block_open
        self.blocked = threading.Event()
        self.release = threading.Event()

    def open(self) -> None:
        super().open()
        if self._block_open:
            self._block()

    def read(self) -> Frame | None:
        if self.given >= self._before:
            self._block()
            return None
        return super().read()

    def close(self) -> None:
        super().close()
        if not self._deaf:
            self.release.set()

    def _block(self) -> None:
        self.blocked.set()
        assert self.release.wait(WAIT_S * 3), "nobody released the blocked source"


class FakeDetector:
    """Finds what a function of the call's number says.

    Args:
        faces: The faces of every picture, or a function of the number of the call.
        error: Raised instead.
    """

    def __init__(
        self,
        faces: tuple[Detection, ...] | Callable[[int], tuple[Detection, ...]] = (),
        error: Exception | None = None,
    ) -> None:
        self._faces = faces
        self._error = error
        self.times_s: list[float] = []
        self.sizes_wh: list[tuple[int, int]] = []
        self.closed = 0
        self.thread = ""

    @property
    def calls(self) -> int:
        return len(self.times_s)

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        self.thread = threading.current_thread().name
        self.times_s.append(t_s)
        self.sizes_wh.append((image_bgr.shape[1], image_bgr.shape[0]))
        if self._error is not None:
            raise self._error
        return self._faces(self.calls - 1) if callable(self._faces) else self._faces

    def close(self) -> None:
        self.closed += 1


class FakeTracker:
    """Gives the n-th detection the track n; predicts what it last saw where it stood."""

    def __init__(self) -> None:
        self.faces: tuple[TrackedFace, ...] = ()
        self.updates: list[bool] = []
        self.times_s: list[float] = []
        self.features: dict[int, Float32Array] = {}
        self.embedded: list[Float32Array] = []
        self.ask_for_features = False
        self.features_forgotten = 0
        self.resets = 0

    def update(
        self,
        detections: tuple[Detection, ...] | None,
        t_s: float,
        embed: Callable[[Detection], Float32Array] | None = None,
    ) -> tuple[TrackedFace, ...]:
        self.updates.append(detections is not None)
        self.times_s.append(t_s)
        if detections is None:
            self.faces = tuple(_predicted(face) for face in self.faces)
            return self.faces
        if self.ask_for_features and embed is not None:
            self.embedded += [embed(item) for item in detections]
        found = tuple(
            TrackedFace(number, item.box_xywh, item.score, item.keypoints)
            for number, item in enumerate(detections, 1)
        )
        self.faces = found + tuple(_predicted(face) for face in self.faces[len(found) :])
        return self.faces

    def note_features(self, track: int, vector: Float32Array) -> None:
        self.features[track] = vector

    def forget_features(self) -> None:
        self.features_forgotten += 1

    def reset(self) -> None:
        self.faces = ()
        self.resets += 1


def _predicted(face: TrackedFace) -> TrackedFace:
    return TrackedFace(face.track, face.box_xywh, face.score, face.keypoints, predicted=True)


@dataclass
class FakeHead:
    """A head of a fake package, with the attributes of the contract."""

    name: str
    kind: str
    classes: tuple[Any, ...]
    thresholds: tuple[float, ...] | None = None
    unit: str | None = None
    title: Mapping[str, str] = field(default_factory=lambda: {"en": "Head", "ko": "머리"})
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


FACE_HEADS = (
    FakeHead("age", "expectation", tuple(range(101)), unit="years"),
    FakeHead("gender", "softmax", ("female", "male")),
    FakeHead("smile", "sigmoid", ("smile",), (0.5,)),
)
FRAME_HEADS = (FakeHead("scene", "softmax", ("desk", "street")),)


@dataclass
class FakePackage:
    """What a model package is to the pipeline."""

    name: str = "fake"
    target: str = "face"
    size_wh: tuple[int, int] = (32, 32)
    crop: EyeTemplate = field(default_factory=EyeTemplate)
    heads: tuple[FakeHead, ...] = FACE_HEADS
    calibration: dict[str, Any] = field(default_factory=dict)
    version: str = "1.0.0"
    title: Mapping[str, str] = field(default_factory=lambda: {"en": "Fake", "ko": "가짜"})
    spec: dict[str, Any] = field(
        default_factory=lambda: {"files": {"model.tflite": {"sha256": "f" * 64}}}
    )

    def warnings(self, lang: str) -> tuple[str, ...]:
        """Return nothing to warn of."""
        return ()

    def limits(self, head_name: str) -> Mapping[str, float]:
        """Return the limits of a head."""
        limits: Mapping[str, float] = self.calibration.get(head_name, {}).get("limits", {})
        return limits


class FakeEstimator:
    """Gives the same logits for every crop.

    Args:
        package: What it claims to be.
        spoil: Changes the outputs of the n-th call (from 0) or raises.
        features: Whether there are features.
    """

    def __init__(
        self,
        package: FakePackage | None = None,
        *,
        spoil: Callable[[int, dict[str, NDArray[Any]]], None] = lambda number, outputs: None,
        features: bool = True,
    ) -> None:
        self.package: Any = package or FakePackage()
        self._spoil = spoil
        self._features = features
        self.batches: list[int] = []
        self.last_crops_rgb: ImageU8 | None = None
        self.closed = 0

    def run(self, crops_rgb: ImageU8) -> dict[str, NDArray[Any]]:
        assert not self.closed, "used after close"
        count = len(crops_rgb)
        width, height = self.package.size_wh
        assert crops_rgb.shape == (count, height, width, 3)
        assert crops_rgb.dtype == np.uint8
        self.last_crops_rgb = crops_rgb.copy()
        outputs: dict[str, NDArray[Any]] = {
            head.name: self._logits(head, count) for head in self.package.heads
        }
        if self._features:
            outputs["features"] = np.ones((count, 2, 2, 4), np.float32)
        self.batches.append(count)
        self._spoil(len(self.batches) - 1, outputs)
        return outputs

    @staticmethod
    def _logits(head: FakeHead, count: int) -> Float32Array:
        """Return logits that say age 40, the second class, yes to everything."""
        logits = np.zeros((count, len(head.classes)), np.float32)
        if head.kind == "expectation":
            logits[:] = -0.5 * ((np.arange(len(head.classes)) - 40.0) / 3.0) ** 2
        elif head.kind == "softmax":
            logits[:, 1] = 2.0
        else:
            logits[:] = 2.0
        return logits

    def close(self) -> None:
        self.closed += 1


def failing_run(after: int = 0) -> Callable[[int, dict[str, NDArray[Any]]], None]:
    """Return a `spoil` that raises from call number `after` on."""

    def spoil(number: int, outputs: dict[str, NDArray[Any]]) -> None:
        if number >= after:
            raise RuntimeError("delegate crashed")

    return spoil


class FakeVideos:
    """Takes the pictures of a recording and keeps what it was given.

    Args:
        fail_after: Number of pictures after which `write` raises `error`.
        error: See there.
        busy: What it claims to be busy with.
    """

    def __init__(
        self, fail_after: int | None = None, error: Exception | None = None, busy: str = "encoder"
    ) -> None:
        self._fail_after = fail_after
        self._error = error
        self.busy_with = busy
        self.codecs = "fake"
        self.size_bytes = 0
        self.times_s: list[float] = []
        self.pictures: list[ImageU8] = []
        self.drawn: list[ImageU8] = []
        self.closed = 0
        self.gone: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()
        self.entered = threading.Event()

    def write(self, clean_bgr: ImageU8, draw: Callable[[], ImageU8], t_s: float) -> float:
        self.entered.set()
        assert self.go_on.wait(WAIT_S * 3), "nobody let the hung encoder go on"
        if self._fail_after is not None and len(self.times_s) >= self._fail_after:
            assert self._error is not None
            raise self._error
        self.times_s.append(t_s)
        self.pictures.append(clean_bgr)
        self.drawn.append(draw())
        self.size_bytes += clean_bgr.nbytes
        return t_s - self.times_s[0]

    def check_place(self) -> None:
        if self.gone is not None:
            raise self.gone

    def close(self) -> None:
        self.closed += 1
