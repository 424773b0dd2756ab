"""What one device is to be, and what of its site stands on every card. Pure: values in, checked, frozen.

Wrong values are all told at once, by field: whoever fills in a form mends it in one go.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from hashlib import pbkdf2_hmac
from typing import Any, Final, Self

from edge_agent.config import RELAY_PULSE_MS_MAX
from firmware_config import profile_checks as check
from firmware_config.profile_checks import Check, ProfileError

__all__ = ["DeviceProfile", "Kind", "ProfileError", "SiteFacts", "Wifi"]


class Kind(StrEnum):
    """What a device stands at; chooses what it looks for."""

    DOOR = "door"  # people
    BARRIER = "barrier"  # vehicles
    CLINIC = "clinic"  # people who come by themselves, and count as seen
    STREET = "street"  # both


FACES: Final = {Kind.DOOR: True, Kind.BARRIER: False, Kind.CLINIC: True, Kind.STREET: True}
PLATES: Final = {Kind.DOOR: False, Kind.BARRIER: True, Kind.CLINIC: False, Kind.STREET: True}

# --- values -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Wifi:
    """The network of a place. Asked when a card is written, and kept on that card alone. Raises ProfileError."""

    ssid: str
    country: str  # ISO 3166, two letters: without it the radio stays off
    passphrase: str | None = field(default=None, repr=False)  # 8 to 63 characters, or the key, 64 hex; None: open
    hidden: bool = False

    def __post_init__(self) -> None:
        check.check_all(
            self,
            "Wi-Fi",
            {
                "ssid": check.ssid,
                "country": check.matching(re.compile(r"[A-Z]{2}\Z"), "two capital letters, as CN"),
                "passphrase": check.maybe(check.passphrase),
                "hidden": check.flag,
            },
        )

    @property
    def key(self) -> str | None:
        """The pre-shared key, 64 hex (IEEE 802.11i, annex J.4): the passphrase itself stands on no card."""
        if self.passphrase is None or check.HEX_64.match(self.passphrase):
            return None if self.passphrase is None else self.passphrase.lower()
        return pbkdf2_hmac("sha1", self.passphrase.encode(), self.ssid.encode(), 4096, 32).hex()


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteFacts:
    """What of a site every device must know. Nothing here is secret. Raises ProfileError."""

    site: str
    broker_host: str
    broker_port: int = 8883
    page: str  # https://host:port: where devices join
    root_pem: str

    def __post_init__(self) -> None:
        check.check_all(
            self,
            "the site",
            {
                "site": check.name,
                "broker_host": check.host,
                "broker_port": check.whole(1, 65535),
                "page": check.page_address,
                "root_pem": check.pem,
            },
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceProfile:
    """One camera point. Raises ProfileError with everything that is wrong.

    `faces` and `plates` None: as the kind says. `data` None: a folder of the root file system; "card": a partition made
    at the end of the card before it starts for the first time; else a block device, or its label or UUID.
    """

    device: str
    kind: Kind = Kind.DOOR
    camera: str = "picamera2"
    camera_name: str = "main"  # stands in its events
    relay: str = ""  # "gpio:17"; empty: it opens nothing
    relay_pulse_ms: int = 1000  # how long it is held for one opening
    relay_active_high: bool = True
    speaker: str | None = None  # as ALSA names it: "default", "plughw:0,0"
    place: str = ""
    area: str = ""
    width: int = 1280
    height: int = 720
    fps: int = 15
    faces: bool | None = None
    plates: bool | None = None
    direction: str = "auto"  # which way vehicles go
    wifi: Wifi | None = None  # None: Ethernet
    time_servers: tuple[str, ...] = ()  # none: as the image has it
    time_zone: str = "Asia/Shanghai"
    hostname: str | None = None  # None: the device's name
    ssh_keys: tuple[str, ...] = ()  # none: nobody can log in from afar
    read_only_root: bool = False
    data: str | None = None

    def __post_init__(self) -> None:
        check.check_all(self, f"the device {self.device!r}", _CHECKS, self._contradictions())
        object.__setattr__(self, "kind", Kind(self.kind))
        for name in ("time_servers", "ssh_keys"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def host(self) -> str:
        return self.device if self.hostname is None else self.hostname

    @property
    def sees_faces(self) -> bool:
        return FACES[self.kind] if self.faces is None else self.faces

    @property
    def sees_plates(self) -> bool:
        return PLATES[self.kind] if self.plates is None else self.plates

    def _contradictions(self) -> dict[str, str]:
        problems: dict[str, str] = {}
        if self.faces is False and self.plates is False:
            problems["faces"] = "and plates are both false: nothing is left to look for"
        if self.read_only_root is True and self.data is None:
            problems["data"] = "is missing: with a read-only root the journal needs a partition of its own"
        if self.hostname is None and str(self.device).endswith("-"):
            problems["hostname"] = "is missing: a host name does not end in '-'"
        return problems

    @classmethod
    def of_hub(cls, answer: Mapping[str, Any], *, place: str = "", area: str = "", wifi: Wifi | None = None) -> Self:
        """As the hub keeps it: `{device, kind, camera, relay, settings}`; strict. Raises ProfileError."""
        settings = dict(answer.get("settings") or {})
        unknown = {
            f"settings.{name}": f"is no setting; known: {', '.join(sorted(SETTINGS))}"
            for name in sorted(settings.keys() - SETTINGS)
        }
        kept = {name: value for name, value in settings.items() if name in SETTINGS}
        own = {name: answer[name] for name in ("device", "kind", "camera", "relay") if name in answer}
        try:
            profile = cls(**own, **kept, place=place, area=area, wifi=wifi)
        except ProfileError as error:
            raise ProfileError(f"the device {answer.get('device')!r}", error.problems | unknown) from None
        if unknown:
            raise ProfileError(f"the device {profile.device!r}", unknown)
        return profile


_CHECKS: Final[Mapping[str, Check]] = {
    "device": check.device_name,
    "kind": check.one_of(*Kind),
    "camera": check.camera_source,
    "camera_name": check.name,
    "relay": check.relay_pin,
    "relay_pulse_ms": check.whole(50, RELAY_PULSE_MS_MAX),
    "relay_active_high": check.flag,
    "speaker": check.maybe(check.matching(check.ALSA, "as ALSA names it: default, plughw:0,0")),
    "place": check.text,
    "area": check.text,
    "width": check.whole(160, 3840),
    "height": check.whole(120, 2160),
    "fps": check.whole(1, 60),
    "faces": check.maybe(check.flag),
    "plates": check.maybe(check.flag),
    "direction": check.one_of("in", "out", "auto"),
    "time_servers": check.each(check.host, 8),
    "time_zone": check.matching(check.ZONE, "a name as Asia/Shanghai"),
    "hostname": check.maybe(check.matching(check.HOSTNAME, "a host name of a-z, 0-9 and '-'")),
    "ssh_keys": check.each(check.matching(check.SSH_KEY, "one line as in id_ed25519.pub"), check.KEYS_MAX),
    "read_only_root": check.flag,
    "data": check.maybe(check.matching(check.DATA, "card, /dev/…, LABEL=…, PARTLABEL=…, UUID=… or PARTUUID=…")),
}
SETTINGS: Final = frozenset(
    {one.name for one in fields(DeviceProfile)} - {"device", "kind", "camera", "relay", "place", "area", "wifi"}
)
"""What of a profile may stand in the hub's `settings`. Not the network: its passphrase is nobody's but the card's."""
