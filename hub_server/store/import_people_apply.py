"""What the plans for people say is done, many rows a statement: the writer is everybody's, and waits for this.

The rows were checked (tables/checking.py) and planned (import_people.py) before; nothing is judged here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from hub_server.store import care, people, watches
from hub_server.store.import_households import by_number
from hub_server.store.import_people import FIELDS
from hub_server.store.import_plans import Does, NewHousehold, Plan
from hub_server.store.spelling import spelled

_HOUSEHOLD = """
    INSERT INTO households (number, address, area, grid, phone, note, created_us)
    VALUES (:number, :address, :area, :grid, '', '', :now_us)
"""
_PERSON = """
    INSERT INTO people (id, name, kind, area, grid, household, relation, address, phone, born, note, care, pinyin,
        created_us)
    VALUES (:id, :name, :kind, :area, :grid, :household, :relation, :address, :phone, :born, :note, :care, :pinyin,
        :now_us)
"""
_HISTORY = "INSERT INTO field_changes (subject, field, before, after, author, at_us) VALUES (?, ?, ?, ?, ?, ?)"
_CONTACT = """
    INSERT INTO contacts (person, name, relation, phone, urls, created_us)
    VALUES (:person, :name, :relation, :phone, '[]', :now_us)
"""
_CONTACT_CHANGE = "UPDATE contacts SET relation = :relation, phone = :phone WHERE person = :person AND name = :name"


def spellings(plans: Iterable[Plan]) -> dict[str, str]:
    """Of every name that will be written: slow, so it is done before the writer's turn."""
    return {name: spelled(name) for name in {plan.after["name"] for plan in plans if "name" in plan.after}}


def apply(
    db: Database,
    plans: Sequence[Plan],
    new_households: Sequence[NewHousehold],
    *,
    pinyin: Mapping[str, str],
    by: str,
    now_us: int,
) -> None:
    """As planned. `pinyin`: of `spellings`."""
    db.conn.executemany(
        _HOUSEHOLD,
        [
            {"number": one.number, "address": one.address, "area": one.area, "grid": one.grid, "now_us": now_us}
            for one in new_households
        ],
    )
    numbers = {plan.after["household"] for plan in plans if plan.after.get("household")}
    homes = {number: int(row["id"]) for number, row in by_number(db, sorted(numbers)).items()}
    new = [(plan.after.get("id") or people.new_id(), plan) for plan in plans if plan.does is Does.NEW]
    changed = [(plan.target, plan) for plan in plans if plan.does is Does.UPDATE and plan.target is not None]
    db.conn.executemany(_PERSON, [_person(id, plan, homes, pinyin, now_us) for id, plan in new])  # noqa: A001 the column
    _change(db, changed, homes, pinyin, by=by, now_us=now_us)
    _tell(db, [*new, *changed], now_us=now_us)
    for person, plan in (*new, *changed):
        if "watch_s" in plan.after:
            _watch(db, person, plan, now_us=now_us)


def _person(
    id: str,  # noqa: A002 as its column
    plan: Plan,
    homes: Mapping[str, int],
    pinyin: Mapping[str, str],
    now_us: int,
) -> dict[str, Any]:
    after = plan.after
    household = homes[after["household"]] if "household" in after else None
    stored = {"id": id, "household": household, "care": care.stored(after["care"]), "pinyin": pinyin[after["name"]]}
    return {**{name: after[name] for name in FIELDS}, **stored, "now_us": now_us}


def _change(
    db: Database,
    changed: Sequence[tuple[str, Plan]],
    homes: Mapping[str, int],
    pinyin: Mapping[str, str],
    *,
    by: str,
    now_us: int,
) -> None:
    """The same columns of many rows by one statement, and what each field was before."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    histories: list[tuple[object, ...]] = []
    # A history tells households by their ids, as people.change does.
    ids = _households_before(db, changed)
    for person, plan in changed:
        after = {name: plan.after[name] for name in ("household", *FIELDS) if name in plan.after}
        before = {name: plan.before[name] for name in after}
        if "household" in after:
            after["household"], before["household"] = homes[after["household"]], ids.get(person)
        if "care" in after:
            after["care"], before["care"] = care.stored(after["care"]), care.stored(before["care"])
        for name, value in after.items():
            histories.append((f"person/{person}", name, _text(before[name]), _text(value), by, now_us))
        if "name" in after:
            after["pinyin"] = pinyin[after["name"]]
        if after:
            alike[tuple(after)].append({**after, "id": person})
    db.conn.executemany(_HISTORY, histories)
    for names, rows in alike.items():
        sets = ", ".join(f"{name} = :{name}" for name in names)
        db.conn.executemany(f"UPDATE people SET {sets} WHERE id = :id", rows)  # noqa: S608 our own names


def _households_before(db: Database, changed: Sequence[tuple[str, Plan]]) -> dict[str, int]:
    moves = [person for person, plan in changed if "household" in plan.after]
    if not moves:
        return {}
    return dict(db.execute("SELECT id, household FROM people WHERE household NOT NULL").fetchall())


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _tell(db: Database, rows: Sequence[tuple[str, Plan]], *, now_us: int) -> None:
    told = [
        (plan.before.get("contact") is None, {**plan.after["contact"], "person": person, "now_us": now_us})
        for person, plan in rows
        if "contact" in plan.after
    ]
    db.conn.executemany(_CONTACT, [contact for is_new, contact in told if is_new])
    db.conn.executemany(_CONTACT_CHANGE, [contact for is_new, contact in told if not is_new])


def _watch(db: Database, person: str, plan: Plan, *, now_us: int) -> None:
    period_s = plan.after["watch_s"]
    if plan.before.get("watch_s") is None:
        watches.create(db, person=person, period_s=period_s, last_seen_us=None, now_us=now_us)
        return
    watch = watches.get_by_person(db, person)
    assert watch is not None
    watches.change(db, watch.id, now_us=now_us, period_s=period_s)
