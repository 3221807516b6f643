"""Thousands of damaged files for everything that reads files; crashes and hangs are counted."""

import contextlib
import json
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from facecam.torture import seeds
from facecam.torture.mutations import (
    Damage,
    damage_bytes,
    damage_json,
    damage_text,
)
from facecam.torture.packages import damage_package, damage_session

FolderDamage = Callable[[Path, Path, random.Random], contextlib.AbstractContextManager[Path]]
HANG_S = 20.0
_START_S = 120.0  # importing TensorFlow's runtime on a busy machine
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input.

    Attributes:
        make: Writes sound files or folders into a folder.
        damage: Damages the content of a file, or makes a damaged copy of a folder.
        share: Part of all trials that this kind gets.
    """

    make: Callable[[Path], list[Path]]
    damage: Damage | FolderDamage
    share: float


KINDS: dict[str, Kind] = {
    "video": Kind(seeds.make_videos, damage_bytes, 0.35),
    "picture": Kind(seeds.make_pictures, damage_bytes, 0.3),
    "package": Kind(seeds.make_package, damage_package, 0.05),
    "recipe": Kind(seeds.make_recipes, damage_text, 0.08),
    "manifest": Kind(seeds.make_manifest, damage_text, 0.05),
    "settings": Kind(seeds.make_settings, damage_json, 0.09),
    "session": Kind(seeds.make_session, damage_session, 0.08),
}


@dataclass(slots=True)
class DamageReport:
    """What came of the trials with one kind of input.

    Attributes:
        trials: How many files.
        read: Still readable, at least in part.
        refused: Refused with a sentence.
        escaped: Errors that the user would have met as a traceback.
        crashes: Ends of the process.
        hangs: No answer in time.
        examples: What was wrong, a few of each.
    """

    trials: int = 0
    read: int = 0
    refused: int = 0
    escaped: int = 0
    crashes: int = 0
    hangs: int = 0
    examples: list[str] = field(default_factory=list)


class VictimProcess:
    """A child that reads damaged files; started anew when it dies. Owned by one thread.

    Args:
        kind: What it reads.
        log_path: Where its native libraries may write.
        command: Program that stands in for it, in tests.
    """

    def __init__(self, kind: str, log_path: Path, command: Sequence[str] = ()) -> None:
        self._command = command or (sys.executable, "-m", "facecam.torture.victims", kind)
        self._log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None
        self._is_new = True

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log_path.open("wb") as log:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._process, self._is_new = process, True
        return process

    def ask(self, path: Path, hang_s: float = HANG_S, start_s: float = _START_S) -> dict[str, str]:
        """Let it read one file and return its answer, {"outcome": "crash"} or {"outcome": "hang"}.

        A child that was just started gets longer, by `start_s`: it has libraries to load.
        """
        process = self._process or self._start()
        stdin, stdout = _pipe(process.stdin), _pipe(process.stdout)
        patience_s = hang_s + (start_s if self._is_new else 0.0)
        try:
            stdin.write(json.dumps(str(path)).encode() + b"\n")
            stdin.flush()
            ready, _, _ = select.select([stdout], [], [], patience_s)
            line = stdout.readline() if ready else None
        except OSError:
            line = b""
        if line:
            self._is_new = False
            answer: dict[str, str] = json.loads(line)
            return answer
        if line is None:
            self.close()
            return {"outcome": "hang", "what": f"no answer within {patience_s:.0f} s"}
        code = process.wait()
        self.close()
        return {"outcome": "crash", "what": f"exit code {code}: {self._last_words()}"}

    def _last_words(self) -> str:
        return self._log_path.read_bytes()[-300:].decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            _pipe(process.stdout).close()
            with contextlib.suppress(OSError):  # a pipe that broke with something in it
                _pipe(process.stdin).close()

    def __enter__(self) -> "VictimProcess":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def run_damaged_input(
    trials: int,
    seed: int = 0,
    kinds: dict[str, Kind] | None = None,
    keep: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, DamageReport]:
    """Damage files and let them be read.

    Args:
        trials: How many files of all kinds together.
        seed: Same seed, same damage.
        kinds: Which kinds; all by default.
        keep: Folder for the files that did harm; none are kept by default.
        progress: Takes (done, total).

    Returns:
        Kind to what came of it.
    """
    kinds = kinds or KINDS
    whole = sum(kind.share for kind in kinds.values())
    reports: dict[str, DamageReport] = {}
    done = 0
    with tempfile.TemporaryDirectory(prefix="facecam-torture-") as name:
        folder = Path(name)
        for kind_name, kind in kinds.items():
            report = reports[kind_name] = DamageReport()
            count = max(round(trials * kind.share / whole), 1)
            with VictimProcess(kind_name, folder / f"{kind_name}.log") as victim:
                for path in _damaged(kind_name, kind, folder, count, random.Random(seed)):
                    _note(report, victim.ask(path), path, keep)
                    done += 1
                    progress(done, trials)
    return reports


def _damaged(
    kind_name: str, kind: Kind, folder: Path, count: int, rng: random.Random
) -> Iterator[Path]:
    """Yield damaged files, one at a time; each is gone when the next one comes."""
    home = folder / kind_name
    home.mkdir()
    sound = kind.make(home)
    for _ in range(count):
        with _damaged_copy(kind, rng.choice(sound), folder, rng) as path:
            yield path


def _damaged_copy(
    kind: Kind, origin: Path, folder: Path, rng: random.Random
) -> contextlib.AbstractContextManager[Path]:
    damage: Any = kind.damage
    if origin.is_dir():
        return damage(origin, folder, rng)  # type: ignore[no-any-return]
    return _beside(origin, damage(origin.read_bytes(), rng))


@contextlib.contextmanager
def _beside(origin: Path, content: bytes) -> Iterator[Path]:
    """Write a damaged file into the folder of the sound one, whose neighbours it may need."""
    path = origin.with_name(f"damaged{origin.suffix}")
    path.write_bytes(content)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _note(report: DamageReport, answer: dict[str, str], path: Path, keep: Path | None) -> None:
    report.trials += 1
    outcome = answer["outcome"]
    match outcome:
        case "read":
            report.read += 1
            return
        case "refused":
            report.refused += 1
            return
        case "escaped":
            report.escaped += 1
        case "crash":
            report.crashes += 1
        case _:
            report.hangs += 1
    if len(report.examples) < _SHOWN:
        report.examples.append(f"{outcome}: {answer.get('what', '')}")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        target = keep / f"{outcome}-{report.trials}-{os.getpid()}-{path.name}"
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(path, target)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
