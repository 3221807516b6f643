"""Damage to folders: model packages, with and without hashes that agree, and recorded sessions."""

import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facecam.inference.package import CAM_FILE, MODEL_FILE, SPEC_FILE
from facecam.recording.session_folder import LEDGER_FILE, SESSION_FILE, STATS_FILE
from facecam.torture.mutations import damage_bytes, damage_json, damage_json_lines


@contextmanager
def damage_package(sound: Path, folder: Path, rng: random.Random) -> Iterator[Path]:
    """Make a damaged copy of a package.

    Mostly the description is damaged; else a file, and half of the time its hash is made to fit
    again, as in a package that somebody made badly or with bad intent.
    """
    copy = folder / "damaged-package"
    shutil.copytree(sound, copy)
    try:
        spec_path = copy / SPEC_FILE
        match rng.randrange(8):
            case 0 | 1 | 2 | 3:
                spec_path.write_bytes(damage_json(spec_path.read_bytes(), rng))
            case 4:
                spec_path.write_bytes(damage_bytes(spec_path.read_bytes(), rng))
            case 5:  # the graph, found by its hash; XNNPACK itself would crash on such a one
                path = copy / MODEL_FILE
                path.write_bytes(damage_bytes(path.read_bytes(), rng))
            case 6 if rng.random() < 0.3:
                (copy / rng.choice((CAM_FILE, MODEL_FILE, SPEC_FILE))).unlink()
            case _:
                path = copy / CAM_FILE
                path.write_bytes(damage_bytes(path.read_bytes(), rng))
                if rng.random() < 0.5:
                    agree(copy, CAM_FILE)
        yield copy
    finally:
        shutil.rmtree(copy)


@contextmanager
def damage_session(sound: Path, folder: Path, rng: random.Random) -> Iterator[Path]:
    """Make a damaged copy of a session folder: one of its files, seldom gone as a whole."""
    copy = folder / "damaged.session"
    shutil.copytree(sound, copy)
    try:
        path = copy / rng.choice((SESSION_FILE, STATS_FILE, STATS_FILE, LEDGER_FILE))
        if rng.random() < 0.03:
            path.unlink()
        else:
            damage = damage_json if path.name == SESSION_FILE else damage_json_lines
            path.write_bytes(damage(path.read_bytes(), rng))
        yield copy
    finally:
        shutil.rmtree(copy)


def agree(package: Path, file_name: str) -> None:
    """Write the true hash and size of a file into the description."""
    spec_path, content = package / SPEC_FILE, (package / file_name).read_bytes()
    spec = json.loads(spec_path.read_text("utf-8"))
    fact = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    spec["files"][file_name] = fact
    spec_path.write_text(json.dumps(spec), "utf-8")
