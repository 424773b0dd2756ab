"""What the year comes to: figures out of the ledger, and the table. scripts/simulate_year --help defines them."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from year_faults import Outage
from year_ledger import Case, Emergency, Hidden, Ledger, Letter, NaiveCase
from year_people import Truth
from year_rates import DAY_S, HOUR_S

WATCHED = "watched"
CANNOT_TELL = "cannot tell"
WEEK_S = 7 * DAY_S
GRACE_S = 60 + 120  # an alert is there within a minute; after an outage within one of the end of the drain
MISSED_AFTER_S = 48 * HOUR_S  # beyond what was promised: then nobody would call it late


def figures(ledger: Ledger, outages: Sequence[Outage], *, days: int) -> dict[str, Any]:
    """All that the table and the picture tell."""
    weeks = [_week(ledger, number, outage=_is_outage_week(outages, number)) for number in range(-(-days // 7))]
    bad = [week for week in weeks if week["outage"]]
    found = {
        "weeks": weeks,
        "all": _sum(weeks),
        "outage_weeks": _sum(bad) | {"weeks": len(bad)},
        "delays_s": delays(ledger.cases.values()),
        "handled": handled(ledger.cases.values()),
        "emergencies": emergencies(ledger),
        "sightings": {
            "true": ledger.sightings,
            "false": ledger.false_sightings,
            "lost to a fault": ledger.lost,
            "late through a fault": ledger.late,
        },
    }
    return found | {"false_alarms": false_alarms(found)}


def _is_outage_week(outages: Sequence[Outage], week: int) -> bool:
    """The broker was away or an area without power in it. Single cameras fail in every week."""
    from_s, until_s = week * WEEK_S, (week + 1) * WEEK_S
    return any(o.is_of_many and o.from_s < until_s and o.until_s + DAY_S > from_s for o in outages)


def _week(ledger: Ledger, number: int, *, outage: bool) -> dict[str, Any]:
    from_s, until_s = number * WEEK_S, (number + 1) * WEEK_S
    cases = [case for case in ledger.cases.values() if from_s <= case.raised_s < until_s]
    naive = [case for case in ledger.naive if from_s <= case.at_s < until_s]
    letters = [letter for letter in ledger.letters if from_s <= letter.at_s < until_s]
    well = [case for case in cases if case.truth is not Truth.DOWN]
    return {
        "outage": outage,
        "alerts": len(cases),
        "true": len(cases) - len(well),
        **{
            f"{verdict}, {hidden.value}": sum(c.hidden is hidden and c.watched == (verdict == WATCHED) for c in well)
            for verdict in (WATCHED, CANNOT_TELL)
            for hidden in Hidden
        },
        "away": sum(case.truth is Truth.AWAY for case in cases),
        "visits to the well": sum(case.visited for case in well),
        **_look_ins(ledger, letters, from_s, until_s),
        "letters": _letters(ledger, letters, lambda _: True),
        "letters of cannot tell, a fault": _letters(
            ledger, letters, lambda case: case.hidden is not Hidden.NOT and not case.watched
        ),
        **_naive(naive),
    }


def _letters(ledger: Ledger, letters: Iterable[Letter], counts: Callable[[Case], bool]) -> int:
    """Messages, of which one worker of an area gets his copy, that tell of nothing else than such alerts."""
    return sum(
        all(ledger.cases[alert].truth is not Truth.DOWN and counts(ledger.cases[alert]) for alert in letter.alerts)
        for letter in letters
        if letter.is_first_copy and letter.alerts
    )


def _look_ins(ledger: Ledger, letters: Iterable[Letter], from_s: int, until_s: int) -> dict[str, int]:
    asked = [one for one in ledger.look_ins if from_s <= one.at_s < until_s]
    return {
        "look-ins: lists": sum(bool(letter.asked) and letter.is_first_copy for letter in letters),
        "look-ins: people on them": len(asked),
        "look-ins: reached": sum(one.reached_s is not None for one in asked),
        "look-ins: visits": sum(one.visited for one in asked),
    }


def _naive(cases: Sequence[NaiveCase]) -> dict[str, int]:
    well = [case for case in cases if case.truth is not Truth.DOWN]
    return {
        "naive alerts": len(cases),
        "naive true": len(cases) - len(well),
        "naive false": len(well),
        **{f"naive false, {hidden.value}": sum(case.hidden is hidden for case in well) for hidden in Hidden},
    }


def _sum(weeks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    names = [name for name in weeks[0] if name != "outage"] if weeks else []
    return {name: sum(week[name] for week in weeks) for name in names}


def false_alarms(figures: dict[str, Any]) -> dict[str, int]:
    """In outage weeks, of people who were well and whom a fault hid."""
    bad = figures["outage_weeks"]
    if not bad["weeks"]:
        return {"claims": 0, "letters": 0, "rows": 0, "naive": 0}
    faults = (Hidden.BY_CAMERA.value, Hidden.BY_OUTAGE.value)
    claims = sum(bad[f"{WATCHED}, {fault}"] for fault in faults)
    return {
        "claims": claims,
        "letters": claims + bad["letters of cannot tell, a fault"],
        "rows": claims + sum(bad[f"{CANNOT_TELL}, {fault}"] for fault in faults),
        "naive": sum(bad[f"naive false, {fault}"] for fault in faults),
    }


def delays(cases: Iterable[Case]) -> dict[str, dict[str, float]]:
    known = list(cases)
    return {
        "due to alert": _spread([case.raised_s - case.due_s for case in known]),
        "due to first delivery": _spread([c.told_s - c.due_s for c in known if c.told_s is not None]),
        "due to acknowledgement": _spread([c.acknowledged_s - c.due_s for c in known if c.acknowledged_s is not None]),
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    if len(values) < 2:
        return {"median": float(sum(values)), "p95": float(sum(values)), "max": float(sum(values)), "of": len(values)}
    return {
        "median": statistics.median(values),
        "p95": round(statistics.quantiles(values, n=20)[-1], 1),
        "max": max(values),
        "of": len(values),
    }


def handled(cases: Iterable[Case]) -> dict[str, int]:
    known = list(cases)
    return {
        "retracted by a late sighting": sum(case.outcome == "retracted" for case in known),
        "retracted before anybody was told": sum(case.outcome == "retracted" and case.told_s is None for case in known),
        "told together with others": sum(case.with_others > 1 for case in known),
        "largest list": max((case.with_others for case in known), default=0),
        "visited": sum(case.visited for case in known),
    }


def emergencies(ledger: Ledger) -> dict[str, Any]:
    """In time; late, and why; missed. A pause that was on by mistake is told apart: the hub was asked not to look."""
    told = [_judged(ledger, one) for one in ledger.emergencies]
    counted = {name: sum(kind == name for kind, _ in told) for name in ("in time", "late", "paused", "missed")}
    late_h = [round(late_s / HOUR_S, 1) for kind, late_s in told if kind == "late"]
    return {
        "all": len(told),
        **counted,
        "late by hours": sorted(late_h),
        "misled by a false sighting": sum(one.misled > 0 for one in ledger.emergencies),
        "found by a look-in before any alert": sum(one.looked_in for one in ledger.emergencies),
        "hours from the fall to the alert": _spread(
            [round((one.alerted_s - one.down_s) / HOUR_S, 1) for one in ledger.emergencies if one.alerted_s is not None]
        ),
        "hours from the fall to help": _spread(
            [round((one.found_s - one.down_s) / HOUR_S, 1) for one in ledger.emergencies if one.found_s is not None]
        ),
    }


def _judged(ledger: Ledger, one: Emergency) -> tuple[str, int]:
    late_s = (ledger.now_s if one.alerted_s is None else one.alerted_s) - one.promised_s
    if late_s <= GRACE_S:
        return ("in time", late_s)
    if any(from_s < one.promised_s and until_s > one.seen_s for from_s, until_s in ledger.pauses[one.person]):
        return ("paused", late_s)
    return ("missed" if late_s > MISSED_AFTER_S else "late", late_s)


def misses(figures: dict[str, Any]) -> list[str]:
    """What of the goals is not reached, in words."""
    found = []
    counted = figures["emergencies"]
    if counted["missed"]:
        found.append(f"{counted['missed']} of {counted['all']} emergencies missed")
    if counted["late"] > counted["misled by a false sighting"]:
        found.append(
            f"{counted['late']} emergencies late, only {counted['misled by a false sighting']} through a false sighting"
        )
    alarms = figures["false_alarms"]
    if alarms["claims"] * 10 > alarms["naive"]:
        found.append(f"{alarms['claims']} false alarms in outage weeks, naive {alarms['naive']}: more than a tenth")
    return found


def table(report: dict[str, Any]) -> str:
    figures = report["figures"]
    everything, bad, weeks = figures["all"], figures["outage_weeks"], len(figures["weeks"])
    alarms = figures["false_alarms"]
    lines = [
        f"{report['people']} people, {report['cameras']} cameras, {report['days']} days, seed {report['seed']}",
        f"{report['machine']}; {report['date']}; took {report['took_s']:.0f} s",
        "",
        f"{'':<44}{'a week':>10}{'in all':>10}{'in ' + str(bad['weeks']) + ' outage weeks':>22}",
        *(
            f"{name:<44}{everything[name] / weeks:>10.1f}{everything[name]:>10}{bad.get(name, 0):>22}"
            for name in everything
        ),
    ]
    lines += ["", f"{'seconds':<44}{'median':>10}{'p95':>10}{'max':>22}"]
    lines += [
        f"{name:<44}{spread['median']:>10.0f}{spread['p95']:>10.0f}{spread['max']:>22.0f}"
        for name, spread in figures["delays_s"].items()
    ]
    lines += ["", *(f"{name:<44}{value:>10}" for name, value in figures["handled"].items())]
    lines += ["", *(f"{'sightings: ' + name:<44}{value:>10}" for name, value in figures["sightings"].items())]
    lines += ["", *(_line(f"emergencies: {name}", value) for name, value in figures["emergencies"].items())]
    lines += [
        "",
        f"in {bad['weeks']} outage weeks, of people who were well and whom a fault hid:",
        _line("  naive: alerts, each of them a letter, and nothing takes it back", alarms["naive"]),
        _line("  here: alerts that claim that the person was not seen (the goal)", alarms["claims"]),
        _line("  and those that say cannot tell: alerts of both kinds", alarms["rows"]),
        _line("  letters of nothing else", alarms["letters"]),
        _line("  lists before any alert: letters", bad.get("look-ins: lists", 0)),
        _line("  people whom they named", bad.get("look-ins: people on them", 0)),
        _line("  whom a visit was paid because of one", bad.get("look-ins: visits", 0)),
        *(["goals missed: " + "; ".join(misses(figures))] if misses(figures) else ["both goals reached"]),
    ]
    return "\n".join(lines)


def _line(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"{name:<66} median {value['median']:g}, p95 {value['p95']:g}, max {value['max']:g}, of {value['of']}"
    return f"{name:<66} {value if value != [] else '-'}"
