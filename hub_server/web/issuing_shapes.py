"""Cards, certificates and profiles as the API shows them; what is secret in a profile is masked for who may not see."""

import re
from collections.abc import Mapping
from typing import Any, Final

from sqlite_utils import Database

from hub_server.store import broker_access, certificates, join_tokens
from hub_server.store.certificates import Certificate
from hub_server.store.device_profiles import DeviceProfile
from hub_server.store.join_tokens import JoinToken
from hub_server.store.rows import Device
from hub_server.web import issuing_resources
from hub_server.web.certifying import Site
from hub_server.web.times import rfc3339, rfc3339_or_none

MASK: Final = "***"
SHOWN_MAX: Final = 20  # certificates of one device
# The last @ ends it, whatever stands between: to hide too much is no harm.
_IN_ADDRESS: Final = re.compile(r"(://[^:/@\s]*):[^\s]*@")
_IN_QUERY: Final = re.compile(r"((?:password|passwd|pwd|token|secret|key)=)[^&\s]*", re.IGNORECASE)
_SECRET_NAME: Final = re.compile(r"password|passwd|psk|secret|token|key\Z", re.IGNORECASE)


def profile(row: DeviceProfile, *, clear: bool) -> issuing_resources.DeviceProfile:
    """`clear`: with its secrets."""
    return {
        "device": row.device,
        "kind": row.kind,
        "camera": row.camera if clear else masked(row.camera),
        "relay": row.relay,
        "settings": dict(row.settings) if clear else _masked(row.settings),
        "changed_at": rfc3339_or_none(row.changed_us),
    }


def masked(text: str) -> str:
    """An address without the password in it."""
    return _IN_QUERY.sub(rf"\1{MASK}", _IN_ADDRESS.sub(rf"\1:{MASK}@", text))


def address(site: Site) -> issuing_resources.Address:
    return {"host": site.broker_host, "port": site.broker_port}


def certificate(row: Certificate, *, now_us: int) -> issuing_resources.Certificate:
    return {
        "id": row.id,
        "device": row.device,
        "serial": row.serial,
        "state": row.state(now_us=now_us),
        "issued_at": rfc3339(row.issued_us),
        "ends_at": rfc3339(row.ends_us),
        "revoked_at": rfc3339_or_none(row.revoked_us),
        "reason": row.reason,
    }


def of_device(db: Database, row: Device, *, now_us: int) -> issuing_resources.DeviceCertificates:
    barred = broker_access.barred(db, row.id)
    card = join_tokens.newest(db, row.id)
    rows = certificates.of_device(db, row.id, limit=SHOWN_MAX)
    return {
        "device": row.id,
        "retired_at": rfc3339_or_none(row.retired_us),
        "barred_at": None if barred is None else rfc3339(barred.since_us),
        "barred_reason": "" if barred is None else barred.reason,
        "card": None if card is None else _card(card, now_us),
        "certificates": [certificate(one, now_us=now_us) for one in rows],
    }


def _card(row: JoinToken, now_us: int) -> issuing_resources.CardState:
    return {
        "state": row.state(now_us=now_us),
        "created_at": rfc3339(row.created_us),
        "expires_at": rfc3339(row.expires_us),
        "used_at": rfc3339_or_none(row.used_us),
    }


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: MASK if _is_secret(name, inner) else _masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    return masked(value) if isinstance(value, str) else value


def _is_secret(name: str, value: object) -> bool:
    return isinstance(value, str) and bool(value) and _SECRET_NAME.search(name) is not None
