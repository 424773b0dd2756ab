"""Keys that follow from the site key: whoever keeps a copy of site.key has kept these, and nothing else is to be kept.

HKDF-SHA256 (RFC 5869) of the site key's 32 bytes, without salt, 32 bytes, a label each.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub_server.store.site_key import KEY_BYTES, read_site_key

_SIGNING: Final = b"shouwang/v1/key/sign"
_PICTURES: Final = b"shouwang/v1/key/pictures"


def signing_key(data_dir: Path) -> bytes:
    """The hub's Ed25519 private key, by which devices know what comes from it. Raises SiteKeyError."""
    return _derived(data_dir, _SIGNING)


def picture_key(data_dir: Path) -> bytes:
    """The hub's X25519 private key, to which devices seal the pictures they are asked for. Raises SiteKeyError."""
    return _derived(data_dir, _PICTURES)


def _derived(data_dir: Path, label: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=label).derive(read_site_key(data_dir))
