"""Which embedder the models of this machine are, for galleries that hold vehicles alone. Reads no model."""

import logging
import sys
import tomllib
from pathlib import Path
from typing import Final

from hub_server.store.galleries import Embedder

_MANIFEST: Final = "manifest.toml"
_MANIFEST_BYTES_MAX: Final = 256 * 1024
_log = logging.getLogger(__name__)


def places() -> list[Path]:
    """Where models are looked for (DESIGN section 3), in this order."""
    return [
        Path("/var/lib/shouwang/models"),
        Path(sys.prefix) / "share" / "shouwang" / "models",
        Path(__file__).resolve().parents[2] / "models",
    ]


def find_embedder(folders: list[Path] | None = None) -> Embedder | None:
    """Of the first folder with a manifest; None, and a line in the log, when there is none or it cannot be read."""
    searched = places() if folders is None else folders
    manifest = next((folder / _MANIFEST for folder in searched if (folder / _MANIFEST).is_file()), None)
    if manifest is None:
        _log.warning("no %s: a device with vehicles alone gets its list once somebody is enrolled", _MANIFEST)
        return None
    try:
        with manifest.open("rb") as file:
            content = file.read(_MANIFEST_BYTES_MAX)
        face = tomllib.loads(content.decode())["face"]
        return Embedder(id=str(face["embedder_id"]), template_length=int(face["template_length"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        _log.warning(
            "%s does not name an embedder (%s): vehicles alone are sent once somebody is enrolled", manifest, error
        )
        return None
