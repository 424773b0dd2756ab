"""Pictures that devices were asked for: put together, opened, kept in memory for an hour, then gone. Pure.

They lie on no disk of the hub's, in no backup, and whoever looks at one is noted by the page.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from edge_agent.wire.commands import PICTURE_BYTES_MAX, Piece, joined, picture_binding
from edge_agent.wire.seal import SealError, unseal

KEEP_S: Final = 3600.0
BYTES_MAX: Final = 32 * 1024 * 1024  # of all; past it the oldest goes before its hour
AWAITED_S: Final = 120.0  # for its pieces, from asking
AWAITED_MAX: Final = 200
_JPEG: Final = b"\xff\xd8\xff"


@dataclass(kw_only=True, slots=True)
class _Awaited:
    device: str
    since_s: float
    pieces: dict[int, Piece] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    jpeg: bytes
    until_s: float


class Pictures:
    """Not for several threads. Times are seconds of a clock that never goes back."""

    def __init__(self, *, site: str, private_key: bytes) -> None:
        """`private_key`: the hub's X25519 key for pictures."""
        self._site = site
        self._private_key = private_key
        self._awaited: OrderedDict[str, _Awaited] = OrderedDict()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def size(self) -> int:
        """Of all that is kept."""
        return sum(len(one.jpeg) for one in self._kept.values())

    def expect(self, command: str, device: str, now_s: float) -> None:
        """This device, and no other, may bring the picture of this command."""
        self._awaited[command] = _Awaited(device=device, since_s=now_s)
        while len(self._awaited) > AWAITED_MAX:
            self._awaited.popitem(last=False)

    def take(self, device: str, piece: Piece, now_s: float) -> str | None:
        """A piece came; None, or why it is thrown away, for the log. The last one makes the picture."""
        self.forget(now_s)
        awaited = self._awaited.get(piece.command)
        if awaited is None or awaited.device != device:
            return "nobody has asked this device for it"
        first = next(iter(awaited.pieces.values()), piece)
        if (piece.n, piece.sha256) != (first.n, first.sha256):
            awaited.pieces.clear()
            return "it is of another picture than the pieces before"
        awaited.pieces[piece.i] = piece
        if len(awaited.pieces) < piece.n:
            return None
        del self._awaited[piece.command]
        sealed = joined(awaited.pieces)
        return "its SHA-256 is another" if sealed is None else self._open(device, piece.command, sealed, now_s)

    def get(self, command: str, now_s: float) -> bytes | None:
        """The JPEG; None: it never came, or its hour is over."""
        self.forget(now_s)
        kept = self._kept.get(command)
        return None if kept is None else kept.jpeg

    def forget(self, now_s: float) -> None:
        """What is over is gone."""
        for command in [command for command, one in self._kept.items() if one.until_s <= now_s]:
            del self._kept[command]
        for command in [command for command, one in self._awaited.items() if now_s - one.since_s > AWAITED_S]:
            del self._awaited[command]

    def _open(self, device: str, command: str, sealed: bytes, now_s: float) -> str | None:
        binding = picture_binding(site=self._site, device=device, command=command)
        try:
            jpeg = unseal(sealed, private_key=self._private_key, binding=binding)
        except SealError as error:
            return str(error)
        if len(jpeg) > PICTURE_BYTES_MAX or not jpeg.startswith(_JPEG):
            return "it is no JPEG of the size that may be"
        self._kept[command] = _Kept(jpeg=jpeg, until_s=now_s + KEEP_S)
        while self.size > BYTES_MAX:
            self._kept.popitem(last=False)
        return None
