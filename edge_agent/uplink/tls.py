"""TLS towards the broker: 1.2 at least, the broker's certificate and name checked, our own shown where there is one."""

import hashlib
import ssl
from pathlib import Path

from edge_agent.config import HubConfig
from edge_agent.errors import ConfigError

_PURPOSE = b"shouwang mqtt client id\0"  # so that what a broker's log shows is of no other use


def tls_context(hub: HubConfig) -> ssl.SSLContext:
    """Reads the files anew, so that a renewed certificate is taken up. Raises ConfigError, by field, for a bad one."""
    assert hub.tls_ca is not None, "nobody asks for TLS otherwise"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(str(hub.tls_ca))
    except OSError as error:  # ssl.SSLError is one
        raise _unusable("tls_ca", hub.tls_ca, error) from error
    if hub.tls_cert is not None and hub.tls_key is not None:
        _show(context, hub.tls_cert, hub.tls_key)
    return context


def client_id(hub: HubConfig, name: str) -> str:
    """`name`, and with a certificate something that only the holder of its key knows.

    Mosquitto ends the older of two connections of one client id, whosever they are, and sends its last will: with ids
    that can be guessed, one device could say of another that it is offline. Of one device it stays the same, so that
    its own dead connection is ended.
    """
    if hub.tls_key is None:
        return name
    secret = hashlib.sha256(_PURPOSE + _read(hub.tls_key)).hexdigest()
    return f"{name}-{secret[:16]}"


def _show(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    _check_pem("tls_cert", certificate, b"CERTIFICATE-----")
    _check_pem("tls_key", key, b"PRIVATE KEY-----")
    try:
        context.load_cert_chain(str(certificate), str(key), password="")  # else a locked key would ask at a terminal
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise _problem("tls_key", f"{key} is not the key of {certificate}") from error
        raise _problem("tls_cert", f"{certificate} and {key} cannot be used: {error}") from error


def _check_pem(field: str, path: Path, mark: bytes) -> None:
    content = _read(path, field)
    if mark not in content:
        raise _problem(field, f"{path} holds no {mark.decode().rstrip('-').lower()} in PEM form")
    if b"ENCRYPTED" in content:
        raise _problem(field, f"{path} is locked with a passphrase, which nobody is there to type")


def _read(path: Path, field: str = "tls_key") -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unusable(field, path, error) from error


def _unusable(field: str, path: Path, error: OSError) -> ConfigError:
    return _problem(field, f"{path} cannot be used: {error.strerror or error}")


def _problem(field: str, what: str) -> ConfigError:
    return ConfigError("the configuration", {f"hub.{field}": what})
