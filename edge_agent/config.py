"""`agent.toml`: read once, checked whole, then frozen. Every mistake is reported in one ConfigError, by field."""

import dataclasses
import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast, get_type_hints

from edge_agent.errors import ConfigError
from edge_agent.wire.plate import PROVINCES
from edge_agent.wire.topics import is_name

CONFIG_BYTES_MAX = 64 * 1024
RELAY_PULSE_MS_MAX = 10_000  # no door is held open for longer, whatever a configuration or a command says
REPLAY_PREFIX = "replay:"
URL_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")

Check = Callable[[object, Path], object]
"""Takes a value as TOML gave it and the folder of the config file; gives the value to use, or raises ValueError."""

# --- checks -----------------------------------------------------------------------------------------------------


def _name(value: object, _folder: Path) -> object:
    if isinstance(value, str) and is_name(value):
        return value
    raise ValueError(f"must be a name of a-z, 0-9 and '-', at most 63, not first '-'; found {value!r}")


def _text(value: object, _folder: Path) -> object:
    if isinstance(value, str) and 0 < len(value) <= 1024 and value.isprintable():
        return value
    raise ValueError(f"must be a text of 1 to 1024 printable characters; found {value!r}")


def _path(value: object, folder: Path) -> object:
    return folder / Path(cast("str", _text(value, folder)))


def _flag(value: object, _folder: Path) -> object:
    if isinstance(value, bool):
        return value
    raise ValueError(f"must be true or false; found {value!r}")


def _whole(low: int, high: int) -> Check:
    def check(value: object, _folder: Path) -> object:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise ValueError(f"must be a whole number from {low} to {high}; found {value!r}")

    return check


def _number(low: float, high: float) -> Check:
    def check(value: object, _folder: Path) -> object:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise ValueError(f"must be a number from {low:g} to {high:g}; found {value!r}")

    return check


def _source(value: object, folder: Path) -> object:
    """A camera source with its file, if it has one, made relative to the config file."""
    text = cast("str", _text(value, folder))
    if text == "picamera2" or text.startswith((*URL_SCHEMES, "/dev/")):
        return text
    if "://" in text:
        raise ValueError(f"knows {', '.join(URL_SCHEMES)}, not {text.split('://', 1)[0]}://")
    file = text.removeprefix(REPLAY_PREFIX)
    if not file:
        raise ValueError("names no file after 'replay:'")
    return f"{REPLAY_PREFIX}{folder / Path(file)}"


def _page(value: object, folder: Path) -> object:
    text = cast("str", _text(value, folder))
    if not text.startswith("https://") or any(character.isspace() for character in text):
        raise ValueError(f"must be an address that begins with https://; found {value!r}")
    return text.rstrip("/")


def _textfile(value: object, folder: Path) -> object:
    path = cast("Path", _path(value, folder))
    if path.suffix != ".prom":
        raise ValueError(f"must end in .prom: node_exporter reads no other file; found {value!r}")
    return path


class Synchronised(StrEnum):
    """How the agent knows that the wall clock is right."""

    AUTO = "auto"  # asks systemd-timesyncd and the kernel
    ALWAYS = "always"  # somebody vouches for it: a virtual machine, a battery-backed clock set by hand


def _synchronised(value: object, _folder: Path) -> object:
    if isinstance(value, str) and value in set(Synchronised):
        return Synchronised(value)
    raise ValueError(f'must be "auto" or "always"; found {value!r}')


class PlateDirection(StrEnum):
    """Which way vehicles go past a camera."""

    IN = "in"
    OUT = "out"
    AUTO = "auto"  # as each plate moves: what comes nearer comes in


def _plate_direction(value: object, _folder: Path) -> object:
    if isinstance(value, str) and value in set(PlateDirection):
        return PlateDirection(value)
    raise ValueError(f'must be "in", "out" or "auto"; found {value!r}')


def _shares(value: object, _folder: Path) -> object:
    """Shares of provinces; their sum may stay below 1: the rest is all others."""
    if not isinstance(value, dict):
        raise ValueError(f"must be a table of provinces and their shares; found {value!r}")  # noqa: TRY004
    for province, share in value.items():
        if province not in set(PROVINCES):
            raise ValueError(f"knows the provinces {PROVINCES}, not {province!r}")
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise ValueError(f"must have shares from 0 to 1; found {share!r} for {province}")
    if sum(value.values()) > 1 + 1e-6:
        raise ValueError(f"has shares that sum to {sum(value.values()):g}: must be at most 1")
    return {province: float(share) for province, share in value.items()}


