"""`hub-server backup`, `restore` and `verify` as a person uses them."""

import json
from pathlib import Path

import pytest

from hub_server.app.hub import Hub
from hub_server.cli import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig
from hub_server.store import people
from hub_server.store.store import Store


@pytest.fixture
def data(tmp_path: Path) -> Path:
    store = Store.open(tmp_path / "data")
    store.write(lambda db: people.create(db, id="zhao", name="赵", address="", phone="", note="", now_us=1))
    store.close()
    return tmp_path / "data"


def test_a_backup_is_taken_verified_and_restored_while_the_hub_runs(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = EmbeddedBrokerConfig(port=0)
    hub = Hub(ServeConfig(data_dir=data, host="127.0.0.1", port=0, site="demo", broker=broker))
    hub.start()
    try:
        assert main(["backup", "--data", str(data), "--to", str(tmp_path), "--json"]) == 0
        path = json.loads(capsys.readouterr().out)["path"]
        assert main(["verify", "--data", str(data)]) == 0
        assert main(["restore", "--data", str(data), "--from", path, "--force"]) == 1
        assert "another hub-server is using" in capsys.readouterr().err
    finally:
        hub.stop()
    assert main(["verify", "--from", path]) == 0
    assert all(line.startswith("ok  ") for line in capsys.readouterr().out.splitlines())
    assert main(["restore", "--data", str(data), "--from", path]) == 1
    assert "--force" in capsys.readouterr().err
    assert main(["restore", "--data", str(data), "--from", path, "--force", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["set_aside"]).is_dir()
    store = Store.open(data)
    with store.read() as db:
        assert people.get(db, "zhao") is not None
    store.close()


def test_verify_says_what_is_wrong_on_a_line_of_its_own_and_fails(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store.open(data)
    store.write(
        lambda db: db.execute(
            "INSERT INTO watches (person, period_s, active, created_us, last_seen_by, due_us)"
            " VALUES ('zhao', 60, 1, 0, '', 1)"
        )
    )
    store.close()
    assert main(["verify", "--data", str(data)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("ok  ")] == [
        "FAIL  due times        watch 1: due 1, computed 60000000"
    ]
    assert main(["verify", "--data", str(data), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["ok"] is False


@pytest.mark.parametrize(
    "words",
    [
        ["backup", "--data", "DIR/none", "--to", "DIR/b"],
        ["verify", "--data", "DIR/none"],
        ["verify", "--from", "DIR/none"],
        ["restore", "--data", "DIR/new", "--from", "DIR/none"],
    ],
    ids=lambda words: words[0] + words[1],
)
def test_what_is_not_there_is_a_sentence_and_not_a_traceback(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.replace("DIR", str(tmp_path)) for word in words]) == 1
    said = capsys.readouterr().err
    assert said.startswith("hub-server: ")
    assert len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
