"""Anchors and observing stretches on their way into the store: what they date, and what follows for the watch."""

import tempfile
from itertools import count
from pathlib import Path

import pytest
from device_model import BOOT, DAY_US, DEVICE, EPOCH, HOUR_US, OTHER_BOOT, anchor, batch, observing, passage, stamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from edge_agent.wire.codec import event_hash
from edge_agent.wire.messages import Watching
from hub_server.ingest.apply import apply_up
from hub_server.store import alerts, clocks, coverage, devices, events, migrations, people, watches
from hub_server.store.connection import open_writer
from hub_server.store.rows import Alert, EventRow, Watch
from hub_server.store.store import Store
from hub_server.watch.clock import Anchor
from hub_server.watch.coverage import Missing, Verdict
from hub_server.watch.states import AlertState, Outcome

NOW_US = 1_795_471_200_000_000
MONO_US = 10 * HOUR_US
WEST = "door-west"


def prepare(store: Store, *, last_seen_us: int | None = None) -> None:
    def job(db: Database) -> None:
        for device in (DEVICE, WEST):
            devices.create(db, id=device, place=f"at {device}", now_us=NOW_US)
        people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="zhao", period_s=86400, last_seen_us=last_seen_us, now_us=NOW_US)

    store.write(job)


@pytest.fixture
def office(store: Store) -> Store:
    prepare(store)
    return store


def send(store: Store, *raws: bytes, device: str = DEVICE, now_us: int = NOW_US) -> None:
    """Each in its own transaction, in the next places of the device's journal."""
    with store.read() as db:
        known = devices.get(db, device)
    assert known is not None
    places = count(known.high + 1)
    for raw in raws:
        message = batch(raw, first_seq=next(places), device=device)
        store.write(lambda db, message=message: apply_up(db, device=device, message=message, now_us=now_us))  # type: ignore[misc]


def undated(*, mono_us: int, boot: str = BOOT, person: str | None = "zhao", strict: bool = True) -> bytes:
    return passage(wall_us=5, synced=False, mono_us=mono_us, boot=boot, person=person, strict=strict)


def watch(store: Store) -> Watch:
    with store.read() as db:
        found = watches.get_by_person(db, "zhao")
    assert found is not None
    return found


def passages(store: Store) -> list[EventRow]:
    with store.read() as db:
        return events.page(db, after=0, before=None, limit=500, type="passage")


def raised(store: Store) -> Alert:
    (alert,) = store.write(lambda db: alerts.raise_due(db, now_us=NOW_US, limit=9))
    return alert


def test_without_an_anchor_a_sighting_of_a_wrong_clock_is_shown_and_does_not_count(office: Store) -> None:
    send(office, undated(mono_us=MONO_US), anchor(mono_us=MONO_US, wall_us=NOW_US, boot=OTHER_BOOT))
    assert watch(office).last_seen_us is None
    assert [(row.captured_us, row.clock_trusted) for row in passages(office)] == [(5, False)]


def test_an_anchor_dates_the_earlier_sightings_of_its_boot_at_their_earliest_possible_time(office: Store) -> None:
    send(
        office,
        undated(mono_us=MONO_US - HOUR_US),
        anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=700),
    )
    at_us = NOW_US - 2 * HOUR_US - 700
    assert [(row.captured_us, row.clock_trusted) for row in passages(office)] == [(at_us, True)]
    assert (watch(office).last_seen_us, watch(office).last_seen_by) == (at_us, f"{DEVICE}/east")
    with office.read() as db:
        (told,) = events.page(db, after=0, before=None, limit=9, type="clock_anchor")
        assert (told.captured_us, told.clock_trusted) == (NOW_US - HOUR_US, True)


def test_a_sighting_that_arrives_after_its_anchor_is_dated_at_once(office: Store) -> None:
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US), undated(mono_us=MONO_US - 7))
    assert watch(office).last_seen_us == NOW_US - HOUR_US - 7


def test_a_sighting_that_an_anchor_puts_into_the_future_counts_at_its_receipt(office: Store) -> None:
    send(office, undated(mono_us=MONO_US + 1), anchor(mono_us=MONO_US, wall_us=NOW_US), now_us=NOW_US)
    assert watch(office).last_seen_us == NOW_US


