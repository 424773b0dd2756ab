"""Whatever is seen, vouched for, taken back and paused, in any order: the watch is where a plain list of it says."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from device_model import DEVICE, EPOCH
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from hub_server.store import alerts, corrections, devices, events, observations, pauses, people, verify, watches
from hub_server.store.connection import open_writer
from hub_server.store.errors import StoreError
from hub_server.store.events import NewEvent
from hub_server.watch.due import Span, Terms, due_us
from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome

HOUR_US = 3_600_000_000
BEGAN_US = 1_795_471_200_000_000
PERIOD_S = 6 * 3600

HOURS = st.integers(1, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), HOURS),
        st.tuples(st.just("sighting"), HOURS),
        st.tuples(st.just("call"), HOURS),
        st.tuples(st.just("correct"), st.integers(0, 5)),
        st.tuples(st.just("withdraw"), st.integers(0, 5)),
        st.tuples(st.just("pause"), HOURS),
        st.tuples(st.just("later pause"), HOURS),
        st.tuples(st.just("resume"), st.integers(0, 5)),
        st.tuples(st.just("well"), st.just(0)),
        st.tuples(st.just("away"), HOURS),
    ),
    min_size=5,
    max_size=40,
)


class Reference:
    """Lists: what was seen, who is away; and what follows, by the rule of `due_us` alone."""

    def __init__(self) -> None:
        self.now_us = BEGAN_US
        self.seen: dict[tuple[str, int], int] = {}  # kind and row -> when
        self.pauses: dict[int, Span] = {}

    @property
    def last_us(self) -> int | None:
        return max(self.seen.values(), default=None)

    @property
    def due_us(self) -> int:
        terms = Terms(period_s=PERIOD_S, pauses=tuple(self.pauses.values()))
        return due_us(created_us=BEGAN_US, last_seen_us=self.last_us, terms=terms)

    def pick(self, kind: str, n: int) -> int | None:
        rows = sorted(row for of, row in self.seen if of == kind)
        return rows[n % len(rows)] if rows else None


class Office:
    """The store, beside its reference."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._is = Reference()
        self._seq = 0
        devices.create(db, id=DEVICE, place="", now_us=BEGAN_US)
        people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=BEGAN_US)
        watches.create(db, person="zhao", period_s=PERIOD_S, last_seen_us=None, now_us=BEGAN_US)

    def step(self, what: str, n: int) -> None:
        {
            "wait": self._wait,
            "sighting": self._sighting,
            "call": self._call,
            "correct": self._correct,
            "withdraw": self._withdraw,
            "pause": lambda n: self._pause(0, n),
            "later pause": lambda n: self._pause(3, n),
            "resume": self._resume,
            "well": self._well,
            "away": self._away,
        }[what](n)
        self._tick()

    def _tick(self) -> None:
        """A look at the clock, and what must hold after it."""
        db, ref = self._db, self._is
        alerts.raise_due(db, now_us=ref.now_us, limit=9)
        watch = watches.get_by_person(db, "zhao")
        assert watch is not None
        assert (watch.last_seen_us, watch.due_us) == (ref.last_us, ref.due_us)
        assert alerts.not_closed(db, "zhao") is not None or ref.due_us > ref.now_us, "overdue, and nobody is told"

    def _wait(self, hours: int) -> None:
        self._is.now_us += hours * HOUR_US

    def _sighting(self, hours_ago: int) -> None:
        ref, self._seq = self._is, self._seq + 1
        at_us = ref.now_us - hours_ago * HOUR_US
        stored = NewEvent(
            device=DEVICE,
            epoch=EPOCH,
            seq=self._seq,
            last_seq=self._seq,
            hash="",
            type="passage",
            received_us=ref.now_us,
            raw=b"",
            captured_us=at_us,
            clock_trusted=True,
            camera="east",
            person="zhao",
            strict=True,
            qualifies=True,
            counts=True,
        )
        ref.seen["sighting", events.add(self._db, stored)] = at_us
        alerts.observe_person(self._db, person="zhao", at_us=at_us, by="door/east", now_us=ref.now_us)

    def _call(self, hours_ago: int) -> None:
        at_us = self._is.now_us - hours_ago * HOUR_US
        made = observations.add(
            self._db, person="zhao", kind=Kind.PHONE, at_us=at_us, author="李", note="", now_us=self._is.now_us
        )
        self._is.seen["call", made.id] = at_us

    def _correct(self, n: int) -> None:
        event = self._is.pick("sighting", n)
        if event is not None:
            corrections.not_this_person(self._db, event=event, other=None, author="李", note="", now_us=self._is.now_us)
            del self._is.seen["sighting", event]

    def _withdraw(self, n: int) -> None:
        row = self._is.pick("call", n)
        if row is not None:
            observations.withdraw(self._db, row, author="李", now_us=self._is.now_us)
            del self._is.seen["call", row]

    def _pause(self, in_hours: int, hours: int) -> None:
        from_us = self._is.now_us + in_hours * HOUR_US
        until_us = from_us + hours * HOUR_US
        try:
            made = pauses.add(
                self._db,
                person="zhao",
                from_us=from_us,
                until_us=until_us,
                reason="住院",
                author="李",
                now_us=self._is.now_us,
            )
        except StoreError:
            assert alerts.not_closed(self._db, "zhao") is not None
            return
        self._is.pauses[made.id] = Span(from_us=from_us, until_us=until_us)

    def _resume(self, n: int) -> None:
        ref = self._is
        running = sorted(row for row, span in ref.pauses.items() if span.until_us > ref.now_us)
        if not running:
            return
        row = running[n % len(running)]
        made = pauses.end(self._db, row, author="李", now_us=ref.now_us)
        span = ref.pauses.pop(row)
        if made.from_us < ref.now_us:
            ref.pauses[row] = Span(from_us=span.from_us, until_us=ref.now_us)

    def _well(self, _n: int) -> None:
        alert = alerts.not_closed(self._db, "zhao")
        if alert is not None:
            self._close(alert.id, Outcome.WELL, None)
            self._is.seen["call", observations.of(self._db, "zhao")[0].id] = self._is.now_us

    def _away(self, hours: int) -> None:
        alert = alerts.not_closed(self._db, "zhao")
        if alert is not None:
            until_us = self._is.now_us + hours * HOUR_US
            self._close(alert.id, Outcome.AWAY, until_us)
            made = max(pause.id for pause in pauses.of(self._db, "zhao"))
            self._is.pauses[made] = Span(from_us=0, until_us=until_us)

    def _close(self, alert: int, outcome: Outcome, until_us: int | None) -> None:
        alerts.move(
            self._db,
            alert,
            to=AlertState.CLOSED,
            outcome=outcome,
            author="李",
            note="",
            until_us=until_us,
            now_us=self._is.now_us,
        )


@contextmanager
def fresh(empty: Path, folder: Path) -> Iterator[Database]:
    path = shutil.copy(empty, folder / "machine.sqlite3")
    with closing(open_writer(Path(path))) as db:
        db.execute("BEGIN")
        yield db
        db.execute("ROLLBACK")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_watch_is_where_a_plain_list_says_and_nobody_overdue_is_without_an_alert(
    new_database: Path, tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    with fresh(new_database, tmp_path) as db:
        office = Office(db)
        for what, n in steps:
            office.step(what, n)
        wanted = {"due times", "last seen", "pauses", "corrections", "ladder", "open alerts", "alert histories"}
        assert {check.name: check.detail for check in verify.checks(db) if check.name in wanted and not check.ok} == {}
