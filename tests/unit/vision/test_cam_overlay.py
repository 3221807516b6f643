"""Maps land where they belong, leave the rest alone, and say when not to believe them."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from facecam.inference.faithfulness import NO_BETTER
from facecam.types import Analysis, CamTrust, FaceAnalysis, FaceMap, ImageU8, SigmoidReading
from facecam.vision.cam_colours import CAM_COLOURS, CamColours, cam_colours
from facecam.vision.cam_overlay import (
    CamPainter,
    CamStyle,
    coloured,
    crop_to_picture,
    hatched_layer,
    region_mask,
    why_untrusted,
)
from facecam.vision.crops import EyeTemplate, crop_matrix
from tests.fakes import keypoints_of

SIZE_WH = (320, 240)
BOX = (110.0, 70.0, 90.0, 90.0)
CROP_WH = (64, 64)
DISTRUST = CamTrust(0.1, 0.4, False, NO_BETTER, 1.0)


def spot_map(row: int, column: int, value: float = 10.0, **fields: Any) -> FaceMap:
    """Return a map of 5 x 5 cells with one that is not zero."""
    values = np.zeros((5, 5), np.float32)
    values[row, column] = value
    return FaceMap("smile", "smile", values, CROP_WH, full_scale=10.0, **fields)


def face_with(cam: FaceMap | None, box: Any = BOX, roll_deg: float = 0.0) -> FaceAnalysis:
    points = keypoints_of(box)
    middle = points.mean(axis=0)
    turn = np.radians(roll_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = ((points - middle) @ rotation.T + middle).astype(np.float32)
    matrix = crop_matrix(points, CROP_WH, EyeTemplate())
    readings = {"smile": SigmoidReading(0.9, True)}
    return FaceAnalysis(1, box, 0.9, readings, keypoints=points, crop_matrix=matrix, cam=cam)


def analysis_of(*faces: FaceAnalysis, t_s: float = 0.0) -> Analysis:
    return Analysis(0, t_s, t_s, t_s, faces, SIZE_WH)


def grey(size_wh: tuple[int, int] = SIZE_WH) -> ImageU8:
    return np.full((size_wh[1], size_wh[0], 3), 128, np.uint8)


def drawn(
    face: FaceAnalysis,
    style: CamStyle | None = None,
    size_wh: tuple[int, int] = SIZE_WH,
    *,
    mirror: bool = False,
) -> ImageU8:
    out = grey(size_wh)
    CamPainter().draw(out, analysis_of(face), style or CamStyle(), mirror=mirror)
    return out


def centre_of_change(image: ImageU8) -> tuple[float, float]:
    """Return x and y of the middle of what differs from grey."""
    change = np.abs(image.astype(int) - 128).sum(axis=2).astype(float)
    assert change.max() > 20, "nothing was drawn"
    rows, columns = np.indices(change.shape)
    whole = change.sum()
    return float((columns * change).sum() / whole), float((rows * change).sum() / whole)


def cell_in_picture(face: FaceAnalysis, row: int, column: int) -> tuple[float, float]:
    """Return where the middle of a cell lies, by the crop's own matrix."""
    assert face.crop_matrix is not None
    back = cv2.invertAffineTransform(face.crop_matrix)
    at = np.array([(column + 0.5) * CROP_WH[0] / 5 - 0.5, (row + 0.5) * CROP_WH[1] / 5 - 0.5, 1.0])
    x, y = back @ at
    return float(x), float(y)


@pytest.mark.parametrize(("row", "column"), [(2, 2), (1, 3), (3, 1)])
@pytest.mark.parametrize("roll_deg", [0.0, 25.0])
def test_a_spot_lies_where_its_cell_was_cut(row: int, column: int, roll_deg: float) -> None:
    face = face_with(spot_map(row, column), roll_deg=roll_deg)
    found = centre_of_change(drawn(face))
    assert found == pytest.approx(cell_in_picture(face, row, column), abs=2.5)


