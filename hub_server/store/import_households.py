"""Rows of a table of households: found by their number, else new."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import households
from hub_server.store.import_plans import (
    NOT_YOURS,
    Does,
    ImportRow,
    Lands,
    Mistake,
    Plan,
    Planned,
    RowError,
    planned_change,
    rows_of,
)
from hub_server.store.reach import Reach

_FIELDS: Final = ("address", "area", "grid", "phone", "note")


def plan(db: Database, rows: Sequence[ImportRow], reach: Reach) -> Planned:
    """What each would do; nothing is written."""
    lands = Lands(db, reach)
    known = by_number(db, [row.values["number"] for row in rows])
    plans: list[Plan] = []
    mistakes: list[Mistake] = []
    for row in rows:
        try:
            plans.append(_plan(row, known.get(str(row.values["number"])), lands, reach))
        except RowError as error:
            mistakes.append(error.of(row.number))
    return Planned(plans=tuple(plans), mistakes=tuple(mistakes), new_areas=lands.new)


def apply(db: Database, plans: Sequence[Plan], *, by: str, now_us: int) -> None:
    """As planned. Raises what the store refuses: then nothing of it may stay."""
    for one in plans:
        if one.does is Does.NEW:
            households.create(db, now_us=now_us, **one.after)
        elif one.does is Does.UPDATE:
            assert one.target is not None
            households.change(db, int(one.target), by=by, now_us=now_us, **one.after)


def by_number(db: Database, numbers: Sequence[object]) -> dict[str, dict[str, Any]]:
    """The rows of those that are there."""
    sql = (
        "SELECT id, number, address, area, grid, phone, note FROM households"
        " WHERE removed_us IS NULL AND number IN (SELECT value FROM json_each(:values))"
    )
    return {str(row["number"]): row for row in rows_of(db, sql, numbers)}


def _plan(row: ImportRow, before: Mapping[str, Any] | None, lands: Lands, reach: Reach) -> Plan:
    said = {name: row.values[name] for name in _FIELDS if name in row.values}
    if before is None:
        area, grid = lands.settle(said.get("area", ""), said.get("grid", ""))
        after = {**dict.fromkeys(_FIELDS, ""), **said, "area": area, "grid": grid, "number": row.values["number"]}
        return Plan(row=row.number, does=Does.NEW, label=str(row.values["number"]), after=after)
    if not reach.covers(before["area"], before["grid"]):
        raise RowError("number", (f"户号已有，但{NOT_YOURS[0]}", f"the household is there, but it {NOT_YOURS[1]}"))
    said |= moved(said, before, lands)
    return planned_change(row.number, str(before["id"]), str(before["number"]), before, said, None)


def moved(said: Mapping[str, Any], before: Mapping[str, Any], lands: Lands) -> dict[str, str]:
    """Where it lies after a row that names another area or grid; {} when the row names none. Raises RowError.

    Another area without a grid leaves the grid of the old one behind.
    """
    if all(said.get(name, before[name]) == before[name] for name in ("area", "grid")):
        return {}
    stays = said.get("area", before["area"]) == before["area"]
    grid = said.get("grid", before["grid"] if stays else "")
    area, grid = lands.settle(said.get("area", ""), grid, otherwise=before["area"])
    return {"area": area, "grid": grid}
