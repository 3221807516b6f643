"""A real RTSP server: it plays, is killed, comes back with another size."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from facecam.capture.health import SourceHealth
from facecam.pipeline.session import Session
from facecam.pipeline.status import SessionState
from facecam.torture.reconnects import playing
from facecam.torture.resources import wait_until

_SYSTEM_PYTHON = Path("/usr/bin/python3")
_SCRIPT = Path(__file__).parents[1] / "streams" / "rtsp_server.py"
_PATIENCE_S = 30.0


def has_server() -> bool:
    """Whether GStreamer's RTSP server is installed for the system's own Python."""
    code = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if not _SYSTEM_PYTHON.exists():
        return False
    done = subprocess.run([_SYSTEM_PYTHON, "-c", code], capture_output=True, check=False)
    return done.returncode == 0


pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not has_server(), reason="needs gir1.2-gst-rtsp-server-1.0 (Debian)"),
]


@contextmanager
def rtsp_server(port: int, size: str) -> Iterator[int]:
    """Serve, and end it with SIGKILL."""
    server = subprocess.Popen(
        [_SYSTEM_PYTHON, _SCRIPT, str(port), size],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        word, bound = server.stdout.readline().split()
        assert word == "ready"
        yield int(bound)
    finally:
        server.kill()
        server.wait()
        server.stdin.close()
        server.stdout.close()


def has_size(session: Session, size_wh: tuple[int, int]) -> bool:
    status, (frame, _) = session.status(), session.latest()
    if status.state is not SessionState.RUNNING or frame is None:
        return False
    return (frame.image_bgr.shape[1], frame.image_bgr.shape[0]) == size_wh


def test_rtsp_camera_that_is_killed_and_comes_back_with_another_size() -> None:
    with ExitStack() as stack:
        with rtsp_server(0, "320x240") as port:
            session = stack.enter_context(playing(f"rtsp://127.0.0.1:{port}/cam"))
            assert wait_until(lambda: has_size(session, (320, 240)), _PATIENCE_S) is not None
        lost = (SourceHealth.GONE, SourceHealth.RECONNECTING)
        gone_s = wait_until(lambda: session.status().source_health in lost, _PATIENCE_S)
        assert gone_s is not None
        with rtsp_server(port, "640x480"):
            back_s = wait_until(lambda: has_size(session, (640, 480)), _PATIENCE_S)
            assert back_s is not None
        assert session.status().source_gaps >= 1
        print(f"noticed after {gone_s:.2f} s, back after {back_s:.2f} s")
