"""How long a trial goes on: on the very second."""

from edge_agent.releases.trial import TRIAL_S, WELL_S, Trial, Verdict


def test_it_passes_once_it_was_well_for_long_enough_and_not_a_second_earlier() -> None:
    trial = Trial(100.0)
    assert trial.look(110.0, well=True) is Verdict.GOES_ON
    assert trial.look(109.9 + WELL_S, well=True) is Verdict.GOES_ON
    assert trial.look(110.0 + WELL_S, well=True) is Verdict.PASSED


def test_a_break_begins_the_time_anew() -> None:
    trial = Trial(0.0)
    trial.look(1.0, well=True)
    trial.look(WELL_S, well=False)
    assert trial.look(WELL_S + 1, well=True) is Verdict.GOES_ON
    assert trial.look(2 * WELL_S, well=True) is Verdict.GOES_ON
    assert trial.look(2 * WELL_S + 1, well=True) is Verdict.PASSED


def test_it_fails_when_its_time_is_over_be_it_that_it_has_just_become_well() -> None:
    trial = Trial(0.0)
    assert trial.look(TRIAL_S - 0.1, well=True) is Verdict.GOES_ON
    assert trial.look(TRIAL_S, well=True) is Verdict.FAILED


def test_what_became_well_late_but_in_time_passes() -> None:
    trial = Trial(0.0)
    trial.look(TRIAL_S - WELL_S, well=True)
    assert trial.look(TRIAL_S, well=True) is Verdict.PASSED
