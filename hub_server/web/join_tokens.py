"""/api/v1/devices/<device>/join-tokens: the token on a card, by which a device joins once."""

from http import HTTPStatus
from typing import Annotated

from flask import Response
from msgspec import Meta, Struct
from sqlite_utils import Database

from hub_server.store import devices, join_tokens
from hub_server.store.errors import NotFoundError
from hub_server.web import issuing_resources
from hub_server.web.issuing_shapes import address
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339
from hub_server.web.writing import write

blueprint = Routes("join_tokens", __name__)

Days = Annotated[
    int, Meta(ge=1, le=join_tokens.DAYS_MAX, description=f"a whole number of days, 1 to {join_tokens.DAYS_MAX}")
]


class NewCard(Struct, kw_only=True, forbid_unknown_fields=True):
    """`days`: how long the device has to join."""

    days: Days = join_tokens.DAYS


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/devices/<device>/join-tokens",
        summary="A new card: a token by which the device joins once, shown this once; the one before is void",
        scope=Scope.DEVICES,
        body=NewCard,
        answer=issuing_resources.Card,
        status=HTTPStatus.CREATED,
        conflict="the device is retired",
    )
)
def create(device: str, body: NewCard) -> Response:
    part = office()
    site = part.issuing.site()
    row, secret = write(lambda db: join_tokens.create(db, device, days=body.days, now_us=part.store.now_us()))
    part.issuing.settle()  # before the device speaks: it may have been shut out
    made: issuing_resources.Card = {
        "device": device,
        "token": secret,
        "expires_at": rfc3339(row.expires_us),
        "site": site.name,
        "page": site.page,
        "broker": address(site),
        "ca": site.ca,
        "sign_key": site.sign_key,
    }
    return answer(made, HTTPStatus.CREATED)


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/devices/<device>/join-tokens",
        summary="The token that lives is void",
        scope=Scope.DEVICES,
        answer=issuing_resources.VoidedCard,
    )
)
def void(device: str) -> Response:
    store = office().store

    def job(db: Database) -> bool:
        if not devices.exists(db, device):
            raise NotFoundError(f"there is no device {device}")
        return join_tokens.void(db, device, now_us=store.now_us())

    made: issuing_resources.VoidedCard = {"device": device, "voided": write(job)}
    return answer(made)
