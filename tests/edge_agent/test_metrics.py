"""The figures of an agent, read back by a reader that knows only the specification of the format."""

import math
import re
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sightings import folder_in_memory, known, stranger

from edge_agent.clock import FakeClock
from edge_agent.figures import Figures
from edge_agent.journal import Journal, Recorder
from edge_agent.metrics import EVERY_S, LOOKS_MAX, JournalFigures, Meter, MetricsFile, Snapshot, render
from edge_agent.recognition.observing import Sight
from edge_agent.wire.messages import Watching

SNAPSHOT = Snapshot(
    device="east-gate",
    version='0.1.0 "a\\b"\n',
    journal=JournalFigures(unsent_events=7, oldest_unsent_age_s=12.5, used_bytes=28672),
    lost_total={"space": 3, "memory": 0},
    journaled_total=120,
    frames_total=9000,
    frame_rate=14.983,
    look_ms={0.5: 31.25, 0.9: 40.0, 0.99: 55.5},
    looks_total=400,
    looks_ms_total=12500.0,
    watching={"east": True},
    connected=False,
)
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]

_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
_TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


def read(text: str) -> Series:
    """The samples of a text in Prometheus' format 0.0.4; what the specification forbids is an error."""
    assert text.endswith("\n")
    series: Series = {}
    types: dict[str, str] = {}
    family = ""
    for line in text.splitlines():
        if line.startswith("#"):
            _, word, name, rest = line.split(" ", 3)
            if word == "HELP":
                assert name not in types, "a family stands together, once"
                family = name
            else:
                assert word == "TYPE"
                assert (name, rest in _TYPES) == (family, True)
                types[name] = rest
            continue
        found = _SAMPLE.match(line)
        assert found is not None, line
        name, labels, number = found.groups()
        assert name in {family, *((f"{family}_sum", f"{family}_count") if types[family] == "summary" else ())}
        pairs = _LABEL.findall(labels or "")
        assert "".join(f'{key}="{value}",' for key, value in pairs).removesuffix(",") == (labels or "")
        key = name, tuple((label, _unescaped(value)) for label, value in pairs)
        assert key not in series
        series[key] = float(number)
    return series


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), value)


def value(series: Series, name: str, **labels: str) -> float:
    return series[f"shouwang_agent_{name}", (("device", "east-gate"), *labels.items())]


def test_every_figure_is_there_and_can_be_read_back() -> None:
    series = read(render(SNAPSHOT))
    assert {
        "unsent": value(series, "journal_unsent_events"),
        "age": value(series, "journal_oldest_unsent_age_seconds"),
        "bytes": value(series, "journal_bytes"),
        "lost": value(series, "journal_lost_events_total", reason="space"),
        "journaled": value(series, "events_journaled_total"),
        "frames": value(series, "frames_total"),
        "rate": value(series, "frame_rate"),
        "median": value(series, "inference_milliseconds", quantile="0.5"),
        "p99": value(series, "inference_milliseconds", quantile="0.99"),
        "sum": value(series, "inference_milliseconds_sum"),
        "count": value(series, "inference_milliseconds_count"),
        "watching": value(series, "camera_watching", camera="east"),
        "connected": value(series, "uplink_connected"),
        "build": value(series, "build_info", version='0.1.0 "a\\b"\n'),
    } == {
        "unsent": 7,
        "age": 12.5,
        "bytes": 28672,
        "lost": 3,
        "journaled": 120,
        "frames": 9000,
        "rate": 14.983,
        "median": 31.25,
        "p99": 55.5,
        "sum": 12500,
        "count": 400,
        "watching": 1,
        "connected": 0,
        "build": 1,
    }
    assert len(series) == 16


def test_what_is_not_known_is_left_out_or_no_number() -> None:
    changed = {"journal": None, "look_ms": {0.5: math.nan}}
    series = read(render(Snapshot(**{name: getattr(SNAPSHOT, name) for name in SNAPSHOT.__slots__} | changed)))
    assert not any("journal_unsent" in name or "journal_bytes" in name for name, _ in series)
    assert math.isnan(value(series, "inference_milliseconds", quantile="0.5"))


def test_the_reader_of_this_test_is_strict() -> None:
    for wrong in ("a 1", "# HELP a b\n# TYPE a gauge\na{x=1} 1\n", "# HELP a b\n# TYPE a odd\na 1\n"):
        with pytest.raises((AssertionError, KeyError)):
            read(wrong)


