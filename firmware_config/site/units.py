"""Units of systemd for the hub's machine: broker, hub, backup. Pure: text out, nothing written.

The hub never touches the broker's process: it writes files and counts them up in `changed`. A unit of root's sees that
and has Mosquitto read them again, or starts it again (`scripts.py`). A missed event costs a minute: a timer looks, too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from firmware_config.mosquitto import CONF
from firmware_config.site import places
from firmware_config.site.profile import LOCAL, SiteProfile

_WRITTEN: Final = "# Written by firmware_config. Change site.toml and make the files again, not this one."
_PRIVILEGED_PORTS: Final = 1024
_HARD: Final = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "LockPersonality=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
    "UMask=0077",
)
_NETWORK: Final = "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"


def render(profile: SiteProfile, *, connections_max: int) -> dict[str, str]:
    """The text of each unit, by its name. `connections_max`: of the broker, for its open files."""
    return {
        places.BROKER_SERVICE: _broker(profile, connections_max),
        places.FILES_SERVICE: _files_service(),
        places.FILES_PATH: _files_path(),
        places.FILES_TIMER: _files_timer(),
        places.HUB_SERVICE: _hub(profile),
        places.BACKUP_SERVICE: _backup(profile),
        places.BACKUP_TIMER: _backup_timer(profile),
    }


def _broker(profile: SiteProfile, connections_max: int) -> str:
    return _unit(
        "Shouwang: the message broker of the site",
        ["After=network.target", "StartLimitIntervalSec=0"],
        [
            "Type=notify",
            f"User={places.BROKER_USER}",
            f"Group={places.BROKER_USER}",
            f"ExecStartPre={places.BROKER_SCRIPT} take",
            "# With root's rights: what the broker about to start has read is not told to it again.",
            f"ExecStartPre=+{places.BROKER_SCRIPT} started",
            f"ExecStart={places.MOSQUITTO} -c {places.BROKER_ETC / CONF}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "Restart=always",
            "RestartSec=2",
            f"StateDirectory={places.BROKER_STATE.name}",
            "StateDirectoryMode=0700",
            "# A connection each, and some of its own.",
            f"LimitNOFILE={connections_max + 512}",
            *_hardened(profile.broker_port),
        ],
        wanted_by="multi-user.target",
    )


def _files_service() -> str:
    return _unit(
        "Shouwang: what the hub has changed reaches the broker",
        [],
        [
            "Type=oneshot",
            f"User={places.BROKER_USER}",
            f"Group={places.BROKER_USER}",
            f"ExecStart={places.BROKER_SCRIPT} take",
            "# Root starts the broker again; what the hub wrote is read by the broker's own user alone.",
            f"ExecStart=+{places.BROKER_SCRIPT} tell",
            "TimeoutStartSec=60",
            f"StateDirectory={places.BROKER_STATE.name}",
            "StateDirectoryMode=0700",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateTmp=yes",
            "RestrictAddressFamilies=AF_UNIX",
            "UMask=0077",
        ],
    )


def _files_path() -> str:
    return _plain_unit(
        "Shouwang: sees that the hub has changed something for the broker",
        "[Path]",
        [f"PathChanged={places.BROKER_FILES / 'changed'}"],
        wanted_by="paths.target",
    )


def _files_timer() -> str:
    return _plain_unit(
        "Shouwang: a change that came while another was carried out is missed for a minute at most",
        "[Timer]",
        ["OnBootSec=1min", "OnUnitInactiveSec=1min", "AccuracySec=5s"],
        wanted_by="timers.target",
    )


def _hub(profile: SiteProfile) -> str:
    credentials = {"page.key": "page", "hub.key": "hub", "issuing.key": "issuing"}
    mirror = [] if profile.keys_mirror is None else [profile.keys_mirror]
    return _unit(
        "Shouwang: the hub of the site",
        [f"After=network-online.target {places.BROKER_SERVICE}", "Wants=network-online.target"],
        [
            "Type=notify",
            f"User={places.HUB_USER}",
            f"Group={places.HUB_USER}",
            f"Environment=TZ={profile.time_zone}",
            f"ExecStart={' '.join(_serve(profile))}",
            *(f"LoadCredential={name}:{places.HUB_ETC / name}" for name in credentials),
            "Restart=always",
            "RestartSec=5",
            "WatchdogSec=120",
            "TimeoutStartSec=300",
            "TimeoutStopSec=60",
            "LimitNOFILE=8192",
            f"ReadWritePaths={_joined([profile.data, places.BROKER_FILES, *mirror])}",
            *_hardened(profile.page_port),
        ],
        wanted_by="multi-user.target",
    )


def _serve(profile: SiteProfile) -> list[str]:
    etc = places.HUB_ETC
    options = {
        "--data": profile.data,
        "--site": profile.name,
        "--host": "0.0.0.0",  # noqa: S104 with TLS
        "--port": profile.page_port,
        "--public-url": profile.page,
        "--tls-cert": etc / "page.pem",
        "--tls-key": "%d/page.key",
        "--mqtt-host": LOCAL,
        "--mqtt-port": profile.broker_port,
        "--mqtt-ca": places.ROOT_PEM,
        "--mqtt-cert": etc / "hub.pem",
        "--mqtt-key": "%d/hub.key",
        "--issuing-cert": etc / "issuing.pem",
        "--issuing-key": "%d/issuing.key",
        "--root": places.ROOT_PEM,
        "--broker-files": places.BROKER_FILES,
        "--device-broker": profile.broker,
        **({} if profile.keys_mirror is None else {"--keys-mirror": profile.keys_mirror}),
    }
    words = [word for name, value in options.items() for word in (name, str(value))]
    return [str(profile.program), "serve", *words, *(f"--watchdog={name}" for name in profile.watchdogs)]


def _backup(profile: SiteProfile) -> str:
    old = f"-name 'hub-*.sqlite3*' -mtime +{profile.backups_kept_days} -delete"
    return _unit(
        "Shouwang: a backup of the hub's store",
        [f"ConditionPathExists={profile.data / 'hub.sqlite3'}"],
        [
            "Type=oneshot",
            f"User={places.HUB_USER}",
            f"Group={places.HUB_USER}",
            f"ExecStart={profile.program} backup --data {profile.data} --to {profile.backups}",
            "# Only when a new one has been made.",
            f"ExecStartPost=/usr/bin/find {profile.backups} -maxdepth 1 -type f {old}",
            "Nice=10",
            "IOSchedulingClass=idle",
            f"ReadWritePaths={_joined([profile.data, profile.backups])}",
            *_hardened(None),
        ],
    )


def _backup_timer(profile: SiteProfile) -> str:
    return _plain_unit(
        "Shouwang: a backup every night",
        "[Timer]",
        [f"OnCalendar=*-*-* 02:20:00 {profile.time_zone}", "Persistent=yes"],
        wanted_by="timers.target",
    )


def _hardened(port: int | None) -> list[str]:
    """`port`: that it listens on; None: no network."""
    if port is None:
        return [*_HARD, "RestrictAddressFamilies=AF_UNIX", "CapabilityBoundingSet="]
    if port >= _PRIVILEGED_PORTS:
        return [*_HARD, _NETWORK, "CapabilityBoundingSet="]
    right = "CAP_NET_BIND_SERVICE"
    return [*_HARD, _NETWORK, f"CapabilityBoundingSet={right}", f"AmbientCapabilities={right}"]


def _unit(what: str, about: Sequence[str], service: Sequence[str], *, wanted_by: str | None = None) -> str:
    lines = [_WRITTEN, "[Unit]", f"Description={what}", *about, "", "[Service]", *service]
    return "\n".join([*lines, *_install(wanted_by)]) + "\n"


def _plain_unit(what: str, section: str, settings: Sequence[str], *, wanted_by: str) -> str:
    return "\n".join([_WRITTEN, "[Unit]", f"Description={what}", "", section, *settings, *_install(wanted_by)]) + "\n"


def _install(wanted_by: str | None) -> list[str]:
    return [] if wanted_by is None else ["", "[Install]", f"WantedBy={wanted_by}"]


def _joined(paths: Sequence[Path]) -> str:
    return " ".join(str(path) for path in paths)
