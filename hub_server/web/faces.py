"""/api/v1/people/<person>/face: photographs become a template; /api/v1/erasures: what was erased, device by device."""

from dataclasses import replace
from http import HTTPStatus

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import consents, faces
from hub_server.store.errors import ConflictingChangeError
from hub_server.web import fields, resources, shapes
from hub_server.web.auth import caller
from hub_server.web.consents import demand_person
from hub_server.web.enrolling import PhotosRefusedError
from hub_server.web.lists import answer, listed
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import invalid
from hub_server.web.scopes import Scope
from hub_server.web.writing import note

blueprint = Routes("faces", __name__)
BODY_BYTES_MAX = 16 * 1024 * 1024
IMAGE = "image/*"
_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n", "image/png"))


class NewPhotos(Struct, kw_only=True, forbid_unknown_fields=True):
    """Two or three with different light recognise far better than one. They are dropped unless `keep_photos`."""

    photos: fields.Photos
    keep_photos: fields.Truth = False
    by: fields.Author = "api"


class ErasuresQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    after: fields.RowId | None = None
    limit: fields.ListLimit = fields.LIST_LIMIT


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/face",
        summary="Whether a person is enrolled, and how well; no template",
        scope=Scope.READ,
        answer=resources.Face,
        looks=True,
    )
)
def show(person: str) -> Response:
    with office().store.read() as db:
        demand_person(db, person)
        return answer(shapes.face(person, faces.get(db, person), kept=faces.kept_photos(db, person)))


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/people/<person>/face",
        summary="Enrols a person from photographs, in the place of an older enrolment",
        scope=Scope.PEOPLE,
        body=NewPhotos,
        body_bytes_max=BODY_BYTES_MAX,
        answer=resources.Face,
        status=HTTPStatus.CREATED,
        conflict="the person has not agreed to anything",
        rules="Each photo is a JPEG or PNG in base64 and shows one face, sharp and at least 80 pixels wide; all show "
        "the same person. `errors` names each photo that does not, and then nothing is stored.",
    )
)
def enrol(person: str, body: NewPhotos) -> Response:
    with office().store.read() as db:
        _demand_agreed(db, person)
    try:
        made = office().enrol(body.photos)
    except PhotosRefusedError as error:
        raise invalid({f"photos[{index}]": reason for index, reason in sorted(error.reasons.items())}) from error
    new = replace(made, kept=tuple(body.photos) if body.keep_photos else ())
    face = office().custody.enrol(person, new, by=caller().author(body.by))
    note({"fields": ["photos", "keep_photos", "by"], "photos": len(body.photos)})
    return answer(
        shapes.face(person, face, kept=len(new.kept)), HTTPStatus.CREATED, location=f"/api/v1/people/{person}/face"
    )


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/people/<person>/face",
        summary="Withdraws everything a person agreed to; template and photos are erased everywhere",
        scope=Scope.PEOPLE,
        answer=resources.Erased,
    )
)
def erase(person: str) -> Response:
    erasure = office().custody.erase_face(person, by=caller().author("api"))
    note()
    return answer(shapes.erased(erasure, person))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/face/photos/<row_id:photo>",
        summary="A kept photograph, from 1, as it was given",
        scope=Scope.PEOPLE,
        answer=bytes,
        content=IMAGE,
        looks=True,
    )
)
def photo(person: str, photo: int) -> Response:
    raw = office().custody.photo(person, photo)
    kind = next((kind for magic, kind in _KINDS if raw.startswith(magic)), "application/octet-stream")
    return Response(raw, content_type=kind)


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/erasures",
        summary="What was erased, and which devices have said so; the oldest first",
        scope=Scope.READ,
        query=ErasuresQuery,
        answer=resources.ErasurePage,
    )
)
def erasures(asked: ErasuresQuery) -> Response:
    with office().store.read() as db:
        rows = faces.erasures(db, after=asked.after, limit=asked.limit, reach=caller().reach)
    return listed(rows, shapes.erasure, limit=asked.limit)


def _demand_agreed(db: Database, person: str) -> None:
    """Before the photographs are looked at. Raises NotFoundError, ConflictingChangeError."""
    demand_person(db, person)
    if not consents.purposes_in_force(db, person):
        raise ConflictingChangeError(f"{person} has not agreed to anything: record the consent first")
