"""How settings, models and rollouts look in JSON. Pure; no password of a camera passes here."""

import re
from collections.abc import Mapping
from typing import Any, Final

from hub_server.store.releases import DeviceRelease, Release
from hub_server.store.rollouts import Part, PartState, Rollout
from hub_server.web import release_resources as resources
from hub_server.web.times import rfc3339

_SECRET: Final = re.compile(r"(?<=://)([^:/@\s]*):[^/\s]*@")


def release(row: Release) -> resources.ModelRelease:
    return {
        "id": row.version,
        "digest": row.digest,
        "bytes": row.bytes,
        "files": list(row.files),
        "note": row.note,
        "made_at": rfc3339(row.made_us),
        "made_by": row.made_by,
    }


def device_release(row: DeviceRelease) -> resources.DeviceRelease:
    return {
        "kind": row.kind,
        "version": row.version,
        "settings": None if row.settings is None else shown(row.settings),
        "release": row.release,
        "offered": row.offered,
        "wanted_at": rfc3339(row.wanted_us),
        "held_version": row.held_version,
        "held_at": None if row.held_us is None else rfc3339(row.held_us),
        "held_settings": None if row.held_settings is None else shown(row.held_settings),
        "held_release": row.held_release,
        "trouble": row.trouble,
    }


def rollout(row: Rollout, counts: Mapping[PartState, int]) -> resources.Rollout:
    stage: resources.Stage = row.stage  # type: ignore[assignment] # the table's CHECK
    return {
        "id": row.id,
        "kind": row.kind,
        "change": shown(row.change),
        "whole": row.whole,
        "joins": row.joins,
        "release": row.release,
        "note": row.note,
        "wait_s": row.wait_s,
        "state": row.state,
        "stage": stage,
        "well_since": None if row.since_us is None else rfc3339(row.since_us),
        "detail": row.detail,
        "made_at": rfc3339(row.made_us),
        "made_by": row.made_by,
        "ended_at": None if row.ended_us is None else rfc3339(row.ended_us),
        "ended_by": row.ended_by,
        "counts": {str(state): counts.get(state, 0) for state in PartState},
    }


def whole_rollout(row: Rollout, parts: list[Part]) -> resources.WholeRollout:
    counts = {state: sum(part.state is state for part in parts) for state in PartState}
    return {**rollout(row, counts), "devices": [device(part) for part in parts]}


def device(row: Part) -> resources.RolloutDevice:
    stage: resources.Stage = row.stage  # type: ignore[assignment]
    return {
        "device": row.device,
        "place": row.place,
        "stage": stage,
        "state": row.state,
        "version": row.version,
        "awaited": row.awaited,
        "online": row.online,
        "offered_at": None if row.offered_us is None else rfc3339(row.offered_us),
        "held_at": None if row.held_us is None else rfc3339(row.held_us),
        "detail": row.detail,
    }


def shown(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Without the passwords that a camera's address may hold."""
    return {
        section: {key: _without_secret(value) for key, value in values.items()} for section, values in settings.items()
    }


def _without_secret(value: Any) -> Any:
    return _SECRET.sub(r"\1:***@", value) if isinstance(value, str) else value
