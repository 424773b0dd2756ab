"""Files before they are written."""

from dataclasses import dataclass

FILE_MODE = 0o644
SECRET_MODE = 0o600


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """One file. The mode is what it has in the end, on the device: a FAT partition keeps none."""

    text: str
    mode: int = FILE_MODE


Files = dict[str, Rendered]
"""By path, with `/` between its parts, not beginning with one."""