def test_a_doubtful_sighting_is_dated_and_still_does_not_count(office: Store) -> None:
    send(office, undated(mono_us=MONO_US, strict=False), anchor(mono_us=MONO_US, wall_us=NOW_US))
    assert passages(office)[0].clock_trusted
    assert watch(office).last_seen_us is None


def test_an_anchor_dates_nothing_of_another_device(office: Store) -> None:
    send(office, undated(mono_us=MONO_US), device=WEST)
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US))
    assert not passages(office)[0].clock_trusted


def test_a_stamp_that_was_synchronised_needs_no_anchor_and_none_moves_it(office: Store) -> None:
    send(office, passage(wall_us=NOW_US - HOUR_US, mono_us=1, person="zhao"), anchor(mono_us=1, wall_us=NOW_US))
    assert watch(office).last_seen_us == NOW_US - HOUR_US


def test_a_more_exact_anchor_dates_anew_and_a_less_exact_one_changes_nothing(office: Store) -> None:
    send(office, undated(mono_us=MONO_US), anchor(mono_us=MONO_US, wall_us=NOW_US - 1000, uncertainty_us=500))
    assert watch(office).last_seen_us == NOW_US - 1500
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - 5000, uncertainty_us=100))
    assert watch(office).last_seen_us == NOW_US - 5100
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US, uncertainty_us=101))
    assert watch(office).last_seen_us == NOW_US - 5100
    assert passages(office)[0].captured_us == NOW_US - 5100
    with office.read() as db:
        believed = clocks.anchor_of(db, device=DEVICE, boot=BOOT)
    assert believed == Anchor(mono_us=MONO_US, wall_us=NOW_US - 5000, uncertainty_us=100)


@pytest.mark.parametrize(("age_us", "state"), [(DAY_US - 1, "closed"), (DAY_US, "open")])
def test_a_sighting_dated_late_retracts_only_while_its_period_is_ahead(store: Store, age_us: int, state: str) -> None:
    prepare(store, last_seen_us=NOW_US - 2 * DAY_US)
    alert = raised(store)
    send(store, undated(mono_us=MONO_US), anchor(mono_us=MONO_US, wall_us=NOW_US - age_us))
    with store.read() as db:
        now = alerts.get(db, alert.id)
    assert now is not None
    assert (now.state.value, now.last_seen_us) == (state, NOW_US - age_us)


def test_what_a_human_vouched_for_stays_when_an_anchor_dates_a_sighting_earlier(store: Store) -> None:
    prepare(store, last_seen_us=NOW_US - 3 * HOUR_US)
    send(store, undated(mono_us=MONO_US), anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=9))
    assert watch(store).last_seen_us == NOW_US - HOUR_US - 9
    send(store, anchor(mono_us=MONO_US, wall_us=NOW_US - 9 * HOUR_US, uncertainty_us=0))
    assert (watch(store).last_seen_us, watch(store).last_seen_by) == (NOW_US - 3 * HOUR_US, "given")


def test_an_alert_retracted_by_a_wrong_anchor_is_raised_again(store: Store) -> None:
    prepare(store, last_seen_us=NOW_US - 2 * DAY_US)
    first = raised(store)
    send(store, undated(mono_us=MONO_US), anchor(mono_us=MONO_US, wall_us=NOW_US, uncertainty_us=9))
    send(store, anchor(mono_us=MONO_US, wall_us=NOW_US - 5 * DAY_US, uncertainty_us=0))
    second = raised(store)
    with store.read() as db:
        before = alerts.get(db, first.id)
    assert before is not None
    assert (before.state, before.outcome) == (AlertState.CLOSED, Outcome.RETRACTED)
    assert second.state is AlertState.OPEN


def test_an_alert_that_is_open_follows_a_sighting_that_is_dated_back(store: Store) -> None:
    prepare(store, last_seen_us=NOW_US - 5 * DAY_US)
    alert = raised(store)
    send(store, undated(mono_us=MONO_US), anchor(mono_us=MONO_US, wall_us=NOW_US - 2 * DAY_US, uncertainty_us=9))
    send(store, anchor(mono_us=MONO_US, wall_us=NOW_US - 3 * DAY_US))
    with store.read() as db:
        now = alerts.get(db, alert.id)
    assert now is not None
    assert (now.state, now.last_seen_us) == (AlertState.OPEN, NOW_US - 3 * DAY_US)


