"""What maps cost is found by turning them on and off in turns."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from facecam.commands.cam_trial import CamTrial
from facecam.types import Analysis, FaceMap
from tests.fakes import analysis_at, smiling


def analysis(faces: int, *, cam: bool) -> Analysis:
    face_map = FaceMap("smile", "smile", np.zeros((2, 2), np.float32), (32, 32), 1.0)
    items = [
        replace(smiling(track), cam=face_map if cam else None) for track in range(1, faces + 1)
    ]
    return replace(analysis_at(0, *items), stages_ms=MappingProxyType({"cam": 0.4, "infer": 9.0}))


def test_turns_alternate_and_their_rates_are_compared() -> None:
    trial = CamTrial(turn_s=0.5)
    assert not trial.on
    assert not trial.turn(0.4, 10)
    drawn, now_s = 0, 0.0
    for rate in (20, 18, 40, 36, 10, 9):  # a machine that is busy now and then
        now_s += 0.5
        drawn += rate // 2
        assert trial.turn(now_s, drawn)
    record = trial.record()
    assert record["fps_ratio"] == 0.9
    assert record["fps_without"] == 20.0
    assert record["fps_with"] == 18.0


def test_costs_are_per_face() -> None:
    trial = CamTrial()
    for _ in range(5):
        trial.note_analysis(analysis(2, cam=True))
        trial.note_analysis(analysis(2, cam=False))
        trial.note_drawing(analysis(2, cam=True), 3.0)
        trial.note_drawing(analysis(2, cam=False), 1.8)
    assert trial.record()["ms_per_face"] == {
        "analysis": pytest.approx(0.2),
        "drawing": pytest.approx(0.6),
        "total": pytest.approx(0.8),
    }


def test_without_a_face_there_is_no_cost() -> None:
    assert CamTrial().record()["ms_per_face"]["total"] == 0.0
