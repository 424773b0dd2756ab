"""`hub-server notify` as a person uses it: does a way work, and what has not got out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hook_server import Server, hook_server
from sqlite_utils import Database

from hub_server.cli import main
from hub_server.store import outbox, people, recipients, watches
from hub_server.store.alerts import raise_due
from hub_server.store.store import Store
from hub_server.watch.ladder import Rung

NOW_US = 1_795_471_200_000_000
DAY_US = 86_400_000_000


@pytest.fixture
def server() -> Iterator[Server]:
    with hook_server() as running:
        yield running


def _data(folder: Path, *, tries: int) -> Path:
    """A store with one message to 王敏 that was tried so often."""

    def furnish(db: Database) -> None:
        people.create(db, id="li", name="李秀兰", address="", phone="", note="", now_us=NOW_US)
        watches.create(db, person="li", period_s=86400, last_seen_us=NOW_US - 2 * DAY_US, now_us=NOW_US)
        recipients.add(
            db, area="", rung=Rung.WORKER, name="王敏", phone="", urls=["json://user:hush@h/"], now_us=NOW_US
        )
        raise_due(db, now_us=NOW_US, limit=10)
        (message,) = outbox.form(db, now_us=NOW_US)
        for _ in range(tries):
            outbox.failed(db, message.id, trouble="json: was not taken", next_us=NOW_US, now_us=NOW_US)

    store = Store.open(folder / "data", clock=lambda: NOW_US)
    store.write(furnish)
    store.close()
    return folder / "data"


def test_a_way_that_works_is_tried_with_one_letter(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notify", "test", server.url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["taken"], told["channel"]) == (True, "json")
    assert server.keys == [told["key"]]
    assert "试发通知" in server.got[0]["title"]


def test_a_way_that_does_not_work_is_an_error_that_keeps_its_secrets(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = 500
    assert main(["notify", "test", server.url.replace("json://", "json://user:hush@")]) == 1
    said = capsys.readouterr().err
    assert "was not taken" in said
    assert "hush" not in said


def test_what_waits_and_what_fails_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = _data(tmp_path, tries=3)
    assert main(["notify", "list", "--data", str(data)]) == 0
    line = capsys.readouterr().out
    assert "王敏" in line
    assert "failed 3 times: json: was not taken" in line
    assert "hush" not in line
    assert main(["notify", "list", "--data", str(data), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["items"]
    assert (one["addressee"], one["tries"], one["created"]) == ("recipient/1", 3, "2026-11-23T22:00:00.000000Z")


def test_it_is_said_when_nothing_waits_and_when_there_is_no_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Store.open(tmp_path / "data").close()
    assert main(["notify", "list", "--data", str(tmp_path / "data")]) == 0
    assert "nothing waits" in capsys.readouterr().out
    assert main(["notify", "list", "--data", str(tmp_path)]) == 1
    assert "there is no store" in capsys.readouterr().err
