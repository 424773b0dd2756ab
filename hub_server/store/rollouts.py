"""Rollouts: new settings or models for many devices, in stages. What they are, and how they stand."""

# ruff: noqa: A001, A002 -- arguments are named as their columns: id, type, hash

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import limits
from hub_server.store.errors import NotFoundError
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.releases import ReleaseKind

LAST_STAGE: Final = 2
WAIT_S: Final = 600
WAIT_S_MAX: Final = 7 * 24 * 3600
Change = Mapping[str, Mapping[str, Any]]
"""Settings by section and key; None takes one away, so that agent.toml's own counts again."""


class RolloutState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by somebody
    FAILED = "failed"  # by itself: a device did not take it, or was not well with it


class PartState(StrEnum):
    """Of one device in a rollout."""

    WAITING = "waiting"  # its stage has not begun
    OFFERED = "offered"
    HELD = "held"  # in force there, and proven
    FAILED = "failed"  # refused, or rolled back by itself
    RETURNING = "returning"  # what it had before is offered
    RETURNED = "returned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """One change for some devices."""

    id: int
    kind: ReleaseKind
    change: Change  # of the kind config
    whole: bool  # `change` is all there is to be; False: it is laid over what each device has
    joins: bool  # each device fetches another certificate, too
    release: int | None  # of the kind model
    note: str
    wait_s: int  # all of a stage must be well for so long before the next one begins
    state: RolloutState
    stage: int  # 0 one device, 1 ten percent, 2 all
    since_us: int | None  # since when all that is waited for are well
    detail: str  # why it failed
    made_us: int
    made_by: str
    ended_us: int | None
    ended_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A device in a rollout, with how it is now."""

    device: str
    place: str
    stage: int
    state: PartState
    version: int | None
    awaited: bool  # it was online when its stage began
    online: bool
    offered_us: int | None
    held_us: int | None
    gone_us: int | None  # since when it is offline
    lag: int  # events that it has and that are not stored here
    lag_before: int
    detail: str


_PAGE: Final = f"""
    SELECT * FROM rollouts r WHERE (:after IS NULL OR id < :after) AND (:reach IS NULL OR NOT EXISTS (
        SELECT 1 FROM rollout_devices p JOIN devices d ON d.id = p.device
        WHERE p.rollout = r.id AND NOT {condition("d.area", "d.grid")}))
    ORDER BY id DESC LIMIT :limit
"""  # noqa: S608 our own names
_PARTS: Final = """
    SELECT p.device, d.place, p.stage, p.state, p.version, p.awaited, d.online, p.offered_us, p.held_us, p.gone_us,
        iif(d.epoch IS NULL, 0, max(0, coalesce(j.last, 0) - coalesce(j.high, 0))) AS lag, p.lag_before, p.detail
    FROM rollout_devices p JOIN devices d ON d.id = p.device
    LEFT JOIN journals j ON j.device = d.id AND j.epoch = d.epoch
    WHERE p.rollout = ? ORDER BY p.stage, p.device
"""


def get(db: Database, id: int) -> Rollout:
    """Raises NotFoundError."""
    for row in db.query("SELECT * FROM rollouts WHERE id = ?", [id]):
        return _rollout(row)
    raise NotFoundError(f"没有推送 {id}；there is no rollout {id}")


def page(db: Database, *, after: int | None, limit: int, reach: Reach = EVERYWHERE) -> list[Rollout]:
    """Newest first, from the one behind `after`; those all of whose devices are within reach."""
    given = {"after": after, "limit": limits.page_rows(limit), "reach": reach.value}
    return [_rollout(row) for row in db.query(_PAGE, given)]


def running(db: Database) -> list[Rollout]:
    return [_rollout(row) for row in db.query("SELECT * FROM rollouts WHERE state = 'running' ORDER BY id")]


def parts(db: Database, id: int) -> list[Part]:
    """Its devices, by stage and name."""
    return [_part(row) for row in db.query(_PARTS, [id])]


def counts(db: Database, ids: Sequence[int]) -> dict[int, dict[PartState, int]]:
    """How many devices of these rollouts are in which state."""
    found: dict[int, dict[PartState, int]] = {id: {} for id in ids}
    rows = db.execute(
        "SELECT rollout, state, count(*) FROM rollout_devices WHERE rollout IN (SELECT value FROM json_each(?))"
        " GROUP BY rollout, state",
        [json.dumps(list(ids))],
    )
    for id, state, count in rows:
        found[id][PartState(state)] = count
    return found


def _rollout(row: dict[str, Any]) -> Rollout:
    return Rollout(
        **{
            **row,
            "kind": ReleaseKind(row["kind"]),
            "state": RolloutState(row["state"]),
            "change": json.loads(row["change"]),
            "whole": bool(row["whole"]),
            "joins": bool(row["joins"]),
        }
    )


def _part(row: dict[str, Any]) -> Part:
    return Part(
        **{**row, "state": PartState(row["state"]), "awaited": bool(row["awaited"]), "online": bool(row["online"])}
    )
