"""A picture file becomes pixels, or one named error."""

import stat
import struct
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge_agent.errors import ImageError
from edge_agent.vision.frame import Pixels

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
PIXELS_MAX: Final = 64_000_000
SIDE_PX_MAX: Final = 30_000

_JPEG_SIZES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # the SOF markers
_JPEG_LONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length


def read_picture(path: Path) -> Pixels:
    """Read and decode a file. Raises ImageError, also for what is no regular file and could block or never end."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise ImageError("is a folder" if stat.S_ISDIR(mode) else "is not a regular file")
        with path.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        reason = error.strerror if isinstance(error, OSError) else error
        raise ImageError(f"cannot be read: {reason}") from error
    return decode_picture(content)


def decode_picture(content: bytes) -> Pixels:
    """Decode JPEG, PNG, WebP or BMP as OpenCV does: EXIF turned upright, 16 bits cut to 8, transparency dropped.

    Grey becomes three equal channels. Raises ImageError for everything else; the size is read from the header first,
    so that a small file cannot claim all memory.
    """
    if len(content) > FILE_BYTES_MAX:
        raise ImageError(f"larger than {FILE_BYTES_MAX // 2**20} MiB")
    width, height = _declared_size(content)
    if not (0 < width <= SIDE_PX_MAX and 0 < height <= SIDE_PX_MAX and width * height <= PIXELS_MAX):
        raise ImageError(f"absurd dimensions: {width} x {height} pixels")
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ImageError(f"cannot be decoded: {error.err}") from error
    if pixels is None:
        raise ImageError("damaged or cut short: cannot be decoded")
    return pixels.astype(np.uint8, copy=False)


def _declared_size(content: bytes) -> tuple[int, int]:
    """(width, height) as the file's header says. Raises ImageError when it is no picture that we read."""
    try:
        if content[:3] == b"\xff\xd8\xff":
            return _jpeg_size(content)
        if content[:8] == b"\x89PNG\r\n\x1a\n":
            width, height = struct.unpack_from(">II", content, 16)
            return width, height
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp_size(content)
        if content[:2] == b"BM":
            width, height = struct.unpack_from("<ii", content, 18)
            return width, abs(height)
    except (struct.error, IndexError) as error:
        raise ImageError("damaged or cut short: its header is incomplete") from error
    if not content:
        raise ImageError("empty file")
    raise ImageError("not a picture that can be read (JPEG, PNG, WebP and BMP can)")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Walk the segments (ITU-T T.81, annex B) to the frame header."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise ImageError("damaged: a JPEG marker is missing")
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _JPEG_LONE:
            at += 2
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        elif marker in {0xD9, 0xDA}:
            raise ImageError("damaged: a JPEG without a frame header")
        else:
            at += 2 + struct.unpack_from(">H", content, at + 2)[0]


def _webp_size(content: bytes) -> tuple[int, int]:
    """The three kinds of WebP (RFC 9649): lossy, lossless, extended."""
    kind = content[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    width = int.from_bytes(content[24:27], "little") + 1
    height = int.from_bytes(content[27:30], "little") + 1
    if kind != b"VP8X" or len(content) < 30:
        raise ImageError("damaged: an unknown kind of WebP")
    return width, height
