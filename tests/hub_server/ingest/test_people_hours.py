"""People counted by the hour: each once, in the hour that is right, whoever comes late, is corrected or erased."""

from collections import Counter
from itertools import count

import pytest
from device_model import BOOT, DEVICE, HOUR_US, OTHER_BOOT, anchor, batch, passage, plate_read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from edge_agent.wire.codec import WireError
from edge_agent.wire.messages import RefusalReason
from hub_server.ingest import reading
from hub_server.ingest.apply import apply_up
from hub_server.ingest.release import release
from hub_server.store import clocks, corrections, devices, migrations, people, people_hours, verify
from hub_server.store.connection import open_writer
from hub_server.store.errors import ExistsError
from hub_server.store.schema_passages import STATEMENTS
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
MONO_US = 10 * HOUR_US


@pytest.fixture
def office(store: Store) -> Store:
    def job(db: Database) -> None:
        devices.create(db, id=DEVICE, place="东门", now_us=NOW_US)
        for person in ("zhao", "sun"):
            people.create(db, id=person, name="赵", address="", phone="", note="", now_us=NOW_US)

    store.write(job)
    return store


def send(store: Store, *raws: bytes, first_seq: int = 1) -> None:
    message = batch(*raws, first_seq=first_seq)
    store.write(lambda db: apply_up(db, device=DEVICE, message=message, now_us=NOW_US))


def hours(store: Store) -> dict[int, tuple[int, int]]:
    """Known and strangers by how many hours ago it was."""
    with store.read() as db:
        rows = db.execute("SELECT hour_us, known, strangers FROM people_hours").fetchall()
        assert all(check.ok for check in verify.checks(db) if check.name == "people hours")
    return {(NOW_US - hour_us) // HOUR_US: (known, strangers) for hour_us, known, strangers in rows}


def undated(mono_us: int, *, person: str | None = None, boot: str = BOOT) -> bytes:
    return passage(wall_us=5, synced=False, mono_us=mono_us, person=person, boot=boot)


def test_people_are_counted_known_or_not_and_vehicles_are_nobody(office: Store) -> None:
    at_us = NOW_US - HOUR_US
    send(
        office,
        passage(wall_us=NOW_US, person="zhao"),
        passage(wall_us=NOW_US, person="sun", strict=False),
        passage(wall_us=at_us),
        passage(wall_us=at_us - 1, person="nobody"),
        plate_read(wall_us=at_us),
    )
    assert hours(office) == {0: (2, 0), 1: (0, 1), 2: (1, 0)}


def test_what_comes_twice_counts_once(office: Store) -> None:
    for _ in range(2):
        send(office, passage(wall_us=NOW_US), passage(wall_us=NOW_US, person="zhao"))
    assert hours(office) == {0: (1, 1)}


def test_who_passed_under_a_wrong_clock_is_counted_when_an_anchor_says_when_it_was(office: Store) -> None:
    send(office, undated(MONO_US - 2 * HOUR_US), undated(MONO_US, person="zhao"), undated(1, boot=OTHER_BOOT))
    assert hours(office) == {}
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US), first_seq=4)
    assert hours(office) == {2: (0, 1), 0: (1, 0)}
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - 3 * HOUR_US, uncertainty_us=0), first_seq=5)
    with office.read() as db:
        assert clocks.anchor_of(db, device=DEVICE, boot=BOOT) is not None


def test_a_more_exact_anchor_moves_them(office: Store) -> None:
    send(office, undated(MONO_US, person="zhao"), undated(MONO_US - HOUR_US))
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=HOUR_US), first_seq=3)
    assert hours(office) == {2: (1, 0), 3: (0, 1)}
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=0), first_seq=4)
    assert hours(office) == {1: (1, 0), 2: (0, 1)}


def test_somebody_who_was_nobody_known_becomes_a_stranger_and_another_resident_does_not(office: Store) -> None:
    send(office, passage(wall_us=NOW_US, person="zhao"), passage(wall_us=NOW_US, person="zhao"))

    def correct(event: int, other: str | None) -> None:
        office.write(
            lambda db: corrections.not_this_person(db, event=event, other=other, author="王敏", note="", now_us=NOW_US)
        )

    correct(1, "sun")
    assert hours(office) == {0: (2, 0)}
    correct(2, None)
    assert hours(office) == {0: (1, 1)}
    with pytest.raises(ExistsError):
        correct(2, None)
    assert hours(office) == {0: (1, 1)}


def test_counts_outlive_whom_they_counted(office: Store) -> None:
    send(office, passage(wall_us=NOW_US, person="zhao"), undated(MONO_US, person="zhao"))
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=HOUR_US), first_seq=3)
    office.write(lambda db: people.erase(db, "zhao"))
    assert hours(office) == {0: (1, 0), 2: (1, 0)}
    send(office, anchor(mono_us=MONO_US, wall_us=NOW_US - HOUR_US, uncertainty_us=0), first_seq=4)
    assert hours(office) == {0: (1, 0), 1: (1, 0)}, "an erased one is moved as the known one that it was"