# --- sections ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class HubConfig:
    """Where the broker is and how this device proves itself to it."""

    host: Annotated[str, _text]
    port: Annotated[int, _whole(1, 65535)] = 1883
    username: Annotated[str | None, _text] = None  # None: the device's name
    password_file: Annotated[Path | None, _path] = None
    tls_ca: Annotated[Path | None, _path] = None  # None: no TLS
    tls_cert: Annotated[Path | None, _path] = None  # this device's, with its key; then no password is needed
    tls_key: Annotated[Path | None, _path] = None
    keepalive_s: Annotated[int, _whole(5, 600)] = 30
    sign_key: Annotated[Path | None, _path] = (
        None  # the hub's Ed25519 key, pinned at enrolment; None: nothing signed is taken
    )
    picture_key: Annotated[Path | None, _path] = None  # the hub's X25519 key; None: hub-picture.pub beside sign_key
    page: Annotated[str | None, _page] = None  # https://..., where this device enrols and renews its certificate


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraConfig:
    """One camera. `source` is "picamera2", a URL, a device below /dev, or "replay:" and an absolute path."""

    name: Annotated[str, _name]
    source: Annotated[str, _source]
    width: Annotated[int, _whole(160, 3840)] = 1280
    height: Annotated[int, _whole(120, 2160)] = 720
    fps: Annotated[int, _whole(1, 60)] = 15
    loop: Annotated[bool, _flag] = False  # for a replayed clip: start again at its end
    observing_every_s: Annotated[int, _whole(10, 3600)] = 900  # how often it is told that the camera really watches


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockConfig:
    synchronised: Annotated[Synchronised, _synchronised] = Synchronised.AUTO


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelsConfig:
    dir: Annotated[Path | None, _path] = None  # None: the places named in DESIGN section 3
    threads: Annotated[int, _whole(1, 8)] = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class GalleryConfig:
    file: Annotated[Path | None, _path] = None  # None: everybody is a stranger


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalConfig:
    file: Annotated[Path, _path]
    keep_days: Annotated[float, _number(0.01, 365)] = 7.0  # acknowledged events; longer than the hub's backup interval
    size_max_mb: Annotated[int, _whole(1, 4096)] = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class PassageConfig:
    """When a passage ends, and how much is spent on it. See recognition/README.md."""

    gap_s: Annotated[float, _number(0.3, 30)] = 2.0  # out of sight for this long: the passage is over
    interim_s: Annotated[float, _number(5, 3600)] = 120.0  # who stays in sight is reported this often
    frames_min: Annotated[int, _whole(1, 30)] = 2  # fewer frames with the face are taken for the detector's mistake
    best_frames: Annotated[int, _whole(2, 16)] = 5  # whose templates are averaged
    embeds_per_s: Annotated[float, _number(0.5, 30)] = 4.0  # at most, for one person
    quality_min: Annotated[float, _number(0, 1)] = 0.3  # worse pictures of a face are not embedded


@dataclass(frozen=True, kw_only=True, slots=True)
class FacesConfig:
    enabled: Annotated[bool, _flag] = True  # false: no face model is loaded, as at a gate for vehicles


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatesConfig:
    """Licence plates: whether they are read, and when a vehicle's passage ends. See recognition/README.md."""

    enabled: Annotated[bool, _flag] = False
    direction: Annotated[PlateDirection, _plate_direction] = PlateDirection.AUTO
    file: Annotated[Path | None, _path] = None  # known plates, one a line, until the hub has sent a gallery
    prior: Annotated[Mapping[str, float] | None, _shares] = None  # None: every province is as likely
    gap_s: Annotated[float, _number(0.3, 30)] = 1.5  # out of sight for this long: no longer followed
    rejoin_s: Annotated[float, _number(0.3, 120)] = 8.0  # read again within this: still the same passage
    stay_s: Annotated[float, _number(5, 3600)] = 60.0  # a vehicle that stays is told then, once
    frames_min: Annotated[int, _whole(1, 30)] = 2  # fewer frames with the plate are taken for the detector's mistake
    reads_per_s: Annotated[float, _number(0.5, 30)] = 15.0  # at most, of one plate that is not sure yet
    height_min_px: Annotated[float, _number(4, 200)] = 9.0  # a lower plate is seen and not read


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricsConfig:
    textfile: Annotated[Path | None, _textfile] = None  # None: no figures are written


