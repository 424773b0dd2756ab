"""What the API answers about cards, certificates and profiles, by type."""

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta

from hub_server.store.device_profiles import PointKind
from hub_server.web.resources import At, Key

Pem = Annotated[str, Meta(description="certificates in PEM")]
KeyText = Annotated[str, Meta(description="32 bytes in base64")]


class Address(TypedDict):
    """Where a device finds the broker."""

    host: str
    port: int


class DeviceProfile(TypedDict):
    """What a camera point is made of. `changed_at` null: nobody has said, these are the defaults."""

    device: str
    kind: PointKind
    camera: Annotated[str, Meta(description="a password in it is *** for whoever lacks the scope devices")]
    relay: str
    settings: dict[str, Any]
    changed_at: At | None


class Issuing(TypedDict):
    """Whether this hub signs certificates, and what of the site stands on every card; empty texts while it does not."""

    set_up: bool
    why: Annotated[str, Meta(description="what is missing; empty for nothing")]
    site: str
    page: str
    broker: Address | None
    ca: Pem
    sign_key: str
    picture_key: str
    issuing_ends_at: At | None
    broker_files: Annotated[str, Meta(description="what keeps the broker's files from being written; empty: nothing")]


class Card(TypedDict):
    """What goes onto a card. The token is shown this once: the hub keeps a hash."""

    device: str
    token: str
    expires_at: At
    site: str
    page: str
    broker: Address
    ca: Pem
    sign_key: str


class VoidedCard(TypedDict):
    """`voided`: there was a token that lived."""

    device: str
    voided: bool


class Joined(TypedDict):
    """All that a device needs to speak. `certificate`: its own, and the issuing one behind it."""

    site: str
    device: str
    certificate: Pem
    ca: Pem
    ends_at: At
    broker: Address
    sign_key: KeyText
    picture_key: KeyText
    page: str


class Certificate(TypedDict):
    """One that was issued to a device."""

    id: Key
    device: str
    serial: Annotated[str, Meta(description="hex, in small letters")]
    state: Literal["good", "expired", "revoked"]
    issued_at: At
    ends_at: At
    revoked_at: At | None
    reason: Annotated[str, Meta(description='why it was revoked; "replaced" by the device\'s next one')]


class CertificatePage(TypedDict):
    """By id."""

    items: list[Certificate]
    next: int | None


class CardState(TypedDict):
    """The newest card of a device."""

    state: Literal["live", "used", "expired", "void"]
    created_at: At
    expires_at: At
    used_at: At | None


class DeviceCertificates(TypedDict):
    """How a device stands with the site: its card, and its certificates, the newest first."""

    device: str
    retired_at: At | None
    barred_at: Annotated[At | None, Meta(description="since when it may not speak, until it gets a new card")]
    barred_reason: str
    card: CardState | None
    certificates: list[Certificate]


class Revocation(TypedDict):
    """What was revoked: serials."""

    device: str
    revoked: list[str]
    broker: Annotated[str, Meta(description="written, unchanged, not_kept, or failing: and why")]
