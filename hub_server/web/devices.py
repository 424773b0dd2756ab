"""/api/v1/devices: the camera points, and the secret each is given once."""

from http import HTTPStatus
from typing import Annotated, get_args

from flask import Response
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlite_utils import Database

from hub_server.store import device_lists, devices
from hub_server.store.device_lists import Standing
from hub_server.store.errors import NotFoundError
from hub_server.store.rows import Device
from hub_server.web import fields, resources, shapes
from hub_server.web.auth import caller
from hub_server.web.conditional import if_match
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.profiles import NewProfile, kept
from hub_server.web.reaching import demand_within
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("devices", __name__)


StateName = Annotated[Standing, Meta(description=f"one of {', '.join(get_args(Standing))}")]


class DevicesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`area`: a community, a village or a grid. `behind`: not all it has is stored; `trouble`: something waits.

    `retired`: with "yes" those that are no more, and no others.
    """

    area: fields.Area | None = None
    state: StateName | None = None
    retired: fields.YesNo = "no"
    after: fields.DeviceId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class NewDevice(Struct, kw_only=True, forbid_unknown_fields=True):
    """`place` is for people, `area` the community or village whose people it watches over, `grid` a grid in it.

    `profile`: as PUT of it takes it.
    """

    id: fields.DeviceId
    place: fields.Place = ""
    area: fields.Area = ""
    grid: fields.Area = ""
    profile: NewProfile | None = None


class DeviceChange(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where it stands, and for whom it watches. What is left out stays."""

    place: fields.Place | UnsetType = UNSET
    area: fields.Area | UnsetType = UNSET
    grid: fields.Area | UnsetType = UNSET


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices",
        summary="Devices by id",
        scope=Scope.EQUIPMENT,
        query=DevicesQuery,
        answer=resources.DevicePage,
    )
)
def index(asked: DevicesQuery) -> Response:
    with office().store.read() as db:
        rows = device_lists.page(
            db,
            after=asked.after,
            limit=asked.limit,
            area=asked.area,
            standing=asked.state,
            retired=asked.retired == "yes",
            reach=caller().reach,
        )
    return listed(rows, shapes.device, limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/devices",
        summary="A new device, with its password, shown this once",
        scope=Scope.DEVICES,
        body=NewDevice,
        answer=resources.CreatedDevice,
        status=HTTPStatus.CREATED,
        conflict="there is a device of this id already",
        rules="`area` and `grid` lie in the caller's areas. `settings` of a profile is not deeply nested.",
    )
)
def create(body: NewDevice) -> Response:
    store, reach = office().store, caller().reach

    def job(db: Database) -> tuple[Device, str]:
        demand_within(db, reach, area=body.area, grid=body.grid)
        now_us = store.now_us()
        made = devices.create(db, id=body.id, place=body.place, area=body.area, grid=body.grid, now_us=now_us)
        if body.profile is not None:
            kept(db, body.id, body.profile, now_us=now_us)
        return made

    row, secret = write(job, made=lambda made: f"device/{made[0].id}")
    made: resources.CreatedDevice = {**shapes.device(row), "mqtt": _mqtt(row.id, secret)}
    return answer(made, HTTPStatus.CREATED, location=f"/api/v1/devices/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>",
        summary="One device",
        scope=Scope.EQUIPMENT,
        answer=resources.Device,
    )
)
def show(device: str) -> Response:
    with office().store.read() as db:
        return answer(shapes.device(_get(db, device)))


@blueprint.operation(
    Operation(
        method="PATCH",
        path="/api/v1/devices/<device>",
        summary="Another place, area or grid",
        scope=Scope.DEVICES,
        body=DeviceChange,
        answer=resources.Device,
        versioned=True,
        rules="A device's ETag changes with every message heard from it. `area` and `grid` lie in the caller's areas.",
    )
)
def change(device: str, body: DeviceChange) -> Response:
    store, seen, reach = office().store, if_match(), caller().reach

    def job(db: Database) -> Device:
        before = _get(db, device)
        seen.demand(shapes.device(before))
        if body.area is not UNSET or body.grid is not UNSET:
            area = before.area if body.area is UNSET else body.area
            demand_within(db, reach, area=area, grid=before.grid if body.grid is UNSET else body.grid)
        return devices.change(
            db,
            device,
            place=None if body.place is UNSET else body.place,
            area=None if body.area is UNSET else body.area,
            grid=None if body.grid is UNSET else body.grid,
            now_us=store.now_us(),
        )

    return answer(shapes.device(write(job)))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/devices/<device>/secret",
        summary="A new password, shown this once; the old one is void",
        scope=Scope.DEVICES,
        answer=resources.DeviceSecret,
        status=HTTPStatus.CREATED,
    )
)
def renew(device: str) -> Response:
    store = office().store
    secret = write(lambda db: devices.new_secret(db, device, store.now_us()))
    made: resources.DeviceSecret = {"id": device, "mqtt": _mqtt(device, secret)}
    return answer(made, HTTPStatus.CREATED)


def _mqtt(device: str, secret: str) -> resources.Mqtt:
    address = office().mqtt
    return {
        "host": address.host,
        "port": address.port,
        "site": address.site,
        "username": device,
        "password": secret,
    }


def _get(db: Database, device: str) -> Device:
    row = devices.get(db, device)
    if row is None:
        raise NotFoundError(f"there is no device {device}")
    return row
