"""`speech://PLACE`: a letter spoken by a loudspeaker. The port is here; what speaks comes with the loudspeakers."""

from typing import Protocol
from urllib.parse import urlsplit

from hub_server.notify.channel import DeliveryError, Letter

SCHEME = "speech"


class Speaker(Protocol):
    """Whatever can speak at a place."""

    def announce(self, *, place: str, text: str, key: str) -> None:
        """Returns once the place has it; the same `key` is spoken once. Raises DeliveryError."""


class NoSpeaker:
    """This version has no loudspeakers, and says so: the next channel is tried."""

    def announce(self, *, place: str, text: str, key: str) -> None:  # noqa: ARG002 the shape of the port
        raise DeliveryError(f"{SCHEME}: this version has no loudspeakers yet")


class RememberingSpeaker:
    """A fake by the port's rules: a place that remembers what it was given; places in `deaf` take nothing."""

    def __init__(self) -> None:
        self.spoken: list[tuple[str, str]] = []  # place, text
        self.deaf: set[str] = set()
        self._keys: set[tuple[str, str]] = set()

    def announce(self, *, place: str, text: str, key: str) -> None:
        if place in self.deaf:
            raise DeliveryError(f"{SCHEME}: {place} does not answer")
        if (place, key) not in self._keys:
            self._keys.add((place, key))
            self.spoken.append((place, text))


class SpeechChannel:
    """One place."""

    def __init__(self, url: str, *, speaker: Speaker) -> None:
        self._place = urlsplit(url).netloc
        self._speaker = speaker

    def send(self, letter: Letter) -> None:
        self._speaker.announce(place=self._place, text=letter.spoken, key=letter.key)
