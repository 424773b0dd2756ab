"""A site's own certificate authority. Pure: PEM bytes in and out, the moment given, nothing read or written.

Two levels. The root, its key locked with a passphrase and kept away, certifies the issuing authority and nothing else;
that one certifies all the rest, and the hub holds it to enrol devices. Whoever trusts a site trusts its root, so a leaf
travels with the issuing authority's certificate behind it (`chained`).

    root = load_authority(make_root("riverside", now=now))
    issuing = load_authority(make_issuing(root, "riverside", now=now))
    leaf = sign_request(issuing, request_pem, device="east-gate", now=now, days=3650)      # the leaf alone, PEM
    certificate = chained(issuing, leaf)                                                   # what the device is given
    crl = revocation.revoke(issuing, crl, [leaf], now=now)                                 # Mosquitto's `crlfile`

What Mosquitto 2.0 needs: `cafile` the root alone; `crlfile` the issuing authority's list alone (it checks leaves only).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from firmware_config.ca.profile import (
    AUTHORITY_DAYS,
    LEAF_DAYS,
    PAGE_BACK_DAYS,
    PAGE_DAYS,
    VALID_FROM,
    CaError,
    Pair,
    after,
    alternative,
    begun,
    check_name,
    key_pem,
    key_usage,
    named,
    new_key,
    pair_of,
    pem,
)

__all__ = ["AUTHORITY_DAYS", "LEAF_DAYS", "PAGE_DAYS", "VALID_FROM", "CaError", "Pair"]

HUB_NAME: Final = "hub.office"
"""The hub's common name. Its dot keeps it apart from every device: no device can be enrolled as the hub."""
REQUEST_BYTES_MAX: Final = 8 * 1024  # a P-256 request has 500
NAMES_MAX: Final = 16
PASSPHRASE_CHARACTERS_MIN: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """Signs for one site: root or issuing."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


# --- the authorities --------------------------------------------------------------------------------------------


def make_root(site: str, *, now: datetime) -> Pair:
    """A new root, its key not yet locked (`locked`). Raises CaError for what is no name of a site."""
    check_name(site, "site")
    key, name = new_key(), named(f"{site} site CA")
    unsigned = _authority(name, key.public_key(), ends=after(now, AUTHORITY_DAYS), path_length=1).issuer_name(name)
    return pair_of(unsigned.sign(key, hashes.SHA256()), key)


def make_issuing(root: Authority, site: str, *, now: datetime) -> Pair:
    """A new issuing authority; it certifies no further authority. Raises CaError."""
    check_name(site, "site")
    key = new_key()
    ends = min(after(now, AUTHORITY_DAYS), root.certificate.not_valid_after_utc)
    unsigned = _authority(named(f"{site} issuing CA"), key.public_key(), ends=ends, path_length=0)
    unsigned = unsigned.issuer_name(root.certificate.subject).add_extension(issued_by(root), critical=False)
    return pair_of(unsigned.sign(root.key, hashes.SHA256()), key)


def locked(pair: Pair, passphrase: str) -> Pair:
    """The same with the key locked. Raises CaError for a passphrase that is soon guessed."""
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN or len(set(passphrase)) < PASSPHRASE_CHARACTERS_MIN // 2:
        raise CaError(f"a passphrase has at least {PASSPHRASE_CHARACTERS_MIN} characters: take four words or more")
    if not passphrase.isprintable() or passphrase != passphrase.strip():
        raise CaError("a passphrase holds what can be typed, and no blank at its ends")
    return Pair(certificate=pair.certificate, key=key_pem(load_authority(pair).key, passphrase))


def is_locked(key: bytes) -> bool:
    return b"BEGIN ENCRYPTED PRIVATE KEY" in key


def load_authority(pair: Pair, passphrase: str | None = None) -> Authority:
    """Raises CaError unless it is an authority's certificate with its own key."""
    certificate = load_certificate(pair.certificate)
    if is_locked(pair.key) != (passphrase is not None):
        raise CaError("the authority's key needs " + ("a passphrase" if passphrase is None else "no passphrase"))
    try:
        key = serialization.load_pem_private_key(pair.key, None if passphrase is None else passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        why = "the passphrase is wrong, or the file is damaged" if passphrase is not None else str(error)
        raise CaError(f"the authority's key cannot be read: {why}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise CaError("the authority's key is not that of its certificate")
    if not _is_authority(certificate):
        raise CaError("this certificate is not one of an authority")
    return Authority(certificate=certificate, key=key)


def load_certificate(pem: bytes) -> x509.Certificate:
    """The first of a file: of a chain its leaf."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CaError(f"no certificate can be read: {error}") from error


def chained(authority: Authority, leaf: bytes) -> bytes:
    """A leaf as it is shown in TLS: with its authority's certificate behind it, but for a root, which is known."""
    issuer = authority.certificate
    return leaf if issuer.issuer == issuer.subject else leaf + pem(issuer)


# --- what they certify ------------------------------------------------------------------------------------------


def issue_broker(authority: Authority, names: Sequence[str], *, now: datetime, days: int = LEAF_DAYS) -> Pair:
    """For the broker, known by the host names and addresses that agents and hub connect to. Raises CaError."""
    return _issue_server(authority, names, begins=VALID_FROM, ends=after(now, days))


def issue_page(authority: Authority, names: Sequence[str], *, now: datetime, days: int = PAGE_DAYS) -> Pair:
    """For the hub's page: short enough for every browser, and so not yet valid on an old clock. Raises CaError."""
    if days > PAGE_DAYS:
        raise CaError(f"a page is certified for {PAGE_DAYS} days at most: telephones refuse what lasts longer")
    begins = max(now - timedelta(days=PAGE_BACK_DAYS), VALID_FROM)
    return _issue_server(authority, names, begins=begins, ends=after(now, days))


def issue_hub(authority: Authority, *, now: datetime, days: int = LEAF_DAYS) -> Pair:
    return _issue_client(authority, HUB_NAME, ends=after(now, days))


def issue_device(authority: Authority, device: str, *, now: datetime, days: int = LEAF_DAYS) -> Pair:
    """For a device or a watchdog; its common name is its own. Raises CaError for what is no name of a device."""
    check_name(device, "device")
    return _issue_client(authority, device, ends=after(now, days))


def sign_request(
    authority: Authority, request_pem: bytes, *, device: str, now: datetime, days: int = LEAF_DAYS
) -> bytes:
    """The certificate, alone (`chained` adds the rest), for a device that made its key itself and asks with PKCS #10.

    Taken from the request: the key, and that its holder signed it. Everything else is ours, whatever it asks for.
    Raises CaError when it is no such request, names another device, or has a key that is not EC P-256.
    """
    check_name(device, "device")
    request = _load_request(request_pem)
    if [str(name.value) for name in request.subject] != [device] or request.subject.rdns[0] != named(device).rdns[0]:
        raise CaError(f"the request is not one for the common name {device} alone")
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CaError("the request's key is not an EC P-256 key")
    leaf = _leaf(authority, device, key, ends=after(now, days), use=ExtendedKeyUsageOID.CLIENT_AUTH)
    return pem(leaf.sign(authority.key, hashes.SHA256()))


def make_request(device: str) -> Pair:
    """A device's new key, and its request in the place of a certificate. Raises CaError."""
    check_name(device, "device")
    key = new_key()
    request = x509.CertificateSigningRequestBuilder().subject_name(named(device)).sign(key, hashes.SHA256())
    return Pair(certificate=request.public_bytes(serialization.Encoding.PEM), key=key_pem(key))


# --- parts ------------------------------------------------------------------------------------------------------


def _authority(
    name: x509.Name, key: ec.EllipticCurvePublicKey, *, ends: datetime, path_length: int
) -> x509.CertificateBuilder:
    return (
        begun(name, key, ends=ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
    )


def _issue_server(authority: Authority, names: Sequence[str], *, begins: datetime, ends: datetime) -> Pair:
    if not 1 <= len(names) <= NAMES_MAX:
        raise CaError(f"a server has 1 to {NAMES_MAX} names, not {len(names)}")
    known_as = x509.SubjectAlternativeName([alternative(name) for name in names])
    key, use = new_key(), ExtendedKeyUsageOID.SERVER_AUTH
    leaf = _leaf(authority, names[0], key.public_key(), begins=begins, ends=ends, use=use)
    return pair_of(leaf.add_extension(known_as, critical=False).sign(authority.key, hashes.SHA256()), key)


def _issue_client(authority: Authority, name: str, *, ends: datetime) -> Pair:
    key = new_key()
    leaf = _leaf(authority, name, key.public_key(), ends=ends, use=ExtendedKeyUsageOID.CLIENT_AUTH)
    return pair_of(leaf.sign(authority.key, hashes.SHA256()), key)


def _leaf(
    authority: Authority,
    name: str,
    key: ec.EllipticCurvePublicKey,
    *,
    ends: datetime,
    use: x509.ObjectIdentifier,
    begins: datetime = VALID_FROM,
) -> x509.CertificateBuilder:
    return (
        begun(named(name), key, begins=begins, ends=min(ends, authority.certificate.not_valid_after_utc))
        .issuer_name(authority.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(issued_by(authority), critical=False)
    )


def issued_by(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


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
