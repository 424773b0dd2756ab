"""What each route of the API is, said once: the guard, the decoder and /openapi.json read the same declaration."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, g
from msgspec import UNSET, Struct

from hub_server.web.decode import BODY_BYTES_MAX, Check, json_body, query, raw_body, turn
from hub_server.web.scopes import Scope

View = Callable[..., Response]
JSON = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str  # as Flask writes it: /api/v1/people/<person>
    summary: str
    scope: Scope | None  # None: open to everybody, or `own`
    answer: Any  # the type of what is answered
    status: HTTPStatus = HTTPStatus.OK
    content: str = JSON
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    raw: str = ""  # the body is no JSON but a file of this content type, given to the view as bytes; "": no file
    other_contents: tuple[str, ...] = ()  # what it answers besides `content` when it is asked for
    body_bytes_max: int = BODY_BYTES_MAX  # above the usual, one request at a time is looked at
    conflict: str | None = None  # when it answers 409
    versioned: bool = False  # obeys If-Match
    degraded: str | None = None  # when it answers 503 with the answer itself
    looks: bool = False  # shows somebody, a picture or a plate: each answer is a row of the audit
    anywhere: str = ""  # why somebody bound to an area may use it whatever the path names; "": the guard of reach looks
    own: bool = False  # about the caller's own account: every role may; programs and the owner of the data have none
    urgent: bool = False  # of `looks`: shown also when the look cannot be noted
    unbound: bool = False  # for the whole office: whoever is bound to areas is refused
    throttled: bool = False  # failures make one wait: then it answers 429
    refuses: str = ""  # when it answers 403, though it asks nobody who they are
    rules: str = ""  # what the types cannot say

    @property
    def is_open(self) -> bool:
        """Strangers may ask, too."""
        return self.scope is None and not self.own

    def problems(self) -> dict[HTTPStatus, str]:
        """The refusals it knows, and when."""
        found = {HTTPStatus.MISDIRECTED_REQUEST: "a name that is not the hub's"}
        if self.own:
            found[HTTPStatus.UNAUTHORIZED] = "no session, or one that is over"
            found[HTTPStatus.FORBIDDEN] = "no account, or a session without its CSRF token"
        if self.scope is not None:
            found[HTTPStatus.UNAUTHORIZED] = "no token, or one that is unknown, expired or revoked"
            found[HTTPStatus.FORBIDDEN] = f"a token without the scope {self.scope}, or a session without its CSRF token"
        if self.refuses:
            found[HTTPStatus.FORBIDDEN] = self.refuses
        if "<" in self.path:
            found[HTTPStatus.NOT_FOUND] = "there is none of this name"
        found |= self._problems_of_body()
        if self.throttled:
            found[HTTPStatus.TOO_MANY_REQUESTS] = "too many failures: come again after Retry-After seconds"
        if self.conflict is not None:
            found[HTTPStatus.CONFLICT] = self.conflict
        if self.versioned:
            found[HTTPStatus.PRECONDITION_FAILED] = "it has changed since the ETag in If-Match"
        if self.degraded is None:
            found[HTTPStatus.SERVICE_UNAVAILABLE] = "busy or stopping: come again after Retry-After seconds"
        return found

    def _problems_of_body(self) -> dict[HTTPStatus, str]:
        found: dict[HTTPStatus, str] = {}
        if self.query is not None or self.body is not None or self.raw:
            found[HTTPStatus.UNPROCESSABLE_ENTITY] = "fields that are not as they must be, all of them by name"
        if self.body is not None:
            found[HTTPStatus.BAD_REQUEST] = "no JSON object"
        if self.body is not None or self.raw:
            found[HTTPStatus.REQUEST_ENTITY_TOO_LARGE] = f"over {self.body_bytes_max // 1024} KiB"
            found[HTTPStatus.UNSUPPORTED_MEDIA_TYPE] = f"not {self.raw or JSON}"
        return found


def _said(body: Struct) -> list[str]:
    """The fields that say something else than what leaving them out would say."""
    given = ((one.name, getattr(body, one.name), one.default) for one in msgspec.structs.fields(body))
    return [name for name, value, default in given if value is not UNSET and value != default]


class Routes(Blueprint):
    """A blueprint that knows what its routes are."""

    def __init__(self, name: str, import_name: str) -> None:
        super().__init__(name, import_name)
        self.operations: dict[str, Operation] = {}  # by Flask's name of the endpoint
        self.absent: dict[tuple[str, str], str] = {}  # method and path that one might expect -> why there is none

    def operation(self, operation: Operation, *, check: Check | None = None) -> Callable[[View], View]:
        """The view is given its path's names, what was `asked` in the query, and the `body`, decoded or raw.

        `check` looks at the body's fields together.
        """

        def declare(view: View) -> View:
            @wraps(view)
            def decoded(**given: Any) -> Response:
                if operation.query is not None:
                    given["asked"] = query(operation.query)
                if operation.raw:
                    with turn(operation.body_bytes_max):
                        return view(**given, body=raw_body(operation.raw, bytes_max=operation.body_bytes_max))
                if operation.body is None:
                    return view(**given)
                with turn(operation.body_bytes_max):
                    given["body"] = body = json_body(operation.body, check, bytes_max=operation.body_bytes_max)
                    g.fields_sent = _said(body)
                    return view(**given)

            self.operations[f"{self.name}.{view.__name__}"] = operation
            self.add_url_rule(operation.path, view.__name__, decoded, methods=[operation.method])
            return view

        return declare
