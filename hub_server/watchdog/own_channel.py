"""The watchdog's own way to people: Apprise URLs of its own, all of them told at once."""

import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from hub_server.notify.channel import Channel, DeliveryError, Letter
from hub_server.watchdog.watchdog import Alarm, AlarmError

Send = Callable[[str, str], None]
"""Takes title and body. Raises AlarmError, without a secret of its URL, within some tens of seconds."""

_log = logging.getLogger(__name__)


class AllOf:
    """Several channels. One that fails keeps no other from being told, and is no failure while another was."""

    def __init__(self, channels: Sequence[Send]) -> None:
        self._channels = channels

    def send(self, *, title: str, body: str) -> None:
        """Raises AlarmError when none has taken it."""
        with ThreadPoolExecutor(max(1, len(self._channels)), thread_name_prefix="alarm") as threads:
            answers = list(threads.map(lambda channel: _failure(channel, title, body), self._channels))
        failures = [answer for answer in answers if answer is not None]
        if len(failures) == len(answers):
            raise AlarmError("; ".join(failures) or "no channel is set up")
        for failure in failures:
            _log.warning("a channel has failed: %s", failure)


def open_channel(urls: Sequence[str]) -> Alarm:
    """Raises AlarmError for what is no Apprise URL."""
    from hub_server.notify.apprise_channel import AppriseChannel  # noqa: PLC0415 half a second, for this one command

    try:
        return AllOf([partial(_post, AppriseChannel(url)) for url in urls])
    except DeliveryError as error:
        raise AlarmError(str(error)) from error


def _post(channel: Channel, title: str, body: str) -> None:
    try:
        channel.send(Letter(key=f"watchdog-{secrets.token_hex(8)}", title=title, body=body, spoken=title))
    except DeliveryError as error:
        raise AlarmError(str(error)) from error


def _failure(channel: Send, title: str, body: str) -> str | None:
    try:
        channel(title, body)
    except AlarmError as error:
        return str(error)
    return None
