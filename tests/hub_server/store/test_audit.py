"""The audit's chain (invariant 10): whatever is changed in it shows, and forgetting a person does not break it."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.store import alerts, audit, audit_reading, audit_subjects, people, recipients, verify, watches
from hub_server.store.audit import Head
from hub_server.store.audit_reading import Why
from hub_server.store.reach import Reach
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000


@pytest.fixture
def db(store: Store) -> Iterator[Database]:
    """The store's own file, opened as somebody would who wants to change what was written."""
    store.write(lambda db: fill(db, 12))
    connection = sqlite3.connect(store.data_dir / "hub.sqlite3", isolation_level=None)
    yield Database(connection)
    connection.close()


def fill(db: Database, rows: int) -> None:
    for n in range(rows):
        audit.append(
            db,
            actor=f"account {'wangmin' if n % 2 else 'lijing'}",
            action="people.change" if n % 3 else "people.show",
            subject=f"person/p-{n % 4}",
            detail={"fields": ["phone"]},
            now_us=NOW_US + n * 1000,
        )


def broken(db: Database, **asked: Any) -> tuple[int, Why] | None:
    found = audit_reading.verify(db, **asked).broken
    return None if found is None else (found.id, found.why)


def test_an_untouched_chain_holds_and_says_how_long_it_is(db: Database) -> None:
    found = audit_reading.verify(db)
    assert (found.first, found.rows, found.forgotten, found.broken) == (1, 12, 0, None)
    assert found.head == audit.head(db)
    assert found.head.id == 12


def test_an_empty_chain_holds(store: Store) -> None:
    with store.read() as db:
        found = audit_reading.verify(db)
    assert (found.first, found.rows, found.head.id, found.broken) == (0, 0, 0, None)


BLOB = "randomblob(32)"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("at_us = at_us + 1", Why.CHAIN),
        ("actor = 'account nobody'", Why.CHAIN),
        ("action = 'people.erase'", Why.COPY),
        ("subject = 'person/p-9'", Why.COPY),
        ("subject = NULL", Why.COPY),
        ("salt = randomblob(16)", Why.PAYLOAD),
        ("payload = CAST(replace(CAST(payload AS TEXT), 'phone', 'email') AS BLOB)", Why.PAYLOAD),
        ("salt = NULL, payload = NULL", Why.COPY),
        (f"digest = {BLOB}", Why.PAYLOAD),
        (f"chain = {BLOB}", Why.CHAIN),
        ("id = 100", Why.GAP),
    ],
)
def test_a_change_of_any_column_of_any_row_shows(db: Database, change: str, why: Why) -> None:
    for number in (1, 6, 12):
        db.execute("BEGIN")
        db.execute(f"UPDATE audit SET {change} WHERE id = ?", [number])  # noqa: S608 from above
        found = broken(db)
        assert found is not None, (change, number)
        if change == "id = 100" and number == 1:
            assert found == (2, Why.START)
        elif change != "id = 100":
            assert found == (number, why), (change, number)
        db.execute("ROLLBACK")
    assert broken(db) is None


def test_the_row_behind_a_new_link_shows_when_the_changed_row_was_linked_anew(db: Database) -> None:
    """Who changes a row and computes its own link must compute every later one, and those have heads elsewhere."""
    head = audit.head(db)
    rewrite(db, from_id=6, actor="account nobody", until_id=6)
    assert broken(db) == (7, Why.CHAIN)
    rewrite(db, from_id=6, actor="account nobody", until_id=12)
    assert broken(db) is None
    assert broken(db, known=[head]) == (12, Why.HEAD)


def rewrite(db: Database, *, from_id: int, actor: str, until_id: int) -> None:
    chain = bytes(db.execute("SELECT chain FROM audit WHERE id = ?", [from_id - 1]).fetchone()[0])
    rows = db.execute("SELECT id, at_us, digest FROM audit WHERE id BETWEEN ? AND ?", (from_id, until_id)).fetchall()
    for number, at_us, digest in rows:
        chain = audit.link(chain, digest=bytes(digest), at_us=at_us, actor=actor)
        db.execute("UPDATE audit SET actor = ?, chain = ? WHERE id = ?", (actor, chain, number))


