"""/api/v1/people/<person>/consents: what somebody agreed to be recognised for, and its withdrawal."""

from http import HTTPStatus

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from edge_agent.wire.gallery import Purpose
from hub_server.store import consents, people
from hub_server.store.consents import Basis, Consent
from hub_server.store.errors import NotFoundError
from hub_server.web import fields, resources, shapes
from hub_server.web.auth import caller
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import note, write

blueprint = Routes("consents", __name__)


class NewConsent(Struct, kw_only=True, forbid_unknown_fields=True):
    """`text_version` names the text that was explained and signed, or the legal order."""

    purpose: fields.PurposeName
    text_version: fields.TextVersion
    given_on: fields.Day
    collector: fields.Author
    guardian: fields.Guardian = ""
    basis: fields.BasisName = "consent"


class Withdrawal(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who has taken it down."""

    by: fields.Author = "api"


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/consents",
        summary="What a person agreed to, and withdrew; the oldest first",
        scope=Scope.READ,
        answer=resources.ConsentPage,
        looks=True,
    )
)
def index(person: str) -> Response:
    with office().store.read() as db:
        demand_person(db, person)
        rows = consents.of_person(db, person)
    return listed(rows, shapes.consent, limit=len(rows) + 1)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/consents",
        summary="A person agrees to a purpose",
        scope=Scope.PEOPLE,
        body=NewConsent,
        answer=resources.Consent,
        status=HTTPStatus.CREATED,
        conflict="the person has agreed to this purpose already",
        rules="The person's date of birth must be known; for a child under 14 on that day `guardian` must be named; "
        "`given_on` is not in the future; the basis `legal` goes with the purpose `watchlist` only.",
    )
)
def create(person: str, body: NewConsent) -> Response:
    store = office().store

    def job(db: Database) -> Consent:
        return consents.give(
            db,
            person=person,
            purpose=Purpose(body.purpose),
            basis=Basis(body.basis),
            text_version=body.text_version,
            given_on=body.given_on,
            collector=body.collector,  # as the signed form says; who wrote it down stands in the audit
            guardian=body.guardian,
            now_us=store.now_us(),
        )

    return answer(shapes.consent(write(job)), HTTPStatus.CREATED, location=f"/api/v1/people/{person}/consents")


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/consents/<purpose>/withdraw",
        summary="It counts no longer; with the last one, template and photos are erased everywhere",
        scope=Scope.PEOPLE,
        body=Withdrawal,
        answer=resources.Consent,
    )
)
def withdraw(person: str, purpose: str, body: Withdrawal) -> Response:
    if purpose not in set(Purpose):
        raise NotFoundError(f"there is no purpose {purpose}")
    withdrawn = office().custody.withdraw(person, Purpose(purpose), by=caller().author(body.by))
    note({"fields": ["by"], "purpose": purpose})
    return answer(shapes.consent(withdrawn))


def demand_person(db: Database, person: str) -> None:
    """Raises NotFoundError."""
    if people.get(db, person) is None:
        raise NotFoundError(f"there is no person {person}")
