"""/metrics: the hub and its devices in the text format of Prometheus (exposition format 0.0.4)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from flask import Response

from hub_server.store import certificates, figures
from hub_server.store.figures import DeviceFigures
from hub_server.watch.due import US_PER_S
from hub_server.watch.states import AlertState
from hub_server.web.auth import caller
from hub_server.web.certifying import Issuing, IssuingUnavailableError
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.running import Figures
from hub_server.web.scopes import Scope

blueprint = Routes("metrics", __name__)

_DAY_US = 24 * 3600 * US_PER_S
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One metric with all its samples. A counter's name ends with _total; times are seconds."""

    name: str
    kind: str  # "gauge" or "counter"
    about: str
    samples: Sequence[tuple[Labels, int | float]]

    def lines(self) -> Iterator[str]:
        if self.samples:
            yield f"# HELP {self.name} {self.about}\n"
            yield f"# TYPE {self.name} {self.kind}\n"
        for labels, value in self.samples:
            inside = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in labels.items())
            yield f"{self.name}{'{' + inside + '}' if inside else ''} {value}\n"


@blueprint.operation(
    Operation(
        method="GET",
        path="/metrics",
        summary="The hub and its devices, for Prometheus",
        scope=Scope.EQUIPMENT,
        answer=str,
        content="text/plain",
    )
)
def show() -> Response:
    part, reach = office(), caller().reach
    with part.store.read() as db:
        devices, states = figures.of_devices(db, reach=reach), figures.alerts_by_state(db, reach=reach)
        stored = figures.events_stored(db)
        now_us = part.store.now_us()
        ending = certificates.count_ending(db, before_us=now_us + certificates.ENDING_US, reach=reach)
    running = part.figures()
    families = [
        *_of_devices(devices, running.throttled),
        *_of_ingest(running, stored),
        *_of_store(
            failing=part.store.trouble is not None, waiting=part.store.writes_waiting, size=part.store.size_bytes
        ),
        *_of_issuing(part.issuing, ending, now_us),
        Family(
            name="shouwang_alerts",
            kind="gauge",
            about="Alerts by state.",
            samples=[({"state": state}, states.get(state, 0)) for state in AlertState],
        ),
    ]
    return Response(exposition(families), content_type="text/plain; version=0.0.4; charset=utf-8")


def exposition(families: Iterable[Family]) -> str:
    return "".join(line for family in families for line in family.lines())


_DEVICE_GAUGES = (
    ("high", "Place of the last event of the journal in use that is stored here.", lambda row: row.high),
    ("last", "Place of the last event that the device said it has.", lambda row: row.last),
    ("lag_events", "Events that the device has and the hub has not.", lambda row: max(0, row.last - row.high)),
    ("online", "1 when the device's status says so.", lambda row: int(row.online)),
)
_DEVICE_COUNTERS = {
    "duplicates": "Events that came again.",
    "conflicts": "Events that came for a place where another one stands.",
    "quarantined": "Events that were not understood when they came.",
    "lost": "Events that the device reported lost.",
    "refused": "Payloads that were thrown away whole.",
    "replays": "How often the device was asked to send a run of places again.",
}


def _of_devices(rows: Sequence[DeviceFigures], throttled: Mapping[str, int]) -> Iterator[Family]:
    yield Family(
        name="shouwang_device_info",
        kind="gauge",
        about="1; where the device stands, and for whom it watches.",
        samples=[({"device": row.id, "place": row.place, "area": row.area}, 1) for row in rows],
    )
    for name, about, value in _DEVICE_GAUGES:
        yield _by_device(f"shouwang_device_{name}", "gauge", about, [(row.id, value(row)) for row in rows])
    heard = [(row.id, row.heard_us / US_PER_S) for row in rows if row.heard_us is not None]
    yield _by_device(
        "shouwang_device_last_seen_timestamp_seconds", "gauge", "When the device was last heard, Unix time.", heard
    )
    for name, about in _DEVICE_COUNTERS.items():
        counted = [(row.id, int(getattr(row, name))) for row in rows]
        yield _by_device(f"shouwang_device_{name}_total", "counter", about, counted)
    yield _by_device(
        "shouwang_device_throttled_total",
        "counter",
        "Messages dropped because too many of the device were waiting.",
        [(row.id, throttled.get(row.id, 0)) for row in rows],
    )


def _by_device(name: str, kind: str, about: str, values: Sequence[tuple[str, int | float]]) -> Family:
    return Family(name=name, kind=kind, about=about, samples=[({"device": device}, value) for device, value in values])


def _of_ingest(running: Figures, stored: int) -> Iterator[Family]:
    yield _one("inbox_messages", "gauge", "Messages that wait to be stored.", running.inbox_messages)
    yield _one("inbox_bytes", "gauge", "Bytes of the messages that wait.", running.inbox_bytes)
    yield _one("inbox_dropped_total", "counter", "Messages dropped because too many waited.", running.dropped)
    yield _one("ingest_ignored_total", "counter", "Messages on topics that the hub does not serve.", running.ignored)
    yield _one("ingest_messages_total", "counter", "Messages taken in.", running.messages)
    yield _one("ingest_refused_total", "counter", "Messages thrown away whole, of whomever.", running.refused)
    yield _one("ingest_failed_total", "counter", "Messages that the store did not take.", running.failed)
    yield _one("ingest_transactions_total", "counter", "Commits that took them in.", running.transactions)
    yield _one("events_stored_total", "counter", "Events stored since the store was made.", stored)
    if running.ticked_us is not None:
        ticked_s = running.ticked_us / US_PER_S
        yield _one("scheduler_last_tick_timestamp_seconds", "gauge", "When the watch last judged, Unix time.", ticked_s)


def _of_store(*, failing: bool, waiting: int, size: int) -> Iterator[Family]:
    yield _one("store_failing", "gauge", "1 while the disk takes no writes.", int(failing))
    yield _one("store_writes_waiting", "gauge", "Writes that wait for their turn.", waiting)
    yield _one("store_bytes", "gauge", "Size of the database and its log.", size)
    yield Family(
        name="shouwang_build_info",
        kind="gauge",
        about="1; the version that runs.",
        samples=[({"version": version("shouwang")}, 1)],
    )


def _of_issuing(issuing: Issuing, ending: int, now_us: int) -> Iterator[Family]:
    """Nothing, of a hub that issues no certificates."""
    try:
        left_us = issuing.site().issuing_ends_us - now_us
    except IssuingUnavailableError:
        return
    yield _one("issuing_left_days", "gauge", "Days until the issuing certificate ends.", round(left_us / _DAY_US, 2))
    yield _one("certificates_ending", "gauge", "Certificates of devices that end within 60 days, or have.", ending)
    failing = int(bool(issuing.trouble()))
    yield _one("broker_files_failing", "gauge", "1 while the broker's files cannot be written.", failing)


def _one(name: str, kind: str, about: str, value: float) -> Family:
    return Family(name=f"shouwang_{name}", kind=kind, about=about, samples=[({}, value)])
