"""Which certificates count no more: the issuing authority's list, for Mosquitto's `crlfile`. Pure: PEM in and out.

    crl = empty_list(issuing)
    crl = revoke(issuing, crl, [certificate_pem, ...], now=now)     # adds; the list only grows
    serials = revoked_serials(issuing, crl)

Mosquitto 2.0 asks for the list of a leaf's own issuer, not for the root's; a file of a chain counts by its first one.
"""

from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from firmware_config.ca.authority import Authority, check_issued_here, issued_by, load_certificate
from firmware_config.ca.profile import VALID_FROM, CaError


def empty_list(authority: Authority) -> bytes:
    """With nobody on it: the broker has a list from the first day, and is only told to read it again."""
    return _signed(authority, [], number=1)


def revoke(authority: Authority, list_pem: bytes, certificates: Iterable[bytes], *, now: datetime) -> bytes:
    """The list with these certificates (PEM) on it, too. Raises CaError when list or certificate is not ours."""
    before = _load(authority, list_pem)
    entries = {entry.serial_number: entry for entry in before}
    for pem in certificates:
        certificate = load_certificate(pem)
        check_issued_here(authority, certificate)
        entries.setdefault(certificate.serial_number, _entry(certificate.serial_number, now))
    number = before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return _signed(authority, entries.values(), number=number + 1)


def revoked_serials(authority: Authority, list_pem: bytes) -> frozenset[int]:
    """Raises CaError when the list is not ours."""
    return frozenset(entry.serial_number for entry in _load(authority, list_pem))


def _signed(authority: Authority, entries: Iterable[x509.RevokedCertificate], *, number: int) -> bytes:
    """OpenSSL refuses *everybody* by a list that is itself out of date: so it is valid as long as the authority is."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(VALID_FROM)
        .next_update(authority.certificate.not_valid_after_utc)
        .add_extension(issued_by(authority), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _entry(serial: int, now: datetime) -> x509.RevokedCertificate:
    return x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()


def _load(authority: Authority, pem: bytes) -> x509.CertificateRevocationList:
    try:
        found = x509.load_pem_x509_crl(pem)
    except ValueError as error:
        raise CaError(f"no revocation list can be read: {error}") from error
    if not found.is_signature_valid(authority.key.public_key()):
        raise CaError("this revocation list was not signed by this authority")
    return found
