"""What a technician wants sent: settings as typed or in a file, a folder of models; checked before anything leaves."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edge_agent.config import parse
from edge_agent.errors import ConfigError
from edge_agent.wire.device_config import not_allowed
from edge_agent.wire.model_bundle import BundleError, pack
from firmware_config.provision.errors import UsageError

Settings = dict[str, dict[str, Any]]
_BUNDLED: Final = frozenset({".toml", ".tflite", ".md"})
_PROBE: Final[Mapping[str, Any]] = {
    "site": "site",
    "device": "device",
    "hub": {"host": "hub"},
    "camera": {"name": "camera", "source": "picamera2"},
    "journal": {"file": "journal"},
}
"""An agent.toml around the settings, so that wrong values are found here and not on a device."""


def wanted(given: list[str], file: Path | None) -> Settings:
    """What --set and --file say together, the first over the second. Raises UsageError."""
    settings: Settings = {} if file is None else _read(file)
    for one in given:
        name, sign, text = one.partition("=")
        section, dot, key = name.strip().partition(".")
        if not (sign and dot and section and key):
            raise UsageError(f"--set {one}：要写成 camera.fps=10", f"--set {one}: write it as camera.fps=10")
        settings.setdefault(section, {})[key] = None if not text.strip() else _value(text.strip())
    return settings


def check(settings: Settings) -> None:
    """What no device would take. Raises UsageError, which names every mistake."""
    forbidden = not_allowed(settings)
    if forbidden:
        names = ", ".join(forbidden)
        raise UsageError(f"这些不能远程设置：{names}", f"this cannot be set from afar: {names}")
    laid = {section: dict(values) for section, values in _PROBE.items() if isinstance(values, dict)}
    for section, values in settings.items():
        known = laid.setdefault(section, {})
        known |= {key: value for key, value in values.items() if value is not None}
    try:
        parse({**_PROBE, **laid}, folder=Path("/"), source="--set")
    except ConfigError as error:
        told = "; ".join(f"{name} {what}" for name, what in error.problems.items())
        raise UsageError(f"设置不对：{told}", f"these settings do not hold: {told}") from error


def bundle_of(folder: Path) -> bytes:
    """The models of a folder as one piece. Raises UsageError."""
    try:
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _BUNDLED}
        return pack({name: content for name, content in files.items() if name != "README.md"})
    except OSError as error:
        raise UsageError(f"{folder} 读不了：{error.strerror}", f"{folder} cannot be read: {error.strerror}") from error
    except BundleError as error:
        raise UsageError(f"{folder} 不是模型文件夹：{error}", f"{folder} is no folder of models: {error}") from error


def _read(file: Path) -> Settings:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file} 读不了：{error.strerror}", f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} 不是 TOML：{error}", f"{file} is not TOML: {error}") from error
    loose = [name for name, values in read.items() if not isinstance(values, dict)]
    if loose:
        raise UsageError(f"{loose[0]} 不在任何一节里", f"{loose[0]} stands in no section")
    return read


def _value(text: str) -> Any:
    """As TOML reads it; a word without quotes is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
