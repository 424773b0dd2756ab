"""What an agent said to have captured beside what its hub holds, place by place."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass

from street import DEVICE, Street

from hub_server.store import devices, verify
from hub_server.store.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Of a street that has been drained."""

    captured: int
    stored: int
    unreported: int  # stored, and its agent was killed before it could say so
    duplicates: int  # that came and were ignored


def compare(street: Street) -> Totals:
    """Raises AssertionError: something captured is missing, another, or twice; or the store breaks its own law."""
    reported = [line.split() for line in street.reported.read_text().splitlines()]
    captured = {int(place): digest for place, digest in reported}
    assert len(captured) == len(reported), "a place was given twice"
    with closing(Store.open(street.data)) as store, store.read() as db:
        wrong = [f"{check.name}: {check.detail}" for check in verify.checks(db) if not check.ok]
        rows = db.execute("SELECT epoch, seq, hash, type FROM events ORDER BY seq").fetchall()
        device = devices.get(db, DEVICE)
    assert wrong == []
    assert device is not None
    assert (device.conflicts, device.quarantined, device.lost, device.refused) == (0, 0, 0, 0)
    assert len({epoch for epoch, *_ in rows}) == 1, "nobody's card was cloned"
    assert [seq for _, seq, *_ in rows] == list(range(1, len(rows) + 1)), "each place once, and none is missing"
    assert {kind for *_, kind in rows} == {"passage"}
    twice = [digest for digest, times in Counter(digest for _, _, digest, _ in rows).items() if times > 1]
    assert twice == [], "one capture stands at two places"
    stored = {seq: digest for _, seq, digest, _ in rows}
    missing = {place: digest for place, digest in captured.items() if stored.get(place) != digest}
    assert missing == {}, f"{len(missing)} captures are missing or another"
    return Totals(
        captured=len(captured),
        stored=len(stored),
        unreported=len(stored) - len(captured),
        duplicates=device.duplicates,
    )
