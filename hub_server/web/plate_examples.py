"""Examples of vehicles and plates in the same small office that `examples.py` tells of."""

from edge_agent.wire.messages import Direction, PlateVerdict
from edge_agent.wire.plate import PlateKind
from hub_server.store.vehicles import Change, Owner
from hub_server.web import plate_resources
from hub_server.web.vehicles import NewVehicle, VehicleAmendment

_VEHICLE: plate_resources.Vehicle = {
    "id": 1,
    "plate": "粤B12345",
    "owner": Owner.HOUSEHOLD,
    "label": "桂花村 3 组 12 号",
    "person": None,
    "household": 1,
    "area": "桂花村",
    "grid": "桂花村第一网格",
    "valid_from": None,
    "valid_until": None,
    "state": "valid",
    "devices": ["east-gate"],
    "created_at": "2026-11-23T21:42:10.000000Z",
    "created_by": "王敏",
    "removed_at": None,
    "removed_by": "",
}
_CHANGE: plate_resources.VehicleChange = {
    "at": "2026-11-23T21:42:11.000000Z",
    "author": "token big-screen",
    "change": Change.PLACED,
    "device": "east-gate",
    "label": "桂花村 3 组 12 号",
    "valid_from": None,
    "valid_until": None,
}
_PASSAGE: plate_resources.PlatePassage = {
    "id": 2,
    "device": "east-gate",
    "place": "东门 East gate",
    "camera": "east",
    "direction": Direction.IN,
    "captured_at": "2026-11-23T21:43:10.000000Z",
    "clock_trusted": True,
    "received_at": "2026-11-23T21:43:11.000000Z",
    "duration_ms": 2600,
    "frames": 24,
    "reads": 9,
    "text": "粤B12345",
    "kind": PlateKind.BLUE,
    "score": 0.987,
    "verdict": PlateVerdict.KNOWN,
    "listed": "粤B12345",
}
_GATE: plate_resources.Gate = {
    "id": "east-gate",
    "place": "东门 East gate",
    "in": 31,
    "out": 28,
    "unknown": 0,
    "undated": 0,
}
_VEHICLES: plate_resources.VehiclePage = {"items": [_VEHICLE], "next": None}
_CHANGES: plate_resources.VehicleChanges = {"items": [_CHANGE]}
_PASSAGES: plate_resources.PlatePassagePage = {"items": [_PASSAGE], "next": None}
_GATES: plate_resources.GatePage = {"items": [_GATE], "next": None}
_SERIES: plate_resources.GateSeries = {
    "items": [{"at": "2026-11-23T21:00:00.000000Z", "in": 3, "out": 1, "unknown": 0}]
}

PLATE_EXAMPLES: dict[object, object] = {
    plate_resources.Vehicle: _VEHICLE,
    plate_resources.VehiclePage: _VEHICLES,
    plate_resources.VehicleChanges: _CHANGES,
    plate_resources.PlatePassagePage: _PASSAGES,
    plate_resources.GatePage: _GATES,
    plate_resources.GateSeries: _SERIES,
    NewVehicle: {
        "plate": "粤B·12345",
        "owner": "household",
        "label": "桂花村 3 组 12 号",
        "household": 1,
        "by": "王敏",
    },
    VehicleAmendment: {"valid_until": "2026-12-31T23:59:59+08:00", "by": "王敏"},
}
