"""`hub-server admin`, `account` and `login --as`, beside a hub that runs and, for the first account, without one."""

import http.client
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from hub_server.app import Hub
from hub_server.cli import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig

PASSWORD = "桂花开了 又见炊烟 2026"


class Desk:
    """A data directory, the command, and the hub that runs on it."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.data = data
        self.hub = Hub(
            ServeConfig(data_dir=data, host="127.0.0.1", port=0, site="demo", broker=EmbeddedBrokerConfig(port=0))
        )
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def say(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code, stdout, stderr. `typed`: on the standard input."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main([*words, "--data", str(self.data)])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words: str) -> Any:
        code, out, err = self.say(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    def post(self, path: str, **form: str) -> tuple[int, str]:
        """As a browser does; the status, and where it is sent."""
        connection = http.client.HTTPConnection(urlsplit(self.hub.url).netloc, timeout=10)
        try:
            connection.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
            response = connection.getresponse()
            response.read()
            return response.status, response.headers.get("Location", "")
        finally:
            connection.close()

    def enter(self, name: str, password: str = PASSWORD) -> int:
        return self.post("/login", name=name, password=password)[0]


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path / "data", capsys, monkeypatch)
    yield desk
    desk.hub.stop()


@pytest.fixture
def running(desk: Desk) -> Desk:
    desk.hub.start()
    return desk


def test_the_first_administrator_is_made_before_the_hub_has_ever_run(desk: Desk) -> None:
    code, out, err = desk.say(
        "admin", "create", "wanghong", "--display", "王红", "--password-stdin", typed=PASSWORD + "\n"
    )
    assert (code, err) == (0, "")
    assert "王红" in out
    assert PASSWORD not in out
    desk.hub.start()
    assert desk.enter("wanghong") == 303
    (account,) = desk.json("account", "list")["items"]
    assert (account["role"], account["display"], account["areas"]) == ("administrator", "王红", [])


def test_without_a_password_it_gets_one_through_a_link_of_the_running_hub(desk: Desk) -> None:
    code, out, _ = desk.say("admin", "create", "wanghong", "--display", "王红")
    assert code == 0
    assert "login --as wanghong" in out
    desk.hub.start()
    code, link, _ = desk.say("login", "--as", "wanghong")
    assert code == 0
    (given,) = [urlsplit(link.strip()).query.removeprefix("code=")]
    assert desk.post("/login", code=given)[0] == 422
    assert desk.post("/login", code=given, password=PASSWORD, again=PASSWORD) == (303, "/")
    assert desk.enter("wanghong") == 303


def test_beside_the_running_hub_a_link_is_printed_that_sets_the_password(running: Desk) -> None:
    code, out, _ = running.say("admin", "create", "wanghong", "--display", "王红")
    assert code == 0
    link = out.strip().splitlines()[-1]
    assert link.startswith(f"{running.hub.url}/login?code=")
    code_of = link.partition("code=")[2]
    assert running.post("/login", code=code_of, password=PASSWORD, again=PASSWORD)[0] == 303
    assert running.enter("wanghong") == 303


def test_beside_the_running_hub_a_password_is_taken_from_the_standard_input_and_leaves_no_session(
    running: Desk,
) -> None:
    code, out, err = running.say("admin", "create", "wanghong", "--password-stdin", typed=PASSWORD + "\n")
    assert (code, err) == (0, "")
    assert "login?code" not in out
    assert running.enter("wanghong") == 303
    (session,) = running.json("account", "sessions", "wanghong")["items"]
    assert session["source"] == "127.0.0.1"
    assert running.json("account", "revoke", "wanghong") == {"sessions": 1}
    assert running.json("account", "sessions", "wanghong")["items"] == []


@pytest.mark.parametrize("typed", ["", "short\n", "password1234\n", "wanghong12345\n"])
def test_a_weak_password_makes_no_account(desk: Desk, typed: str) -> None:
    code, _, err = desk.say("admin", "create", "wanghong", "--password-stdin", typed=typed)
    assert code == 1
    assert err
    desk.hub.start()
    assert desk.json("account", "list")["items"] == []


def test_accounts_are_made_listed_disabled_and_enabled(running: Desk) -> None:
    running.json("admin", "create", "wanghong", "--display", "王红")
    made = running.json("account", "create", "limin", "--display", "李敏", "--role", "grid_worker")
    assert made["url"].startswith(running.hub.url)
    code, out, _ = running.say("account", "list")
    assert code == 0
    assert "limin  李敏  网格员 grid worker" in out
    assert running.json("account", "disable", "limin")["disabled_at"] is not None
    assert running.json("account", "enable", "limin")["disabled_at"] is None
    assert running.json("account", "link", "limin")["url"].startswith(running.hub.url)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["account", "create", "Li", "--role", "viewer"], "name"),
        (["account", "create", "limin", "--role", "viewer", "--area", "没有的村"], "areas"),
        (["account", "disable", "nobody"], "nobody"),
        (["account", "disable", "../people"], "../people"),
        (["account", "sessions", "nobody"], "nobody"),
        (["login", "--as", "nobody"], "nobody"),
        (["login", "--as", "a/b"], "a/b"),
    ],
)
def test_what_cannot_be_done_is_said(running: Desk, words: list[str], said: str) -> None:
    code, _, err = running.say(*words)
    assert code == 1
    assert said in err


def test_the_last_administrator_stays(running: Desk) -> None:
    running.json("admin", "create", "wanghong")
    code, _, err = running.say("account", "disable", "wanghong")
    assert code == 1
    assert "administrator" in err


def test_a_name_is_not_given_twice_with_or_without_the_hub(desk: Desk) -> None:
    assert desk.say("admin", "create", "wanghong")[0] == 0
    assert desk.say("admin", "create", "wanghong")[0] == 1
    desk.hub.start()
    assert desk.say("admin", "create", "wanghong")[0] == 1
