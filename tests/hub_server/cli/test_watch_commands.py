"""`hub-server watch ...` and `ladder ...` against a running hub."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from hub_server.app import Hub
from hub_server.cli.main import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig
from hub_server.store import people
from hub_server.store.store import Store

SECRET = "the-key-of-a-bot"


class Office:
    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._data = data
        self._capsys = capsys

    def say(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        code = main([*words, "--data", str(self._data)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def told(self, *words: str) -> Any:
        return json.loads(self.say(*words, "--json")[1])


def furnish(db: Database, now_us: int) -> None:
    for id, name in (("p-li", "李秀兰"), ("p-wang", "王桂花")):  # noqa: A001 as the column
        people.create(db, id=id, name=name, address="", phone="", note="", area="桂花村", now_us=now_us)


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    data = tmp_path / "data"
    store = Store.open(data)
    store.write(lambda db: furnish(db, store.now_us()))
    store.close()
    hub = Hub(ServeConfig(data_dir=data, host="127.0.0.1", port=0, site="demo", broker=EmbeddedBrokerConfig(port=0)))
    hub.start()
    yield Office(data, capsys)
    hub.stop()


@pytest.mark.slow
def test_a_watch_begins_is_explained_paused_and_goes_on(office: Office) -> None:
    assert "没有加入守望" in office.say("watch", "explain", "p-li")[1]
    assert office.say("watch", "list") == (0, "没有  none\n", "")
    made = office.told("watch", "set", "p-li", "--hours", "12", "--grace-hours", "1", "--own-vehicle", "yes")
    assert (made["period_s"], made["grace_s"], made["own_vehicle"], made["state"]) == (43200, 3600, True, "unseen")
    assert office.told("watch", "set", "p-li", "--hours", "24")["grace_s"] == 3600
    assert office.told("watch", "set", "p-wang", "--active", "no")["state"] == "off"
    code, out, _ = office.say("watch", "observe", "p-li", "--kind", "phone", "--by", "王敏", "--note", "在女儿家")
    assert (code, out.split()[:2]) == (0, ["p-li", "phone"])
    assert office.say("watch", "list", "--state", "seen")[1].split()[:3] == ["p-li", "李秀兰", "seen"]
    paused = office.told(
        "watch", "pause", "p-li", "--until", "2099-01-01 08:00", "--from", "2098-12-01 08:00", "--reason", "住院"
    )
    assert (paused["until"], paused["state"]) == ("2099-01-01T00:00:00.000000Z", "to_come")
    code, _, err = office.say("watch", "resume", "p-li")
    assert (code, "现在没有外出" in err) == (1, True)
    assert office.say("watch", "pause", "p-li", "--until", "2020-01-01", "--reason", "住院")[0] == 1


@pytest.mark.slow
def test_a_pause_that_is_on_ends_early_and_the_explanation_says_so(office: Office) -> None:
    office.say("watch", "set", "p-li")
    assert office.say("watch", "observe", "p-li", "--kind", "visit", "--by", "王敏")[0] == 0
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert office.say("watch", "pause", "p-li", "--until", until, "--reason", "住院", "--by", "王敏")[0] == 0
    assert "外出" in office.say("watch", "explain", "p-li")[1]
    assert "paused" in office.say("watch", "list")[1]
    (ended,) = office.told("watch", "resume", "p-li", "--by", "刘洋")["items"]
    assert (ended["ended_by"], ended["state"]) == ("刘洋", "over")
    sentences = office.told("watch", "explain", "p-li")["sentences"]
    assert sentences[0]["key"] == "state.seen"


@pytest.mark.slow
def test_the_ladder_is_staffed_timed_and_shown_without_a_secret(office: Office, tmp_path: Path) -> None:
    urls = tmp_path / "urls"
    urls.write_text(f"wecombot://{SECRET}\n\ntopic://worker\n", encoding="utf-8")
    worker = ("ladder", "worker", "add", "--name", "王敏", "--area", "桂花村", "--phone", "138 0013")
    code, out, _ = office.say(*worker, "--urls-file", str(urls))
    assert (code, out) == (0, "1  worker  桂花村  王敏  138 0013  wecombot, topic\n")
    assert office.say(*worker)[0] == 2
    assert office.say(*worker, "--urls-file", "/nowhere")[0] == 1
    assert office.say("ladder", "wait", "worker", "--minutes", "10", "--area", "桂花村")[0] == 0
    rungs = office.told("ladder", "show", "--area", "桂花村")["rungs"]
    assert [(one["rung"], one["wait_s"], one["people"]) for one in rungs][:2] == [
        ("worker", 600, ["王敏"]),
        ("community", 900, []),
    ]
    assert "没有人" in office.say("ladder", "show")[1]
    contact = ("ladder", "contact", "add", "p-li", "--name", "李明", "--relation", "儿子", "--phone", "138")
    assert office.say(*contact)[1] == "1  p-li  李明  儿子  138  只能打电话 by telephone only\n"
    assert [one["name"] for one in office.told("ladder", "contact", "list", "p-li")["items"]] == ["李明"]
    assert SECRET not in office.say("ladder", "worker", "list")[1]
    assert office.say("ladder", "worker", "remove", "1")[0] == 0
    assert office.say("ladder", "contact", "remove", "1")[0] == 0
    assert office.told("ladder", "worker", "list") == {"items": []}
    assert "没有联系人" in office.say("ladder", "contact", "list", "p-li")[1]
    code, _, err = office.say("ladder", "worker", "remove", "1")
    assert (code, "没有 1 号接收人" in err) == (1, True)


@pytest.mark.parametrize(
    ("noun", "line"), [("watch", "hub-server watch explain "), ("ladder", "hub-server ladder worker add ")]
)
def test_the_help_teaches_with_a_whole_story(capsys: pytest.CaptureFixture[str], noun: str, line: str) -> None:
    with pytest.raises(SystemExit):
        main([noun, "--help"])
    assert line in capsys.readouterr().out


@pytest.mark.parametrize("words", [("watch", "list"), ("ladder", "show")])
def test_without_a_hub_the_command_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, _, err = Office(tmp_path, capsys).say(*words)
    assert (code, "hub-server serve" in err) == (1, True)


@pytest.mark.parametrize("until", ["tomorrow", "2026-13-01"])
def test_a_time_that_is_none_is_refused_before_anybody_is_asked(tmp_path: Path, until: str) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["watch", "pause", "p-li", "--until", until, "--reason", "x", "--data", str(tmp_path)])
    assert refused.value.code == 2
