"""How vehicles, plate passages and counts look in JSON. Pure."""

from hub_server.store.plate_passages import PlatePassage
from hub_server.store.vehicle_hours import Bucket, Gate
from hub_server.store.vehicles import Vehicle, VehicleChange
from hub_server.web import plate_resources
from hub_server.web.times import rfc3339, rfc3339_or_none


def vehicle(row: Vehicle, *, now_us: int) -> plate_resources.Vehicle:
    return {
        "id": row.id,
        "plate": row.plate,
        "owner": row.owner,
        "label": row.label,
        "person": row.person,
        "household": row.household,
        "area": row.area,
        "grid": row.grid,
        "valid_from": rfc3339_or_none(row.valid_from_us),
        "valid_until": rfc3339_or_none(row.valid_until_us),
        "state": _state(row, now_us),
        "devices": list(row.devices),
        "created_at": rfc3339(row.created_us),
        "created_by": row.created_by,
        "removed_at": rfc3339_or_none(row.removed_us),
        "removed_by": row.removed_by,
    }


def vehicle_change(row: VehicleChange) -> plate_resources.VehicleChange:
    return {
        "at": rfc3339(row.at_us),
        "author": row.author,
        "change": row.change,
        "device": row.device,
        "label": row.label,
        "valid_from": rfc3339_or_none(row.valid_from_us),
        "valid_until": rfc3339_or_none(row.valid_until_us),
    }


def plate_passage(row: PlatePassage) -> plate_resources.PlatePassage:
    return {
        "id": row.id,
        "device": row.device,
        "place": row.place,
        "camera": row.camera,
        "direction": row.direction,
        "captured_at": rfc3339(row.at_us),
        "clock_trusted": row.clock_trusted,
        "received_at": rfc3339(row.received_us),
        "duration_ms": row.duration_ms,
        "frames": row.frames,
        "reads": row.reads,
        "text": row.text,
        "kind": row.kind,
        "score": row.score,
        "verdict": row.verdict,
        "listed": row.listed,
    }


def gate(row: Gate) -> plate_resources.Gate:
    return {
        "id": row.device,
        "place": row.place,
        "in": row.counted.into,
        "out": row.counted.out,
        "unknown": row.counted.unknown,
        "undated": row.undated,
    }


def bucket(row: Bucket) -> plate_resources.GateBucket:
    return {
        "at": rfc3339(row.began_us),
        "in": row.counted.into,
        "out": row.counted.out,
        "unknown": row.counted.unknown,
    }


def _state(row: Vehicle, now_us: int) -> plate_resources.VehicleState:
    if row.removed_us is not None:
        return "removed"
    if row.valid_until_us is not None and row.valid_until_us <= now_us:
        return "expired"
    return "waiting" if row.valid_from_us is not None and now_us < row.valid_from_us else "valid"
