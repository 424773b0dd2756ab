"""/api/v1/people/<person>/file: everything that is kept about somebody, for themselves."""

import io
import zipfile
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Response

from hub_server.store import people, subject_access
from hub_server.store.errors import NotFoundError
from hub_server.store.subject_access import PersonFile
from hub_server.web import audit_resources
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339

blueprint = Routes("subject_access", __name__)

ZIP = "application/zip"
_US = "_us"
_KINDS = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n", "png"))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/file",
        summary="Everything that is kept about a person, for themselves",
        scope=Scope.EXCHANGE,
        answer=audit_resources.PersonFile,
        looks=True,
    )
)
def show(person: str) -> Response:
    return answer(_shape(person, _gathered(person)))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/people/<person>/file.zip",
        summary="The same as a file to hand over: file.json and the kept photographs",
        scope=Scope.EXCHANGE,
        answer=bytes,
        content=ZIP,
        looks=True,
    )
)
def download(person: str) -> Response:
    shape = _shape(person, _gathered(person))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("file.json", msgspec.json.format(msgspec.json.encode(shape), indent=2))
        for row in shape["sections"]["photos"]:
            raw = office().custody.photo(person, row["n"])
            archive.writestr(f"photo-{row['n']}.{_kind(raw)}", raw)
    return Response(
        content.getvalue(),
        status=HTTPStatus.OK.value,
        content_type=ZIP,
        headers={"Content-Disposition": f'attachment; filename="{person}.zip"'},
    )


def _gathered(person: str) -> PersonFile:
    with office().store.read() as db:
        if people.get(db, person) is None:
            raise NotFoundError(f"没有 {person} 这个人； there is no person {person}")
        return subject_access.gather(db, person)


def _shape(person: str, found: PersonFile) -> audit_resources.PersonFile:
    photos = [row["n"] for row in found.sections["photos"]]
    return {
        "person": person,
        "made_at": rfc3339(office().store.now_us()),
        "sections": {name: [_row(row) for row in rows] for name, rows in found.sections.items()},
        "photos": [f"/api/v1/people/{person}/face/photos/{n}" for n in photos],
        "cut": list(found.cut),
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """Times as they are everywhere in the API: recorded_us becomes recorded_at."""
    return {
        (f"{name.removesuffix(_US)}_at" if name.endswith(_US) else name): (
            rfc3339(value) if name.endswith(_US) and value is not None else value
        )
        for name, value in row.items()
    }


def _kind(raw: bytes) -> str:
    return next((kind for magic, kind in _KINDS if raw.startswith(magic)), "bin")
