"""Rows of a table of people: found by their id, or by name with what else is known of them, else new."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store.import_households import by_number, moved
from hub_server.store.import_plans import (
    NOT_YOURS,
    Does,
    ImportRow,
    Lands,
    Mistake,
    NewHousehold,
    Plan,
    Planned,
    RowError,
    Words,
    planned_change,
    rows_of,
)
from hub_server.store.reach import Reach, condition
from hub_server.store.recipients import CONTACTS_MAX

FIELDS: Final = ("name", "kind", "area", "grid", "relation", "address", "phone", "born", "note", "care")
_EMPTY: Final[Mapping[str, Any]] = {**dict.fromkeys(FIELDS, ""), "kind": "resident", "born": None, "care": []}
_HEAD: Final = "户主"


def plan(db: Database, rows: Sequence[ImportRow], reach: Reach) -> Planned:
    """What each would do; nothing is written. In `before` and `after` households stand by their numbers."""
    known = _Known(db, rows, reach)
    plans: list[Plan] = []
    mistakes: list[Mistake] = []
    for row in rows:
        try:
            plans.append(_plan(row, known))
        except RowError as error:
            mistakes.append(error.of(row.number))
    return Planned(
        plans=tuple(plans),
        mistakes=tuple(mistakes),
        new_areas=known.lands.new,
        new_households=_new_households(plans, known),
    )


class _Known:
    """Whom and what the rows may mean, as far as it is there and within reach."""

    def __init__(self, db: Database, rows: Sequence[ImportRow], reach: Reach) -> None:
        self.reach = reach
        self.lands = Lands(db, reach)
        self.households = by_number(db, _said(rows, "household"))
        self.landed = _landed(rows)
        self.people = _people(db, rows, reach)
        self.by_name: dict[str, list[dict[str, Any]]] = {}
        for person in self.people.values():
            self.by_name.setdefault(person["name"], []).append(person)
        sql = "SELECT id FROM people WHERE id IN (SELECT value FROM json_each(:values))"
        self.taken = {row["id"] for row in rows_of(db, sql, _said(rows, "id"))}  # out of reach and removed ones, too
        self.contacts = _contacts(db, self.people)
        sql = "SELECT person, period_s, active FROM watches WHERE person IN (SELECT value FROM json_each(:values))"
        self.watches = {row["person"]: row for row in rows_of(db, sql, self.people)}
        self.claimed: dict[str, int] = {}  # person -> the row that means them


def _said(rows: Sequence[ImportRow], name: str) -> list[Any]:
    return list(dict.fromkeys(row.values[name] for row in rows if name in row.values))


def _landed(rows: Sequence[ImportRow]) -> dict[str, ImportRow]:
    """Each household's first row that says where it lies: the others of the file may leave that out."""
    found: dict[str, ImportRow] = {}
    for row in rows:
        if "household" in row.values and ("area" in row.values or "grid" in row.values):
            found.setdefault(row.values["household"], row)
    return found


def _people(db: Database, rows: Sequence[ImportRow], reach: Reach) -> dict[str, dict[str, Any]]:
    sql = f"""
        SELECT p.id, p.name, p.kind, p.area, p.grid, h.number AS household, p.relation, p.address, p.phone, p.born,
            p.note, p.care
        FROM people p LEFT JOIN households h ON h.id = p.household
        WHERE p.removed_us IS NULL AND {condition("p.area", "p.grid")}
        AND (p.name IN (SELECT value FROM json_each(:values)) OR p.id IN (SELECT value FROM json_each(:ids)))
    """  # noqa: S608 our own words
    ids = json.dumps(_said(rows, "id"))
    found = rows_of(db, sql, _said(rows, "name"), ids=ids, reach=reach.value)
    return {row["id"]: {**row, "care": sorted(row["care"].split())} for row in found}


