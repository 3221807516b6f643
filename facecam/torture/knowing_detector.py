"""A detector for drills that knows where the synthetic faces are."""

import numpy as np

from facecam.capture.synthetic import SyntheticSource
from facecam.types import Detection, ImageU8

# Keypoints of an upright frontal face as shares of its box, right eye to left ear.
_SHARES = np.array(
    [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.5, 0.8), (0.05, 0.45), (0.95, 0.45)], np.float32
)


class KnowingDetector:
    """Asks the synthetic source where the faces are, instead of looking.

    Args:
        source: What plays.
        fps: Its rate.
    """

    def __init__(self, source: SyntheticSource, fps: float) -> None:
        self._source = source
        self._fps = fps

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        """Return the true boxes of the frame of that time."""
        found = []
        for _, box in self._source.truth(round(t_s * self._fps)):
            keypoints = _SHARES * np.array(box[2:], np.float32) + np.array(box[:2], np.float32)
            found.append(Detection(box, 0.95, keypoints))
        return tuple(found)

    def close(self) -> None:
        """Do nothing."""
