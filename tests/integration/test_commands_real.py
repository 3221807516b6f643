"""The commands with a real detector and a small real model, as a person runs them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from facecam.capture.opening import DEMO_CLIP
from tests.tiny_package import tiny_package_dir

ROOT = Path(__file__).resolve().parents[2]
ANALYZE_KEYS = {
    "frames_read", "frames_analyzed", "frames_written", "faces", "tracks", "seconds", "fps",
    "model", "out", "stats",
}  # fmt: skip
BENCH_KEYS = {
    "frames", "seconds", "fps", "detector_hz", "faces_per_frame", "stages_ms", "latency_ms",
    "shown", "analyzed", "skipped", "rss_mb", "startup_ms", "machine",
}  # fmt: skip


@pytest.fixture(scope="module")
def model() -> Path:
    return Path(tiny_package_dir())


def facecam(*arguments: object) -> dict[str, Any]:
    """Run a command with --json; return its object after checking that nothing else was said."""
    done = subprocess.run(
        [sys.executable, "-m", "facecam", *map(str, arguments), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def test_analyze_writes_video_and_statistics(model: Path, tmp_path: Path) -> None:
    stats, video = tmp_path / "x.jsonl", tmp_path / "x.mp4"
    record = facecam(
        "analyze", DEMO_CLIP, "--model", model, "--out", video, "--stats", stats,
        "--max-frames", 12,
    )  # fmt: skip
    assert set(record) == ANALYZE_KEYS
    assert record["frames_analyzed"] == record["frames_written"] == 12
    assert record["tracks"] >= 1
    assert (record["out"], record["stats"]) == (str(video), str(stats))
    assert video.stat().st_size > 1000
    lines = [json.loads(line) for line in stats.read_text("utf-8").splitlines()]
    assert lines[0]["schema"] == "facecam-stats-1"
    assert len(lines) == 13
    face = lines[-1]["faces"][0]
    assert {"track", "box_xywh", "score", "heads"} <= set(face)
    assert {"value", "low", "high"} <= set(face["heads"]["age"])


def test_predict_reads_a_portrait(model: Path) -> None:
    picture = ROOT / "resources" / "portraits" / "hopper.webp"
    record = facecam("predict", picture, "--model", model)
    (image,) = record["images"]
    assert image["path"] == str(picture)
    (face,) = image["faces"]
    assert {"box_xywh", "score", "heads"} == set(face)
    assert set(face["heads"]["gender"]) >= {"label", "p", "probs"}


def test_models_verify_lets_a_package_run(model: Path) -> None:
    (entry,) = facecam("models", "verify", model)["models"]
    assert entry["error"] is None
    assert "age" in entry["heads"]


def test_bench_gives_the_fields_of_the_contract(model: Path) -> None:
    record = facecam(
        "bench", "--source", "synthetic:faces=1,size=640x360", "--model", model, "--seconds", 1
    )
    assert set(record) == BENCH_KEYS
    assert record["frames"] > 0
    assert record["skipped"] == 0
    assert {"detect", "track", "crop", "infer", "draw"} <= set(record["stages_ms"])
    assert 0 < record["startup_ms"]["first_frame"] <= record["startup_ms"]["first_stats"]
