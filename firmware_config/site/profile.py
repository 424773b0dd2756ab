"""What a site is: the few facts from which all its files follow. As a value, and as the text of `site.toml`. Pure."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge_agent.wire.topics import is_device, is_name
from firmware_config.ca.profile import CaError, alternative

FILE: Final = "site.toml"
LOCAL: Final = "localhost"
HOSTS_MAX: Final = 8
AREAS_MAX: Final = 200
AREA_CHARACTERS_MAX: Final = 64
WATCHDOGS_MAX: Final = 8
PORT_MAX: Final = 65_535
DEVICES_MAX: Final = 10_000
BACKUPS_KEPT_DAYS_MAX: Final = 3650
_BYTES_MAX: Final = 256 * 1024
_HEAD: Final = (
    "# A site of Shouwang. Its files follow from this: `provision site init` again when something has changed here.\n"
)


class ProfileError(ValueError):
    """What was told is no site, and why; fit for a person. One line for each mistake."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteProfile:
    """Broker and hub stand on one machine. Raises ProfileError at birth, with all mistakes at once."""

    name: str  # as in MQTT topics
    broker_hosts: tuple[str, ...]  # host names in lower case and addresses; the first is what devices are told
    hub_hosts: tuple[str, ...]  # the same of the page
    made: datetime  # UTC, whole seconds
    areas: tuple[str, ...] = ()
    broker_port: int = 8883
    page_port: int = 8443
    time_zone: str = "Asia/Shanghai"
    watchdogs: tuple[str, ...] = ("watchdog",)  # hear on the broker whether the hub lives
    devices_max: int = 1000  # the broker keeps places for so many
    program: Path = Path("/opt/shouwang/bin/hub-server")
    data: Path = Path("/var/lib/shouwang")
    backups: Path = Path("/var/backups/shouwang")
    backups_kept_days: int = 30
    keys_mirror: Path | None = None  # on another disk: a backup holds no keys

    def __post_init__(self) -> None:
        mistakes = [*self._wrong_names(), *self._wrong_numbers(), *self._wrong_paths()]
        if mistakes:
            raise ProfileError(mistakes)

    @property
    def page(self) -> str:
        """Its address, without a slash at the end."""
        return f"https://{_bracketed(self.hub_hosts[0])}:{self.page_port}"

    @property
    def broker(self) -> str:
        """As devices are told: host:port."""
        return f"{_bracketed(self.broker_hosts[0])}:{self.broker_port}"

    @property
    def broker_names(self) -> tuple[str, ...]:
        """What its certificate is for; the hub beside it calls it localhost, whatever becomes of the network."""
        return tuple(dict.fromkeys((*self.broker_hosts, LOCAL)))

    @property
    def page_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.hub_hosts, LOCAL)))

    def _wrong_names(self) -> list[str]:
        mistakes = [] if is_name(self.name) else [f"{self.name!r} is no name of a site: 1 to 63 of a-z, 0-9 and '-'"]
        mistakes += [f"{name!r} is no name of a watchdog" for name in self.watchdogs if not is_device(name)]
        for what, hosts in (("broker", self.broker_hosts), ("hub", self.hub_hosts)):
            if not 1 <= len(hosts) <= HOSTS_MAX:
                mistakes.append(f"the {what} has 1 to {HOSTS_MAX} host names or addresses")
            mistakes += [mistake for host in hosts if (mistake := _wrong_host(host)) is not None]
        mistakes += [
            f"{area!r} is no area: 1 to {AREA_CHARACTERS_MAX} characters, without blanks at its ends"
            for area in self.areas
            if not 1 <= len(area) <= AREA_CHARACTERS_MAX or not area.isprintable() or area != area.strip()
        ]
        for what, names in (("area", self.areas), ("watchdog", self.watchdogs), ("host", self.broker_hosts)):
            mistakes += [f"two {what}s are called {name}" for name in sorted(set(names)) if names.count(name) > 1]
        if not _is_zone(self.time_zone):
            mistakes.append(f"{self.time_zone!r} is no time zone, such as Asia/Shanghai")
        return mistakes

    def _wrong_numbers(self) -> list[str]:
        limits = (
            ("the broker's port", self.broker_port, 1, PORT_MAX),
            ("the page's port", self.page_port, 1, PORT_MAX),
            ("the most devices", self.devices_max, 1, DEVICES_MAX),
            ("how long backups are kept, in days", self.backups_kept_days, 1, BACKUPS_KEPT_DAYS_MAX),
            ("how many areas", len(self.areas), 0, AREAS_MAX),
            ("how many watchdogs", len(self.watchdogs), 1, WATCHDOGS_MAX),
        )
        mistakes = [f"{what}: {low} to {high}, not {n}" for what, n, low, high in limits if not low <= n <= high]
        if self.broker_port == self.page_port:
            mistakes.append("broker and page need two ports")
        if self.made.utcoffset() is None or self.made.microsecond:
            mistakes.append("`made` is a moment with its zone, in whole seconds")
        return mistakes

    def _wrong_paths(self) -> list[str]:
        paths = [self.program, self.data, self.backups, *([] if self.keys_mirror is None else [self.keys_mirror])]
        mistakes = [f"{str(path)!r} is no path that a unit can hold" for path in paths if not _is_plain(path)]
        if self.keys_mirror is not None and self.keys_mirror.is_relative_to(self.data):
            mistakes.append("the mirror of the keys lies in the data folder; what helps is another disk")
        return mistakes


