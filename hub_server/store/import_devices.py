"""Rows of a table of devices: found by their name, else new. Cards and certificates are another matter."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import device_profiles, devices
from hub_server.store.device_profiles import DeviceProfile
from hub_server.store.import_households import moved
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

_STANDS: Final = ("place", "area", "grid")
_PROFILE: Final = {"point_kind": "kind", "camera": "camera", "relay": "relay"}
"""A column's name -> the profile's."""
_KNOWN: Final = (
    "SELECT d.id, d.place, d.area, d.grid, d.retired_us, p.kind AS point_kind, p.camera, p.relay, p.settings"
    " FROM devices d LEFT JOIN device_profiles p ON p.device = d.id"
    " WHERE d.id IN (SELECT value FROM json_each(:values))"
)


def plan(db: Database, rows: Sequence[ImportRow], reach: Reach) -> Planned:
    """What each would do; nothing is written."""
    lands = Lands(db, reach)
    found = rows_of(db, _KNOWN, [row.values["device"] for row in rows])
    known = {str(row["id"]): _whole(row) for row in found}
    plans: list[Plan] = []
    mistakes: list[Mistake] = []
    for row in rows:
        try:
            plans.append(_plan(row, known.get(str(row.values["device"])), lands, reach))
        except RowError as error:
            mistakes.append(error.of(row.number))
    return Planned(plans=tuple(plans), mistakes=tuple(mistakes), new_areas=lands.new)


def apply(db: Database, plans: Sequence[Plan], *, now_us: int) -> None:
    """As planned. Raises what the store refuses: then nothing of it may stay.

    A new device gets a password that nobody is told: it joins with a card. (`POST .../secret` makes one that is told.)
    """
    for one in plans:
        if one.does is Does.UNCHANGED:
            continue
        stands = {name: one.after[name] for name in _STANDS if name in one.after}
        if one.does is Does.NEW:
            devices.create(db, id=one.label, now_us=now_us, **stands)
        elif stands:
            devices.change(db, one.label, now_us=now_us, **stands)
        described = {name: one.after[column] for column, name in _PROFILE.items() if column in one.after}
        if described:
            before = device_profiles.get(db, one.label)
            whole = {"kind": before.kind, "camera": before.camera, "relay": before.relay, **described}
            device_profiles.put(db, one.label, settings=before.settings, now_us=now_us, **whole)


def _whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """A device that nobody has described is as DeviceProfile has it."""
    usual = DeviceProfile(device=str(row["id"]))
    return {
        **row,
        "point_kind": row["point_kind"] or str(usual.kind),
        "camera": row["camera"] or usual.camera,
        "relay": usual.relay if row["relay"] is None else row["relay"],
    }


def _plan(row: ImportRow, before: Mapping[str, Any] | None, lands: Lands, reach: Reach) -> Plan:
    name = str(row.values["device"])
    said = {column: row.values[column] for column in (*_STANDS, *_PROFILE) if column in row.values}
    if before is None:
        return _new(row.number, name, said, lands)
    if not reach.covers(before["area"], before["grid"]):
        raise RowError("device", (f"已有这个编号的设备，但{NOT_YOURS[0]}", f"there is one, but it {NOT_YOURS[1]}"))
    if before["retired_us"] is not None:
        raise RowError(
            "device",
            (
                "这个编号的设备已经停用；请换一个编号，或先恢复它",
                "it is retired: take another name, or unretire it first",
            ),
        )
    said |= moved(said, before, lands)
    there = ("已有这台设备，会按表里的改", "there is such a device already: it is changed as the table says")
    change = planned_change(row.number, name, name, before, said, None)
    return change if change.does is Does.UNCHANGED else planned_change(row.number, name, name, before, said, there)


def _new(number: int, name: str, said: Mapping[str, Any], lands: Lands) -> Plan:
    if not said.get("place"):
        raise RowError("place", ("新设备要写安装地点", "a new device needs a place"))
    area, grid = lands.settle(said.get("area", ""), said.get("grid", ""))
    usual = DeviceProfile(device=name)
    profile = {"point_kind": str(usual.kind), "camera": usual.camera, "relay": usual.relay}
    return Plan(row=number, does=Does.NEW, label=name, after={**profile, **said, "area": area, "grid": grid})
