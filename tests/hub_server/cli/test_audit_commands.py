"""`hub-server audit` and `hub-server retention` as a person uses them."""

import json
import shutil
from pathlib import Path

import pytest

from hub_server.app.audit_head import HeadExport
from hub_server.app.hub import Hub
from hub_server.cli import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig
from hub_server.store import audit, audit_heads, people
from hub_server.store.store import Store

DAY_US = 86_400_000_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    store = Store.open(tmp_path / "data")
    for n in range(5):
        store.write(
            lambda db, n=n: audit.append(  # type: ignore[misc]
                db,
                actor="account wangmin",
                action="people.show",
                subject=f"person/p-{n}",
                detail={"asked": ["q"]},
                now_us=store.now_us(),
            )
        )
    store.close()
    return tmp_path / "data"


def change(data: Path, sql: str) -> None:
    store = Store.open(data)
    store.write(lambda db: db.execute(sql))
    store.close()


def test_a_chain_that_holds_is_said_to_and_one_that_does_not_fails(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify", "--data", str(data)]) == 0
    assert capsys.readouterr().out == "ok    5 rows from 1 to 5; no head was exported yet\n"
    change(data, "UPDATE audit SET actor = 'x' WHERE id = 3")
    assert main(["audit", "verify", "--data", str(data)]) == 1
    assert capsys.readouterr().out == "FAIL  row 3: its time, its actor or its place was edited\n"
    assert main(["audit", "verify", "--data", str(data), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["broken"] == {"id": 3, "why": "chain"}
    assert main(["verify", "--data", str(data)]) == 1


def test_every_exported_head_is_compared_by_itself_and_those_kept_elsewhere_when_asked(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store.open(data)
    HeadExport(store=store, mirror=None).export()
    store.close()
    kept = tmp_path / "kept-by-the-auditor.txt"
    shutil.copy(data / audit_heads.FILE_NAME, kept)
    assert main(["audit", "verify", "--data", str(data)]) == 0
    assert "as the 1 exported heads say" in capsys.readouterr().out
    # Somebody makes everything anew, and the file beside it, too.
    change(data, "DELETE FROM audit")
    change(data, "DELETE FROM sqlite_sequence WHERE name = 'audit'")
    store = Store.open(data)
    for _ in range(7):
        store.write(lambda db: audit.append(db, actor="a", action="b", subject=None, detail={}, now_us=1))
    store.close()
    assert main(["audit", "verify", "--data", str(data)]) == 1
    (data / audit_heads.FILE_NAME).unlink()
    assert main(["audit", "verify", "--data", str(data)]) == 0
    assert main(["audit", "verify", "--data", str(data), "--head", str(kept)]) == 1
    assert "row 5: it is not the row whose head was exported" in capsys.readouterr().out


def test_the_head_is_a_line_that_verify_takes_back(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "head", "--data", str(data)]) == 0
    line = capsys.readouterr().out
    (tmp_path / "line").write_text(line)
    assert main(["audit", "verify", "--data", str(data), "--head", str(tmp_path / "line")]) == 0
    change(data, "DELETE FROM audit WHERE id = 5")
    change(data, "UPDATE sqlite_sequence SET seq = 4 WHERE name = 'audit'")
    assert main(["audit", "verify", "--data", str(data), "--head", str(tmp_path / "line")]) == 1


def test_rows_are_listed_newest_first_and_by_what_is_asked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "list", "--data", str(data), "--limit", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["5", "4"]
    assert "people.show" in lines[0]
    assert main(["audit", "list", "--data", str(data), "--subject", "person/p-1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["items"]
    assert (row["id"], row["actor"], row["detail"]) == (2, "account wangmin", {"asked": ["q"]})
    assert main(["audit", "list", "--data", str(data), "--actor", "nobody"]) == 0
    assert "nothing" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["verify"], ["head"], ["list"], ["verify", "--head", "DIR/none"]])
def test_what_is_not_there_is_a_sentence(
    words: list[str], tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = data if "--head" in words else tmp_path / "none"
    assert main(["audit", *(word.replace("DIR", str(tmp_path)) for word in words), "--data", str(where)]) == 1
    assert capsys.readouterr().err.startswith("hub-server: ")


def test_days_are_shown_set_and_refused_beyond_their_limits(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retention", "show", "--data", str(data)]) == 0
    assert "strangers           30 days (1-90)  陌生人的进出记录" in capsys.readouterr().out
    assert main(["retention", "set", "strangers", "14", "--by", "王敏", "--data", str(data)]) == 0
    assert "14 days (1-90)" in capsys.readouterr().out
    assert main(["retention", "set", "strangers", "91", "--by", "王敏", "--data", str(data)]) == 1
    assert "1 to 90 days" in capsys.readouterr().err
    assert main(["retention", "show", "--json", "--data", str(data)]) == 0
    assert json.loads(capsys.readouterr().out)["items"][0]["changed_by"] == "王敏"


def remove_somebody_long_ago(data: Path) -> None:
    store = Store.open(data)
    then_us = store.now_us() - 400 * DAY_US
    store.write(lambda db: people.create(db, id="p-li", name="李秀兰", address="", phone="", note="", now_us=then_us))
    store.write(lambda db: people.remove(db, "p-li", by="王敏", now_us=then_us))
    store.close()


def test_a_run_deletes_and_says_what_and_how_long_it_took(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remove_somebody_long_ago(data)
    assert main(["retention", "run", "--data", str(data)]) == 0
    told = capsys.readouterr().out
    assert "removed                  1" in told
    assert "1 rows in " in told
    assert " ms; the longest held the store for " in told


def test_while_the_hub_runs_it_does_the_same(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remove_somebody_long_ago(data)
    broker = EmbeddedBrokerConfig(port=0)
    hub = Hub(ServeConfig(data_dir=data, host="127.0.0.1", port=0, site="demo", broker=broker))
    hub.start()
    try:
        assert main(["retention", "set", "audit", "2000", "--by", "王敏", "--data", str(data)]) == 0
        assert main(["audit", "verify", "--data", str(data)]) == 0
        capsys.readouterr()
        assert main(["retention", "run", "--json", "--data", str(data)]) == 0
        assert json.loads(capsys.readouterr().out)["rows"] in ({"removed": 1}, {})  # by itself, when it is night now
        assert main(["retention", "set", "audit", "2", "--by", "王敏", "--data", str(data)]) == 1
    finally:
        hub.stop()
