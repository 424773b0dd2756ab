"""The simulated year: what breaks, who falls, what is counted, and a whole run against a real hub."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from year_faults import Fault, Outage, Standing, draw
from year_ledger import Case, Emergency, Hidden, Ledger, Letter, NaiveCase
from year_people import Truth, population
from year_rates import AREAS, DAY_S, HOUR_S, area, false_sightings_a_passage
from year_report import figures, misses

OUTAGE = Outage(fault=Fault.BROKER, subject=0, from_s=DAY_S, until_s=2 * DAY_S)
CASE = Case(id=1, person=0, area=0, raised_s=DAY_S, due_s=DAY_S, truth=Truth.WELL, watched=True, hidden=Hidden.NOT)


def ledger() -> Ledger:
    return Ledger(population(20, random.Random(1)))


def told(cases: list[Case], naive: int) -> dict[str, Any]:
    """What the report makes of these, in a week with an outage; the naive code has so many false alarms in it."""
    made = ledger()
    made.cases = {case.id: case for case in cases}
    made.letters = [Letter(at_s=DAY_S, alerts=tuple(made.cases), asked=(), is_first_copy=True)] * bool(cases)
    made.naive = [NaiveCase(person=0, at_s=DAY_S, truth=Truth.WELL, hidden=Hidden.BY_OUTAGE)] * naive
    return figures(made, [OUTAGE], days=7)


def test_short_runs_have_an_outage_of_the_broker_and_one_of_an_area() -> None:
    outages = draw(7, AREAS, random.Random(3))
    assert {Fault.BROKER, Fault.POWER} <= {outage.fault for outage in outages}


def test_faults_that_overlap_end_one_by_one() -> None:
    standing = Standing()
    dead = Outage(fault=Fault.DEAD, subject=17, from_s=0, until_s=9)
    dark = Outage(fault=Fault.POWER, subject=area(17), from_s=0, until_s=9)
    standing.change(dead, by=1)
    standing.change(dark, by=1)
    standing.change(dead, by=-1)
    assert not standing.sees(17)
    standing.change(dark, by=-1)
    assert standing.sees(17)


def test_who_is_cut_off_sees_and_who_is_blind_reaches_the_hub() -> None:
    standing = Standing()
    standing.change(Outage(fault=Fault.CUT_OFF, subject=1, from_s=0, until_s=9), by=1)
    standing.change(Outage(fault=Fault.BLIND, subject=2, from_s=0, until_s=9), by=1)
    assert (standing.sees(1), standing.reaches(1)) == (True, False)
    assert (standing.sees(2), standing.reaches(2)) == (False, True)


def test_false_sightings_grow_with_the_gallery_and_never_pass_one() -> None:
    few, many = false_sightings_a_passage(10, 1e-5), false_sightings_a_passage(200, 1e-5)
    assert 0 < few < many < 200 * 1e-5
    assert false_sightings_a_passage(10_000, 0.5) <= 1


def test_a_sighting_that_was_held_up_hides_a_person_until_it_comes() -> None:
    made = ledger()
    missed = made.was_missed(0, DAY_S, of_many=True)
    assert made.hidden_by(0, DAY_S + HOUR_S, DAY_S) is Hidden.BY_OUTAGE
    missed.came_s = DAY_S + HOUR_S
    assert made.hidden_by(0, DAY_S + HOUR_S, DAY_S) is Hidden.NOT
    assert made.hidden_by(0, 3 * DAY_S, DAY_S) is Hidden.NOT, "too long ago to have kept the alert away"


def test_an_alert_that_says_watched_is_a_false_alarm_and_one_that_cannot_tell_is_none() -> None:
    hidden = replace(CASE, hidden=Hidden.BY_OUTAGE)
    assert told([hidden], naive=1)["false_alarms"] == {"claims": 1, "letters": 1, "rows": 1, "naive": 1}
    blind = [replace(hidden, id=number, watched=False) for number in (1, 2, 3)]
    assert told(blind, naive=3)["false_alarms"] == {"claims": 0, "letters": 1, "rows": 3, "naive": 3}
    assert told([CASE], naive=0)["false_alarms"]["rows"] == 0, "no fault hid this person"


def test_each_goal_can_be_missed() -> None:
    assert misses(told([], naive=10)) == []
    assert len(misses(told([replace(CASE, hidden=Hidden.BY_OUTAGE)], naive=9))) == 1
    made = ledger()
    made.now_s = 9 * DAY_S
    made.falls(Emergency(person=0, down_s=DAY_S, seen_s=DAY_S, promised_s=2 * DAY_S))
    assert any("1 of 1 emergencies missed" in word for word in misses(figures(made, [], days=7)))
    made.emergencies[0].alerted_s = 2 * DAY_S + 60
    assert misses(figures(made, [], days=7)) == []
    made.emergencies[0].alerted_s = 2 * DAY_S + HOUR_S
    assert any("late" in word for word in misses(figures(made, [], days=7)))
    made.emergencies[0].misled = 1
    assert misses(figures(made, [], days=7)) == []


@pytest.mark.slow
def test_a_short_year_finds_everybody_who_falls(pytestconfig: pytest.Config) -> None:
    script = pytestconfig.rootpath / "scripts" / "simulate_year"
    options = ["--people", "120", "--days", "12", "--emergencies", "12", "--false-match", "0"]
    done = subprocess.run(
        [sys.executable, str(script), "--json", *options], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["figures"]
    found = told["emergencies"]
    assert found["all"] > 0
    assert found["in time"] + found["paused"] == found["all"], "nobody was taken for anybody else"
    assert told["sightings"]["false"] == 0
    assert told["sightings"]["true"] > 120 * 12
    assert told["all"]["naive alerts"] > told["all"]["alerts"] > 0
    assert told["delays_s"]["due to alert"]["max"] <= 180
