"""Once a day: the audit's head into a file, and retention at night."""

from pathlib import Path
from typing import Protocol

import pytest

from hub_server.app.audit_head import HeadExport
from hub_server.app.nightly import BY_DAY_AFTER_S, Nightly
from hub_server.store import alarms, audit, audit_heads, audit_reading, people, retention
from hub_server.store.alarms import HUB, AlarmKind
from hub_server.store.custody import Custody
from hub_server.store.expiring import Ran
from hub_server.store.retention import DataClass
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000  # 2026-11-24 06:00 at the office
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NIGHT_US = NOW_US + 20 * HOUR_US + 1_800_000_000  # 02:30 of the 25th


class Clock(Protocol):
    now_us: int


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "other-disk" / "keys"


@pytest.fixture
def heads(store: Store, mirror: Path) -> HeadExport:
    return HeadExport(store=store, mirror=mirror)


@pytest.fixture
def nightly(store: Store, heads: HeadExport) -> Nightly:
    return Nightly(store=store, custody=Custody.open(store, store.data_dir), heads=heads)


def note(store: Store, clock: Clock) -> None:
    store.write(lambda db: audit.append(db, actor="a", action="b", subject=None, detail={}, now_us=clock.now_us))


def old_import(store: Store, at_us: int) -> None:
    store.write(
        lambda db: db.execute(
            "INSERT INTO imports (kind, file_name, author, created_us, rows, errors, counts)"
            " VALUES ('people', 'a.xlsx', '王敏', ?, '[]', '[]', '{}')",
            [at_us],
        )
    )


def test_the_head_is_written_once_a_day_in_both_folders_and_verifies(
    store: Store, clock: Clock, heads: HeadExport, mirror: Path
) -> None:
    assert not heads.export()  # nothing to tell yet
    for _ in range(3):
        note(store, clock)
        assert heads.export()
        note(store, clock)
        assert not heads.export()
        clock.now_us += DAY_US
    lines = audit_heads.read(store.data_dir / audit_heads.FILE_NAME)
    assert [(line.day, line.head.id) for line in lines] == [("2026-11-24", 1), ("2026-11-25", 3), ("2026-11-26", 5)]
    assert audit_heads.read(mirror / audit_heads.FILE_NAME) == lines
    assert (store.data_dir / audit_heads.FILE_NAME).stat().st_mode & 0o777 == 0o600
    with store.read() as db:
        assert audit_reading.verify(db, known=audit_heads.heads(lines)).broken is None


def test_a_day_on_which_nothing_happened_has_no_line(store: Store, clock: Clock, heads: HeadExport) -> None:
    note(store, clock)
    heads.export()
    clock.now_us += DAY_US
    assert not heads.export()


def test_a_line_that_a_crash_tore_is_written_again(store: Store, clock: Clock, heads: HeadExport) -> None:
    note(store, clock)
    heads.export()
    path = store.data_dir / audit_heads.FILE_NAME
    with path.open("a", encoding="ascii") as file:
        file.write("2026-11-25,7,00")
    clock.now_us += DAY_US
    note(store, clock)
    assert heads.export()
    assert [line.day for line in audit_heads.read(path)] == ["2026-11-24", "2026-11-25"]


def test_a_mirror_that_cannot_be_written_does_not_keep_the_other_file_from_its_line(
    store: Store, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    note(store, clock)
    assert HeadExport(store=store, mirror=tmp_path / "file").export()
    assert "cannot be written" in caplog.text


def test_a_chain_that_does_not_hold_is_an_error_in_the_log_of_that_day(
    store: Store, clock: Clock, heads: HeadExport, caplog: pytest.LogCaptureFixture
) -> None:
    note(store, clock)
    heads.export()
    note(store, clock)
    store.write(lambda db: db.execute("UPDATE audit SET actor = 'x' WHERE id = 2"))
    clock.now_us += DAY_US
    assert heads.export()
    assert "does not hold at row 2 (chain)" in caplog.text


@pytest.mark.parametrize("text", ["2026-11-24,1,zz\n", "nothing\n", "2026-11-24,0," + "0" * 64 + "\n"])
def test_a_file_that_somebody_edited_is_told_by_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "heads").write_text("2026-11-23,1," + "0" * 64 + "\n" + text)
    with pytest.raises(audit_heads.HeadsError, match="line 2"):
        audit_heads.read(tmp_path / "heads")


def due(nightly: Nightly) -> Ran | None:
    return nightly.look()


def test_retention_runs_once_a_night_and_not_by_day(store: Store, clock: Clock, nightly: Nightly) -> None:
    old_import(store, NOW_US - 8 * DAY_US)
    assert due(nightly) is None
    clock.now_us = NIGHT_US
    ran = due(nightly)
    assert ran is not None
    assert ran.rows == {DataClass.IMPORTS_WAITING: 1}
    clock.now_us += HOUR_US
    assert due(nightly) is None
    clock.now_us += DAY_US
    assert due(nightly) is not None


def test_an_office_whose_hub_sleeps_at_night_has_it_by_day_after_two_hours(
    store: Store, clock: Clock, nightly: Nightly
) -> None:
    old_import(store, NOW_US - 8 * DAY_US)
    assert due(nightly) is None
    nightly._up_s = BY_DAY_AFTER_S
    assert due(nightly) is not None
    clock.now_us += 3 * HOUR_US
    assert due(nightly) is None
    clock.now_us += DAY_US
    assert due(nightly) is not None


def test_while_the_hubs_clock_is_doubted_nothing_is_deleted(store: Store, clock: Clock, nightly: Nightly) -> None:
    clock.now_us = NIGHT_US
    store.write(
        lambda db: alarms.raise_(
            db, kind=AlarmKind.CLOCK, subject=HUB, detail="+1 s", since_us=NIGHT_US, now_us=NIGHT_US
        )
    )
    assert due(nightly) is None
    store.write(lambda db: alarms.clear(db, kind=AlarmKind.CLOCK, subject=HUB, now_us=NIGHT_US))
    assert due(nightly) is not None


def test_who_was_removed_a_year_ago_is_erased_with_everything(store: Store, clock: Clock, nightly: Nightly) -> None:
    def job_of_long_ago() -> None:
        store.write(
            lambda db: people.create(db, id="p-li", name="李秀兰", address="", phone="", note="", now_us=NOW_US)
        )
        store.write(lambda db: people.remove(db, "p-li", by="王敏", now_us=NOW_US))

    job_of_long_ago()
    clock.now_us = NIGHT_US + 366 * DAY_US
    ran = due(nightly)
    assert ran is not None
    assert ran.rows[DataClass.REMOVED] == 1
    with store.read() as db:
        assert people.get(db, "p-li") is None
        told = [row.data_class for row in retention.deletions(db, before=None, limit=9)]
    assert "removed" in told


def test_the_thread_looks_at_once_and_ends_when_it_is_told(store: Store, clock: Clock, nightly: Nightly) -> None:
    note(store, clock)
    nightly.start()
    nightly.stop()
    assert (store.data_dir / audit_heads.FILE_NAME).exists()
