"""The smoothing of readings: equal at any frame rate, quick on real changes, calm on noise."""

import math

import numpy as np
import pytest

from facecam.vision.smoothing import OneEuroFilter, ReadingSmoother, SmoothingConfig


def smile(t: float) -> float:
    """Return a smile that begins at 2 s and is full 0.3 s later."""
    return 0.05 + 0.9 * min(max((t - 2.0) / 0.3, 0.0), 1.0)


def response(hz: float, noise: float = 0.0, seed: int = 0) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    smoother = ReadingSmoother()
    times = [k / hz for k in range(int(5 * hz))]
    values = [
        float(smoother.smooth(1, "smile", np.array([smile(t) + noise * rng.normal()]), t)[0])
        for t in times
    ]
    return times, values


def test_the_first_value_passes_through() -> None:
    probs = np.array([0.2, 0.5, 0.3], np.float32)
    smoothed = ReadingSmoother().smooth(4, "hair", probs, 100.0)
    assert smoothed == pytest.approx(probs)
    assert smoothed.dtype == np.float64


def test_the_response_does_not_depend_on_the_frame_rate() -> None:
    slow_times, slow = response(15.0)
    fast_times, fast = response(60.0)
    at_slow_times = np.interp(slow_times, fast_times, fast)
    assert np.abs(at_slow_times - slow).max() < 0.05


def test_uneven_frames_give_the_same_response_too() -> None:
    rng = np.random.default_rng(2)
    smoother = ReadingSmoother()
    times, values, t = [], [], 0.0
    while t < 5.0:
        times.append(t)
        values.append(float(smoother.smooth(1, "smile", np.array([smile(t)]), t)[0]))
        t += rng.uniform(0.01, 0.08)
    even_times, even = response(30.0)
    assert np.abs(np.interp(even_times, times, values) - even).max() < 0.05


def test_a_smile_shows_within_a_third_of_a_second() -> None:
    times, values = response(30.0)
    shown = next(t for t, value in zip(times, values, strict=True) if value > 0.8)
    assert shown - 2.3 < 0.33


@pytest.mark.parametrize("hz", [15.0, 30.0, 60.0])
def test_noise_at_rest_is_reduced(hz: float) -> None:
    times, values = response(hz, noise=0.06)
    rest = [v for t, v in zip(times, values, strict=True) if 1.0 < t < 2.0]
    assert np.std(rest) < 0.5 * 0.06


def test_a_bad_first_value_does_not_linger() -> None:
    smoother = ReadingSmoother()
    smoother.smooth(1, "glasses", np.array([0.95]), 0.0)
    for k in range(1, 16):
        value = smoother.smooth(1, "glasses", np.array([0.05]), k / 30)
    assert value[0] < 0.15


def test_a_distribution_stays_one() -> None:
    rng = np.random.default_rng(1)
    smoother = ReadingSmoother()
    for k in range(200):
        probs = rng.dirichlet(np.ones(101)).astype(np.float32)
        smoothed = smoother.smooth(1, "age", probs, k / 30 + rng.uniform(0, 0.02))
        assert float(smoothed.sum()) == pytest.approx(1.0, abs=1e-12)
        assert smoothed.min() >= 0.0


def test_the_age_of_a_noisy_distribution_becomes_steady() -> None:
    rng = np.random.default_rng(3)
    smoother = ReadingSmoother()
    ages = np.arange(101)
    raw, smoothed = [], []
    for k in range(240):
        centre = 35 + 3 * rng.normal()
        probs = np.exp(-0.5 * ((ages - centre) / 7) ** 2)
        probs /= probs.sum()
        raw.append(float(probs @ ages))
        smoothed.append(float(smoother.smooth(1, "age", probs, k / 30) @ ages))
    assert np.std(smoothed[60:]) < 0.4 * np.std(raw[60:])
    assert np.mean(smoothed[60:]) == pytest.approx(35, abs=1)


