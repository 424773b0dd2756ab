"""Mistakes that a tired person could make in the watch, to prove that the net would catch them."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from unittest import mock

from sqlite_utils import Database
from watch_verdict import Law

from hub_server.ingest import reading
from hub_server.store import alerts, coverage, hub_time, outbox, signs, watches
from hub_server.store.rows import Watch
from hub_server.watch import coverage as shares
from hub_server.watch import due, judge, observation
from hub_server.watch.clock import Anchor
from hub_server.watch.coverage import Verdict
from hub_server.watch.drain import Drain
from hub_server.watch.due import Terms
from hub_server.watch.states import AlertState

Patched = contextlib.AbstractContextManager[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeededBug:
    """One mistake, and the laws whose guard may be the first to see it."""

    name: str
    patches: Callable[[], Patched]
    caught_by: frozenset[Law]


# --- pure rules ---


def _observe(change: Callable[[judge.Verdict, int, int, Terms], bool]) -> Patched:
    """With another opinion about what retracts."""
    honest = judge.observe

    def observe(*, at_us: int, now_us: int, terms: Terms, **known: Any) -> judge.Verdict | None:
        verdict = honest(at_us=at_us, now_us=now_us, terms=terms, **known)
        return None if verdict is None else replace(verdict, retracts=change(verdict, at_us, now_us, terms))

    return mock.patch.object(watches, "observe", observe)


def _retracts_at_the_very_moment() -> Patched:
    """`>=` for `>`."""
    return _observe(lambda _, at_us, now_us, terms: at_us + terms.allowed_us >= now_us)


def _retracts_always() -> Patched:
    return _observe(lambda *_: True)


def _retracts_never() -> Patched:
    return _observe(lambda *_: False)


def _retracts_without_the_grace() -> Patched:
    return _observe(lambda _, at_us, now_us, terms: at_us + terms.period_s * due.US_PER_S > now_us)


def _due(terms: Callable[[Terms], Terms]) -> Patched:
    """From other terms than were agreed."""
    honest = due.due_us

    def due_us(*, created_us: int, last_seen_us: int | None, terms_: Terms) -> int:
        return honest(created_us=created_us, last_seen_us=last_seen_us, terms=terms(terms_))

    def named(**known: Any) -> int:
        return due_us(terms_=known.pop("terms"), **known)

    both = contextlib.ExitStack()
    for module in (watches, judge):
        both.enter_context(mock.patch.object(module, "due_us", named))
    return both


def _pauses_are_ignored() -> Patched:
    return _due(lambda terms: replace(terms, pauses=()))


def _the_grace_is_forgotten() -> Patched:
    return _due(lambda terms: replace(terms, grace_s=0))


def _the_period_does_not_begin_anew_after_a_pause() -> Patched:
    """Who comes home from hospital is overdue when the pause ends."""
    honest = due.due_us

    def due_us(*, terms: Terms, **known: Any) -> int:
        end_us = max((pause.until_us for pause in terms.pauses), default=0)
        return max(honest(terms=replace(terms, pauses=()), **known), end_us)

    both = contextlib.ExitStack()
    for module in (watches, judge):
        both.enter_context(mock.patch.object(module, "due_us", due_us))
    return both


def _one_frame_is_enough() -> Patched:
    def counts(*, strict: bool, frames: int, clock_trusted: bool) -> bool:
        return strict and frames >= 1 and clock_trusted

    return mock.patch.object(reading, "counts", counts)


def _a_sure_door_is_enough() -> Patched:
    def counts(*, strict: bool, frames: int, clock_trusted: bool) -> bool:
        del strict
        return frames >= observation.FRAMES_MIN and clock_trusted

    return mock.patch.object(reading, "counts", counts)


def _a_car_counts_for_its_owner() -> Patched:
    return mock.patch.object(watches, "vouches", return_value=True)


def _the_future_is_not_cut() -> Patched:
    return mock.patch.object(reading, "captured_us", lambda *, wall_us, **_: wall_us)


def _the_uncertainty_counts_for_the_better() -> Patched:
    """By the latest moment instead of the earliest."""

    def latest_us(anchor: Anchor, *, mono_us: int, received_us: int) -> int:
        return max(0, min(anchor.at_us(mono_us) + anchor.uncertainty_us, received_us))

    both = contextlib.ExitStack()
    for name in ("hub_server.ingest.reading.earliest_us", "hub_server.store.clocks.earliest_us"):
        both.enter_context(mock.patch(name, latest_us))
    return both


# --- the store ---


def _an_old_sighting_moves_it_back() -> Patched:
    """The last one told, instead of the last one captured."""
    honest = watches.observe_person

    def observe_person(db: Database, *, person: str, at_us: int, by: str, now_us: int) -> Any:
        moved = honest(db, person=person, at_us=at_us, by=by, now_us=now_us)
        watch = watches.get_by_person(db, person)
        if moved is None and watch is not None:
            watches.wind_back(db, watch, last_seen_us=at_us, last_seen_by=by)
        return moved

    return mock.patch.object(watches, "observe_person", observe_person)


def _by_when_it_came_in() -> Patched:
    """As naive code does: a buffered sighting counts from its receipt."""
    honest = alerts.observe_person

    def observe_person(db: Database, *, person: str, at_us: int, by: str, now_us: int) -> None:
        del at_us
        honest(db, person=person, at_us=now_us, by=by, now_us=now_us)

    return mock.patch("hub_server.ingest.effects.alerts.observe_person", observe_person)


def _a_correction_changes_nothing() -> Patched:
    return mock.patch("hub_server.store.corrections.alerts.recount_person")


def _a_withdrawn_word_still_counts() -> Patched:
    return mock.patch("hub_server.store.observations.alerts.recount_person")


def _an_anchor_moves_no_watch() -> Patched:
    return mock.patch("hub_server.store.clocks.alerts.recount_person")


def _a_pause_does_not_move_the_due_time() -> Patched:
    return mock.patch.object(watches, "refresh")


def _a_due_time_is_never_alerted_twice() -> Patched:
    """What was retracted by mistake never comes again: so it was until this net was made."""
    honest = watches.due

    def once(db: Database, *, now_us: int, limit: int) -> list[Watch]:
        known = {tuple(row) for row in db.execute("SELECT person, due_us FROM alerts")}
        return [
            watch
            for watch in honest(db, now_us=now_us, limit=limit)
            if not known & {(watch.person, watch.due_us), (watch.person, watch.due_us - 1)}
        ]

    return mock.patch.object(watches, "due", once)


def _nobody_is_ever_due() -> Patched:
    return mock.patch.object(watches, "due", return_value=[])


def _a_step_back_of_the_clock_is_not_noticed() -> Patched:
    return mock.patch.object(hub_time, "wind_back", return_value=0)


def _what_closed_it_is_not_taken_back() -> Patched:
    return mock.patch.object(signs, "withdraw_visits", return_value=False)


def _history_is_tidied_up() -> Patched:
    """A closed alert needs only its end."""
    honest = outbox.settle_alert

    def settle(db: Database, alert: Any, now_us: int, **how: Any) -> None:
        honest(db, alert, now_us, **how)
        db.execute(
            "DELETE FROM alert_changes WHERE alert = ? AND before NOT NULL AND after <> ?",
            (alert.id, AlertState.CLOSED),
        )

    return mock.patch.object(outbox, "settle_alert", settle)


# --- who was watching, and the drain ---


def _nobody_looked_and_all_is_well() -> Patched:
    def verdicts(db: Database, due: Any, *, now_us: int) -> list[Verdict]:
        del db, now_us
        return [Verdict.WATCHED for _ in due]

    return mock.patch.object(coverage, "verdicts", verdicts)


def _always_cannot_tell() -> Patched:
    """Nobody reads what always says the same."""

    def verdicts(db: Database, due: Any, *, now_us: int) -> list[Verdict]:
        del db, now_us
        return [Verdict.CANNOT_TELL for _ in due]

    return mock.patch.object(coverage, "verdicts", verdicts)


def _what_is_shown_is_always_fine() -> Patched:
    return mock.patch.object(shares, "judge", return_value=Verdict.WATCHED)


def _the_drain_is_lost() -> Patched:
    return mock.patch.object(Drain, "is_over", return_value=True)


def _the_drain_waits_for_ever() -> Patched:
    def is_over(self: Drain, *, now_s: float, listening_since_s: float | None, expected: int, missing: int) -> bool:
        del self, now_s, listening_since_s
        return expected == 0 or missing == 0

    return mock.patch.object(Drain, "is_over", is_over)


def _bug(patches: Callable[[], Patched], *caught_by: Law) -> SeededBug:
    return SeededBug(
        name=patches.__name__.strip("_").replace("_", " "), patches=patches, caught_by=frozenset(caught_by)
    )


_LATE: Final = (Law.TRUTH, Law.ALARM, Law.RETRACTION, Law.CAUSE)

BUGS: Final = (
    _bug(_retracts_at_the_very_moment, Law.ALARM, Law.RETRACTION),
    _bug(_retracts_always, Law.ALARM, Law.RETRACTION),
    _bug(_retracts_never, Law.RETRACTION),
    _bug(_retracts_without_the_grace, Law.RETRACTION),
    _bug(_pauses_are_ignored, *_LATE),
    _bug(_the_grace_is_forgotten, *_LATE),
    _bug(_the_period_does_not_begin_anew_after_a_pause, *_LATE),
    _bug(_one_frame_is_enough, *_LATE),
    _bug(_a_sure_door_is_enough, *_LATE),
    _bug(_a_car_counts_for_its_owner, *_LATE),
    _bug(_the_future_is_not_cut, *_LATE),
    _bug(_the_uncertainty_counts_for_the_better, *_LATE),
    _bug(_an_old_sighting_moves_it_back, *_LATE),
    _bug(_by_when_it_came_in, *_LATE),
    _bug(_a_correction_changes_nothing, *_LATE),
    _bug(_a_withdrawn_word_still_counts, *_LATE),
    _bug(_an_anchor_moves_no_watch, *_LATE),
    _bug(_a_pause_does_not_move_the_due_time, *_LATE),
    _bug(_a_due_time_is_never_alerted_twice, Law.ALARM),
    _bug(_nobody_is_ever_due, Law.ALARM),
    _bug(_a_step_back_of_the_clock_is_not_noticed, *_LATE),
    _bug(_what_closed_it_is_not_taken_back, *_LATE),
    _bug(_history_is_tidied_up, Law.HISTORY),
    _bug(_nobody_looked_and_all_is_well, Law.BLINDNESS),
    _bug(_always_cannot_tell, Law.BLINDNESS),
    _bug(_what_is_shown_is_always_fine, Law.BLINDNESS),
    _bug(_the_drain_is_lost, Law.DRAIN),
    _bug(_the_drain_waits_for_ever, Law.ALARM),
)


@contextlib.contextmanager
def seeded(bug: SeededBug) -> Iterator[None]:
    """The product with this mistake in it."""
    with bug.patches():
        yield
