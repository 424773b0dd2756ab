"""When a rollout goes on, and when it stops. Pure; integer microseconds UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub_server.store.rollouts import LAST_STAGE, Part, PartState, Rollout
from hub_server.watch.due import US_PER_S

OFFLINE_US: Final = 5 * 60 * US_PER_S
"""So long a device of the rollout may be gone: it starts anew to try what it got."""
ANSWER_US: Final = 60 * 60 * US_PER_S
"""So long one that was there may take to fetch, try and answer."""
BLIND_US: Final = 2 * 60 * US_PER_S
"""So long its cameras may have told, since it has it, that they do not watch: a passing lorry is no fault."""
LAG_GROWTH_MAX: Final = 200
"""Events more that wait on the device than before: it does not get them out any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Nothing to do. `since_us`: since when all that is waited for are well; None: they are not yet."""

    since_us: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Advance:
    """The next stage."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finish:
    """Every stage has passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fail:
    """It stops. `detail`: Chinese, ；, English."""

    detail: str


Move = Wait | Advance | Finish | Fail


def gone(parts: Sequence[Part], now_us: int) -> Mapping[str, int | None]:
    """Of the devices whose word is to be changed: since when each is offline, None: it is there."""
    changed: dict[str, int | None] = {}
    for part in parts:
        if part.online and part.gone_us is not None:
            changed[part.device] = None
        elif not part.online and part.gone_us is None:
            changed[part.device] = now_us
    return changed


def judge(rollout: Rollout, parts: Sequence[Part], *, blind_us: Mapping[str, int], now_us: int) -> Move:
    """`blind_us`: of devices that have it, for how long since then their cameras told that they do not watch."""
    begun = [part for part in parts if part.stage <= rollout.stage]
    for part in begun:
        trouble = _trouble(part, blind_us.get(part.device, 0), now_us)
        if trouble is not None:
            return Fail(detail=trouble)
    if not all(_is_well(part) for part in begun if _is_waited_for(part)):
        return Wait(since_us=None)
    since_us = now_us if rollout.since_us is None else min(rollout.since_us, now_us)
    if now_us - since_us < rollout.wait_s * US_PER_S:
        return Wait(since_us=since_us)
    if rollout.stage < LAST_STAGE and any(part.stage > rollout.stage for part in parts):
        return Advance()
    return Finish()


def _is_waited_for(part: Part) -> bool:
    """The first stage proves it: its device is waited for however long. Of later ones, those that were there."""
    return part.stage == 0 or part.awaited or part.state is PartState.HELD


def _is_well(part: Part) -> bool:
    return part.state is PartState.HELD and part.online


def _trouble(part: Part, blind_us: int, now_us: int) -> str | None:
    where = part.device
    if part.state is PartState.FAILED:
        return f"{where} 没有接受，或已自动退回；{where} did not take it, or rolled it back: {part.detail}"
    if part.state is PartState.OFFERED and not part.awaited:
        return None  # it was away before, and gets it when it is back
    if not part.online and part.gone_us is not None and now_us - part.gone_us > OFFLINE_US:
        return f"{where} 离线超过 5 分钟；{where} has been offline for over 5 minutes"
    if part.state is PartState.OFFERED and part.offered_us is not None and now_us - part.offered_us > ANSWER_US:
        return f"{where} 一小时没有答复；{where} has not answered for an hour"
    return _decline(part, blind_us) if part.state is PartState.HELD else None


def _decline(part: Part, blind_us: int) -> str | None:
    """It works less well than before."""
    where = part.device
    if blind_us > BLIND_US:
        return f"{where} 的摄像头看不见了；a camera of {where} does not watch any more"
    if part.lag - part.lag_before > LAG_GROWTH_MAX:
        return f"{where} 积压越来越多；events pile up on {where}: {part.lag} wait, {part.lag_before} before"
    return None
