"""One question to the hub's page over HTTPS, with nobody trusted but the site's own root."""

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from edge_agent.errors import JoinError

TIMEOUT_S: Final = 20.0
ANSWER_BYTES_MAX: Final = 128 * 1024
DETAIL_CHARS_MAX: Final = 300
_PATH: Final = "/api/v1/join"
_HEADERS: Final = {"Content-Type": "application/json", "Accept": "application/json"}
_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (x509_vfy.h). A Pi that boots for the first time has no clock, and where no time server is
reached it never will. It trusts one root only, for one name, and says a word that counts once: time adds nothing."""
_NOT_ITS: Final = {
    18: "it shows a certificate that it signed itself, not one of this site",
    19: "its certificate belongs to another site than the root on the card",
    20: "its certificate belongs to another site than the root on the card",
    21: "its certificate belongs to another site than the root on the card",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}
"""By X509_V_ERR_* of OpenSSL (x509_vfy.h)."""


class NotNowError(Exception):
    """Nobody has answered, or not whole: worth asking again. The message says what is waited for."""

    def __init__(self, why: str, *, after_s: float | None = None) -> None:
        self.after_s = after_s  # the hub's own wish
        super().__init__(why)


class HubPage:
    """`https://host:port`, trusted by the roots in `ca`."""

    def __init__(self, page: str, ca: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises JoinError for an address that is none, and for a CA that cannot be used."""
        parts = urlsplit(page)
        if parts.scheme != "https" or parts.hostname is None:
            raise JoinError(f"{page} is no address of a hub's page: it must begin with https://")
        self._host, self._port = parts.hostname, parts.port or 443
        self._timeout_s = timeout_s
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.verify_flags |= _NO_CHECK_TIME
        try:
            self._context.load_verify_locations(cafile=str(ca))
        except OSError as error:  # ssl.SSLError is one
            raise JoinError(f"the site's root {ca} cannot be used: {error.strerror or error}") from error

    @property
    def name(self) -> str:
        return f"{self._host}:{self._port}"

    def join(self, body: Mapping[str, str]) -> bytes:
        """The hub's answer. Raises NotNowError, and JoinError for what asking again does not mend."""
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=self._context)
        try:
            connection.request("POST", _PATH, json.dumps(dict(body)), _HEADERS)
            answer = connection.getresponse()
            content = answer.read(ANSWER_BYTES_MAX + 1)
            if (answer.length or 0) > 0 and len(content) <= ANSWER_BYTES_MAX:
                raise NotNowError(f"the answer of {self.name} was cut off")
        except ssl.SSLCertVerificationError as error:
            raise self._distrusted(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise NotNowError(f"{self.name}: {_in_words(error)}") from error
        finally:
            connection.close()
        return self._judged(answer, content)

    def _judged(self, answer: http.client.HTTPResponse, content: bytes) -> bytes:
        if len(content) > ANSWER_BYTES_MAX:
            raise JoinError(f"the answer of {self.name} is longer than {ANSWER_BYTES_MAX} bytes: is that a hub?")
        if answer.status in (HTTPStatus.CREATED, HTTPStatus.OK):
            _demand_whole(content, self.name)
            return content
        said = _detail(content) or answer.reason
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotNowError(
                f"{self.name} cannot take us in now ({answer.status}: {said})",
                after_s=_seconds(answer.getheader("Retry-After")),
            )
        raise JoinError(
            f"the hub at {self.name} refuses this card ({answer.status}: {said}). "
            "A card counts once, for one device and a few days: write a new one (`provision device write`)"
        )

    def _distrusted(self, error: ssl.SSLCertVerificationError) -> JoinError:
        why = _NOT_ITS.get(error.verify_code, "its certificate does not count")
        return JoinError(f"who answers at {self.name} is not this site's hub: {why} ({error.verify_message})")


def _demand_whole(content: bytes, name: str) -> None:
    """Without a Content-Length a cut shows only in the JSON."""
    try:
        json.loads(content)
    except ValueError as error:
        raise NotNowError(f"the answer of {name} was cut off") from error


def _detail(content: bytes) -> str:
    """What a refusal says, of RFC 9457; "" when it says nothing fit to be shown."""
    try:
        problem = json.loads(content)
    except ValueError:
        return ""
    parts = [problem.get(key) for key in ("code", "detail", "title")] if isinstance(problem, dict) else []
    said = "; ".join(part for part in parts if isinstance(part, str) and part.isprintable())
    return said[:DETAIL_CHARS_MAX]


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


def _in_words(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known to the network here"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, http.client.HTTPException):
        return "the answer was cut off"
    return error.strerror or str(error) or type(error).__name__
