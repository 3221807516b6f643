"""Put the pipeline together from a model's name, the same way for every command."""

from typing import TYPE_CHECKING

from facecam.errors import ModelPackageError

if TYPE_CHECKING:
    from facecam.inference.estimator import Estimator
    from facecam.pipeline.analyzer import FrameAnalyzer
    from facecam.pipeline.detection_policy import DetectionConfig

FIRST_CHOICE = "face-stats"
"""The model that is used when none is named."""


def choose_model(name: str | None) -> str:
    """Return the name or folder of the model to use.

    Raises:
        ModelPackageError: None is named and none is installed.
    """
    if name:
        return name
    from facecam.inference.package import MODELS_DIR, list_packages

    names = [entry.name for entry in list_packages() if entry.error is None]
    if FIRST_CHOICE in names:
        return FIRST_CHOICE
    if not names:
        raise ModelPackageError(
            f"There is no model package in {MODELS_DIR}: restore the folder models, or name one "
            "with --model."
        )
    return names[0]


def load_estimator(name: str | None) -> "Estimator":
    """Load a model package for use."""
    from facecam.inference.package import load_package
    from facecam.inference.runtime import LiteRtEstimator

    return LiteRtEstimator(load_package(choose_model(name)))


def build_analyzer(
    estimator: "Estimator | None" = None, detection: "DetectionConfig | None" = None
) -> "FrameAnalyzer":
    """Return an analyzer with the shipped detector, tracker and smoother."""
    from facecam.pipeline.analyzer import FrameAnalyzer
    from facecam.pipeline.lazy_detector import LazyDetector
    from facecam.vision.refined_detector import face_detector
    from facecam.vision.smoothing import ReadingSmoother
    from facecam.vision.tracker import FaceTracker

    return FrameAnalyzer(
        LazyDetector(face_detector),
        FaceTracker(),
        estimator,
        ReadingSmoother(),
        detection=detection,
    )


def analyzer_for_files(estimator: "Estimator | None") -> "FrameAnalyzer":
    """Return an analyzer whose detector runs on every frame."""
    from facecam.pipeline.detection_policy import DetectionConfig

    return build_analyzer(estimator, DetectionConfig(every_frame=True))
