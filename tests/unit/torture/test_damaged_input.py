"""The drill itself: damage is repeatable, and crashes and hangs of a reader are seen."""

import json
import random
import sys
from pathlib import Path

import pytest

from facecam.torture.damaged_input import Kind, VictimProcess, run_damaged_input
from facecam.torture.mutations import (
    damage_bytes,
    damage_json,
    damage_json_lines,
    damage_text,
)
from facecam.torture.seeds import make_manifest, make_settings

DAMAGES = (damage_bytes, damage_json, damage_json_lines, damage_text)
_VICTIM = """
import json, os, sys, time
for line in sys.stdin:
    name = os.path.basename(json.loads(line))
    if name == "crash":
        os.abort()
    if name == "hang":
        time.sleep(60)
    print(json.dumps({"outcome": "read"}), flush=True)
"""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "content", [b"", b"x", b'{"a": [1, {"b": null}]}\n{"c": 2}\n', b"a,b\n1,\n"]
)
def test_damage_is_repeatable_and_never_fails(damage: object, content: bytes) -> None:
    assert callable(damage)
    for seed in range(60):
        once = damage(content, random.Random(seed))
        assert once == damage(content, random.Random(seed))
        assert isinstance(once, bytes)


def test_damage_does_damage() -> None:
    content = json.dumps({"settings": list(range(50)), "name": "x" * 100}).encode()
    for damage in DAMAGES:
        changed = sum(damage(content, random.Random(seed)) != content for seed in range(50))
        assert changed >= 40


def test_crash_and_hang_of_a_reader_are_told_and_survived(tmp_path: Path) -> None:
    command = (sys.executable, "-c", _VICTIM)
    with VictimProcess("any", tmp_path / "log", command) as victim:
        assert victim.ask(tmp_path / "fine") == {"outcome": "read"}
        crash = victim.ask(tmp_path / "crash")
        assert crash["outcome"] == "crash"
        assert "exit code -6" in crash["what"]
        assert victim.ask(tmp_path / "fine") == {"outcome": "read"}, "another one was started"
        assert victim.ask(tmp_path / "hang", hang_s=0.2, start_s=0.0)["outcome"] == "hang"
        assert victim.ask(tmp_path / "fine") == {"outcome": "read"}


def test_damaged_settings_and_manifests_do_no_harm(tmp_path: Path) -> None:
    kinds = {
        "settings": Kind(make_settings, damage_json, 0.5),
        "manifest": Kind(make_manifest, damage_text, 0.5),
    }
    reports = run_damaged_input(80, seed=1, kinds=kinds, keep=tmp_path / "harm")
    for report in reports.values():
        assert report.trials == 40
        assert report.examples == []
        assert report.read + report.refused == 40
    assert not (tmp_path / "harm").exists()


def test_file_that_did_harm_is_kept(tmp_path: Path) -> None:
    def make(folder: Path) -> list[Path]:
        path = folder / "settings"  # a folder where a file is to be
        path.mkdir()
        (path / "x").write_text("x")
        return [path / "x"]

    kinds = {"session": Kind(make, damage_bytes, 1.0)}
    report = run_damaged_input(3, kinds=kinds, keep=tmp_path / "harm")["session"]
    assert report.refused == 3, report.examples
