"""`doctor` says what it finds, how to mend it, and never breaks itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from facecam.capture import opening
from facecam.commands import health, pipeline_parts
from facecam.commands.doctor import CHECKS, examine
from facecam.commands.health import Finding
from facecam.errors import ModelPackageError
from facecam.inference.estimator import Estimator
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.detection_policy import DetectionConfig
from facecam.types import Detection
from tests.fakes import FakeClock, FakeDetector, FakeSource, FakeTracker, detection_at

ROOT = Path(__file__).resolve().parents[3]


def test_all_good_is_ok() -> None:
    record = examine(
        {"one": lambda: Finding("ok", "fine"), "two": lambda: Finding("warning", "hm")}
    )
    assert record["ok"] is True
    assert [check["status"] for check in record["checks"]] == ["ok", "warning"]


def test_a_failure_is_not_ok_and_says_how_to_mend() -> None:
    record = examine({"one": lambda: Finding("failed", "bad", "do this")})
    assert record["ok"] is False
    assert record["checks"][0]["mend"] == "do this"


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on() -> None:
    def broken() -> Finding:
        raise RuntimeError("oops")

    record = examine({"one": broken, "two": lambda: Finding("ok", "fine")})
    assert [check["status"] for check in record["checks"]] == ["failed", "ok"]
    assert "oops" in record["checks"][0]["detail"]


def test_loading_is_no_part_of_the_self_tests_time_and_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()

    def find(call: int) -> tuple[Detection, ...]:
        clock.advance(0.25 if call else 30.0)  # the first call loads MediaPipe, from a slow disk
        return (detection_at(80, 60, 90),)

    def no_model(name: str | None) -> Estimator:
        raise ModelPackageError("None is there.")

    monkeypatch.setattr(health.time, "perf_counter", clock)
    monkeypatch.setattr(pipeline_parts, "load_estimator", no_model)
    monkeypatch.setattr(
        pipeline_parts,
        "analyzer_for_files",
        lambda estimator: FrameAnalyzer(
            FakeDetector(find), FakeTracker(), detection=DetectionConfig(every_frame=True)
        ),
    )
    monkeypatch.setattr(opening, "make_source", lambda spec: FakeSource(frames=None))
    finding = health.check_pipeline()
    assert finding.status == "ok"
    assert finding.facts["frames"] == 9
    assert finding.facts["rate_hz"] == pytest.approx(4.0)


def test_json_is_one_object_with_every_check() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facecam", "doctor", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    record = json.loads(done.stdout)
    assert [check["name"] for check in record["checks"]] == list(CHECKS)
    by_name = {check["name"]: check for check in record["checks"]}
    assert by_name["cv2"]["status"] == "ok"
    assert by_name["detectors"]["status"] == "ok"
    assert all(check["detail"] for check in record["checks"])
    assert "cores" in record["machine"]
    assert done.returncode == (0 if record["ok"] else 1)
