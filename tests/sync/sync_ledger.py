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
    acked: int = 0
    kept: set[str] = field(default_factory=set)  # hashes on the card now
    gone: list[tuple[str, int, int]] = field(default_factory=list)
    left: set[str] = field(default_factory=set)  # hashes that were acknowledged in an epoch that was left
    maybe: str | None = None  # given to a journal that did not answer: it may be on the card, then it is captured
    seen: tuple[int, int] = (0, 0)  # life and changes of the connection when it was last looked at


class Ledger:
    """Told of each capture; looks at cards and at the hub's shelf, and says what does not hold."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.excuses = True
        self.forks = 0
        self.excused: set[str] = set()
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
            acked=0 if old is None else old.acked,
            kept=set() if old is None else set(old.kept),
            gone=[] if old is None else list(old.gone),
            left=set() if old is None else set(old.left),
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
        elif known.maybe is not None and epochs[newest][0] == known.last[newest] + 1:
            self._take(known, epochs[newest][0], known.maybe)  # it was committed before the agent died
        rows, known.gone = card.kept(), card.gone()
        known.kept = {digest for _, _, _, kind, digest in rows if kind != "lost"}
        self._check_places(card.name, known, epochs, rows)
        self._check_acked(card.name, known, epochs[newest][1])

    def check(self) -> None:
        """Every captured event is on a card, at the hub, or in a loss record."""
        for device, digests in self.captured.items():
            cards = [known for known in self.cards.values() if known.device == device]
            for digest in digests - self.shelf.held[device]:
                if any(digest in known.kept for known in cards) or self._is_told(device, digest, cards):
                    continue
                if self._is_left_behind(device, digest):
                    continue
                demand(False, Invariant.NO_LOSS, f"{device}: {self.name(device, digest)} is nowhere")

    def check_arrived(self) -> None:
        """Once all is drained: at the hub, or in a loss record there."""
        for device, digests in self.captured.items():
            for digest in digests - self.shelf.held[device]:
                demand(
                    self._is_told(device, digest, []) or self._is_left_behind(device, digest),
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
        left, acked = known.epoch, known.acked
        known.left |= {digest for (epoch, seq), digest in known.places.items() if epoch == left and seq <= acked}
        self.forks += bool(left)
        moved = range(acked + 1, known.last.get(left, 0) + 1) if left else range(0)
        for number, seq in enumerate(moved, start=1):
            if (left, seq) in known.places:
                self._put(known, (newest, number), known.places[left, seq])
        known.epoch, known.acked = newest, 0
        known.last[newest] = len(moved)
        if left:
            known.last[left] = acked

    def _check_places(
        self,
        name: str,
        known: CardLedger,
        epochs: dict[str, tuple[int, int]],
        rows: list[tuple[str, int, int, str, str]],
    ) -> None:
        """Places are given without a gap; each holds its event, or is remembered as dropped, and nothing is twice."""
        runs = [(seq, last) for epoch, seq, last, kind, _ in rows if epoch == known.epoch and kind != "lost"]
        runs += [(first, last) for epoch, first, last in known.gone if epoch == known.epoch]
        place = 1
        for first, last in sorted(runs):
            demand(first == place, Invariant.NO_LOSS, f"{name}: place {min(place, first)} holds nothing, or two things")
            place = last + 1
        due = known.last.get(known.epoch, 0)
        demand(
            place == due + 1 == epochs[known.epoch][0] + 1,
            Invariant.NO_LOSS,
            f"{name}: stands at {place - 1}, {epochs[known.epoch][0]} were given, {due} were captured",
        )
        for epoch, seq, last, kind, digest in rows:
            if kind == "lost":
                held = [at for of, at, _, what, _ in rows if of == epoch and what != "lost" and seq <= at <= last]
                demand(not held, Invariant.NO_LOSS, f"{name}: the tombstone of {seq} to {last} covers kept events")
            elif (epoch, seq) in known.places:
                own = known.places[epoch, seq] == digest
                demand(own, Invariant.NO_LOSS, f"{name}: place {epoch[:6]}/{seq} holds another event than was captured")

    def _check_acked(self, name: str, known: CardLedger, acked: int) -> None:
        """The mark covers only what the hub's disk has, or had before it was restored."""
        if acked > known.acked:
            self.shelf.look(captured=self.captured)
        for seq in range(known.acked + 1, acked + 1):
            digest = known.places.get((known.epoch, seq))
            safe = digest in self.shelf.ever[known.device] or self.shelf.ever_lost(known.device, known.epoch, seq)
            demand(
                safe, Invariant.ACK_SAFETY, f"{name}: takes {known.epoch[:6]}/{seq} for stored, the hub never had it"
            )
        known.acked = acked

    def _is_left_behind(self, device: str, digest: str) -> bool:
        """The one known hole, told in README.md: acknowledged, left behind by a fork, and then the hub was restored.

        An agent speaks of its newest epoch only, so that nobody asks for the event again.
        """
        found = (
            self.excuses
            and self._was_at_hub(device, digest)
            and any(digest in known.left for known in self.cards.values() if known.device == device)
        )
        if found:
            self.excused.add(digest)
        return found

    def _was_at_hub(self, device: str, digest: str) -> bool:
        """The event, or the record of its loss; a restore may have taken it away since."""
        places = self.keys[device, digest]
        return digest in self.shelf.ever[device] or any(self.shelf.ever_lost(device, *place) for place in places)

    def _is_told(self, device: str, digest: str, cards: list[CardLedger]) -> bool:
        """A loss record covers a place of it: at the hub, or on a card that will tell."""
        for epoch, seq in self.keys[device, digest]:
            if self.shelf.lost(device, epoch, seq):
                return True
            for known in cards:
                # Of an epoch that was left the hub never hears again: what was dropped there is told to nobody.
                if known.epoch == epoch and any(of == epoch and a <= seq <= b for of, a, b in known.gone):
                    return True
        return False