def test_frames_and_looks_are_those_of_the_last_minute() -> None:
    meter = Meter(0.0)
    for tenth in range(1200):  # two minutes: ten frames a second, then five
        if tenth < 600 or tenth % 2:
            meter.frame(tenth / 10, float(tenth % 100) if tenth >= 600 else 500.0)
    assert meter.frames_total == 900
    assert meter.frame_rate(119.9) == pytest.approx(5.0, abs=0.2)
    assert meter.look_ms(119.9) == pytest.approx({0.5: 51.0, 0.9: 91.0, 0.99: 99.0}, abs=2.1)
    assert meter.frame_rate(10_000.0) == 0
    assert all(math.isnan(ms) for ms in meter.look_ms(10_000.0).values())


def test_in_the_first_minute_the_rate_counts_from_the_beginning_and_memory_has_a_bound() -> None:
    meter = Meter(100.0)
    for number in range(20 * LOOKS_MAX):
        meter.frame(100.0 + number / (2 * LOOKS_MAX), 1.0)
    assert meter.frame_rate(110.0) == pytest.approx(2 * LOOKS_MAX)
    assert len(meter._looks) == LOOKS_MAX
    assert meter.looks_total == 20 * LOOKS_MAX


def test_the_file_is_written_when_it_is_due_whole_and_readable_for_its_collector(tmp_path: Path) -> None:
    path = tmp_path / "agent.prom"
    file = MetricsFile(path)
    asked: list[float] = []

    def snapshot() -> Snapshot:
        asked.append(1)
        return SNAPSHOT

    for second in range(31):
        file.write_due(1000.0 + second, snapshot)
    assert len(asked) == 3
    assert EVERY_S == 15
    assert read(path.read_text(encoding="utf-8"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [found.name for found in tmp_path.iterdir()] == ["agent.prom"]
    file.remove()
    assert not list(tmp_path.iterdir())
    file.remove()


def test_that_it_cannot_be_written_is_said_once_and_harms_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "later"
    file = MetricsFile(folder / "agent.prom")
    for turn in range(3):
        file.write_due(turn * EVERY_S, lambda: SNAPSHOT)
    assert caplog.text.count("the metrics cannot be written: No such file or directory") == 1
    folder.mkdir()
    file.write_due(3 * EVERY_S, lambda: SNAPSHOT)
    assert (folder / "agent.prom").exists()
    (folder / "agent.prom").unlink()
    folder.rmdir()
    file.write_due(4 * EVERY_S, lambda: SNAPSHOT)
    assert caplog.text.count("cannot be written") == 2, "it had worked in between"


@pytest.fixture
def folder() -> Iterator[Path]:
    with folder_in_memory() as folder:
        yield folder


def test_the_figures_are_those_of_the_journal_the_recorder_and_the_camera(folder: Path) -> None:
    clock = FakeClock(mono_us=1_000_000)
    path = folder / "agent.prom"
    figures = Figures(MetricsFile(path), device="east-gate", camera="east", clock=clock)
    with closing(Journal(folder / "journal.sqlite3", clock=clock)) as journal:
        recorder = Recorder(journal, clock=clock, journaled=lambda: None)
        recorder.record([known(clock), stranger(clock), stranger(clock)])
        (item,) = journal.unsent(0, limit=1)
        journal.apply_ack(journal.position().epoch, 1, item.hash)
        clock.advance(30)
        figures.frame(clock.monotonic_s(), 25.0)
        figures.frame(clock.monotonic_s(), None)
        sight = Sight(state=Watching.WATCHING, cause=None, since_s=0.0, until_s=1.0)
        figures.write_due(clock.monotonic_s(), journal, recorder, sight, connected=True)
        series = read(path.read_text(encoding="utf-8"))
        assert value(series, "journal_unsent_events") == 2
        assert value(series, "journal_oldest_unsent_age_seconds") == pytest.approx(30.1)
        assert value(series, "journal_bytes") == journal.used_bytes()
        assert value(series, "events_journaled_total") == 3
        assert {value(series, "journal_lost_events_total", reason=why) for why in ("space", "damaged", "memory")} == {0}
        assert value(series, "frames_total") == 2
        assert value(series, "inference_milliseconds", quantile="0.5") == 25
        assert value(series, "camera_watching", camera="east") == 1
        assert value(series, "uplink_connected") == 1
    figures.write_due(clock.monotonic_s() + EVERY_S, journal, recorder, None, connected=False)
    series = read(path.read_text(encoding="utf-8"))
    assert not any("unsent" in name for name, _ in series), "a journal that cannot be read stops nothing"
    assert value(series, "camera_watching", camera="east") == 0
    figures.end()
    assert not path.exists()


def test_without_a_file_nothing_is_written(folder: Path) -> None:
    clock = FakeClock()
    figures = Figures(None, device="east-gate", camera="east", clock=clock)
    figures.frame(1.0, 2.0)
    with closing(Journal(folder / "journal.sqlite3", clock=clock)) as journal:
        figures.write_due(1.0, journal, Recorder(journal, clock=clock, journaled=lambda: None), None, connected=True)
    figures.end()
    assert not list(folder.glob("*.prom"))
