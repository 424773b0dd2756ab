"""TLS of the page: a certificate and its key as somebody gave them, and the names it is for."""

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509


def server_context(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 at least. Raises OSError; ssl.SSLError is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(str(cert), str(key), password="")  # a locked key would ask at a terminal
    return context


def mistakes(cert: Path | None, key: Path | None) -> list[str]:
    """What is wrong with the files, by the option that names them."""
    if cert is None and key is None:
        return []
    if cert is None or key is None:
        return ["--tls-cert, --tls-key: a certificate and its key go together"]
    try:
        absent = [
            f"{option}: there is no file {path}"
            for option, path in (("--tls-cert", cert), ("--tls-key", key))
            if not path.is_file()
        ]
        if absent:
            return absent
        server_context(cert, key)
        names(cert)
    except (OSError, ValueError) as error:
        return [f"--tls-cert, --tls-key: {cert} and {key} cannot be used together: {error}"]
    return []


def names(cert: Path) -> frozenset[str]:
    """What the certificate is for, lower case, IPv6 addresses in brackets. Raises OSError, ValueError."""
    try:
        found = _read(cert).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    dns = {name.lower() for name in found.get_values_for_type(x509.DNSName)}
    addresses = found.get_values_for_type(x509.IPAddress)
    return frozenset(dns | {f"[{address}]" if ":" in str(address) else str(address) for address in addresses})


def ends_at(cert: Path) -> datetime:
    """When it is no longer good, UTC. Raises OSError, ValueError."""
    return _read(cert).not_valid_after_utc


def _read(cert: Path) -> x509.Certificate:
    """The first of the file: the hub's own."""
    return x509.load_pem_x509_certificate(cert.read_bytes())
