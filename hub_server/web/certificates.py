"""/api/v1/certificates, /api/v1/issuing: who holds which certificate, when it ends, and who signs them."""

from typing import Annotated, get_args

from flask import Response
from msgspec import Meta, Struct

from hub_server.store import certificates, devices
from hub_server.store.certificates import State
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, issuing_resources, issuing_shapes
from hub_server.web.auth import caller
from hub_server.web.certifying import IssuingUnavailableError
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339

blueprint = Routes("certificates", __name__)

_DAY_US = 24 * 3600 * 1_000_000
StateName = Annotated[State, Meta(description=f"one of {', '.join(get_args(State))}")]
WithinDays = Annotated[int, Meta(ge=0, le=36_500, description="a whole number of days, 0 to 36500")]


class CertificatesQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`ends_within_days`: also those that have ended."""

    state: StateName | None = None
    ends_within_days: WithinDays | None = None
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/certificates",
        summary="Certificates of devices by id",
        scope=Scope.EQUIPMENT,
        query=CertificatesQuery,
        answer=issuing_resources.CertificatePage,
    )
)
def index(asked: CertificatesQuery) -> Response:
    store = office().store
    now_us, days = store.now_us(), asked.ends_within_days
    with store.read() as db:
        rows = certificates.page(
            db,
            after=asked.after,
            limit=asked.limit,
            now_us=now_us,
            state=asked.state,
            ends_before_us=None if days is None else now_us + days * _DAY_US,
            reach=caller().reach,
        )
    return listed(rows, lambda row: issuing_shapes.certificate(row, now_us=now_us), limit=asked.limit)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>/certificates",
        summary="How a device stands with the site: its card, and its newest certificates",
        scope=Scope.EQUIPMENT,
        answer=issuing_resources.DeviceCertificates,
    )
)
def of_device(device: str) -> Response:
    store = office().store
    with store.read() as db:
        row = devices.get(db, device)
        if row is None:
            raise NotFoundError(f"there is no device {device}")
        return answer(issuing_shapes.of_device(db, row, now_us=store.now_us()))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/issuing",
        summary="Whether this hub signs certificates, and what of the site stands on every card",
        scope=Scope.EQUIPMENT,
        answer=issuing_resources.Issuing,
    )
)
def issuing() -> Response:
    part = office()
    made: issuing_resources.Issuing
    try:
        site = part.issuing.site()
    except IssuingUnavailableError as error:
        made = {
            "set_up": False,
            "why": str(error),
            "site": part.mqtt.site,
            "page": part.page_url or "",
            "broker": None,
            "ca": "",
            "sign_key": "",
            "picture_key": "",
            "issuing_ends_at": None,
            "broker_files": "",
        }
        return answer(made)
    made = {
        "set_up": True,
        "why": "",
        "site": site.name,
        "page": site.page,
        "broker": issuing_shapes.address(site),
        "ca": site.ca,
        "sign_key": site.sign_key,
        "picture_key": site.picture_key,
        "issuing_ends_at": rfc3339(site.issuing_ends_us),
        "broker_files": part.issuing.trouble(),
    }
    return answer(made)
