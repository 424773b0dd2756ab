"""How the web asks for certificates, without knowing who signs them: hub_server.app puts the two together."""

from dataclasses import dataclass
from typing import Protocol

from hub_server.store.certificates import NewCertificate

NOT_SET_UP = "this hub issues no certificates: start it with serve --issuing-cert, --issuing-key and --root"


class IssuingUnavailableError(Exception):
    """No certificate can be issued; the message says why, and what to do."""


class RequestRefusedError(Exception):
    """What a device sent cannot be certified, in words for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What a device must know of its site, and how long the issuing certificate lasts."""

    name: str
    page: str  # https://..., without a slash at its end
    broker_host: str
    broker_port: int
    ca: str  # PEM: the root
    sign_key: str  # the hub's Ed25519 key, as in a device's configuration
    picture_key: str  # the hub's X25519 key, base64
    issuing_ends_us: int


class Issuing(Protocol):
    """The issuing authority and the broker's files."""

    def site(self) -> Site:
        """Raises IssuingUnavailableError."""

    def sign(self, device: str, request: str) -> NewCertificate:
        """Raises IssuingUnavailableError, RequestRefusedError."""

    def settle(self) -> str:
        """Brings the broker's files up to the store: "written", "unchanged", "not_kept" or "failing: ..."."""

    def trouble(self) -> str:
        """What keeps the broker's files from being written; "": nothing."""


class NoIssuing:
    """Of a hub that was given no issuing key."""

    def site(self) -> Site:
        raise IssuingUnavailableError(NOT_SET_UP)

    def sign(self, device: str, request: str) -> NewCertificate:  # noqa: ARG002 the port's
        raise IssuingUnavailableError(NOT_SET_UP)

    def settle(self) -> str:
        return "not_kept"

    def trouble(self) -> str:
        return ""
