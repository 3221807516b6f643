"""How OpenCV's and FFmpeg's readers are set up before their first use in a process."""

import os
import sys

import cv2

_V4L_SELECT_TIMEOUT_S = 2
_is_set_up = False


def set_up_decoders() -> None:
    """Keep the readers off stderr and bound their waits; costs nothing after the first call.

    What a reader has to say reaches the user as one sentence of a `SourceError`; its own log lines
    would only stand in between. Whoever sets OPENCV_LOG_LEVEL or OPENCV_FFMPEG_LOGLEVEL to look for
    a fault gets them back.
    """
    global _is_set_up
    if _is_set_up:
        return
    _is_set_up = True
    # FFmpeg's level is read from the environment at the first capture; -8 is AV_LOG_QUIET.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # Otherwise a Linux camera that stops giving frames holds its reader for 10 s.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(_V4L_SELECT_TIMEOUT_S))
    if sys.platform == "darwin":
        # OpenCV's own question for camera access needs the main thread's run loop and fails in any
        # other thread; without it macOS itself asks.
        os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")
    if sys.platform == "win32":
        # Hardware transforms make Media Foundation take tens of seconds to open some cameras
        # (opencv/opencv issue 17687).
        os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
