"""/api/v1/people/<person>/contacts and /api/v1/contacts: family and neighbours, the last rung of the ladder."""

from http import HTTPStatus

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import recipients, watches
from hub_server.store.errors import NotFoundError
from hub_server.store.recipients import Contact
from hub_server.web import fields, ladder_resources, ladder_shapes, masking
from hub_server.web.auth import Caller, caller
from hub_server.web.consents import demand_person
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("contacts", __name__)


class NewContact(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without `urls` no message reaches them: a worker may call."""

    name: fields.PersonName
    relation: fields.Relation = ""
    phone: fields.Phone = ""
    urls: fields.UrlsIfAny = []


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/contacts",
        summary="Whom to call about a person; who was added first comes first",
        scope=Scope.READ,
        answer=ladder_resources.FamilyContactPage,
        looks=True,
    )
)
def index(person: str) -> Response:
    who = caller()
    with office().store.read() as db:
        demand_person(db, person)
        rows = recipients.contacts_of(db, person)
        needed = watches.has_alert(db, person)
    return listed(rows, lambda row: _shape(row, who, needed=needed), limit=len(rows) + 1)


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/contacts",
        summary="Somebody to be told or called when nobody else has closed an alert",
        scope=Scope.PEOPLE,
        body=NewContact,
        answer=ladder_resources.FamilyContact,
        status=HTTPStatus.CREATED,
        rules=f"At most {recipients.CONTACTS_MAX} for a person.",
    )
)
def create(person: str, body: NewContact) -> Response:
    store = office().store
    row = write(
        lambda db: recipients.add_contact(
            db,
            person=person,
            name=body.name,
            relation=body.relation,
            phone=body.phone,
            urls=body.urls,
            now_us=store.now_us(),
        )
    )
    return answer(_shape(row, caller()), HTTPStatus.CREATED, location=f"/api/v1/people/{person}/contacts")


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/contacts/<row_id:contact>",
        summary="They are told nothing more",
        scope=Scope.PEOPLE,
        answer=ladder_resources.FamilyContact,
    )
)
def remove(contact: int) -> Response:
    store = office().store

    def job(db: Database) -> Contact:
        found = recipients.addressed(db, f"contact/{contact}")
        if not isinstance(found, Contact):
            raise NotFoundError(f"没有 {contact} 号联系人； there is no contact {contact}")
        recipients.remove_contact(db, contact, now_us=store.now_us())
        return found

    return answer(_shape(write(job), caller()))


def _shape(row: Contact, who: Caller, *, needed: bool = False) -> ladder_resources.FamilyContact:
    """`needed`: an alert of the person is not closed."""
    return masking.contact(ladder_shapes.contact(row), who, needed=needed)
