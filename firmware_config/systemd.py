"""Units of systemd for the watchdog of a hub. Pure: text out, nothing written.

A timer looks once a minute (`watchdog.timer` starts `watchdog.service`), as a user that exists only meanwhile and may
write nothing but its own state. The URLs of its channels are a credential: no other user, and no list of processes,
shows them. A look that finds trouble leaves the unit failed, so `systemctl --failed` shows it, too.
"""

from dataclasses import dataclass
from pathlib import Path

SERVICE = "shouwang-watchdog.service"
TIMER = "shouwang-watchdog.timer"
_STATE = "shouwang-watchdog"
_LOOK_S_MAX = 180  # the patience of both looks, a slow channel and some more


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat:
    """Where the hub's heartbeat is heard, with a certificate: the watchdog's own, an account in `watchdogs`."""

    host: str
    site: str
    ca: Path
    certificate: Path
    key: Path
    port: int = 8883


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchdogUnits:
    """How one watchdog is run. Raises ValueError for what cannot stand in a unit, or looks at nothing."""

    program: Path  # absolute: .../bin/hub-server
    alarms: Path  # Apprise URLs, one a line; 0600, root's
    name: str  # of the hub, in messages
    hub: str | None = None  # the page, for a watchdog on the hub's own machine
    heartbeat: Heartbeat | None = None
    every_s: int = 60

    def __post_init__(self) -> None:
        if self.hub is None and self.heartbeat is None:
            raise ValueError("a watchdog needs a page or a heartbeat to look at")
        if not 10 <= self.every_s <= 3600:
            raise ValueError(f"a look every {self.every_s} s: must be 10 to 3600")
        for path in self._paths():
            if not path.is_absolute() or any(character in str(path) for character in ":'\"\\ "):
                raise ValueError(f"{str(path)!r} is no absolute path without blanks, colons and quotes")
        beat = self.heartbeat
        for word in (self.name, self.hub, *(() if beat is None else (beat.host, beat.site))):
            if word is not None and (not word.isprintable() or not word or word.startswith("-")):
                raise ValueError(f"{word!r} cannot stand in a unit")

    def _paths(self) -> list[Path]:
        beat = self.heartbeat
        return [self.program, self.alarms, *(() if beat is None else (beat.ca, beat.certificate, beat.key))]


def render(units: WatchdogUnits) -> dict[str, str]:
    """The text of each unit, by its name in /etc/systemd/system."""
    return {SERVICE: _service(units), TIMER: _timer(units)}


def _service(units: WatchdogUnits) -> str:
    credentials = {"alarms": units.alarms}
    if units.heartbeat is not None:
        credentials |= {"cert": units.heartbeat.certificate, "key": units.heartbeat.key}
    words = [str(units.program), "watchdog", "--alarms", "%d/alarms", "--state", f"%S/{_STATE}/state"]
    words += ["--name", _quoted(units.name)]
    if units.hub is not None:
        words += ["--hub", _quoted(units.hub)]
    if units.heartbeat is not None:
        beat = units.heartbeat
        words += ["--mqtt-host", _quoted(beat.host), "--mqtt-port", str(beat.port), "--site", _quoted(beat.site)]
        words += ["--mqtt-ca", str(beat.ca), "--mqtt-cert", "%d/cert", "--mqtt-key", "%d/key"]
    lines = [
        "# Written by firmware_config. Change its input and render again, not this file.",
        "[Unit]",
        "Description=Shouwang: one look at the hub from outside",
        "After=network-online.target",
        "Wants=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join(words)}",
        f"TimeoutStartSec={_LOOK_S_MAX}",
        *(f"LoadCredential={name}:{path}" for name, path in credentials.items()),
        f"StateDirectory={_STATE}",
        "StateDirectoryMode=0700",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateDevices=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "CapabilityBoundingSet=",
        "MemoryMax=256M",
    ]
    return "\n".join(lines) + "\n"


def _timer(units: WatchdogUnits) -> str:
    lines = [
        "# Written by firmware_config. Change its input and render again, not this file.",
        "[Unit]",
        "Description=Shouwang: looks at the hub again and again",
        "",
        "[Timer]",
        "OnBootSec=2min",
        "# After the end of the last look: two never run at once.",
        f"OnUnitInactiveSec={units.every_s}",
        "AccuracySec=1s",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    """As one word of a command line (systemd.service(5)): quoted, with nothing left to expand."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
