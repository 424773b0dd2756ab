"""Somebody walks through: what the agent makes of it, and how large they were in the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from edge_agent.camera.latest import CameraState
from edge_agent.onsite.finding import SiteFinding, failed, passed
from edge_agent.recognition.watchers import Watchers
from edge_agent.vision.face import Box
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.wire.messages import Passage, PlateRead

MEASURE_EVERY_S: Final = 0.5
TAKE_TIMEOUT_S: Final = 0.25

Detect = Callable[[Pixels], Sequence[Box]]
Event = Passage | PlateRead


class Frames(Protocol):
    """As `camera.latest.LatestFrame`."""

    def take(self, timeout_s: float) -> Frame | None: ...
    def state(self) -> CameraState: ...


@dataclass(kw_only=True, slots=True)
class Walked:
    """What came of it. `picture`: the one with the largest face or plate, else the last; None: no frame came."""

    events: list[Event] = field(default_factory=list)
    faces_px: list[float] = field(default_factory=list)  # widths
    plates_px: list[float] = field(default_factory=list)  # heights
    picture: Pixels | None = None
    frames: int = 0


def walk(
    frames: Frames,
    watchers: Watchers,
    *,
    faces: Detect,
    plates: Detect,
    lasts_s: float,
    now_s: Callable[[], float],
    told: Callable[[float, int], object],
) -> Walked:
    """Watch for `lasts_s`, or until the clip ends. `told` hears how many seconds are left, and how many events came."""
    walked = Walked()
    ends_s, measure_s, largest_px = now_s() + lasts_s, now_s(), 0.0
    while (left_s := ends_s - now_s()) > 0 and not frames.state().ended:
        told(left_s, len(walked.events))
        frame = frames.take(TAKE_TIMEOUT_S)
        if frame is None:
            walked.events += watchers.due(now_s())
            continue
        walked.frames += 1
        walked.events += watchers.watch(frame).events
        if now_s() < measure_s:
            continue
        measure_s = now_s() + MEASURE_EVERY_S
        size_px = _measure(walked, frame.pixels, faces, plates)
        if walked.picture is None or size_px >= largest_px:
            walked.picture, largest_px = frame.pixels, max(size_px, largest_px)
    walked.events += watchers.flush()
    return walked


def judge(walked: Walked, lasts_s: float) -> SiteFinding:
    """Whether anything came of it. Says nobody's name: who stands here sees no people."""
    if walked.frames == 0:
        return failed("passage", ("no picture came", "没有画面"), ("see the camera's own line", "先处理摄像头的问题"))
    people = [event for event in walked.events if isinstance(event, Passage)]
    vehicles = [event for event in walked.events if isinstance(event, PlateRead)]
    known = sum(event.sighting is not None for event in people)
    read = sum(event.reading is not None for event in vehicles)
    found = (
        f"{len(people)} people ({known} known), {len(vehicles)} vehicles ({read} read) in {lasts_s:.0f} s",
        f"{lasts_s:.0f} 秒内 {len(people)} 人（认出 {known}），{len(vehicles)} 辆车（读出 {read}）",
    )
    if people or vehicles:
        return passed("passage", found)
    advice = ("walk through at an ordinary pace, with the face to the camera", "按平常的速度走过，脸朝摄像头")
    return failed("passage", found, advice)


def _measure(walked: Walked, pixels: Pixels, faces: Detect, plates: Detect) -> float:
    """The size of the largest face in this picture, else of the largest plate."""
    widths = [x1 - x0 for x0, _, x1, _ in faces(pixels)]
    heights = [y1 - y0 for _, y0, _, y1 in plates(pixels)]
    walked.faces_px += widths
    walked.plates_px += heights
    return max(widths or heights, default=0.0)
