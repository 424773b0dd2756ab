"""The network of a place: for netplan (images with cloud-init), or for NetworkManager itself (older ones)."""

from typing import Final

from firmware_config.device.files import SECRET_MODE, Files, Rendered
from firmware_config.device.text import Tree, yaml
from firmware_config.profile import DeviceProfile, Wifi

CONNECTION: Final = "etc/NetworkManager/system-connections/shouwang.nmconnection"


def network_config(profile: DeviceProfile) -> str:
    """`network-config`, netplan's version 2. A cable is always taken; without one a boot does not wait for it."""
    network: dict[str, Tree] = {
        "version": 2,
        "ethernets": {"eth0": {"dhcp4": True, "dhcp6": True, "optional": True}},
    }
    if profile.wifi is not None:
        network["wifis"] = {"wlan0": _wlan(profile.wifi)}
    return yaml({"network": network})


def _wlan(wifi: Wifi) -> dict[str, Tree]:
    point: dict[str, Tree] = {} if wifi.key is None else {"password": wifi.key}
    if wifi.hidden:
        point["hidden"] = True
    return {
        "dhcp4": True,
        "dhcp6": True,
        "optional": True,
        "regulatory-domain": wifi.country,
        "access-points": {wifi.ssid: point},
    }


def connection(profile: DeviceProfile) -> Files:
    """By path below the root of the device's file system; NetworkManager reads none that others may read.

    The SSID stands there as numbers, one a byte, as nm-settings-keyfile(5) has it: nothing in it can be misread.
    """
    wifi = profile.wifi
    if wifi is None:
        return {}
    ssid = "".join(f"{byte};" for byte in wifi.ssid.encode())
    lines = ["[connection]", "id=shouwang", "type=wifi", "", "[wifi]", "mode=infrastructure", f"ssid={ssid}"]
    lines += ["hidden=true"] if wifi.hidden else []
    if wifi.key is not None:
        lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", f"psk={wifi.key}"]
    lines += ["", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto"]
    return {CONNECTION: Rendered(text="\n".join(lines) + "\n", mode=SECRET_MODE)}
