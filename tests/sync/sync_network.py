"""A broker and its connections, all in lists: each message waits until somebody says what becomes of it."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Final

from edge_agent.uplink.mqtt import Closed, Heard, Inbox, Opened, enqueue
from edge_agent.wire.messages import Presence, Status, wire_bytes
from edge_agent.wire.topics import Address, Channel

SITE: Final = "demo"
REMEMBERED_MAX: Final = 60  # old messages that may turn up once more
QUEUED_MAX: Final = 400  # past it the broker drops, as brokers do, and says nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """On its way to the hub."""

    topic: str
    payload: bytes
    retained: bool = False


def topic(device: str, channel: Channel) -> str:
    return Address(site=SITE, device=device).topic(channel)


class ScriptedLink:
    """A device's connection. The broker takes every publish, whoever listens: a PUBACK proves nothing."""

    def __init__(self, broker: "Broker", device: str, inbox: Inbox) -> None:
        self._broker = broker
        self.device = device
        self.inbox = inbox
        self.connected = False

    def open(self) -> None:
        self.connected = True
        self._broker.connected(self)
        enqueue(self.inbox, Opened())
        self._broker.takes_status(self.device, Presence.ONLINE)

    def publish(self, payload: bytes) -> bool:
        if self.connected:
            self._broker.takes(Message(topic=topic(self.device, Channel.UP), payload=payload))
        return self.connected

    def publish_once(self, payload: bytes) -> bool:
        return self.publish(payload)

    def publish_blob(self, payload: bytes) -> bool:  # noqa: ARG002 no blobs here
        return self.connected

    def carries(self, mid: int) -> bool:  # noqa: ARG002 this broker speaks 3.1.1: it refuses nothing
        return True

    def close(self) -> None:
        self.connected = False
        self._broker.left(self)


class Broker:
    """Queues in memory. The hub's session and the devices' are clean: what waits for who has gone is gone."""

    def __init__(self) -> None:
        self.up: list[Message] = []
        self.down: dict[str, list[bytes]] = defaultdict(list)
        self.links: dict[str, ScriptedLink] = {}
        self.retained: dict[str, Message] = {}
        self.hub_listens = False
        self.old_up: deque[Message] = deque(maxlen=REMEMBERED_MAX)
        self.old_down: dict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=REMEMBERED_MAX))

    def connected(self, link: ScriptedLink) -> None:
        """Another client of the same name is thrown out."""
        self.breaks(link.device, "another client has this name")
        self.links[link.device] = link
        self.down[link.device].clear()

    def left(self, link: ScriptedLink) -> None:
        if self.links.get(link.device) is link:
            del self.links[link.device]
            self.down[link.device].clear()
            self.takes_status(link.device, Presence.OFFLINE)

    def breaks(self, device: str, why: str) -> None:
        link = self.links.pop(device, None)
        if link is not None:
            link.connected = False
            self.down[device].clear()
            enqueue(link.inbox, Closed(why=why, answered=True))
            self.takes_status(device, Presence.OFFLINE)

    def wiped(self) -> None:
        """It was killed before it saved anything."""
        for device in list(self.links):
            self.breaks(device, "the broker is gone")
        self.up.clear()
        self.retained.clear()

    def takes(self, message: Message) -> None:
        self.old_up.append(message)
        if self.hub_listens and len(self.up) < QUEUED_MAX:
            self.up.append(message)

    def takes_status(self, device: str, state: Presence) -> None:
        payload = wire_bytes(Status(device=device, state=state, agent="sync/1"))
        message = Message(topic=topic(device, Channel.STATUS), payload=payload)
        self.retained[message.topic] = Message(topic=message.topic, payload=payload, retained=True)
        self.takes(message)

    def says(self, device: str, payload: bytes) -> None:
        """The hub's answer; without a connection it is nobody's."""
        self.old_down[device].append(payload)
        if device in self.links and len(self.down[device]) < QUEUED_MAX:
            self.down[device].append(payload)

    def passes_on(self, device: str, payload: bytes) -> None:
        """The device hears it, if it is there."""
        if device in self.links:
            enqueue(self.links[device].inbox, Heard(payload=payload))
