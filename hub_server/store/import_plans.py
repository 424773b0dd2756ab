"""What one row of a table that somebody brought would do: said before it is done, and compared when it is."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import whereabouts
from hub_server.store.reach import Reach

Words = tuple[str, str]
"""The same in Chinese and in English."""
NOT_YOURS: Final[Words] = ("不在您的片区", "is not in your areas")


class Does(StrEnum):
    NEW = "new"
    UPDATE = "update"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportRow:
    """What a row says, by the names of tables/columns.py; what it does not say is not there."""

    number: int  # as the spreadsheet counts
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a row would do. Of NEW `after` is all that it becomes, of UPDATE what becomes other than `before`."""

    row: int
    does: Does
    target: str | None = None  # the id of what is there already
    label: str = ""  # for people: a name, a household's number, a plate
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    hint: Words | None = None  # what whoever decides should know


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """Why a row cannot be taken over. `column`: a name of tables/columns.py; "" for the row as a whole."""

    row: int
    column: str
    zh: str
    en: str


class RowError(Exception):
    """One row is refused, and which column of it."""

    def __init__(self, column: str, words: Words) -> None:
        self.column = column
        self.words = words
        super().__init__(f"{column}: {words[0]}")

    def of(self, row: int) -> Mistake:
        return Mistake(row=row, column=self.column, zh=self.words[0], en=self.words[1])


@dataclass(frozen=True, kw_only=True, slots=True)
class NewHousehold:
    """One that the rows of its people make."""

    number: str
    area: str
    grid: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """All rows of a table against the store as it is."""

    plans: tuple[Plan, ...]
    mistakes: tuple[Mistake, ...]
    new_areas: tuple[str, ...] = ()  # areas and grids that would be put on the list
    new_households: tuple[NewHousehold, ...] = ()


def planned_change(
    row: int, target: str, label: str, before: Mapping[str, Any], wanted: Mapping[str, Any], hint: Words | None
) -> Plan:
    """An update, or nothing when it is like that already."""
    other = {name: value for name, value in wanted.items() if before[name] != value}
    return Plan(
        row=row,
        does=Does.UPDATE if other else Does.UNCHANGED,
        target=target,
        label=label,
        before={name: before[name] for name in other},
        after=other,
        hint=hint,
    )


def rows_of(db: Database, sql: str, values: Iterable[object], **named: object) -> list[dict[str, Any]]:
    """Of a query that takes `values` as the JSON array :values, in one go however many they are."""
    return list(db.query(sql, {"values": json.dumps(list(values), ensure_ascii=False), **named}))


class Lands:
    """Areas and grids as they are: whether a row may lie where it says, and what would be new."""

    def __init__(self, db: Database, reach: Reach) -> None:
        self._db = db
        self._reach = reach
        self._known: dict[str, tuple[str, str | None]] = {
            name: (kind, parent) for name, kind, parent in db.execute("SELECT name, kind, parent FROM areas")
        }
        self._new: dict[str, None] = {}
        self._said: dict[str, str] = {}  # a grid that is new -> the area that a row has given it
        self._outside: dict[tuple[str, str], str | None] = {}

    @property
    def new(self) -> tuple[str, ...]:
        return tuple(self._new)

    def settle(self, area: str, grid: str, *, otherwise: str = "") -> tuple[str, str]:
        """The area and grid that the row will have: a known grid brings its area. Raises RowError.

        `otherwise`: the area when neither the row nor its grid says one.
        """
        kind, parent = self._known.get(grid, ("", None))
        area = area or parent or self._said.get(grid, "") or otherwise
        self._demand_kinds(area, grid, kind)
        above = parent if parent is not None else self._said.get(grid)
        if grid and above is not None and above != area:
            raise RowError(
                "grid",
                (
                    f"网格“{grid}”属于{above}，不属于{area or '空的社区'}；网格名全街道不能重复，例如“桂花村第1网格”",
                    f"the grid lies in {above}: the names of grids are unique in the whole office",
                ),
            )
        self._demand_within(area, grid)
        for name in (area, grid):
            if name and name not in self._known:
                self._new[name] = None
        if grid and area and kind != "grid":
            self._said[grid] = area
        return area, grid

    def _demand_kinds(self, area: str, grid: str, kind: str) -> None:
        if area and self._known.get(area, ("", None))[0] == "grid":
            raise RowError("area", (f"“{area}”是网格，不是社区或村", "is a grid, not a community or village"))
        if (grid and kind not in {"", "grid"}) or (grid and grid == area):
            raise RowError("grid", (f"“{grid}”是社区或村，不是网格", "is a community or village, not a grid"))
        if any("/" in name for name in (area, grid)):
            raise RowError("area" if "/" in area else "grid", ("名称里不能有 /", "must not have a /"))

    def _demand_within(self, area: str, grid: str) -> None:
        if self._reach.areas is None:
            return
        if (area, grid) not in self._outside:
            self._outside[area, grid] = whereabouts.outside(self._db, self._reach, area=area, grid=grid)
        wrong = self._outside[area, grid]
        if wrong is not None:
            raise RowError(wrong, self._why(area if wrong == "area" else grid))

    def _why(self, name: str) -> Words:
        if not name:
            return "请填社区/村", "say which community or village"
        if name not in self._known:
            return f"没有“{name}”，请管理员先建立", "there is none: an administrator makes it first"
        return NOT_YOURS
