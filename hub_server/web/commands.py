"""/api/v1/…/commands: a device is asked for something now, with a reason; a picture is looked at, and that is noted.

Who may ask depends on what is asked: a picture shows whoever stands there, so it takes the right to see personal data;
a self test is a technician's. Whoever sees equipment sees that something was asked; why, and what came, they do not.
"""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

from flask import Response
from msgspec import Meta, Struct

from edge_agent.wire.commands import PICTURE, SELF_TEST
from hub_server.store import commands
from hub_server.store.commands import Command
from hub_server.store.errors import NotFoundError
from hub_server.web import command_resources as resources
from hub_server.web import fields
from hub_server.web.auth import Caller, caller
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import ProblemError
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339, rfc3339_or_none
from hub_server.web.writing import write

blueprint = Routes("commands", __name__)

SCOPE_OF: Final[Mapping[str, Scope]] = {PICTURE: Scope.REVEAL, SELF_TEST: Scope.DEVICES}
"""What each kind takes, to ask for it and to read of it. A new kind takes its line here."""
LIST_MAX: Final = 50
JPEG: Final = "image/jpeg"
_ID_BYTES: Final = 16
_GONE: Final = "there is no picture here: none came, or its hour is over"

KindName = Annotated[resources.Kind, Meta(description="picture or self_test")]


class NewCommand(Struct, kw_only=True, forbid_unknown_fields=True):
    """`by`: who asks; else the name of the token. Both stay at the hub: the device is told neither."""

    kind: KindName
    reason: fields.ReasonNotBlank
    by: fields.Author | None = None


class CommandsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=LIST_MAX, description=f"a number from 1 to {LIST_MAX}")] = 20


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/devices/<device>/commands",
        summary="The device is asked now, once; what became of it stands at the Location within 20 s",
        scope=Scope.EQUIPMENT,
        body=NewCommand,
        answer=resources.Command,
        status=HTTPStatus.CREATED,
        conflict="too many are under way: come again in 20 s",
        rules="A `picture` takes the scope reveal, a `self_test` the scope devices.",
    )
)
def create(device: str, body: NewCommand) -> Response:
    store, who = office().store, caller()
    demand_kind(who, body.kind)
    id_, by = secrets.token_hex(_ID_BYTES), who.author(body.by)
    row = write(
        lambda db: commands.create(
            db,
            id=id_,
            device=device,
            kind=body.kind,
            arguments={},
            reason=body.reason,
            asked_by=by,
            now_us=store.now_us(),
        ),
        detail={"kind": body.kind, "fields": ["reason"]},
    )
    if not office().asked_devices.ask(id_=id_, device=device, kind=body.kind, arguments={}):
        store.write(lambda db: commands.give_up(db, id_, now_us=store.now_us(), why="too many are under way"))
        raise ProblemError(HTTPStatus.CONFLICT, "too many are under way for this device: come again in 20 s")
    return answer(shape(row, has_picture=False), HTTPStatus.CREATED, location=f"/api/v1/commands/{id_}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/devices/<device>/commands",
        summary="What this device was asked for, the newest first",
        scope=Scope.EQUIPMENT,
        query=CommandsQuery,
        answer=resources.Commands,
    )
)
def index(device: str, asked: CommandsQuery) -> Response:
    with office().store.read() as db:
        rows = commands.of_device(db, device, kinds=SCOPE_OF, limit=asked.limit)
    return answer({"items": [shown_to(caller(), row) for row in rows], "next": None})


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/commands/<command>",
        summary="What became of it",
        scope=Scope.EQUIPMENT,
        answer=resources.Command,
        rules="`reason` and `facts` are empty for whoever may not ask for this kind.",
    )
)
def show(command: str) -> Response:
    with office().store.read() as db:
        row = commands.find(db, command)
    return answer(shown_to(caller(), row))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/commands/<command>/picture",
        summary="The picture that it brought: in the hub's memory for an hour, on no disk",
        scope=Scope.REVEAL,
        answer=bytes,
        content=JPEG,
        looks=True,
    )
)
def picture(command: str) -> Response:
    jpeg = office().asked_devices.picture(command)
    if jpeg is None:
        raise NotFoundError(_GONE)
    return Response(jpeg, content_type=JPEG, headers={"Cache-Control": "no-store"})


def kinds_of(who: Caller) -> frozenset[str]:
    """What the caller may ask for."""
    return frozenset(kind for kind, scope in SCOPE_OF.items() if who.may(scope))


def demand_kind(who: Caller, kind: str) -> None:
    """Raises ProblemError (403) for a kind that is not the caller's to ask for."""
    if kind not in kinds_of(who):
        scope = SCOPE_OF.get(kind, Scope.ADMIN)
        raise ProblemError(HTTPStatus.FORBIDDEN, f"{kind} takes the scope {scope}")


def shown_to(who: Caller, row: Command) -> resources.Command:
    """What people wrote, and what the device found, is for those who may ask for the same."""
    found = shape(row, has_picture=has_picture(row))
    return found if row.kind in kinds_of(who) else {**found, "reason": "", "facts": {}, "picture": None}


def has_picture(row: Command) -> bool:
    return row.kind == PICTURE and office().asked_devices.picture(row.id) is not None


def shape(row: Command, *, has_picture: bool) -> resources.Command:
    """As the API shows it."""
    return {
        "id": row.id,
        "device": row.device,
        "place": row.place,
        "kind": row.kind,
        "reason": row.reason,
        "asked_by": row.asked_by,
        "asked_at": rfc3339(row.asked_us),
        "sent_at": rfc3339_or_none(row.sent_us),
        "settled_at": rfc3339_or_none(row.settled_us),
        "state": "waiting" if row.outcome is None else row.outcome.value,
        "why": row.why,
        "latency_ms": row.latency_ms,
        "facts": dict(row.facts),
        "picture": f"/api/v1/commands/{row.id}/picture" if has_picture else None,
    }