def test_two_rows_that_changed_places_show(db: Database) -> None:
    db.execute("UPDATE audit SET id = 100 WHERE id = 5")
    db.execute("UPDATE audit SET id = 5 WHERE id = 6")
    db.execute("UPDATE audit SET id = 6 WHERE id = 100")
    assert broken(db) == (5, Why.CHAIN)


def test_a_row_that_was_put_in_shows(db: Database) -> None:
    audit.append(db, actor="x", action="y", subject=None, detail={}, now_us=NOW_US)
    db.execute("UPDATE audit SET id = id + 100 WHERE id >= 6")
    db.execute("UPDATE audit SET id = 6 WHERE id = 113")
    db.execute("UPDATE audit SET id = id - 99 WHERE id BETWEEN 106 AND 112")
    assert broken(db) == (6, Why.CHAIN)


def test_a_row_that_is_gone_shows_as_a_gap(db: Database) -> None:
    db.execute("DELETE FROM audit WHERE id = 7")
    assert broken(db) == (8, Why.GAP)


def test_a_cut_end_shows_by_itself_and_against_a_known_head_whatever_else_was_changed(db: Database) -> None:
    head = audit.head(db)
    db.execute("DELETE FROM audit WHERE id > 9")
    assert broken(db) == (9, Why.CUT)
    db.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'audit'")
    assert broken(db) is None  # nothing in the store itself can know
    assert broken(db, known=[head]) == (9, Why.CUT)
    fill(db, 3)  # and others stand in their places
    assert broken(db, known=[head]) == (12, Why.HEAD)


def test_a_chain_whose_oldest_rows_are_gone_does_not_hold(db: Database) -> None:
    db.execute("DELETE FROM audit WHERE id < 4")
    assert broken(db) == (4, Why.START)


def test_a_whole_chain_that_is_gone_shows(db: Database) -> None:
    db.execute("DELETE FROM audit")
    assert broken(db) == (0, Why.CUT)


def test_every_known_head_is_compared_and_the_first_that_differs_is_told(db: Database) -> None:
    heads = [
        Head(id=row[0], at_us=row[1], chain=bytes(row[2]))
        for row in db.execute("SELECT id, at_us, chain FROM audit WHERE id IN (3, 8)")
    ]
    assert broken(db, known=heads) is None
    assert broken(db, known=[heads[1], Head(id=3, at_us=0, chain=bytes(32))]) == (3, Why.HEAD)


def test_a_look_from_a_head_on_reads_only_what_is_behind_it(db: Database) -> None:
    row = db.execute("SELECT at_us, chain FROM audit WHERE id = 8").fetchone()
    since = Head(id=8, at_us=row[0], chain=bytes(row[1]))
    db.execute("UPDATE audit SET actor = 'x' WHERE id = 3")
    assert audit_reading.verify(db, since=since).rows == 5
    assert broken(db, since=since) is None
    db.execute("UPDATE audit SET actor = 'x' WHERE id = 9")
    assert broken(db, since=since) == (9, Why.CHAIN)
    assert broken(db, since=Head(id=8, at_us=0, chain=bytes(32))) == (8, Why.HEAD)


def test_the_newest_rows_alone_are_looked_at_for_a_page(db: Database) -> None:
    found = audit_reading.verify_tail(db, rows=4)
    assert (found.first, found.rows, found.broken) == (8, 5, None)
    assert audit_reading.verify_tail(db, rows=400).first == 1


def test_the_store_verifies_its_audit(db: Database, store: Store) -> None:
    def check() -> verify.Check:
        with store.read() as reader:
            return next(one for one in verify.checks(reader) if one.name == "audit")

    assert check().ok
    db.execute("UPDATE audit SET actor = 'x' WHERE id = 3")
    assert (check().ok, check().detail) == (False, "row 3: chain")


