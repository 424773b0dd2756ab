"""Rendered pictures on their way through clocks, encoders and files."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from view_drawing import Image

STUCK: Final = ("stuck", "stuck-clock", "stuck-jpeg", "stuck-mpeg4")


def repeated(last: Image, kind: str, seconds: list[float], folder: Path) -> list[Image]:
    """What comes out of a camera that is stuck on `last` in a way of STUCK, at the moments `seconds`."""
    if kind == "stuck-clock":
        return [with_clock(last, t_s) for t_s in seconds]
    copies = [last] * len(seconds)
    if kind == "stuck-jpeg":
        return through_jpeg(copies, 70)
    return list(through_mpeg4(copies, folder / "stuck.mp4")) if kind == "stuck-mpeg4" else copies


def with_clock(picture: Image, t_s: float) -> Image:
    """A camera's own clock burnt into the corner."""
    written = picture.copy()
    scale = picture.shape[1] / 1280
    text = f"2026-03-0{1 + int(t_s // 86400)} {int(t_s // 3600) % 24:02}:{int(t_s // 60) % 60:02}:{int(t_s) % 60:02}"
    at = (round(30 * scale), round(50 * scale))
    cv2.putText(written, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), max(1, round(2 * scale)))
    return written


def through_jpeg(pictures: list[Image], quality: int) -> list[Image]:
    return [
        cv2.imdecode(cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))[1], cv2.IMREAD_COLOR).astype(
            np.uint8, copy=False
        )
        for picture in pictures
    ]


def through_mpeg4(pictures: Iterable[Image], file: Path) -> Iterator[Image]:
    """Encode as MPEG-4 part 2 with a key frame every dozen pictures, and decode again."""
    writer = None
    for picture in pictures:
        if writer is None:
            size_px = (picture.shape[1], picture.shape[0])
            writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, size_px)
        writer.write(picture)
    if writer is not None:
        writer.release()
    yield from read_clip(file)


def read_clip(file: Path) -> Iterator[Image]:
    capture = cv2.VideoCapture(str(file))
    while True:
        arrived, picture = capture.read()
        if not arrived:
            capture.release()
            return
        yield picture.astype(np.uint8, copy=False)
