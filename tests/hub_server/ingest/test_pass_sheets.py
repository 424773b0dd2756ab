"""A device tells what was proved of it on site: kept with its picture, which goes when it is old."""

from typing import Protocol

import pytest
from device_model import DEVICE, batch, stamp
from sqlite_utils import Database

from edge_agent.wire.codec import WireError, decode_event, encode_event
from edge_agent.wire.limits import EVENT_BYTES_MAX, PASS_PICTURE_BYTES_MAX, PASS_SHEET_BYTES_MAX
from edge_agent.wire.messages import Ack, Outcome, Passage, PassSheet, SheetFinding, Sighting, wire_bytes
from hub_server.ingest.apply import apply_up
from hub_server.store import devices, events, pass_sheets, verify
from hub_server.store.expiring import Expiry
from hub_server.store.retention import DAY_US, DataClass
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
PICTURE = b"\xff\xd8\xff" + bytes(range(256)) * ((PASS_PICTURE_BYTES_MAX - 3) // 256)
GOOD = SheetFinding(check="light", outcome=Outcome.OK, found="fine", found_zh="光线足够")
BAD = SheetFinding(check="relay", outcome=Outcome.FAIL, found="no click", advice="check the wires")
NOT = SheetFinding(check="speaker", outcome=Outcome.SKIPPED, found="none")


class Clock(Protocol):
    now_us: int


@pytest.fixture
def office(store: Store) -> Store:
    store.write(lambda db: devices.create(db, id=DEVICE, place="东门", now_us=NOW_US))
    return store


def sheet(*findings: SheetFinding, picture: bytes | None = PICTURE, synced: bool = True) -> PassSheet:
    at = stamp(mono_us=5_000_000, wall_us=NOW_US - 60_000_000, synced=synced)
    return PassSheet(at=at, camera="east", findings=list(findings), by="王师傅", picture=picture)


def send(store: Store, *raws: bytes, first_seq: int = 1, now_us: int = NOW_US) -> list[object]:
    def job(db: Database) -> list[object]:
        return list(apply_up(db, device=DEVICE, message=batch(*raws, first_seq=first_seq), now_us=now_us))

    return store.write(job)


def kept(store: Store) -> list[pass_sheets.Sheet]:
    with store.read() as db:
        return pass_sheets.page(db, DEVICE, before=None, limit=10)


def picture(store: Store, row: int) -> bytes | None:
    with store.read() as db:
        return pass_sheets.picture(db, device=DEVICE, id=row)


def test_a_sheet_is_kept_with_its_picture_the_newest_first(office: Store) -> None:
    (answer,) = send(office, encode_event(sheet(GOOD, BAD)), encode_event(sheet(GOOD, NOT, picture=None)))
    assert isinstance(answer, Ack)
    newer, older = kept(office)
    assert (newer.passed, newer.pictured, older.passed, older.pictured) == (True, False, False, True)
    assert older.findings == (GOOD, BAD)
    assert (older.author, older.camera, older.at_us) == ("王师傅", "east", NOW_US - 60_000_000)
    assert picture(office, older.id) == PICTURE
    assert picture(office, newer.id) is None
    with office.read() as db:
        assert pass_sheets.get(db, device="another", id=older.id) is None
        assert pass_sheets.picture(db, device="another", id=older.id) is None


def test_a_duplicate_makes_no_second_sheet(office: Store) -> None:
    raw = encode_event(sheet(GOOD))
    for _ in range(3):
        send(office, raw)
    assert len(kept(office)) == 1


def test_nothing_but_skipped_checks_proves_nothing() -> None:
    assert not sheet(NOT).passed
    assert sheet(NOT, GOOD).passed


def test_the_largest_sheet_fits_and_no_other_event_may_be_as_large() -> None:
    full = SheetFinding(
        check="light", outcome=Outcome.OK, found="x" * 400, found_zh="光" * 200, advice="x" * 400, advice_zh="光" * 200
    )
    raw = encode_event(sheet(*[full] * 32))
    assert PASS_SHEET_BYTES_MAX // 2 < len(raw) <= PASS_SHEET_BYTES_MAX
    assert isinstance(decode_event(raw), PassSheet)
    large = Sighting(person="p", score=0.9, margin=None, frames=2, strict=True, embedder="e")
    passage = wire_bytes(Passage(captured=stamp(mono_us=1, wall_us=NOW_US, synced=True), camera="east", duration_ms=1,
                                 frames=2, sighting=large))  # fmt: skip
    padded = passage + b" " * (EVENT_BYTES_MAX + 1 - len(passage))
    with pytest.raises(WireError, match="16385 bytes"):
        decode_event(padded)


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda raw: raw.replace(b'"picture":"/9j/', b'"picture":"AAAA'),
        lambda raw: raw.replace(b'"picture":"/9j/', b'"picture":"!!!!'),
        lambda raw: raw.replace(b'"picture":"', b'"picture":"' + b"/9j/" * 8192),
        lambda raw: raw.replace(b'"outcome":"ok"', b'"outcome":"great"'),
        lambda raw: raw.replace(b'"check":"light"', b'"check":"<b>"'),
    ],
    ids=["no JPEG", "no base64", "too large", "no outcome", "no check"],
)
def test_a_sheet_that_is_none_is_quarantined(office: Store, spoilt: object) -> None:
    assert callable(spoilt)
    raw = spoilt(encode_event(sheet(GOOD)))
    assert raw != encode_event(sheet(GOOD))
    (answer,) = send(office, raw)
    assert isinstance(answer, Ack)
    assert kept(office) == []
    with office.read() as db:
        assert [row.type for row in events.page(db, after=0, before=None, limit=10)] == ["quarantined"]


def test_pictures_go_when_they_are_old_and_the_newest_sheets_words_stay(office: Store, clock: Clock) -> None:
    send(office, encode_event(sheet(BAD)))
    send(office, encode_event(sheet(GOOD)), first_seq=2, now_us=NOW_US + 100 * DAY_US)
    clock.now_us = NOW_US + 366 * DAY_US
    assert retire(office) == {DataClass.PROOFS: 2}  # the event with its picture, and the sheet that another replaced
    (left,) = kept(office)
    assert (left.passed, left.pictured) == (True, True)
    clock.now_us += 100 * DAY_US
    assert retire(office) == {DataClass.PROOFS: 1}
    (left,) = kept(office)
    assert (left.passed, left.pictured, left.findings) == (True, False, (GOOD,))
    assert picture(office, left.id) is None
    with office.read() as db:
        assert [check for check in verify.checks(db) if not check.ok] == []


def retire(office: Store) -> object:
    return Expiry(office, erase=lambda _: pytest.fail("nobody was removed"), within_s=30).run().rows
