"""What reads damaged files: run in a child process, so that its end is seen and survived.

    python -m facecam.torture.victims KIND

It reads one path a line on stdin and answers each with one JSON line: {"outcome": "read"},
{"outcome": "refused", "what": SENTENCE} for an error that the app shows as a sentence, or
{"outcome": "escaped", "what": TRACEBACK} for any other.
"""

import contextlib
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from facecam.errors import FacecamError

_MOST_FRAMES = 40
_MEMORY_BYTES = 12 * 2**30  # of address space: a bomb is to fail in here, not to take the machine


def read_video(path: Path) -> None:
    """Play a video to its end, but not for ever."""
    from facecam.capture.opening import make_source

    source = make_source(str(path))
    try:
        source.open()
        last_s = float("-inf")
        for _ in range(_MOST_FRAMES):
            frame = source.read()
            if frame is None:
                break
            assert frame.source_s > last_s, f"{frame.source_s} after {last_s}"
            assert frame.image_bgr.ndim == 3
            assert frame.image_bgr.shape[2] == 3
            last_s = frame.source_s
    finally:
        source.close()


def read_picture(path: Path) -> None:
    """Decode a picture."""
    from facecam.capture.pictures import read_picture

    image = read_picture(path)
    assert image.ndim == 3
    assert image.shape[2] == 3


def read_package(path: Path) -> None:
    """Check a model package, load its graph and let it run once."""
    import numpy as np

    from facecam.inference.package import load_package
    from facecam.inference.runtime import LiteRtEstimator

    package = load_package(path)
    estimator = LiteRtEstimator(package, threads=1)
    try:
        width, height = package.size_wh
        estimator.run(np.zeros((1, height, width, 3), np.uint8))
    finally:
        estimator.close()


def read_recipe(path: Path) -> None:
    """Read and validate a recipe."""
    from facecam.training.recipe import load_recipe

    load_recipe(path)


def read_manifest(path: Path) -> None:
    """Read and check a manifest."""
    from facecam.training.manifest import read_manifest

    read_manifest(path)


def read_settings(path: Path) -> None:
    """Load settings and save them again."""
    import dataclasses

    from facecam.settings import SettingsStore

    store = SettingsStore(path)
    settings, _ = store.load()
    store.save(dataclasses.replace(settings, bars=not settings.bars))
    again, message = SettingsStore(path).load()
    assert message is None, message
    assert again.bars != settings.bars


def read_session(path: Path) -> None:
    """Read a session folder back and ask it what the replay asks."""
    from facecam.recording.session_files import read_session

    session = read_session(path)
    for row in session.rows:
        assert session.at(row.t_s) is None or session.analyses
    session.row_at_video(session.duration_s / 2)
    session.at_video(session.duration_s / 2)
    session.disagreements()
    assert session.duration_s >= 0.0
    assert all(span.track for span in session.tracks)


VICTIMS: dict[str, Callable[[Path], None]] = {
    "video": read_video,
    "picture": read_picture,
    "package": read_package,
    "recipe": read_recipe,
    "manifest": read_manifest,
    "settings": read_settings,
    "session": read_session,
}


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer until stdin ends."""
    victim = VICTIMS[sys.argv[1]]
    _limit_memory()
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        answer: dict[str, str] = {"outcome": "read"}
        try:
            victim(Path(json.loads(line)))
        except FacecamError as error:
            answer = {"outcome": "refused", "what": str(error)}
        except Exception:  # noqa: BLE001 - to find these is what it is for
            answer = {"outcome": "escaped", "what": traceback.format_exc(limit=-6)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
