"""What else of the system is set: users, the hardware watchdog, logs, time, who may log in."""

from typing import Final

from firmware_config.device.files import Files, Rendered
from firmware_config.device.places import ETC, STATE, USER
from firmware_config.profile import DeviceProfile

HARDWARE_WATCHDOG_S: Final = 14  # the Pi's counts to about 15 s; asked for more, some kernels restart for ever
GROUPS: Final = ("video", "render", "gpio", "audio")
_HEAD: Final = "# Written by provision; a card that is written anew brings its own.\n"


def render_system(profile: DeviceProfile) -> Files:
    """By path below the root of the device's file system."""
    files = {
        "etc/sysusers.d/shouwang.conf": _sysusers(),
        "etc/tmpfiles.d/shouwang.conf": f"d {STATE} 0700 {USER} {USER}\nd {ETC} 0755 root root\n",
        # After Raspberry Pi OS's own 70-rpi-enable-watchdog.conf.
        "etc/systemd/system.conf.d/80-shouwang.conf": f"[Manager]\nRuntimeWatchdogSec={HARDWARE_WATCHDOG_S}\n",
        "etc/systemd/journald.conf.d/80-shouwang.conf": "[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\n",
    }
    if profile.time_servers:
        files["etc/systemd/timesyncd.conf.d/80-shouwang.conf"] = f"[Time]\nNTP={' '.join(profile.time_servers)}\n"
        chrony = "".join(f"server {server} iburst\n" for server in profile.time_servers)
        files["etc/chrony/sources.d/shouwang.sources"] = chrony
    return {path: Rendered(text=_HEAD + text) for path, text in files.items()}


def render_sshd() -> Files:
    """There is no password on any device, so none is asked for."""
    text = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\n"
    return {"etc/ssh/sshd_config.d/10-shouwang.conf": Rendered(text=_HEAD + text)}


def _sysusers() -> str:
    return f'u {USER} - "Shouwang agent" {STATE}\n' + "".join(f"m {USER} {group}\n" for group in GROUPS)
