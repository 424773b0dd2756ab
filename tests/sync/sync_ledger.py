"""What was captured, where it may stand, and what the hub's disk ever held: the plain truth beside both sides."""

from collections import defaultdict
from dataclasses import dataclass, field

from sync_card import Card
from sync_shelf import Shelf
from sync_verdict import Invariant, demand

Place = tuple[str, int]  # epoch and number


@dataclass(kw_only=True)
class CardLedger:
    """What the oracle knows of one card."""

    device: str
    places: dict[Place, str] = field(default_factory=dict)  # hash by place, also of epochs that were left
    last: dict[str, int] = field(default_factory=dict)
    epoch: str = ""
    acked: dict[str, int] = field(default_factory=dict)  # by epoch
    kept: set[str] = field(default_factory=set)  # hashes on the card now
    gone: list[tuple[str, int, int]] = field(default_factory=list)
    maybe: str | None = None  # given to a journal that did not answer: it may be on the card, then it is captured
    seen: tuple[int, int] = (0, 0)  # life and changes of the connection when it was last looked at


class Ledger:
    """Told of each capture; looks at cards and at the hub's shelf, and says what does not hold."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.forks = 0
        self.taken_back = 0  # places of epochs that were left, journaled anew
        self.cards: dict[str, CardLedger] = {}
        self.captured: dict[str, set[str]] = defaultdict(set)  # hashes by device
        self.keys: dict[tuple[str, str], set[Place]] = defaultdict(set)  # places by device and hash

    def adopt(self, card: Card, *, like: Card | None = None) -> None:
        """A new card, or a copy of another as it is now."""
        old = None if like is None else self.cards[like.name]
        self.cards[card.name] = CardLedger(
            device=card.device,
            places={} if old is None else dict(old.places),
            last={} if old is None else dict(old.last),
            epoch="" if old is None else old.epoch,
            acked={} if old is None else dict(old.acked),
            kept=set() if old is None else set(old.kept),
            gone=[] if old is None else list(old.gone),
        )

    def will_take(self, card: Card, digest: str | None) -> None:
        """The journal is about to be given this event; None: it has answered that it did not take it."""
        self.cards[card.name].maybe = digest

    def took(self, card: Card, seq: int, digest: str) -> None:
        """The agent reports an event captured."""
        known = self.cards[card.name]
        due = known.last.get(known.epoch, 0) + 1
        demand(seq == due, Invariant.NO_LOSS, f"{card.name}: place {seq} was given, {due} was next")
        self._take(known, seq, digest)

    def look_at(self, card: Card) -> None:
        """After each thing that may have changed the journal."""
        connection = card.connection
        if connection is None:
            return
        known = self.cards[card.name]
        seen = (card.lives, connection.total_changes)
        if known.seen == seen:
            return
        known.seen = seen
        epochs = {name: (last, acked) for name, last, acked in card.epochs()}
        newest = list(epochs)[-1]
        if newest != known.epoch:
            self._follow_fork(known, newest)
        self._follow_what_came_back(known, epochs)
        if known.maybe is not None and epochs[newest][0] == known.last[newest] + 1:
            self._take(known, epochs[newest][0], known.maybe)  # it was committed before the agent died
        rows, known.gone = card.kept(), card.gone()
        known.kept = {digest for _, _, _, kind, digest in rows if kind != "lost"}
        for epoch, (given, _) in epochs.items():
            self._check_places(card.name, known, epoch, given, rows)
        self._check_own(card.name, known, rows)
        self._check_acked(card.name, known, epochs[newest][1])

    def check(self) -> None:
        """Every captured event is on a card, at the hub, or in a loss record."""
        for device, digests in self.captured.items():
            cards = [known for known in self.cards.values() if known.device == device]
            for digest in digests - self.shelf.held[device]:
                if any(digest in known.kept for known in cards) or self._is_told(device, digest, cards):
                    continue
                demand(False, Invariant.NO_LOSS, f"{device}: {self.name(device, digest)} is nowhere")

    def check_arrived(self) -> None:
        """Once all is drained: at the hub, or in a loss record there."""
        for device, digests in self.captured.items():
            for digest in digests - self.shelf.held[device]:
                demand(
                    self._is_told(device, digest, []),
                    Invariant.LIVENESS,
                    f"{device}: {self.name(device, digest)} never came to the hub, and no loss record tells of it",
                )

    def name(self, device: str, digest: str) -> str:
        """An event, for a person to find."""
        places = ", ".join(f"{epoch[:6]}/{seq}" for epoch, seq in sorted(self.keys[device, digest]))
        return f"the event {digest[:8]} of place {places}"

    # ---

    def _take(self, known: CardLedger, seq: int, digest: str) -> None:
        known.last[known.epoch] = seq
        known.maybe = None
        self._put(known, (known.epoch, seq), digest)
        self.captured[known.device].add(digest)

    def _put(self, known: CardLedger, place: Place, digest: str) -> None:
        known.places[place] = digest
        self.keys[known.device, digest].add(place)

    def _follow_fork(self, known: CardLedger, newest: str) -> None:
        """A new epoch journals anew every place above the last verified ack of the one before, in order."""
        left = known.epoch
        known.epoch, known.last[newest], known.acked[newest] = newest, 0, 0
        if left:
            self.forks += 1
            self._follow_move(known, left, above=known.acked[left])

    def _follow_what_came_back(self, known: CardLedger, epochs: dict[str, tuple[int, int]]) -> None:
        """The hub lost of an epoch that was left: what it had once goes to the end of the newest one, in order."""
        for left in [epoch for epoch in known.last if epoch != known.epoch]:
            acked = epochs.get(left, (0, 0))[1]  # an epoch of which nothing is kept may be forgotten
            if acked < known.acked[left]:
                self.taken_back += known.acked[left] - acked
                self._follow_move(known, left, above=acked)
                known.acked[left] = acked

    def _follow_move(self, known: CardLedger, left: str, *, above: int) -> None:
        places = range(above + 1, known.last[left] + 1)
        for number, seq in enumerate(places, start=known.last[known.epoch] + 1):
            if (left, seq) in known.places:
                self._put(known, (known.epoch, number), known.places[left, seq])
        known.last[known.epoch] += len(places)
        known.last[left] = above

    def _check_places(
        self, name: str, known: CardLedger, epoch: str, given: int, rows: list[tuple[str, int, int, str, str]]
    ) -> None:
        """Places are given without a gap; each holds its event, or is remembered as dropped."""
        runs = [(seq, last) for of, seq, last, kind, _ in rows if of == epoch and kind != "lost"]
        runs += [(first, last) for of, first, last in known.gone if of == epoch]
        place = 1
        for first, last in sorted(runs):
            demand(first == place, Invariant.NO_LOSS, f"{name}: place {min(place, first)} holds nothing, or two things")
            place = last + 1
        due = known.last.get(epoch, 0)
        demand(
            place == due + 1 == given + 1,
            Invariant.NO_LOSS,
            f"{name}: {epoch[:6]} stands at {place - 1}, {given} were given, {due} were captured",
        )

    def _check_own(self, name: str, known: CardLedger, rows: list[tuple[str, int, int, str, str]]) -> None:
        """No place holds another event than was captured, and no tombstone lies about one that is kept."""
        for epoch, seq, last, kind, digest in rows:
            if kind == "lost":
                held = [at for of, at, _, what, _ in rows if of == epoch and what != "lost" and seq <= at <= last]
                demand(not held, Invariant.NO_LOSS, f"{name}: the tombstone of {seq} to {last} covers kept events")
            elif (epoch, seq) in known.places:
                own = known.places[epoch, seq] == digest
                demand(own, Invariant.NO_LOSS, f"{name}: place {epoch[:6]}/{seq} holds another event than was captured")

    def _check_acked(self, name: str, known: CardLedger, acked: int) -> None:
        """The mark covers only what the hub's disk has, or had before it was restored."""
        before = known.acked[known.epoch]
        if acked > before:
            self.shelf.look(captured=self.captured)
        for seq in range(before + 1, acked + 1):
            digest = known.places.get((known.epoch, seq))
            safe = digest in self.shelf.ever[known.device] or self.shelf.ever_lost(known.device, known.epoch, seq)
            demand(
                safe, Invariant.ACK_SAFETY, f"{name}: takes {known.epoch[:6]}/{seq} for stored, the hub never had it"
            )
        known.acked[known.epoch] = acked

    def _is_told(self, device: str, digest: str, cards: list[CardLedger]) -> bool:
        """A loss record covers a place of it: at the hub, or on a card that will tell."""
        for epoch, seq in self.keys[device, digest]:
            if self.shelf.lost(device, epoch, seq):
                return True
            for known in cards:
                if any(of == epoch and first <= seq <= last for of, first, last in known.gone):
                    return True
        return False
