"""The one decoder of requests: a typed value, or one problem that names every mistake at once."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypeVar, get_args

import msgspec
from flask import request
from msgspec import NODEFAULT, Meta, Struct

from hub_server.web.problems import ProblemError, invalid

BODY_BYTES_MAX = 64 * 1024
LARGE_WAIT_S = 20.0
_large = threading.Lock()
_DIGITS = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)  # as JSON writes a whole number
T = TypeVar("T", bound=Struct)
Check = Callable[[Mapping[str, object]], Mapping[str, str]]
"""Looks at the fields that are right by themselves and says what is wrong between them."""


@contextmanager
def turn(bytes_max: int) -> Iterator[None]:
    """Large requests come one after the other: each is in memory several times over. Raises ProblemError (503)."""
    if bytes_max <= BODY_BYTES_MAX:
        yield
        return
    if not _large.acquire(timeout=LARGE_WAIT_S):
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "another large request is being looked at: come again",
            headers={"Retry-After": "5"},
        )
    try:
        yield
    finally:
        _large.release()


def json_body(kind: type[T], check: Check | None = None, *, bytes_max: int = BODY_BYTES_MAX) -> T:
    """The body of this request as a `kind`. Raises ProblemError: 413, 415, 400 (no JSON object) or 422 (by field)."""
    if request.mimetype != "application/json":
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send a JSON object as application/json")
    body = _body(bytes_max)
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    return decode_fields(value, kind, check=check)


def raw_body(content: str, *, bytes_max: int) -> bytes:
    """The body of this request as it is. Raises ProblemError: 413, 415."""
    if request.mimetype != content:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send the file as {content}")
    return _body(bytes_max)


def _body(bytes_max: int) -> bytes:
    # A body without a length is cut here in silence, so it may be one byte longer than what is taken.
    request.max_content_length = bytes_max + 1
    body = request.get_data(cache=False)
    if len(body) > bytes_max:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is over {bytes_max} bytes")
    return body


def query(kind: type[T]) -> T:
    """The query of this request as a `kind`. Raises ProblemError (422)."""
    twice = {name: "is given twice" for name, values in request.args.lists() if len(values) > 1}
    if twice:
        raise invalid(twice)
    return query_fields(request.args.to_dict(), kind)


def query_fields(given: Mapping[str, str], kind: type[T]) -> T:
    """Texts as a `kind`; where it wants a number, the digits of one. Raises ProblemError (422)."""
    numbers = {field.name for field in msgspec.structs.fields(kind) if _is_number(field.type)}
    values = {name: int(text) if name in numbers and _DIGITS.fullmatch(text) else text for name, text in given.items()}
    return decode_fields(values, kind)


def decode_fields(given: Mapping[str, object], kind: type[T], *, check: Check | None = None) -> T:
    """Field by field, because a decoder of whole structs stops at the first mistake."""
    values: dict[str, object] = {}
    errors = dict.fromkeys(given, "is not a field here")
    for field in msgspec.structs.fields(kind):
        said = field.encode_name  # "from" is no name in Python
        errors.pop(said, None)
        if said not in given:
            if field.default is NODEFAULT and field.default_factory is NODEFAULT:
                errors[said] = "is missing"
            continue
        try:
            values[field.name] = msgspec.convert(_whole(given[said]), type=field.type)
        except msgspec.ValidationError as error:
            errors[said] = _mistake(field.type, error)
    if check is not None:
        errors = {**check(values), **errors}
    if errors:
        raise invalid(errors)
    return kind(**values)


def _whole(value: object) -> object:
    """86400.0 is a whole number too, says JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_number(kind: Any) -> bool:
    return kind is int or any(_is_number(part) for part in get_args(kind))


def _mistake(kind: object, error: msgspec.ValidationError) -> str:
    wanted = _description(kind)
    return f"must be {wanted}" if wanted else str(error)


def _description(kind: object) -> str | None:
    """The words of the first Meta in a type, however deep in a union it stands."""
    found = [meta.description for meta in getattr(kind, "__metadata__", ()) if isinstance(meta, Meta)]
    deeper = (_description(part) for part in get_args(kind) if not isinstance(part, str))
    return next((words for words in (*found, *deeper) if words), None)
