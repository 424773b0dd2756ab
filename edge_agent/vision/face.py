"""A face that was found in a picture."""

from dataclasses import dataclass
from typing import Final

Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in pixels of the picture, origin top left, x1 and y1 exclusive. May reach past the edge."""

Point = tuple[float, float]
"""(x, y) in pixels of the picture, origin top left."""

KEYPOINT_NAMES: Final = ("right eye", "left eye", "nose", "mouth", "right ear", "left ear")
"""Order of `Face.keypoints_px`, as BlazeFace has it; right and left are the person's own."""

LANDMARK_NAMES: Final = (
    "right eye's outer corner",
    "right eye's inner corner",
    "left eye's inner corner",
    "left eye's outer corner",
    "base of the nose",
)
"""Order of `Face.landmarks_px`: the five points by which a face is brought upright for the embedder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """Where a face is, how sure the detector was (0 to 1), and its points."""

    box_px: Box
    score: float
    keypoints_px: tuple[Point, ...]
    landmarks_px: tuple[Point, ...] = ()  # empty when somebody else's detector found the face: it cannot be embedded

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.box_px
        if not (x0 < x1 and y0 < y1):
            raise ValueError(f"empty box: {self.box_px}")
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"score out of 0..1: {self.score}")
        if len(self.keypoints_px) != len(KEYPOINT_NAMES):
            raise ValueError(f"{len(self.keypoints_px)} key points instead of {len(KEYPOINT_NAMES)}")
        if self.landmarks_px and len(self.landmarks_px) != len(LANDMARK_NAMES):
            raise ValueError(f"{len(self.landmarks_px)} landmarks instead of {len(LANDMARK_NAMES)}")

    @property
    def width_px(self) -> float:
        return self.box_px[2] - self.box_px[0]

    @property
    def height_px(self) -> float:
        return self.box_px[3] - self.box_px[1]

    @property
    def centre_px(self) -> Point:
        x0, y0, x1, y1 = self.box_px
        return (x0 + x1) / 2, (y0 + y1) / 2