# --- forgetting ---


def test_forgetting_a_person_leaves_no_word_about_them_and_a_chain_that_holds(db: Database) -> None:
    assert audit.forget(db, ["person/p-1"], now_us=NOW_US) == 3
    found = audit_reading.verify(db)
    assert (found.rows, found.forgotten, found.broken) == (13, 3, None)
    whole = "".join(str(row) for row in db.execute("SELECT * FROM audit").fetchall())
    assert "p-1" not in whole
    assert "p-2" in whole
    rows = [row for row in audit_reading.page(db, before=None, limit=50) if row.forgotten]
    assert [(row.action, row.subject, row.detail) for row in rows] == [("forgotten", None, {})] * 3
    assert {row.actor for row in rows} == {"account wangmin"}


def test_forgetting_nobody_writes_nothing(db: Database) -> None:
    assert audit.forget(db, ["person/none"], now_us=NOW_US) == 0
    assert audit.head(db).id == 12


def test_a_row_that_somebody_blanks_is_not_taken_for_a_person_who_was_erased(db: Database) -> None:
    audit.forget(db, ["person/p-1"], now_us=NOW_US)
    db.execute("UPDATE audit SET salt = NULL, payload = NULL, subject = NULL, action = 'forgotten' WHERE id = 1")
    assert broken(db) == (13, Why.BLANKED)


def test_erasing_a_person_forgets_them_by_all_their_names(store: Store) -> None:
    def live(db: Database) -> None:
        for person in ("p-li", "p-wang"):
            people.create(db, id=person, name="李秀兰", address="", phone="", note="", now_us=NOW_US)
            watches.create(db, person=person, period_s=3600, last_seen_us=NOW_US - DAY_US, now_us=NOW_US)
        contact = recipients.add_contact(
            db, person="p-li", name="李明", relation="", phone="138 0013 0003", urls=[], now_us=NOW_US
        )
        raised = alerts.raise_due(db, now_us=NOW_US, limit=9)
        theirs = [f"alert/{row.id}" for row in raised if row.person == "p-li"]
        for subject in ("person/p-li", "watch/1", *theirs, f"contact/{contact.id}", "person/p-wang", "watch/2"):
            audit.append(db, actor="a", action="x.show", subject=subject, detail={}, now_us=NOW_US)
        assert set(theirs) < set(audit_subjects.of_person(db, "p-li"))

    store.write(live)
    assert store.write(lambda db: audit_subjects.forget_person(db, "p-li", now_us=NOW_US)) == 4
    with store.read() as db:
        assert [row.subject for row in audit_reading.page(db, before=None, limit=9)] == [
            None,  # that four were forgotten
            "watch/2",
            "person/p-wang",
            *[None] * 4,
        ]
        assert broken(db) is None


# --- retention ---


def cut_and_drop(db: Database, below: int, *, limit: int = 100) -> None:
    assert audit.cut(db, below=below, now_us=NOW_US)
    audit.drop(db, limit=limit)


def test_the_oldest_rows_go_and_the_chain_says_where_it_begins_now(db: Database) -> None:
    cut_and_drop(db, 5)
    found = audit_reading.verify(db)
    assert (found.first, found.rows, found.broken) == (5, 9, None)
    cut_and_drop(db, 9)
    assert audit_reading.verify(db).first == 9
    assert broken(db) is None


def test_a_cut_whose_rows_are_still_partly_there_holds_and_goes_on(db: Database) -> None:
    cut_and_drop(db, 8, limit=3)
    assert audit_reading.verify(db).first == 4
    assert broken(db) is None
    db.execute(
        "UPDATE audit SET digest = randomblob(32), salt = NULL, payload = NULL, subject = NULL,"
        " action = 'forgotten' WHERE id = 5"
    )
    assert broken(db) == (5, Why.CHAIN)


