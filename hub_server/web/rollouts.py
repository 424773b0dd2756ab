"""/api/v1/rollouts: new settings or models for devices, one first, then ten percent, then all."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal

from flask import Response
from msgspec import Meta, Struct
from sqlite_utils import Database

from edge_agent.wire.device_config import TEXT_CHARS_MAX, not_allowed
from hub_server.store import rollout_steps, rollouts
from hub_server.store.errors import InvalidValueError
from hub_server.store.reach import Reach
from hub_server.store.releases import ReleaseKind
from hub_server.store.rollout_steps import DEVICES_MAX, NewRollout
from hub_server.store.rollouts import WAIT_S, WAIT_S_MAX, Rollout
from hub_server.web import fields, release_resources, release_shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("rollouts", __name__)

Text = Annotated[str, Meta(max_length=TEXT_CHARS_MAX)]
Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
Change = Annotated[
    dict[Key, dict[Key, bool | int | float | Text | dict[str, float] | None]],
    Meta(description='settings by section and key of agent.toml, such as {"camera": {"fps": 10}}'),
]
Wait = Annotated[int, Meta(ge=0, le=WAIT_S_MAX, description=f"a whole number of seconds, 0 to {WAIT_S_MAX}")]
_TARGETS = "name `devices`, an `area`, or say `everywhere`: one of them"


class RolloutsQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


class WantedRollout(Struct, kw_only=True, forbid_unknown_fields=True):
    """Of the kind config: `change`, laid over what each device has (null takes a setting away), or with `whole` all
    there is to be; with `joins` each device fetches another certificate. Of the kind model: `release`.

    `wait_s`: for so long every device of a stage must be well before the next one begins. `by`: who says so.
    """

    kind: Literal["config", "model"]
    devices: Annotated[list[fields.DeviceId], Meta(max_length=DEVICES_MAX)] = []
    area: fields.AreaName | None = None
    everywhere: bool = False
    change: Change = {}
    whole: bool = False
    joins: bool = False
    release: fields.RowId | None = None
    note: fields.ReleaseNote = ""
    wait_s: Wait = WAIT_S
    by: fields.Author | None = None


class RolloutStop(Struct, kw_only=True, forbid_unknown_fields=True):
    """`back`: devices that have it get back what they had."""

    back: bool = False
    by: fields.Author | None = None


def _check(given: Mapping[str, object]) -> Mapping[str, str]:
    wrong: dict[str, str] = {}
    targets = [bool(given.get("devices")), given.get("area") is not None, bool(given.get("everywhere"))]
    if sum(targets) != 1:
        wrong["devices"] = _TARGETS
    change = given.get("change")
    if isinstance(change, dict) and (forbidden := not_allowed(change)):
        wrong["change"] = f"holds what cannot be set from afar: {', '.join(forbidden)}"
    if given.get("kind") == "model":
        if given.get("release") is None:
            wrong["release"] = "must be the version of a bundle"
        wrong |= {name: "is not for models" for name in ("change", "whole", "joins") if given.get(name)}
    elif given.get("release") is not None:
        wrong["release"] = "is not for settings"
    elif not (change or given.get("whole") or given.get("joins")):
        wrong.setdefault("change", "must change something")
    return wrong


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/rollouts",
        summary="Rollouts all of whose devices are within reach, the newest first",
        scope=Scope.EQUIPMENT,
        query=RolloutsQuery,
        answer=release_resources.RolloutPage,
    )
)
def index(asked: RolloutsQuery) -> Response:
    with office().store.read() as db:
        rows = rollouts.page(db, after=asked.after, limit=asked.limit, reach=caller().reach)
        counts = rollouts.counts(db, [row.id for row in rows])
    return listed(rows, lambda row: release_shapes.rollout(row, counts[row.id]), limit=asked.limit)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/rollouts",
        summary="Begins at one device; the others follow by themselves while all is well",
        scope=Scope.DEVICES,
        body=WantedRollout,
        answer=release_resources.WholeRollout,
        status=HTTPStatus.CREATED,
        conflict="one of the devices is in another rollout of this kind",
        rules=f"Targets: {_TARGETS}. What may be set: edge_agent/wire/BLOBS.md; its values are checked by each device.",
    ),
    check=_check,
)
def create(body: WantedRollout) -> Response:
    store, who = office().store, caller()
    author = who.author(body.by)

    def job(db: Database) -> Rollout:
        wanted = NewRollout(
            kind=ReleaseKind(body.kind),
            devices=_targets(db, body, who.reach),
            change=body.change,
            whole=body.whole,
            joins=body.joins,
            release=body.release,
            note=body.note,
            wait_s=body.wait_s,
        )
        return rollout_steps.create(db, wanted, by=author, now_us=store.now_us())

    row = write(job, made=lambda row: f"rollout/{row.id}")
    return _whole(row.id, HTTPStatus.CREATED, location=f"/api/v1/rollouts/{row.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/rollouts/<row_id:rollout>",
        summary="One rollout, with its devices",
        scope=Scope.EQUIPMENT,
        answer=release_resources.WholeRollout,
    )
)
def show(rollout: int) -> Response:
    return _whole(rollout)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/rollouts/<row_id:rollout>/advance",
        summary="The next stage begins now",
        scope=Scope.DEVICES,
        answer=release_resources.WholeRollout,
        conflict="it is over, or there is no further stage",
    )
)
def advance(rollout: int) -> Response:
    store = office().store
    write(lambda db: rollout_steps.advance(db, rollout, now_us=store.now_us()))
    return _whole(rollout)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/rollouts/<row_id:rollout>/stop",
        summary="No further device gets it; of one that has failed: somebody has read why",
        scope=Scope.DEVICES,
        body=RolloutStop,
        answer=release_resources.WholeRollout,
        conflict="it is over",
    )
)
def stop(rollout: int, body: RolloutStop) -> Response:
    store, author = office().store, caller().author(body.by)
    write(lambda db: rollout_steps.stop(db, rollout, back=body.back, by=author, now_us=store.now_us()))
    return _whole(rollout)


def _targets(db: Database, body: WantedRollout, reach: Reach) -> tuple[str, ...]:
    """Raises InvalidValueError for an area without devices, and for devices that are not there, or not in reach."""
    found = rollout_steps.targets(db, area=body.area, reach=reach)
    if body.devices:
        missing = sorted(set(body.devices) - set(found))
        if missing:
            raise InvalidValueError("devices", f"没有这些设备；there are no such devices: {', '.join(missing[:10])}")
        return tuple(body.devices)
    if not found:
        raise InvalidValueError("area" if body.area is not None else "everywhere", "no device is there")
    return found


def _whole(id_: int, status: HTTPStatus = HTTPStatus.OK, *, location: str | None = None) -> Response:
    with office().store.read() as db:
        told = release_shapes.whole_rollout(rollouts.get(db, id_), rollouts.parts(db, id_))
    return answer(told, status, location=location)
