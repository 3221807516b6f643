"""Keep what native libraries print away from what a person or a program reads.

MediaPipe, LiteRT, TensorFlow and OpenCV write notes of their own to the file descriptors 1 and 2,
from any thread and at any time. Only lines that are known to be harmless are dropped; everything
else goes to stderr. Python's own `sys.stdout` and `sys.stderr` are not filtered at all.
"""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from typing import IO

_CHATTER = re.compile(
    rb"^("
    rb"INFO: (\[\w+\.cc:\d+\]|Created TensorFlow Lite|Initialized TensorFlow Lite)"  # LiteRT
    rb"|WARNING: \[model_load\.cc:\d+\] Sparsity tensors"
    rb"|WARNING: (Logging before InitGoogle|All log messages before absl::InitializeLog)"
    rb"|I\d{4} \d\d:\d\d:"  # absl, level INFO
    rb"|W\d{4} .*(Input tensor memory is not aligned|Feedback manager requires)"
    rb"|E\d{4} .*cuda_platform\.cc:\d+\] failed call to cuInit"  # TensorFlow without a GPU
    rb"|To enable the following instructions:"  # second line of an INFO of TensorFlow
    rb"|\[ (WARN|INFO):\S+\] global \S*(cap|obsensor)"  # OpenCV tries one driver after another
    rb"|\[ERROR:\S+\] global obsensor"
    rb"|\[\w+ @ 0x[0-9a-f]+\]"  # FFmpeg inside OpenCV, by codec
    rb")"
)


@contextlib.contextmanager
def guard_native_output() -> Iterator[None]:
    """Filter the file descriptors 1 and 2 of this process while the block runs.

    What is written natively goes through a small child process that drops known chatter and hands
    on the rest, so that the last words of a process that dies natively still arrive. Only POSIX;
    elsewhere, and with FACECAM_VERBOSE set, nothing happens. Must begin before any thread starts.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("GLOG_minloglevel", "2")
    if os.name != "posix" or os.environ.get("FACECAM_VERBOSE"):
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    real_out, real_err = os.dup(1), os.dup(2)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _filter_lines(reader, real_err, (0, 1, 2, writer, real_out))
    os.close(reader)
    os.dup2(writer, 1)
    os.dup2(writer, 2)
    os.close(writer)
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout = _text_stream(real_out, stdout)
    sys.stderr = _text_stream(real_err, stderr)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os.dup2(real_out, 1)
        os.dup2(real_err, 2)
        sys.stdout, sys.stderr = stdout, stderr
        # A process that was started meanwhile may hold the pipe open: do not wait for that.
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with contextlib.suppress(OSError):
            os.waitpid(child, 0)
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _text_stream(descriptor: int, like: IO[str]) -> IO[str]:
    """Return a text stream on a descriptor, buffered by line as a terminal is."""
    return os.fdopen(
        descriptor,
        "w",
        buffering=1,
        encoding=getattr(like, "encoding", None) or "utf-8",
        errors="backslashreplace",
        closefd=False,
    )


def is_chatter(line: bytes) -> bool:
    """Return whether a line is a known note of a native library without news for the user."""
    return _CHATTER.match(line) is not None


def _filter_lines(reader: int, target: int, unneeded: tuple[int, ...]) -> None:
    """Copy lines that are not chatter until the pipe ends, then end the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when the pipe does
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for descriptor in unneeded:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    rest = b""
    try:
        while block := os.read(reader, 65536):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                if not is_chatter(line):
                    os.write(target, line + b"\n")
        if rest and not is_chatter(rest):
            os.write(target, rest)
    except OSError:
        pass
    finally:
        os._exit(0)
