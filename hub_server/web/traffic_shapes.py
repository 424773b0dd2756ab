"""How passages and counts look in JSON. Pure."""

from typing import Final

from hub_server.store.traffic import Kind, Passage
from hub_server.store.traffic_counts import Bucket, ClinicDay, Counted, GateCounts
from hub_server.web import traffic_resources
from hub_server.web.times import rfc3339

_KINDS: Final[dict[Kind, traffic_resources.PassageKindName]] = {
    Kind.KNOWN: "known",
    Kind.STRANGER: "stranger",
    Kind.VEHICLE_KNOWN: "vehicle_known",
    Kind.VEHICLE_UNKNOWN: "vehicle_unknown",
}


def passage(row: Passage) -> traffic_resources.TrafficPassage:
    return {
        "id": row.id,
        "kind": _KINDS[row.kind],
        "captured_at": rfc3339(row.at_us),
        "clock_trusted": row.clock_trusted,
        "received_at": rfc3339(row.received_us),
        "device": row.device,
        "place": row.place,
        "camera": row.camera,
        "person": row.person,
        "person_name": row.person_name,
        "score": row.score,
        "strict": row.strict,
        "counts": row.counts,
        "corrected": row.corrected,
        "direction": row.direction,
        "text": row.text,
        "listed": row.listed,
        "verdict": row.verdict,
        "vehicle": row.vehicle,
    }


def count(row: Counted, bucket: Bucket) -> traffic_resources.TrafficCount:
    counts = row.counts
    return {
        "at": rfc3339(row.value) if bucket in {Bucket.HOUR, Bucket.DAY} else None,
        "weekday": row.value + 1 if bucket is Bucket.WEEKDAY else None,
        "hour": row.value if bucket is Bucket.HOUR_OF_DAY else None,
        "known": counts.known,
        "strangers": counts.strangers,
        "in": counts.into,
        "out": counts.out,
        "unknown": counts.unknown,
    }


def gate(row: GateCounts) -> traffic_resources.TrafficGate:
    counts = row.counts
    return {
        "id": row.device,
        "place": row.place,
        "known": counts.known,
        "strangers": counts.strangers,
        "in": counts.into,
        "out": counts.out,
        "unknown": counts.unknown,
    }


def clinic(row: ClinicDay) -> traffic_resources.ClinicDay:
    return {"place": row.place, "at": rfc3339(row.day_us), "people": row.people, "passages": row.passages}
