"""The words for recordings: how long, how much room is left, how it ended."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale

if TYPE_CHECKING:
    from facecam.recording.request import RecordingStatus

LITTLE_ROOM_S = 600.0
"""Below this the room on the disk is named in the colour of a warning (chosen by eye)."""


def clock_text(seconds: float) -> str:
    """Return a length as a clock shows it: "0:07", "12:30", "1:02:03"."""
    whole = max(int(seconds), 0)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def room_text(seconds: float) -> str:
    """Return how much can still be recorded, coarsely: "40 s left", "12 min left", "5 h left"."""
    translate = QCoreApplication.translate
    if seconds < 90:
        return translate("recording", "{n} s left").format(n=int(seconds))
    if seconds < 5400:
        return translate("recording", "{n} min left").format(n=int(seconds / 60))
    return translate("recording", "{n} h left").format(n=min(int(seconds / 3600), 99))


def missing_text(frames: int) -> str:
    """Return how many frames are missing in the video."""
    return QCoreApplication.translate("recording", "{n} frames missing").format(
        n=QLocale().toString(frames)
    )


def state_text(status: "RecordingStatus") -> str:
    """Return what the badge says first: "REC 0:07", "Paused 0:07", "Finishing…"."""
    translate = QCoreApplication.translate
    clock = clock_text(status.elapsed_s)
    match status.state:
        case "starting":
            return translate("recording", "Starting…")
        case "paused":
            return translate("recording", "Paused {clock}").format(clock=clock)
        case "stopping":
            return translate("recording", "Finishing…")
    return translate("recording", "REC {clock}").format(clock=clock)


def saved_text(status: "RecordingStatus") -> str:
    """Return a sentence about a recording that ended as it was meant to."""
    translate = QCoreApplication.translate
    text = translate("recording", "Recorded {clock} into {path}").format(
        clock=clock_text(status.elapsed_s), path=status.path
    )
    if status.frames_dropped:
        text += " " + translate("recording", "({n} frames are missing in it)").format(
            n=QLocale().toString(status.frames_dropped)
        )
    return text


def gap_text(why: str, seconds: float) -> str:
    """Return what interrupts a recording, and for how long."""
    translate = QCoreApplication.translate
    texts = {
        "pause": translate("recording", "paused for {clock}"),
        "lost": translate("recording", "the source was away for {clock}"),
        "source": translate("recording", "another source from here on"),
        "size": translate("recording", "another size from here on"),
    }
    text = texts.get(why) or translate("recording", "nothing was recorded for {clock}")
    return text.format(clock=clock_text(seconds))
