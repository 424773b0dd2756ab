"""JSON answers, and lists in pages: {"items": [...], "next": <cursor or null>}."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TypeVar

import msgspec
from flask import Response

from hub_server.web.shapes import Json

Row = TypeVar("Row")


def answer(value: object, status: HTTPStatus = HTTPStatus.OK, *, location: str | None = None) -> Response:
    """`value` as JSON. `location`: where what was just created is found."""
    response = Response(msgspec.json.encode(value), status=status.value, content_type="application/json")
    if location is not None:
        response.headers["Location"] = location
    return response


def listed(rows: Sequence[Row], shape: Callable[[Row], Json], *, limit: int) -> Response:
    """A page of a list. A full page has a cursor, its last id; what follows may be empty."""
    items = [shape(row) for row in rows]
    return answer({"items": items, "next": items[-1]["id"] if len(items) >= limit else None})
