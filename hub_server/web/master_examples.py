"""Examples of households, areas, places, histories and a search in the small office that `examples.py` tells of."""

from hub_server.store.areas import AreaKind
from hub_server.store.places import PlaceKind
from hub_server.web import master_resources
from hub_server.web.areas import AreaChange, NewArea
from hub_server.web.households import HouseholdChange, NewHousehold
from hub_server.web.people import Removal
from hub_server.web.places import NewPlace, PlaceChange

_HOUSEHOLD: master_resources.Household = {
    "id": 1,
    "number": "00001",
    "address": "桂花村 3 组 12 号",
    "area": "桂花村",
    "grid": "桂花村第一网格",
    "phone": "",
    "note": "",
    "people": 1,
    "vehicles": 0,
    "created_at": "2026-11-23T21:39:00.000000Z",
    "removed_at": None,
}
_AREA: master_resources.Area = {
    "name": "桂花村",
    "kind": AreaKind.VILLAGE,
    "parent": "临河街道",
    "code": "",
    "depth": 1,
    "people": 1,
    "households": 1,
    "devices": 1,
    "places": 1,
}
_PLACE: master_resources.Place = {
    "name": "东门 East gate",
    "kind": PlaceKind.GATE,
    "area": "桂花村",
    "grid": "",
    "longitude": 114.0579,
    "latitude": 22.5431,
    "note": "",
    "devices": 1,
    "created_at": "2026-11-23T21:42:00.000000Z",
}
_CHANGE: master_resources.FieldChange = {
    "id": 1,
    "field": "phone",
    "before": "138 0013 0001",
    "after": "138 0013 0009",
    "author": "王敏",
    "at": "2026-11-23T21:40:20.000000Z",
}
_PRIVATE: master_resources.Private = {
    "person": "p-li",
    "address": "桂花村 3 组 12 号",
    "phone": "138 0013 0009",
    "note": "独居",
    "born": "1948-03-05",
    "contacts": [{"id": 1, "phone": "138 0013 0003"}],
}
_HOUSEHOLD_PRIVATE: master_resources.HouseholdPrivate = {
    "household": 1,
    "address": "桂花村 3 组 12 号",
    "phone": "",
    "note": "",
}
_HIT: master_resources.Hit = {
    "kind": "person",
    "id": "p-li",
    "title": "李秀兰",
    "detail": "桂花村第一网格 · 桂花村 3 组 12 号 · 138 0013 0009",
    "path": "/people/p-li",
}
_WHOLE: master_resources.WholeHousehold = {**_HOUSEHOLD, "people": 0, "members": [], "cars": []}
_HOUSEHOLDS: master_resources.HouseholdPage = {"items": [_HOUSEHOLD], "next": None}
_AREAS: master_resources.Areas = {"items": [_AREA]}
_PLACES: master_resources.PlacePage = {"items": [_PLACE], "next": None}
_HISTORY: master_resources.History = {"items": [_CHANGE], "next": None}
_HITS: master_resources.Hits = {"items": [_HIT]}

MASTER_EXAMPLES: dict[object, object] = {
    master_resources.Private: _PRIVATE,
    master_resources.Household: _HOUSEHOLD,
    master_resources.WholeHousehold: _WHOLE,
    master_resources.HouseholdPrivate: _HOUSEHOLD_PRIVATE,
    master_resources.HouseholdPage: _HOUSEHOLDS,
    master_resources.Area: _AREA,
    master_resources.Areas: _AREAS,
    master_resources.Place: _PLACE,
    master_resources.PlacePage: _PLACES,
    master_resources.History: _HISTORY,
    master_resources.Hits: _HITS,
    Removal: {"by": "王敏"},
    NewHousehold: {"address": "桂花村 3 组 12 号", "area": "桂花村", "grid": "桂花村第一网格"},
    HouseholdChange: {"phone": "0755-2600 0000", "by": "王敏"},
    NewArea: {"name": "桂花村", "kind": "village", "parent": "临河街道"},
    AreaChange: {"code": "440305", "by": "王敏"},
    NewPlace: {"name": "东门 East gate", "kind": "gate", "area": "桂花村"},
    PlaceChange: {"longitude": 114.0579, "latitude": 22.5431, "by": "王敏"},
}
