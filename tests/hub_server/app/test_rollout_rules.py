"""When a rollout goes on and when it stops: each rule on its very second."""

import dataclasses

import pytest

from hub_server.app.rollout_rules import (
    ANSWER_US,
    BLIND_US,
    LAG_GROWTH_MAX,
    OFFLINE_US,
    Advance,
    Fail,
    Finish,
    Wait,
    gone,
    judge,
)
from hub_server.store.releases import ReleaseKind
from hub_server.store.rollouts import Part, PartState, Rollout, RolloutState

NOW_US = 1_795_471_200_000_000
ROLLOUT = Rollout(
    id=1,
    kind=ReleaseKind.CONFIG,
    change={},
    whole=False,
    joins=False,
    release=None,
    note="",
    wait_s=600,
    state=RolloutState.RUNNING,
    stage=0,
    since_us=None,
    detail="",
    made_us=NOW_US,
    made_by="周",
    ended_us=None,
    ended_by="",
)
HELD = Part(
    device="east",
    place="",
    stage=0,
    state=PartState.HELD,
    version=1,
    awaited=True,
    online=True,
    offered_us=NOW_US,
    held_us=NOW_US,
    gone_us=None,
    lag=0,
    lag_before=0,
    detail="",
)
WAITING = dataclasses.replace(
    HELD, device="west", stage=2, state=PartState.WAITING, version=None, offered_us=None, held_us=None, awaited=False
)


def part(**otherwise: object) -> Part:
    return dataclasses.replace(HELD, **otherwise)  # type: ignore[arg-type]


def rollout(**otherwise: object) -> Rollout:
    return dataclasses.replace(ROLLOUT, **otherwise)  # type: ignore[arg-type]


def test_a_stage_passes_once_all_of_it_was_well_for_the_time_to_wait_and_not_a_second_earlier() -> None:
    first = judge(ROLLOUT, [HELD, WAITING], blind_us={}, now_us=NOW_US)
    assert first == Wait(since_us=NOW_US)
    well = rollout(since_us=NOW_US)
    assert judge(well, [HELD, WAITING], blind_us={}, now_us=NOW_US + 599_999_999) == Wait(since_us=NOW_US)
    assert judge(well, [HELD, WAITING], blind_us={}, now_us=NOW_US + 600_000_000) == Advance()
    assert judge(well, [HELD], blind_us={}, now_us=NOW_US + 600_000_000) == Finish()


def test_the_time_begins_anew_when_one_is_offline_for_a_moment() -> None:
    well = rollout(since_us=NOW_US)
    away = part(online=False, gone_us=NOW_US)
    assert judge(well, [away], blind_us={}, now_us=NOW_US + OFFLINE_US) == Wait(since_us=None)
    assert isinstance(judge(well, [away], blind_us={}, now_us=NOW_US + OFFLINE_US + 1), Fail)


def test_a_clock_that_goes_back_does_not_make_a_stage_wait_for_the_future() -> None:
    later = rollout(since_us=NOW_US + 3_600_000_000)
    assert judge(later, [HELD, WAITING], blind_us={}, now_us=NOW_US) == Wait(since_us=NOW_US)


@pytest.mark.parametrize(
    ("worse", "blind_us", "words"),
    [
        (part(state=PartState.FAILED, detail="unusable: rolled back: no picture"), 0, "rolled back: no picture"),
        (part(), BLIND_US + 1, "does not watch"),
        (part(lag=LAG_GROWTH_MAX + 8, lag_before=7), 0, "pile up"),
        (part(state=PartState.OFFERED, offered_us=NOW_US - ANSWER_US - 1), 0, "not answered"),
        (part(state=PartState.OFFERED, online=False, gone_us=NOW_US - OFFLINE_US - 1), 0, "offline"),
    ],
)
def test_a_device_that_is_worse_off_than_before_stops_it_and_is_named(worse: Part, blind_us: int, words: str) -> None:
    move = judge(rollout(since_us=0), [worse, WAITING], blind_us={"east": blind_us}, now_us=NOW_US)
    assert isinstance(move, Fail)
    zh, en = move.detail.split("；", 1)
    assert "east" in zh
    assert words in en


@pytest.mark.parametrize(
    ("fine", "blind_us"),
    [
        (part(), BLIND_US),
        (part(lag=LAG_GROWTH_MAX + 7, lag_before=7), 0),
        (part(lag=0, lag_before=5000), 0),
    ],
)
def test_a_little_of_it_is_no_trouble(fine: Part, blind_us: int) -> None:
    assert judge(rollout(since_us=0), [fine], blind_us={"east": blind_us}, now_us=NOW_US) == Finish()


def test_the_first_device_is_waited_for_however_long_it_is_away() -> None:
    away = part(state=PartState.OFFERED, awaited=False, online=False, gone_us=NOW_US - 10 * OFFLINE_US)
    assert judge(ROLLOUT, [away, WAITING], blind_us={}, now_us=NOW_US + 100 * ANSWER_US) == Wait(since_us=None)


def test_later_ones_that_were_away_before_hold_nobody_up_and_count_once_they_have_it() -> None:
    away = part(device="far", stage=2, state=PartState.OFFERED, awaited=False, online=False, gone_us=0)
    last = rollout(stage=2, since_us=NOW_US - 600_000_000)
    assert judge(last, [HELD, away], blind_us={}, now_us=NOW_US) == Finish()
    back = part(device="far", stage=2, awaited=False, online=False, gone_us=NOW_US - OFFLINE_US - 1)
    assert isinstance(judge(last, [HELD, back], blind_us={}, now_us=NOW_US), Fail)


def test_devices_whose_stage_has_not_begun_are_not_looked_at() -> None:
    dead = dataclasses.replace(WAITING, online=False, gone_us=0, lag=10_000)
    assert judge(rollout(since_us=NOW_US), [HELD, dead], blind_us={}, now_us=NOW_US) == Wait(since_us=NOW_US)


def test_since_when_one_is_offline_is_noted_once_and_forgotten_when_it_is_back() -> None:
    assert gone([part(online=False)], NOW_US) == {"east": NOW_US}
    assert gone([part(online=False, gone_us=5)], NOW_US) == {}
    assert gone([part(online=True, gone_us=5)], NOW_US) == {"east": None}
    assert gone([HELD], NOW_US) == {}
