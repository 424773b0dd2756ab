"""What every way to people has in common, and which URL opens which."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class DeliveryError(Exception):
    """It is not known that the letter arrived. The words hold no secret of the URL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What goes out. `key` is the same at every try: whoever gets two with one key has got one letter."""

    key: str
    title: str
    body: str
    spoken: str  # one or two sentences for a loudspeaker, without telephone or address


class Channel(Protocol):
    """One way to one addressee."""

    def send(self, letter: Letter) -> None:
        """Returns when it was taken. Raises DeliveryError, within some tens of seconds."""


OpenChannel = Callable[[str], Channel]
"""Raises DeliveryError for a URL that opens nothing."""


def scheme_of(url: str) -> str:
    """What may be said of a URL: the rest of it holds secrets."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator and scheme else "?"


class Opener:
    """Opens a channel by its scheme; whatever has none of its own is Apprise's."""

    def __init__(self, *, own: dict[str, OpenChannel], other: OpenChannel) -> None:
        self._own = own
        self._other = other

    def __call__(self, url: str) -> Channel:
        return self._own.get(scheme_of(url), self._other)(url)
