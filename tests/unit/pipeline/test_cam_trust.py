"""Trust is measured beside the frame's way, one map at a time, and never holds anybody up."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facecam.errors import ModelPackageError
from facecam.inference.cam import cam_head
from facecam.pipeline.cam_trust import CamTrustProbe, TrustSample
from facecam.types import ImageU8
from tests.fakes import WAIT_S, FakeClock
from tests.made_cam import SIDE, MadeEstimator, made_features, made_package

PACKAGE = made_package()
SMILE = cam_head(PACKAGE, "smile")


def sample(track: int = 1, package: Any = PACKAGE, *, shuffled: bool = False) -> TrustSample:
    """Return a crop whose map is right (its model is what made it), or the cells put elsewhere."""
    crop = np.random.default_rng(4).integers(0, 255, (4, 4, 3), np.uint8)
    crop = np.kron(crop, np.ones((8, 8, 1), np.uint8))
    values = SMILE.maps(made_features(crop[None]))[0]
    if shuffled:
        values = np.random.default_rng(0).permutation(values.ravel()).reshape(values.shape)
    return TrustSample((track, "smile", "smile"), package, SMILE, crop, values)


class Gated(MadeEstimator):
    """Waits at every call until it is let go."""

    def __init__(self) -> None:
        super().__init__(PACKAGE)
        self.entered, self.go = threading.Event(), threading.Event()

    def run(self, crops_rgb: ImageU8) -> dict[str, NDArray[Any]]:
        self.entered.set()
        assert self.go.wait(WAIT_S * 3), "nobody let it go"
        return super().run(crops_rgb)


class Probes:
    """Makes probes and stops them."""

    def __init__(self) -> None:
        self.made: list[CamTrustProbe] = []
        self.gates: list[threading.Event] = []

    def probe(self, estimator: Any = None, **options: Any) -> CamTrustProbe:
        model = estimator or MadeEstimator(PACKAGE)
        factory = model if callable(model) else lambda package: model
        if isinstance(model, Gated):
            self.gates.append(model.go)
        self.made.append(CamTrustProbe(factory, **options))
        self.made[-1].worker.start()
        return self.made[-1]


@pytest.fixture
def probes() -> Iterator[Probes]:
    probes = Probes()
    yield probes
    for gate in probes.gates:
        gate.set()
    for probe in probes.made:
        probe.worker.request_stop()
        assert probe.worker.join(WAIT_S)


def until_idle(probe: CamTrustProbe) -> None:
    with probe._changed:
        assert probe._changed.wait_for(lambda: not probe._busy and not probe._waiting, WAIT_S)


def test_a_right_map_is_trusted_and_a_shuffled_one_is_not(probes: Probes) -> None:
    probe = probes.probe()
    probe.offer(sample(1))
    until_idle(probe)
    probe.offer(sample(2, shuffled=True))
    until_idle(probe)
    right, wrong = probe.result((1, "smile", "smile")), probe.result((2, "smile", "smile"))
    assert right is not None
    assert wrong is not None
    assert right.trusted
    assert not wrong.trusted
    assert wrong.reason.endswith(".")
    assert right.score > wrong.score


def test_offering_and_asking_do_not_wait_for_a_measurement(probes: Probes) -> None:
    gated = Gated()
    probe = probes.probe(gated)
    probe.offer(sample(1))
    assert gated.entered.wait(WAIT_S)
    assert not probe.due((2, "smile", "smile")), "one at a time"
    probe.offer(sample(2))
    assert probe.result((1, "smile", "smile")) is None
    probe.forget(1)


def test_a_blocked_model_does_not_block_stopping(probes: Probes) -> None:
    gated = Gated()
    probe = probes.probe(gated)
    probe.offer(sample())
    assert gated.entered.wait(WAIT_S)
    probe.worker.request_stop()
    assert not probe.worker.join(0.0)
    gated.go.set()
    assert probe.worker.join(WAIT_S)
    assert gated.calls == 1, "it stopped after the batch it was in"
    assert gated.closed == 1
    assert probe.result((1, "smile", "smile")) is None


def test_a_map_is_measured_again_after_a_while_only(probes: Probes) -> None:
    clock = FakeClock()
    probe = probes.probe(clock=clock, every_s=6.0, pause_s=2.0)
    key, other = (1, "smile", "smile"), (2, "smile", "smile")
    assert probe.due(key)
    probe.offer(sample(1))
    until_idle(probe)
    assert not probe.due(key)
    assert not probe.due(other), "a pause after each"
    clock.advance(3.0)
    assert probe.due(other)
    assert not probe.due(key)
    clock.advance(3.0)
    assert probe.due(key)


class Slow(MadeEstimator):
    """Takes a quarter of a second of a clock for each batch."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(PACKAGE)
        self.clock = clock

    def run(self, crops_rgb: ImageU8) -> dict[str, NDArray[Any]]:
        self.clock.advance(0.25)
        return super().run(crops_rgb)