EVENTS = (
    undated(mono_us=MONO_US - 5 * HOUR_US),
    undated(mono_us=MONO_US - HOUR_US, strict=False),
    undated(mono_us=MONO_US - 2 * HOUR_US, boot=OTHER_BOOT),
    passage(wall_us=NOW_US - 30 * HOUR_US, person="zhao"),
    anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=HOUR_US),
    anchor(mono_us=MONO_US, wall_us=NOW_US - 20 * HOUR_US, uncertainty_us=500),
    anchor(mono_us=MONO_US + 1, wall_us=NOW_US - 19 * HOUR_US, uncertainty_us=500),
    anchor(mono_us=MONO_US, wall_us=NOW_US - 18 * HOUR_US, uncertainty_us=0, boot=OTHER_BOOT),
    observing(
        stamp(mono_us=MONO_US - HOUR_US, wall_us=1, synced=False), stamp(mono_us=MONO_US, wall_us=2, synced=False)
    ),
    observing(
        stamp(mono_us=MONO_US, wall_us=1, synced=False, boot=OTHER_BOOT),
        stamp(mono_us=MONO_US + HOUR_US, wall_us=NOW_US, boot=OTHER_BOOT),
    ),
)


def outcome(order: list[bytes]) -> tuple[object, ...]:
    """All that depends on time, after these events in this order."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder), clock=lambda: NOW_US)
        prepare(store)
        send(store, *order)
        with store.read() as db:
            rows = db.execute("SELECT hash, captured_us, clock_trusted, counts FROM events ORDER BY hash").fetchall()
            stretches = db.execute("SELECT began_us, ended_us, state FROM observing ORDER BY ended_mono_us").fetchall()
        seen = watch(store)
        store.close()
    return tuple(rows), tuple(stretches), seen.last_seen_us, seen.due_us


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(EVENTS))
def test_the_order_of_arrival_does_not_matter(order: list[bytes]) -> None:
    assert outcome(order) == outcome(list(EVENTS))


def told(store: Store) -> list[tuple[int | None, int | None, str, str]]:
    with store.read() as db:
        return [
            tuple(row) for row in db.execute("SELECT began_us, ended_us, state, cause FROM observing ORDER BY event")
        ]


def test_a_stretch_is_stored_in_the_hubs_time_with_its_state_and_cause(office: Store) -> None:
    ended = stamp(mono_us=MONO_US, wall_us=NOW_US - 9)
    began = stamp(mono_us=MONO_US - HOUR_US, wall_us=77, synced=False)
    send(office, observing(began, ended, state=Watching.BLIND, cause="black"))
    assert told(office) == [(NOW_US - 9 - HOUR_US, NOW_US - 9, "blind", "black")]
    with office.read() as db:
        (row,) = events.page(db, after=0, before=None, limit=9, type="observing")
    assert (row.camera, row.captured_us, row.clock_trusted) == ("east", NOW_US - 9, True)


def test_a_stretch_whose_beginning_alone_was_synchronised_is_dated_by_it(office: Store) -> None:
    began = stamp(mono_us=MONO_US, wall_us=NOW_US - 2 * HOUR_US)
    send(office, observing(began, stamp(mono_us=MONO_US + HOUR_US, wall_us=3, synced=False)))
    assert told(office) == [(NOW_US - 2 * HOUR_US, NOW_US - HOUR_US, "watching", "")]


def test_a_stretch_of_a_wrong_clock_waits_for_its_anchor(office: Store) -> None:
    began, ended = (stamp(mono_us=MONO_US - us, wall_us=1, synced=False) for us in (HOUR_US, 0))
    send(office, observing(began, ended))
    assert told(office) == [(None, None, "watching", "")]
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - 4, uncertainty_us=900))
    assert told(office) == [(NOW_US - 4 - HOUR_US, NOW_US - 4, "watching", "")]
    send(office, observing(began, ended, state=Watching.FROZEN))
    assert told(office)[1] == (NOW_US - 4 - HOUR_US, NOW_US - 4, "frozen", "")


def test_an_alert_knows_who_was_watching(office: Store) -> None:
    seen_us = NOW_US - DAY_US
    send(office, *(passage(wall_us=seen_us - n, person="zhao", mono_us=n) for n in (2, 1, 0)))
    send(office, passage(wall_us=seen_us - 5, person="zhao"), device=WEST)
    quarter_us = DAY_US // 4
    half = observing(stamp(mono_us=0, wall_us=seen_us), stamp(mono_us=2 * quarter_us, wall_us=seen_us + 2 * quarter_us))
    blind = observing(
        stamp(mono_us=2 * quarter_us, wall_us=seen_us + 2 * quarter_us),
        stamp(mono_us=3 * quarter_us, wall_us=seen_us + 3 * quarter_us),
        state=Watching.BLIND,
        cause="glare",
    )
    send(office, half, blind)
    alert = raised(office)
    with office.read() as db:
        found = coverage.for_alert(db, alert, NOW_US)
    assert found.verdict is Verdict.CANNOT_TELL, "half a day of one, and nothing is known of the other"
    east, west = found.cameras
    assert (east.device, east.place, east.camera, east.sightings) == (DEVICE, f"at {DEVICE}", "east", 3)
    assert (east.shares.watching, east.shares.unknown) == (0.5, 0.25)
    assert east.shares.missing == (Missing(state="blind", cause="glare", share=0.25),)
    assert (west.device, west.shares.unknown) == (WEST, 1.0)


def test_when_the_usual_cameras_told_nothing_nobody_can_tell(office: Store) -> None:
    send(office, passage(wall_us=NOW_US - DAY_US, person="zhao"))
    alert = raised(office)
    with office.read() as db:
        assert coverage.for_alert(db, alert, NOW_US).verdict is Verdict.CANNOT_TELL


def test_cameras_that_saw_the_person_longer_ago_than_two_weeks_are_not_usual(office: Store) -> None:
    send(office, passage(wall_us=NOW_US - DAY_US, person="zhao"))
    send(office, passage(wall_us=NOW_US - 15 * DAY_US, person="zhao"), device=WEST)
    alert = raised(office)
    with office.read() as db:
        assert [camera.device for camera in coverage.for_alert(db, alert, NOW_US).cameras] == [DEVICE]


def test_events_stored_before_there_were_anchors_are_dated_by_one_that_comes_now(tmp_path: Path) -> None:
    """A store of the first two steps, with an undated sighting of zhao and what a human has vouched for."""
    raw = undated(mono_us=MONO_US - 7)
    db = open_writer(tmp_path / "hub.sqlite3")
    migrations._steps.apply(db, stop_before="m0003_clocks")
    db.execute("INSERT INTO devices (id, place, created_us, secret_sha256) VALUES (?, '', 1, '')", [DEVICE])
    db.execute("INSERT INTO people (id, name, address, phone, note, created_us) VALUES ('zhao', '赵', '', '', '', 1)")
    db.execute(
        "INSERT INTO watches (person, period_s, active, created_us, last_seen_us, last_seen_by, due_us)"
        " VALUES ('zhao', 86400, 1, 1, 5, 'given', ?)",
        [5 + DAY_US],
    )
    db.execute(
        "INSERT INTO events (device, epoch, seq, last_seq, hash, type, received_us, captured_us, clock_trusted, camera,"
        " person, strict, counts, reason, raw) VALUES (?, ?, 1, 1, ?, 'passage', ?, 5, 0, 'east', 'zhao', 1, 0, '', ?)",
        (DEVICE, EPOCH, event_hash(raw), NOW_US, raw),
    )
    db.execute(
        "INSERT INTO journals (device, epoch, high, high_hash, created_us) VALUES (?, ?, 1, ?, 1)",
        (DEVICE, EPOCH, event_hash(raw)),
    )
    db.execute("UPDATE devices SET epoch = ?", [EPOCH])
    db.close()
    store = Store.open(tmp_path, clock=lambda: NOW_US)
    send(store, anchor(mono_us=MONO_US, wall_us=NOW_US))
    assert watch(store).last_seen_us == NOW_US - 7
    with store.read() as read:
        assert read.execute("SELECT vouched_us, vouched_by FROM watches").fetchone() == (5, "given")
    store.close()
