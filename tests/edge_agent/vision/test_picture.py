import contextlib
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.errors import ImageError
from edge_agent.vision import picture
from edge_agent.vision.frame import Pixels
from edge_agent.vision.picture import decode_picture, read_picture


@pytest.fixture
def sample() -> Pixels:
    """Left half blue, right half red, 60 wide and 40 high."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30, 0] = 255
    pixels[:, 30:, 2] = 255
    return pixels


def encoded(pixels: NDArray[np.uint8] | NDArray[np.uint16], suffix: str, *options: int) -> bytes:
    done, content = cv2.imencode(suffix, pixels, options)
    assert done
    return content.tobytes()


def exif_turned(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with an EXIF segment that says how the camera was held (TIFF tag 0x0112)."""
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    body = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    crc = zlib.crc32(b"IHDR" + header)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", crc)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp", ".jpg"])
def test_colour_pictures_come_as_blue_green_red(sample: Pixels, suffix: str) -> None:
    pixels = decode_picture(encoded(sample, suffix))
    assert pixels.shape == (40, 60, 3)
    assert pixels.dtype == np.uint8
    assert pixels[20, 5, 0] > 200
    assert pixels[20, 5, 2] < 60
    assert pixels[20, 55, 2] > 200
    assert pixels[20, 55, 0] < 60


def test_lossless_and_transparent_webp_are_read(sample: Pixels) -> None:
    assert (decode_picture(encoded(sample, ".webp", cv2.IMWRITE_WEBP_QUALITY, 101)) == sample).all()
    transparent = np.dstack([sample, np.full((40, 60), 128, np.uint8)])
    assert decode_picture(encoded(transparent, ".webp")).shape == (40, 60, 3)


def test_grey_becomes_three_equal_channels(sample: Pixels) -> None:
    grey = sample[:, :, 0]
    for suffix in (".png", ".jpg"):
        pixels = decode_picture(encoded(grey, suffix))
        assert pixels.shape == (40, 60, 3)
        assert (pixels[:, :, 0] == pixels[:, :, 2]).all()


def test_transparency_is_dropped(sample: Pixels) -> None:
    transparent = np.dstack([sample, np.zeros((40, 60), np.uint8)])
    assert (decode_picture(encoded(transparent, ".png")) == sample).all()


def test_16_bits_are_cut_to_8(sample: Pixels) -> None:
    deep = (sample.astype(np.uint16) * 257).astype(np.uint16)
    assert (decode_picture(encoded(deep, ".png")) == sample).all()
    assert decode_picture(encoded(deep[:, :, 0], ".png")).shape == (40, 60, 3)


@pytest.mark.parametrize(
    ("orientation", "size", "blue_at"),
    [(1, (40, 60), (20, 5)), (3, (40, 60), (20, 55)), (6, (60, 40), (5, 20)), (8, (60, 40), (55, 20))],
)
def test_a_photograph_held_sideways_is_turned_upright(
    sample: Pixels, orientation: int, size: tuple[int, int], blue_at: tuple[int, int]
) -> None:
    pixels = decode_picture(exif_turned(encoded(sample, ".jpg"), orientation))
    assert pixels.shape[:2] == size
    assert pixels[blue_at][0] > 200


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_refused(suffix: str, kept: float) -> None:
    busy = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = encoded(busy, suffix)
    with pytest.raises(ImageError):
        decode_picture(content[: int(len(content) * kept)])


def test_a_damaged_png_is_refused(sample: Pixels) -> None:
    content = bytearray(encoded(sample, ".png"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(ImageError, match="damaged"):
        decode_picture(bytes(content))


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (100_000, 100_000), (40_000, 2), (20_000, 20_000), (2**32 - 1, 1)])
def test_absurd_dimensions_are_refused_before_memory_is_claimed(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match="absurd dimensions"):
        decode_picture(png_header(*size))


def test_absurd_dimensions_of_a_jpeg_are_refused_too(sample: Pixels) -> None:
    content = bytearray(encoded(sample, ".jpg"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", 65_500, 65_500)
    with pytest.raises(ImageError, match="absurd dimensions: 65500 x 65500"):
        decode_picture(bytes(content))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_picture_or_one_named_error(content: bytes) -> None:
    with contextlib.suppress(ImageError):
        assert decode_picture(content).ndim == 3


@given(
    start=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBP", b"BM"]),
    rest=st.binary(max_size=200),
)
def test_any_bytes_after_a_true_beginning_give_a_picture_or_one_named_error(start: bytes, rest: bytes) -> None:
    with contextlib.suppress(ImageError):
        assert decode_picture(start + rest).ndim == 3


def test_text_is_no_picture() -> None:
    with pytest.raises(ImageError, match="not a picture"):
        decode_picture(b"once upon a time")


def test_an_oversized_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "FILE_BYTES_MAX", 1000)
    path = tmp_path / "large.jpg"
    path.write_bytes(b"\xff" * 5000)
    with pytest.raises(ImageError, match="larger than"):
        read_picture(path)


def test_a_path_with_chinese_characters_is_read(sample: Pixels, tmp_path: Path) -> None:
    path = tmp_path / "东门 摄像头.png"
    path.write_bytes(encoded(sample, ".png"))
    assert (read_picture(path) == sample).all()


def test_what_is_no_regular_file_is_refused_and_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ImageError, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(ImageError, match="not a regular file"):
        read_picture(pipe)
    with pytest.raises(ImageError, match="No such file"):
        read_picture(tmp_path / "absent.jpg")
    with pytest.raises(ImageError, match="cannot be read"):
        read_picture(Path("zero\0byte.jpg"))
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match="empty file"):
        read_picture(tmp_path / "empty.jpg")
