"""What every request and every answer passes: the Host check, and the headers that keep a browser strict."""

import re
from http import HTTPStatus

from flask import Response, request

from hub_server.web.office import office
from hub_server.web.problems import ProblemError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"([A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_HSTS_S = 365 * 24 * 3600
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), "
        "display-capture=(), screen-wake-lock=(self), fullscreen=(self)"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def demand_known_host() -> None:
    """A page of another site that points its own name at this machine is refused (DNS rebinding)."""
    given = _HOST.fullmatch(request.environ.get("HTTP_HOST", ""))
    if given is None or not is_known(given[1].lower(), office().hosts):
        raise ProblemError(
            HTTPStatus.MISDIRECTED_REQUEST,
            "this hub does not answer to that name: to 127.0.0.1, localhost, [::1] and those of serve --name, --host",
        )


def is_known(host: str, known: frozenset[str]) -> bool:
    """`host`: lower case, an IPv6 address in brackets. A known "*.riverside.lan" stands for one more label."""
    return host in _LOOPBACK or host in known or ("." in host and f"*.{host.partition('.')[2]}" in known)


def harden(response: Response) -> Response:
    for name, content in _HEADERS.items():
        response.headers.setdefault(name, content)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_HSTS_S}"
    # Static files are asked for again but not sent again (ETag); everything else is somebody's data.
    response.headers["Cache-Control"] = "no-cache" if request.endpoint == "static" else "no-store"
    return response
