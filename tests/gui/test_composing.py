import dataclasses

import numpy as np
import pytest

from facecam.gui.composing import Composer, ShowOptions, draw_at_full_size
from facecam.gui.snapshots import snapshot_picture
from facecam.gui.theme import DARK, LIGHT, Theme
from facecam.types import Analysis, Frame, ImageU8
from tests.gui.fake_session import HEADS, face

BOX = (200.0, 80.0, 120.0, 140.0)


def frame(size_wh: tuple[int, int] = (640, 360)) -> Frame:
    image = np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)
    image[:, : size_wh[0] // 2] = 40
    image.flags.writeable = False
    return Frame(image, 0, 0.0, 0.0)


def analysis(*boxes: tuple[float, float, float, float]) -> Analysis:
    faces = tuple(face(track, box) for track, box in enumerate(boxes, 1))
    return Analysis(0, 0.0, 0.0, 0.0, faces, (640, 360))


@pytest.mark.parametrize("size_wh", [(640, 360), (320, 180), (1280, 720), (100, 57)])
@pytest.mark.parametrize("mirror", [False, True])
def test_the_frame_is_never_written_to_and_the_size_is_kept(
    size_wh: tuple[int, int], mirror: bool
) -> None:
    options = ShowOptions(mirror=mirror)
    shown = Composer().compose(frame(), analysis(BOX), HEADS, size_wh, options)
    assert shown.shape == (size_wh[1], size_wh[0], 3)
    assert shown.flags.c_contiguous


def test_a_frame_that_needs_nothing_is_not_copied() -> None:
    one = frame()
    shown = Composer().compose(one, None, HEADS, (640, 360), ShowOptions())
    assert shown is one.image_bgr


def test_without_bars_only_the_mirror_acts() -> None:
    options = ShowOptions(mirror=True, bars=False)
    shown = Composer().compose(frame(), analysis(BOX), HEADS, (640, 360), options)
    assert (shown == frame().image_bgr[:, ::-1]).all()


def test_the_box_goes_with_the_mirror() -> None:
    plain = Composer().compose(frame(), analysis(BOX), (), (640, 360), ShowOptions())
    turned = Composer().compose(frame(), analysis(BOX), (), (640, 360), ShowOptions(mirror=True))
    row = 150
    changed = np.flatnonzero((plain[row] != frame().image_bgr[row]).any(axis=1))
    changed_turned = np.flatnonzero((turned[row] != frame().image_bgr[row, ::-1]).any(axis=1))
    assert changed.min() == pytest.approx(200, abs=3)
    assert changed_turned.max() == pytest.approx(640 - 200, abs=3)


def test_words_keep_their_logical_size_on_a_dense_screen() -> None:
    once = Composer().compose(frame(), analysis(BOX), HEADS, (640, 360), ShowOptions(ratio=1.0))
    twice = Composer().compose(frame(), analysis(BOX), HEADS, (1280, 720), ShowOptions(ratio=2.0))
    dark_once = np.count_nonzero(once < 35)
    dark_twice = np.count_nonzero(twice < 35)
    assert dark_twice / dark_once == pytest.approx(4.0, rel=0.35)


def test_full_size_drawing_leaves_the_frame_alone() -> None:
    one = frame()
    drawn = draw_at_full_size(one.image_bgr, analysis(BOX), HEADS, ShowOptions())
    assert drawn is not one.image_bgr
    assert (drawn != one.image_bgr).any()


def contrast(first: str, second: str) -> float:
    """Return the WCAG 2 contrast ratio of two "#rrggbb" colours, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_text_and_bars_have_enough_contrast(theme: Theme) -> None:
    for ground in (theme.window, theme.panel):
        assert contrast(theme.text, ground) >= 4.5
        assert contrast(theme.muted, ground) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.warning, theme.raised) >= 3.0
    assert contrast(theme.error, theme.raised) >= 3.0
    for hue in theme.hues:
        assert contrast(hue, theme.panel) >= 3.0
    assert len(set(theme.hues)) == 7


def test_a_box_changes_its_look_only_after_a_while_of_prediction() -> None:
    composer = Composer()

    def shown(t_s: float, *, predicted: bool) -> ImageU8:
        one = dataclasses.replace(face(1, BOX), predicted=predicted, readings={})
        given = dataclasses.replace(analysis(), faces=(one,), captured_s=t_s, source_s=t_s)
        return composer.compose(frame(), given, HEADS, (320, 180), ShowOptions())

    solid = shown(1.0, predicted=False)
    assert (shown(1.1, predicted=True) == solid).all()
    assert (shown(1.4, predicted=True) != solid).any()
    assert (shown(1.5, predicted=False) == solid).all()


def test_faces_are_blurred_without_bars_and_before_anybody_was_looked_for() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (360, 640, 3), np.uint8)
    one = dataclasses.replace(frame(), image_bgr=noise)
    options = ShowOptions(bars=False, blur=True)
    inside = (slice(110, 190), slice(230, 290))
    blurred = Composer().compose(one, analysis(BOX), HEADS, (640, 360), options)
    assert blurred[inside].std() < 0.5 * noise[inside].std()
    assert (blurred[:20] == noise[:20]).all(), "only faces are blurred"
    unknown = Composer().compose(one, None, HEADS, (640, 360), options)
    assert unknown.std() < 0.5 * noise.std()
    assert (one.image_bgr == noise).all()


@pytest.mark.parametrize("age_s", [0.0, 0.6, None])
def test_a_snapshot_hides_what_the_window_hides(age_s: float | None) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3)).astype(np.uint8)
    known = analysis(BOX) if age_s is not None else None
    one = Frame(noise, 0, age_s or 0.0, age_s or 0.0)
    options = ShowOptions(bars=False, blur=True)
    shown = Composer().compose(one, known, HEADS, (640, 360), options)
    saved = snapshot_picture(one, known, HEADS, options)
    assert (saved == shown).all()
    nobody_knows = age_s is None or age_s > 0.5
    assert (saved[:20].std() < 30) == nobody_knows
