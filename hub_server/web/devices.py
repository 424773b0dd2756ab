"""/api/v1/devices: the camera points, and the secret each is given once."""

from http import HTTPStatus

from flask import Blueprint, Response
from msgspec import Struct

from hub_server.store import devices
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, shapes
from hub_server.web.decode import json_body, query
from hub_server.web.lists import answer, listed
from hub_server.web.office import office

blueprint = Blueprint("devices", __name__)


class _List(Struct, kw_only=True):
    after: fields.DeviceId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class _New(Struct, kw_only=True):
    id: fields.DeviceId
    place: fields.Place = ""


class _Change(Struct, kw_only=True):
    place: fields.Place


@blueprint.get("/api/v1/devices")
def index() -> Response:
    asked = query(_List)
    with office().store.read() as db:
        rows = devices.page(db, after=asked.after, limit=asked.limit)
    return listed(rows, shapes.device, limit=asked.limit)


@blueprint.post("/api/v1/devices")
def create() -> Response:
    new = json_body(_New)
    store = office().store
    row, secret = store.write(lambda db: devices.create(db, id=new.id, place=new.place, now_us=store.now_us()))
    return answer(
        shapes.device(row) | {"mqtt": _mqtt(row.id, secret)},
        HTTPStatus.CREATED,
        location=f"/api/v1/devices/{row.id}",
    )


@blueprint.get("/api/v1/devices/<device>")
def show(device: str) -> Response:
    with office().store.read() as db:
        row = devices.get(db, device)
    if row is None:
        raise NotFoundError(f"there is no device {device}")
    return answer(shapes.device(row))


@blueprint.patch("/api/v1/devices/<device>")
def change(device: str) -> Response:
    asked = json_body(_Change)
    store = office().store
    row = store.write(lambda db: devices.change(db, device, place=asked.place, now_us=store.now_us()))
    return answer(shapes.device(row))


@blueprint.post("/api/v1/devices/<device>/secret")
def renew(device: str) -> Response:
    """Takes no body. The old secret is void at once."""
    store = office().store
    secret = store.write(lambda db: devices.new_secret(db, device, store.now_us()))
    return answer({"id": device, "mqtt": _mqtt(device, secret)}, HTTPStatus.CREATED)


def _mqtt(device: str, secret: str) -> shapes.Json:
    address = office().mqtt
    return {
        "host": address.host,
        "port": address.port,
        "site": address.site,
        "username": device,
        "password": secret,
    }
