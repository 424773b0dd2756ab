"""Rows of a table of vehicles: found by their plate, else new. Where they may pass is decided at the gates."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import import_households, vehicles
from hub_server.store.import_plans import (
    NOT_YOURS,
    Does,
    ImportRow,
    Mistake,
    Plan,
    Planned,
    RowError,
    planned_change,
    rows_of,
)
from hub_server.store.reach import Reach
from hub_server.store.vehicles import Owner

_SAID: Final = {"label": "label", "valid_from": "valid_from_us", "valid_until": "valid_until_us", "person": "person"}
_KEPT: Final = ("label", "valid_from_us", "valid_until_us")


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
    return Planned(plans=tuple(plans), mistakes=tuple(mistakes))


def apply(db: Database, plans: Sequence[Plan], *, by: str, now_us: int) -> None:
    """As planned. Raises what the store refuses: then nothing of it may stay."""
    numbers = [one.after["household"] for one in plans if one.after.get("household")]
    homes = {number: int(row["id"]) for number, row in import_households.by_number(db, numbers).items()}
    for one in plans:
        if one.does is Does.UNCHANGED:
            continue
        after = dict(one.after)
        belongs = {name: after.pop(name) for name in ("person", "household") if name in after}
        if one.does is Does.NEW:
            id = vehicles.add(db, by=by, now_us=now_us, **{**after, "owner": Owner(after["owner"])}).id  # noqa: A001
        else:
            id = int(one.target or "")  # noqa: A001 as its column
            vehicles.change(db, id, by=by, now_us=now_us, **after)
        if belongs.get("person") is not None:
            vehicles.assign(db, id, person=belongs["person"], by=by, now_us=now_us)
        if belongs.get("household") is not None:
            vehicles.join(db, id, household=homes[belongs["household"]], by=by, now_us=now_us)


class _Known:
    """What the rows name, as far as it is there."""

    def __init__(self, db: Database, rows: Sequence[ImportRow], reach: Reach) -> None:
        self.reach = reach
        sql = (
            "SELECT v.id, v.plate, v.owner, v.label, v.person, h.number AS household, v.area, v.grid, v.valid_from_us,"
            " v.valid_until_us FROM vehicle_rows v LEFT JOIN households h ON h.id = v.household"
            " WHERE v.removed_us IS NULL AND v.plate IN (SELECT value FROM json_each(:values))"
        )
        plates = [row.values["plate"] for row in rows]
        self.vehicles = {str(row["plate"]): row for row in rows_of(db, sql, plates)}
        numbers = [row.values["household"] for row in rows if "household" in row.values]
        self.households = import_households.by_number(db, numbers)
        sql = (
            "SELECT id, name, area, grid FROM people WHERE removed_us IS NULL"
            " AND id IN (SELECT value FROM json_each(:values))"
        )
        ids = [row.values["person"] for row in rows if "person" in row.values]
        self.people = {str(row["id"]): row for row in rows_of(db, sql, ids)}

    def household(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        if "household" not in values:
            return None
        found = self.households.get(str(values["household"]))
        if found is None or not self.reach.covers(found["area"], found["grid"]):
            raise RowError("household", ("没有这个户号，请先导入家庭", "there is no such household: bring those first"))
        return found

    def person(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        if "person" not in values:
            return None
        found = self.people.get(str(values["person"]))
        if found is None or not self.reach.covers(found["area"], found["grid"]):
            raise RowError("person", ("没有这个人员编号", "there is no person of this id"))
        return found


def _plan(row: ImportRow, known: _Known) -> Plan:
    household, person = known.household(row.values), known.person(row.values)
    said = {column: row.values[name] for name, column in _SAID.items() if name in row.values}
    if household is not None:
        said["household"] = household["number"]
    before = known.vehicles.get(str(row.values["plate"]))
    if before is not None:
        return _update(row, before, said, known.reach)
    if known.reach.areas is not None and household is None and person is None:
        raise RowError(
            "household", ("请填户号或车主编号，好知道它在哪个片区", "say the household or person it belongs to")
        )
    named = "" if person is None else str(person["name"])
    label = said.get("label") or named or (f"户 {household['number']}" if household is not None else "")
    new = {**dict.fromkeys(_KEPT), **said, "plate": row.values["plate"], "owner": row.values.get("owner", "household")}
    plate = str(row.values["plate"])
    return Plan(row=row.number, does=Does.NEW, label=plate, after={**new, "label": label or plate})


def _update(row: ImportRow, before: Mapping[str, Any], said: Mapping[str, Any], reach: Reach) -> Plan:
    if not reach.covers(before["area"], before["grid"]):
        raise RowError("plate", (f"车牌已登记，但{NOT_YOURS[0]}", f"the plate is known, but it {NOT_YOURS[1]}"))
    since, until = ({**before, **said}[name] for name in ("valid_from_us", "valid_until_us"))
    if since is not None and until is not None and until <= since:
        raise RowError("valid_until", ("比已登记的开始时间还早", "is before the beginning on file"))
    other = row.values.get("owner", before["owner"]) != before["owner"]
    hint = ("车辆性质不能用导入改，先移除再导入", "another kind of owner: remove it, then import it") if other else None
    return planned_change(row.number, str(before["id"]), str(before["plate"]), before, said, hint)
