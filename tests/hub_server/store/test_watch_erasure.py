"""What an erasure takes of the watch's tables, and what it leaves to others."""

from device_model import DAY_US, DEVICE, batch, passage
from sqlite_utils import Database

from hub_server.ingest.apply import apply_up
from hub_server.store import (
    alerts,
    corrections,
    devices,
    observations,
    outbox,
    people,
    recipients,
    verify,
    watches,
)
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome

NOW_US = 1_795_471_200_000_000
OLD_US = NOW_US - 2 * DAY_US
PERSONS = ("qian", "zhao")
OWN = ("pauses", "observations", "contacts", "corrections", "alerts", "watches")


def furnish(db: Database) -> None:
    """Both were due, are away now, have a contact and a wrong sighting that was the other."""
    devices.create(db, id=DEVICE, place="", now_us=NOW_US)
    recipients.add(db, area="", rung=Rung.WORKER, name="小李", phone="1", urls=["json://worker"], now_us=NOW_US)
    for person in PERSONS:
        people.create(db, id=person, name=person, address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person=person, period_s=86_400, last_seen_us=OLD_US, now_us=OLD_US)
        recipients.add_contact(
            db, person=person, name="儿子", relation="子", phone="2", urls=["json://son"], now_us=NOW_US
        )
        observations.add(db, person=person, kind=Kind.PHONE, at_us=OLD_US + 1, author="李", note="好", now_us=NOW_US)
    apply_up(
        db,
        device=DEVICE,
        message=batch(*(passage(wall_us=OLD_US - 1, person=person) for person in PERSONS)),
        now_us=NOW_US,
    )
    for event, other in ((1, "zhao"), (2, "qian")):
        corrections.not_this_person(db, event=event, other=other, author="李", note="不是", now_us=NOW_US)


def away(db: Database) -> None:
    alerts.raise_due(db, now_us=NOW_US, limit=9)
    outbox.form(db, now_us=NOW_US + DAY_US)
    for number in (1, 2):
        alerts.move(
            db,
            number,
            to=AlertState.CLOSED,
            outcome=Outcome.AWAY,
            author="李",
            note="",
            until_us=NOW_US + DAY_US,
            now_us=NOW_US,
        )
    for pause in (1, 2):
        outbox.tell(
            db,
            kind=outbox.NoticeKind.PAUSE_ENDING,
            pause=pause,
            addressee=f"contact/{pause}",
            dedupe=f"pause-{pause}",
            now_us=NOW_US,
            ready_us=NOW_US,
        )


def test_with_a_person_goes_whatever_concerns_them_alone_and_nothing_of_anybody_else(store: Store) -> None:
    store.write(furnish)
    store.write(away)
    store.write(lambda db: outbox.form(db, now_us=NOW_US))

    def count(sql: str) -> int:
        with store.read() as db:
            return int(db.execute(sql).fetchone()[0])

    def rows(table: str, person: str) -> int:
        return count(f"SELECT count(*) FROM {table} WHERE person = '{person}'")  # noqa: S608 our own names

    qian = {table: rows(table, "qian") for table in OWN}
    assert all(qian.values())
    assert qian == {table: rows(table, "zhao") for table in OWN}
    notices, messages = count("SELECT count(*) FROM notices"), count("SELECT count(*) FROM messages")
    assert (notices, messages) == (4, 3), "the worker's message tells of both alerts, each contact's of one pause"

    store.write(lambda db: people.erase(db, "zhao"))
    assert {table: rows(table, "zhao") for table in OWN} == dict.fromkeys(OWN, 0)
    assert {table: rows(table, "qian") for table in OWN} == qian
    assert (count("SELECT count(*) FROM notices"), count("SELECT count(*) FROM messages")) == (2, 2)
    assert count("SELECT count(*) FROM lookalikes") == 0
    assert count("SELECT count(*) FROM corrections WHERE other NOT NULL") == 0
    with store.read() as db:
        assert db.execute("SELECT alert, pause FROM notices ORDER BY id").fetchall() == [(1, None), (None, 1)]
        assert {check.name: check.detail for check in verify.checks(db) if not check.ok} == {}
    store.write(lambda db: people.erase(db, "zhao"))


def test_no_table_names_a_person_and_is_forgotten_by_the_erasure(store: Store) -> None:
    """Whoever adds a table with a person in it says here that it outlives them, or erases it."""
    outlive = {"gallery_members", "erasures"}
    store.write(furnish)
    store.write(away)
    store.write(lambda db: people.erase(db, "zhao"))
    with store.read() as db:
        left = {
            table.name
            for table in db.tables
            for column in ("person", "other")
            if column in table.columns_dict and table.count_where(f"{column} = 'zhao'")
        }
    assert left <= outlive
