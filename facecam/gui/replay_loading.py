"""Turns a session folder into what the replay shows. No Qt; runs on a thread of its own."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facecam.errors import FacecamError, RecordingError
from facecam.gui.replay_timeline import Gap, Recording, Timeline
from facecam.gui.session_bridge import head_views
from facecam.gui.stat_rows import HeadView
from facecam.recording.session_files import is_session, read_session, session_of_video
from facecam.recording.session_records import RecordedHead, RecordedSession
from facecam.types import Analysis

_IN_THE_VIDEO = frozenset({None, "encoder", "disk"})
"""Reasons for which a frame is missing inside the video, between its neighbours."""


def session_folder(path: Path) -> Path:
    """Return the session folder that a path means: itself, a file in it, or a video beside it.

    Raises:
        RecordingError: There is none.
    """
    folder = path if is_session(path) else session_of_video(path)
    if folder is None and not path.exists():
        raise RecordingError(f"The recording {path} does not exist: check the name.")
    if folder is None:
        raise RecordingError(
            f"{path} is no recording with stats: choose a .session folder, or the video beside one."
        )
    return folder


def load_recording(path: Path) -> Recording:
    """Read a recording.

    Args:
        path: See `session_folder`.

    Raises:
        RecordingError: It is no recording, or it is damaged at its head.
    """
    session = read_session(session_folder(path))
    header = session.header
    timeline = Timeline(_on_video_time(session))
    clean, overlay = (
        video if video is not None and video.is_file() else None
        for video in (header.clean_path, header.overlay_path)
    )
    return Recording(
        folder=header.folder,
        name=header.folder.name.removesuffix(".session"),
        timeline=timeline,
        source_name=header.source_name,
        model=header.model,
        heads=_heads(header.model, header.heads),
        gaps=_gaps(session),
        duration_s=max(timeline.end_s, session.duration_s),
        video=clean or overlay,
        clean=clean is not None,
        lossless=header.lossless and clean is not None,
        whole=not session.killed,
    )


def _on_video_time(session: RecordedSession) -> list[Analysis]:
    """Return the analyses of what is in the video, with its times as their only ones."""
    t_s = [row.t_s for row in session.recorded]
    video_s = [row.video_s or 0.0 for row in session.recorded]
    rows = {row.frame: row for row in session.rows}
    moved = []
    for analysis in session.analyses:
        row = rows[analysis.frame_id]
        if row.dropped not in _IN_THE_VIDEO:
            continue
        at_s = row.video_s
        if at_s is None:
            at_s = float(np.interp(row.t_s, t_s, video_s)) if t_s else row.t_s - session.rows[0].t_s
        moved.append(dataclasses.replace(analysis, captured_s=at_s, source_s=at_s, ready_s=at_s))
    return moved


def _gaps(session: RecordedSession) -> tuple[Gap, ...]:
    at = {row.frame: row.video_s for row in session.rows}
    gaps = []
    for gap in session.gaps:
        end_s = at.get(gap.before_frame)
        if end_s is None:
            later = (row for row in session.recorded if row.frame >= gap.before_frame)
            after = next(later, None)
            end_s = after.video_s if after is not None else session.duration_s
        before = [row for row in session.recorded if row.frame < gap.before_frame]
        start_s = before[-1].video_s if before else 0.0
        gaps.append(Gap(start_s or 0.0, end_s or 0.0, gap.why, max(gap.to_t_s - gap.from_t_s, 0.0)))
    return tuple(gaps)


def _heads(model: str, recorded: Sequence[RecordedHead]) -> tuple[HeadView, ...]:
    """Return the heads: of the installed package with their titles, else as they were recorded."""
    names = [head.name for head in recorded]
    if model:
        from facecam.inference.package import load_package

        try:
            package = load_package(model)
            heads = head_views(package.heads, package.spec.get("metrics"))
        except FacecamError:
            heads = ()
        if heads and (not names or names == [head.name for head in heads]):
            return heads
    return tuple(
        HeadView(head.name, head.kind, tuple(str(name) for name in head.classes))
        for head in recorded
    )
