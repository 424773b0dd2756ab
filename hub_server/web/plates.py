"""/api/v1/plate-passages and /api/v1/gates: which vehicles passed, and how many. To read only."""

from flask import Response
from msgspec import Struct

from hub_server.store import plate_passages, vehicle_hours
from hub_server.store.vehicle_hours import DAY_US, HOUR_US
from hub_server.web import fields, plate_resources, plate_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import OFFICE_ZONE_US, microseconds, today

blueprint = Routes("plates", __name__)
_TIMES = "`until` is later than `since`; without them it is today, as the office's clock has it."


class PlatePassagesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    device: fields.DeviceId | None = None
    plate: fields.Plate | None = None
    since: fields.Moment | None = None
    until: fields.Moment | None = None


class GatesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.DeviceId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    since: fields.Moment | None = None
    until: fields.Moment | None = None


class SeriesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    per: fields.Bucket = "hour"
    since: fields.Moment | None = None
    until: fields.Moment | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/plate-passages",
        summary="Vehicles that passed, by their time, newest first; `plate` also finds those that were meant",
        scope=Scope.READ,
        query=PlatePassagesQuery,
        answer=plate_resources.PlatePassagePage,
        rules="`plate` must be one, `before` the id of a passage.",
        looks=True,
    )
)
def index(asked: PlatePassagesQuery) -> Response:
    with office().store.read() as db:
        rows = plate_passages.page(
            db,
            before=asked.before,
            limit=asked.limit,
            device=asked.device,
            plate=asked.plate,
            since_us=None if asked.since is None else microseconds(asked.since),
            until_us=None if asked.until is None else microseconds(asked.until),
            reach=caller().reach,
        )
    return listed(rows, plate_shapes.plate_passage, limit=asked.limit, cursor="before")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/gates",
        summary="Devices that have seen vehicles, and how many went in and out between two times",
        scope=Scope.READ,
        query=GatesQuery,
        answer=plate_resources.GatePage,
        rules=_TIMES,
    )
)
def gates(asked: GatesQuery) -> Response:
    since_us, until_us = _times(asked)
    with office().store.read() as db:
        rows = vehicle_hours.gates(
            db, since_us=since_us, until_us=until_us, after=asked.after, limit=asked.limit, reach=caller().reach
        )
    return listed(rows, plate_shapes.gate, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/gates/<device>/counts",
        summary="How many vehicles went in and out, for each hour or day",
        scope=Scope.READ,
        query=SeriesQuery,
        answer=plate_resources.GateSeries,
        rules=f"{_TIMES} At most {vehicle_hours.BUCKETS_MAX} hours or days.",
    )
)
def series(device: str, asked: SeriesQuery) -> Response:
    since_us, until_us = _times(asked)
    with office().store.read() as db:
        rows = vehicle_hours.series(
            db,
            device=device,
            since_us=since_us,
            until_us=until_us,
            bucket_us=HOUR_US if asked.per == "hour" else DAY_US,
            zone_us=OFFICE_ZONE_US,
        )
    return answer({"items": [plate_shapes.bucket(row) for row in rows]})


def _times(asked: GatesQuery | SeriesQuery) -> tuple[int, int]:
    """What was asked; today on a side that was left out."""
    since_us, until_us = today(office().store.now_us())
    return (
        since_us if asked.since is None else microseconds(asked.since),
        until_us if asked.until is None else microseconds(asked.until),
    )
