from typing import Any

import pytest

from edge_agent.wire.hub_status import HubHealth
from hub_server.watchdog.troubles import Kind, Trouble, merged, of_health

WELL: dict[str, Any] = {
    "status": "ok",
    "store": "ok",
    "broker": "connected",
    "watch": "judging",
    "tick_age_s": 0.4,
    "write_age_s": 3.0,
    "unsent_age_s": None,
    "failing": 0,
}


def kinds(**changes: object) -> list[Kind]:
    return [trouble.kind for trouble in of_health(HubHealth(**WELL | changes))]


def test_a_hub_that_does_its_work_has_no_trouble_whatever_it_calls_itself() -> None:
    assert kinds() == []
    assert kinds(status="degraded") == [], "its own word is not what is judged"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"watch": "late", "tick_age_s": 61.0}, [Kind.NOT_JUDGING]),
        ({"watch": "draining", "tick_age_s": 130.0}, []),
        ({"watch": "draining", "tick_age_s": 180.0}, []),
        ({"watch": "draining", "tick_age_s": 180.1}, [Kind.NOT_JUDGING]),
        ({"watch": "judging", "tick_age_s": 180.1}, [Kind.NOT_JUDGING]),
        ({"tick_age_s": None}, [Kind.NOT_JUDGING]),
        ({"store": "failing: the disk is full"}, [Kind.NOT_WRITING]),
        ({"write_age_s": 120.0}, []),
        ({"write_age_s": 120.1}, [Kind.NOT_WRITING]),
        ({"unsent_age_s": 300.0}, []),
        ({"unsent_age_s": 300.1}, [Kind.NOT_DELIVERING]),
        ({"unsent_age_s": 120.0, "failing": 1}, []),
        ({"unsent_age_s": 120.1, "failing": 1}, [Kind.NOT_DELIVERING]),
        ({"failing": 1}, []),
        ({"broker": "disconnected"}, [Kind.DEAF]),
        (
            {"watch": "late", "store": "x", "unsent_age_s": 999.0, "broker": "disconnected"},
            [Kind.NOT_JUDGING, Kind.NOT_WRITING, Kind.NOT_DELIVERING, Kind.DEAF],
        ),
    ],
)
def test_each_trouble_begins_at_its_limit(changes: dict[str, object], found: list[Kind]) -> None:
    assert kinds(**changes) == found


def test_the_words_say_how_long_and_what_to_do() -> None:
    [trouble] = of_health(HubHealth(**WELL | {"watch": "late", "tick_age_s": 725.0}))
    assert "12 min 05 s" in trouble.zh
    assert "12 min 05 s" in trouble.en
    [trouble] = of_health(HubHealth(**WELL | {"store": "failing: the disk is full"}))
    assert "the disk is full" in trouble.en


def test_what_two_ways_of_looking_find_is_told_once_and_the_worst_first() -> None:
    deaf, dead, again = (
        Trouble(kind=kind, zh=zh, en="") for kind, zh in ((Kind.DEAF, "1"), (Kind.UNREACHABLE, "2"), (Kind.DEAF, "3"))
    )
    assert merged([deaf, dead, again]) == (dead, deaf)