@dataclass(frozen=True, kw_only=True, slots=True)
class RelayConfig:
    """The relay that opens a door. Without a pin none is fitted."""

    pin: Annotated[int | None, _whole(0, 27)] = None  # BCM number of the GPIO; None: nothing to open here
    pulse_ms: Annotated[int, _whole(50, RELAY_PULSE_MS_MAX)] = 1000  # how long it is held for one opening
    active_high: Annotated[bool, _flag] = True  # false: the relay pulls when the pin is low


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeakerConfig:
    alsa: Annotated[str | None, _text] = None  # "default", "plughw:0,0"; None: none is fitted


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentConfig:
    site: Annotated[str, _name]
    device: Annotated[str, _name]
    hub: HubConfig
    camera: CameraConfig
    clock: ClockConfig
    models: ModelsConfig
    gallery: GalleryConfig
    journal: JournalConfig
    passage: PassageConfig
    faces: FacesConfig
    plates: PlatesConfig
    metrics: MetricsConfig
    relay: RelayConfig
    speaker: SpeakerConfig


# --- reading ----------------------------------------------------------------------------------------------------


def load(path: Path) -> AgentConfig:
    """Read and check a config file; relative paths in it count from its own folder. Raises ConfigError."""
    return parse(read_table(path), folder=path.absolute().parent, source=str(path))


def read_table(path: Path) -> dict[str, Any]:
    """A config file as TOML gave it, not checked yet. Raises ConfigError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), {"file": f"cannot be read: {error.strerror}"}) from error
    if len(content) > CONFIG_BYTES_MAX:
        raise ConfigError(str(path), {"file": f"is {len(content)} bytes long; {CONFIG_BYTES_MAX} is the limit"})
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), {"file": f"is not TOML: {error}"}) from error


def parse(table: dict[str, Any], *, folder: Path, source: str) -> AgentConfig:
    """Check a parsed TOML document. `folder` anchors relative paths; errors name `source`. Raises ConfigError."""
    problems: dict[str, str] = {}
    config = cast("AgentConfig", _read(AgentConfig, table, "", folder, problems))
    if not problems:
        problems |= _contradictions(config)
    if problems:
        raise ConfigError(source, problems)
    return config


def _contradictions(config: AgentConfig) -> dict[str, str]:
    """What no field says by itself."""
    return _contradictions_of_hub(config.hub) | _contradictions_of_seeing(config)


def _contradictions_of_hub(hub: HubConfig) -> dict[str, str]:
    if hub.tls_cert is None and hub.tls_key is None:
        return {}
    needs = {"tls_ca": hub.tls_ca, "tls_cert": hub.tls_cert, "tls_key": hub.tls_key}
    why = "is missing: a certificate goes with its key, and with the CA that the broker is known by"
    return {f"hub.{name}": why for name, path in needs.items() if path is None}


def _contradictions_of_seeing(config: AgentConfig) -> dict[str, str]:
    if not config.faces.enabled and not config.plates.enabled:
        return {"faces.enabled": "leaves nothing to look for: enable faces, plates, or both"}
    if config.plates.rejoin_s < config.plates.gap_s:
        return {"plates.rejoin_s": f"must not be less than plates.gap_s, {config.plates.gap_s:g}"}
    return {}


def _read(kind: type, table: dict[str, Any], prefix: str, folder: Path, problems: dict[str, str]) -> object:
    """One section, or None when it has problems, which are added to `problems`."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    hints = get_type_hints(kind, include_extras=True)
    before = len(problems)
    for unknown in sorted(table.keys() - fields.keys()):
        problems[prefix + unknown] = _unknown(unknown, list(fields))
    values: dict[str, object] = {}
    for name, field in fields.items():
        where = prefix + name
        if dataclasses.is_dataclass(hints[name]):
            values[name] = _read_section(hints[name], table.get(name, {}), where, folder, problems)
        elif name in table:
            values[name] = _checked(hints[name].__metadata__[0], table[name], where, folder, problems)
        elif field.default is dataclasses.MISSING:
            problems[where] = "is missing"
    return kind(**values) if len(problems) == before else None


def _read_section(kind: type, table: object, where: str, folder: Path, problems: dict[str, str]) -> object:
    if isinstance(table, dict):
        return _read(kind, table, f"{where}.", folder, problems)
    problems[where] = f"must be a section [{where}]; found {table!r}"
    return None


def _checked(check: Check, value: object, where: str, folder: Path, problems: dict[str, str]) -> object:
    try:
        return check(value, folder)
    except ValueError as error:
        problems[where] = str(error)
        return None


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"is no setting; did you mean {near[0]!r}?" if near else f"is no setting; known: {', '.join(known)}"
