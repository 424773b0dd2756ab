"""Mosquitto 2 for one site: its configuration, its access list, its password file. Pure: text out, nothing written.

With `tls`, who somebody is stands in the certificate; without, in a password file, for a network that is trusted.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.topics import (
    READ_BY_DEVICE,
    WRITTEN_BY_DEVICE,
    Address,
    Channel,
    HubChannel,
    all_devices,
    hub_topic,
    is_device,
    is_name,
)

CONF = "mosquitto.conf"
ACL = "acl"
PASSWORDS = "passwords"
_ITERATIONS = 101  # Mosquitto's own default; device secrets are 256 random bits, so more would add nothing
_SALT_BYTES = 12
_HASH_BYTES = 64

_INFLIGHT_MAX = 1000
_QUEUED_MAX = 100_000
_QUEUED_BYTES_MAX = 256 * 1024 * 1024
_MESSAGE_BYTES_MAX = 2 * PAYLOAD_BYTES_MAX
_PACKET_BYTES_MAX = _MESSAGE_BYTES_MAX + 64 * 1024  # a topic and its properties come on top
_KEEPALIVE_S_MAX = 600  # the longest that an agent's configuration may ask for
_AUTOSAVE_S = 60
_CONNECTIONS_OF_A_DEVICE = 4  # the agent, its last connection that nobody has missed yet, a doctor, a live view
_CONNECTIONS_SPARE = 64  # the hub, people with a client in their hand, and who is turned away


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Who may connect. A device's username is its name; with TLS it is the common name of its certificate."""

    username: str
    secret: str | None = None  # with TLS: none


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """Files that the broker reads as the user it runs as: the site's authority, its own certificate and key."""

    ca: Path
    certificate: Path
    key: Path
    crl: Path | None = None  # certificates that count no more; read again at SIGHUP


