"""`cmdline.txt`: one line, words between blanks; the firmware reads nothing after the first line. Pure."""

from typing import Final

from firmware_config.device.card import FIRSTRUN, Start
from firmware_config.device.places import BOOT
from firmware_config.profile import DeviceProfile

RUN: Final = (
    f"systemd.run={BOOT}/{FIRSTRUN}",
    "systemd.run_success_action=reboot",
    "systemd.run_failure_action=reboot",
    "systemd.unit=kernel-command-line.target",
)
_OTHERS: Final = ("systemd.run=", "systemd.run_success_action=", "systemd.run_failure_action=", "ds=nocloud")
"""What an earlier writing left, or Raspberry Pi Imager: its instance would hide ours from cloud-init."""
_GROWING: Final = ("resize", "init=/usr/lib/raspberrypi-sys-mods/firstboot")
"""By which a new image lets its root grow over the whole card, since Trixie and before. With data on the card,
install.sh splits it instead. (SSH's host keys are made by a service of their own.)"""
_REGDOM: Final = "cfg80211.ieee80211_regdom="


def with_start(text: str, *, start: Start, profile: DeviceProfile) -> str:
    """The command line that starts as `start` says; everything else of it is left alone. One line, ended."""
    words = [word for word in text.split() if not word.startswith(_OTHERS) and word not in RUN]
    if profile.data == "card":
        words = [word for word in words if word not in _GROWING]
    if profile.wifi is not None:
        words = [word for word in words if not word.startswith(_REGDOM)]
        words.append(f"{_REGDOM}{profile.wifi.country}")
    if start is Start.FIRSTRUN:
        words += RUN
    return " ".join(words) + "\n"
