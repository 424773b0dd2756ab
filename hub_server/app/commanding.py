"""Between the web, which asks devices for something, and ingest, which sends it: neither knows the other."""

from collections.abc import Mapping

from hub_server.ingest.command_desk import Order
from hub_server.ingest.commanding import Commanding


class AskedDevices:
    """What the web is given."""

    def __init__(self, commanding: Commanding) -> None:
        self._commanding = commanding

    def ask(self, *, id_: str, device: str, kind: str, arguments: Mapping[str, str | int | bool | None]) -> bool:
        return self._commanding.ask(Order(id=id_, device=device, kind=kind, arguments=arguments))

    def picture(self, command: str) -> bytes | None:
        return self._commanding.picture(command)

    def challenge_age_s(self, device: str) -> float | None:
        return self._commanding.challenge_age_s(device)
