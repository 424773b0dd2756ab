"""Every step of a rollout, with the way back. When to take which: hub_server.app.rollout_rules, or somebody."""

# ruff: noqa: A001, A002 -- arguments are named as their columns: id, type, hash

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_agent.wire.device_config import Settings
from hub_server.store import alarms, limits, releases
from hub_server.store.alarms import AlarmKind
from hub_server.store.errors import ConflictingChangeError, InvalidValueError
from hub_server.store.reach import EVERYWHERE, Reach, condition
from hub_server.store.releases import ReleaseKind
from hub_server.store.rollouts import LAST_STAGE, WAIT_S_MAX, Change, PartState, Rollout, RolloutState, get, parts

STAGE_SHARE: Final = 0.1
"""Of all devices, in the second stage: at least one."""
DEVICES_MAX: Final = 5000
_TARGETS: Final = f"""
    SELECT id FROM devices WHERE retired_us IS NULL AND (:area IS NULL OR area = :area OR grid = :area)
        AND {condition("area", "grid")} ORDER BY id
"""  # noqa: S608 our own names


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRollout:
    """What somebody asks for. Either `release`, or `change` with `whole` and `joins`."""

    kind: ReleaseKind
    devices: tuple[str, ...]
    change: Change
    whole: bool
    joins: bool
    release: int | None
    note: str
    wait_s: int


def targets(db: Database, *, area: str | None, reach: Reach = EVERYWHERE) -> tuple[str, ...]:
    """The devices of an area or grid, of every one for None, within reach; those that are retired are left out."""
    return tuple(device for (device,) in db.execute(_TARGETS, {"area": area, "reach": reach.value}))


def create(db: Database, new: NewRollout, *, by: str, now_us: int) -> Rollout:
    """Begins its first stage. Raises InvalidValueError, NotFoundError, ConflictingChangeError: one runs there."""
    staged = _staged(_checked(db, new))
    cursor = db.execute(
        "INSERT INTO rollouts (kind, change, whole, joins, release, note, wait_s, state, stage, made_us, made_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'running', 0, ?, ?)",
        (
            new.kind,
            json.dumps(new.change, ensure_ascii=False, sort_keys=True),
            int(new.whole),
            int(new.joins),
            new.release,
            limits.text("note", new.note, releases.NOTE_CHARS_MAX),
            new.wait_s,
            now_us,
            by,
        ),
    )
    id = cursor.lastrowid
    assert id is not None
    for stage, device in staged:
        _add_part(db, id, new, device=device, stage=stage)
    _settle_alarms(db, get(db, id), now_us=now_us)
    _begin_stage(db, get(db, id), 0, now_us=now_us)
    return get(db, id)


def advance(db: Database, id: int, *, now_us: int) -> Rollout:
    """The next stage begins. Raises NotFoundError, ConflictingChangeError."""
    row = _running(db, id)
    if row.stage >= LAST_STAGE or not _rest(db, id):
        raise ConflictingChangeError("没有下一阶段了；all devices have it on offer: there is no further stage")
    _begin_stage(db, row, row.stage + 1, now_us=now_us)
    return get(db, id)


def note_well(db: Database, id: int, *, since_us: int | None) -> None:
    """Since when all that the stage waits for are well; None: they are not."""
    db.execute("UPDATE rollouts SET since_us = ? WHERE id = ? AND state = 'running'", (since_us, id))


def note_gone(db: Database, id: int, gone: Mapping[str, int | None]) -> None:
    """Since when its devices are offline."""
    db.conn.executemany(
        "UPDATE rollout_devices SET gone_us = ? WHERE rollout = ? AND device = ?",
        [(gone_us, id, device) for device, gone_us in gone.items()],
    )


def finish(db: Database, id: int, *, now_us: int) -> Rollout:
    """Every stage has passed. Devices that were offline get it when they come back."""
    _end(db, _running(db, id), RolloutState.DONE, detail="", by="", now_us=now_us)
    return get(db, id)


def fail(db: Database, id: int, *, detail: str, now_us: int) -> Rollout:
    """It stops; devices that have it get back what they had, under a newer version; the operator is told."""
    row = _running(db, id)
    _go_back(db, row, now_us=now_us)
    _end(db, row, RolloutState.FAILED, detail=detail, by="", now_us=now_us)
    alarms.raise_(db, kind=AlarmKind.ROLLOUT, subject=f"rollout/{id}", detail=detail, since_us=now_us, now_us=now_us)
    return get(db, id)