_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "": {name: name for name in ("name", "made", "areas", "time_zone", "watchdogs")},
    "broker": {"hosts": "broker_hosts", "port": "broker_port", "devices_max": "devices_max"},
    "hub": {
        "hosts": "hub_hosts",
        "page_port": "page_port",
        **{name: name for name in ("program", "data", "backups", "backups_kept_days", "keys_mirror")},
    },
}
"""Where each field stands in `site.toml`: table, key."""


def render(profile: SiteProfile) -> str:
    """`site.toml`: what `parse` takes."""
    lines = [_HEAD]
    for table, keys in _TABLES.items():
        lines += [f"\n[{table}]\n"] if table else []
        values = {key: getattr(profile, field) for key, field in keys.items()}
        lines += [f"{key} = {_toml(value)}\n" for key, value in values.items() if value is not None]
    return "".join(lines)


def parse(text: str) -> SiteProfile:
    """Raises ProfileError."""
    if len(text) > _BYTES_MAX:
        raise ProfileError([f"{FILE} is longer than {_BYTES_MAX} characters"])
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError([f"{FILE} is no TOML: {error}"]) from error
    return _of(told)


def _of(told: Mapping[str, Any]) -> SiteProfile:
    kinds, mistakes = {field.name: str(field.type) for field in fields(SiteProfile)}, []
    values: dict[str, Any] = {}
    tables = {"": {key: value for key, value in told.items() if not isinstance(value, dict)}}
    tables |= {key: value for key, value in told.items() if isinstance(value, dict)}
    for table, keys in tables.items():
        for key, value in keys.items():
            field, where = _TABLES.get(table, {}).get(key), f"{table}.{key}" if table else key
            if field is None:
                mistakes.append(f"{FILE}: nothing here is called {where}")
                continue
            try:
                values[field] = _value(kinds[field], value)
            except TypeError:
                mistakes.append(f"{FILE}: {where} = {value!r} is not what belongs there")
    missing = {"name": "name", "made": "made", "broker_hosts": "broker.hosts", "hub_hosts": "hub.hosts"}
    mistakes += [f"{FILE}: {where} is missing" for field, where in missing.items() if field not in values]
    if mistakes:
        raise ProfileError(mistakes)
    return SiteProfile(**values)


def _value(kind: str, told: object) -> object:
    """As the field wants it. Raises TypeError."""
    if "tuple" in kind and isinstance(told, list) and all(isinstance(one, str) for one in told):
        return tuple(told)
    if "Path" in kind and isinstance(told, str):
        return Path(told)
    if "datetime" in kind and isinstance(told, datetime) and told.utcoffset() is not None:
        return told.astimezone(UTC)
    if "int" in kind and isinstance(told, int) and not isinstance(told, bool):
        return told
    if "str" in kind and "tuple" not in kind and isinstance(told, str):
        return told
    raise TypeError


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, int):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False)  # what is printable is escaped in TOML as in JSON


def _wrong_host(host: str) -> str | None:
    try:
        alternative(host)
    except CaError as error:
        return str(error)
    return None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_zone(name: str) -> bool:
    try:
        return bool(name) and ZoneInfo(name).key == name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _is_plain(path: Path) -> bool:
    text = str(path)
    plain = all(character.isascii() and (character.isalnum() or character in "/._-") for character in text)
    return path.is_absolute() and plain and ".." not in path.parts and len(path.parts) > 1
