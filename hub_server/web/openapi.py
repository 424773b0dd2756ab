"""/openapi.json: the API as a document (OpenAPI 3.1), made from the declarations that decode and guard its requests."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from types import NoneType
from typing import Any, get_args

import msgspec
from flask import Response
from msgspec import NODEFAULT, Struct

from hub_server.web import fields, resources
from hub_server.web.auth import COOKIE, CSRF_HEADER
from hub_server.web.examples import EXAMPLES
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import JSON, Operation, Routes
from hub_server.web.scopes import Scope

blueprint = Routes("openapi", __name__)

Part = dict[str, Any]
_REFERENCE = "#/components/schemas/{name}"
_PATH_NAME = re.compile(r"<(?:row_id:)?([a-z]+)>")
_PATH_KINDS: Mapping[str, Any] = {
    "person": fields.PersonId,
    "device": fields.DeviceId,
    "command": fields.CommandId,
    "token": fields.TokenName,
    "account": fields.AccountName,
    "session": fields.SessionId,
    "watch": fields.RowId,
    "alert": fields.RowId,
    "event": fields.RowId,
    "photo": fields.RowId,
    "vehicle": fields.RowId,
    "conflict": fields.RowId,
    "pause": fields.RowId,
    "observation": fields.RowId,
    "recipient": fields.RowId,
    "contact": fields.RowId,
    "rung": fields.RungName,
    "purpose": fields.PurposeName,
    "household": fields.RowId,
    "place": fields.PlaceName,
    "table": fields.RowId,
    "sheet": fields.RowId,
    "release": fields.RowId,
    "rollout": fields.RowId,
    "listing": fields.ListName,
    "area": fields.AreaName,
    "kept": fields.KeptName,
}
STREAM = "text/event-stream"
_FILE: Part = {"type": "string", "format": "binary"}
_SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": f"a token with the scope: {', '.join(Scope)}"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "of the page; has the scopes of its account's role",
    },
    "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER, "description": "with a session, on every change"},
}
_ABOUT = (
    "Times are RFC 3339 in UTC with microseconds; on input any offset will do. Lists go on with `next`, or with the "
    'header Link rel="next". `API.md` beside the program tells the same by example.'
)


@blueprint.operation(
    Operation(method="GET", path="/openapi.json", summary="This document", scope=None, answer=dict[str, Any])
)
def show() -> Response:
    return answer(document(office().operations))


def document(operations: Mapping[str, Operation]) -> Part:
    """`operations` by their endpoint, as Flask names it: people.index."""
    schemas = _Schemas()
    paths: dict[str, Part] = {}
    for endpoint, operation in operations.items():
        path = _PATH_NAME.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(endpoint, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shouwang 守望 hub", "version": version("shouwang"), "description": _ABOUT},
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": _SECURITY_SCHEMES},
    }


class _Schemas:
    """JSON Schemas of types; those that have a name are gathered as components."""

    def __init__(self) -> None:
        self.components: Part = {}

    def of(self, kind: Any) -> Part:
        (schema,), components = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
        for name, component in _as_json_schema(components).items():
            assert self.components.setdefault(name, component) == component, f"two types are called {name}"
        found: Part = _as_json_schema(schema)
        return found

    def media(self, content: str, kind: Any) -> Part:
        shown = {"example": EXAMPLES[kind]} if kind in EXAMPLES else {}
        return {content: {"schema": self.of(kind), **shown}}


def _as_json_schema(part: Any) -> Any:
    r"""Python's \Z is JSON Schema's $: the end of the text, and not before its last newline either."""
    if isinstance(part, dict):
        return {
            name: inner.replace(r"\Z", "$") if name == "pattern" and isinstance(inner, str) else _as_json_schema(inner)
            for name, inner in part.items()
        }
    return [_as_json_schema(inner) for inner in part] if isinstance(part, list) else part


def _operation(endpoint: str, operation: Operation, schemas: _Schemas) -> Part:
    found: Part = {
        "operationId": endpoint.replace(".", "_"),
        "tags": [endpoint.partition(".")[0]],
        "summary": operation.summary,
        "description": operation.rules,
        "security": _security(operation),
        "parameters": list(_parameters(operation, schemas)),
        "responses": _responses(operation, schemas),
    }
    if operation.body is not None:
        found["requestBody"] = {"required": True, "content": schemas.media(JSON, operation.body)}
    if operation.raw:
        found["requestBody"] = {"required": True, "content": {operation.raw: {"schema": _FILE}}}
    return found


def _security(operation: Operation) -> list[Part]:
    if operation.is_open:
        return []
    session: Part = {"session": []} if operation.method == "GET" else {"session": [], "csrf": []}
    return [session] if operation.scope is None else [{"token": [operation.scope]}, session]


def _parameters(operation: Operation, schemas: _Schemas) -> Iterator[Part]:
    for name in _PATH_NAME.findall(operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": schemas.of(_PATH_KINDS[name])}
    if operation.query is not None:
        yield from _query(operation.query, schemas)
    if _is_tagged(operation):
        yield _header("If-None-Match", "the ETag of what is already here: then 304")
    if operation.versioned:
        yield _header("If-Match", "the ETag of what was seen: then 412 if it has changed since")
    if operation.content == STREAM:
        yield _header("Last-Event-ID", "goes on after this event; before `after`")


def _query(kind: type[Struct], schemas: _Schemas) -> Iterator[Part]:
    for field in msgspec.structs.fields(kind):
        schema = schemas.of(_given(field.type))
        if field.default is not NODEFAULT and field.default is not None:
            schema = {**schema, "default": field.default}
        yield {"name": field.name, "in": "query", "required": field.required, "schema": schema}


def _given(kind: Any) -> Any:
    """The type of a field that may be left out, when it is there: a query has no null."""
    parts = get_args(kind)
    return next(part for part in parts if part is not NoneType) if NoneType in parts else kind


def _header(name: str, description: str, *, is_parameter: bool = True) -> Part:
    place: Part = {"name": name, "in": "header", "required": False} if is_parameter else {}
    return {**place, "description": description, "schema": {"type": "string"}}


def _responses(operation: Operation, schemas: _Schemas) -> Part:
    whole = {
        "description": operation.summary,
        "headers": _headers(operation),
        "content": {
            **schemas.media(operation.content, operation.answer),
            **{content: {"schema": _FILE} for content in operation.other_contents},
        },
    }
    found: Part = {str(operation.status.value): whole}
    if _is_tagged(operation):
        found["304"] = {"description": "as the ETag in If-None-Match says: nothing has changed"}
    if operation.degraded is not None:
        found["503"] = {**whole, "description": operation.degraded}
    for status, why in sorted(operation.problems().items()):
        found[str(status.value)] = _refusal(status, why, schemas)
    return found


def _refusal(status: HTTPStatus, why: str, schemas: _Schemas) -> Part:
    wrong = {"name": "is missing"} if status is HTTPStatus.UNPROCESSABLE_ENTITY else {}
    example: resources.Problem = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": why,
        "errors": wrong,
    }
    media = {"schema": schemas.of(resources.Problem), "example": example}
    return {"description": why, "headers": _problem_headers(status), "content": {"application/problem+json": media}}


def _headers(operation: Operation) -> Part:
    found: Part = {}
    if _is_tagged(operation) or operation.versioned:
        found["ETag"] = _header("ETag", "of the answer as it is", is_parameter=False)
    if operation.status is HTTPStatus.CREATED and (operation.body is not None or operation.raw):
        found["Location"] = _header("Location", "where it is found from now on", is_parameter=False)
    if operation.query is not None and operation.content == JSON:
        found["Link"] = _header("Link", 'the next page, rel="next"; none at the end', is_parameter=False)
    return found


def _problem_headers(status: HTTPStatus) -> Part:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": _header("WWW-Authenticate", "Bearer", is_parameter=False)}
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        return {"Retry-After": _header("Retry-After", "seconds", is_parameter=False)}
    return {}


def _is_tagged(operation: Operation) -> bool:
    return operation.method == "GET" and operation.content == JSON
