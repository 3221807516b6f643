"""The watch on a source: what it calls stalled, frozen, black and wrong in size, and what not."""

import numpy as np
import pytest

from facecam.capture.health import (
    ADOPT_SIZE_S,
    FrameSign,
    FrameSigner,
    HealthReport,
    HealthWatch,
    SourceHealth,
)

SIZE = (640, 480)
LIVING = FrameSign(SIZE)
REPEATED = FrameSign(SIZE, repeated=True)
BLACK = FrameSign(SIZE, black=True)


class Watched:
    """A watch and its clock, driven frame by frame."""

    def __init__(self, *, live: bool = True) -> None:
        self.now_s = 100.0
        self.watch = HealthWatch(live=live, size_wh=SIZE, now_s=self.now_s)

    def frame(self, sign: FrameSign = LIVING, after_s: float = 1 / 30) -> SourceHealth:
        self.watch.note_reading(self.now_s)
        self.now_s += after_s
        self.watch.note_frame(sign, self.now_s)
        return self.health

    def play(self, seconds: float, sign: FrameSign = LIVING, fps: float = 30.0) -> SourceHealth:
        for _ in range(round(seconds * fps)):
            self.frame(sign, 1 / fps)
        return self.health

    def wait(self, seconds: float) -> SourceHealth:
        """Let a read that gives nothing go on."""
        self.watch.note_reading(self.now_s)
        self.now_s += seconds
        return self.health

    @property
    def report(self) -> HealthReport:
        return self.watch.report(self.now_s)

    @property
    def health(self) -> SourceHealth:
        return self.report.health


def test_living_picture_is_ok() -> None:
    watched = Watched()
    assert watched.health is SourceHealth.OK
    assert watched.play(5.0) is SourceHealth.OK
    assert watched.report.since_s == 100.0


def test_read_that_does_not_return_is_stalled_within_a_second() -> None:
    watched = Watched()
    watched.play(2.0)
    last_s = watched.now_s
    assert watched.wait(0.45) is SourceHealth.OK
    watched.now_s = last_s + 0.55
    assert watched.report == HealthReport(SourceHealth.STALLED, last_s)
    watched.watch.note_frame(LIVING, watched.now_s)
    assert watched.report == HealthReport(SourceHealth.OK, watched.now_s)


def test_source_that_ended_is_not_stalled_however_long_the_analysis_takes() -> None:
    watched = Watched(live=False)
    watched.frame()
    watched.watch.note_reading(watched.now_s)
    watched.watch.note_end()
    watched.now_s += 60.0
    assert watched.health is SourceHealth.OK


def test_source_that_nobody_asks_is_not_stalled() -> None:
    watched = Watched()
    watched.play(2.0)
    watched.now_s += 30.0  # whoever takes the frames is busy with the last one
    assert watched.health is SourceHealth.OK


def test_first_frame_that_does_not_come_is_stalled() -> None:
    assert Watched().wait(1.6) is SourceHealth.STALLED


def test_source_whose_rhythm_is_not_known_yet_may_be_slow() -> None:
    watched = Watched()
    for _ in range(4):
        assert watched.wait(1.4) is SourceHealth.OK
        watched.watch.note_frame(LIVING, watched.now_s)


@pytest.mark.parametrize("fps", [1.0, 2.0, 5.0, 10.0])
def test_stream_that_is_slow_and_loses_every_other_picture_is_not_stalled(fps: float) -> None:
    watched = Watched()
    watched.play(4 / fps, fps=fps)
    for _ in range(20):
        watched.frame(after_s=1 / fps)
        assert watched.wait(1.95 / fps) is SourceHealth.OK
        watched.watch.note_frame(LIVING, watched.now_s)


@pytest.mark.parametrize("fps", [5.0, 10.0, 25.0, 60.0])
def test_stall_of_a_stream_of_a_usual_rate_is_noticed_well_within_a_second(fps: float) -> None:
    watched = Watched()
    watched.play(4.0, fps=fps)
    assert watched.wait(0.85) is SourceHealth.STALLED


def test_jerky_source_is_not_stalled_at_each_of_its_pauses() -> None:
    """A wireless camera: a burst of pictures, a pause, and so on."""
    watched = Watched()
    watched.play(1.0)
    watched.frame(after_s=0.45)
    for pause_s in (0.6, 0.65, 0.55, 0.65):
        watched.play(0.3)
        assert watched.wait(pause_s) is SourceHealth.OK
        watched.watch.note_frame(LIVING, watched.now_s)
    assert watched.wait(0.75) is SourceHealth.STALLED, "but not for a whole second"


def test_long_stall_does_not_hide_the_next_one() -> None:
    watched = Watched()
    watched.play(2.0)
    assert watched.wait(6.0) is SourceHealth.STALLED
    watched.watch.note_frame(LIVING, watched.now_s)
    watched.play(0.2)
    assert watched.wait(0.55) is SourceHealth.STALLED


