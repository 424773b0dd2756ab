"""A person's own file has everything that is kept about them, and nothing of anybody else."""

import re
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose
from edge_agent.wire.messages import Direction, PlateVerdict
from edge_agent.wire.plate import PlateKind
from hub_server.store import (
    alerts,
    audit,
    consents,
    corrections,
    devices,
    events,
    faces,
    galleries,
    households,
    observations,
    outbox,
    pauses,
    people,
    placements,
    plate_passages,
    recipients,
    subject_access,
    vehicles,
    watches,
)
from hub_server.store.consents import Basis
from hub_server.store.erasures import Scope
from hub_server.store.events import NewEvent
from hub_server.store.faces import Face, Photo
from hub_server.store.plate_passages import NewPlatePassage
from hub_server.store.store import Store
from hub_server.store.vehicles import Owner
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import Kind

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000
SAID = "只有她自己的话"
OTHER = "别人的事情"
# Tables that name a person and are no part of their file, each with why.
NOT_THEIRS = {
    "audit": "under its own names, see AUDIT",
    "observing": "of cameras, not of people",
    "field_changes": "by subject",
}


@pytest.fixture
def db(store: Store) -> Iterator[Database]:
    def live(db: Database) -> None:
        devices.create(db, id="door", place="东门", area="桂花村", now_us=NOW_US)
        devices.said_hello(db, "door", agent="x", seal_key="6" * 64, now_us=NOW_US)
        home = households.create(
            db, number="12", address="桂花村 12 号", area="桂花村", grid="", phone="", note="", now_us=NOW_US
        )
        recipients.add(db, area="桂花村", rung=Rung.WORKER, name="王敏", phone="", urls=["json://a"], now_us=NOW_US)
        for person, word in (("p-li", SAID), ("p-wang", OTHER)):
            live_as(db, person, word, home.id)

    store.write(live)
    with store.read() as reader:
        yield reader


def live_as(db: Database, person: str, word: str, household: int) -> None:
    """Somebody of whom there is a row of every kind."""
    people.create(
        db,
        id=person,
        name=word,
        address="",
        phone="138 0013 0001",
        note="",
        area="桂花村",
        born="1950-01-02",
        household=household,
        now_us=NOW_US,
    )
    people.change(db, person, by=word, now_us=NOW_US, note=word)
    consents.give(
        db,
        person=person,
        purpose=Purpose.WELFARE,
        basis=Basis.CONSENT,
        text_version="1",
        given_on="2026-01-02",
        collector=word,
        guardian="",
        now_us=NOW_US,
    )
    face = Face(
        person=person,
        record=person,
        key_id="k",
        embedder="model",
        template_length=2,
        photos=1,
        quality=0.9,
        enrolled_us=NOW_US,
        enrolled_by=word,
    )
    faces.put(db, face, b"sealed", [Photo(person=person, n=1, record=person, key_id="k", ciphertext=b"sealed")])
    placements.put(db, person=person, purpose=Purpose.DOOR, device="door")
    wanted = galleries.plan(db, "door", now_us=NOW_US)
    assert wanted is not None
    galleries.record(db, wanted, version=1, sha256="0" * 64, now_us=NOW_US)
    recipients.add_contact(db, person=person, name=word, relation="女儿", phone="", urls=[], now_us=NOW_US)
    watches.create(db, person=person, period_s=3600, last_seen_us=NOW_US - 2 * DAY_US, now_us=NOW_US)
    alerts.raise_due(db, now_us=NOW_US, limit=9)
    outbox.form(db, now_us=NOW_US)
    observations.add(db, person=person, kind=Kind.PHONE, at_us=NOW_US, author=word, note="", now_us=NOW_US)
    pauses.add(db, person=person, from_us=NOW_US, until_us=NOW_US + DAY_US, reason=word, author="王敏", now_us=NOW_US)
    event = passage(db, person=person)
    if person == "p-wang":
        corrections.not_this_person(db, event=event, other="p-li", author="王敏", note=OTHER, now_us=NOW_US)
        corrections.not_this_person(
            db, event=passage(db, person="p-li"), other="p-wang", author="王敏", note=SAID, now_us=NOW_US
        )
    plate = "粤B12345" if person == "p-li" else "粤B99999"
    car = vehicles.add(
        db,
        plate=plate,
        owner=Owner.HOUSEHOLD,
        label=word,
        valid_from_us=None,
        valid_until_us=None,
        by="王敏",
        now_us=NOW_US,
    )
    vehicles.assign(db, car.id, person=person, by="王敏", now_us=NOW_US)
    vehicles.place(db, car.id, device="door", by="王敏", now_us=NOW_US)
    drive(db, plate)
    faces.erase(db, erasure=f"e-{person}", person="nobody", scope=Scope.BIOMETRICS, now_us=NOW_US)
    db.execute("UPDATE erasures SET person = ? WHERE erasure = ?", (person, f"e-{person}"))
    audit.append(db, actor=word, action="people.show", subject=f"person/{person}", detail={}, now_us=NOW_US)


