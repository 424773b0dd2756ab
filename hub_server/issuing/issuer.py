"""The issuing authority in the hub's hands: signs requests, and the list of what counts no more."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from firmware_config.ca import revocation
from firmware_config.ca.authority import (
    VALID_FROM,
    Authority,
    CaError,
    Pair,
    chained,
    check_issued_here,
    load_authority,
    load_certificate,
    sign_request,
)
from hub_server.store.certificates import NewCertificate

_DER: Final = serialization.Encoding.DER
_INFO: Final = serialization.PublicFormat.SubjectPublicKeyInfo
_US_PER_S: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class IssuerError(Exception):
    """The files of the authority are not as they must be. Fit for a person."""


class RequestRefusedError(Exception):
    """What a device sent cannot be certified. Fit for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issuer:
    """Signs for one site."""

    authority: Authority
    root: str  # PEM: the one certificate that devices trust

    @property
    def ends_us(self) -> int:
        return _microseconds(self.authority.certificate.not_valid_after_utc)

    def sign(self, device: str, request: str, *, now_us: int) -> NewCertificate:
        """A new certificate for the key of this request (PKCS #10, PEM). Raises RequestRefusedError."""
        try:
            leaf = sign_request(self.authority, request.encode(), device=device, now=_moment(now_us))
        except CaError as error:
            raise RequestRefusedError(str(error)) from error
        made = load_certificate(leaf)
        return NewCertificate(
            serial=f"{made.serial_number:x}",
            key_sha256=hashlib.sha256(made.public_key().public_bytes(_DER, _INFO)).hexdigest(),
            pem=chained(self.authority, leaf).decode(),
            ends_us=_microseconds(made.not_valid_after_utc),
        )

    def listed(
        self, before: bytes | None, certificates: Mapping[str, str], *, now_us: int
    ) -> tuple[bytes, frozenset[str]]:
        """The list of revoked certificates with these (serial -> PEM) on it, too, and the serials that are new there.

        Whoever is on the list `before` stays there. One that cannot be read, or that another authority signed, is as
        none. A certificate of another authority, such as the issuing one before this, is left out: no list of ours
        could shut it out.
        """
        base, known = self._known(before)
        strange = {serial: pem for serial, pem in certificates.items() if int(serial, 16) not in known}
        fresh = {serial: pem.encode() for serial, pem in strange.items() if self._is_ours(pem)}
        if not fresh:
            return base, frozenset()
        now = max(_moment(now_us), VALID_FROM)
        return revocation.revoke(self.authority, base, fresh.values(), now=now), frozenset(fresh)

    def _known(self, before: bytes | None) -> tuple[bytes, frozenset[int]]:
        if before is not None:
            try:
                return before, revocation.revoked_serials(self.authority, before)
            except CaError:
                pass
        return revocation.empty_list(self.authority), frozenset()

    def _is_ours(self, pem: str) -> bool:
        try:
            check_issued_here(self.authority, load_certificate(pem.encode()))
        except CaError:
            return False
        return True


def load_issuer(certificate: Path, key: Path, root: Path) -> Issuer:
    """Raises IssuerError unless key, issuing certificate and root belong together."""
    try:
        pair = Pair(certificate=certificate.read_bytes(), key=key.read_bytes())
        top = root.read_bytes()
        authority, trusted = load_authority(pair), load_certificate(top)
    except OSError as error:
        raise IssuerError(f"{error.filename}: {error.strerror}") from error
    except CaError as error:
        raise IssuerError(f"{certificate}, {key}: {error}") from error
    try:
        authority.certificate.verify_directly_issued_by(trusted)
    except Exception as error:
        raise IssuerError(f"{certificate} was not issued by {root}") from error
    return Issuer(authority=authority, root=_alone(trusted))


def _alone(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _moment(us: int) -> datetime:
    return (_EPOCH + timedelta(microseconds=us)).replace(microsecond=0)


def _microseconds(moment: datetime) -> int:
    return round((moment - _EPOCH).total_seconds()) * _US_PER_S
