"""A look at /healthz. Asks again while something is wrong: a hub that is just started anew is no alarm."""

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from edge_agent.wire.codec import WireError
from edge_agent.wire.hub_status import decode_hub_health
from hub_server.watchdog.look import Look, failed, well_or_not
from hub_server.watchdog.troubles import Kind

PATH: Final = "/healthz"
_ANSWER_BYTES_MAX: Final = 64 * 1024
_PAUSE_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpPlace:
    """Raises ValueError for what is no address of a hub."""

    url: str
    timeout_s: float = 5.0
    patience_s: float = 20.0  # how long something must be wrong

    def __post_init__(self) -> None:
        parts = self._parts
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError(f"{self.url!r} is no address such as http://127.0.0.1:8080")
        _ = parts.port  # raises ValueError for what is no port

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    def connect(self) -> http.client.HTTPConnection:
        parts = self._parts
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=self.timeout_s)

    @property
    def path(self) -> str:
        return PATH if self._parts.path in {"", "/"} else self._parts.path


def look(
    place: HttpPlace,
    *,
    monotonic_s: Callable[[], float] = time.monotonic,
    pause: Callable[[float], object] = time.sleep,
) -> Look:
    """The first look that finds nothing, or the last within the patience."""
    ends_s = monotonic_s() + place.patience_s
    while True:
        found = look_once(place)
        left_s = ends_s - monotonic_s()
        if not found.troubles or left_s <= 0:
            return found
        pause(min(_PAUSE_S, left_s))


def look_once(place: HttpPlace) -> Look:
    connection = place.connect()
    try:
        connection.request("GET", place.path, headers={"Accept": "application/json"})
        body = connection.getresponse().read(_ANSWER_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException) as error:
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return failed(
            place.url,
            Kind.UNREACHABLE,
            zh=f"主机 {place.url} 没有回应（{why}）：可能停电、断网或程序已停止",
            en=f"nobody answers at {place.url} ({why}): no power, no network, or the hub has stopped",
        )
    finally:
        connection.close()
    try:
        health = decode_hub_health(body)
    except WireError as error:
        return failed(
            place.url,
            Kind.STRANGE,
            zh=f"{place.url} 的回应不是守望主机的状态（{error.detail}）",
            en=f"what {place.url} answers is no word of a hub about itself ({error.detail})",
        )
    return well_or_not(place.url, health)
