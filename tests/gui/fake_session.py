"""A session without threads, devices or models, steered by a test."""

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from facecam.capture.source import SourceInfo
from facecam.gui.live_session import ModelPhase, SessionView, SourcePhase
from facecam.gui.stat_rows import HeadView
from facecam.recording.request import RecordingRequest, RecordingStatus
from facecam.timing import monotonic_s
from facecam.types import (
    Analysis,
    CamChoice,
    ExpectationReading,
    FaceAnalysis,
    Frame,
    ImageU8,
    Reading,
    SigmoidReading,
    SoftmaxReading,
    Unsure,
)
from facecam.vision.overlay import OverlayOptions


def _yes_no(name: str, korean: str, threshold: float) -> HeadView:
    title = {"en": name.capitalize(), "ko": korean}
    return HeadView(name, "sigmoid", (name,), title, thresholds=(threshold,))


HEADS = (
    HeadView(
        "age",
        "expectation",
        tuple(str(age) for age in range(101)),
        {"en": "Age", "ko": "나이"},
        "years",
    ),
    HeadView(
        "gender",
        "softmax",
        ("female", "male"),
        {"en": "Perceived gender", "ko": "겉보기 성별"},
        labels={
            "en": {"female": "Female", "male": "Male"},
            "ko": {"female": "여성", "male": "남성"},
        },
    ),
    _yes_no("smile", "미소", 0.5),
    _yes_no("glasses", "안경", 0.4),
    _yes_no("headwear", "모자", 0.5),
    _yes_no("beard", "턱수염", 0.45),
    _yes_no("moustache", "콧수염", 0.3),
)


def readings(age: float = 34.0, unsure: Unsure | None = None) -> dict[str, Reading]:
    """Return one reading a head of `HEADS`."""
    return {
        "age": ExpectationReading(age, age - 5, age + 6, unsure),
        "gender": SoftmaxReading("female", 0.93, {"female": 0.93, "male": 0.07}, unsure),
        "smile": SigmoidReading(0.88, True, unsure),
        "glasses": SigmoidReading(0.03, False, unsure),
        "headwear": SigmoidReading(0.31, False, unsure),
        "beard": SigmoidReading(0.04, False, unsure),
        "moustache": SigmoidReading(0.02, False, unsure),
    }


def face(
    track: int,
    box_xywh: tuple[float, float, float, float] = (100, 80, 120, 140),
    age: float = 34.0,
    unsure: Unsure | None = None,
) -> FaceAnalysis:
    """Return a face with readings."""
    x, y, w, h = box_xywh
    share = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.5, 0.78), (0.02, 0.45), (0.98, 0.45)])
    keypoints = (share * (w, h) + (x, y)).astype(np.float32)
    values = MappingProxyType(readings(age, unsure))
    return FaceAnalysis(track, box_xywh, 0.9, values, keypoints=keypoints)


class FakeSession:
    """Implements `LiveSession`; a test sets what it gives.

    Attributes:
        asked: What was asked for, as ("source", spec), ("model", name) or ("stop", seconds).
        cam, blur, recent_s: What was last asked for.
        finishes: Whether a recording is finished as soon as that is asked for.
    """

    def __init__(self, size_wh: tuple[int, int] = (640, 360)) -> None:
        self.size_wh = size_wh
        self.view = SessionView()
        self.frame: Frame | None = None
        self.analysis: Analysis | None = None
        self.model_heads: tuple[HeadView, ...] = ()
        self.card = ""
        self.warnings: tuple[str, ...] = ()
        self.asked: list[tuple[str, object]] = []
        self.cam: CamChoice | None = None
        self.blur = False
        self.recent_s = 0.0
        self.finishes = True
        self._frame_id = -1

    def run(self, *faces: FaceAnalysis, image: ImageU8 | None = None) -> None:
        """Give one more frame with these faces, as a running camera with a ready model does."""
        width, height = self.size_wh
        if image is None:
            image = np.full((height, width, 3), 90, np.uint8)
        now_s = monotonic_s()
        self._frame_id += 1
        self.frame = Frame(image, self._frame_id, now_s, now_s)
        self.analysis = Analysis(
            self._frame_id, now_s, now_s, now_s + 0.017, faces, self.size_wh,
            stages_ms=MappingProxyType({"detect": 8.1, "infer": 6.0}), model="face-stats",
        )  # fmt: skip
        self.model_heads = HEADS
        self.view = SessionView(
            SourcePhase.RUNNING,
            ModelPhase.READY,
            self.view.source_spec or "0",
            SourceInfo("Integrated Camera", "camera", True, self.size_wh, 30.0),
            "face-stats",
            source_hz=30.0,
            analysis_hz=29.9,
            detector_hz=15.0,
            latency_ms=17.2,
            latency_p95_ms=24.0,
            captured=self._frame_id + 10,
            analyzed=self._frame_id + 9,
            skipped=1,
            stages_ms={"detect": 8.1, "infer": 6.0},
            error=self.view.error,
            error_count=self.view.error_count,
            recording=self.view.recording,
            recent=self.view.recent,
            health=self.view.health,
            health_s=self.view.health_s,
        )

    def latest(self) -> tuple[Frame | None, Analysis | None]:
        return self.frame, self.analysis

    def status(self) -> SessionView:
        return self.view

    def heads(self) -> tuple[HeadView, ...]:
        return self.model_heads

    def model_title(self, lang: str) -> str:
        return ("얼굴 통계" if lang == "ko" else "Face stats") if self.model_heads else ""

    def model_card(self) -> str:
        return self.card

    def model_warnings(self, lang: str) -> tuple[str, ...]:
        return self.warnings

    def change_source(self, spec: str) -> None:
        self.asked.append(("source", spec))

    def change_model(self, name: str) -> None:
        self.asked.append(("model", name))

    def set_cam(self, choice: CamChoice | None) -> None:
        self.cam = choice

    def measure_trust(self, track: int) -> None:
        self.asked.append(("trust", track))

    def set_blur(self, on: bool) -> None:
        self.blur = on

    def start_recording(self, request: RecordingRequest) -> None:
        self.asked.append(("record", request))
        self.note_recording(state="recording", path=request.path)

    def pause_recording(self) -> None:
        self.asked.append(("pause", None))
        self.note_recording(state="paused")

    def resume_recording(self) -> None:
        self.asked.append(("resume", None))
        self.note_recording(state="recording")

    def set_recording_look(self, options: OverlayOptions) -> None:
        self.asked.append(("look", options))

    def stop_recording(self) -> None:
        self.asked.append(("stop recording", None))
        self.note_recording(state="stopped" if self.finishes else "stopping")

    def keep_recent(self, seconds: float) -> None:
        self.recent_s = seconds

    def save_recent(self, path: Path, seconds: float, options: OverlayOptions) -> None:
        self.asked.append(("recent", (path, seconds)))

    def note_recording(self, **fields: Any) -> None:
        """Change what the status says of the recording."""
        before = self.view.recording or RecordingStatus("starting", Path("x.mp4"))
        self.view = dataclasses.replace(self.view, recording=dataclasses.replace(before, **fields))

    def stop(self, timeout_s: float = 2.0) -> bool:
        self.asked.append(("stop", timeout_s))
        return True