def test_independent_probabilities_are_smoothed_each_for_itself_and_not_normalised() -> None:
    smoother, alone = ReadingSmoother(), ReadingSmoother()
    for k in range(60):
        jump = 0.1 if k < 30 else 0.9
        calm = 0.7 + (0.02 if k % 2 else -0.02)
        both = smoother.smooth(1, "things", np.array([jump, calm]), k / 30)
        single = alone.smooth(1, "thing", np.array([calm]), k / 30)
        assert both[1] == pytest.approx(single[0])
    assert both.sum() > 1.3


def test_a_gap_of_some_seconds_starts_again() -> None:
    smoother = ReadingSmoother(SmoothingConfig(restart_s=3.0))
    for k in range(60):
        smoother.smooth(1, "smile", np.array([0.1]), k / 30)
    assert smoother.smooth(1, "smile", np.array([0.9]), 2.0 + 0.5)[0] < 0.9
    assert smoother.smooth(1, "smile", np.array([0.2]), 10.0)[0] == pytest.approx(0.2)
    assert smoother.smooth(1, "smile", np.array([0.8]), -3600.0)[0] == pytest.approx(0.8)


def test_tracks_and_heads_do_not_mix_and_can_be_forgotten() -> None:
    smoother = ReadingSmoother()
    for k in range(30):
        smoother.smooth(1, "smile", np.array([0.1]), k / 30)
    assert smoother.smooth(2, "smile", np.array([0.9]), 1.0)[0] == pytest.approx(0.9)
    assert smoother.smooth(1, "beard", np.array([0.8]), 1.0)[0] == pytest.approx(0.8)
    smoother.forget(1)
    smoother.forget(77)
    assert smoother.smooth(1, "smile", np.array([0.6]), 1.0)[0] == pytest.approx(0.6)
    smoother.forget(2)
    assert smoother.smooth(2, "smile", np.array([0.3]), 1.1)[0] == pytest.approx(0.3)


def test_values_that_are_not_finite_leave_no_trace() -> None:
    smoother = ReadingSmoother()
    assert math.isnan(smoother.smooth(1, "smile", np.array([math.nan]), 0.0)[0])
    smoother.smooth(1, "smile", np.array([0.4]), 0.1)
    assert smoother.smooth(1, "smile", np.array([math.nan]), 0.2)[0] == pytest.approx(0.4)
    assert smoother.smooth(1, "smile", np.array([0.4]), 0.3)[0] == pytest.approx(0.4)


def test_a_head_that_changes_its_number_of_classes_starts_again() -> None:
    smoother = ReadingSmoother()
    smoother.smooth(1, "style", np.array([0.5, 0.5]), 0.0)
    smoothed = smoother.smooth(1, "style", np.array([0.2, 0.3, 0.5]), 0.1)
    assert smoothed == pytest.approx([0.2, 0.3, 0.5])


def test_what_is_returned_may_be_changed_by_the_caller() -> None:
    smoother = ReadingSmoother()
    smoother.smooth(1, "smile", np.array([0.4]), 0.0)[:] = 9.0
    smoother.smooth(1, "smile", np.array([0.4]), 0.1)[:] = 9.0
    assert smoother.smooth(1, "smile", np.array([0.4]), 0.2)[0] == pytest.approx(0.4)


def test_one_euro_follows_a_ramp_more_closely_the_faster_it_is() -> None:
    def lag_s(speed: float) -> float:
        one_euro = OneEuroFilter(rest_s=0.5, speed_gain=2.0)
        for k in range(120):
            value = one_euro(np.array([speed * k / 30]), k / 30)
        return (speed * 119 / 30 - float(value[0])) / speed

    assert lag_s(5.0) < 0.5 * lag_s(0.5)


def test_one_euro_takes_nothing_in_while_time_stands_still() -> None:
    one_euro = OneEuroFilter(rest_s=0.5, speed_gain=0.0)
    one_euro(np.array([1.0]), 5.0)
    assert one_euro(np.array([3.0]), 5.0)[0] == 1.0
    assert one_euro(np.array([3.0]), 4.9)[0] == 1.0
    assert 1.0 < one_euro(np.array([3.0]), 5.0)[0] < 3.0