def test_a_mirrored_picture_has_the_mirrored_map() -> None:
    face = face_with(spot_map(1, 3), roll_deg=20.0)
    plain, mirrored = drawn(face), drawn(face, mirror=True)
    difference = np.abs(plain[:, ::-1].astype(int) - mirrored.astype(int))
    assert difference.max() <= 3


def test_a_picture_of_another_size_has_the_same_map() -> None:
    face = face_with(spot_map(3, 1), roll_deg=-15.0)
    twice = drawn(face, size_wh=(640, 480))
    small = cv2.resize(twice, SIZE_WH, interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - drawn(face).astype(int)).max() <= 6


@pytest.mark.parametrize("width", [60.0, 150.0, 420.0])
@pytest.mark.parametrize("layer", [coloured, hatched_layer])
def test_drawing_it_small_first_shows_what_drawing_it_large_would(width: float, layer: Any) -> None:
    values = np.random.default_rng(1).normal(3.0, 4.0, (6, 6)).astype(np.float32)
    hatched = layer is hatched_layer
    cam = replace(spot_map(2, 2), values=values, trust=DISTRUST if hatched else None)
    face = face_with(cam, box=(300.0 - width / 2, 260.0 - width / 2, width, width), roll_deg=15.0)
    size_wh = (600, 520)
    out = np.random.default_rng(2).integers(0, 255, (65, 75, 3), np.uint8)
    out = cv2.resize(out, size_wh)
    assert face.crop_matrix is not None
    to_picture = crop_to_picture(face.crop_matrix, size_wh, size_wh)
    small = layer(cam, CamStyle(), CamStyle().opacity).astype(np.float32)
    side = small.shape[0]
    across = CROP_WH[0] / side
    grid = np.array([[across, 0, 0.5 * across - 0.5], [0, across, 0.5 * across - 0.5], [0, 0, 1]])
    large = cv2.warpAffine(small, to_picture @ grid, size_wh)
    wanted = out * (1.0 - large[..., 3:] / 255.0) + large[..., :3]
    analysis = replace(analysis_of(face), size_wh=size_wh)
    CamPainter().draw(out, analysis, CamStyle())
    difference = np.abs(out.astype(float) - wanted)
    assert np.abs(large).max() > 60
    assert difference.max() <= (24 if hatched else 8)
    assert difference.mean() <= (2.0 if hatched else 1.0)


def test_what_lies_outside_of_the_crop_is_untouched() -> None:
    face = face_with(replace(spot_map(2, 2), values=np.full((5, 5), 10.0, np.float32)))
    image = drawn(face, CamStyle(colours="jet", opacity=1.0))
    assert face.crop_matrix is not None
    corners = np.array([[0, 0, 1], [63, 0, 1], [0, 63, 1], [63, 63, 1]], float)
    xy = corners @ cv2.invertAffineTransform(face.crop_matrix).T
    inside = np.zeros(image.shape[:2], bool)
    low, high = np.floor(xy.min(axis=0)).astype(int) - 1, np.ceil(xy.max(axis=0)).astype(int) + 2
    inside[max(low[1], 0) : high[1], max(low[0], 0) : high[0]] = True
    assert (image[~inside] == 128).all()
    assert (image[inside] != 128).any()


def test_edges_are_soft() -> None:
    face = face_with(replace(spot_map(2, 2), values=np.full((5, 5), 10.0, np.float32)))
    row = drawn(face, CamStyle(opacity=1.0))[110, :, 0].astype(int)
    assert np.abs(np.diff(row)).max() < 40


@pytest.mark.parametrize("where", [(-60.0, -50.0), (280.0, 200.0), (-500.0, 0.0), (110.0, 235.0)])
def test_faces_over_the_edge_are_drawn_as_far_as_they_go(where: tuple[float, float]) -> None:
    face = face_with(spot_map(2, 2), box=(*where, 90.0, 90.0))
    drawn(face)
    drawn(face, mirror=True)


