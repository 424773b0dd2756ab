"""`hub-server quarantine ...` and `conflicts ...` against a running hub."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from device_model import batch, passage
from sqlite_utils import Database

from hub_server.app import Hub
from hub_server.cli.main import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig
from hub_server.ingest.apply import apply_up
from hub_server.store import devices
from hub_server.store.store import Store

NOW_US = 1_795_471_200_000_000
GATE = "east-gate"


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


def furnish(db: Database) -> None:
    """Events 1, 3 and 4 are not understood, 3 would be today; place 2 has a conflict."""
    devices.create(db, id=GATE, place="东门", now_us=NOW_US)
    seen = passage(wall_us=NOW_US)
    for raws, first in (((b'{"type":"lamp"}', seen, b'{"type":"x"}', b'{"type":"y"}'), 1), ((seen + b" ",), 2)):
        apply_up(db, device=GATE, message=batch(*raws, first_seq=first, device=GATE), now_us=NOW_US)
    db.execute("UPDATE events SET raw = ? WHERE id = 3", [seen])


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    data = tmp_path / "data"
    store = Store.open(data, clock=lambda: NOW_US)
    store.write(furnish)
    store.close()
    hub = Hub(ServeConfig(data_dir=data, host="127.0.0.1", port=0, site="demo", broker=EmbeddedBrokerConfig(port=0)))
    hub.start()
    yield Office(data, capsys)
    hub.stop()


@pytest.mark.slow
def test_what_waits_is_listed_shown_released_and_dismissed(office: Office) -> None:
    code, out, _ = office.say("quarantine", "list", "--device", GATE)
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, ["1", "3", "4"])
    assert "lamp" in out
    assert '{"type":"lamp"}' in office.say("quarantine", "show", "1")[1]
    code, out, _ = office.say("quarantine", "release", "--all", "--device", GATE, "--reason", "升级")
    assert code == 1
    assert ["仍看不懂" in line or "已放行" in line for line in out.splitlines()] == [True, True, True]
    (released,) = [line for line in out.splitlines() if "已放行" in line]
    assert released == "3  已放行  is a passage now"
    code, out, _ = office.say("quarantine", "release", "3")
    assert (code, "早已放行" in out) == (0, True)
    assert office.told("quarantine", "show", "3")["steps"][0]["note"] == "升级"
    assert office.say("quarantine", "dismiss", "1", "4", "--by", "王敏", "--note", "测试")[0] == 0
    assert "没有要看的" in office.say("quarantine", "list")[1]
    assert office.told("quarantine", "release", "--all") == {"items": []}


@pytest.mark.slow
def test_a_conflict_is_listed_shown_and_settled(office: Office) -> None:
    (one,) = office.told("conflicts", "list")["items"]
    assert (one["device"], one["seq"]) == (GATE, 2)
    assert "held_text" in office.say("conflicts", "show", str(one["id"]))[1]
    assert "settled" in office.say("conflicts", "settle", str(one["id"]), "--by", "王敏", "--note", "换卡")[1]
    assert office.told("conflicts", "list") == {"items": []}


@pytest.mark.slow
def test_what_is_not_there_or_not_said_is_explained(office: Office) -> None:
    assert office.say("quarantine", "release")[0] == 2
    assert office.say("quarantine", "release", "1", "--all")[0] == 2
    assert office.say("quarantine", "release", "1", "--device", GATE)[0] == 2
    code, _, err = office.say("quarantine", "show", "2")
    assert (code, "隔离区里没有" in err) == (1, True)
    code, _, err = office.say("conflicts", "settle", "9", "--by", "王敏", "--note", "x")
    assert (code, "没有 9 号冲突" in err) == (1, True)


@pytest.mark.parametrize("noun", ["quarantine", "conflicts"])
def test_the_help_teaches_with_a_whole_story(capsys: pytest.CaptureFixture[str], noun: str) -> None:
    with pytest.raises(SystemExit):
        main([noun, "--help"])
    assert f"hub-server {noun} list " in capsys.readouterr().out


def test_without_a_hub_the_command_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = Office(tmp_path, capsys).say("quarantine", "list")
    assert (code, "hub-server serve" in err) == (1, True)