_seq = iter(range(1, 1000))


def passage(db: Database, *, person: str | None, type: str = "passage") -> int:  # noqa: A002 the column's name
    seq = next(_seq)
    return events.add(
        db,
        NewEvent(
            device="door",
            epoch="0" * 32,
            seq=seq,
            last_seq=seq,
            hash=f"{seq:064x}",
            type=type,
            received_us=NOW_US,
            raw=b"{}",
            captured_us=NOW_US,
            clock_trusted=True,
            camera="east",
            person=person,
            score=0.9 if person else None,
            counts=person is not None,
            qualifies=person is not None,
        ),
    )


def drive(db: Database, plate: str) -> None:
    reading = NewPlatePassage(
        direction=Direction.IN,
        duration_ms=900,
        frames=3,
        reads=3,
        text=plate,
        kind=PlateKind.BLUE,
        score=0.9,
        verdict=PlateVerdict.KNOWN,
        listed=plate,
    )
    plate_passages.add(
        db,
        reading,
        event=passage(db, person=None, type="plate_read"),
        device="door",
        camera="lane",
        at_us=NOW_US,
        clock_trusted=True,
    )


def test_every_section_has_a_row_of_somebody_who_has_lived_here(db: Database) -> None:
    found = subject_access.gather(db, "p-li")
    empty = [name for name, rows in found.sections.items() if not rows]
    assert empty == []
    assert found.cut == ()
    assert found.sections["person"][0]["name"] == SAID
    assert found.sections["audit"][0]["actor"] == SAID
    assert {row["said"] for row in found.sections["corrections"]} == {"was them", "was not them"}


def test_nothing_of_anybody_else_is_in_it(db: Database) -> None:
    whole = str(subject_access.gather(db, "p-li").sections)
    assert SAID in whole
    assert "p-wang" not in whole
    assert "粤B99999" not in whole
    # One correction said that another's sighting was them: its note is about them, too.
    assert whole.count(OTHER) == 1


def test_no_template_and_no_key_is_in_it(db: Database) -> None:
    whole = str(subject_access.gather(db, "p-li").sections)
    assert "sealed" not in whole
    assert "ciphertext" not in whole


def test_every_table_that_names_a_person_has_its_section(db: Database) -> None:
    """A table that is added later and refers to people must be shown, or say here why not."""
    asked = " ".join([*subject_access.SECTIONS.values(), subject_access._AUDIT_ROWS])
    shown = set(re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)", asked))
    naming = {
        table.name
        for table in db.tables
        if {"person", "other"} & set(table.columns_dict)
        or any(key.other_table in {"people", "alerts", "watches", "pauses"} for key in table.foreign_keys)
    }
    assert naming - shown - NOT_THEIRS.keys() == set()
    assert len(naming) >= 15


def test_nobody_has_an_empty_file(db: Database) -> None:
    assert not any(subject_access.gather(db, "p-nobody").sections.values())
