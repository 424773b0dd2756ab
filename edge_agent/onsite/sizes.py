"""Are faces and plates large enough: expected by the lens, and measured on who stands there. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.config import AgentConfig
from edge_agent.onsite.finding import SiteFinding, failed, passed, skipped
from edge_agent.onsite.optics import FACE_PX_MIN, FACE_WIDTH_M, PLATE_HEIGHT_M, PLATE_PX_MIN, Lens

_ASK: Final = (
    "say how far away (--distance-m) and through which lens (--module, --hfov-deg, or --lens-mm with --sensor-mm)",
    "没有给出距离和镜头（--distance-m、--module）",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """Something that this device looks for, and how large it must be."""

    word: str
    zh: str
    along: str
    along_zh: str
    size_m: float
    px_min: float


def expected(config: AgentConfig, lens: Lens | None, distance_m: float | None) -> list[SiteFinding]:
    """Of what this device looks for."""
    return [_expected(f"{one.word}_size", one, lens, distance_m) for one in _wanted(config)]


def measured(config: AgentConfig, faces_px: Sequence[float], plates_px: Sequence[float]) -> list[SiteFinding]:
    """`faces_px`: widths, `plates_px`: heights, of all that were found while somebody walked through."""
    sizes_px = {"face": faces_px, "plate": plates_px}
    return [_measured(f"{one.word}_seen", one, sizes_px[one.word]) for one in _wanted(config)]


def _wanted(config: AgentConfig) -> list[_Wanted]:
    found = []
    if config.faces.enabled:
        found.append(
            _Wanted(word="face", zh="人脸", along="wide", along_zh="宽", size_m=FACE_WIDTH_M, px_min=FACE_PX_MIN)
        )
    if config.plates.enabled:
        px_min = max(PLATE_PX_MIN, config.plates.height_min_px)
        found.append(
            _Wanted(word="plate", zh="车牌", along="high", along_zh="高", size_m=PLATE_HEIGHT_M, px_min=px_min)
        )
    return found


def _expected(check: str, one: _Wanted, lens: Lens | None, distance_m: float | None) -> SiteFinding:
    if lens is None or distance_m is None:
        return skipped(check, _ASK)
    size_px = lens.size_px(one.size_m, distance_m)
    found = (
        f"a {one.word} {distance_m:g} m away is {size_px:.0f} px {one.along}; {one.px_min:.0f} px are needed",
        f"{distance_m:g} 米处的{one.zh}{one.along_zh} {size_px:.0f} 像素，需要 {one.px_min:.0f}",
    )
    if size_px >= one.px_min:
        return passed(check, found)
    near_m = lens.farthest_m(one.size_m, one.px_min)
    advice = (
        f"bring the camera within {near_m:.1f} m, take a longer lens, or more pixels ([camera] width)",
        f"摄像头移到 {near_m:.1f} 米以内，或换长焦镜头，或提高分辨率",
    )
    return failed(check, found, advice)


def _measured(check: str, one: _Wanted, sizes_px: Sequence[float]) -> SiteFinding:
    if not sizes_px:
        advice = (
            f"let one stand where they always do, with the {one.word} to the camera",
            f"站到平常的位置，{one.zh}朝向摄像头",
        )
        return failed(check, (f"no {one.word} was found", f"没有看到{one.zh}"), advice)
    size_px = max(sizes_px)
    found = (
        f"the largest {one.word} was {size_px:.0f} px {one.along}; {one.px_min:.0f} px are needed",
        f"最大的{one.zh}{one.along_zh} {size_px:.0f} 像素，需要 {one.px_min:.0f}",
    )
    if size_px >= one.px_min:
        return passed(check, found)
    return failed(check, found, ("bring the camera nearer, or take a longer lens", "摄像头移近，或换长焦镜头"))
