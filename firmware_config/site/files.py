"""A site's facts in, the files of the hub's machine out: what `install.sh` puts there. Pure; no secret is among them.

The same profile gives the same bytes.
"""

from typing import Final

from firmware_config.ca.authority import HUB_NAME
from firmware_config.mosquitto import ACL, CONF, Account, MosquittoSite, Tls, access_list, connections_max
from firmware_config.mosquitto import render as mosquitto_files
from firmware_config.site import places, scripts, units
from firmware_config.site.profile import SiteProfile
from firmware_config.systemd import Heartbeat, WatchdogUnits
from firmware_config.systemd import render as watchdog_units

FOLDER: Final = "files"
EXECUTABLE: Final = frozenset({scripts.INSTALL, places.BROKER_SCRIPT.name})
_WRITTEN: Final = "# Written by firmware_config. Change site.toml and make the files again, not this one."
_ALARMS: Final = """\
# The watchdog's own channels, one Apprise URL a line: whom it tells when the hub is gone. Best by another way than the
# hub's own. Then run install.sh again, and try it: hub-server watchdog --alarms {path} --test
# wecombot://BOTKEY
"""


def render(profile: SiteProfile) -> dict[str, str]:
    """The text of each file, by its name in the site's `files` folder."""
    site = broker(profile)
    of_hub = units.render(profile, connections_max=connections_max(site))
    return {
        CONF: mosquitto_files(site)[CONF],
        ACL: access_list(site),
        **of_hub,
        **watchdog_units(_watchdog(profile)),
        "sysusers.conf": _sysusers(),
        "tmpfiles.conf": _tmpfiles(profile),
        "watchdog-urls": _ALARMS.format(path=places.ALARMS),
        places.BROKER_SCRIPT.name: scripts.broker_files(),
        scripts.INSTALL: scripts.install(profile, units=list(of_hub)),
    }


def broker(profile: SiteProfile) -> MosquittoSite:
    """The broker as it begins, with no device yet: the hub adds them to its access list."""
    etc, state = places.BROKER_ETC, places.BROKER_STATE
    return MosquittoSite(
        site=profile.name,
        host="",
        port=profile.broker_port,
        folder=etc,
        store=state,
        acl=state / ACL,
        devices_max=profile.devices_max,
        hub=Account(username=HUB_NAME),
        devices=(),
        watchdogs=tuple(Account(username=name) for name in profile.watchdogs),
        tls=Tls(ca=places.ROOT_PEM, certificate=etc / "broker.pem", key=etc / "broker.key", crl=state / "crl.pem"),
    )


def _watchdog(profile: SiteProfile) -> WatchdogUnits:
    return WatchdogUnits(
        program=profile.program,
        alarms=places.ALARMS,
        name=profile.name,
        heartbeat=Heartbeat(
            host=profile.broker_hosts[0],
            port=profile.broker_port,
            site=profile.name,
            ca=places.ROOT_PEM,
            certificate=places.WATCHDOG_ETC / "watchdog.pem",
            key=places.WATCHDOG_ETC / "watchdog.key",
        ),
    )


def _sysusers() -> str:
    lines = [
        _WRITTEN,
        f'u {places.HUB_USER} - "Shouwang hub" /nonexistent',
        f'u {places.BROKER_USER} - "Mosquitto" /nonexistent',
    ]
    return "\n".join(lines) + "\n"


def _tmpfiles(profile: SiteProfile) -> str:
    hub, mosquitto = places.HUB_USER, places.BROKER_USER
    lines = [
        _WRITTEN,
        f"d {places.ETC} 0755 root root",
        f"d {places.HUB_ETC} 0755 root root",
        f"d {places.BROKER_ETC} 0750 root {mosquitto}",
        f"z {places.BROKER_ETC / 'broker.key'} 0600 {mosquitto} {mosquitto}",
        f"d {profile.data} 0700 {hub} {hub}",
        f"d {profile.backups} 0700 {hub} {hub}",
        "# The group is inherited by what the hub writes there: Mosquitto may read it, nobody else.",
        f"d {places.BROKER_FILES} 2750 {hub} {mosquitto}",
        f"d {places.BROKER_STATE} 0700 {mosquitto} {mosquitto}",
    ]
    return "\n".join(lines) + "\n"
