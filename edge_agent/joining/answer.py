"""What the hub answers to a device that joins, checked against what the device knows. Pure."""

import base64
import binascii
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Meta, Struct

from edge_agent.errors import JoinError
from edge_agent.wire import sign
from edge_agent.wire.messages import Name

CERTIFICATES_MAX: Final = 4
KEY_BYTES: Final = 32

Pem = Annotated[str, Meta(min_length=1, max_length=32 * 1024)]


class Broker(Struct, frozen=True, kw_only=True):
    host: Annotated[str, Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+\Z")]
    port: Annotated[int, Meta(ge=1, le=65535)]


class Answer(Struct, frozen=True, kw_only=True):
    """201 of POST /api/v1/join. Fields that a newer hub adds are left alone."""

    certificate: Pem  # ours, then the one that signed it
    ca: Pem
    site: Name
    device: Name
    broker: Broker
    sign_key: str
    picture_key: str
    page: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What an answer must fit."""

    site: str
    device: str
    key: ec.EllipticCurvePublicKey
    root: bytes  # PEM: what the card pinned


def checked(content: bytes, expected: Expected) -> Answer:
    """The hub's answer, fit to be used. Raises JoinError, in words, for one that is not for this device."""
    try:
        answer = msgspec.json.decode(content, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise JoinError(f"the hub's answer is not understood: {error}") from error
    if (answer.site, answer.device) != (expected.site, expected.device):
        raise JoinError(
            f"the hub took us for {answer.device} of {answer.site}; we are {expected.device} of {expected.site}"
        )
    _check_chain(answer.certificate.encode(), expected)
    try:
        sign.key_of_text(answer.sign_key)
    except sign.SignError as error:
        raise JoinError(f"the hub's signing key is not well-formed: {error}") from error
    _check_key(answer.picture_key)
    return answer


def _check_chain(pem: bytes, expected: Expected) -> None:
    chain = _certificates(pem, "the certificate that the hub gave")
    if len(chain) > CERTIFICATES_MAX:
        raise JoinError(f"the hub gave a chain of {len(chain)} certificates; {CERTIFICATES_MAX} is the limit")
    ours = chain[0]
    if ours.public_key() != expected.key:
        raise JoinError("the hub's certificate is for another key than ours")
    names = [str(name.value) for name in ours.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [expected.device]:
        raise JoinError(f"the hub's certificate is that of {', '.join(names) or 'nobody'}, not of {expected.device}")
    for signed, signer in pairwise(chain):
        if not _has_signed(signer, signed):
            raise JoinError("the hub's certificates are no chain: one was not signed by the next")
    roots = _certificates(expected.root, "the pinned CA")
    if not any(_has_signed(root, chain[-1]) for root in roots):
        raise JoinError("the hub's certificate does not lead to the site's root that the card brought")


def _certificates(pem: bytes, what: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise JoinError(f"{what} cannot be read: {error}") from error


def _has_signed(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    """That time is not looked at is meant: a device that joins may have no clock yet."""
    try:
        if not authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(authority)
    except (x509.ExtensionNotFound, InvalidSignature, ValueError, TypeError):
        return False
    return True


def _check_key(text: str) -> None:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise JoinError("the hub's picture key is not base64") from error
    if len(key) != KEY_BYTES:
        raise JoinError(f"the hub's picture key has {len(key)} bytes, not {KEY_BYTES}")
