"""Mosquitto 2 for one site: its configuration, its access list, its password file. Pure: text out, nothing written."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from edge_agent.wire.limits import PAYLOAD_BYTES_MAX
from edge_agent.wire.topics import READ_BY_DEVICE, WRITTEN_BY_DEVICE, Address, Channel, all_devices, is_name

CONF = "mosquitto.conf"
ACL = "acl"
PASSWORDS = "passwords"
_ITERATIONS = 101  # Mosquitto's own default; device secrets are 256 random bits, so more would add nothing
_SALT_BYTES = 12
_HASH_BYTES = 64
_QUEUED_BYTES_MAX = 256 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Who may connect. A device's username is its name."""

    username: str
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MosquittoSite:
    """One broker for one site. Raises ValueError for names that cannot stand in an access list."""

    site: str
    host: str  # the address it listens on
    port: int
    folder: Path  # where the three files and the broker's own store will lie
    hub: Account
    devices: tuple[Account, ...]
    run_as: str | None = None  # the system user when started by root; None: Mosquitto's own choice

    def __post_init__(self) -> None:
        for name in (self.site, *(device.username for device in self.devices)):
            if not is_name(name):
                raise ValueError(f"{name!r} is no name of a site or device")
        usernames = [self.hub.username, *(device.username for device in self.devices)]
        if len(set(usernames)) < len(usernames):
            raise ValueError("two accounts have one name")
        if any(character.isspace() or character == ":" for character in self.hub.username):
            raise ValueError("the hub's name holds a blank or a colon")


def render(site: MosquittoSite) -> dict[str, str]:
    """The text of each file, by its name in `folder`. The password file holds hashes, with a fresh salt each."""
    return {CONF: _conf(site), ACL: _acl(site), PASSWORDS: _passwords(site)}


def _conf(site: MosquittoSite) -> str:
    lines = [
        "# Written by firmware_config. Change its input and render again, not this file.",
        "per_listener_settings true",
        *([] if site.run_as is None else [f"user {site.run_as}"]),
        "# With 20 in flight (the default) and Nagle's algorithm the belt crawls.",
        "max_inflight_messages 1000",
        "set_tcp_nodelay true",
        "# For a hub that is slow for a while; journals hold what this cannot.",
        "max_queued_messages 100000",
        f"max_queued_bytes {_QUEUED_BYTES_MAX}",
        "# Above the protocol's limit, so that the hub can say what it refuses.",
        f"message_size_limit {2 * PAYLOAD_BYTES_MAX}",
        "persistence true",
        f"persistence_location {site.folder}/",
        "autosave_interval 60",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "",
        f"listener {site.port} {site.host}",
        "allow_anonymous false",
        f"password_file {site.folder / PASSWORDS}",
        f"acl_file {site.folder / ACL}",
    ]
    return "\n".join(lines) + "\n"


def _acl(site: MosquittoSite) -> str:
    """A block for each account, spelt out: a pattern would let a new account in by its mere name."""
    blocks = [[f"user {site.hub.username}", *_rules(site.site, None)]]
    blocks += [[f"user {device.username}", *_rules(site.site, device.username)] for device in site.devices]
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
    return "".join(f"{account.username}:{_hashed(account.secret)}\n" for account in (site.hub, *site.devices))


def _hashed(secret: str) -> str:
    """Mosquitto's form $7$: PBKDF2-HMAC-SHA512 (src/password_mosq.c), as mosquitto_passwd writes it."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS, _HASH_BYTES)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
