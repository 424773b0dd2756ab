"""`hub-server vehicle ...` against a running hub, from the first visit of a car to the last."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub_server.app import Hub
from hub_server.cli.main import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig


class Office:
    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._capsys = capsys

    def say(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        code = main([*words, "--data", str(self.data)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def vehicle(self, *words: str) -> str:
        code, out, err = self.say("vehicle", *words)
        assert code == 0, err
        return out

    def told(self, *words: str) -> Any:
        return json.loads(self.vehicle(*words, "--json"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data = tmp_path_factory.mktemp("hub") / "data"
    hub = Hub(ServeConfig(data_dir=data, host="127.0.0.1", port=0, site="demo", broker=EmbeddedBrokerConfig(port=0)))
    hub.start()
    yield data
    hub.stop()


@pytest.fixture
def office(served: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    office = Office(served, capsys)
    office.say("device", "add", "east-gate")
    yield office
    for one in office.told("list")["items"]:
        office.vehicle("remove", one["plate"], "--yes")


@pytest.mark.slow
def test_a_car_is_added_placed_listed_and_removed(office: Office) -> None:
    assert "vehicle place" in office.vehicle("add", "粤b·12345", "--label", "3 栋 502", "--by", "王敏")
    assert office.vehicle("place", "粤B 12345", "--gate", "east-gate") == "粤B12345 may pass east-gate\n"
    (one,) = office.told("list", "--gate", "east-gate")["items"]
    assert (one["plate"], one["owner"], one["created_by"], one["devices"]) == (
        "粤B12345",
        "household",
        "王敏",
        ["east-gate"],
    )
    assert office.vehicle("list") == "粤B12345  household  valid  3 栋 502  east-gate\n"
    assert "no longer" in office.vehicle("place", "粤B12345", "--gate", "east-gate", "--remove")
    assert office.told("remove", "粤B12345", "--yes")["state"] == "removed"
    assert "没有登记车辆" in office.vehicle("list")


@pytest.mark.slow
def test_a_visitor_comes_for_an_evening(office: Office) -> None:
    times = ("--from", "2026-12-01 17:00", "--until", "2026-12-01T15:00Z")
    made = office.told("add", "粤BD12345", "--visitor", "--label", "客人", *times)
    assert (made["owner"], made["valid_from"], made["valid_until"]) == (
        "visitor",
        "2026-12-01T09:00:00.000000Z",
        "2026-12-01T15:00:00.000000Z",
    )
    assert "2026-12-01T09:00:00.000000Z..2026-12-01T15:00:00.000000Z" in office.vehicle("list")


@pytest.mark.slow
def test_what_cannot_be_is_explained_and_what_must_be_said_is_asked_for(office: Office) -> None:
    code, _, err = office.say("vehicle", "add", "粤BO1234", "--label", "x")
    assert (code, "不是车牌号" in err) == (1, True)
    office.vehicle("add", "粤B12345", "--label", "x")
    code, _, err = office.say("vehicle", "add", "粤B12345", "--label", "x")
    assert (code, "已经登记" in err) == (1, True)
    code, _, err = office.say("vehicle", "place", "粤B99999", "--gate", "east-gate")
    assert (code, "没有登记" in err) == (1, True)
    code, _, err = office.say("vehicle", "place", "粤B12345", "--gate", "no/where")
    assert (code, bool(err)) == (1, True)
    assert office.say("vehicle", "place", "粤B12345")[0] == 2
    assert office.say("vehicle", "remove", "粤B12345")[0] == 2
    with pytest.raises(SystemExit):
        office.say("vehicle", "add", "粤B67890", "--label", "x", "--until", "tonight")


def test_the_help_teaches_with_a_whole_story(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["vehicle", "--help"])
    told = capsys.readouterr().out
    for action in ("add", "list", "place", "remove"):
        assert f"hub-server vehicle {action} " in told


def test_without_a_hub_the_command_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = Office(tmp_path, capsys).say("vehicle", "list")
    assert code == 1
    assert "hub-server serve" in err
