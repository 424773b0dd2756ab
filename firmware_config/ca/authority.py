"""A site's own certificate authority. Pure: PEM bytes in and out, the moment given, nothing read or written.

Profile of RFC 5280: EC P-256, one level (path length 0), a certificate serves one side of TLS only.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.wire.topics import is_name

HUB_NAME: Final = "hub.office"
"""The hub's common name. Its dot keeps it apart from every device: no device can be enrolled as the hub."""

VALID_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""When all of it begins to be valid: long ago on purpose, since a Pi after a power cut, or a hub with an empty battery,
has an old clock, and must reach the broker all the same. Its events are dated by the protocol's clock anchors."""

AUTHORITY_DAYS: Final = 20 * 365
LEAF_DAYS: Final = 10 * 365
REQUEST_BYTES_MAX: Final = 8 * 1024  # a P-256 request has 500
NAMES_MAX: Final = 16

_DNS_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z"
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
    """A certificate and its private key, both PEM; the key is PKCS #8 without a passphrase."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """Signs for one site."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


# --- the authority itself ---------------------------------------------------------------------------------------


def make_authority(site: str, *, now: datetime) -> Pair:
    """A new authority. Raises CaError for what is no name of a site."""
    _check_name(site, "site")
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"{site} site CA")
    certificate = (
        _begun(name, key.public_key(), ends=_after(now, AUTHORITY_DAYS))
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pair(certificate, key)


def load_authority(pair: Pair) -> Authority:
    """Raises CaError unless it is an authority's certificate with its own key."""
    certificate = load_certificate(pair.certificate)
    try:
        key = serialization.load_pem_private_key(pair.key, None)
    except (ValueError, TypeError) as error:
        raise CaError(f"the authority's key cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise CaError("the authority's key is not that of its certificate")
    if not _is_authority(certificate):
        raise CaError("this certificate is not one of an authority")
    return Authority(certificate=certificate, key=key)


def load_certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CaError(f"no certificate can be read: {error}") from error


# --- what it certifies ------------------------------------------------------------------------------------------


def issue_broker(authority: Authority, names: Sequence[str], *, now: datetime, days: int = LEAF_DAYS) -> Pair:
    """For the broker, known by the host names and addresses that agents and hub connect to. Raises CaError."""
    if not 1 <= len(names) <= NAMES_MAX:
        raise CaError(f"a broker has 1 to {NAMES_MAX} names, not {len(names)}")
    known_as = x509.SubjectAlternativeName([_alternative(name) for name in names])
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf(authority, names[0], key.public_key(), ends=_after(now, days), use=ExtendedKeyUsageOID.SERVER_AUTH)
    return _pair(leaf.add_extension(known_as, critical=False).sign(authority.key, hashes.SHA256()), key)


def issue_hub(authority: Authority, *, now: datetime, days: int = LEAF_DAYS) -> Pair:
    return _issue_client(authority, HUB_NAME, ends=_after(now, days))


def issue_device(authority: Authority, device: str, *, now: datetime, days: int = LEAF_DAYS) -> Pair:
    """For a device; its common name is the device's. Raises CaError for what is no name of a device."""
    _check_name(device, "device")
    return _issue_client(authority, device, ends=_after(now, days))


def sign_request(
    authority: Authority, request_pem: bytes, *, device: str, now: datetime, days: int = LEAF_DAYS
) -> bytes:
    """The certificate for a device that made its key itself and asks with a PKCS #10 request.

    Taken from the request: the key, and that its holder signed it. Everything else is ours, whatever it asks for.
    Raises CaError when it is no such request, names another device, or has a key that is not EC P-256.
    """
    _check_name(device, "device")
    request = _load_request(request_pem)
    if [str(name.value) for name in request.subject] != [device] or request.subject.rdns[0] != _name(device).rdns[0]:
        raise CaError(f"the request is not one for the common name {device} alone")
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CaError("the request's key is not an EC P-256 key")
    leaf = _leaf(authority, device, key, ends=_after(now, days), use=ExtendedKeyUsageOID.CLIENT_AUTH)
    return _pem(leaf.sign(authority.key, hashes.SHA256()))


def make_request(device: str) -> Pair:
    """A device's new key, and its request in the place of a certificate. Raises CaError."""
    _check_name(device, "device")
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(device)).sign(key, hashes.SHA256())
    return Pair(certificate=request.public_bytes(serialization.Encoding.PEM), key=_key_pem(key))


# --- parts ------------------------------------------------------------------------------------------------------


def _issue_client(authority: Authority, name: str, *, ends: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf(authority, name, key.public_key(), ends=ends, use=ExtendedKeyUsageOID.CLIENT_AUTH)
    return _pair(leaf.sign(authority.key, hashes.SHA256()), key)


def _leaf(
    authority: Authority, name: str, key: ec.EllipticCurvePublicKey, *, ends: datetime, use: x509.ObjectIdentifier
) -> x509.CertificateBuilder:
    return (
        _begun(_name(name), key, ends=min(ends, authority.certificate.not_valid_after_utc))
        .issuer_name(authority.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(issued_by(authority), critical=False)
    )


def _begun(name: x509.Name, key: ec.EllipticCurvePublicKey, *, ends: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def issued_by(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _key_usage(*uses: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in uses for use in _KEY_USES})


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])  # 64 is X.520's limit


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if _DNS_NAME.match(name):
            return x509.DNSName(name)
    raise CaError(f"{name!r} is no host name in lower case, and no address")


def _after(now: datetime, days: int) -> datetime:
    if not 1 <= days <= AUTHORITY_DAYS:
        raise CaError(f"a certificate is valid for 1 to {AUTHORITY_DAYS} days, not {days}")
    if now < VALID_FROM:
        raise CaError(f"it is not {now:%Y-%m-%d}: set this machine's clock first")
    return now + timedelta(days=days)


def _check_name(name: str, what: str) -> None:
    if not is_name(name):
        raise CaError(f"{name!r} is no name of a {what}: 1 to 63 of a-z, 0-9 and '-', not first '-'")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def check_issued_here(authority: Authority, certificate: x509.Certificate) -> None:
    """Raises CaError for a certificate of another authority."""
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise CaError("this certificate was not issued by this authority") from error


def _load_request(pem: bytes) -> x509.CertificateSigningRequest:
    if len(pem) > REQUEST_BYTES_MAX:
        raise CaError(f"a request of {len(pem)} bytes; {REQUEST_BYTES_MAX} is the limit")
    try:
        request = x509.load_pem_x509_csr(pem)
        signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CaError(f"no certificate request can be read: {error}") from error
    if not signed:
        raise CaError("the request is not signed with its own key")
    return request


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    return Pair(certificate=_pem(certificate), key=_key_pem(key))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