def stop(db: Database, id: int, *, back: bool, by: str, now_us: int) -> Rollout:
    """No further device gets it; with `back` those that have it get back what they had. Of one that has failed: noted.

    Raises NotFoundError, ConflictingChangeError when it is over.
    """
    row = get(db, id)
    if row.state is RolloutState.FAILED:
        alarms.clear(db, kind=AlarmKind.ROLLOUT, subject=f"rollout/{id}", now_us=now_us)
        return row
    _running(db, id)
    if back:
        _go_back(db, row, now_us=now_us)
    else:
        for device in _in_state(db, id, PartState.OFFERED):
            releases.withdraw(db, device, row.kind)
            _set_state(db, id, device, PartState.WAITING)
    _end(db, row, RolloutState.STOPPED, detail="", by=by, now_us=now_us)
    return get(db, id)


def held(db: Database, device: str, kind: ReleaseKind, *, version: int, now_us: int) -> None:
    """The device's receipt."""
    releases.held(db, device, kind, version=version, now_us=now_us)
    db.execute(
        "UPDATE rollout_devices SET state = iif(state = 'offered', 'held', 'returned'), held_us = ?, detail = ''"
        " WHERE device = ? AND kind = ? AND version = ? AND state IN ('offered', 'returning')",
        (now_us, device, kind, version),
    )


def refused(db: Database, device: str, kind: ReleaseKind, *, version: int, trouble: str) -> None:
    """The device's word that it did not take it, or has gone back."""
    releases.refused(db, device, kind, version=version, trouble=trouble)
    db.execute(
        "UPDATE rollout_devices SET state = 'failed', detail = ?"
        " WHERE device = ? AND kind = ? AND version = ? AND state IN ('offered', 'returning')",
        (trouble, device, kind, version),
    )


def _checked(db: Database, new: NewRollout) -> list[tuple[str, bool]]:
    """The devices, those that are online first. Raises InvalidValueError, NotFoundError, ConflictingChangeError."""
    names = sorted(set(new.devices))
    if not 1 <= len(names) <= DEVICES_MAX:
        raise InvalidValueError("devices", f"one device at least, {DEVICES_MAX} at most")
    if not 0 <= new.wait_s <= WAIT_S_MAX:
        raise InvalidValueError("wait_s", f"from 0 to {WAIT_S_MAX}")
    if new.release is not None and not releases.exists(db, new.release):
        raise InvalidValueError("release", f"没有版本 {new.release} 的模型；there are no models of this version")
    rows = db.execute(
        "SELECT id, online FROM devices WHERE retired_us IS NULL AND id IN (SELECT value FROM json_each(?))"
        " ORDER BY online DESC, id",
        [json.dumps(names)],
    ).fetchall()
    missing = set(names) - {device for device, _ in rows}
    if missing:
        raise InvalidValueError(
            "devices", f"没有这些设备；there are no such devices: {', '.join(sorted(missing)[:10])}"
        )
    busy = db.execute(
        "SELECT device, rollout FROM rollout_devices WHERE active = 1 AND kind = ?"
        " AND device IN (SELECT value FROM json_each(?)) ORDER BY device LIMIT 1",
        (new.kind, json.dumps(names)),
    ).fetchone()
    if busy is not None:
        raise ConflictingChangeError(
            f"{busy[0]} 还在推送 {busy[1]} 中，等它结束或停止它；{busy[0]} is in rollout {busy[1]}, not over yet"
        )
    return [(device, bool(online)) for device, online in rows]


def _staged(devices: Sequence[tuple[str, bool]]) -> list[tuple[int, str]]:
    """One, then ten percent, then all: who is online goes first, for only that proves anything."""
    second = 1 + max(1, math.ceil(len(devices) * STAGE_SHARE))
    return [(0 if n == 0 else 1 if n < second else 2, device) for n, (device, _) in enumerate(devices)]


def _add_part(db: Database, id: int, new: NewRollout, *, device: str, stage: int) -> None:
    known = releases.of_kind(db, device, new.kind)
    before = None if known is None else known.settings
    settings: Settings | None = None
    if new.kind is ReleaseKind.CONFIG:
        settings = releases.merged({} if new.whole or before is None else before, new.change)
    db.execute(
        "INSERT INTO rollout_devices (rollout, device, kind, stage, settings, before_settings, before_release)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, device, new.kind, stage, _json(settings), _json(before), None if known is None else known.release),
    )


