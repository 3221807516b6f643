"""Records that travel between stages. All are immutable; images in them are never written to.

Frame of reference: pixels of the upright, unmirrored picture, x to the right, y down. A box is
(x, y, width, height) with the top left corner first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ImageU8 = NDArray[np.uint8]
Float32Array = NDArray[np.float32]
BoxXywh = tuple[float, float, float, float]
Unsure = Literal["small", "blurred", "turned"]

# Order of the keypoints of a detected face, as MediaPipe's detectors give them ("right" is the
# person's own right, on the left of an unmirrored picture).
RIGHT_EYE, LEFT_EYE, NOSE_TIP, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source.

    Attributes:
        image_bgr: (H, W, 3) uint8, BGR, upright, not to be written to.
        frame_id: Counts every frame that the source gave, from 0.
        captured_s: Monotonic time (`timing.monotonic_s`) at which the frame was in hand.
        source_s: The source's own time: presentation time in a file, seconds since start live.
    """

    image_bgr: ImageU8
    frame_id: int
    captured_s: float
    source_s: float


@dataclass(frozen=True, slots=True)
class Detection:
    """One face found in one frame.

    Attributes:
        box_xywh: Box in pixels; may reach outside the picture.
        score: Detector's confidence, 0 to 1.
        keypoints: (6, 2) float32, pixels, in the order RIGHT_EYE .. LEFT_EAR.
    """

    box_xywh: BoxXywh
    score: float
    keypoints: Float32Array


@dataclass(frozen=True, slots=True)
class TrackedFace:
    """A face with an identity.

    Attributes:
        track: Identity, from 1, never used again in a session.
        box_xywh: Filtered box in pixels.
        score: Confidence of the last detection that supported it.
        keypoints: (6, 2) float32, pixels; moved along with the box while predicted.
        predicted: True when no detection of this very frame supports it.
    """

    track: int
    box_xywh: BoxXywh
    score: float
    keypoints: Float32Array
    predicted: bool = False


@dataclass(frozen=True, slots=True)
class ExpectationReading:
    """Expected value of an ordered quantity with its interval (80% unless the package differs)."""

    value: float
    low: float
    high: float
    unsure: Unsure | None = None


@dataclass(frozen=True, slots=True)
class SoftmaxReading:
    """One of several classes; `p` is the probability of `label`."""

    label: str
    p: float
    probs: Mapping[str, float]
    unsure: Unsure | None = None


@dataclass(frozen=True, slots=True)
class SigmoidReading:
    """One yes/no answer: calibrated probability and whether it is past the class's threshold."""

    p: float
    on: bool
    unsure: Unsure | None = None


@dataclass(frozen=True, slots=True)
class MultiSigmoidReading:
    """Several independent yes/no answers of one head; `on` lists the classes past threshold."""

    probs: Mapping[str, float]
    on: tuple[str, ...]
    unsure: Unsure | None = None


Reading = ExpectationReading | SoftmaxReading | SigmoidReading | MultiSigmoidReading


@dataclass(frozen=True, slots=True)
class CamChoice:
    """Which class activation map is wanted.

    Attributes:
        head: Head of the model in use.
        class_name: Class of the head; None takes the class of each face's own reading (for an
            expectation always "what moves the expected value up").
        track: The one face it is wanted for; None wants it for every face.
    """

    head: str
    class_name: str | None = None
    track: int | None = None


@dataclass(frozen=True, slots=True)
class CamTrust:
    """How far a map can be believed, measured on one crop beside the frame's path.

    Attributes:
        score: Faithfulness of the map (how much more deleting its top pixels changes the answer
            than deleting at random does); larger is better.
        p_value: Share of random maps of the same smoothness that score at least as well.
        trusted: Whether `p_value` is at most 0.05.
        reason: One English sentence when it is not trusted, else "".
        measured_s: Monotonic time of the measurement.
    """

    score: float
    p_value: float
    trusted: bool
    reason: str
    measured_s: float


@dataclass(frozen=True, slots=True)
class FaceMap:
    """The class activation map of one face at one frame.

    Attributes:
        head: Head it explains.
        class_name: Class it explains; "" for the expected value of an expectation.
        values: (h, w) float32, signed, on the grid of the model's feature maps over its crop;
            positive where the picture speaks for the class.
        crop_wh: Width and height of the model's input; with `FaceAnalysis.crop_matrix` it takes
            the grid back to the picture.
        full_scale: Value that counts as full colour on the fixed scale.
        trust: The newest trust figure of this track and head, or None before the first.
    """

    head: str
    class_name: str
    values: Float32Array
    crop_wh: tuple[int, int]
    full_scale: float
    trust: CamTrust | None = None


@dataclass(frozen=True, slots=True)
class FaceAnalysis:
    """Everything known about one face (or, for a whole-frame model, the picture) at one frame.

    Attributes:
        track: Identity; 0 for the whole picture of a `frame` target.
        box_xywh: Box in pixels.
        score: Detector's confidence; None for a `frame` target.
        readings: Head name to reading, smoothed in time; empty until the model has run.
        predicted: True when the box comes from the motion model, not from a detection.
        keypoints: (6, 2) float32 pixels, or None for a `frame` target.
        crop_matrix: (2, 3) float64, picture pixels to crop pixels, or None.
        cam: Class activation map of this face, when one is wanted.
    """

    track: int
    box_xywh: BoxXywh
    score: float | None
    readings: Mapping[str, Reading] = field(default_factory=lambda: MappingProxyType({}))
    predicted: bool = False
    keypoints: Float32Array | None = None
    crop_matrix: NDArray[np.float64] | None = None
    cam: FaceMap | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result for one frame.

    Attributes:
        frame_id, captured_s, source_s: As in the frame it belongs to.
        ready_s: Monotonic time at which the result was ready to paint.
        faces: Ordered by track; empty when there is no face.
        size_wh: Size of the frame in pixels.
        detected: Whether the detector ran on this very frame.
        stages_ms: Stage name to duration in milliseconds.
        model: Name of the model package, or "" while none is loaded.
        found_xywh: Every box of the detector's newest run in pixels, also of what is no face for
            sure yet and so not among `faces`: what is to be blurred, where faces are.
    """

    frame_id: int
    captured_s: float
    source_s: float
    ready_s: float
    faces: tuple[FaceAnalysis, ...]
    size_wh: tuple[int, int]
    detected: bool = True
    stages_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    model: str = ""
    found_xywh: tuple[BoxXywh, ...] = ()