def _contacts(db: Database, people: Mapping[str, object]) -> dict[str, list[dict[str, Any]]]:
    sql = (
        "SELECT person, name, relation, phone FROM contacts"
        " WHERE person IN (SELECT value FROM json_each(:values)) ORDER BY id"
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(db, sql, people):
        found.setdefault(row.pop("person"), []).append(row)
    return found


def _plan(row: ImportRow, known: _Known) -> Plan:
    person, hint = _meant(row, known)
    _demand_household(row, known)
    if person is None:
        return _new(row, known, hint)
    first = known.claimed.setdefault(person["id"], row.number)
    if first != row.number:
        raise RowError("name", (f"与第 {first} 行是同一个人", f"the same person as in row {first}"))
    return _update(row, person, known)


def _meant(row: ImportRow, known: _Known) -> tuple[dict[str, Any] | None, Words | None]:
    """Who of those that are there; None: somebody new. Raises RowError when it might be several."""
    values = row.values
    if "id" in values:
        found = known.people.get(values["id"])
        if found is None and values["id"] in known.taken:
            raise RowError(
                "id", ("这个编号已经用过（已移除，或不在您的片区）", "the id is taken: removed, or not in your areas")
            )
        return found, None
    named = known.by_name.get(values["name"], [])
    same = [person for person in named if _is_same(person, values)]
    if len(same) > 1:
        raise RowError(
            "name",
            (
                f"已有 {len(same)} 位同名且资料相符的人，请填编号",
                f"{len(same)} people of this name fit: say which by the id",
            ),
        )
    if same:
        return same[0], None
    if not named:
        return None, None
    zh, en = f"已有 {len(named)} 位同名的人，将登记为另一人", f"{len(named)} of this name are there: this is one more"
    return None, (zh, en)


def _is_same(person: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """The name is: do they share anything else, and is the date of birth not another one?"""
    if "born" in values and person["born"] is not None:
        return bool(values["born"] == person["born"])
    shares = any(values.get(name) and values[name] == person[name] for name in ("household", "address"))
    return shares or bool(_digits(values.get("phone")) and _digits(values.get("phone")) == _digits(person["phone"]))


def _digits(phone: str | None) -> str:
    return "".join(sign for sign in phone or "" if sign.isdigit())


def _demand_household(row: ImportRow, known: _Known) -> None:
    found = known.households.get(row.values.get("household", ""))
    if found is not None and not known.reach.covers(found["area"], found["grid"]):
        raise RowError("household", (f"户号已有，但{NOT_YOURS[0]}", f"the household is there, but it {NOT_YOURS[1]}"))


def _new(row: ImportRow, known: _Known, hint: Words | None) -> Plan:
    values = row.values
    after = {**_EMPTY, **{name: values[name] for name in ("id", "household", *FIELDS) if name in values}}
    if not (after["area"] or after["grid"]) and "household" in after:
        found = known.households.get(after["household"])
        landed = known.landed.get(after["household"])
        from_others: Mapping[str, Any] = found or (landed.values if landed is not None else {})
        after |= {"area": from_others.get("area", ""), "grid": from_others.get("grid", "")}
    after["area"], after["grid"] = known.lands.settle(after["area"], after["grid"])
    if "contact_name" in values:
        after["contact"] = _contact(values, None)
    if "watch_hours" in values:
        after["watch_s"] = values["watch_hours"]
    return Plan(row=row.number, does=Does.NEW, label=after["name"], after=after, hint=hint)


def _update(row: ImportRow, person: Mapping[str, Any], known: _Known) -> Plan:
    values = row.values
    said = {name: values[name] for name in ("household", *FIELDS) if name in values}
    if _digits(said.get("phone")) == _digits(person["phone"]):
        said.pop("phone", None)  # the same number, with other blanks
    said |= moved(said, person, known.lands)
    before = dict(person)
    if "contact_name" in values:
        before["contact"] = _contact_before(values["contact_name"], person["id"], known)
        said["contact"] = _contact(values, before["contact"])
    hint = None
    if "watch_hours" in values:
        watch = known.watches.get(person["id"])
        before["watch_s"], said["watch_s"] = None if watch is None else watch["period_s"], values["watch_hours"]
        if watch is not None and not watch["active"]:
            hint = ("守望已停用，不会自动打开", "the watch is off and stays off")
    return planned_change(row.number, person["id"], person["name"], before, said, hint)


def _contact(values: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, str]:
    kept = before or {"relation": "", "phone": ""}
    phone = values.get("contact_phone", kept["phone"])
    return {
        "name": values["contact_name"],
        "relation": values.get("contact_relation", kept["relation"]),
        "phone": kept["phone"] if _digits(phone) == _digits(kept["phone"]) else phone,
    }


def _contact_before(name: str, person: str, known: _Known) -> dict[str, Any] | None:
    there = known.contacts.get(person, [])
    found = next((one for one in there if one["name"] == name), None)
    if found is None and len(there) >= CONTACTS_MAX:
        raise RowError(
            "contact_name", (f"已有 {CONTACTS_MAX} 位家属，放不下了", f"there are {CONTACTS_MAX} contacts already")
        )
    return found


def _new_households(plans: Sequence[Plan], known: _Known) -> tuple[NewHousehold, ...]:
    """Those that nobody has filed yet, as the row of their head says, else their first row."""
    found: dict[str, tuple[bool, NewHousehold]] = {}
    for one in plans:
        number = one.after.get("household")
        if number is None or number in known.households:
            continue
        person = {**known.people[one.target], **one.after} if one.target is not None else one.after
        is_head = person["relation"] == _HEAD
        if number not in found or (is_head and not found[number][0]):
            home = NewHousehold(number=number, area=person["area"], grid=person["grid"], address=person["address"])
            found[number] = (is_head, home)
    return tuple(home for _, home in found.values())
