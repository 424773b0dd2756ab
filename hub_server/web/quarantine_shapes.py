"""How quarantined events and conflicts look in JSON. Pure."""

import re

from hub_server.store.conflicts import KeptConflict
from hub_server.store.quarantine import Quarantined, Released
from hub_server.web import quarantine_resources as resources
from hub_server.web.times import rfc3339, rfc3339_or_none

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def quarantined(row: Quarantined) -> resources.Quarantined:
    return {
        "id": row.id,
        "device": row.device,
        "place": row.place,
        "epoch": row.epoch,
        "seq": row.seq,
        "type": row.type,
        "reason": text(row.reason.encode("utf-8", "surrogatepass")),
        "received_at": rfc3339(row.received_us),
        "bytes": row.size,
        "state": row.state,
        "steps": [
            {"at": rfc3339(step.at_us), "author": step.author, "step": step.step, "note": step.note}
            for step in row.steps
        ],
    }


def whole_quarantined(row: Quarantined, raw: bytes) -> resources.WholeQuarantined:
    return {**quarantined(row), "text": text(raw)}


def released(done: Released) -> resources.Released:
    outcome: resources.ReleaseOutcome = "not_understood" if done.why else "released_before"
    return {
        "outcome": "released" if done.done else outcome,
        "why": text(done.why.encode("utf-8", "surrogatepass")),
        "event": quarantined(done.row),
    }


def conflict(row: KeptConflict) -> resources.Conflict:
    return {
        "id": row.id,
        "device": row.device,
        "place": row.place,
        "epoch": row.epoch,
        "seq": row.seq,
        "hash": row.hash,
        "received_at": rfc3339(row.received_us),
        "bytes": row.size,
        "held": row.held_id,
        "held_hash": row.held_hash,
        "settled_at": rfc3339_or_none(row.settled_us),
        "settled_by": row.settled_by,
        "note": row.note,
    }


def whole_conflict(row: KeptConflict, came: bytes, held: bytes) -> resources.WholeConflict:
    return {**conflict(row), "text": text(came), "held_text": text(held)}


def text(raw: bytes) -> str:
    """Whatever a device sent, so that it can be shown: nothing in it moves a cursor or turns the writing round."""
    return _CONTROL.sub(_escaped, raw.decode("utf-8", "backslashreplace"))


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
