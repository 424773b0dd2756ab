"""Examples of passages and counts in the same small office that `examples.py` tells of."""

from edge_agent.wire.messages import Direction, PlateVerdict
from hub_server.web import traffic_resources

_PERSON: traffic_resources.TrafficPassage = {
    "id": 3,
    "kind": "known",
    "captured_at": "2026-11-23T21:44:10.000000Z",
    "clock_trusted": True,
    "received_at": "2026-11-23T21:44:11.000000Z",
    "device": "east-gate",
    "place": "东门 East gate",
    "camera": "east",
    "person": "p-li",
    "person_name": "李秀兰",
    "score": 0.71,
    "strict": True,
    "counts": True,
    "corrected": False,
    "direction": None,
    "text": None,
    "listed": None,
    "verdict": None,
    "vehicle": None,
}
_VEHICLE: traffic_resources.TrafficPassage = {
    **_PERSON,
    "id": 2,
    "kind": "vehicle_known",
    "captured_at": "2026-11-23T21:43:10.000000Z",
    "received_at": "2026-11-23T21:43:11.000000Z",
    "camera": "lane",
    "person": None,
    "person_name": None,
    "score": None,
    "strict": False,
    "counts": False,
    "direction": Direction.IN,
    "text": "粤B12345",
    "listed": "粤B12345",
    "verdict": PlateVerdict.KNOWN,
    "vehicle": 1,
}
_COUNT: traffic_resources.TrafficCount = {
    "at": "2026-11-23T21:00:00.000000Z",
    "weekday": None,
    "hour": None,
    "known": 14,
    "strangers": 6,
    "in": 3,
    "out": 1,
    "unknown": 0,
}
_GATE: traffic_resources.TrafficGate = {
    "id": "east-gate",
    "place": "东门 East gate",
    "known": 312,
    "strangers": 41,
    "in": 31,
    "out": 28,
    "unknown": 0,
}
_CLINIC: traffic_resources.ClinicDay = {
    "place": "桂花村卫生站 Clinic",
    "at": "2026-11-22T16:00:00.000000Z",
    "people": 38,
    "passages": 91,
}
_PAGE: traffic_resources.TrafficPassagePage = {"items": [_PERSON, _VEHICLE], "next": None}
_COUNTS: traffic_resources.TrafficCounts = {"items": [_COUNT]}
_GATES: traffic_resources.TrafficGatePage = {"items": [_GATE], "next": None}
_CLINICS: traffic_resources.ClinicDays = {"items": [_CLINIC]}

TRAFFIC_EXAMPLES: dict[object, object] = {
    traffic_resources.TrafficPassagePage: _PAGE,
    traffic_resources.TrafficCounts: _COUNTS,
    traffic_resources.TrafficGatePage: _GATES,
    traffic_resources.ClinicDays: _CLINICS,
}
