"""Which map each face gets, and how it holds still."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facecam.inference.cam import cam_head
from facecam.inference.faithfulness import NOT_LEARNED
from facecam.pipeline.face_maps import FaceMaps
from facecam.types import CamChoice, CamTrust, FaceMap, SoftmaxReading
from tests.made_cam import CHANNELS, SIDE, made_package

PACKAGE = made_package()
STILL = np.array([[0.5, 0.0, 3.0], [0.0, 0.5, 4.0]])


def features_of(*seeds: int) -> NDArray[np.float32]:
    return np.stack(
        [np.random.default_rng(seed).random((4, 4, CHANNELS), np.float32) for seed in seeds]
    )


def make(
    maps: FaceMaps,
    features: Any,
    tracks: tuple[int, ...] = (1,),
    t_s: float = 0.0,
    readings: Any = None,
    package: Any = PACKAGE,
    matrix: NDArray[np.float64] = STILL,
) -> dict[int, FaceMap]:
    crops = np.zeros((len(tracks), SIDE, SIDE, 3), np.uint8)
    return maps.make(package, features, tracks, readings or {}, crops, [matrix] * len(tracks), t_s)


def wanting(choice: CamChoice, probe: Any = None) -> FaceMaps:
    maps = FaceMaps(probe)
    maps.set_choice(choice)
    return maps


def mood(label: str, **probs: float) -> dict[str, Any]:
    return {"mood": SoftmaxReading(label, probs.get(label, 1.0), probs)}


def test_the_first_map_of_a_face_is_the_heads_own() -> None:
    features = features_of(1, 2)
    maps = make(wanting(CamChoice("smile")), features, (4, 9))
    expected = cam_head(PACKAGE, "smile").maps(features)
    assert set(maps) == {4, 9}
    np.testing.assert_array_equal(maps[4].values, expected[0])
    np.testing.assert_array_equal(maps[9].values, expected[1])
    assert (maps[4].head, maps[4].class_name, maps[4].crop_wh) == ("smile", "smile", (SIDE, SIDE))
    assert maps[4].full_scale == 25.0


def test_without_a_choice_there_is_no_map() -> None:
    assert make(FaceMaps(), features_of(1)) == {}
    maps = wanting(CamChoice("smile"))
    maps.set_choice(None)
    assert make(maps, features_of(1)) == {}


@pytest.mark.parametrize("choice", [CamChoice("hat"), CamChoice("mood", "angry")])
def test_what_the_model_does_not_have_gives_no_map(choice: CamChoice) -> None:
    assert make(wanting(choice), features_of(1), readings={1: mood("sad", sad=1.0)}) == {}


def test_a_model_without_feature_maps_gives_none() -> None:
    assert make(wanting(CamChoice("smile")), None) == {}
    assert make(wanting(CamChoice("smile")), np.zeros((1, CHANNELS), np.float32)) == {}


@pytest.mark.parametrize("head", ["smile", "age"])
def test_feature_maps_that_do_not_fit_the_weights_give_none(head: str) -> None:
    fewer = features_of(1)[..., : CHANNELS - 1]
    assert make(wanting(CamChoice(head)), fewer) == {}


def test_one_face_alone_can_be_chosen() -> None:
    maps = make(wanting(CamChoice("smile", track=9)), features_of(1, 2), (4, 9))
    assert set(maps) == {9}


def test_each_face_gets_the_class_of_its_own_reading() -> None:
    readings = {1: mood("sad", sad=0.9, glad=0.1), 2: mood("glad", glad=0.8, sad=0.2)}
    features = features_of(1, 2)
    maps = make(wanting(CamChoice("mood")), features, (1, 2), readings=readings)
    assert (maps[1].class_name, maps[2].class_name) == ("sad", "glad")
    expected = cam_head(PACKAGE, "mood", "glad").maps(features)[1]
    np.testing.assert_allclose(maps[2].values, expected, atol=1e-6)


def test_the_class_does_not_blink_where_two_are_about_as_likely() -> None:
    maps = wanting(CamChoice("mood"))
    seen = []
    for number, glad in enumerate((0.6, 0.49, 0.51, 0.47, 0.3, 0.49, 0.53)):
        label = "glad" if glad > 0.5 else "sad"
        readings = {1: mood(label, glad=glad, sad=1.0 - glad)}
        seen.append(make(maps, features_of(1), t_s=number / 30, readings=readings)[1].class_name)
    assert seen == ["glad", "glad", "glad", "glad", "sad", "sad", "sad"]


def test_smoothing_counts_seconds_not_frames() -> None:
    ends = []
    for steps in (3, 12):
        maps = wanting(CamChoice("smile"))
        first = make(maps, features_of(1))[1].values
        for step in range(1, steps + 1):
            last = make(maps, features_of(2), t_s=0.3 * step / steps)[1].values
        goal = cam_head(PACKAGE, "smile").maps(features_of(2))[0]
        ends.append(np.abs(last - goal).max() / np.abs(first - goal).max())
    assert ends[0] == pytest.approx(ends[1], abs=1e-5)
    assert 0.1 < ends[0] < 0.4


def test_a_long_gap_and_a_forgotten_track_start_afresh() -> None:
    goal = cam_head(PACKAGE, "smile").maps(features_of(2))[0]
    for forget, t_s in ((False, 5.0), (True, 0.05)):
        maps = wanting(CamChoice("smile"))
        make(maps, features_of(1))
        if forget:
            maps.forget(1)
        np.testing.assert_array_equal(make(maps, features_of(2), t_s=t_s)[1].values, goal)


def test_another_class_or_model_does_not_mix_with_the_one_before() -> None:
    maps = wanting(CamChoice("marks", "dot"))
    make(maps, features_of(1))
    maps.set_choice(CamChoice("marks", "line"))
    line = cam_head(PACKAGE, "marks", "line").maps(features_of(1))[0]
    np.testing.assert_array_equal(make(maps, features_of(1), t_s=0.03)[1].values, line)
    other = made_package(scale={"marks": {"line": 2.0}})
    again = make(maps, features_of(2), t_s=0.06, package=other)[1]
    np.testing.assert_array_equal(
        again.values, cam_head(other, "marks", "line").maps(features_of(2))[0]
    )
    assert again.full_scale == 2.0


class FakeProbe:
    """Takes every sample and has one answer."""

    def __init__(self, answer: CamTrust | None = None, asked: tuple[int, ...] = ()) -> None:
        self.answer = answer
        self.asked = asked
        self.samples: list[Any] = []
        self.forgotten: list[int] = []

    def due(self, key: Any) -> bool:
        return True

    def requested(self, track: int) -> bool:
        return track in self.asked

    def offer(self, sample: Any) -> None:
        self.samples.append(sample)

    def result(self, key: Any) -> CamTrust | None:
        return self.answer

    def forget(self, track: int) -> None:
        self.forgotten.append(track)


def test_a_steady_face_is_offered_for_measuring_and_a_moving_one_is_not() -> None:
    probe = FakeProbe()
    maps = wanting(CamChoice("smile"), probe)
    make(maps, features_of(1))
    assert not probe.samples, "nobody knows yet whether it moves"
    far = STILL + np.array([[0.0, 0.0, 5.0], [0.0, 0.0, 0.0]])
    make(maps, features_of(1), t_s=0.03, matrix=far)
    assert not probe.samples
    shown = make(maps, features_of(1), t_s=0.06, matrix=far)
    (sample,) = probe.samples
    assert sample.key == (1, "smile", "smile")
    np.testing.assert_array_equal(sample.values, shown[1].values)
    assert sample.crop_rgb.shape == (SIDE, SIDE, 3)


def test_a_moving_face_is_offered_when_somebody_asks() -> None:
    probe = FakeProbe(asked=(1,))
    make(wanting(CamChoice("smile"), probe), features_of(1))
    assert len(probe.samples) == 1


def test_the_figure_comes_with_the_map_and_goes_with_the_track() -> None:
    trust = CamTrust(1.5, 0.024, True, "", 7.0)
    probe = FakeProbe(trust)
    maps = wanting(CamChoice("smile"), probe)
    assert make(maps, features_of(1))[1].trust == trust
    maps.forget(1)
    assert probe.forgotten == [1]


@pytest.mark.parametrize("measured", [None, CamTrust(1.5, 0.024, True, "", 7.0)])
def test_a_head_that_failed_its_weight_check_is_never_trusted(measured: CamTrust | None) -> None:
    failed = made_package(randomization={"smile": {"similarity": 0.97, "passed": False}})
    maps = wanting(CamChoice("smile"), FakeProbe(measured))
    trust = make(maps, features_of(1), package=failed)[1].trust
    assert trust is not None
    assert not trust.trusted
    assert trust.reason == NOT_LEARNED


@pytest.mark.parametrize("check", [{"smile": {"similarity": 0.1, "passed": True}}, {}, [], None])
def test_a_head_that_passed_or_was_not_checked_is_as_measured(check: Any) -> None:
    maps = wanting(CamChoice("smile"))
    assert make(maps, features_of(1), package=made_package(randomization=check))[1].trust is None