def test_more_than_the_cut_says_may_not_go(db: Database) -> None:
    cut_and_drop(db, 5)
    db.execute("DELETE FROM audit WHERE id = 5")
    assert broken(db) == (6, Why.START)


def test_an_edited_cut_shows(db: Database) -> None:
    cut_and_drop(db, 5)
    db.execute(
        "UPDATE audit SET payload = CAST(replace(CAST(payload AS TEXT), '\"below\":5', '\"below\":7') AS BLOB)"
        " WHERE action = 'audit.cut'"
    )
    db.execute("DELETE FROM audit WHERE id < 7")
    assert broken(db) == (7, Why.CHAIN)


def test_a_chain_never_loses_its_last_row(db: Database) -> None:
    assert not audit.cut(db, below=13, now_us=NOW_US)
    assert audit.expired_below(db, before_us=NOW_US + DAY_US) == 12
    assert audit.expired_below(db, before_us=NOW_US + 4500) == 6
    assert audit.expired_below(db, before_us=NOW_US) is None


def test_a_young_row_between_old_ones_holds_back_what_is_behind_it(db: Database) -> None:
    """A hub's clock may have stepped back: what was written by the wrong one is not older than it says."""
    audit.append(db, actor="a", action="b", subject=None, detail={}, now_us=NOW_US - DAY_US)
    assert audit.expired_below(db, before_us=NOW_US - 1) is None
    db.execute("UPDATE audit SET at_us = ? WHERE id = 3", [NOW_US + 10 * DAY_US])
    assert audit.expired_below(db, before_us=NOW_US + DAY_US) == 3


# --- search ---


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"actor": "account wang"}, [12, 10, 8, 6, 4, 2]),
        ({"action": "people.sh"}, [10, 7, 4, 1]),
        ({"subject": "person/p-3"}, [12, 8, 4]),
        ({"from_us": NOW_US + 3000, "until_us": NOW_US + 5000}, [5, 4]),
        ({"actor": "account lijing", "action": "people.show", "subject": "person/"}, [7, 1]),
        ({"before": 3}, [2, 1]),
        ({"actor": "%"}, []),
    ],
)
def test_a_search_finds_rows_by_how_they_begin_newest_first(
    db: Database, asked: dict[str, Any], ids: list[int]
) -> None:
    assert [row.id for row in audit_reading.page(db, **{"before": None, "limit": 100, **asked})] == ids


def test_somebody_bound_to_an_area_sees_what_is_about_things_in_it(db: Database, store: Store) -> None:
    def live(db: Database) -> None:
        for person, area in (("p-1", "桂花村"), ("p-2", "荷塘社区")):
            people.create(db, id=person, name="李秀兰", address="", phone="", note="", area=area, now_us=NOW_US)
            watches.create(db, person=person, period_s=3600, last_seen_us=None, now_us=NOW_US)
        for subject in ("watch/1", "watch/2", "account/wangmin", None):
            audit.append(db, actor="a", action="b", subject=subject, detail={}, now_us=NOW_US)

    store.write(live)
    reach = Reach(areas=frozenset({"桂花村"}))
    found = audit_reading.page(db, before=None, limit=100, reach=reach)
    assert [row.subject for row in found] == ["watch/1", "person/p-1", "person/p-1", "person/p-1"]
    assert audit_reading.page(db, before=None, limit=100, reach=Reach(areas=frozenset())) == []


def test_appending_costs_the_same_when_the_chain_is_long(db: Database) -> None:
    plan: Callable[[str], str] = lambda sql: str(db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())  # noqa: E731
    assert "SCAN audit" in plan("SELECT id, at_us, chain FROM audit ORDER BY id DESC LIMIT 1")  # from its end, one step
    assert "TEMP B-TREE" not in plan("SELECT id, at_us, chain FROM audit ORDER BY id DESC LIMIT 1")
    assert "audit_action" in plan("SELECT payload FROM audit WHERE action = 'audit.cut' ORDER BY id DESC LIMIT 1")
