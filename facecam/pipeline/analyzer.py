"""From a frame to its analysis, in one thread and without any of its own."""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facecam.errors import SourceError
from facecam.inference.estimator import Estimator
from facecam.pipeline.cam_trust import CamTrustProbe
from facecam.pipeline.detection_policy import DetectionConfig, DetectionPolicy
from facecam.pipeline.face_crops import CropBatch, Outputs, pooled_features
from facecam.pipeline.face_maps import FaceMaps
from facecam.pipeline.pacing import GrowingTime
from facecam.pipeline.readings import Readings, decode_rows, head_rows, judge
from facecam.timing import Clock, StageClock, monotonic_s
from facecam.types import (
    Analysis,
    BoxXywh,
    CamChoice,
    Detection,
    FaceAnalysis,
    FaceMap,
    Float32Array,
    Frame,
    ImageU8,
    TrackedFace,
)
from facecam.vision.detector import FaceDetector
from facecam.vision.quality import FaceQuality

Embed = Callable[[Detection], Float32Array]
_NOTHING: Readings = MappingProxyType({})
_FORGET_AFTER_S = 3.0  # longer than the tracker keeps an occluded face (2.5 s)
# A gap of a lost source counts as this for the faces before it, up to a length (chosen by eye).
BRIDGED_STEP_S = 0.1
LONGEST_BRIDGE_S = 15.0
_WHOLE_PICTURE = 0  # track of the one entry of a `frame` target


class Tracker(Protocol):
    """What the analyzer needs of `vision.tracker.FaceTracker`."""

    def update(
        self, detections: tuple[Detection, ...] | None, t_s: float, embed: Embed | None = None
    ) -> tuple[TrackedFace, ...]:
        """Take in one frame (None: the detector did not run) and return its faces."""
        ...

    def note_features(self, track: int, vector: Float32Array) -> None:
        """Learn how a track looks: (C,) features."""
        ...

    def forget_features(self) -> None:
        """Forget how faces look, but not who they are."""
        ...

    def reset(self) -> None:
        """Forget every face; identities go on."""
        ...


class DetectorSchedule(Protocol):
    """What the analyzer needs of `DetectionPolicy`."""

    def due(self, t_s: float, wall_s: float, faces: Sequence[TrackedFace]) -> bool:
        """Return whether the detector is to run on this frame."""
        ...

    def note(self, t_s: float, wall_s: float, cost_s: float, faces: Sequence[TrackedFace]) -> None:
        """Take in one run."""
        ...

    def reset(self) -> None:
        """Forget everything but what a run costs."""
        ...


class Smoother(Protocol):
    """What the analyzer needs of `vision.smoothing.ReadingSmoother`."""

    def smooth(
        self, track: int, head_name: str, probs: NDArray[np.float64], t_s: float
    ) -> NDArray[np.float64]:
        """Return the smoothed (K,) probabilities of one head of one track."""
        ...

    def forget(self, track: int) -> None:
        """Drop what is kept of a track."""
        ...


