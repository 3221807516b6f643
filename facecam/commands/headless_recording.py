"""`app.py --record FILE` where there is no display: the source is recorded until it ends."""

import threading
from pathlib import Path

import typer

from facecam.commands.stop_signals import exit_code
from facecam.errors import FacecamError, ModelPackageError, RecordingError

_LOOK_S = 0.2


def record_without_window(
    reason: str,
    path: Path,
    model: str | None = None,
    source: str | None = None,
    cam: str | None = None,
) -> int:
    """Record the source, or the demo clip, with its statistics; return the exit code.

    A file is read as fast as every frame is analysed; a camera or a stream is recorded live until
    the program is interrupted.

    Args:
        reason: Why there is no window; "" when none was wanted.
        path: The video to make.
        model: Name or folder of a model package.
        source: What to play; the demo clip if left out.
        cam: HEAD[:CLASS] whose maps are drawn on the video.

    Raises:
        FacecamError: The source cannot be played, or the video not written.
    """
    if reason:
        typer.echo(reason)
    from facecam.capture.opening import DEMO_CLIP, make_source
    from facecam.capture.source import without_password
    from facecam.commands.pipeline_parts import build_analyzer, load_estimator
    from facecam.inference.cam import parse_cam
    from facecam.pipeline.detection_policy import DetectionConfig
    from facecam.pipeline.session import Session
    from facecam.pipeline.status import ACTIVE, SessionOptions, SessionStatus
    from facecam.recording.request import RecordingRequest
    from facecam.vision.cam_overlay import CamStyle
    from facecam.vision.overlay import OverlayOptions

    spec = source or str(DEMO_CLIP)
    typer.echo(f"Recording {without_password(spec)} into {path}, without a window. Ctrl-C stops.")
    try:
        estimator = load_estimator(model)
    except ModelPackageError as error:
        if model or cam:
            raise
        estimator = None
        typer.echo(f"{error} Recording boxes only.", err=True)
    choice = parse_cam(cam, estimator.package) if cam and estimator is not None else None
    changed = threading.Event()

    def on_change(status: SessionStatus) -> None:
        changed.set()

    whole = Path(spec).is_file()
    session = Session(
        lambda: make_source(spec),
        lambda: build_analyzer(None, DetectionConfig(every_frame=True) if whole else None),
        (lambda: estimator) if estimator is not None else None,
        options=SessionOptions(as_fast_as_possible=whole, reconnect_s=None if whole else 2.0),
        on_change=on_change,
    )
    interrupted = None
    try:
        session.set_cam(choice)
        session.start_recording(
            RecordingRequest(
                path,
                overlay_options=OverlayOptions(cam=CamStyle() if choice is not None else None),
                source_spec=spec,
            )
        )
        session.start()
        while True:
            changed.wait(_LOOK_S)
            changed.clear()
            recording = session.status().recording
            if recording is not None and not recording.running:
                break
    except KeyboardInterrupt as stop:
        interrupted = stop
    status = session.status()
    session.stop()  # finishes the files, within 2 s
    recording = session.status().recording
    if interrupted is not None and recording is None:
        raise interrupted
    if status.error is not None and status.state not in ACTIVE:
        raise FacecamError(status.error)
    if recording is None or recording.state == "failed":
        raise RecordingError(recording.message if recording is not None else "Nothing recorded.")
    missing = f", {recording.frames_dropped} missing" if recording.frames_dropped else ""
    typer.echo(f"{recording.frames_written} frames{missing}: {recording.message}")
    return exit_code(interrupted) if interrupted is not None else 0
