"""Every refusal as application/problem+json (RFC 9457) where programs ask, as a plain page where people do."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from hub_server.store.errors import (
    ConflictingChangeError,
    ExistsError,
    InvalidValueError,
    NotFoundError,
    StoreBusyError,
    StoreClosedError,
    StoreError,
)
from hub_server.web.certifying import IssuingUnavailableError
from hub_server.web.enrolling import EnrolmentUnavailableError
from hub_server.web.resources import Problem

_RETRY_AFTER_S = 5
_PAGE = "shouwang.refusal"
_FOR_PROGRAMS = ("/api/", "/healthz", "/metrics", "/openapi.json")


class ProblemError(Exception):
    """A request that is refused. `errors` names each field that is wrong, and how."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})
        super().__init__(detail)


def register(app: Flask, absent: Mapping[tuple[str, str], str], page: Callable[[HTTPStatus, str], str]) -> None:
    """Every error of a request, foreseen or not, passes one of these.

    `absent`: why a method and path that one might expect do not exist. `page`: what a person is shown, as HTML, of a
    status and its detail.
    """
    app.extensions[_PAGE] = page

    def from_method(error: MethodNotAllowed) -> Response | HTTPException:
        error.description = absent.get((request.method, request.path), error.description)
        return _from_http(error)

    app.register_error_handler(MethodNotAllowed, from_method)
    app.register_error_handler(ProblemError, respond)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(NotFoundError, lambda error: _store(HTTPStatus.NOT_FOUND, error))
    app.register_error_handler(ExistsError, lambda error: _store(HTTPStatus.CONFLICT, error))
    app.register_error_handler(ConflictingChangeError, lambda error: _store(HTTPStatus.CONFLICT, error))
    app.register_error_handler(InvalidValueError, _from_value)
    app.register_error_handler(StoreBusyError, _from_busy)
    app.register_error_handler(StoreClosedError, _from_busy)
    app.register_error_handler(StoreError, _from_busy)  # failing, or its keys are: come again
    app.register_error_handler(EnrolmentUnavailableError, _from_busy)
    app.register_error_handler(IssuingUnavailableError, _from_busy)


def invalid(errors: Mapping[str, str]) -> ProblemError:
    """All mistakes of a request at once."""
    count = len(errors)
    detail = "one field is not as it must be" if count == 1 else f"{count} fields are not as they must be"
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


def respond(problem: ProblemError) -> Response:
    headers = problem.headers
    if not request.path.startswith(_FOR_PROGRAMS):
        page = current_app.extensions[_PAGE](problem.status, problem.detail)
        return Response(page, status=problem.status.value, headers=headers)
    body: Problem = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        "errors": problem.errors,
    }
    return Response(
        msgspec.json.encode(body),
        status=problem.status.value,
        headers=headers,
        content_type="application/problem+json",
    )


def _from_http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error  # a redirect
    # What the exception itself says in headers (Allow of a 405, ...) stays; its HTML does not.
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return respond(ProblemError(HTTPStatus(error.code), error.description or "", headers=headers))


def _store(status: HTTPStatus, error: Exception) -> Response:
    return respond(ProblemError(status, str(error)))


def _from_value(error: InvalidValueError) -> Response:
    return respond(invalid({error.field: error.message}))


def _from_busy(error: Exception) -> Response:
    return respond(
        ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": str(_RETRY_AFTER_S)})
    )