def test_a_low_map_leaves_the_face_as_it_is() -> None:
    assert (drawn(face_with(spot_map(2, 2, value=0.1))) == 128).all()
    assert (drawn(face_with(spot_map(2, 2, value=-10.0))) == 128).all(), "against is not for"


def test_signed_maps_show_what_speaks_against_in_the_other_colour() -> None:
    style = CamStyle(signed=True, opacity=1.0)
    for value, warm in ((10.0, True), (-10.0, False)):
        face = face_with(spot_map(2, 2, value=value))
        x, y = cell_in_picture(face, 2, 2)
        blue, _, red = drawn(face, style)[round(y), round(x)].astype(int)
        assert bool(red > blue) is warm


def test_a_scale_of_its_own_brings_out_a_weak_map_but_not_noise() -> None:
    def strength(value: float, scale: Any) -> int:
        return int(
            np.abs(
                drawn(face_with(spot_map(2, 2, value)), CamStyle(scale=scale)).astype(int) - 128
            ).max()
        )

    assert strength(2.0, "frame") > 2 * strength(2.0, "fixed")
    assert strength(10.0, "frame") == strength(10.0, "fixed")
    assert strength(0.05, "frame") <= 2


def test_opacity_scales_what_is_drawn() -> None:
    def change(opacity: float) -> float:
        image = drawn(face_with(spot_map(2, 2)), CamStyle(opacity=opacity))
        return float(np.abs(image.astype(int) - 128).max())

    assert change(0.0) == 0
    assert change(0.4) == pytest.approx(0.4 * change(1.0), abs=4)


def test_an_untrusted_map_is_hatched_unless_told_not_to() -> None:
    plain = drawn(face_with(spot_map(2, 2)))
    hatched = drawn(face_with(spot_map(2, 2, trust=DISTRUST)))
    told = drawn(face_with(spot_map(2, 2, trust=DISTRUST)), CamStyle(hatch_untrusted=False))
    assert (plain == told).all()
    x, y = 155, 120
    lines = hatched[y - 20 : y + 20, x - 20 : x + 20].astype(int).sum(axis=2)
    before = plain[y - 20 : y + 20, x - 20 : x + 20].astype(int).sum(axis=2)
    along, across = lines[::-1].diagonal().std(), lines.diagonal().std()
    assert across > 2 * along, "stripes"
    assert (lines > before + 30).any()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_hatching_is_seen_on_any_ground(level: int) -> None:
    out = np.full((SIZE_WH[1], SIZE_WH[0], 3), level, np.uint8)
    face = face_with(spot_map(2, 2, value=0.0, trust=DISTRUST))
    CamPainter().draw(out, analysis_of(face), CamStyle())
    assert np.abs(out.astype(int) - level).max() > 30


def test_why_a_map_should_not_be_believed() -> None:
    cam = spot_map(2, 2, trust=DISTRUST)
    face = face_with(cam)
    assert why_untrusted(face, cam) == NO_BETTER
    small = replace(face, readings={"smile": SigmoidReading(0.9, True, "small")})
    assert why_untrusted(small, cam) == "small"
    assert why_untrusted(face, spot_map(2, 2)) == ""
    assert why_untrusted(face, spot_map(2, 2, trust=CamTrust(2.0, 0.02, True, "", 1.0))) == ""


def test_the_map_of_a_face_that_is_hidden_for_a_moment_fades() -> None:
    painter, hidden = CamPainter(), replace(face_with(None), crop_matrix=None)
    changes = []
    seen = face_with(spot_map(2, 2))
    for t_s, face in ((0.0, seen), (0.1, hidden), (0.2, hidden), (0.4, hidden)):
        out = grey()
        painter.draw(out, analysis_of(face, t_s=t_s), CamStyle())
        changes.append(int(np.abs(out.astype(int) - 128).max()))
    assert changes[0] > changes[1] > changes[2] > changes[3] == 0