def test_measuring_again_takes_a_tenth_of_the_time_at_most(probes: Probes) -> None:
    clock = FakeClock()
    probe = probes.probe(Slow(clock), clock=clock, every_s=6.0, pause_s=2.0)
    key, other = (1, "smile", "smile"), (2, "smile", "smile")
    began_s = clock()
    probe.offer(sample(1))
    until_idle(probe)
    took_s = clock() - began_s
    assert took_s > 6.0
    clock.advance(2.0)
    assert probe.due(other), "a face without a figure does not wait so long"
    clock.advance(9 * took_s - 3.0)
    assert not probe.due(key)
    clock.advance(2.0)
    assert probe.due(key)


def test_one_unlucky_measurement_does_not_change_the_verdict(probes: Probes) -> None:
    probe = probes.probe()
    for shuffled, trusted in ((False, True), (False, True), (True, True), (True, False)):
        probe.offer(sample(1, shuffled=shuffled))
        until_idle(probe)
        result = probe.result((1, "smile", "smile"))
        assert result is not None
        assert result.trusted is trusted
        assert bool(result.reason) is not trusted


def test_a_face_that_somebody_asks_for_comes_first(probes: Probes) -> None:
    probe = probes.probe(clock=FakeClock())
    probe.offer(sample(1))
    until_idle(probe)
    probe.request(2)
    assert probe.due((2, "smile", "smile"))
    assert probe.requested(2)
    assert not probe.due((3, "smile", "smile"))
    probe.offer(sample(2))
    until_idle(probe)
    assert not probe.requested(2)


def test_all_faces_of_a_picture_that_stands_still_are_measured(probes: Probes) -> None:
    """No other frame comes in which they could take turns."""
    gated = Gated()
    probe = probes.probe(gated)
    probe.still = True
    keys = [(track, "smile", "smile") for track in (1, 2, 3)]
    for track, key in enumerate(keys, start=1):
        assert probe.due(key)
        probe.offer(sample(track))
        assert not probe.due(key), "once is enough"
    assert gated.entered.wait(WAIT_S)
    gated.go.set()
    until_idle(probe)
    assert all(probe.result(key) is not None for key in keys)


def test_asking_for_a_face_that_is_gone_does_not_stop_the_others_for_good(probes: Probes) -> None:
    clock = FakeClock()
    probe = probes.probe(clock=clock)
    probe.request(9)
    assert not probe.due((1, "smile", "smile"))
    clock.advance(6.0)
    assert probe.due((1, "smile", "smile"))


def test_what_is_known_goes_with_the_track_and_with_the_model(probes: Probes) -> None:
    probe = probes.probe(lambda package: MadeEstimator(package))
    for track in (1, 2):
        probe.offer(sample(track))
        until_idle(probe)
    probe.forget(1)
    assert probe.result((1, "smile", "smile")) is None
    assert probe.result((2, "smile", "smile")) is not None
    probe.offer(sample(3, package=made_package()))
    until_idle(probe)
    assert probe.result((2, "smile", "smile")) is None


def test_another_model_is_loaded_and_the_one_before_closed(probes: Probes) -> None:
    loaded: list[MadeEstimator] = []

    def factory(package: Any) -> MadeEstimator:
        loaded.append(MadeEstimator(package))
        return loaded[-1]

    probe = probes.probe(factory)
    for package in (PACKAGE, PACKAGE, made_package()):
        probe.offer(sample(package=package))
        until_idle(probe)
    assert [model.closed for model in loaded] == [1, 0]
    probe.worker.request_stop()
    assert probe.worker.join(WAIT_S)
    assert loaded[1].closed == 1


def test_a_model_that_does_not_load_is_not_tried_again(probes: Probes) -> None:
    tries: list[Any] = []

    def factory(package: Any) -> Any:
        tries.append(package)
        raise ModelPackageError("The model made does not load: export it again.")

    probe = probes.probe(factory, clock=FakeClock())
    for _ in range(2):
        probe.offer(sample())
        until_idle(probe)
    assert len(tries) == 1
    assert probe.result((1, "smile", "smile")) is None


def test_crops_are_those_of_the_model() -> None:
    assert sample().crop_rgb.shape == (SIDE, SIDE, 3)
