"""TLS towards the broker: 1.2 at least, the broker's certificate and name checked, the hub's own shown."""

import ssl
from pathlib import Path


def tls_context(ca: Path, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    """Reads the files anew, so that a renewed certificate is taken up. Raises OSError; ssl.SSLError is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(str(ca))
    if cert is not None and key is not None:
        context.load_cert_chain(str(cert), str(key), password="")  # a locked key would ask at a terminal
    return context


def mistakes(ca: Path, cert: Path | None, key: Path | None) -> list[str]:
    """What is wrong with the files, by the option that names them."""
    try:
        tls_context(ca, None, None)
    except OSError as error:
        return [f"--mqtt-ca: {ca} cannot be used: {error}"]
    try:
        tls_context(ca, cert, key)
    except OSError as error:
        return [f"--mqtt-cert, --mqtt-key: {cert} and {key} cannot be used together: {error}"]
    return []


def hint(ca: Path | None) -> str:
    """A broker that hangs up on TLS does not say why in MQTT."""
    if ca is None:
        return "before the broker said a word: does this port want TLS (--mqtt-ca)?"
    return "before the broker said a word: does it take our certificate (--mqtt-cert)?"
