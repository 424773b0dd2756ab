"""What was told of each alert so far: rows may come, none may go or change."""

from itertools import pairwise

from sqlite_utils import Database
from watch_verdict import Law, demand

from hub_server.watch.states import TRANSITIONS, AlertState

Step = tuple[int, str, str | None, str, str | None]  # id, author, before, after, outcome


class History:
    """Asked after each thing that happens."""

    def __init__(self) -> None:
        self._known: dict[int, list[Step]] = {}
        self._alerts: dict[int, tuple[str, int]] = {}

    def check(self, db: Database) -> None:
        told: dict[int, list[Step]] = {}
        for alert, *step in db.execute(
            "SELECT alert, id, author, before, after, outcome FROM alert_changes ORDER BY id"
        ):
            told.setdefault(alert, []).append(tuple(step))
        for alert, steps in self._known.items():
            demand(told.get(alert, [])[: len(steps)] == steps, Law.HISTORY, f"the history of alert {alert} has changed")
        rows = {row[0]: row[1:] for row in db.execute("SELECT id, person, due_us, state, outcome FROM alerts")}
        for alert, (person, due_us) in self._alerts.items():
            demand(rows.get(alert, ())[:2] == (person, due_us), Law.HISTORY, f"alert {alert} is gone or another one's")
        self._demand_one_a_due_time(rows)
        for alert, (_, _, state, outcome) in rows.items():
            _check_chain(alert, told.get(alert, []), state, outcome)
        self._known = told
        self._alerts = {alert: (row[0], row[1]) for alert, row in rows.items()}

    def _demand_one_a_due_time(self, rows: dict[int, tuple[str, int, str, str | None]]) -> None:
        due = [row[:2] for row in rows.values()]
        demand(len(set(due)) == len(due), Law.ONCE, "two alerts of one person and due time")
        waiting = [row[0] for row in rows.values() if row[2] != AlertState.CLOSED]
        demand(len(set(waiting)) == len(waiting), Law.ONCE, "two alerts of one person that are not closed")


def _check_chain(alert: int, steps: list[Step], state: str, outcome: str | None) -> None:
    """From nothing to open, each step from where the last one ended, as far as the state that stands in the row."""
    demand(
        steps and steps[0][2] is None and steps[0][3] == AlertState.OPEN, Law.HISTORY, f"alert {alert} began {steps}"
    )
    for last, (_, _, before, after, _) in pairwise(steps):
        demand(before == last[3], Law.HISTORY, f"alert {alert}: a step from {before} when it was {last[3]}")
        legal = before == after or AlertState(after) in TRANSITIONS[AlertState(last[3])]
        demand(legal, Law.HISTORY, f"alert {alert}: from {before} to {after}")
    demand(steps[-1][3] == state, Law.HISTORY, f"alert {alert} is {state}, its history ends {steps[-1][3]}")
    if state == AlertState.CLOSED:
        demand(steps[-1][4] == outcome, Law.HISTORY, f"alert {alert} ended {outcome}, its history says {steps[-1][4]}")
