"""What a certificate looks like here, and the parts that all of them are built of. Pure.

Profile of RFC 5280: EC P-256; root (path length 1) -> issuing authority (0) -> leaf, which serves one side of TLS only.
"""

import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge_agent.wire.topics import is_name

VALID_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""When all of it begins to be valid: long ago on purpose, since a Pi after a power cut, or a hub with an empty battery,
has an old clock, and must reach the broker all the same. Its events are dated by the protocol's clock anchors."""

AUTHORITY_DAYS: Final = 20 * 365
LEAF_DAYS: Final = 10 * 365
PAGE_DAYS: Final = 820
"""What people's browsers connect to: Apple's take no server that is certified for more than 825 days, by whomever."""
PAGE_BACK_DAYS: Final = 1  # and those days count from its beginning, so the page's cannot be long ago

_DNS_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?!(.*\.)?[0-9]+\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)
_KEY_USES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class CaError(Exception):
    """What was asked cannot be certified, or a file of the authority is not as it must be. Fit for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM; the key is PKCS #8. Neither stands in its repr."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Pair(...)"  # a key in a log is a key lost


def begun(
    name: x509.Name, key: ec.EllipticCurvePublicKey, *, ends: datetime, begins: datetime = VALID_FROM
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def key_usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in uses for use in _KEY_USES})


def named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])  # 64 is X.520's limit


def alternative(name: str) -> x509.GeneralName:
    """A host name in lower case or an address. Raises CaError."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if _DNS_NAME.match(name):
            return x509.DNSName(name)
    raise CaError(f"{name!r} is no host name in lower case, and no address")


def after(now: datetime, days: int) -> datetime:
    if not 1 <= days <= AUTHORITY_DAYS:
        raise CaError(f"a certificate is valid for 1 to {AUTHORITY_DAYS} days, not {days}")
    if now < VALID_FROM:
        raise CaError(f"it is not {now:%Y-%m-%d}: set this machine's clock first")
    return now + timedelta(days=days)


def check_name(name: str, what: str) -> None:
    if not is_name(name):
        raise CaError(f"{name!r} is no name of a {what}: 1 to 63 of a-z, 0-9 and '-', not first '-'")


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pair_of(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    return Pair(certificate=pem(certificate), key=key_pem(key))


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey, passphrase: str | None = None) -> bytes:
    """PKCS #8; with a passphrase PBES2 (AES-256-CBC)."""
    hidden = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase.encode())
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
