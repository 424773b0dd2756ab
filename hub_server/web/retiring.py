"""/api/v1/devices/<device>/{revocation,retire,unretire}: a card that was stolen; a device that is no more."""

from http import HTTPStatus

from flask import Response
from msgspec import Struct

from hub_server.store import retiring
from hub_server.web import fields, issuing_resources, resources, shapes
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("retiring", __name__)


class Reason(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why, for whoever looks later."""

    reason: fields.Reason


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/devices/<device>/revocation",
        summary="A stolen card: the device's certificates and token count no more; it needs a new card",
        scope=Scope.DEVICES,
        body=Reason,
        answer=issuing_resources.Revocation,
        status=HTTPStatus.CREATED,
    )
)
def revoke(device: str, body: Reason) -> Response:
    part = office()
    void = write(lambda db: retiring.revoke(db, device, reason=body.reason, now_us=part.store.now_us()))
    made: issuing_resources.Revocation = {
        "device": device,
        "revoked": [one.serial for one in void],
        "broker": part.issuing.settle(),
    }
    return answer(made, HTTPStatus.CREATED)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/devices/<device>/retire",
        summary="A device that is no more: it may not speak, and lists leave it out",
        scope=Scope.DEVICES,
        body=Reason,
        answer=resources.Device,
        conflict="it is retired already",
    )
)
def retire(device: str, body: Reason) -> Response:
    part = office()
    row, _ = write(lambda db: retiring.retire(db, device, reason=body.reason, now_us=part.store.now_us()))
    part.issuing.settle()
    return answer(shapes.device(row))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/devices/<device>/unretire",
        summary="It is on the lists again; to speak it needs a new card",
        scope=Scope.DEVICES,
        answer=resources.Device,
        conflict="it is not retired",
    )
)
def unretire(device: str) -> Response:
    part = office()
    row = write(lambda db: retiring.unretire(db, device, now_us=part.store.now_us()))
    part.issuing.settle()
    return answer(shapes.device(row))
