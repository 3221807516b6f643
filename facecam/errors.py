"""The errors a user can meet.

Every message is one sentence: what failed, with which value, and what to do. Commands print it
and exit 1; the window shows it in a message that can be dismissed.
"""


class FacecamError(Exception):
    """Base of every error whose message is meant to be read by the user."""


def reason(error: BaseException) -> str:
    """Return why something failed, in a message's brackets: without number and file name."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class SourceError(FacecamError):
    """A source could not be opened or read."""


class CameraOpenError(SourceError):
    """A camera does not exist, is busy, or gives no picture."""


class CameraLostError(SourceError):
    """A camera that worked stopped giving frames."""


class MediaFileError(SourceError):
    """A picture or video file is missing, empty, or cannot be decoded."""


class StreamError(SourceError):
    """A network stream did not answer in time or ended unexpectedly."""


class DetectorError(FacecamError):
    """A face detector file is missing, altered, or cannot be loaded."""


class ModelPackageError(FacecamError):
    """A model package does not match its contract."""


class RecordingError(FacecamError):
    """A video or statistics file could not be written."""


class WorkerStuckError(FacecamError):
    """A worker did not stop within its deadline."""


class ManifestError(FacecamError):
    """A manifest or a labelled folder is unusable."""


class RecipeError(FacecamError):
    """A recipe has an unknown key or a value that is not allowed."""


class TrainingError(FacecamError):
    """Training, evaluation or export could not go on."""
