"""What cloud-init reads from a card (datasource NoCloud): `user-data`, `meta-data`, `network-config`."""

import hashlib
from collections.abc import Mapping
from typing import Final

from firmware_config.device.files import Files, Rendered
from firmware_config.device.network import network_config
from firmware_config.device.places import ADMIN, CARD
from firmware_config.device.text import Tree, yaml
from firmware_config.profile import DeviceProfile, SiteFacts

USER_DATA: Final = "user-data"
META_DATA: Final = "meta-data"
NETWORK_CONFIG: Final = "network-config"
NAMES: Final = (USER_DATA, META_DATA, NETWORK_CONFIG)

KEYS: Final[Mapping[str, frozenset[str]]] = {
    "hostname": frozenset(),
    "manage_etc_hosts": frozenset(),
    "timezone": frozenset(),
    "ssh_pwauth": frozenset(),
    "users": frozenset({"name", "gecos", "groups", "shell", "lock_passwd", "sudo", "ssh_authorized_keys"}),
    "growpart": frozenset({"mode"}),
    "resize_rootfs": frozenset(),
    "runcmd": frozenset(),
}
"""All that we say, and what stands in it. cloud-init's own checker takes a mistyped key of the top level for valid."""
_GROUPS: Final = ("adm", "sudo", "systemd-journal", "video")


def render_cloud_init(profile: DeviceProfile, site: SiteFacts) -> Files:
    user_data, network = _user_data(profile), network_config(profile)
    identity = hashlib.sha256(f"{site.site}\0{user_data}\0{network}".encode()).hexdigest()[:12]
    # What cloud-init does once, it does once for each instance: other settings are another one.
    # Raspberry Pi's own template spells the name with an underscore, upstream with a hyphen.
    instance = f"{profile.device}-{identity}"
    meta_data = yaml({"dsmode": "local", "instance-id": instance, "instance_id": instance})
    texts = {USER_DATA: user_data, META_DATA: meta_data, NETWORK_CONFIG: network}
    return {name: Rendered(text=text) for name, text in texts.items()}


def _user_data(profile: DeviceProfile) -> str:
    tree: dict[str, Tree] = {
        "hostname": profile.host,
        "manage_etc_hosts": True,
        "timezone": profile.time_zone,
        "ssh_pwauth": False,
        "users": [_admin(profile)],
        **_unsplit(profile),
        "runcmd": [["/bin/bash", f"{CARD}/install.sh", "begin"]],
    }
    return "#cloud-config\n# Written by provision. What is installed, and how: shouwang/install.sh.\n" + yaml(tree)


def _unsplit(profile: DeviceProfile) -> dict[str, Tree]:
    """A root that has grown over the whole card leaves no place for data."""
    return {"growpart": {"mode": "off"}, "resize_rootfs": False} if profile.data == "card" else {}


def _admin(profile: DeviceProfile) -> Tree:
    """In the place of the image's own first user. Without a key nobody logs in: no device has a password."""
    locked: dict[str, Tree] = {"name": ADMIN, "gecos": "Technician", "shell": "/bin/bash", "lock_passwd": True}
    if not profile.ssh_keys:
        return locked
    sudo = "ALL=(ALL) NOPASSWD:ALL"
    return {**locked, "groups": _GROUPS, "sudo": sudo, "ssh_authorized_keys": profile.ssh_keys}


def unknown_keys(user_data: Mapping[str, object]) -> list[str]:
    """Keys of a parsed `user-data` that stand in no list of ours."""
    found = [key for key in user_data if key not in KEYS]
    for name, known in KEYS.items():
        said = user_data.get(name) if known else None
        for one in said if isinstance(said, list) else [said]:
            found += [f"{name}.{key}" for key in (one if isinstance(one, dict) else {}) if key not in known]
    return found
