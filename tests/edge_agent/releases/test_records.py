"""What a device remembers of releases: a machine that walks through offers, starts, ends and verdicts at random."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge_agent.releases import records
from edge_agent.releases.records import STARTS_MAX, Remembered
from edge_agent.wire.blobs import Offer, make_offer


def offer(version: int, content: bytes = b"settings") -> Offer:
    return make_offer(kind="config", version=version, content=content)


class OneKind(RuleBasedStateMachine):
    """Beside the record: a plain list of what was accepted, and what is known to work."""

    def __init__(self) -> None:
        super().__init__()
        self.one = Remembered()
        self.accepted: list[Offer] = []
        self.works: Offer | None = None
        self.starts = 0

    @rule(version=st.integers(1, 6), content=st.sampled_from([b"a", b"b"]))
    def an_offer_comes(self, version: int, content: bytes) -> None:
        if self.one.trial is not None:
            return  # the device takes none meanwhile
        sent = offer(version, content)
        failed_before = self.one.failed is not None and self.one.failed.offer == sent
        newest = max((one.version for one in self.accepted), default=0)
        same_again = bool(self.accepted) and sent == self.accepted[-1] and not failed_before
        objected = records.objection(self.one, sent)
        assert (objected is None) == (not failed_before and (sent.version > newest or same_again))
        if objected is None:
            self.one = records.accepted(self.one, sent)
            self.accepted.append(sent)
            self.starts = 0

    @precondition(lambda self: self.one.trial is not None)
    @rule()
    def the_agent_starts(self) -> None:
        self.one = records.started(self.one)
        self.starts += 1
        assert (self.one.trial is None) == (self.starts > STARTS_MAX)

    @precondition(lambda self: self.one.trial is not None and self.starts > 0)
    @rule()
    def somebody_stops_it(self) -> None:
        self.one = records.ended_on_purpose(self.one)
        self.starts -= 1

    @precondition(lambda self: self.one.trial is not None and self.starts > 0)
    @rule()
    def it_proves_itself(self) -> None:
        self.one = records.passed(self.one)
        self.works = self.accepted[-1]

    @precondition(lambda self: self.one.trial is not None)
    @rule()
    def it_fails(self) -> None:
        self.one = records.failed(self.one, "no picture")

    @rule()
    def nothing_is_on_trial_and_somebody_says_so_all_the_same(self) -> None:
        if self.one.trial is None:
            assert records.started(self.one) == self.one
            assert records.passed(self.one) == self.one
            assert records.failed(self.one, "why") == self.one

    @invariant()
    def what_is_good_is_what_was_proven_last(self) -> None:
        assert self.one.good == self.works

    @invariant()
    def the_newest_accepted_is_never_forgotten(self) -> None:
        assert self.one.newest == (self.accepted[-1] if self.accepted else None)

    @invariant()
    def on_trial_and_given_up_are_never_the_same(self) -> None:
        assert self.one.trial is None or self.one.failed is None


TestOneKind = OneKind.TestCase
TestOneKind.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_an_older_version_is_refused_even_after_the_newest_was_given_up() -> None:
    one = records.failed(records.started(records.accepted(Remembered(), offer(7))), "no picture")
    assert one.good is None
    assert records.objection(one, offer(6)) == "version 6 is older than 7, which was accepted here"
    assert records.objection(one, offer(7)) == "rolled back: no picture"
    assert records.objection(one, offer(7, b"other")) == "another version 7 was accepted here before"
    assert records.objection(one, offer(8)) is None


def test_what_was_good_and_cannot_be_read_any_more_may_come_again() -> None:
    one = records.lost(records.passed(records.started(records.accepted(Remembered(), offer(7)))))
    assert one.good is None
    assert records.objection(one, offer(7)) is None
    assert records.objection(one, offer(6)) is not None
