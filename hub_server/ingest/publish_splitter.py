"""Takes the PUBLISH packets out of what a broker sends (MQTT 3.1.1 and 5, section 3.3). No input, no output.

paho needs 35 us for one of them in version 5, half of it to make an object for properties that we do not look at.
"""

from collections.abc import Callable
from typing import Final

TAKEN_BYTES_MAX: Final = 1024 * 1024
"""Of one packet. What is larger is left in the stream, whoever reads that."""

_PUBLISH: Final = 0x30
_PUBACK: Final = b"\x40\x02"
_RETAINED: Final = 0x01
_LENGTH_BYTES_MAX: Final = 4

Take = Callable[[str, bytes, bool], None]


class PublishSplitter:
    """Keeps what has come of a packet until the rest of it comes."""

    def __init__(self, *, take: Take, speaks_v5: bool) -> None:
        """`take`: topic, payload, retained. Must not raise. Of a topic that is no UTF-8 it is given what is."""
        self._take = take
        self._speaks_v5 = speaks_v5
        self._begun = b""
        self._passing = 0  # bytes of a packet that is left in the stream, still to come

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """What is left of the stream, in its order, and the acknowledgements of what was taken, ready to be sent."""
        data, at = self._begun + data, 0
        left, acks = [], []
        while at < len(data):
            if self._passing:
                end = min(at + self._passing, len(data))
                self._passing -= end - at
                left.append(data[at:end])
                at = end
                continue
            found = _body(data, at)
            if found is None:
                break
            body, end = found
            if body < 0 or end - body > TAKEN_BYTES_MAX:
                self._passing = end - at
                continue
            if end > len(data):
                break
            ack = self._taken(data[at], data[body:end])
            if ack is None:
                left.append(data[at:end])
            else:
                acks.append(ack)
            at = end
        self._begun = data[at:]
        return b"".join(left), b"".join(acks)

    def _taken(self, head: int, packet: bytes) -> bytes | None:
        """The acknowledgement of a PUBLISH, b"" for quality 0; None when it is another packet, or not right."""
        quality = head >> 1 & 3
        if head & 0xF0 != _PUBLISH or quality > 1 or len(packet) < 2:
            return None
        topic_end = 2 + (packet[0] << 8 | packet[1])
        payload = topic_end + 2 * quality
        if self._speaks_v5:
            found = _length(packet, payload)
            if found is None:
                return None
            payload = found[0] + found[1]
        if payload > len(packet):
            return None
        self._take(packet[2:topic_end].decode("utf-8", "replace"), packet[payload:], bool(head & _RETAINED))
        return _PUBACK + packet[topic_end : topic_end + 2] if quality else b""


def _body(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the packet at `at` has its body, and where it ends; None: more must come to know that."""
    found = _length(data, at + 1)
    if found is not None:
        return found[0], found[0] + found[1]
    if len(data) - at > _LENGTH_BYTES_MAX:
        return -1, len(data)  # no packet at all
    return None


def _length(data: bytes, at: int) -> tuple[int, int] | None:
    """A variable byte integer: where it ends, and its value. None: it goes on past the data, or is too long."""
    value = 0
    for n, byte in enumerate(data[at : at + _LENGTH_BYTES_MAX]):
        value |= (byte & 0x7F) << 7 * n
        if byte < 0x80:
            return at + n + 1, value
    return None
