"""The events of a journal's file, one after the other, also of a file that was set aside: what can be read is given."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge_agent.errors import JournalError
from edge_agent.journal.carving import CarvedEvent, carve_epochs, carve_events
from edge_agent.journal.reading import open_to_read
from edge_agent.wire.codec import event_hash

_PAGE: Final = 500  # rows in one question: a journal in use is never held up for longer

_ROWS: Final = (
    "SELECT seq, last_seq, hash, raw FROM event WHERE epoch = ? AND seq > ? ORDER BY seq LIMIT ?"  # seq is a key, too
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An event, or a tombstone, as it is stored."""

    epoch: str | None  # None: the file does not tell it any more
    seq: int
    last_seq: int
    hash: str
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which events: of one epoch or of all; above a place; those only that the hub has not acknowledged."""

    epoch: str | None = None
    after: int = 0
    unsent: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Epoch:
    id: int
    name: str | None
    last: int
    acked: int


@dataclass(kw_only=True, slots=True)
class Export:
    """One pass over a file, which is never written to. After `rows` has ended, the others tell what is missing."""

    file: Path
    wanted: Wanted
    damaged: bool = False  # SQLite could not read all of it
    unread: int = 0  # places whose event should be there and could not be read
    _given: dict[int, dict[int, int]] = field(default_factory=dict)  # by the epoch's id: last place by first

    def rows(self) -> Iterator[Stored]:
        """Epoch after epoch, in the order of their places. Raises JournalError when nothing can be read at all.

        Of a damaged file those come last that SQLite could not read.
        """
        if not self.file.is_file():
            raise JournalError(f"{self.file}: there is no journal")
        epochs = [epoch for epoch in self._epochs() if self.wanted.epoch in {None, epoch.name}]
        for epoch in epochs:
            self._given[epoch.id] = {}
            yield from self._of(epoch)
        if any(self._missing(epoch) for epoch in epochs):
            self.damaged = True
            yield from self._carved({epoch.id: epoch for epoch in epochs})
            self.unread = sum(self._missing(epoch) for epoch in epochs)

    def _epochs(self) -> list[_Epoch]:
        try:
            with closing(open_to_read(self.file)) as db:
                found = db.execute("SELECT id, name, last, acked FROM epoch ORDER BY id").fetchall()
            return [_Epoch(id=id_, name=name, last=last, acked=acked) for id_, name, last, acked in found]
        except sqlite3.OperationalError as error:  # the rights, not the content
            advice = "are you the user that the agent runs as?"
            raise JournalError(f"{self.file}: cannot be read: {error}; {advice}") from error
        except sqlite3.DatabaseError:
            self.damaged = True
        epochs = self._carved_epochs()
        if not epochs:
            raise JournalError(f"{self.file}: nothing of a journal can be made out in it")
        return epochs

    def _carved_epochs(self) -> list[_Epoch]:
        """Those that are found, and those of which only events are found."""
        named = carve_epochs(self.file)
        last: dict[int, int] = {}
        for event in carve_events(self.file):
            last[event.epoch] = max(event.last_seq, last.get(event.epoch, 0))
        epochs = [_Epoch(id=id_, name=epoch.name, last=epoch.last, acked=epoch.acked) for id_, epoch in named.items()]
        epochs += [_Epoch(id=id_, name=None, last=last[id_], acked=0) for id_ in last.keys() - named.keys()]
        return sorted(epochs, key=lambda epoch: epoch.id)

    def _first(self, epoch: _Epoch) -> int:
        """The place after which the wanted events come."""
        return max(self.wanted.after, epoch.acked if self.wanted.unsent else 0)

    def _of(self, epoch: _Epoch) -> Iterator[Stored]:
        after = self._first(epoch)
        try:
            while page := self._page(epoch.id, after):
                for seq, last_seq, digest, raw in page:
                    after = last_seq
                    if event_hash(raw) == digest:
                        yield self._give(epoch, seq, last_seq, digest, raw)
        except (sqlite3.DatabaseError, TypeError):  # TypeError: a blob, or a text, that has become something else
            self.damaged = True

    def _page(self, epoch: int, after: int) -> list[tuple[int, int, str, bytes]]:
        with closing(open_to_read(self.file)) as db:
            return db.execute(_ROWS, (epoch, after, _PAGE)).fetchall()

    def _give(self, epoch: _Epoch, seq: int, last_seq: int, digest: str, raw: bytes) -> Stored:
        self._given[epoch.id][seq] = last_seq
        return Stored(epoch=epoch.name, seq=seq, last_seq=last_seq, hash=digest, raw=raw)

    def _carved(self, epochs: dict[int, _Epoch]) -> Iterator[Stored]:
        """What SQLite did not give."""
        found: dict[tuple[int, int], CarvedEvent] = {}
        for event in carve_events(self.file):
            epoch = epochs.get(event.epoch)
            if epoch is not None and self._first(epoch) < event.seq <= epoch.last:
                found[event.epoch, event.seq] = event
        for id_, seq in sorted(found):
            event = found[id_, seq]
            if seq not in self._given[id_]:
                yield self._give(epochs[id_], seq, event.last_seq, event.hash, event.raw)

    def _missing(self, epoch: _Epoch) -> int:
        """How many places up to the last were neither given nor are known to be gone."""
        known = list(self._given[epoch.id].items())
        with suppress(sqlite3.Error), closing(open_to_read(self.file)) as db:
            known += db.execute("SELECT first_seq, last_seq FROM gone WHERE epoch = ?", (epoch.id,)).fetchall()
        return _uncovered(known, self._first(epoch), epoch.last)


def _uncovered(runs: list[tuple[int, int]], after: int, last: int) -> int:
    """Places above `after` and up to `last` that are in none of the runs."""
    count = 0
    for first, end in sorted(runs):
        count += max(0, min(first - 1, last) - after)
        after = max(after, end)
    return count + max(0, last - after)
