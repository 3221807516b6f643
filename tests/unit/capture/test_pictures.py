"""Still pictures of every kind come out as upright 8-bit BGR, or as one sentence."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facecam.capture.pictures import exif_orientation, read_picture, to_bgr8, turn_upright
from facecam.errors import MediaFileError

# Left to right: red, green; below: blue, white. 16 px blocks survive JPEG.
_QUADRANTS_RGB = np.kron(
    np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8),
    np.ones((16, 32, 1), np.uint8),
)
_QUADRANTS_BGR = _QUADRANTS_RGB[:, :, ::-1]


def write(path: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


def with_orientation(path: Path, upright_rgb: np.ndarray, orientation: int) -> Path:
    """Store a picture the way a camera held another way does."""
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    stored = turn_upright(np.ascontiguousarray(upright_rgb), undo.get(orientation, 1))
    exif = Image.Exif()
    exif[0x0112] = orientation
    if path.suffix == ".tif":
        Image.fromarray(stored).save(path, tiffinfo=exif)
    else:
        Image.fromarray(stored).save(path, exif=exif, quality=95)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path: Path, suffix: str, orientation: int) -> None:
    path = with_orientation(tmp_path / f"turned{suffix}", _QUADRANTS_RGB, orientation)
    image = read_picture(path)
    assert image.shape == _QUADRANTS_BGR.shape
    for y, x in ((4, 8), (4, 56), (28, 8), (28, 56)):
        assert np.abs(image[y, x].astype(int) - _QUADRANTS_BGR[y, x]).max() < 40


def test_damaged_exif_counts_as_upright() -> None:
    assert exif_orientation(b"") == 1
    assert exif_orientation(b"nonsense") == 1
    assert exif_orientation(b"II*\0\xff\xff\xff\xff") == 1
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 77, 0)
    assert exif_orientation(b"II*\0" + struct.pack("<IH", 8, 1) + entry) == 1


def test_big_endian_exif_is_read() -> None:
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    block = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry
    assert exif_orientation(block) == 6


def test_grey_picture_becomes_three_equal_channels(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = read_picture(write(tmp_path / "grey.png", grey))
    assert image.shape == (16, 16, 3)
    assert all(np.array_equal(image[:, :, channel], grey) for channel in range(3))


def test_16_bit_picture_keeps_its_range(tmp_path: Path) -> None:
    deep = np.array([[[0, 128, 65535], [257, 32896, 65534]]], np.uint16)
    image = read_picture(write(tmp_path / "deep.png", deep))
    assert image.dtype == np.uint8
    assert image.tolist() == [[[0, 0, 255], [1, 128, 255]]]


def test_16_bit_grey_tiff_is_scaled_not_cut(tmp_path: Path) -> None:
    deep = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    image = read_picture(write(tmp_path / "deep.tif", deep))
    assert (int(image.min()), int(image.max())) == (0, 255)
    assert abs(float(image.mean()) - 127.5) < 1


def test_floating_point_picture_is_scaled_and_clipped() -> None:
    image = to_bgr8(np.array([[0.0, 0.5, 1.0, 7.0, np.nan]], np.float32))
    assert image[0, :, 0].tolist() == [0, 128, 255, 255, 0]


def test_transparent_parts_show_mid_grey(tmp_path: Path) -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, :3] = (10, 20, 250)
    pixels[0, :, 3] = (255, 0, 128)
    image = read_picture(write(tmp_path / "alpha.png", pixels))
    assert image[0, 0].tolist() == [10, 20, 250]
    assert image[0, 1].tolist() == [128, 128, 128]
    assert np.abs(image[0, 2].astype(int) - [69, 74, 189]).max() <= 1


def test_16_bit_alpha_picture(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 4), np.uint16)
    pixels[..., 3] = [[65535, 0], [0, 65535]]
    image = read_picture(write(tmp_path / "alpha16.png", pixels))
    assert image[..., 0].tolist() == [[0, 128], [128, 0]]


def test_grey_with_alpha() -> None:
    image = to_bgr8(np.array([[[200, 255], [200, 0]]], np.uint8))
    assert image.tolist() == [[[200] * 3, [128] * 3]]


def test_palette_and_one_bit_pictures(tmp_path: Path) -> None:
    Image.fromarray(_QUADRANTS_RGB).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(_QUADRANTS_RGB).convert("1").save(tmp_path / "bits.png")
    assert read_picture(tmp_path / "palette.png").shape == (32, 64, 3)
    assert set(np.unique(read_picture(tmp_path / "bits.png"))) <= {0, 255}


def test_cmyk_jpeg_is_read(tmp_path: Path) -> None:
    Image.fromarray(_QUADRANTS_RGB).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    image = read_picture(tmp_path / "print.jpg")
    assert image.shape == (32, 64, 3)
    assert image[4, 8, 2] > image[4, 8, 0]  # the red corner stays red


@pytest.mark.parametrize("size_wh", [(1, 1), (7680, 4320)])
def test_smallest_and_8k_pictures(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    made = np.full((size_wh[1], size_wh[0], 3), (1, 2, 3), np.uint8)
    image = read_picture(write(tmp_path / "size.png", made))
    assert image.shape == made.shape
    assert image[-1, -1].tolist() == [1, 2, 3]


def test_name_with_korean_letters_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / "얼굴 사진 1.png"
    path.write_bytes(write(tmp_path / "plain.png", np.zeros((4, 4, 3), np.uint8)).read_bytes())
    assert read_picture(path).shape == (4, 4, 3)


def test_missing_picture(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match=r"gone\.png does not exist: check"):
        read_picture(tmp_path / "gone.png")


def test_empty_picture(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(MediaFileError, match=r"empty\.jpg is empty \(0 bytes\): choose"):
        read_picture(tmp_path / "empty.jpg")


def test_folder_in_place_of_a_picture(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match="is not a file: choose"):
        read_picture(tmp_path)


def test_text_in_place_of_a_picture(tmp_path: Path) -> None:
    (tmp_path / "note.jpg").write_text("not a picture")
    with pytest.raises(MediaFileError, match="cannot be decoded: it is damaged"):
        read_picture(tmp_path / "note.jpg")


def test_picture_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "locked.png", np.zeros((4, 4, 3), np.uint8))

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Not chmod: the tests may run as root, who may read everything.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MediaFileError, match=r"cannot be read \(Permission denied\): check"):
        read_picture(path)


def test_cut_off_png(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    whole = write(tmp_path / "whole.png", noise).read_bytes()
    (tmp_path / "header.png").write_bytes(whole[:20])
    with pytest.raises(MediaFileError, match="cannot be decoded"):
        read_picture(tmp_path / "header.png")


def test_picture_with_absurd_size_is_refused(tmp_path: Path) -> None:
    """A header may claim any size: no attempt is made to allocate 40 GB for it."""
    bitmap = b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    bitmap += struct.pack("<IiiHHIIiiII", 40, 120_000, 120_000, 1, 24, 0, 0, 0, 0, 0, 0)
    (tmp_path / "bomb.bmp").write_bytes(bitmap)
    with pytest.raises(MediaFileError, match="cannot be decoded"):
        read_picture(tmp_path / "bomb.bmp")


def test_heic_is_told_how_to_convert(tmp_path: Path) -> None:
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(MediaFileError, match="save it as JPEG or PNG"):
        read_picture(tmp_path / "phone.heic")


@pytest.mark.timeout(60)
def test_png_that_claims_a_gigabyte_is_refused_at_once(tmp_path: Path) -> None:
    """Without the check OpenCV decodes for minutes."""
    ok, content = cv2.imencode(".png", np.full((48, 64), 9, np.uint8))
    assert ok
    sound = content.tobytes()
    path = tmp_path / "bomb.png"
    path.write_bytes(sound[:33] + struct.pack(">I", 1_000_000_000) + b"IDAT" + sound[33:])
    with pytest.raises(MediaFileError, match="cannot be decoded"):
        read_picture(path)
    path.write_bytes(sound)
    assert read_picture(path).shape == (48, 64, 3)
