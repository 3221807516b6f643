"""Session folders as a recording leaves them, small enough to be made in a test."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facecam.recording.face_records import analysis_record
from facecam.recording.video_writer import VideoWriter
from facecam.types import Analysis, FaceAnalysis
from tests.gui.fake_session import HEADS, face

SIZE_WH = (320, 180)
FPS = 25.0
LEFT, RIGHT = (40.0, 40.0, 60.0, 70.0), (200.0, 40.0, 50.0, 60.0)
STEP = 8
"""Frame number n is grey of 8 * n + 16, so that a picture tells which one it is."""


def faces_at(number: int, frames: int) -> tuple[FaceAnalysis, ...]:
    """Return face 1 always, and face 2 in the second half; face 1 gets a year older a frame."""
    one = face(1, LEFT, age=20.0 + number)
    return (one, face(2, RIGHT, age=60.0)) if 2 * number >= frames else (one,)


def write_session(
    folder: Path,
    *,
    frames: int = 20,
    clean: bool = True,
    video: bool = True,
    ended: bool = True,
    pause: tuple[int, int] = (0, 0),
    start_s: float = 3.0,
    heads: Sequence[Any] = HEADS,
    model: str = "not installed",
) -> Path:
    """Write `party.mp4` and `party.session` into a folder; return the session folder.

    Args:
        folder: Where.
        frames: How many were captured.
        clean: Keep the camera's own video.
        video: Write a video at all.
        ended: End it as it should be.
        pause: First and last + 1 number of the frames that were left out.
        start_s: Source time of the first frame.
        heads: Heads of the model.
        model: Name of the model.
    """
    session = folder / "party.session"
    session.mkdir(parents=True)
    ledger: list[dict[str, Any]] = [{"schema": "facecam-ledger-1"}]
    stats: list[dict[str, Any]] = [
        {"schema": "facecam-stats-1", "source": "Webcam", "model": model, "width": SIZE_WH[0],
         "height": SIZE_WH[1], "fps": FPS}
    ]  # fmt: skip
    paths = [folder / "party.mp4"] + ([session / "clean.mp4"] if clean else [])
    writers = [VideoWriter(path, SIZE_WH, FPS) for path in paths] if video else []
    for number in range(frames):
        t_s = start_s + number / FPS
        paused = pause[0] <= number < pause[1]
        if number == pause[1] > 0:
            from_s = start_s + (pause[0] - 1) / FPS
            ledger.append({"gap": {"why": "pause", "from_t_s": from_s, "to_t_s": t_s}})
        row = {
            "frame": number, "t_s": t_s, "shown": True, "analyzed": True, "recorded": not paused,
            "dropped": "paused" if paused else None,
        }  # fmt: skip
        if not paused:
            left_out = pause[1] - pause[0] if number >= pause[1] else 0
            row["video_s"] = (number - left_out) / FPS
            image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 16 + STEP * number, np.uint8)
            for writer in writers:
                writer.write(image, row["video_s"])
        ledger.append(row)
        analysis = Analysis(number, t_s, t_s, t_s, faces_at(number, frames), SIZE_WH)
        stats.append(analysis_record(analysis))
    for writer in writers:
        writer.close()
    facts = {
        "schema": "facecam-session-1",
        "app_version": "1",
        "source": {"spec": "0", "name": "Webcam", "size_wh": SIZE_WH, "fps": FPS, "live": True},
        "model": {
            "name": model, "version": "1", "sha256": "",
            "heads": [
                {"name": head.name, "kind": head.kind, "classes": list(head.classes)}
                for head in heads
            ],
        },
        "settings": {},
        "clock": {"started_utc": "2026-11-22T07:00:00Z", "started_monotonic_s": 1.0},
        "video": {"overlay": "../party.mp4", "clean": "clean.mp4" if clean else None,
                  "codec": "h264", "lossless": False},
        "ended": {"why": "stopped", "frames": frames} if ended else None,
    }  # fmt: skip
    (session / "session.json").write_text(json.dumps(facts), "utf-8")
    for name, lines in (("stats", stats), ("ledger", ledger)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (session / f"{name}.jsonl").write_text(text, "utf-8")
    return session