def test_a_passage_that_comes_out_of_quarantine_is_counted(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as yesterday:
        yesterday.setattr(reading, "decode_event", _knows_nothing)
        send(office, passage(wall_us=NOW_US, person="zhao"))
    assert hours(office) == {}
    for _ in range(2):
        office.write(lambda db: release(db, 1, author="王敏", note="", now_us=NOW_US))
    assert hours(office) == {0: (1, 0)}


def _knows_nothing(_raw: bytes) -> object:
    raise WireError(RefusalReason.MALFORMED, "this hub is too old")


def test_a_store_from_before_there_were_hours_counts_what_it_has(office: Store) -> None:
    send(office, passage(wall_us=NOW_US, person="zhao"), passage(wall_us=NOW_US, person="sun"), undated(MONO_US))
    send(office, *(passage(wall_us=NOW_US - 3 * HOUR_US) for _ in range(2)), first_seq=4)
    office.write(lambda db: corrections.not_this_person(db, event=1, other=None, author="王敏", note="", now_us=NOW_US))
    office.write(lambda db: people.erase(db, "sun"))
    as_counted = hours(office)
    office.write(lambda db: db.execute("DELETE FROM people_hours"))

    def as_the_migration_does(db: Database) -> None:
        for statement in STATEMENTS:
            if "INSERT INTO people_hours" in statement:
                db.execute(statement)

    office.write(as_the_migration_does)
    assert hours(office) == as_counted == {0: (1, 1), 3: (0, 2)}


def test_verify_says_when_an_hour_is_wrong_and_forgives_what_retention_deleted(office: Store) -> None:
    send(office, passage(wall_us=NOW_US), passage(wall_us=NOW_US))

    def said() -> list[bool]:
        with office.read() as db:
            return [check.ok for check in verify.checks(db) if check.name == "people hours"]

    office.write(lambda db: db.execute("UPDATE people_hours SET strangers = 1"))
    assert said() == [False]
    office.write(lambda db: db.execute("UPDATE people_hours SET strangers = 3"))
    assert said() == [False]
    office.write(
        lambda db: db.execute("INSERT INTO deletions (at_us, data_class, before_us, rows) VALUES (1, 'events', 1, 1)")
    )
    assert said() == [True]


steps = st.lists(
    st.tuples(
        st.sampled_from(["dated", "undated", "anchor", "correct", "correct to another", "erase"]),
        st.integers(0, 5),
        st.sampled_from([None, "zhao", "sun"]),
    ),
    max_size=24,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_whatever_happens_each_passage_with_a_date_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str | None]]
) -> None:
    db = open_writer(tmp_path_factory.mktemp("hours") / "hub.sqlite3")
    migrations.migrate(db)
    devices.create(db, id=DEVICE, place="", now_us=1)
    for person in ("zhao", "sun"):
        people.create(db, id=person, name="赵", address="", phone="", note="", now_us=1)
    places, certainty = count(1), count(1000, -1)
    for what, n, who in steps:
        if what == "dated":
            raw = passage(wall_us=NOW_US - n * HOUR_US, person=who)
        elif what == "undated":
            raw = undated(MONO_US - n * HOUR_US, person=who)
        elif what == "anchor":
            raw = anchor(
                mono_us=MONO_US, wall_us=NOW_US - n * HOUR_US, uncertainty_us=next(certainty) * HOUR_US // 1000
            )
        else:
            _by_hand(db, what, n + 1, who)
            continue
        apply_up(db, device=DEVICE, message=batch(raw, first_seq=next(places)), now_us=NOW_US)
    counted = dict(db.execute("SELECT hour_us, known + strangers FROM people_hours").fetchall())
    there = Counter(
        people_hours.hour(row[0])
        for row in db.execute("SELECT captured_us FROM events WHERE type = 'passage' AND clock_trusted = 1")
    )
    db.close()
    assert counted == there


def _by_hand(db: Database, what: str, event: int, who: str | None) -> None:
    if what == "erase":
        if who is not None and people.get(db, who) is not None:
            people.erase(db, who)
        return
    named = db.execute("SELECT person FROM events WHERE id = ? AND type = 'passage'", [event]).fetchone()
    if named is None or named[0] is None or corrections.get(db, event) is not None:
        return
    others = [row[0] for row in db.execute("SELECT id FROM people WHERE id <> ?", [named[0]])]
    other = others[0] if what == "correct to another" and others else None
    corrections.not_this_person(db, event=event, other=other, author="王敏", note="", now_us=NOW_US)