def _begin_stage(db: Database, row: Rollout, stage: int, *, now_us: int) -> None:
    db.execute("UPDATE rollouts SET stage = ?, since_us = NULL WHERE id = ?", (stage, row.id))
    due = db.execute(
        "SELECT device, settings FROM rollout_devices WHERE rollout = ? AND stage <= ? AND state = 'waiting'",
        (row.id, stage),
    ).fetchall()
    lag = {part.device: part.lag for part in parts(db, row.id)}
    for device, settings in due:
        if row.kind is ReleaseKind.CONFIG:
            version = releases.want_settings(db, device, settings=json.loads(settings), joins=row.joins, now_us=now_us)
        else:
            assert row.release is not None
            version = releases.want_models(db, device, release=row.release, now_us=now_us)
        db.execute(
            "UPDATE rollout_devices SET state = 'offered', version = ?, offered_us = ?, lag_before = ?,"
            " awaited = (SELECT online FROM devices WHERE id = device) WHERE rollout = ? AND device = ?",
            (version, now_us, lag[device], row.id, device),
        )


def _go_back(db: Database, row: Rollout, *, now_us: int) -> None:
    """What it offered or brought is taken back, everywhere. Who has gone back by itself is left alone."""
    for device in _in_state(db, row.id, PartState.FAILED):
        releases.withdraw(db, device, row.kind)
    for device in (*_in_state(db, row.id, PartState.OFFERED), *_in_state(db, row.id, PartState.HELD)):
        version = _offer_before(db, row, device, now_us=now_us)
        if version is None:
            releases.withdraw(db, device, row.kind)
            continue
        db.execute(
            "UPDATE rollout_devices SET state = 'returning', version = ? WHERE rollout = ? AND device = ?",
            (version, row.id, device),
        )


def _offer_before(db: Database, row: Rollout, device: str, *, now_us: int) -> int | None:
    settings, release = db.execute(
        "SELECT before_settings, before_release FROM rollout_devices WHERE rollout = ? AND device = ?",
        (row.id, device),
    ).fetchone()
    if row.kind is ReleaseKind.CONFIG:
        before = {} if settings is None else json.loads(settings)
        return releases.want_settings(db, device, settings=before, joins=False, now_us=now_us)
    if release is None:
        release = releases.installed(db, by=row.made_by, now_us=now_us).version
    return releases.want_models(db, device, release=release, now_us=now_us)


def _end(db: Database, row: Rollout, state: RolloutState, *, detail: str, by: str, now_us: int) -> None:
    db.execute(
        "UPDATE rollouts SET state = ?, detail = ?, ended_us = ?, ended_by = ? WHERE id = ?",
        (state, detail, now_us, by, row.id),
    )
    db.execute("UPDATE rollout_devices SET active = 0 WHERE rollout = ?", [row.id])


def _settle_alarms(db: Database, row: Rollout, *, now_us: int) -> None:
    """Who rolls the same kind out again to one of its devices has read why the last one stopped."""
    again = db.execute(
        "SELECT DISTINCT old.rollout FROM rollout_devices old JOIN rollout_devices new ON new.device = old.device"
        " AND new.kind = old.kind WHERE new.rollout = ? AND old.rollout <> new.rollout",
        [row.id],
    ).fetchall()
    for subject in alarms.standing(db, AlarmKind.ROLLOUT) & {f"rollout/{id}" for (id,) in again}:
        alarms.clear(db, kind=AlarmKind.ROLLOUT, subject=subject, now_us=now_us)


def _running(db: Database, id: int) -> Rollout:
    row = get(db, id)
    if row.state is not RolloutState.RUNNING:
        raise ConflictingChangeError(f"推送 {id} 已经结束；rollout {id} is over: {row.state}")
    return row


def _rest(db: Database, id: int) -> bool:
    return bool(_in_state(db, id, PartState.WAITING))


def _in_state(db: Database, id: int, state: PartState) -> list[str]:
    rows = db.execute("SELECT device FROM rollout_devices WHERE rollout = ? AND state = ? ORDER BY device", (id, state))
    return [device for (device,) in rows]


def _set_state(db: Database, id: int, device: str, state: PartState) -> None:
    db.execute("UPDATE rollout_devices SET state = ? WHERE rollout = ? AND device = ?", (state, id, device))


def _json(settings: Settings | None) -> str | None:
    return None if settings is None else json.dumps(settings, ensure_ascii=False, sort_keys=True)
