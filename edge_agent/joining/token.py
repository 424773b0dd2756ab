"""What the card brings: `join.json` with a one-time token, and for whom and where it counts."""

import hashlib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge_agent.errors import JoinError
from edge_agent.wire.messages import Name

FILE_BYTES_MAX: Final = 16 * 1024


class JoinToken(Struct, frozen=True, kw_only=True):
    """`page`: https://host:port of the hub. Other fields of the file are left alone."""

    token: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,256}\Z")]
    device: Name
    site: Name
    page: Annotated[str, Meta(pattern=r"^https://[^\s/]+/?\Z", max_length=512)]

    @property
    def digest(self) -> str:
        """SHA-256, hex: says later which card a device has joined with, and cannot be used for anything."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"JoinToken(device={self.device!r}, site={self.site!r}, page={self.page!r})"


def read_token(file: Path) -> JoinToken | None:
    """None: there is no such file. Raises JoinError for one that cannot be read."""
    try:
        with file.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JoinError(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > FILE_BYTES_MAX:
        raise JoinError(f"{file} is no enrolment file: longer than {FILE_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(content, type=JoinToken)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise JoinError(f"{file} is no enrolment file ({error}): write the card anew") from error
