"""/api/v1/devices/<device>/profile: what a camera point is made of. Secrets in it are for who may change devices."""

from typing import Annotated, Any

from flask import Response
from msgspec import Meta, Struct
from sqlite_utils import Database

from hub_server.store import device_profiles
from hub_server.store.device_profiles import (
    SETTINGS_BYTES_MAX,
    DeviceProfile,
    PointKind,
)
from hub_server.web import fields, issuing_resources, issuing_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("profiles", __name__)

PointKindName = Annotated[PointKind, Meta(description=f"one of {', '.join(PointKind)}")]
Settings = Annotated[
    dict[str, Any], Meta(description=f"an object of at most {SETTINGS_BYTES_MAX} bytes, not deeply nested")
]


class NewProfile(Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole profile: what is left out is as in one that was never set."""

    kind: PointKindName = PointKind.DOOR
    camera: fields.Camera = "picamera2"
    relay: fields.Relay = ""
    settings: Settings = {}


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>/profile",
        summary="What a device is made of",
        scope=Scope.EQUIPMENT,
        answer=issuing_resources.DeviceProfile,
        rules="Without the scope `devices` passwords in it are ***.",
    )
)
def show(device: str) -> Response:
    with office().store.read() as db:
        return _shown(device_profiles.get(db, device))


@blueprint.operation(
    Operation(
        method="PUT",
        path="/api/v1/devices/<device>/profile",
        summary="What a device is made of, in the place of what was said before",
        scope=Scope.DEVICES,
        body=NewProfile,
        answer=issuing_resources.DeviceProfile,
        rules="`settings` is not deeply nested.",
    )
)
def put(device: str, body: NewProfile) -> Response:
    now_us = office().store.now_us()
    return _shown(write(lambda db: kept(db, device, body, now_us=now_us)))


def kept(db: Database, device: str, body: NewProfile, *, now_us: int) -> DeviceProfile:
    """As `put`, inside a transaction. Raises StoreError, InvalidValueError."""
    return device_profiles.put(
        db, device, kind=body.kind, camera=body.camera, relay=body.relay, settings=body.settings, now_us=now_us
    )


def _shown(row: DeviceProfile) -> Response:
    return answer(issuing_shapes.profile(row, clear=caller().may(Scope.DEVICES)))
