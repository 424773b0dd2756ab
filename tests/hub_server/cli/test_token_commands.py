"""`hub-server token`, beside a hub that runs and without one."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hub_server.app import Hub
from hub_server.cli import main
from hub_server.config import EmbeddedBrokerConfig, ServeConfig
from hub_server.store import tokens
from hub_server.store.store import Store


class Office:
    """A data directory, the command, and the hub that runs on it."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self.capsys = capsys
        self.hub: Hub | None = None

    def start(self) -> None:
        broker = EmbeddedBrokerConfig(port=0)
        self.hub = Hub(ServeConfig(data_dir=self.data, host="127.0.0.1", port=0, site="demo", broker=broker))
        self.hub.start()

    def stop(self) -> None:
        if self.hub is not None:
            self.hub.stop()
            self.hub = None

    def say(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        action, *rest = words
        code = main(["token", action, "--data", str(self.data), *rest])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words: str) -> Any:
        code, out, err = self.say(*words, "--json")
        assert code == 0, err
        return json.loads(out)

    def status(self, secret: str, method: str = "GET", body: bytes | None = None) -> tuple[int, str]:
        """What the running hub answers to this token, and as what kind of content."""
        assert self.hub is not None
        connection = http.client.HTTPConnection(urlsplit(self.hub.url).netloc, timeout=10)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        connection.request(method, "/api/v1/people", body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, response.headers["Content-Type"]

    def local(self) -> str:
        return (self.data / "api-token").read_text().strip()


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    office = Office(tmp_path / "data", capsys)
    yield office
    office.stop()


def test_a_token_is_made_listed_and_revoked_without_a_hub(office: Office) -> None:
    made = office.json("create", "big-screen", "--scope", "read,alerts", "--expires-days", "30")
    secret = made.pop("secret")
    assert made["scopes"] == ["read", "alerts"]
    assert made["expires_at"][:10] > made["created_at"][:10]
    assert office.json("list") == {"items": [made]}
    store = Store.open(office.data)
    with store.read() as db:
        found = tokens.holding(db, secret)
    store.close()
    assert found is not None
    assert found.name == "big-screen"
    assert office.json("revoke", "big-screen")["state"] == "revoked"
    code, out, _ = office.say("list")
    assert (code, out.split()[:3]) == (0, ["big-screen", "revoked", "read,alerts"])


def test_the_secret_is_said_once_with_what_to_do(office: Office) -> None:
    code, out, _ = office.say("create", "big-screen", "--scope", "read")
    assert code == 0
    assert "secret shouwang_" in out
    assert "not shown again" in out
    assert "without end" in out
    assert "shouwang_" not in office.say("list")[1]


@pytest.mark.slow
def test_a_running_hub_makes_lists_and_revokes_it_itself_and_obeys_at_once(office: Office) -> None:
    office.start()
    made = office.json("create", "big-screen", "--scope", "read", "--expires-days", "1")
    assert office.status(made["secret"]) == (200, "application/json")
    assert office.status(made["secret"], "POST", b'{"name": "x"}') == (403, "application/problem+json")
    listed = office.json("list")["items"]
    assert [one["name"] for one in listed] == ["big-screen", "local"]
    assert listed[0]["last_used_at"] is not None
    office.json("revoke", "big-screen")
    assert office.status(made["secret"])[0] == 401
    code, _, err = office.say("create", "big-screen", "--scope", "read")
    assert (code, "already" in err) == (1, True)
    code, _, err = office.say("revoke", "nothing")
    assert (code, "no token nothing" in err) == (1, True)


@pytest.mark.slow
def test_the_local_token_is_renewed_by_revoking_it_and_starting_again(office: Office) -> None:
    office.start()
    old = office.local()
    assert office.status(old)[0] == 200
    code, out, _ = office.say("revoke", "local")
    assert (code, "new one" in out) == (0, True)
    assert office.status(old)[0] == 401
    assert office.json("list")["items"][0]["state"] == "revoked"
    office.stop()
    office.start()
    assert office.local() != old
    assert office.status(old)[0] == 401
    assert office.status(office.local())[0] == 200


@pytest.mark.slow
def test_the_server_leaves_it_to_the_application_to_refuse_a_large_body_as_a_problem(office: Office) -> None:
    office.start()
    body = b'{"name": "%s"}' % (b"x" * 100_000)
    assert office.status(office.local(), "POST", body) == (413, "application/problem+json")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "a"), "--scope"),
        (("create", "a", "--scope", "everything"), "read,equipment,reveal,people,alerts,exchange,devices,audit,admin"),
        (("create", "a", "--scope", ""), "read,equipment,reveal,people,alerts,exchange,devices,audit,admin"),
        (("create", "a", "--scope", "read", "--expires-days", "0"), "1 to 3650"),
        (("create", "a", "--scope", "read", "--expires-days", "99999"), "1 to 3650"),
    ],
)
def test_what_was_asked_wrongly_is_told_before_anything_is_touched(
    office: Office, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        office.say(*words)
    assert ended.value.code == 2
    assert said in office.capsys.readouterr().err
    assert not office.data.exists()


@pytest.mark.parametrize("name", ["Big Screen", "../people", "", "-a"])
def test_a_name_that_fits_into_no_path_is_refused(office: Office, name: str) -> None:
    assert office.say("create", "--scope", "read", "--", name)[0] == 1
    assert office.say("revoke", "--", name)[0] == 1


def test_the_local_token_is_nobody_elses_name(office: Office) -> None:
    code, _, err = office.say("create", "local", "--scope", "read")
    assert (code, "already" in err) == (1, True)
