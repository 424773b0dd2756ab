"""At most once, and never late: both sides' real rules, and a network that does what it likes."""

import pytest
from commands_world import World
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from edge_agent.remote.book import ChallengeBook
from edge_agent.wire.commands import Command, Refusal
from edge_agent.wire.messages import CommandOutcome

NUMBERS = st.integers(min_value=0, max_value=10_000)
SPANS = st.sampled_from([0.0, 0.2, 1.0, 4.9, 5.0, 9.9, 10.0, 12.0, 14.9, 15.0, 15.1, 40.0, 3600.0])
QUICK = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
SEARCHING = settings(QUICK, max_examples=1000)
"""For a mistake: the first run that shows it ends the search; what is drawn depends on the modules that are loaded."""


class CommandsMachine(RuleBasedStateMachine):
    make_book: type[ChallengeBook] = ChallengeBook
    judged_when_heard = False

    def __init__(self) -> None:
        super().__init__()
        self.world = World(make_book=self.make_book, judged_when_heard=self.judged_when_heard)

    @rule()
    def the_device_says_a_challenge(self) -> None:
        self.world.challenge()

    @rule()
    def the_device_connects_anew(self) -> None:
        self.world.reconnect()
        self.world.challenge()

    @precondition(lambda self: self.world.challenges)
    @rule(which=NUMBERS)
    def the_hub_hears_a_challenge_new_or_old(self, which: int) -> None:
        self.world.hear(self.world.challenges[-1 - which % min(3, len(self.world.challenges))])

    @rule()
    def somebody_asks(self) -> None:
        self.world.ask()
        self.world.send()

    @rule(seconds=SPANS)
    def a_command_is_on_its_way_and_is_held_back(self, seconds: float) -> None:
        self.world.reconnect()
        self.world.challenge()
        self.world.hear(self.world.challenges[-1])
        self.world.ask()
        self.world.send()
        self.world.pass_time(seconds)

    @rule()
    def the_hub_looks(self) -> None:
        self.world.send()

    @precondition(lambda self: self.world.payloads)
    @rule(which=NUMBERS, times=st.integers(min_value=1, max_value=3), at_once=st.booleans())
    def a_payload_comes_however_old(self, which: int, times: int, at_once: bool) -> None:  # noqa: FBT001 as hypothesis calls it
        for _ in range(times):
            self.world.deliver(self.world.payloads[-1 - which % len(self.world.payloads)])
        if at_once:
            self.world.work()

    @precondition(lambda self: self.world.payloads)
    @rule(seconds=SPANS)
    def the_newest_comes_at_once_and_waits_at_the_device(self, seconds: float) -> None:
        self.world.deliver(self.world.payloads[-1])
        self.world.pass_time(seconds)
        self.world.work()

    @rule()
    def the_device_gets_round_to_it(self) -> None:
        self.world.work()

    @rule(seconds=SPANS)
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(seconds=st.sampled_from([-86_400.0, -30.0, 30.0, 86_400.0 * 365]))
    def the_wall_clock_jumps(self, seconds: float) -> None:
        self.world.step_wall_clock(seconds)

    @rule()
    def the_device_boots(self) -> None:
        self.world.reboot()

    @rule()
    def the_agent_starts_anew(self) -> None:
        self.world.restart()

    @rule()
    def the_hub_starts_anew(self) -> None:
        self.world.restart_hub()

    @rule(device=st.sampled_from(["door-east", "door-west"]))
    def somebody_forges(self, device: str) -> None:
        self.world.forge(device=device)

    @precondition(lambda self: self.world.payloads)
    @rule(which=NUMBERS, at=NUMBERS)
    def somebody_changes_a_bit(self, which: int, at: int) -> None:
        self.world.tamper(self.world.payloads[which % len(self.world.payloads)], at)

    @rule()
    def all_goes_well_for_once(self) -> None:
        """So that the rest proves something: what is fresh and whole is done."""
        self.world.pass_time(20)  # the queue and the commands under way are over
        self.world.work()
        self.world.send()
        self.world.reconnect()
        self.world.challenge()
        self.world.hear(self.world.challenges[-1])
        asked = self.world.ask()
        self.world.send()
        assert asked in self.world.sent
        self.world.pass_time(2)
        self.world.deliver(self.world.sent[asked].payload)
        self.world.work()
        assert asked in {one.id for one in self.world.done}
        assert any(one.command == asked and one.outcome is CommandOutcome.DONE for one in self.world.results)

    @invariant()
    def invariant_7(self) -> None:
        self.world.demand()


def test_invariant_7_a_command_is_carried_out_at_most_once_and_never_late() -> None:
    run_state_machine_as_test(CommandsMachine, settings=QUICK)


class _NeverForgetsChallenges(ChallengeBook):
    def _forget(self, now_s: float) -> None:
        """A mistake."""


class _ForgetsUsedIds(ChallengeBook):
    def judge(self, command: Command, now_s: float) -> Refusal | None:
        self._used.clear()
        return super().judge(command, now_s)


class _TakesAnyChallenge(ChallengeBook):
    def judge(self, command: Command, now_s: float) -> Refusal | None:
        self._alive.append((now_s, command.challenge))
        return super().judge(command, now_s)


class _TakesAnyBoot(_TakesAnyChallenge):
    def judge(self, command: Command, now_s: float) -> Refusal | None:
        self._boot = command.boot
        return super().judge(command, now_s)


@pytest.mark.parametrize("mistake", [_NeverForgetsChallenges, _ForgetsUsedIds, _TakesAnyChallenge, _TakesAnyBoot])
def test_a_book_with_a_mistake_is_found_out(mistake: type[ChallengeBook]) -> None:
    class Mistaken(CommandsMachine):
        make_book = mistake

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Mistaken, settings=SEARCHING)


def test_judging_when_it_comes_in_instead_of_when_it_is_done_is_found_out() -> None:
    class Hasty(CommandsMachine):
        judged_when_heard = True

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Hasty, settings=SEARCHING)
