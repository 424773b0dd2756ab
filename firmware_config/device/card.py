"""Everything that a card brings, by its path on the boot partition. Pure but for the scripts, which are read."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_config.device.agent_toml import render_agent_toml
from firmware_config.device.cloud_init import render_cloud_init
from firmware_config.device.files import SECRET_MODE, Files, Rendered
from firmware_config.device.network import CONNECTION, connection
from firmware_config.device.places import ADMIN, TOKEN
from firmware_config.device.system import render_sshd, render_system
from firmware_config.device.text import shell
from firmware_config.device.units import render_units
from firmware_config.profile import DeviceProfile, SiteFacts

FOLDER: Final = "shouwang"  # on the boot partition
LABEL: Final = f"{FOLDER}/device.json"  # whose card this is
SUMS: Final = f"{FOLDER}/SHA256SUMS"
SPLIT: Final = "split_card.sh"
FIRSTRUN: Final = "firstrun.sh"
KEYS: Final = f"{FOLDER}/keys"
ROOT: Final = f"{FOLDER}/root"  # laid over the device's file system
WHEELS: Final = f"{FOLDER}/wheels"
_SCRIPTS: Final = Path(__file__).parent / "scripts"
_UNSUMMED: Final = (f"{FOLDER}/{TOKEN}", f"{KEYS}/")  # the device takes them off the card


class Start(StrEnum):
    """How the first boot comes to run `install.sh`."""

    CLOUD_INIT = "cloud-init"  # Raspberry Pi OS since Trixie
    FIRSTRUN = "firstrun"  # Bookworm: a script named on the kernel's command line
    RUNNING = "running"  # a system that is up already, and keeps its users, its name and its network


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """With it the device joins by itself, once."""

    token: str = field(repr=False)
    expires_at: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """Key and certificate made beforehand, for a site that devices cannot ask. Texts as they stand in the files."""

    key: str = field(repr=False)
    certificate: str  # leaf and issuing
    sign_key: str
    picture_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What is installed: `requirement` for pip; `wheels` maps file names to their SHA-256: ours alone, or all."""

    requirement: str
    wheels: dict[str, str] = field(default_factory=dict)


def render_card(
    profile: DeviceProfile, site: SiteFacts, *, start: Start, credentials: Token | Issued, program: Program
) -> Files:
    """The same bytes for the same values."""
    files = {
        LABEL: _label(profile, site),
        f"{FOLDER}/settings.sh": Rendered(text=_settings(profile, start, program)),
        f"{FOLDER}/install.sh": Rendered(text=(_SCRIPTS / "install.sh").read_text("utf-8"), mode=0o755),
        **_splitting(profile),
        f"{FOLDER}/agent.toml": Rendered(text=render_agent_toml(profile, site), mode=0o640),
        f"{FOLDER}/ca.pem": Rendered(text=site.root_pem.strip() + "\n"),
        **_credentials(profile, site, credentials),
    }
    rooted = render_units(profile) | render_system(profile)
    if start is Start.FIRSTRUN:
        rooted |= render_sshd() | connection(profile)
        files[FIRSTRUN] = Rendered(text=(_SCRIPTS / FIRSTRUN).read_text("utf-8"), mode=0o755)
    elif start is Start.CLOUD_INIT:
        rooted |= render_sshd()
        files |= render_cloud_init(profile, site)
    files |= {f"{ROOT}/{path}": rendered for path, rendered in rooted.items()}
    files[SUMS] = Rendered(text=_sums(files, program))
    return files


def _splitting(profile: DeviceProfile) -> Files:
    if profile.data != "card":
        return {}
    return {f"{FOLDER}/{SPLIT}": Rendered(text=(_SCRIPTS / SPLIT).read_text("utf-8"), mode=0o755)}


def _label(profile: DeviceProfile, site: SiteFacts) -> Rendered:
    values = {"format": 1, "device": profile.device, "site": site.site, "place": profile.place, "kind": profile.kind}
    return Rendered(text=json.dumps(values, ensure_ascii=False, indent=1) + "\n")


def _credentials(profile: DeviceProfile, site: SiteFacts, credentials: Token | Issued) -> Files:
    if isinstance(credentials, Token):
        values = {
            "token": credentials.token,
            "device": profile.device,
            "site": site.site,
            "page": site.page.rstrip("/"),
            "expires_at": credentials.expires_at,
        }
        return {f"{FOLDER}/{TOKEN}": Rendered(text=json.dumps(values, indent=1) + "\n", mode=SECRET_MODE)}
    texts = {
        "device.key": credentials.key,
        "device.pem": credentials.certificate,
        "hub-sign.pub": credentials.sign_key,
        "hub-picture.pub": credentials.picture_key,
    }
    return {f"{KEYS}/{name}": Rendered(text=f"{text.strip()}\n", mode=SECRET_MODE) for name, text in texts.items()}


def _settings(profile: DeviceProfile, start: Start, program: Program) -> str:
    wifi = profile.wifi
    values = {
        "device": profile.device,
        "host_name": profile.host,
        "time_zone": profile.time_zone,
        "admin": ADMIN if profile.ssh_keys and start is not Start.RUNNING else "",
        "ssh_keys": "\n".join(profile.ssh_keys),
        "wifi_country": "" if wifi is None else wifi.country,
        "connection": CONNECTION if wifi is not None and start is Start.FIRSTRUN else "",
        "camera": "picamera2" if profile.camera == "picamera2" else "other",
        "relay": profile.relay,
        "data": profile.data or "",
        "read_only_root": "yes" if profile.read_only_root else "no",
        "requirement": program.requirement,
    }
    return "# Read by install.sh and firstrun.sh.\n# shellcheck shell=bash disable=SC2034\n" + shell(values)


def _sums(files: Files, program: Program) -> str:
    """As `sha256sum --check` reads it in the folder. Without what the device takes off the card."""
    inside = {path: rendered for path, rendered in files.items() if path.startswith(f"{FOLDER}/")}
    sums = {
        path.removeprefix(f"{FOLDER}/"): hashlib.sha256(rendered.text.encode()).hexdigest()
        for path, rendered in inside.items()
        if not path.startswith(_UNSUMMED)
    }
    sums |= {f"wheels/{name}": digest for name, digest in program.wheels.items()}
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
