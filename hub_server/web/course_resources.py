"""What the API answers about the course of cameras, by type."""

from typing import TypedDict

from hub_server.web.resources import At, Share

CoursePart = TypedDict(
    "CoursePart",
    {
        "from": At,
        "until": At,
        "state": str,  # watching, blind, covered, frozen, no_inference; unknown where nothing was told
        "cause": str,
    },
)


class CameraCourse(TypedDict):
    """One camera; `parts` fill the whole time without gaps."""

    device: str
    place: str  # "" when one device was asked for
    camera: str
    watching: Share
    parts: list[CoursePart]


CameraCourses = TypedDict("CameraCourses", {"from": At, "until": At, "cameras": list[CameraCourse]})
