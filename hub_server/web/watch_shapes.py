"""How pauses, observations, corrections, explanations and hints look in JSON. Pure."""

from typing import Any

from hub_server.store.explain import Explanation
from hub_server.store.rhythm import Hint
from hub_server.store.rows import Correction, Observation, Pause
from hub_server.web import watch_resources as resources
from hub_server.web.times import rfc3339, rfc3339_or_none


def pause(row: Pause, *, now_us: int) -> resources.Pause:
    return {
        "id": row.id,
        "person": row.person,
        "from": rfc3339(row.from_us),
        "until": rfc3339(row.until_us),
        "reason": row.reason,
        "author": row.author,
        "recorded_at": rfc3339(row.created_us),
        "ended_at": rfc3339_or_none(row.ended_us),
        "ended_by": row.ended_by or "",
        "alert": row.alert,
        "state": _pause_state(row, now_us),
    }


def observation(row: Observation) -> resources.Observation:
    return {
        "id": row.id,
        "person": row.person,
        "kind": row.kind,
        "at": rfc3339(row.at_us),
        "author": row.author,
        "note": row.note,
        "recorded_at": rfc3339(row.created_us),
        "withdrawn_at": rfc3339_or_none(row.withdrawn_us),
        "withdrawn_by": row.withdrawn_by or "",
    }


def correction(row: Correction) -> resources.Correction:
    return {
        "event": row.event,
        "person": row.person,
        "other": row.other,
        "author": row.author,
        "note": row.note,
        "at": rfc3339(row.at_us),
    }


def explanation(found: Explanation) -> resources.Explanation:
    return {
        "person": found.person,
        "sentences": [{"key": one.key, "zh": one.zh, "en": one.en} for one in found.sentences],
        "facts": _facts(found.facts),
    }


def hint(row: Hint) -> resources.Hint:
    return {
        "person": row.person,
        "person_name": row.name,
        "area": row.area,
        "usual_by": rfc3339(row.usual_by_us),
        "last_seen_at": rfc3339(row.since_us),
        "share": round(row.share, 4),
        "zh": row.zh,
        "en": row.en,
    }


def _pause_state(row: Pause, now_us: int) -> resources.PauseState:
    if row.ended_us is not None or row.until_us <= now_us:
        return "over"
    return "to_come" if row.from_us > now_us else "on"


def _facts(value: Any) -> Any:
    """The same with times as everywhere in the API: `due_us` becomes `due_at`."""
    if isinstance(value, dict):
        return dict(_fact(name, inner) for name, inner in value.items())
    return [_facts(inner) for inner in value] if isinstance(value, list | tuple) else value


def _fact(name: str, value: Any) -> tuple[str, Any]:
    if name == "at_us":
        return "at", rfc3339(value)
    if name.endswith("_us"):
        return f"{name.removesuffix('_us')}_at", rfc3339_or_none(value)
    return name, _facts(value)
