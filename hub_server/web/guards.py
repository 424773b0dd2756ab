"""What every request and every answer passes: the Host check, and the headers that keep a browser strict."""

import re
from http import HTTPStatus

from flask import Response, request

from hub_server.web.problems import ProblemError

_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def demand_loopback() -> None:
    """A page of another site that points its own name at this machine is refused (DNS rebinding)."""
    if _LOOPBACK.fullmatch(request.environ.get("HTTP_HOST", "")) is None:
        raise ProblemError(
            HTTPStatus.MISDIRECTED_REQUEST,
            "this hub answers to 127.0.0.1, localhost and [::1] only, until it has accounts",
        )


def harden(response: Response) -> Response:
    response.headers.update(_HEADERS)
    # Static files are asked for again but not sent again (ETag); everything else is somebody's data.
    response.headers["Cache-Control"] = "no-cache" if request.endpoint == "static" else "no-store"
    return response