class FrameAnalyzer:
    """Detect, track, crop, infer, decode, smooth. Owned by one thread, which calls everything.

    Life cycle: `step` for each frame of a source in order, `reset` between sources, `close` at
    the end. The estimator may be exchanged between steps.

    Args:
        detector: Finds faces; not asked at all while a model for whole frames is loaded.
        tracker: Gives faces their identities.
        estimator: The model, or None while it is being loaded (faces then have no readings).
        smoother: Steadies the probabilities of each track; None leaves them as they are.
        detection: How often the detector runs.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        detector: FaceDetector,
        tracker: Tracker,
        estimator: Estimator | None = None,
        smoother: Smoother | None = None,
        *,
        detection: DetectionConfig | None = None,
        clock: Clock = monotonic_s,
    ) -> None:
        self._detector = detector
        self._tracker = tracker
        self._smoother = smoother
        self._policy: DetectorSchedule = DetectionPolicy(detection or DetectionConfig())
        self._clock = clock
        self._time = GrowingTime()
        self._batch = CropBatch(estimator) if estimator else None
        self._faces: tuple[TrackedFace, ...] = ()
        self._found: tuple[BoxXywh, ...] = ()  # by the newest run of the detector
        self._readings: dict[int, Readings] = {}
        self._seen_s: dict[int, float] = {}
        self._maps = FaceMaps()

    @property
    def estimator(self) -> Estimator | None:
        """The model in use."""
        return self._batch.estimator if self._batch else None

    def set_estimator(self, estimator: Estimator | None) -> Estimator | None:
        """Use another model from the next step on and return the one before, which stays open.

        Tracks keep their identities; their readings start afresh.
        """
        before = self.estimator
        self._batch = CropBatch(estimator) if estimator else None
        for track in list(self._seen_s):
            self._forget(track)
        self._tracker.forget_features()  # another model's features say other things
        self._policy.reset()
        return before

    def set_schedule(self, schedule: DetectorSchedule) -> None:
        """Let something else say when the detector runs (a recording that is analysed again)."""
        self._policy = schedule

    def set_cam(self, choice: CamChoice | None, probe: CamTrustProbe | None = None) -> None:
        """Give every face its class activation map from the next step on, or none.

        Readings are the same with and without. A head that the model does not have gives no maps.

        Args:
            choice: Which map; None for none.
            probe: Measures how far the maps can be trusted; None leaves that open.
        """
        self._maps.set_choice(choice)
        self._maps.probe = probe

    def step(self, frame: Frame) -> Analysis:
        """Return the analysis of one frame.

        Raises:
            SourceError: The picture is not (H, W, 3) uint8.
            DetectorError: The detector could not be built.
            ModelPackageError: The model failed; the analyzer goes on being usable.
        """
        stages = StageClock(self._clock)
        image = _checked(frame.image_bgr)
        t_s = self._time.next_s(frame.source_s)
        height, width = image.shape[:2]
        if self._batch is not None and self._batch.package.target == "frame":
            detected = False
            faces = self._whole_picture(image, t_s, stages, self._batch)
        else:
            detected = self._track(image, t_s, stages)
            faces = self._read_faces(image, t_s, stages, detected)
        return Analysis(
            frame_id=frame.frame_id,
            captured_s=frame.captured_s,
            source_s=frame.source_s,
            ready_s=self._clock(),
            faces=faces,
            size_wh=(width, height),
            detected=detected,
            stages_ms=MappingProxyType(stages.stages_ms),
            model=self._batch.package.name if self._batch else "",
            found_xywh=self._found,
        )

    def bridge(self, gap_s: float) -> None:
        """Go on with the same faces, before the first frame after a time without frames.

        Whoever sits before a camera when its cable falls out is mostly still there when it is back;
        after a long time that is no more than a guess, and the faces are new ones.

        Args:
            gap_s: For how long the source gave nothing.
        """
        if BRIDGED_STEP_S < gap_s <= LONGEST_BRIDGE_S:
            self._time.leave_out(gap_s - BRIDGED_STEP_S)

    def reset(self) -> None:
        """Forget all faces, before the first frame of another source."""
        self._tracker.reset()
        self._policy.reset()
        self._faces = self._found = ()
        for track in list(self._seen_s):
            self._forget(track)

    def close(self) -> None:
        """Release the detector. The estimator belongs to whoever made it."""
        self._detector.close()

    def _track(self, image: ImageU8, t_s: float, stages: StageClock) -> bool:
        """Move the tracks on to this frame; return whether the detector ran."""
        begin_s = self._clock()
        detections = None
        if self._policy.due(t_s, begin_s, self._faces):
            with stages.stage("detect"):
                detections = self._detector.detect(image, t_s)
        cost_s = self._clock() - begin_s
        with stages.stage("track"):
            tracked = self._tracker.update(detections, t_s, self._embed_on(image))
            self._faces = tuple(face for face in tracked if not _walked_out(face, image))
        if detections is not None:
            self._found = tuple(item.box_xywh for item in detections)
            self._policy.note(t_s, begin_s, cost_s, self._faces)
        for face in self._faces:
            self._seen_s[face.track] = t_s
        for track, seen_s in list(self._seen_s.items()):
            if t_s - seen_s > _FORGET_AFTER_S:
                self._forget(track)
        return detections is not None

    def _embed_on(self, image: ImageU8) -> Embed | None:
        """Return what gives the tracker the look of a detection of this picture, on demand."""
        batch = self._batch
        if batch is None:
            return None

        def embed(detection: Detection) -> Float32Array:
            batch.cut_faces(image, [detection.keypoints])
            vectors = pooled_features(batch.run())
            return np.zeros(0, np.float32) if vectors is None else vectors[0]

        return embed

    def _read_faces(
        self, image: ImageU8, t_s: float, stages: StageClock, detected: bool
    ) -> tuple[FaceAnalysis, ...]:
        # A face that the detector looked for and did not find is hidden or gone: what lies in its
        # box is something else, so it keeps its last readings.
        visible = [face for face in self._faces if not (detected and face.predicted)]
        matrices: dict[int, NDArray[np.float64]] = {}
        maps: dict[int, FaceMap] = {}
        if self._batch is not None and visible:
            batch = self._batch
            keypoints = [face.keypoints for face in visible]
            tracks = [face.track for face in visible]
            with stages.stage("crop"):
                batch.cut_faces(image, keypoints)
                matrices = dict(zip(tracks, batch.matrices, strict=True))
                qualities = judge(batch, keypoints)
            with stages.stage("infer"):
                outputs = batch.run()
            vectors = pooled_features(outputs)
            if vectors is not None:
                for track, vector in zip(tracks, vectors, strict=True):
                    self._tracker.note_features(track, vector)
            self._decode(batch, outputs, tracks, qualities, t_s, stages)
            maps = self._explain(batch, outputs, tracks, t_s, stages)
        return tuple(
            FaceAnalysis(
                track=face.track,
                box_xywh=face.box_xywh,
                score=face.score,
                readings=self._readings.get(face.track, _NOTHING),
                predicted=face.predicted,
                keypoints=face.keypoints,
                crop_matrix=matrices.get(face.track),
                cam=maps.get(face.track),
            )
            for face in sorted(self._faces, key=lambda face: face.track)
        )

    def _whole_picture(
        self, image: ImageU8, t_s: float, stages: StageClock, batch: CropBatch
    ) -> tuple[FaceAnalysis, ...]:
        with stages.stage("crop"):
            batch.cut_whole(image)
        with stages.stage("infer"):
            outputs = batch.run()
        self._faces = self._found = ()
        self._seen_s[_WHOLE_PICTURE] = t_s
        self._decode(batch, outputs, [_WHOLE_PICTURE], [None], t_s, stages)
        maps = self._explain(batch, outputs, [_WHOLE_PICTURE], t_s, stages)
        height, width = image.shape[:2]
        return (
            FaceAnalysis(
                track=_WHOLE_PICTURE,
                box_xywh=(0.0, 0.0, float(width), float(height)),
                score=None,
                readings=self._readings[_WHOLE_PICTURE],
                crop_matrix=batch.matrices[0],
                cam=maps.get(_WHOLE_PICTURE),
            ),
        )

    def _decode(
        self,
        batch: CropBatch,
        outputs: Outputs,
        tracks: Sequence[int],
        qualities: Sequence[FaceQuality | None],
        t_s: float,
        stages: StageClock,
    ) -> None:
        """Turn logits into the readings of each track."""
        with stages.stage("decode"):
            rows = head_rows(batch.package, outputs)
        if self._smoother is not None:
            with stages.stage("smooth"):
                for name, probs in rows.items():
                    for track, row in zip(tracks, probs, strict=True):
                        row[:] = self._smoother.smooth(track, name, row, t_s)
        with stages.stage("decode"):
            before = [self._readings.get(track, _NOTHING) for track in tracks]
            decoded = decode_rows(batch.package, rows, qualities, before)
            self._readings.update(zip(tracks, decoded, strict=True))

    def _explain(
        self,
        batch: CropBatch,
        outputs: Outputs,
        tracks: Sequence[int],
        t_s: float,
        stages: StageClock,
    ) -> dict[int, FaceMap]:
        """Return the class activation maps that are wanted, by track."""
        if self._maps.choice is None:
            return {}
        with stages.stage("cam"):
            return self._maps.make(
                batch.package,
                outputs.get("features"),
                tracks,
                self._readings,
                batch.crops_rgb,
                batch.matrices,
                t_s,
            )

    def _forget(self, track: int) -> None:
        self._seen_s.pop(track, None)
        self._readings.pop(track, None)
        self._maps.forget(track)
        if self._smoother is not None:
            self._smoother.forget(track)


def _walked_out(face: TrackedFace, image: ImageU8) -> bool:
    """Return whether a face is only predicted, and predicted outside the picture."""
    height, width = image.shape[:2]
    x, y, w, h = face.box_xywh
    inside = 0 <= x + w / 2 <= width and 0 <= y + h / 2 <= height
    return face.predicted and not inside


def _checked(image_bgr: ImageU8) -> ImageU8:
    """Return the picture if it is what a source promises."""
    shape: tuple[int, ...] = getattr(image_bgr, "shape", ())
    dtype = getattr(image_bgr, "dtype", None)
    if len(shape) != 3 or shape[2] != 3 or not shape[0] * shape[1] or dtype != np.uint8:
        raise SourceError(
            f"The source gave a picture of shape {tuple(shape)} and type {dtype} instead of 8-bit "
            "colour: choose another source."
        )
    return image_bgr
