"""/api/v1: passages of people and vehicles, filtered and counted. To read only."""

from flask import Response
from msgspec import Struct

from hub_server.store import traffic, traffic_counts
from hub_server.store.traffic import Kind, Wanted
from hub_server.store.traffic_counts import Bucket
from hub_server.store.vehicle_hours import BUCKETS_MAX
from hub_server.web import fields, traffic_resources, traffic_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import OFFICE_ZONE_US, microseconds, today

blueprint = Routes("traffic", __name__)
_TIMES = (
    f"`until` is later than `since`, by {traffic_counts.SPAN_DAYS_MAX} days at most; without them it is today, as the"
    " office's clock has it. Hours count whole, by their beginning."
)


class PassagesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    before: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    device: fields.DeviceId | None = None
    place: fields.Place | None = None
    area: fields.Area | None = None
    person: fields.PersonId | None = None
    plate: fields.Plate | None = None
    kind: fields.PassageKind | None = None
    since: fields.Moment | None = None
    until: fields.Moment | None = None


class CountsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    bucket: fields.TrafficBucket = "hour"
    device: fields.DeviceId | None = None
    place: fields.Place | None = None
    since: fields.Moment | None = None
    until: fields.Moment | None = None


class SpanQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    since: fields.Moment | None = None
    until: fields.Moment | None = None


class GatesOfQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.DeviceId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT
    since: fields.Moment | None = None
    until: fields.Moment | None = None


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/passages",
        summary="People and vehicles that passed, by their time, the newest first",
        scope=Scope.READ,
        query=PassagesQuery,
        answer=traffic_resources.TrafficPassagePage,
        looks=True,
        rules="`plate` must be one (it also finds those that were meant), `before` the id of a passage. `area`: an area"
        " or grid with all that lies in it. Those at cameras in the caller's areas; with `person` of these areas, all.",
    )
)
def passages(asked: PassagesQuery) -> Response:
    with office().store.read() as db:
        rows = traffic.page(
            db,
            Wanted(
                device=asked.device,
                place=asked.place,
                area=asked.area,
                person=asked.person,
                plate=asked.plate,
                kind=None if asked.kind is None else Kind(asked.kind),
                from_us=None if asked.since is None else microseconds(asked.since),
                until_us=None if asked.until is None else microseconds(asked.until),
            ),
            before=asked.before,
            limit=asked.limit,
            reach=caller().reach,
        )
    return listed(rows, traffic_shapes.passage, limit=asked.limit, cursor="before")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/traffic/counts",
        summary="How many people and vehicles passed: by hour, day, weekday or hour of the day",
        scope=Scope.READ,
        query=CountsQuery,
        answer=traffic_resources.TrafficCounts,
        rules=f"{_TIMES} At most {BUCKETS_MAX} hours or days.",
    )
)
def counts(asked: CountsQuery) -> Response:
    since_us, until_us = _times(asked)
    bucket = Bucket(asked.bucket)
    with office().store.read() as db:
        rows = traffic_counts.series(
            db,
            bucket=bucket,
            since_us=since_us,
            until_us=until_us,
            zone_us=OFFICE_ZONE_US,
            device=asked.device,
            place=asked.place,
            reach=caller().reach,
        )
    return answer({"items": [traffic_shapes.count(row, bucket) for row in rows]})


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/traffic/gates",
        summary="Which cameras counted how many people and vehicles",
        scope=Scope.READ,
        query=GatesOfQuery,
        answer=traffic_resources.TrafficGatePage,
        rules=_TIMES,
    )
)
def gates(asked: GatesOfQuery) -> Response:
    since_us, until_us = _times(asked)
    with office().store.read() as db:
        rows = traffic_counts.by_device(
            db, since_us=since_us, until_us=until_us, after=asked.after, limit=asked.limit, reach=caller().reach
        )
    return listed(rows, traffic_shapes.gate, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/traffic/clinics",
        summary="How many different people were seen at each clinic, day by day",
        scope=Scope.READ,
        query=SpanQuery,
        answer=traffic_resources.ClinicDays,
        rules=f"{_TIMES} As far back as events are kept. A clinic is a place of that kind.",
    )
)
def clinics(asked: SpanQuery) -> Response:
    since_us, until_us = _times(asked)
    with office().store.read() as db:
        rows = traffic_counts.clinics(
            db, since_us=since_us, until_us=until_us, zone_us=OFFICE_ZONE_US, reach=caller().reach
        )
    return answer({"items": [traffic_shapes.clinic(row) for row in rows]})


def _times(asked: CountsQuery | SpanQuery | GatesOfQuery) -> tuple[int, int]:
    """What was asked; today on a side that was left out."""
    since_us, until_us = today(office().store.now_us())
    return (
        since_us if asked.since is None else microseconds(asked.since),
        until_us if asked.until is None else microseconds(asked.until),
    )
