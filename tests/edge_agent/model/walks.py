"""A small clip of two people walking past, and all that an agent needs to watch it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np

Picture = np.ndarray[Any, np.dtype[np.uint8]]
WIDTH, HEIGHT, FPS = 960, 540, 10
WALK_S, PAUSE_S = 3.0, 2.0
RESIDENT = "resident-1"


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """A public-domain photograph, and where its face is."""

    pixels: Picture
    face_px: float


def portrait(package: str, path: str, rows: slice, columns: slice, face_px: float) -> Portrait:
    content = files(package).joinpath(path).read_bytes()
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return Portrait(pixels=np.asarray(picture[rows, columns], np.uint8), face_px=face_px)


def astronaut() -> Portrait:
    return portrait("skimage", "data/astronaut.png", slice(0, 260), slice(90, 370), 100)


def officer() -> Portrait:
    return portrait("matplotlib", "mpl-data/sample_data/grace_hopper.jpg", slice(0, 420), slice(60, 460), 165)


def write_walks(path: Path, *people: Portrait) -> None:
    """One after the other from left to right and nearer, before a wall with sensor noise; nobody in between."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(90, 140, (HEIGHT // 30, WIDTH // 30, 3), dtype=np.uint8)
    wall = cv2.GaussianBlur(np.kron(coarse, np.ones((30, 30, 1), np.uint8)), (0, 0), 4)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT))
    for someone in people:
        for number in range(round((PAUSE_S + WALK_S) * FPS)):
            done = (number / FPS - PAUSE_S) / WALK_S
            picture = np.array(wall, np.uint8)
            if done >= 0:
                paste(picture, someone, done)
            noisy = picture + rng.normal(0, 2, (HEIGHT, WIDTH, 1))
            writer.write(np.clip(noisy, 0, 255).astype(np.uint8))
    for _ in range(round(PAUSE_S * FPS)):
        writer.write(np.asarray(wall, np.uint8))
    writer.release()


def paste(picture: Picture, someone: Portrait, done: float) -> None:
    scale = (75 + 45 * done) / someone.face_px
    small = cv2.resize(someone.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left, top = round(100 + 450 * done), 120
    picture[top : top + small.shape[0], left : left + small.shape[1]] = small


def enrol(gallery: Path, photo: Path) -> None:
    """Enrol the astronaut by the command that a technician types."""
    cv2.imwrite(str(photo), astronaut().pixels)
    command = ["enrol", "--id", RESIDENT, "--purpose", "door,welfare", "--gallery", str(gallery), str(photo)]
    subprocess.run([sys.executable, "-m", "edge_agent.cli", *command], check=True, capture_output=True)


def write_config(folder: Path, *, clip: Path, gallery: Path, port: int, password: str = "") -> Path:
    (folder / "password").write_text(password, encoding="utf-8")
    (folder / "password").chmod(0o600)
    quote = json.dumps  # a JSON string is a TOML string
    config = folder / "agent.toml"
    config.write_text(
        f"""
site = "test"
device = "door-east"
[hub]
host = "127.0.0.1"
port = {port}
password_file = "password"
[camera]
name = "east"
source = {quote(f"replay:{clip}")}
[clock]
synchronised = "always"
[gallery]
file = {quote(str(gallery))}
[journal]
file = "journal.sqlite3"
[passage]
gap_s = 1.0
""",
        encoding="utf-8",
    )
    return config
