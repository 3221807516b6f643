"""MediaPipe's face detectors behind the `FaceDetector` protocol."""

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import cv2
import numpy as np

from facecam.errors import DetectorError
from facecam.types import Detection, ImageU8
from facecam.vision.detector import enlarged, reduced

DETECTORS_DIR = Path(__file__).resolve().parents[2] / "models" / "detectors"
Range = Literal["full", "short"]


@contextmanager
def unneeded_hidden() -> Iterator[None]:
    """Keep what mediapipe imports and does not need here out of the process while the block runs.

    mediapipe 1.x imports TensorFlow for a documentation decorator when it is installed
    (mediapipe/tasks/python/core/optional_dependencies.py) and carries on when it is not; that
    import costs seconds and hundreds of megabytes. It imports matplotlib.pyplot for one drawing
    function (tasks/python/vision/drawing_utils.py): 0.4 s, 33 MB, and a font cache written into the
    user's home; an empty stand-in serves as well. Can go when mediapipe stops importing them. What
    is loaded already is left alone.
    """
    matplotlib = ModuleType("matplotlib")
    matplotlib.pyplot = ModuleType("matplotlib.pyplot")  # type: ignore[attr-defined]
    stand_ins: dict[str, Any] = {
        "tensorflow": None,  # `import` then says that there is none
        "matplotlib": matplotlib,
        "matplotlib.pyplot": matplotlib.pyplot,
    }
    used = {
        name: module
        for name, module in stand_ins.items()
        if name.partition(".")[0] not in sys.modules
    }
    sys.modules.update(used)
    try:
        yield
    finally:
        for name, module in used.items():
            if sys.modules.get(name, ...) is module:
                del sys.modules[name]


def verify_detector(name: str, folder: Path = DETECTORS_DIR) -> Path:
    """Return the path of the detector file `name` after comparing its sha256 with the shipped one.

    Raises:
        DetectorError: The file or the list of hashes is missing, or the hash differs.
    """
    listing = folder / "detectors.json"
    try:
        expected = json.loads(listing.read_text("utf-8"))["detectors"][name]["sha256"]
        content = (folder / name).read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DetectorError(
            f"The face detector {name} cannot be read from {folder} ({error}): restore the "
            "folder models/detectors."
        ) from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise DetectorError(
            f"The face detector {folder / name} is not the file that was shipped (its sha256 "
            "differs): restore the folder models/detectors."
        )
    return folder / name


class MediaPipeDetector:
    """MediaPipe `FaceDetector` in video mode. Owned by the thread that calls `detect`.

    Args:
        reach: "full" finds faces from about 60 px wide in 1280x720, "short" from about 160 px at a
            third of the cost.
        min_score: Faces below this confidence are not reported.
        folder: Where the detector files and `detectors.json` lie.

    Raises:
        DetectorError: The file is missing, altered, or refused by MediaPipe.
    """

    def __init__(
        self, reach: Range = "full", min_score: float = 0.5, folder: Path = DETECTORS_DIR
    ) -> None:
        name = {
            "full": "face_detection_full_range_sparse.tflite",
            "short": "face_detection_short_range.tflite",
        }[reach]
        path = verify_detector(name, folder)
        with unneeded_hidden():
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        self._image_type: Any = mediapipe.Image
        self._format = mediapipe.ImageFormat.SRGB
        options = vision.FaceDetectorOptions(
            # The bytes, not the path: MediaPipe cannot open paths with non-ASCII names on Windows.
            base_options=BaseOptions(model_asset_buffer=path.read_bytes()),
            running_mode=vision.RunningMode.VIDEO,
            min_detection_confidence=min_score,
        )
        try:
            self._detector: Any = vision.FaceDetector.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise DetectorError(f"MediaPipe cannot load {path}: {error}.") from error
        self._last_ms = -1

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        """Return the faces of one picture, best first (see `FaceDetector.detect`)."""
        if self._detector is None:
            raise DetectorError("The face detector was closed.")
        # MediaPipe sees 192 pixels across: a large picture only takes time and memory, and a side
        # of tens of thousands of pixels ends the process.
        image_bgr, factor = reduced(image_bgr)
        height, width = image_bgr.shape[:2]
        if min(height, width) < 8:
            return ()
        image_rgb = cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB)
        self._last_ms = max(self._last_ms + 1, int(t_s * 1e3))
        image = self._image_type(image_format=self._format, data=image_rgb)
        result = self._detector.detect_for_video(image, self._last_ms)
        found = (self._to_detection(item, width, height) for item in result.detections)
        faces = [enlarged(face, factor) for face in found]
        return tuple(sorted(faces, key=lambda face: -face.score))

    @staticmethod
    def _to_detection(item: Any, width: int, height: int) -> Detection:
        box = item.bounding_box
        points = np.array([(p.x * width, p.y * height) for p in item.keypoints], np.float32)
        return Detection(
            box_xywh=(
                float(box.origin_x),
                float(box.origin_y),
                float(box.width),
                float(box.height),
            ),
            score=float(item.categories[0].score),
            keypoints=points,
        )

    def close(self) -> None:
        """Release the detector."""
        detector, self._detector = self._detector, None
        if detector is not None:
            detector.close()
