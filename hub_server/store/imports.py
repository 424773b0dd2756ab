"""Tables that somebody brought: kept as they were read, taken over whole or not at all, forgotten after a day."""

# ruff: noqa: A002 -- arguments are named as their columns: id

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlite_utils import Database

from hub_server.store import (
    import_devices,
    import_households,
    import_people,
    import_people_apply,
    import_vehicles,
    limits,
)
from hub_server.store.errors import ConflictingChangeError, NotFoundError
from hub_server.store.import_plans import Does, ImportRow, Mistake, Plan, Planned
from hub_server.store.reach import Reach

PREVIEW_US: Final = 24 * 3600 * 1_000_000
"""So long somebody may think about a preview; then it is forgotten."""
PREVIEWS_MAX: Final = 5
"""Of one author; one more, and the oldest is forgotten."""
FILE_NAME_CHARS_MAX: Final = 200
MISTAKES_KEPT: Final = 5000
_NAMED: Final = 10  # rows that a refusal names


class ImportKind(StrEnum):
    PEOPLE = "people"
    HOUSEHOLDS = "households"
    VEHICLES = "vehicles"
    DEVICES = "devices"


_PLANS: Final = {
    ImportKind.PEOPLE: import_people.plan,
    ImportKind.HOUSEHOLDS: import_households.plan,
    ImportKind.VEHICLES: import_vehicles.plan,
    ImportKind.DEVICES: import_devices.plan,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What is told of a preview besides its rows. Counts are of rows, but those of areas and households."""

    new: int
    update: int
    unchanged: int
    wrong: int
    mistakes: int  # of all; `Import.mistakes` has the first MISTAKES_KEPT
    new_areas: tuple[str, ...]
    new_households: int
    new_watches: int
    columns: tuple[str, ...]  # understood, by their names in tables/columns.py
    unknown: tuple[str, ...]  # headings that were not
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Import:
    """`plans` and `mistakes` by row; once applied they are gone, and only `facts` is left."""

    id: int
    kind: ImportKind
    file_name: str
    author: str  # Caller.name: whose it is
    created_us: int
    facts: Facts
    plans: tuple[Plan, ...]
    mistakes: tuple[Mistake, ...]
    applied_us: int | None
    applied_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """A table as it was read: rows that are right by themselves, and mistakes of the others."""

    kind: ImportKind
    file_name: str
    rows: tuple[ImportRow, ...]
    mistakes: tuple[Mistake, ...] = ()
    columns: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Encoded for the store: made by a reader, so that the writer only has to keep it."""

    kind: ImportKind
    file_name: str
    rows: bytes
    mistakes: bytes
    facts: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A preview made ready for the writer."""

    id: int
    kind: ImportKind
    rows: tuple[ImportRow, ...]
    plans: tuple[Plan, ...]  # as they were shown
    pinyin: Mapping[str, str]  # by name


class _Kept(msgspec.Struct, frozen=True):
    rows: tuple[ImportRow, ...] = ()
    plans: tuple[Plan, ...] = ()


_KEPT = msgspec.json.Decoder(_Kept)
_MISTAKES = msgspec.json.Decoder(tuple[Mistake, ...])
_FACTS = msgspec.json.Decoder(Facts)
_LIST: Final = "id, kind, file_name, author, created_us, '{}' AS rows, '[]' AS errors, counts, applied_us, applied_by"


def preview(db: Database, brought: Brought, *, reach: Reach) -> Preview:
    """What taking it over would do now, by somebody of this reach. Writes nothing."""
    planned = _PLANS[brought.kind](db, brought.rows, reach)
    mistakes = sorted((*brought.mistakes, *planned.mistakes), key=lambda one: one.row)
    return Preview(
        kind=brought.kind,
        file_name=brought.file_name[:FILE_NAME_CHARS_MAX],
        rows=msgspec.json.encode(_Kept(rows=brought.rows, plans=planned.plans)),
        mistakes=msgspec.json.encode(mistakes[:MISTAKES_KEPT]),
        facts=msgspec.json.encode(_facts(brought, planned, mistakes)),
    )


def keep(db: Database, preview: Preview, *, author: str, now_us: int) -> Import:
    """Until it is applied, removed or PREVIEW_US old. Those of others that are too old go now."""
    expire(db, now_us=now_us)
    limits.text("author", author, limits.AUTHOR_CHARS_MAX, chars_min=1)
    cursor = db.execute(
        "INSERT INTO imports (kind, file_name, author, created_us, rows, errors, counts) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            preview.kind,
            preview.file_name,
            author,
            now_us,
            preview.rows.decode(),
            preview.mistakes.decode(),
            preview.facts.decode(),
        ),
    )
    db.execute(
        "DELETE FROM imports WHERE applied_us IS NULL AND author = ? AND id NOT IN"
        " (SELECT id FROM imports WHERE applied_us IS NULL AND author = ? ORDER BY id DESC LIMIT ?)",
        (author, author, PREVIEWS_MAX),
    )
    assert cursor.lastrowid is not None
    return _get(db, cursor.lastrowid)


def get(db: Database, id: int, *, now_us: int) -> Import | None:
    """None also for a preview that is too old."""
    for row in db.query("SELECT * FROM imports WHERE id = ?", [id]):
        return None if _is_over(row, now_us) else _import(row)
    return None


def page(db: Database, *, author: str | None, now_us: int, limit: int) -> list[Import]:
    """The newest first, without their rows; of one author, or of everybody."""
    sql = (
        f"SELECT {_LIST} FROM imports WHERE (:author IS NULL OR author = :author)"  # noqa: S608 our own words
        " AND (applied_us NOT NULL OR created_us > :since_us) ORDER BY id DESC LIMIT :limit"
    )
    given = {"author": author, "since_us": now_us - PREVIEW_US, "limit": limits.page_rows(limit)}
    return [_import(row) for row in db.query(sql, given)]


def ready(db: Database, id: int, *, now_us: int) -> Ready:
    """What takes its time, done by a reader before the writer's turn.

    Raises NotFoundError, ConflictingChangeError (applied, or rows are wrong).
    """
    for row in db.query("SELECT * FROM imports WHERE id = ?", [id]):
        facts = _FACTS.decode(row["counts"])
        _demand_open(row, facts, now_us)
        kept = _KEPT.decode(row["rows"])
        pinyin = import_people_apply.spellings(kept.plans) if row["kind"] == ImportKind.PEOPLE else {}
        return Ready(id=id, kind=ImportKind(row["kind"]), rows=kept.rows, plans=kept.plans, pinyin=pinyin)
    raise _missing(id)


def apply(db: Database, ready: Ready, *, reach: Reach, by: str, now_us: int) -> Import:
    """All of it, or by what is raised nothing: NotFoundError, ConflictingChangeError (applied, wrong, out of date).

    The store may have changed since the preview: every row is planned again, and one that would do anything else than
    was shown refuses the whole. The writer is held meanwhile: `scripts/bench_imports` says for how long.
    """
    author = limits.text("by", by, limits.AUTHOR_CHARS_MAX, chars_min=1)
    row = next(db.query("SELECT created_us, applied_us, counts FROM imports WHERE id = ?", [ready.id]), None)
    if row is None:
        raise _missing(ready.id)
    _demand_open(row, _FACTS.decode(row["counts"]), now_us)
    planned = _PLANS[ready.kind](db, ready.rows, reach)
    _demand_same(ready.plans, planned)
    if ready.kind is ImportKind.PEOPLE:
        import_people_apply.apply(
            db, planned.plans, planned.new_households, pinyin=ready.pinyin, by=author, now_us=now_us
        )
    elif ready.kind is ImportKind.HOUSEHOLDS:
        import_households.apply(db, planned.plans, by=author, now_us=now_us)
    elif ready.kind is ImportKind.DEVICES:
        import_devices.apply(db, planned.plans, now_us=now_us)
    else:
        import_vehicles.apply(db, planned.plans, by=author, now_us=now_us)
    db.execute(
        "UPDATE imports SET applied_us = ?, applied_by = ?, rows = '{}', errors = '[]' WHERE id = ?",
        (now_us, author, ready.id),
    )
    return _get(db, ready.id)


def remove(db: Database, id: int) -> None:
    """A preview is forgotten. Raises NotFoundError, ConflictingChangeError (it was applied: that stays on file)."""
    found = db.execute("SELECT applied_us FROM imports WHERE id = ?", [id]).fetchone()
    if found is None:
        raise _missing(id)
    if found[0] is not None:
        raise ConflictingChangeError("已经导入的记录留在档案里；what was taken over stays on file")
    db.execute("DELETE FROM imports WHERE id = ?", [id])


def expire(db: Database, *, now_us: int) -> int:
    """Previews that are too old go; how many."""
    return db.execute(
        "DELETE FROM imports WHERE applied_us IS NULL AND created_us <= ?", [now_us - PREVIEW_US]
    ).rowcount


def _demand_open(row: Mapping[str, Any], facts: Facts, now_us: int) -> None:
    if _is_over(row, now_us):
        raise NotFoundError("预览已过期，请重新上传；the preview is too old: bring the file again")
    if row["applied_us"] is not None:
        raise ConflictingChangeError("这份表已经导入过了；it has been taken over already")
    if facts.wrong:
        raise ConflictingChangeError(
            f"还有 {facts.wrong} 行有错，没有导入任何一行；请改好文件再传一次；"
            f"{facts.wrong} rows are wrong, so nothing was taken over: mend the file and bring it again"
        )


def _demand_same(shown: Sequence[Plan], now: Planned) -> None:
    said = {plan.row: _essence(plan) for plan in shown}
    others = sorted(
        {mistake.row for mistake in now.mistakes}
        | {plan.row for plan in now.plans if _essence(plan) != said.get(plan.row)}
    )
    if others:
        named = "、".join(str(row) for row in others[:_NAMED]) + (" …" if len(others) > _NAMED else "")
        raise ConflictingChangeError(
            f"预览之后资料有了变化（第 {named} 行，共 {len(others)} 行），没有导入任何一行；请重新上传；"
            f"since the preview {len(others)} rows would do something else (rows {named}): bring the file again"
        )


def _essence(plan: Plan) -> tuple[object, ...]:
    return plan.does, plan.target, plan.before, plan.after


def _facts(brought: Brought, planned: Planned, mistakes: Sequence[Mistake]) -> Facts:
    does = [plan.does for plan in planned.plans]
    return Facts(
        new=does.count(Does.NEW),
        update=does.count(Does.UPDATE),
        unchanged=does.count(Does.UNCHANGED),
        wrong=len({mistake.row for mistake in mistakes}),
        mistakes=len(mistakes),
        new_areas=planned.new_areas,
        new_households=len(planned.new_households),
        new_watches=sum(1 for plan in planned.plans if "watch_s" in plan.after and plan.before.get("watch_s") is None),
        columns=brought.columns,
        unknown=brought.unknown,
        notes=brought.notes,
    )


def _is_over(row: Mapping[str, Any], now_us: int) -> bool:
    return row["applied_us"] is None and bool(row["created_us"] <= now_us - PREVIEW_US)


def _import(row: Mapping[str, Any]) -> Import:
    return Import(
        id=row["id"],
        kind=ImportKind(row["kind"]),
        file_name=row["file_name"],
        author=row["author"],
        created_us=row["created_us"],
        facts=_FACTS.decode(row["counts"]),
        plans=_KEPT.decode(row["rows"]).plans,
        mistakes=_MISTAKES.decode(row["errors"]),
        applied_us=row["applied_us"],
        applied_by=row["applied_by"],
    )


def _get(db: Database, id: int) -> Import:
    for row in db.query("SELECT * FROM imports WHERE id = ?", [id]):
        return _import(row)
    raise _missing(id)


def _missing(id: int) -> NotFoundError:
    return NotFoundError(f"没有 {id} 号导入，或已过期；there is no import {id}, or it is too old")
