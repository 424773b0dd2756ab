"""What may stand in a device's profile: a check for each kind of value, which says what is wrong with it. Pure."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final, cast

from edge_agent.config import URL_SCHEMES
from edge_agent.wire.topics import is_device, is_name

TEXT_CHARS_MAX: Final = 200
KEYS_MAX: Final = 32
GPIO_MAX: Final = 27  # of the 40-pin header
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")
HOSTNAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_IPV6: Final = re.compile(r"[0-9a-f:]{2,39}\Z")
ZONE: Final = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}\Z")
SSH_KEY: Final = re.compile(
    r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)"
    r" [A-Za-z0-9+/]{40,1400}={0,3}( [^\x00-\x1f\x7f-\x9f]{0,200})?\Z"
)
DATA: Final = re.compile(
    r"(card|/dev/(?!.*\.\.)[A-Za-z0-9/_.-]{1,100}|(LABEL|PARTLABEL|UUID|PARTUUID)=[A-Za-z0-9_.-]{1,64})\Z"
)
_RELAY: Final = re.compile(r"gpio:([0-9]{1,2})\Z")
ALSA: Final = re.compile(r"[A-Za-z][A-Za-z0-9_:,=.-]{0,99}\Z")
HEX_64: Final = re.compile(r"[0-9A-Fa-f]{64}\Z")


class ProfileError(ValueError):
    """`problems`: what is wrong, by field. Fit for a person."""

    def __init__(self, what: str, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(f"{what}: " + "; ".join(f"{name} {why}" for name, why in self.problems.items()))


Check = Callable[[object], str | None]
"""What is wrong with a value, or None."""


def _printable(value: object, most: int = TEXT_CHARS_MAX) -> bool:
    return isinstance(value, str) and len(value) <= most and all(_shows(character) for character in value)


def _shows(character: str) -> bool:
    """Neither a control character nor one that turns the writing direction, nor unassigned."""
    return character.isprintable() or character == "\u3000"  # the blank of Chinese text


def text(value: object) -> str | None:
    return None if _printable(value) else f"must be at most {TEXT_CHARS_MAX} printable characters; found {value!r}"


def device_name(value: object) -> str | None:
    if isinstance(value, str) and is_device(value):
        return None
    return f"must be a name of a-z, 0-9 and '-', at most 63, not first '-'; found {value!r}"


def name(value: object) -> str | None:
    if isinstance(value, str) and is_name(value):
        return None
    return f"must be a name of a-z, 0-9 and '-', at most 63, not first '-'; found {value!r}"


def whole(low: int, high: int) -> Check:
    def check(value: object) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return None
        return f"must be a whole number from {low} to {high}; found {value!r}"

    return check


def flag(value: object) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false; found {value!r}"


def one_of(*words: str) -> Check:
    def check(value: object) -> str | None:
        return None if value in words else f"must be one of {', '.join(words)}; found {value!r}"

    return check


def matching(pattern: re.Pattern[str], what: str) -> Check:
    def check(value: object) -> str | None:
        fits = isinstance(value, str) and pattern.match(value) is not None
        return None if fits else f"must be {what}; found {value!r}"

    return check


def maybe(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def each(check: Check, most: int) -> Check:
    def all_of(value: object) -> str | None:
        if not isinstance(value, (tuple, list)) or len(value) > most:
            return f"must be a list of at most {most}; found {value!r}"
        return next((why for why in map(check, value) if why is not None), None)

    return all_of


def camera_source(value: object) -> str | None:
    known = ("picamera2", *(f"{scheme}…" for scheme in URL_SCHEMES), "/dev/video…")
    if value == "picamera2":
        return None
    if _printable(value, 1024) and not any(character.isspace() for character in cast("str", value)):
        text = cast("str", value)
        device = text.startswith("/dev/") and PurePosixPath(text).name != "dev" and ".." not in text
        if device or (text.startswith(URL_SCHEMES) and text.partition("://")[2].strip("/")):
            return None
    return f"must be one of {', '.join(known)}; found {value!r}"


def relay_pin(value: object) -> str | None:
    found = _RELAY.match(value) if isinstance(value, str) else None
    if value == "" or (found is not None and int(found[1]) <= GPIO_MAX):
        return None
    return f"must be empty, or gpio:0 to gpio:{GPIO_MAX}; found {value!r}"


def host(value: object) -> str | None:
    if isinstance(value, str) and (_HOST.match(value) or (":" in value and _IPV6.match(value))):
        return None
    return f"must be a host name in lower case, or an address; found {value!r}"


def page_address(value: object) -> str | None:
    fits = _printable(value, 512) and re.match(r"https://[^\s/\"'\\]+/?\Z", cast("str", value))
    return None if fits else f"must be https:// and a host; found {value!r}"


def pem(value: object) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    fits = text.startswith("-----BEGIN CERTIFICATE-----") and text.endswith("-----END CERTIFICATE-----")
    return None if fits and len(text) < 16 * 1024 else "must be the site's root certificate in PEM"


def check_all(thing: Any, what: str, checks: Mapping[str, Check], more: Mapping[str, str] | None = None) -> None:
    """Raises ProfileError with all that is wrong."""
    problems = {name: why for name, check in checks.items() if (why := check(getattr(thing, name))) is not None}
    problems |= {name: why for name, why in (more or {}).items() if name not in problems}
    if problems:
        raise ProfileError(what, problems)


def ssid(value: object) -> str | None:
    fits = _printable(value, 32) and 1 <= len(cast("str", value).encode()) <= 32
    return None if fits else f"must be 1 to 32 bytes of printable characters; found {value!r}"


def passphrase(value: object) -> str | None:
    """Never shows the value."""
    if isinstance(value, str) and (HEX_64.match(value) or re.match(r"[ -~]{8,63}\Z", value)):
        return None
    return "must be 8 to 63 letters, digits and signs of ASCII, or 64 hexadecimal digits"
