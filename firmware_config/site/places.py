"""Where a site's files lie on the hub's machine."""

from pathlib import Path
from typing import Final

UNITS: Final = Path("/etc/systemd/system")
SYSUSERS: Final = Path("/etc/sysusers.d/shouwang.conf")
TMPFILES: Final = Path("/etc/tmpfiles.d/shouwang.conf")

ETC: Final = Path("/etc/shouwang")
ROOT_PEM: Final = ETC / "root.pem"
ALARMS: Final = ETC / "watchdog-urls"  # where the watchdog's own alarms go; written by a person
BROKER_ETC: Final = ETC / "broker"  # the broker's certificate, key and mosquitto.conf
HUB_ETC: Final = ETC / "hub"  # page, hub and issuing: certificates; the keys reach the hub as credentials
WATCHDOG_ETC: Final = ETC / "watchdog"

BROKER_FILES: Final = Path("/var/lib/shouwang-broker-files")  # the hub writes them: acl, crl.pem, changed
BROKER_STATE: Final = Path("/var/lib/shouwang-broker")  # Mosquitto's own: its store, and its copies of acl and crl.pem
BROKER_SCRIPT: Final = Path("/usr/local/lib/shouwang/broker-files")

HUB_USER: Final = "shouwang"
BROKER_USER: Final = "mosquitto"
MOSQUITTO: Final = Path("/usr/sbin/mosquitto")

BROKER_SERVICE: Final = "shouwang-broker.service"
FILES_SERVICE: Final = "shouwang-broker-files.service"
FILES_PATH: Final = "shouwang-broker-files.path"
FILES_TIMER: Final = "shouwang-broker-files.timer"
HUB_SERVICE: Final = "shouwang-hub.service"
BACKUP_SERVICE: Final = "shouwang-backup.service"
BACKUP_TIMER: Final = "shouwang-backup.timer"