def test_a_fading_map_goes_with_its_face() -> None:
    painter = CamPainter()
    painter.draw(grey(), analysis_of(face_with(spot_map(2, 2))), CamStyle())
    moved = (BOX[0] + 40, BOX[1] + 10, BOX[2], BOX[3])
    hidden = replace(face_with(None, box=moved), crop_matrix=None)
    out = grey()
    painter.draw(out, analysis_of(hidden, t_s=0.05), CamStyle())
    at = cell_in_picture(face_with(None, box=moved), 2, 2)
    assert centre_of_change(out) == pytest.approx(at, abs=2.5)


def test_a_map_does_not_outlive_its_face_or_its_being_wanted() -> None:
    painter = CamPainter()
    painter.draw(grey(), analysis_of(face_with(spot_map(2, 2))), CamStyle())
    painter.draw(grey(), analysis_of(), CamStyle())
    hidden = replace(face_with(None), crop_matrix=None)
    out = grey()
    painter.draw(out, analysis_of(hidden, t_s=0.05), CamStyle())
    assert (out == 128).all()


def test_a_whole_picture_is_covered_to_its_edges() -> None:
    matrix = np.array([[64 / 240, 0.0, -10.67], [0.0, 64 / 240, 0.0]])
    cam = replace(spot_map(2, 2), values=np.full((5, 5), 10.0, np.float32))
    box = (0.0, 0.0, 320.0, 240.0)
    face = FaceAnalysis(0, box, None, crop_matrix=matrix, cam=cam)
    image = drawn(face, CamStyle(opacity=1.0))
    assert (image[6:-6, 50:-50] != 128).any(axis=2).all()


@pytest.mark.parametrize("colours", CAM_COLOURS)
@pytest.mark.parametrize("signed", [False, True])
def test_more_is_never_fainter(colours: CamColours, signed: bool) -> None:
    table, shares = cam_colours(colours, signed)
    assert table.shape == (256, 1, 3)
    rising = shares[128:, 0] if signed else shares[:, 0]
    assert (np.diff(rising) >= 0).all()
    assert rising[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("colours", ["cividis", "viridis", "inferno"])
def test_ordered_colours_rise_in_lightness(colours: CamColours) -> None:
    table, _ = cam_colours(colours, False)
    lightness = cv2.cvtColor(table, cv2.COLOR_BGR2LAB)[:, 0, 0].astype(int)
    assert (np.diff(lightness[::8]) > 0).all()


def test_both_signs_are_told_apart_by_colour_blind_eyes() -> None:
    table, _ = cam_colours("viridis", True)
    # Deuteranopia in linear RGB (Viénot et al. 1999).
    see = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    ends = np.array([table[0, 0, ::-1], table[-1, 0, ::-1]], float) / 255.0
    seen = ends**2.2 @ see.T
    assert np.abs(seen[0] - seen[1]).max() > 0.4


def test_the_mask_is_one_inside_and_zero_at_the_edge() -> None:
    for whole in (False, True):
        mask = region_mask(64, whole)
        assert mask[32, 32] == 1.0
        assert mask[0].max() == 0.0
        assert mask[4, 32] > 0.1


def test_coloured_maps_are_premultiplied() -> None:
    for layer in (coloured, hatched_layer):
        made = layer(spot_map(2, 2), CamStyle(), 0.5)
        colour, share = made[..., :3], made[..., 3].astype(int)
        assert 20 < share.max() <= 140
        assert (colour.max(axis=2) <= share + 1).all()


def test_crop_pixels_come_back_to_where_they_were() -> None:
    face = face_with(None, roll_deg=30.0)
    assert face.crop_matrix is not None
    back = crop_to_picture(face.crop_matrix, SIZE_WH, SIZE_WH)
    there = np.vstack([face.crop_matrix, [0, 0, 1]])
    np.testing.assert_allclose(back @ there, np.eye(3)[:2], atol=1e-9)
