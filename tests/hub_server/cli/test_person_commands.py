"""`hub-server person ...` against a running hub, from the first visit to the last."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub_server.app import Hub
from hub_server.cli.main import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig

pytestmark = pytest.mark.slow


class Office:
    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._capsys = capsys

    def say(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        code = main([*words, "--data", str(self.data)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def person(self, action: str, *words: str) -> str:
        code, out, err = self.say("person", action, "p-li", *words)
        assert code == 0, err
        return out

    def shown(self) -> Any:
        return json.loads(self.person("show", "--json"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    data = tmp_path_factory.mktemp("hub") / "data"
    hub = Hub(ServeConfig(data_dir=data, host="127.0.0.1", port=0, site="demo", broker=EmbeddedBrokerConfig(port=0)))
    hub.start()
    yield data
    hub.stop()


@pytest.fixture(scope="module")
def portraits() -> tuple[Path, Path]:
    skimage = pytest.importorskip("skimage", reason="scikit-image brings the portrait astronaut.png")
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib brings the portrait grace_hopper.jpg")
    astronaut = Path(skimage.__file__).parent / "data" / "astronaut.png"
    return astronaut, Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"


@pytest.fixture
def office(served: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    office = Office(served, capsys)
    office.person("add", "--name", "李秀兰", "--area", "桂花村", "--born", "1948-03-05")
    yield office
    office.say("person", "erase", "p-li", "--yes")


def test_a_person_is_added_with_grid_kind_and_reasons_of_care(office: Office) -> None:
    said = ("--grid", "一网格", "--kind", "tenant", "--care", "ill,lives_alone", "--relation", "户主", "--name", "王")
    code, out, err = office.say("person", "add", "p-wang", "--json", *said)
    assert code == 0, err
    shown = json.loads(out)
    assert (shown["grid"], shown["kind"], shown["relation"]) == ("一网格", "tenant", "户主")
    assert sorted(shown["care"]) == ["ill", "lives_alone"]
    office.say("person", "erase", "p-wang", "--yes")
    with pytest.raises(SystemExit):
        office.say("person", "add", "p-wang", "--name", "王", "--care", "rich")


def test_a_resident_agrees_is_enrolled_withdraws_and_is_erased(office: Office, portraits: tuple[Path, Path]) -> None:
    agreed = office.person("consent", "--purpose", "door,welfare", "--text", "2026-11", "--collector", "王敏")
    assert agreed.count("agreed to") == 2
    assert "quality" in office.person("enrol", str(portraits[0]))
    assert office.say("device", "add", "east-gate", "--area", "桂花村")[0] == 0
    office.person("place", "--door", "east-gate")
    shown = office.shown()
    assert (shown["face"]["enrolled"], shown["face"]["photos_kept"]) == (True, 0)
    assert [one["purpose"] for one in shown["consents"]] == ["door", "welfare"]
    assert shown["placements"] == [{"person": "p-li", "purpose": "door", "device": "east-gate"}]
    assert "enrolled" in office.person("show")
    assert "erased" not in office.person("withdraw", "--purpose", "door", "--by", "王敏")
    assert "erased" in office.person("withdraw", "--purpose", "welfare", "--by", "王敏")
    assert office.shown()["face"]["enrolled"] is False
    assert "is erased" in office.person("erase", "--yes")
    assert office.say("person", "show", "p-li")[0] == 1
    code, out, _ = office.say("erasures")
    assert code == 0, "no device held the person: none owes its word"
    assert "person" in out
    assert "biometrics" in out


def test_photographs_that_will_not_do_are_told_by_their_names(office: Office, portraits: tuple[Path, Path]) -> None:
    code, _, err = office.say("person", "enrol", "p-li", str(portraits[0]))
    assert code == 1
    assert "has not agreed to anything" in err
    office.person("consent", "--purpose", "welfare", "--text", "2026-11", "--collector", "王敏")
    code, _, err = office.say("person", "enrol", "p-li", *map(str, portraits))
    assert code == 1
    assert f"{portraits[1]}: not the same person as in {portraits[0]}" in err
    code, _, err = office.say("person", "enrol", "p-li", "/nowhere.jpg")
    assert (code, "No such file" in err) == (1, True)
    assert office.say("person", "enrol", "p-li", *["x.jpg"] * 6)[0] == 1


def test_what_must_be_said_is_asked_for(office: Office) -> None:
    assert office.say("person", "erase", "p-li")[0] == 2
    assert office.say("person", "place", "p-li")[0] == 2
    with pytest.raises(SystemExit):
        office.say("person", "consent", "p-li", "--purpose", "money", "--text", "1", "--collector", "王敏")
    code, _, err = office.say("person", "place", "p-li", "--door", "no/where")
    assert code == 1
    assert err


def test_without_a_hub_the_command_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = Office(tmp_path, capsys).say("person", "show", "p-li")
    assert code == 1
    assert "hub-server serve" in err
