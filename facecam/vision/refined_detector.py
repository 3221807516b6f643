"""The detector that the app and the workshop use: faces anywhere, keypoints exact."""

from facecam.types import Detection, ImageU8
from facecam.vision.detector import FaceDetector
from facecam.vision.keypoint_refiner import KeypointRefiner
from facecam.vision.mediapipe_detector import MediaPipeDetector, Range


class RefinedDetector:
    """Finds faces with one detector and refines their keypoints. Owned by one thread.

    Args:
        detector: Finds the faces; closed with this one.
        refiner: Looks at each of them again.
    """

    def __init__(self, detector: FaceDetector, refiner: KeypointRefiner) -> None:
        self._detector, self._refiner = detector, refiner

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        """Return the faces of one picture, best first (see `FaceDetector.detect`)."""
        found = self._detector.detect(image_bgr, t_s)
        return tuple(self._refiner.refine(image_bgr, face) for face in found)

    def close(self) -> None:
        """Release the detector."""
        self._detector.close()


def face_detector(reach: Range = "full") -> RefinedDetector:
    """Return the detector of the app: MediaPipe's, with refined keypoints.

    Raises:
        DetectorError: A detector file is missing or altered.
    """
    return RefinedDetector(MediaPipeDetector(reach), KeypointRefiner())
