"""`agent.toml` of one device: what differs from the agent's own defaults, and no more."""

from typing import Final

from firmware_config.device.places import RUNTIME, STATE
from firmware_config.device.text import toml
from firmware_config.profile import DeviceProfile, SiteFacts

Value = str | int | bool
_HEAD: Final = "# Written by provision. A card that is written anew brings its own; what the hub sends lies over it."


def render_agent_toml(profile: DeviceProfile, site: SiteFacts) -> str:
    sections: dict[str, dict[str, Value]] = {
        "hub": _hub(site),
        "camera": {
            "name": profile.camera_name,
            "source": profile.camera,
            "width": profile.width,
            "height": profile.height,
            "fps": profile.fps,
        },
        "journal": {"file": f"{STATE}/journal.sqlite3"},
        "faces": {"enabled": profile.sees_faces},
        "plates": {"enabled": profile.sees_plates, "direction": profile.direction},
        **_fitted(profile),
        "metrics": {"textfile": f"{RUNTIME}/agent.prom"},
    }
    where = ", ".join(part for part in (profile.place, profile.area) if part)
    lines = [_HEAD, *([f"# {where}"] if where else []), f"site = {toml(site.site)}", f"device = {toml(profile.device)}"]
    for name, values in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {toml(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _fitted(profile: DeviceProfile) -> dict[str, dict[str, Value]]:
    """Sections of what not every device has."""
    sections: dict[str, dict[str, Value]] = {}
    if profile.relay:
        sections["relay"] = {
            "pin": int(profile.relay.removeprefix("gpio:")),
            "pulse_ms": profile.relay_pulse_ms,
            "active_high": profile.relay_active_high,
        }
    if profile.speaker is not None:
        sections["speaker"] = {"alsa": profile.speaker}
    return sections


def _hub(site: SiteFacts) -> dict[str, Value]:
    return {
        "host": site.broker_host,
        "port": site.broker_port,
        "tls_ca": f"{STATE}/ca.pem",
        "tls_cert": f"{STATE}/device.pem",
        "tls_key": f"{STATE}/device.key",
        "sign_key": f"{STATE}/hub-sign.pub",
        "page": site.page.rstrip("/"),
    }
