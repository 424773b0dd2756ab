"""The key of a device's certificate, and the request that it signs."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge_agent.joining.disk import Disk, write_whole


def kept_key(disk: Disk, path: Path, *, in_force: bytes | None) -> ec.EllipticCurvePrivateKey:
    """The P-256 key in the file: of an earlier try, else new, durable before it is used. Raises OSError.

    A file that is no such key is replaced: nothing was ever certified for it. So is the key that is `in_force` (PEM):
    its try was a success.
    """
    content = read_or_none(path)
    key = None if content is None or content == in_force else _loaded(content)
    if key is not None:
        return key
    new = ec.generate_private_key(ec.SECP256R1())
    write_whole(disk, path, key_pem(new), mode=0o600)
    return new


def read_or_none(path: Path) -> bytes | None:
    """None: there is no such file. Raises OSError for anything else."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _loaded(pem: bytes) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1) else None


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8 without a passphrase: nobody is there to type one."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def request_pem(key: ec.EllipticCurvePrivateKey, device: str) -> bytes:
    """PKCS #10 for the common name `device`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, device)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)
