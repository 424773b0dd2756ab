"""How a row looks in JSON: in the API, in the stream, and to the page. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from hub_server.store import care
from hub_server.store.consents import Consent
from hub_server.store.coverage import CameraCoverage, Coverage
from hub_server.store.erasures import Scope as ErasureScope
from hub_server.store.faces import Erased, Face
from hub_server.store.rows import Alert, AlertChange, Device, EventRow, Person, Watch
from hub_server.store.tokens import Token
from hub_server.watch.ladder import Rung
from hub_server.watch.observation import counts
from hub_server.watch.states import WatchState
from hub_server.web import resources
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339, rfc3339_or_none

Json = Mapping[str, object]
RUNG_NAMES: Mapping[Rung, resources.RungName] = {
    Rung.WORKER: "worker",
    Rung.COMMUNITY: "community",
    Rung.OFFICE: "office",
    Rung.FAMILY: "family",
}
PERSON_KINDS: Mapping[str, resources.PersonKindName] = {
    "resident": "resident",
    "tenant": "tenant",
    "visitor": "visitor",
}
RUNGS: Mapping[str, Rung] = {name: rung for rung, name in RUNG_NAMES.items()}


def person(row: Person) -> resources.Person:
    return {
        "id": row.id,
        "name": row.name,
        "address": row.address,
        "phone": row.phone,
        "note": row.note,
        "area": row.area,
        "born": row.born,
        "created_at": rfc3339(row.created_us),
        "grid": row.grid,
        "kind": PERSON_KINDS[row.kind],
        "household": row.household,
        "relation": row.relation,
        "care": list(care.reasons(row.care)),
        "removed_at": rfc3339_or_none(row.removed_us),
    }


def consent(row: Consent) -> resources.Consent:
    return {
        "id": row.id,
        "person": row.person,
        "purpose": row.purpose,
        "basis": row.basis,
        "text_version": row.text_version,
        "given_on": row.given_on,
        "collector": row.collector,
        "guardian": row.guardian,
        "recorded_at": rfc3339(row.recorded_us),
        "withdrawn_at": rfc3339_or_none(row.withdrawn_us),
        "withdrawn_by": row.withdrawn_by,
    }


def face(person: str, row: Face | None, *, kept: int) -> resources.Face:
    return {
        "person": person,
        "enrolled": row is not None,
        "embedder": None if row is None else row.embedder,
        "photos": 0 if row is None else row.photos,
        "photos_kept": kept,
        "quality": None if row is None else round(row.quality, 4),
        "enrolled_at": None if row is None else rfc3339(row.enrolled_us),
        "enrolled_by": "" if row is None else row.enrolled_by,
    }


def erased(erasure: str, person: str) -> resources.Erased:
    return {"erasure": erasure, "person": person}


def erasure(row: Erased) -> resources.Erasure:
    return {
        "id": row.n,
        "erasure": row.erasure,
        "person": row.person,
        "scope": "person" if row.scope is ErasureScope.PERSON else "biometrics",
        "at": rfc3339(row.at_us),
        "receipts": [
            {
                "device": receipt.device,
                "version": receipt.version,
                "received_at": rfc3339_or_none(receipt.received_us),
            }
            for receipt in row.receipts
        ],
    }


def watch(row: Watch, *, state: WatchState, paused_until_us: int | None) -> resources.Watch:
    """`paused_until_us`: the end of the pause that is on."""
    return {
        "id": row.id,
        "person": row.person,
        "person_name": row.person_name,
        "area": row.area,
        "period_s": row.period_s,
        "grace_s": row.grace_s,
        "own_vehicle": row.own_vehicle,
        "active": row.active,
        "created_at": rfc3339(row.created_us),
        "last_seen_at": rfc3339_or_none(row.last_seen_us),
        "last_seen_by": row.last_seen_by,
        "paused_until": rfc3339_or_none(paused_until_us),
        "due_at": rfc3339(row.due_us),
        "state": state,
    }


def alert(row: Alert, *, contact: Person, steps: Sequence[AlertChange]) -> resources.Alert:
    """`contact` is the person of the alert: whom to look for, and where. `steps`: its history, oldest first."""
    taken = next((step for step in reversed(steps) if step.before not in {None, step.after}), None)
    reported = next((step for step in reversed(steps) if step.report is not None), None)
    return {
        "id": row.id,
        "person": row.person,
        "person_name": row.person_name,
        "area": row.area,
        "contact": {"address": contact.address, "phone": contact.phone, "note": contact.note},
        "due_at": rfc3339(row.due_us),
        "raised_at": rfc3339(row.raised_us),
        "last_seen_at": rfc3339_or_none(row.last_seen_us),
        "last_seen_by": row.last_seen_by,
        "state": row.state,
        "outcome": row.outcome,
        "verdict": row.verdict,
        "rung": RUNG_NAMES[Rung(row.rung)],
        "climb_at": rfc3339_or_none(row.climb_us),
        "latest": _latest(steps[-1]),
        "taken": None if taken is None else _latest(taken),
        "reported": _reported(reported),
    }


def _latest(step: AlertChange) -> resources.Latest:
    return {"at": rfc3339(step.at_us), "author": step.author, "note": step.note}


def _reported(step: AlertChange | None) -> resources.Reported | None:
    if step is None or step.report is None:
        return None
    return {"at": rfc3339(step.at_us), "author": step.author, "note": step.note, "report": step.report}


def coverage(found: Coverage) -> resources.Coverage:
    """What each usual camera did in the window of an alert; shares to four places."""
    return {
        "from": rfc3339(found.window.from_us),
        "until": rfc3339(found.window.until_us),
        "verdict": found.verdict,
        "cameras": [_camera_coverage(camera) for camera in found.cameras],
    }


def _camera_coverage(camera: CameraCoverage) -> resources.CameraCoverage:
    return {
        "device": camera.device,
        "place": camera.place,
        "camera": camera.camera,
        "sightings": camera.sightings,
        "watching": round(camera.shares.watching, 4),
        "unknown": round(camera.shares.unknown, 4),
        "missing": [
            {"state": part.state, "cause": part.cause, "share": round(part.share, 4)} for part in camera.shares.missing
        ],
    }


def history(rows: Sequence[AlertChange]) -> list[resources.Step]:
    """Every step of an alert, oldest first."""
    return [
        {
            "at": rfc3339(row.at_us),
            "author": row.author,
            "from": row.before,
            "to": row.after,
            "outcome": row.outcome,
            "report": row.report,
            "rung": None if row.rung is None else RUNG_NAMES[Rung(row.rung)],
            "note": row.note,
        }
        for row in rows
    ]


def device(row: Device) -> resources.Device:
    return {
        "id": row.id,
        "place": row.place,
        "area": row.area,
        "grid": row.grid,
        "created_at": rfc3339(row.created_us),
        "retired_at": rfc3339_or_none(row.retired_us),
        "online": row.online,
        "heard_at": rfc3339_or_none(row.heard_us),
        "agent": row.agent,
        "sync": {
            "epoch": row.epoch,
            "high": row.high,
            "last": row.last,
            "duplicates": row.duplicates,
            "conflicts": row.conflicts,
            "quarantined": row.quarantined,
            "lost": row.lost,
            "refused": row.refused,
        },
        "gallery": {
            "taken": row.seal_key is not None,
            "version": row.gallery_version,
            "people": row.gallery_people,
            "held_version": row.gallery_held_version,
            "held_at": rfc3339_or_none(row.gallery_held_us),
            "trouble": row.gallery_trouble,
        },
    }


def event(row: EventRow, *, corrected: bool) -> resources.Event:
    """`corrected`: somebody said that it was not this person."""
    body = _body(row.body)
    return {
        "id": row.id,
        "device": row.device,
        "place": row.place,
        "camera": row.camera,
        "epoch": row.epoch,
        "seq": row.seq,
        "type": row.type,
        "received_at": rfc3339(row.received_us),
        "captured_at": rfc3339_or_none(row.captured_us),
        "clock_trusted": row.clock_trusted,
        "person": row.person,
        "person_name": row.person_name,
        "score": row.score,
        "strict": row.strict,
        "counts": row.type == "passage"
        and not corrected
        and counts(strict=row.strict, frames=_frames(body), clock_trusted=row.clock_trusted),
        "corrected": corrected,
        "body": body,
    }


def token(row: Token, *, now_us: int) -> resources.Token:
    return {
        "name": row.name,
        "scopes": [scope for scope in Scope if scope in row.scopes],
        "created_at": rfc3339(row.created_us),
        "expires_at": rfc3339_or_none(row.expires_us),
        "last_used_at": rfc3339_or_none(row.last_used_us),
        "revoked_at": rfc3339_or_none(row.revoked_us),
        "state": _token_state(row, now_us),
    }


def _token_state(row: Token, now_us: int) -> resources.TokenState:
    if row.revoked_us is not None:
        return "revoked"
    return "live" if row.lives(now_us=now_us) else "expired"


def _body(text: str) -> object:
    """The event's JSON; of a quarantined event that is none, its text."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text


def _frames(body: object) -> int:
    """Frames behind the identity of a passage; 0 for a stranger."""
    sighting = body.get("sighting") if isinstance(body, dict) else None
    frames = sighting.get("frames") if isinstance(sighting, dict) else None
    return frames if isinstance(frames, int) else 0
