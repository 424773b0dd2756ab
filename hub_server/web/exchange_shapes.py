"""How a table that somebody brought looks in JSON. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from hub_server.store.import_plans import Does, Mistake, Plan
from hub_server.store.imports import PREVIEW_US, Facts, Import, ImportKind
from hub_server.tables import columns
from hub_server.tables.columns import Kind
from hub_server.web import exchange_resources as resources
from hub_server.web import exchange_words as words
from hub_server.web.times import rfc3339, rfc3339_or_none

ROWS_SHOWN: Final = 50
MISTAKES_SHOWN: Final = 200
_DOES: Final[dict[Does, Any]] = {Does.NEW: "new", Does.UPDATE: "update", Does.UNCHANGED: "unchanged"}
_COLUMNS: Final[Mapping[str, str]] = {
    "watch_s": "watch_hours",
    "valid_from_us": "valid_from",
    "valid_until_us": "valid_until",
}
"""A field's name in a plan -> its column's, where they differ."""
_SHOWN_BEFORE: Final = frozenset(
    {"name", "kind", "area", "grid", "household", "relation", "care", "watch_s", "label", "owner", "number"}
    | {"valid_from_us", "valid_until_us", "place", "point_kind", "relay"}
)
"""What is not personal enough to be masked: whoever brings a table must not read by it what is in the file."""


def summary(row: Import) -> resources.ImportSummary:
    return {
        "id": row.id,
        "kind": row.kind.value,
        "file_name": row.file_name,
        "author": row.author,
        "created_at": rfc3339(row.created_us),
        "expires_at": None if row.applied_us is not None else rfc3339(row.created_us + PREVIEW_US),
        "applied_at": rfc3339_or_none(row.applied_us),
        "applied_by": row.applied_by,
        "counts": counts(row.facts),
    }


def whole(row: Import) -> resources.Import:
    kind = Kind(row.kind)
    return {
        **summary(row),
        "columns": [column(kind, name) for name in row.facts.columns],
        "unknown": list(row.facts.unknown),
        "notes": [{"zh": zh, "en": en} for zh, en in row.facts.notes],
        "rows": [plan(row.kind, one) for one in _worth_seeing(row.plans)[:ROWS_SHOWN]],
        "mistakes": [mistake(kind, one) for one in row.mistakes[:MISTAKES_SHOWN]],
    }


def counts(facts: Facts) -> resources.ImportCounts:
    return {
        "new": facts.new,
        "update": facts.update,
        "unchanged": facts.unchanged,
        "wrong": facts.wrong,
        "mistakes": facts.mistakes,
        "new_areas": list(facts.new_areas),
        "new_households": facts.new_households,
        "new_watches": facts.new_watches,
    }


def column(kind: Kind, name: str) -> resources.ImportColumn:
    found = columns.column(kind, name)
    return {"name": found.name, "zh": found.zh, "en": found.en}


def mistake(kind: Kind, row: Mistake) -> resources.ImportMistake:
    return {
        "row": row.row,
        "column": column(kind, row.column) if row.column else None,
        "zh": row.zh,
        "en": row.en,
    }


def plan(kind: ImportKind, row: Plan) -> resources.ImportRow:
    return {
        "row": row.row,
        "does": _DOES[row.does],
        "label": row.label,
        "target": row.target,
        "fields": _fields(Kind(kind), row),
        "hint": None if row.hint is None else {"zh": row.hint[0], "en": row.hint[1]},
    }


def _worth_seeing(plans: tuple[Plan, ...]) -> list[Plan]:
    """Rows with a hint first, then what changes, then the new ones; within each by row."""
    order = {Does.UPDATE: 1, Does.NEW: 2, Does.UNCHANGED: 3}
    return sorted(plans, key=lambda one: (0 if one.hint else order[one.does], one.row))


def _fields(kind: Kind, row: Plan) -> list[resources.ImportField]:
    found: list[resources.ImportField] = []
    for name, value in row.after.items():
        if name == "contact":
            found += _contact(kind, value, row.before.get("contact"))
            continue
        after, before = words.text(name, value), words.text(name, row.before.get(name))
        if not after and not before:
            continue
        shown = before if name in _SHOWN_BEFORE and before else None
        found.append({"column": column(kind, _COLUMNS.get(name, name)), "before": shown, "after": after})
    order = [one.name for one in columns.COLUMNS[kind]]
    return sorted(found, key=lambda one: order.index(one["column"]["name"]))


def _contact(kind: Kind, contact: Mapping[str, str], before: Mapping[str, str] | None) -> list[resources.ImportField]:
    return [
        {"column": column(kind, f"contact_{name}"), "before": None, "after": contact[name]}
        for name in ("name", "relation", "phone")
        if contact[name] and (before is None or before[name] != contact[name])
    ]
