"""What the doctor says of TLS: our own certificate, by its file; and why a broker does not take us, by asking it."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from edge_agent.commands.doctor import UnwellError
from edge_agent.config import AgentConfig, HubConfig
from edge_agent.uplink.tls import tls_context
from edge_agent.wire.tls_words import tls_words

TIMEOUT_S: Final = 5.0
RENEW_BEFORE: Final = timedelta(days=30)

_ALERTS_MEAN_TLS: Final = "ALERT"


def check_own_certificate(config: AgentConfig, now: datetime) -> str:
    """What it is good for, in words; empty without one. Raises UnwellError, and ConfigError for files that are none."""
    hub = config.hub
    if hub.tls_cert is None or hub.tls_key is None:
        return ""
    tls_context(hub)
    certificate = x509.load_pem_x509_certificate(hub.tls_cert.read_bytes())
    _check_name(hub.tls_cert, certificate, config.device)
    _check_time(hub.tls_cert, certificate, now)
    mode = hub.tls_key.stat().st_mode & 0o777
    if mode & 0o077:
        raise UnwellError(f"others may read {hub.tls_key} (mode {mode:o})", f"chmod 600 {hub.tls_key}")
    return f"our certificate is good until {certificate.not_valid_after_utc:%Y-%m-%d}"


def why_not(hub: HubConfig) -> str | None:
    """What a broker that did not take us has against us, or we against it, of TLS; None: nothing that shows."""
    return _probe_plain(hub) if hub.tls_ca is None else _probe_tls(hub)


def _check_name(path: Path, certificate: x509.Certificate, device: str) -> None:
    names = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [device]:
        found = f"{path} is the certificate of {', '.join(names) or 'nobody'}; this device is {device}"
        raise UnwellError(found, "put this device's own certificate and key here, or correct the name in `device`")


def _check_time(path: Path, certificate: x509.Certificate, now: datetime) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    clock = f"and this device's clock says {now:%Y-%m-%d %H:%M} UTC"
    if now < begins:
        raise UnwellError(f"{path} is valid from {begins:%Y-%m-%d}, {clock}", "set the clock (timedatectl)")
    if now > ends:
        raise UnwellError(f"{path} has expired on {ends:%Y-%m-%d}, {clock}", "if the clock is right: get a new one")
    if now > ends - RENEW_BEFORE:
        raise UnwellError(f"{path} expires on {ends:%Y-%m-%d}, {clock}", "get a new one before then")


def _probe_tls(hub: HubConfig) -> str | None:
    """In TLS 1.2 a broker tells within the handshake what it has against a certificate; in 1.3 its word may be lost."""
    context = tls_context(hub)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        _handshake(hub, context)
    except OSError as error:
        clock = f"; it is {datetime.now(UTC):%Y-%m-%d %H:%M} UTC here" if "clock" in tls_words(error) else ""
        return tls_words(error) + clock
    return None


def _probe_plain(hub: HubConfig) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nothing is said to it but hello
    try:
        _handshake(hub, context)
    except ssl.SSLError as error:
        if _ALERTS_MEAN_TLS not in str(error.reason):
            return None
    except OSError:
        return None
    return "this port speaks TLS, and [hub] names no tls_ca"


def _handshake(hub: HubConfig, context: ssl.SSLContext) -> None:
    with (
        socket.create_connection((hub.host, hub.port), TIMEOUT_S) as connection,
        context.wrap_socket(connection, server_hostname=hub.host),
    ):
        pass