@dataclass(frozen=True, kw_only=True, slots=True)
class MosquittoSite:
    """One broker for one site. Raises ValueError for what cannot stand in its files or would open another door."""

    site: str
    host: str  # the address it listens on; "": every one of the machine
    port: int
    folder: Path  # where the files and the broker's own store will lie
    hub: Account
    devices: tuple[Account, ...]
    watchdogs: tuple[Account, ...] = ()  # may read how the hub is, and nothing else
    listeners: tuple[Account, ...] = ()  # may read that and the alerts, which name people, and nothing else
    run_as: str | None = None  # the system user when started by root; None: Mosquitto's own choice
    tls: Tls | None = None
    store: Path | None = None  # where the broker keeps its own store, when not in `folder`
    acl: Path | None = None  # where the access list will lie, when not in `folder`: somebody else writes it later
    devices_max: int = 0  # places are kept for so many, when more than `devices`

    def __post_init__(self) -> None:
        guests = [account.username for account in (*self.devices, *self.watchdogs, *self.listeners)]
        if not is_name(self.site):
            raise ValueError(f"{self.site!r} is no name of a site")
        for name in guests:
            if not is_device(name):
                raise ValueError(f"{name!r} is no name of a device, or of who may listen")
        usernames = [self.hub.username, *guests]
        if len(set(usernames)) < len(usernames):
            raise ValueError("two accounts have one name")
        if any(character.isspace() or character == ":" for character in self.hub.username):
            raise ValueError("the hub's name holds a blank or a colon")
        if self.devices_max < 0:
            raise ValueError(f"{self.devices_max} devices")
        self._check_secrets()
        for text in self._said_in_conf():
            if not text.isprintable():
                raise ValueError(f"{text!r} cannot stand in {CONF}")

    def _check_secrets(self) -> None:
        accounts = self.accounts
        if self.tls is None and any(account.secret is None for account in accounts):
            raise ValueError("without TLS every account needs a secret")
        if self.tls is not None and any(account.secret is not None for account in accounts):
            raise ValueError("with TLS nobody is asked for a secret: leave it out")
        if self.tls is not None and is_name(self.hub.username):
            raise ValueError(f"{self.hub.username!r}: a device's certificate could have this name, and be the hub")

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Everybody who may connect."""
        return (self.hub, *self.devices, *self.watchdogs, *self.listeners)

    def _said_in_conf(self) -> list[str]:
        tls = self.tls
        files = [] if tls is None else [tls.ca, tls.certificate, tls.key, *([] if tls.crl is None else [tls.crl])]
        folders = [self.folder, self.store or self.folder, self.acl or self.folder]
        return [self.host, self.run_as or "", *(str(path) for path in (*folders, *files))]


def render(site: MosquittoSite) -> dict[str, str]:
    """The text of each file, by its name in `folder`. Without TLS one of them holds salted hashes of passwords."""
    files = {CONF: _conf(site), ACL: access_list(site)}
    return files if site.tls is not None else files | {PASSWORDS: _passwords(site)}


def _conf(site: MosquittoSite) -> str:
    lines = [
        "# Written by firmware_config. Change its input and render again, not this file.",
        "per_listener_settings true",
        *([] if site.run_as is None else [f"user {site.run_as}"]),
        *_limits(),
        "# Sessions are clean, so what is kept is who said online or offline last; each says it again when it returns.",
        "persistence true",
        f"persistence_location {site.store or site.folder}/",
        f"autosave_interval {_AUTOSAVE_S}",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "",
        f"listener {site.port} {site.host}".rstrip(),
        "# What more would take are file descriptors: without a limit the hub could be the one turned away.",
        f"max_connections {connections_max(site)}",
        "allow_anonymous false",
        f"acl_file {site.acl or site.folder / ACL}",
        *([f"password_file {site.folder / PASSWORDS}"] if site.tls is None else _tls(site.tls)),
    ]
    return "\n".join(lines) + "\n"


def connections_max(site: MosquittoSite) -> int:
    """What its process needs open files for, and some more."""
    return _CONNECTIONS_SPARE + _CONNECTIONS_OF_A_DEVICE * max(len(site.devices), site.devices_max)


def _limits() -> list[str]:
    return [
        "# With 20 in flight (the default) and Nagle's algorithm the belt crawls.",
        f"max_inflight_messages {_INFLIGHT_MAX}",
        "set_tcp_nodelay true",
        "# For a hub that is slow for a while; past either the broker drops, and the journals send again.",
        f"max_queued_messages {_QUEUED_MAX}",
        f"max_queued_bytes {_QUEUED_BYTES_MAX}",
        "# Above the protocol's limit, so that the hub can say what it refuses.",
        f"message_size_limit {_MESSAGE_BYTES_MAX}",
        "# What is larger still is not even read: its sender is thrown out.",
        f"max_packet_size {_PACKET_BYTES_MAX}",
        "# Nobody may ask to be missed later than this.",
        f"max_keepalive {_KEEPALIVE_S_MAX}",
    ]


def _tls(tls: Tls) -> list[str]:
    return [
        f"cafile {tls.ca}",
        f"certfile {tls.certificate}",
        f"keyfile {tls.key}",
        *([] if tls.crl is None else [f"crlfile {tls.crl}"]),
        "# The oldest version that is taken.",
        "tls_version tlsv1.2",
        "require_certificate true",
        "# Whatever name a client gives for itself, the one in its certificate counts, and no password is asked for.",
        "use_identity_as_username true",
    ]


def access_list(site: MosquittoSite) -> str:
    """The text of `acl`. A block for each account, spelt out: a pattern would let a new account in by its mere name."""
    tells = [f"topic write {hub_topic(site.site, channel)}" for channel in HubChannel]
    blocks = [[f"user {site.hub.username}", *_rules(site.site, None), *tells]]
    blocks += [[f"user {device.username}", *_rules(site.site, device.username)] for device in site.devices]
    status, alert = (f"topic read {hub_topic(site.site, one)}" for one in (HubChannel.STATUS, HubChannel.ALERT))
    blocks += [[f"user {watchdog.username}", status] for watchdog in site.watchdogs]
    blocks += [[f"user {listener.username}", status, alert] for listener in site.listeners]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _rules(site: str, device: str | None) -> list[str]:
    """The protocol's table for a device, or turned round for the hub (None)."""

    def topic(channel: Channel) -> str:
        return all_devices(site, channel) if device is None else Address(site=site, device=device).topic(channel)

    device_writes, device_reads = ("read", "write") if device is None else ("write", "read")
    return [f"topic {device_writes} {topic(channel)}" for channel in sorted(WRITTEN_BY_DEVICE)] + [
        f"topic {device_reads} {topic(channel)}" for channel in sorted(READ_BY_DEVICE)
    ]


def _passwords(site: MosquittoSite) -> str:
    return "".join(f"{account.username}:{_hashed(account.secret)}\n" for account in site.accounts)


def _hashed(secret: str | None) -> str:
    """Mosquitto's form $7$: PBKDF2-HMAC-SHA512 (src/password_mosq.c), as mosquitto_passwd writes it."""
    assert secret is not None, "checked at birth"
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS, _HASH_BYTES)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
