"""Who depends on a dead camera is named beforehand, once, by day, to the worker; alerts wait for nothing."""

import pytest
from look_in_village import OTHER, VILLAGE, Village
from sqlite_utils import Database

from hub_server.store import alarms, alerts, observations, pauses, recipients
from hub_server.store import watches as watch_rows
from hub_server.store.alarms import AlarmKind
from hub_server.store.outbox import NoticeKind
from hub_server.store.store import Store
from hub_server.watch.coverage import Verdict
from hub_server.watch.ladder import Rung
from hub_server.watch.look_in import DEAD_US, HOUR_US, PAST_US, REACH_US
from hub_server.watch.observation import Kind


@pytest.fixture
def village(store: Store) -> Village:
    return Village(store)


def test_who_depends_on_a_dead_camera_is_named_to_the_worker_before_they_are_due(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    village.person("zhao", due_in_us=REACH_US, by={"door": 5})
    village.person("qian", due_in_us=2 * HOUR_US, by={"gate": 5})
    dead = village.dies()
    assert village.heard() == [("office", [NoticeKind.ALARM])]
    assert village.looks() == [f"{dead.id} {VILLAGE}"]
    assert village.heard() == [("worker", [NoticeKind.ALARM])]
    assert village.named(dead) == ["li", "zhao"], "by due time; who has another camera does not depend on it"


def test_one_list_is_enough_for_everybody_within_its_reach(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    village.person("zhao", due_in_us=REACH_US, by={"door": 5})
    village.dies()
    assert len(village.looks()) == 1
    assert [village.looks(HOUR_US // 2) for _ in range(8)] == [[]] * 8


def test_who_falls_due_behind_its_reach_has_the_next_list_in_time(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    village.person("sun", due_in_us=REACH_US + 2 * HOUR_US, by={"door": 5})
    dead = village.dies()
    assert village.looks() != []
    assert village.named(dead) == ["li"]
    assert village.looks(REACH_US - 1) == []
    assert village.looks(1) == [f"{dead.id} {VILLAGE}"], "two hours before"
    assert village.named(dead) == ["sun"]


def test_a_camera_that_has_just_died_may_be_back_in_a_moment(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    dead = village.dies(ago_us=DEAD_US - 1)
    assert village.looks() == []
    village.now_us += 1
    assert village.looks() == [f"{dead.id} {VILLAGE}"]


def test_nobody_is_named_whom_the_cameras_that_watch_would_see(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 1, "gate": 60})
    dead = village.dies()
    assert village.named(dead) == []
    other = village.dies("gate")
    assert village.named(dead) == [], "the door sees them by chance only"
    assert village.named(other) == ["li"]
    village.person("zhao", due_in_us=2 * HOUR_US, by={"door": 5, "gate": 5})
    assert village.named(dead) == ["zhao"]


def test_who_was_reached_away_or_has_an_alert_is_not_named(village: Village) -> None:
    for person in ("reached", "away", "alerted"):
        village.person(person, due_in_us=2 * HOUR_US, by={"door": 5})
    dead = village.dies()
    assert len(village.named(dead)) == 3

    def job(db: Database) -> None:
        now_us = village.now_us
        observations.add(db, person="reached", kind=Kind.PHONE, at_us=now_us, author="王", note="", now_us=now_us)
        pauses.add(
            db, person="away", from_us=now_us, until_us=now_us + HOUR_US, reason="医院", author="王", now_us=now_us
        )
        watch = watch_rows.get_by_person(db, "alerted")
        assert watch is not None
        alerts.raise_due(db, now_us=watch.due_us, limit=9)

    village.store.write(job)
    assert village.named(dead) == []
    assert village.looks() == []


def test_each_worker_is_told_of_their_own_area_only(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    village.person("zhou", due_in_us=2 * HOUR_US, by={"door": 5}, area=OTHER)
    dead = village.dies()
    village.heard()
    assert village.looks() == [f"{dead.id} {VILLAGE}", f"{dead.id} {OTHER}"]
    assert [who for who, _ in village.heard()] == ["worker", "other worker"]
    assert village.named(dead, VILLAGE) == ["li"]
    assert village.named(dead, OTHER) == ["zhou"]


def test_all_dead_cameras_of_an_area_are_told_in_one_letter(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    village.person("sun", due_in_us=REACH_US, by={"gate": 5})
    for device in ("door", "gate"):
        village.dies(device)
    village.heard()
    assert len(village.looks()) == 2
    assert village.heard() == [("worker", [NoticeKind.ALARM, NoticeKind.ALARM])]


def test_at_night_nothing_is_told_and_in_the_evening_the_night_is(village: Village) -> None:
    village.now_us = village.now_us + 7 * HOUR_US
    village.person("li", due_in_us=16 * HOUR_US, by={"door": 5})
    village.dies()
    assert village.looks() == [], "19:00, and due at four in the morning"
    assert len(village.looks(HOUR_US)) == 1, "20:00"
    village.person("late", due_in_us=11 * HOUR_US, by={"gate": 5})
    village.dies("gate")
    assert village.looks(2 * HOUR_US) == [], "22:00"


def test_a_camera_that_watches_again_before_the_letter_went_out_sends_none(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    dead = village.dies()
    village.looks()
    village.store.write(
        lambda db: alarms.clear(db, kind=AlarmKind.OBSERVER, subject=dead.subject, now_us=village.now_us)
    )
    assert village.heard() == []
    assert village.looks() == []


def test_who_walked_past_while_a_camera_was_dead_is_named_though_it_is_well_again(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    dead = village.dies()
    village.store.write(
        lambda db: alarms.clear(db, kind=AlarmKind.OBSERVER, subject=dead.subject, now_us=village.now_us)
    )
    village.says("door", "watching", -HOUR_US // 4, 0)
    assert village.looks() == [f"{dead.id} {VILLAGE}"], "three hours of the day were not watched"
    assert village.looks(HOUR_US) == []


def test_an_outage_of_days_ago_names_nobody(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    dead = village.dies()
    village.store.write(
        lambda db: alarms.clear(db, kind=AlarmKind.OBSERVER, subject=dead.subject, now_us=village.now_us - PAST_US)
    )
    assert village.looks() == []


def test_the_list_delays_no_alert_and_none_is_left_out(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    village.dies()
    village.looks()
    village.heard()
    village.now_us += 2 * HOUR_US
    (raised,) = village.store.write(lambda db: alerts.raise_due(db, now_us=village.now_us, limit=9))
    assert raised.verdict is Verdict.CANNOT_TELL, "as the list expected"
    assert village.heard() == [("worker", [NoticeKind.RAISED])], "in the same second, in a letter of its own"


def test_where_there_is_no_worker_the_next_ones_hear(village: Village) -> None:
    village.person("li", due_in_us=2 * HOUR_US, by={"door": 5})
    village.dies()
    with village.store.read() as db:
        worker = recipients.on_rung(db, rung=Rung.WORKER, area=VILLAGE)[0]
    village.store.write(lambda db: recipients.remove(db, worker.id, now_us=village.now_us))
    village.heard()
    village.looks()
    assert [who for who, _ in village.heard()] == ["office"]
