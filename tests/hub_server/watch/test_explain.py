"""The sentences that say why there is an alert, or none: every state has its own, and both languages say all of it."""

from dataclasses import replace
from datetime import UTC

import pytest

from hub_server.watch.coverage import Verdict
from hub_server.watch.evidence import Away, Corrected, Facts, Observer, Raised, Sign, Withdrawn
from hub_server.watch.explain import Sentence, sentences
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, WatchState

NOW_US = 1_795_471_200_000_000  # 2026-11-24 06:00 by the office's clock
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
FACTS = Facts(
    person="zhao",
    name="赵示一",
    now_us=NOW_US,
    state=WatchState.SEEN,
    created_us=NOW_US - 90 * DAY_US,
    period_s=86_400,
    grace_s=0,
    own_vehicle=False,
    due_us=NOW_US + 23 * HOUR_US,
    last=Sign(at_us=NOW_US - HOUR_US, kind=None, author="", place="东门（east）", event=7, score=0.97),
    pauses=(),
    alert=None,
    verdict=Verdict.WATCHED,
    observers=(Observer(place="东门", camera="east", watching=0.9, unknown=0.1, missing=()),),
    corrected=(),
    withdrawn=(),
    unsure=0,
    undated=0,
)
ALERT = Raised(
    id=3,
    raised_us=NOW_US - HOUR_US,
    state=AlertState.OPEN,
    rung=1,
    climb_us=NOW_US + 60_000_000,
    verdict=Verdict.CANNOT_TELL,
)


def said(**changes: object) -> dict[str, Sentence]:
    told = sentences(replace(FACTS, **changes))  # type: ignore[arg-type] # whatever a test changes
    assert all(one.zh.endswith("。") and one.en.endswith(".") for one in told)
    return {one.key: one for one in told}


def test_who_was_seen_hears_when_by_what_and_until_when_that_holds() -> None:
    told = said()
    assert list(told) == ["state.seen", "last_seen", "terms", "due.ahead", "observer", "next.raises"]
    assert told["last_seen"].zh == "最后一次有消息：2026-11-24 05:00（1小时前），东门（east） 识别，0.97，记录 7。"
    assert (
        told["last_seen"].en
        == "The last sign of life: 2026-11-24 05:00 (1 h ago), recognised at 东门（east）, event 7."
    )
    assert "2026-11-25 05:00" in told["due.ahead"].zh
    assert told["terms"].zh == "约定：1天没有消息就报警。"


def test_times_are_by_the_zone_that_is_asked_for() -> None:
    (last,) = [one for one in sentences(FACTS, zone=UTC) if one.key == "last_seen"]
    assert "2026-11-23 21:00" in last.en


@pytest.mark.parametrize("state", WatchState)
def test_every_state_says_itself_first(state: WatchState) -> None:
    assert next(iter(said(state=state))) == f"state.{state}"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_sign_of_life_has_its_words(kind: Kind) -> None:
    sign = Sign(at_us=NOW_US, kind=kind, author="小李", place="", event=None, score=None)
    told = said(last=sign)["last_seen"]
    assert ("小李" in told.zh) is (kind is not Kind.GIVEN)
    assert "less than a minute" in told.en


def test_an_alert_tells_who_has_it_when_it_goes_on_and_what_would_retract_it() -> None:
    told = said(state=WatchState.ALERT, alert=ALERT, verdict=Verdict.CANNOT_TELL, due_us=NOW_US - HOUR_US, observers=())
    assert list(told) == [
        "state.alert",
        "last_seen",
        "terms",
        "due.passed",
        "alert",
        "alert.cannot_tell",
        "observer.none",
        "cannot_tell",
        "next.retracts",
    ]
    assert "社区" in told["alert"].zh
    assert "2026-11-24 06:01" in told["alert"].en
    assert "2026-11-23 06:00" in told["next.retracts"].zh, "one period before now"


def test_the_grace_moves_what_would_still_retract_an_alert() -> None:
    told = said(state=WatchState.ALERT, alert=ALERT, grace_s=1800, own_vehicle=True)
    assert "2026-11-23 05:30" in told["next.retracts"].en
    assert "30分钟宽限" in told["terms"].zh
    assert "vehicle" in told["terms"].en


def test_blindness_is_never_called_fine() -> None:
    for state in set(WatchState) - {WatchState.SEEN}:
        assert "cannot_tell" in said(state=state, verdict=Verdict.CANNOT_TELL)
    eyes = (Observer(place="东门", camera="east", watching=0.2, unknown=0.1, missing=(("covered", 0.7), ("odd", 0.0))),)
    assert said(observers=eyes)["observer"].zh == "东门（east）：在看 20%，被遮挡 70%，odd 0%，未知 10%。"


def test_pauses_over_on_and_to_come_are_told_apart() -> None:
    pauses = tuple(
        Away(from_us=NOW_US + begin * HOUR_US, until_us=NOW_US + end * HOUR_US, reason=reason, author="王敏")
        for begin, end, reason in ((-9, -8, "住院"), (-1, 1, ""), (2, 3, "在儿子家"))
    )
    told = said(pauses=pauses)
    assert [key for key in told if key.startswith("pause.")] == ["pause.over", "pause.on", "pause.to_come"]
    assert "没有说明" in told["pause.on"].zh


def test_what_did_not_count_and_what_was_taken_back_is_said() -> None:
    told = said(
        unsure=2,
        undated=3,
        corrected=(Corrected(event=9, seen_us=None, other_name="钱示二", author="小李", at_us=NOW_US),),
        withdrawn=(Withdrawn(kind=Kind.VISIT, at_us=NOW_US - 9, author="王敏", withdrawn_us=NOW_US),),
    )
    assert "2 次" in told["not_counted.unsure"].zh
    assert "were: 3." in told["not_counted.undated"].en
    assert "钱示二" in told["corrected"].zh
    assert "a visit" in told["withdrawn"].en


def test_a_watch_that_is_off_says_so_and_nothing_of_a_due_time() -> None:
    told = said(state=WatchState.OFF)
    assert not {"due.ahead", "due.passed", "next.raises"} & told.keys()
    assert "next.on" in told


def test_who_was_never_seen_is_waited_for_from_the_beginning() -> None:
    assert "last_seen.never" in said(state=WatchState.UNSEEN, last=None)
