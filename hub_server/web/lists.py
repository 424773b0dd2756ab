"""JSON answers with their ETag, and lists in pages: {"items": [...], "next": <cursor or null>}."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from flask import Response, request

from hub_server.web.conditional import etag

Row = TypeVar("Row")
_TAGGED = frozenset({"GET", "HEAD", "PATCH"})


def answer(value: object, status: HTTPStatus = HTTPStatus.OK, *, location: str | None = None) -> Response:
    """`value` as JSON; 304 without it when the caller has it. `location`: where what was just created is found."""
    encoded = msgspec.json.encode(value)
    response = Response(encoded, status=status.value, content_type="application/json")
    if location is not None:
        response.headers["Location"] = location
    if status is HTTPStatus.OK and request.method in _TAGGED:
        response.set_etag(etag(encoded))
        response.make_conditional(request)
    return response


def listed(
    rows: Sequence[Row], shape: Callable[[Row], Mapping[str, object]], *, limit: int, cursor: str = "after"
) -> Response:
    """A page of a list. A full page has a cursor, its last id; what follows may be empty.

    `cursor` is the parameter that takes it; the header Link names the next page whole (RFC 8288).
    """
    items = [shape(row) for row in rows]
    following = items[-1][_key(items[-1])] if len(items) >= limit else None
    response = answer({"items": items, "next": following})
    if following is not None:
        query = urlencode({**request.args.to_dict(), cursor: str(following)})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response


def _key(item: Mapping[str, object]) -> str:
    return "id" if "id" in item else "name"
