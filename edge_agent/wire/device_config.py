"""A device's settings as the hub sends them: what stands inside a blob of the kind `config`. Strict JSON. See BLOBS.md.

The blob is sealed to the device and signed inside: only the hub can have made it, and nobody else reads it. It holds
all that is laid over agent.toml: what it does not name is as agent.toml says. What the values must be, the device
checks with the same code as agent.toml's own.
"""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge_agent.wire.limits import INTEGER_MAX

FORMAT: Final = 1
KIND: Final = "config"  # of the blob
BYTES_MAX: Final = 32 * 1024
TEXT_CHARS_MAX: Final = 1024

ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "camera": frozenset({"source", "width", "height", "fps", "observing_every_s"}),
    "clock": frozenset({"synchronised"}),
    "models": frozenset({"threads"}),
    "passage": frozenset({"gap_s", "interim_s", "frames_min", "best_frames", "embeds_per_s", "quality_min"}),
    "faces": frozenset({"enabled"}),
    "plates": frozenset(
        {
            "enabled",
            "direction",
            "prior",
            "gap_s",
            "rejoin_s",
            "stay_s",
            "frames_min",
            "reads_per_s",
            "height_min_px",
        }
    ),
}
"""What may be laid over. Not who the device is, whom it speaks to, where its keys lie, nor how much its journal keeps:
what a wrong value there destroys, going back does not bring back. Nor the camera's name, which stands in its events."""

Setting = bool | int | float | Annotated[str, Meta(max_length=TEXT_CHARS_MAX)] | dict[str, float]
Settings = dict[str, dict[str, Setting]]
"""By section and key, as in agent.toml."""


class DeviceConfigError(ValueError):
    """These bytes are no settings that may be sent to a device."""


class JoinAgain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The device makes a new key and fetches a certificate for it, with this one-time token."""

    token: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{16,128}\Z")]


class WrittenConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version` is that of the blob."""

    format: int
    version: Annotated[int, Meta(ge=1, le=INTEGER_MAX)]
    settings: Settings
    join: JoinAgain | None


_decoder: Final = msgspec.json.Decoder(WrittenConfig)


def encode_config(config: WrittenConfig) -> bytes:
    """The same bytes for the same settings. Raises DeviceConfigError for what a device would not take."""
    content = msgspec.json.encode(config, order="sorted")
    decode_config(content)
    return content


def decode_config(content: bytes) -> WrittenConfig:
    """Raises DeviceConfigError."""
    if len(content) > BYTES_MAX:
        raise DeviceConfigError(f"{len(content)} bytes of settings; {BYTES_MAX} is the limit")
    try:
        config = _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DeviceConfigError(f"no settings: {error}") from error
    if config.format != FORMAT:
        raise DeviceConfigError(f"settings of format {config.format}; {FORMAT} is known here")
    forbidden = not_allowed(config.settings)
    if forbidden:
        raise DeviceConfigError(f"cannot be set from afar: {', '.join(forbidden)}")
    return config


def not_allowed(settings: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Those of them, as section.key, that may not be laid over."""
    return [
        f"{section}.{key}"
        for section, values in sorted(settings.items())
        for key in sorted(values)
        if key not in ALLOWED.get(section, frozenset())
    ]