def test_slow_source_is_given_its_own_time() -> None:
    watched = Watched()
    watched.play(10.0, fps=1.0)
    assert watched.wait(3.0) is SourceHealth.OK
    watched.now_s += 2.0
    assert watched.health is SourceHealth.STALLED


@pytest.mark.parametrize("jump_s", [3600.0, 1e7])
def test_jump_of_the_clock_is_forgotten_with_the_next_frame(jump_s: float) -> None:
    """As after a suspend: no long patience and no fault may stay behind."""
    watched = Watched()
    watched.play(2.0)
    assert watched.wait(jump_s) is SourceHealth.STALLED
    watched.watch.note_frame(LIVING, watched.now_s)
    assert watched.health is SourceHealth.OK
    assert watched.play(1.0) is SourceHealth.OK
    assert watched.wait(1.0) is SourceHealth.STALLED, "the hour is not taken for an interval"


def test_clock_that_goes_back_does_no_harm() -> None:
    watched = Watched()
    watched.play(1.0)
    watched.now_s -= 50.0
    assert watched.play(1.0) is SourceHealth.OK
    assert watched.wait(1.0) is SourceHealth.STALLED


def test_identical_frames_are_frozen_within_a_second() -> None:
    watched = Watched()
    watched.play(2.0)
    since_s = watched.now_s
    assert watched.play(0.5, REPEATED) is SourceHealth.OK
    assert watched.play(0.2, REPEATED) is SourceHealth.FROZEN
    assert watched.report.since_s == pytest.approx(since_s)
    assert watched.frame() is SourceHealth.OK


def test_exposure_that_a_camera_repeats_in_dim_light_is_not_frozen() -> None:
    watched = Watched()
    for _ in range(60):
        assert watched.frame() is SourceHealth.OK
        for _ in range(3):
            assert watched.frame(REPEATED) is SourceHealth.OK


def test_few_repeats_of_a_slow_source_are_not_frozen() -> None:
    watched = Watched()
    watched.play(10.0, fps=2.0)
    assert watched.play(2.0, REPEATED, fps=2.0) is SourceHealth.OK
    assert watched.play(1.0, REPEATED, fps=2.0) is SourceHealth.FROZEN


def test_closed_shutter_is_black_and_not_frozen() -> None:
    watched = Watched()
    watched.play(2.0)
    assert watched.play(0.5, BLACK) is SourceHealth.OK
    assert watched.play(0.2, BLACK) is SourceHealth.BLACK
    assert watched.play(3.0, FrameSign(SIZE, repeated=True, black=True)) is SourceHealth.BLACK
    assert watched.frame() is SourceHealth.OK


def test_other_size_is_said_at_once_and_adopted_when_it_stays() -> None:
    watched = Watched()
    watched.play(1.0)
    other = FrameSign((320, 240))
    assert watched.frame(other) is SourceHealth.WRONG_SIZE
    since_s = watched.now_s
    assert watched.watch.adopted_size(watched.now_s) is None
    watched.play(ADOPT_SIZE_S + 0.1, other)
    assert watched.report.since_s == since_s
    assert watched.watch.adopted_size(watched.now_s) == (320, 240)
    assert watched.frame(other) is SourceHealth.OK
    assert watched.watch.adopted_size(watched.now_s) is None, "said once"


def test_size_that_comes_and_goes_is_never_adopted() -> None:
    watched = Watched()
    for _ in range(200):
        watched.frame(FrameSign((320, 240)))
        assert watched.watch.adopted_size(watched.now_s) is None
        assert watched.frame() is SourceHealth.OK


def test_file_may_be_black_frozen_and_of_any_size() -> None:
    watched = Watched(live=False)
    sign = FrameSign((16, 16), repeated=True, black=True)
    assert watched.play(5.0, sign) is SourceHealth.OK
    assert watched.wait(1.0) is SourceHealth.STALLED, "but a disk that hangs is told"


def noise(seed: int, size_wh: tuple[int, int] = SIZE) -> np.ndarray:
    shape = (size_wh[1], size_wh[0], 3)
    return np.random.default_rng(seed).integers(0, 255, shape, np.uint8)


def test_signs_tell_equal_frames_from_nearly_equal_ones() -> None:
    signer = FrameSigner()
    first = noise(1)
    assert not signer.sign(first).repeated
    assert signer.sign(first.copy()).repeated
    assert signer.sign(first).repeated
    changed = first.copy()
    changed[7, 9, 1] ^= 1  # one bit, where no sample looks
    assert not signer.sign(changed).repeated
    assert not signer.sign(noise(2)).repeated
    assert not signer.sign(noise(2, (320, 240))).repeated


def test_signs_tell_black_from_dark() -> None:
    signer = FrameSigner()
    dark = np.full((480, 640, 3), 8, np.uint8)
    assert signer.sign(dark).black
    assert signer.sign(np.zeros((3, 5, 3), np.uint8)).black
    lamp = dark.copy()
    lamp[100:200, 100:200] = 200  # 3% of the picture
    assert not signer.sign(lamp).black
    assert not signer.sign(noise(1)).black
