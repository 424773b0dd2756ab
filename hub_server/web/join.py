"""/api/v1/join: a device that holds the token of its card becomes one of the site's. Nothing else lets it in."""

import logging
import time
from http import HTTPStatus
from typing import Annotated, Final, NoReturn

from flask import Response, request
from msgspec import Meta, Struct
from sqlite_utils import Database

from hub_server.store import audit, join_tokens
from hub_server.store.certificates import Certificate
from hub_server.store.join_tokens import Outcome
from hub_server.store.throttle import place_of
from hub_server.web import fields, issuing_resources
from hub_server.web.certifying import RequestRefusedError, Site
from hub_server.web.issuing_shapes import address
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import ProblemError, invalid
from hub_server.web.times import rfc3339

blueprint = Routes("join", __name__)
BODY_BYTES_MAX: Final = 16 * 1024
REQUEST_CHARS_MAX: Final = 8 * 1024
REFUSED: Final = "这张卡不能用了，请重新制卡；this card is no good here: it needs a new one"
USED: Final = "这张卡已经用过了；this card was used, with another key: it needs a new one, and the office has been told"
_KEY_BYTES: Final = 32
_log = logging.getLogger(__name__)

JoinSecret = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=join_tokens.CHARS_MAX,
        description=f"a text of 1 to {join_tokens.CHARS_MAX} characters",
    ),
]
Pkcs10 = Annotated[
    str,
    Meta(min_length=1, max_length=REQUEST_CHARS_MAX, description=f"a request in PEM of 1 to {REQUEST_CHARS_MAX} bytes"),
]
SealKey = Annotated[
    bytes, Meta(min_length=_KEY_BYTES, max_length=_KEY_BYTES, description=f"{_KEY_BYTES} bytes in base64")
]


class Joining(Struct, kw_only=True, forbid_unknown_fields=True):
    """`request`: PKCS #10 for a key of EC P-256, with the device's name as its common name. `seal_key`: X25519."""

    token: JoinSecret
    device: fields.DeviceId
    request: Pkcs10
    seal_key: SealKey


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/join",
        summary="A device joins, with the token of its card",
        scope=None,
        body=Joining,
        body_bytes_max=BODY_BYTES_MAX,
        answer=issuing_resources.Joined,
        status=HTTPStatus.CREATED,
        conflict="the token was used, with another key",
        refuses="the token is unknown, expired, void, or another device's: which of them, nobody is told",
        throttled=True,
        rules="`request` is signed with its own key, an EC P-256 one, and names the device alone.",
    )
)
def enter(body: Joining) -> Response:
    part = office()
    site, now_us = part.issuing.site(), part.store.now_us()
    with part.store.read() as db:
        outcome = join_tokens.look(db, body.token, device=body.device, key_sha256="", now_us=now_us)
    if outcome is Outcome.REFUSED:
        _refuse(body.device)
    if outcome is Outcome.USED:  # with the same key it may come again; with another, not for ever
        _charge(body.device)
    try:
        made = part.issuing.sign(body.device, body.request)
    except RequestRefusedError as error:
        raise invalid({"request": str(error)}) from error
    source = request.remote_addr or ""

    def job(db: Database) -> tuple[Outcome, Certificate | None]:
        done, got = join_tokens.spend(
            db, body.token, device=body.device, made=made, seal_key=body.seal_key.hex(), now_us=part.store.now_us()
        )
        if done is Outcome.JOINS:
            _note(db, body.device, {"source": source}, part.store.now_us())
        return done, got

    done, certificate = part.store.write(job)
    if done is Outcome.USED:
        _log.warning("the card of %s was used a second time, with another key, from %s", body.device, source)
        raise ProblemError(HTTPStatus.CONFLICT, USED)
    if certificate is None:
        _refuse(body.device)
    if done is Outcome.JOINS:
        _log.info("%s has joined, from %s", body.device, source)
        part.issuing.settle()
    return answer(_joined(site, certificate), HTTPStatus.CREATED)


def _joined(site: Site, row: Certificate) -> issuing_resources.Joined:
    return {
        "site": site.name,
        "device": row.device,
        "certificate": row.pem,
        "ca": site.ca,
        "ends_at": rfc3339(row.ends_us),
        "broker": address(site),
        "sign_key": site.sign_key,
        "picture_key": site.picture_key,
        "page": site.page,
    }


def _refuse(device: str) -> NoReturn:
    """Raises ProblemError: the same for every reason, and to come again later for who tries too often."""
    _charge(device)
    raise ProblemError(HTTPStatus.FORBIDDEN, REFUSED)


def _charge(device: str) -> None:
    place = place_of(request.remote_addr or "")
    wait_s = office().joins.charge(place, now_s=time.monotonic())
    if wait_s > 0:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS, "too many wrong tokens: come again", headers={"Retry-After": str(wait_s)}
        )
    _log.warning("somebody who says to be %.63r was not let in, from %s", device, place)


def _note(db: Database, device: str, detail: dict[str, object], now_us: int) -> None:
    actor, action = f"device {device}", "join.enter"
    audit.append(db, actor=actor, action=action, subject=f"device/{device}", detail=detail, now_us=now_us)
