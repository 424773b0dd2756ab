"""How the web asks a device for something, without knowing who sends it: hub_server.app puts the two together."""

from collections.abc import Mapping
from typing import Protocol


class Devices(Protocol):
    """What is asked goes out once, at once or never."""

    def ask(self, *, id_: str, device: str, kind: str, arguments: Mapping[str, str | int | bool | None]) -> bool:
        """It is stored already. False: too many are under way."""
        ...

    def picture(self, command: str) -> bytes | None:
        """The JPEG that a command brought, within an hour."""
        ...

    def challenge_age_s(self, device: str) -> float | None:
        """How long ago the device last said that it takes commands; None: not since the hub started."""
        ...


class NobodyListens:
    """A hub without a broker: nothing is taken on."""

    def ask(self, *, id_: str, device: str, kind: str, arguments: Mapping[str, str | int | bool | None]) -> bool:  # noqa: ARG002 as the protocol has it
        return False

    def picture(self, command: str) -> bytes | None:  # noqa: ARG002 as above
        return None

    def challenge_age_s(self, device: str) -> float | None:  # noqa: ARG002 as above
        return None
