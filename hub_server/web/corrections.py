"""/api/v1/events/<event>/not-this-person: a wrong sighting counts no longer, and the two are told apart better."""

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import corrections
from hub_server.store.rows import Correction
from hub_server.store.whereabouts import is_within
from hub_server.web import fields, watch_resources, watch_shapes
from hub_server.web.auth import caller
from hub_server.web.consents import demand_person
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("corrections", __name__)


class NewCorrection(Struct, kw_only=True, forbid_unknown_fields=True):
    """`other`: who it was, when somebody knows. `by`: who says so; else the name of the token."""

    other: fields.PersonId | None = None
    note: fields.Note = ""
    by: fields.Author | None = None


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/events/<row_id:event>/not-this-person",
        summary="It was somebody else: the sighting counts for nobody, last seen goes back to the last true one",
        scope=Scope.ALERTS,
        body=NewCorrection,
        answer=watch_resources.Correction,
        conflict="it was corrected before",
        rules="The event is a sighting that names somebody; `other` is known, and somebody else.",
    )
)
def create(event: int, body: NewCorrection) -> Response:
    store, who = office().store, caller()
    author = who.author(body.by)

    def job(db: Database) -> Correction:
        if body.other is not None and not is_within(db, "person", body.other, who.reach):
            raise invalid({"other": f"没有 {body.other} 这个人；there is no person {body.other}"})
        return corrections.not_this_person(
            db, event=event, other=body.other, author=author, note=body.note, now_us=store.now_us()
        )

    return answer(watch_shapes.correction(write(job)))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/corrections",
        summary="Sightings that named the person and were somebody else, the newest first",
        scope=Scope.READ,
        answer=watch_resources.CorrectionPage,
        looks=True,
    )
)
def index(person: str) -> Response:
    with office().store.read() as db:
        demand_person(db, person)
        rows = corrections.of(db, person)
    return answer({"items": [watch_shapes.correction(row) for row in rows], "next": None})
