"""`topic://NAME`: the site's own broker carries the letter to whatever listens for alerts, such as a control room."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec

from hub_server.notify.channel import DeliveryError, Letter

SCHEME = "topic"


class _Published(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    to: str
    title: str
    body: str


class MqttChannel:
    """Publishes on `shouwang/v1/<site>/hub/alert`, QoS 1, not retained: {"key", "to", "title", "body"}."""

    def __init__(self, url: str, *, publish: Callable[[bytes], bool]) -> None:
        """`publish` says whether the broker has it; it does not raise."""
        self._to = urlsplit(url).netloc
        self._publish = publish

    def send(self, letter: Letter) -> None:
        told = _Published(key=letter.key, to=self._to, title=letter.title, body=letter.body)
        if not self._publish(msgspec.json.encode(told)):
            raise DeliveryError(f"{SCHEME}: the broker has not taken it")
