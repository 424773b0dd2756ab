"""Everything that may happen to a watch, in any order, as a hypothesis state machine over a world."""

import sys
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from watch_devices import Device, Seen
from watch_people import CLOSINGS, People
from watch_reference import S
from watch_stage import PERSONS
from watch_totals import Totals
from watch_world import World

from hub_server.watch.observation import Kind
from hub_server.watch.states import AlertState, Outcome, Report

RUNS: Final = 300  # in CI
STEPS: Final = 40
HOUR_S: Final = 3600
DAY_S: Final = 24 * HOUR_S
persons: Final = st.sampled_from(PERSONS)
numbers: Final = st.integers(0, 7)
whiles_s: Final = st.sampled_from([1, 59, 130, 1800, 5 * HOUR_S, 11 * HOUR_S, 25 * HOUR_S, 3 * DAY_S, 9 * DAY_S])
uncertainties_us: Final = st.sampled_from([0, S, HOUR_S * S])
ago_s: Final = st.sampled_from([0, 1, HOUR_S, 10 * HOUR_S, 23 * HOUR_S, 24 * HOUR_S, 30 * HOUR_S, 4 * DAY_S])


class WatchMachine(RuleBasedStateMachine):
    """Each rule is one thing that may happen at any time; after each, the world's `check` must pass."""

    totals = Totals()

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    @initialize(grace_s=st.sampled_from([0, 0, 2 * HOUR_S]))
    def begin(self, *, grace_s: int) -> None:
        self.world = World(self.totals)
        self.people = People(self.world)
        if grace_s:
            self.people.changes_terms(PERSONS[0], period_s=None, grace_s=grace_s, active=None)

    @property
    def there(self) -> World:
        assert self.world is not None
        return self.world

    def device(self, number: int) -> Device:
        return self.there.devices[number % len(self.there.devices)]

    # --- the day ---

    @rule(
        person=persons,
        number=numbers,
        good=st.sampled_from([True, True, True, False]),
        frames=st.sampled_from([12, 2, 1]),
    )
    def somebody_passes(self, person: str, number: int, *, good: bool, frames: int) -> None:
        device = self.device(number)
        self.there.totals.sightings += 1
        device.sees(person, strict=good, frames=frames)
        self.there.live()
        self.there.totals.late += device.sent < len(device.journal)

    @rule(days=st.integers(1, 12), person=persons, number=numbers, hour=st.integers(0, 23))
    def days_go_by(self, days: int, person: str, number: int, hour: int) -> None:
        """Somebody goes out once a day at the same hour, past the same camera."""
        device = self.device(number)
        for _ in range(days):
            self.there.advance(hour * HOUR_S or 60)
            self.there.totals.sightings += 1
            device.sees(person, strict=True, frames=12)
            self.there.live()
            self.there.advance((24 - hour) * HOUR_S - 60)

    @rule(seconds=whiles_s)
    def time_passes(self, seconds: int) -> None:
        self.there.advance(seconds)

    @rule(person=persons, off_s=st.sampled_from([-1, 0, 1]))
    def time_passes_until_somebody_is_due(self, person: str, off_s: int) -> None:
        life, now_us = self.there.lives[person], self.there.now_us()
        self.there.advance(max(0, (life.rings_us() - now_us) // S + off_s))

    @rule(number=numbers, off_s=st.sampled_from([-1, 0, 1]))
    def what_was_held_back_comes_at_the_last_moment(self, number: int, off_s: int) -> None:
        """A sighting is told when what is allowed after it has just passed, is just over, or has a second left."""
        device = self.device(number)
        held = next((seen for entry in device.journal[device.sent :] if _is_good(seen := entry.meaning)), None)
        if device.synced and isinstance(held, Seen) and held.sign.at_us is not None:
            ends_us = held.sign.at_us + self.there.lives[held.person].allowed_us
            self.there.advance(max(0, (ends_us - self.there.now_us()) // S + off_s))
        device.cut = device.slow = False
        self.there.deliver(device)

    # --- devices ---

    @rule(number=numbers)
    def cable_is_cut(self, number: int) -> None:
        self.device(number).cut = True

    @rule(number=numbers, slow=st.booleans())
    def cable_is_mended(self, number: int, *, slow: bool) -> None:
        device = self.device(number)
        device.cut, device.slow = False, slow
        self.there.says_hello(device)
        self.there.live()

    @rule(number=numbers, batches=st.integers(1, 2))
    def a_slow_one_tells_something(self, number: int, batches: int) -> None:
        self.there.deliver(self.device(number), batches)

    @rule(number=numbers)
    def camera_goes_blind_or_sees_again(self, number: int) -> None:
        device = self.device(number)
        device.tells_what_it_watched()
        device.watching = not device.watching

    @rule(number=numbers, battery=st.booleans())
    def power_fails(self, number: int, *, battery: bool) -> None:
        self.device(number).reboots(battery=battery)

    @rule(number=numbers, uncertainty_us=uncertainties_us)
    def clock_becomes_right(self, number: int, uncertainty_us: int) -> None:
        self.device(number).clock_becomes_right(uncertainty_us)

    @rule(person=persons, number=numbers, seconds=whiles_s, uncertainty_us=uncertainties_us)
    def somebody_passes_before_the_clock_is_right(
        self, person: str, number: int, seconds: int, uncertainty_us: int
    ) -> None:
        device = self.device(number)
        device.reboots(battery=False)
        device.sees(person, strict=True, frames=12)
        self.there.advance(seconds)
        device.clock_becomes_right(uncertainty_us)
        self.there.live()

    @rule(number=numbers, step_s=st.sampled_from([-3 * DAY_S, -HOUR_S, HOUR_S, 3 * DAY_S]))
    def clock_steps(self, number: int, step_s: int) -> None:
        """And believes to be right."""
        device = self.device(number)
        device.tells_what_it_watched()
        device.error_us += step_s * S
        device.was_wrong = True

    # --- the hub and its network ---

    @rule(seconds=st.sampled_from([1, 300, 5 * HOUR_S, 30 * HOUR_S]))
    def network_fails_for_a_while(self, seconds: int) -> None:
        if self.there.network_since_us is not None:
            self.there.network_goes()
            self.there.tick()
            self.there.advance(seconds)
            self.there.network_comes()

    @rule()
    def network_goes_or_comes(self) -> None:
        if self.there.network_since_us is None:
            self.there.network_comes()
        else:
            self.there.network_goes()

    @rule(person=persons, number=numbers, waits_s=st.sampled_from([10, 119, 130]), crash=st.booleans())
    def somebody_falls_due_in_the_drain(self, person: str, number: int, waits_s: int, *, crash: bool) -> None:
        """They were seen in the outage, and the device is slow to tell."""
        there, device = self.there, self.device(number)
        device.cut = device.slow = False
        there.live()
        if there.network_since_us is None:
            return
        there.network_goes()
        device.slow = True
        there.advance(max(60, min((there.lives[person].rings_us() - there.now_us()) // S - 2, 20 * HOUR_S)))
        device.sees(person, strict=True, frames=12)
        if crash:
            there.crash()
        there.network_comes()
        there.advance(waits_s)
        there.deliver(device)
        device.slow = False

    @rule()
    def hub_crashes(self) -> None:
        self.there.crash()

    @rule()
    def hub_will_die_in_its_next_transaction(self) -> None:
        self.there.will_die = True

    @rule(step_s=st.sampled_from([-DAY_S, -2 * HOUR_S, 300, 2 * HOUR_S, DAY_S]), dead=st.booleans())
    def hub_clock_steps(self, step_s: int, *, dead: bool) -> None:
        self.there.hub_clock_steps(step_s * S, dead=dead)

    # --- people ---

    @rule(person=persons, begins_s=st.sampled_from([-HOUR_S, 0, 20 * HOUR_S, 2 * DAY_S]), lasts_s=whiles_s)
    def somebody_goes_away(self, person: str, begins_s: int, lasts_s: int) -> None:
        self.people.goes_away(person, begins_s=begins_s, lasts_s=lasts_s)

    @rule(number=numbers)
    def somebody_is_back_early(self, number: int) -> None:
        self.people.is_back(number)

    @rule(person=persons, kind=st.sampled_from(Kind), ago=ago_s)
    def somebody_vouches(self, person: str, kind: Kind, ago: int) -> None:
        self.people.vouches(person, kind=kind, ago_s=ago)

    @rule(person=persons, grace=st.booleans(), off_s=st.sampled_from([-1, 0, 1]))
    def somebody_vouches_at_the_edge(self, person: str, off_s: int, *, grace: bool) -> None:
        """For a moment as long ago as the period, or as all that is allowed, takes."""
        life = self.there.lives[person]
        self.people.vouches(person, kind=Kind.PHONE, ago_s=life.period_s + grace * life.grace_s + off_s)

    @rule(number=numbers)
    def a_word_is_taken_back(self, number: int) -> None:
        self.people.takes_back(number)

    @rule(person=persons, seconds=st.sampled_from([1, 5 * HOUR_S]))
    def somebody_vouches_for_the_wrong_one(self, person: str, seconds: int) -> None:
        """And takes it back: whoever was overdue before is so again."""
        self.people.vouches(person, kind=Kind.PHONE, ago_s=0)
        self.there.advance(seconds)
        self.people.takes_back(-1)
        self.there.advance(1)

    @rule(number=numbers, named=st.booleans())
    def it_was_not_this_person(self, number: int, *, named: bool) -> None:
        self.people.corrects(number, named=named)

    @rule(person=persons, to=st.sampled_from([AlertState.ACKNOWLEDGED, AlertState.ON_THE_WAY]))
    def somebody_takes_care(self, person: str, to: AlertState) -> None:
        self.people.takes_care(person, to)

    @rule(person=persons, outcome=st.sampled_from(CLOSINGS), away_s=whiles_s)
    def alert_is_closed(self, person: str, outcome: Outcome, away_s: int) -> None:
        self.people.closes(person, outcome, away_s=away_s)

    @rule(person=persons, report=st.sampled_from(Report))
    def visit_finds(self, person: str, report: Report) -> None:
        self.people.reports(person, report)

    @rule(person=persons, outcome=st.sampled_from(CLOSINGS), seconds=whiles_s)
    def alert_is_closed_by_mistake(self, person: str, outcome: Outcome, seconds: int) -> None:
        self.there.advance(max(0, (self.there.lives[person].rings_us() - self.there.now_us()) // S + 1))
        if self.people.closes(person, outcome, away_s=HOUR_S):
            self.there.advance(seconds)
            self.people.reopens(0)

    @rule(number=numbers)
    def alert_is_opened_again(self, number: int) -> None:
        self.people.reopens(number)

    @rule(
        person=persons,
        period_s=st.sampled_from([None, 12 * HOUR_S, DAY_S, 2 * DAY_S]),
        grace_s=st.sampled_from([None, 0, HOUR_S]),
        active=st.sampled_from([None, True, True, False]),
    )
    def terms_change(self, person: str, period_s: int | None, grace_s: int | None, *, active: bool | None) -> None:
        self.people.changes_terms(person, period_s=period_s, grace_s=grace_s, active=active)

    # ---

    @invariant()
    def nothing_is_wrong(self) -> None:
        if self.world is not None:
            self.totals.steps += 1
            self.world.check()

    def teardown(self) -> None:
        if self.world is not None:
            try:
                if sys.exc_info()[0] is None:  # of a broken world nothing more is asked
                    self.world.settle()
            finally:
                self.world.close()


def _is_good(meaning: object) -> bool:
    return isinstance(meaning, Seen) and meaning.sign.good


def run_settings(*, runs: int, steps: int, derandomize: bool = False) -> settings:
    """No deadline, and nothing is left in the checkout."""
    return settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        derandomize=derandomize,
        database=None,
        print_blob=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
