"""What native libraries print stays away from results, and nothing unknown is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from facecam.commands.streams import is_chatter

ROOT = Path(__file__).resolve().parents[3]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the filter is for POSIX only")


def run_guarded(body: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import os, sys\n"
        "from facecam.commands.streams import guard_native_output\n"
        f"with guard_native_output():\n    {body}\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.parametrize(
    "line",
    [
        b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.",
        b"INFO: [environment.cc:36] Creating LiteRT environment with options",
        b"WARNING: [model_load.cc:402] Sparsity tensors may not yet be fully supported.",
        b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
        b"I0000 00:00:1795323178.441269   22921 port.cc:153] oneDNN custom operations are on.",
        b"[ WARN:0@0.027] global cap_v4l.cpp:914 open can't open camera by index",
    ],
)
def test_known_notes_are_chatter(line: bytes) -> None:
    assert is_chatter(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"F0000 00:00:1 1 x.cc:1] Check failed: size > 0",
        b"E0000 00:00:1795323178.441269   22921 model.cc:1] cannot allocate",
        b"W0000 00:00:1795323178.441269   22921 model.cc:1] out of disk",
        b"Traceback (most recent call last):",
        b"Fatal Python error: Segmentation fault",
    ],
)
def test_real_news_is_not_chatter(line: bytes) -> None:
    assert not is_chatter(line)


@posix_only
def test_native_prints_never_reach_stdout() -> None:
    done = run_guarded("print('result'); os.write(1, b'native words\\n')")
    assert done.stdout == "result\n"
    assert done.stderr == "native words\n"


@posix_only
def test_chatter_is_dropped_and_other_lines_pass() -> None:
    done = run_guarded("os.write(2, b'INFO: Created TensorFlow Lite XNNPACK\\nsomething odd\\n')")
    assert done.stderr == "something odd\n"


@posix_only
def test_a_line_without_end_is_not_lost() -> None:
    assert run_guarded("os.write(2, b'no newline')").stderr == "no newline"


@posix_only
def test_the_last_words_of_a_dying_process_arrive() -> None:
    done = run_guarded("os.write(2, b'Check failed: last words\\n'); os.abort()")
    assert done.returncode != 0
    assert "Check failed: last words" in done.stderr


@posix_only
def test_traceback_and_exit_code_pass_through() -> None:
    done = run_guarded("raise ValueError('broken')")
    assert done.returncode == 1
    assert "ValueError: broken" in done.stderr


@posix_only
def test_streams_are_as_before_afterwards() -> None:
    done = run_guarded("pass\nos.write(1, b'INFO: [a.cc:1] after\\n'); print('end')")
    assert done.stdout == "INFO: [a.cc:1] after\nend\n"
