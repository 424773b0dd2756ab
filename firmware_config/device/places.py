"""Where things lie on a device."""

from typing import Final

BOOT: Final = "/boot/firmware"  # Raspberry Pi OS since Bookworm; older ones have no Python for us
CARD: Final = f"{BOOT}/shouwang"  # what `provision` wrote
ETC: Final = "/etc/shouwang"
CONFIG: Final = f"{ETC}/agent.toml"
STATE: Final = "/var/lib/shouwang"  # keys, journal, galleries, evidence: durable, under no overlay
PROGRAM: Final = "/opt/shouwang/bin/edge-agent"
RUNTIME: Final = "/run/shouwang"  # gone at every boot
USER: Final = "shouwang"
ADMIN: Final = "technician"  # who logs in with a key; without keys there is nobody
TOKEN: Final = "join.json"  # noqa: S105 - a file name
