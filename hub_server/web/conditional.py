"""ETags (RFC 9110, section 13): an answer that has not changed is not sent again, a change never meets another's."""

import hashlib
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from flask import request
from werkzeug.datastructures import ETags

from hub_server.web.problems import ProblemError

_DIGEST_BYTES = 16


def etag(encoded: bytes) -> str:
    """Of the JSON as it is sent: a strong one, the same on every hub and after every restart."""
    return hashlib.blake2b(encoded, digest_size=_DIGEST_BYTES).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Precondition:
    """What a change expects to find; taken from the request, demanded inside the transaction."""

    wanted: ETags | None  # None: whatever there is

    def demand(self, shown: object) -> None:
        """Raises ProblemError (412) unless `shown`, as the API shows it now, is what the caller has seen."""
        if self.wanted is not None and not self.wanted.contains(etag(msgspec.json.encode(shown))):
            raise ProblemError(HTTPStatus.PRECONDITION_FAILED, "it has changed since you saw it: read it again")


def if_match() -> Precondition:
    """Of this request."""
    return Precondition(wanted=request.if_match if "If-Match" in request.headers else None)
