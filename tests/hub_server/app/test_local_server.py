"""DATA/hub.sock: the same API for the owner of the data, without a token."""

import http.client
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_server.app.hub import Hub
from hub_server.app.local_server import socket_path
from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError
from hub_server.config import EmbeddedBrokerConfig, ServeConfig


def hub_on(data_dir: Path) -> Hub:
    broker = EmbeddedBrokerConfig(port=0)
    return Hub(ServeConfig(data_dir=data_dir, host="127.0.0.1", port=0, site="demo", broker=broker))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub") / ("a-long-name-" * 12) / "data"


@pytest.fixture(scope="module")
def hub(data_dir: Path) -> Iterator[Hub]:
    hub = hub_on(data_dir)
    hub.start()
    yield hub
    hub.stop()


@pytest.mark.usefixtures("hub")
def test_its_owner_alone_may_open_the_socket_however_long_its_path_is(data_dir: Path) -> None:
    assert stat.S_IMODE(socket_path(data_dir).stat().st_mode) == 0o600
    assert len(str(socket_path(data_dir))) > 108


@pytest.mark.usefixtures("hub")
def test_the_owner_reads_and_changes_without_a_token(data_dir: Path) -> None:
    running = RunningHub.of(data_dir)
    made = running.post("/api/v1/people", {"name": "赵"})
    assert running.get("/api/v1/people")["items"] == [made]
    assert running.request("PATCH", f"/api/v1/people/{made['id']}", {"note": "三楼"})["note"] == "三楼"


def test_a_login_link_names_the_page_and_not_the_socket(hub: Hub, data_dir: Path) -> None:
    assert RunningHub.of(data_dir).post("/api/v1/login-links")["url"].startswith(f"{hub.url}/login?code=")


@pytest.mark.usefixtures("hub")
def test_what_the_hub_refuses_is_told_by_field(data_dir: Path) -> None:
    with pytest.raises(CommandError, match="period_s"):
        RunningHub.of(data_dir).post("/api/v1/watches", {"person": "nobody", "period_s": 1})


def test_nobody_becomes_the_owner_over_tcp(hub: Hub) -> None:
    connection = http.client.HTTPConnection(hub.url.removeprefix("http://"), timeout=10)
    for header in ("shouwang.local", "shouwang-local"):
        connection.request("GET", "/api/v1/people", headers={header: "1"})
        response = connection.getresponse()
        response.read()
        assert response.status == 401
    connection.close()


def test_a_hub_that_ends_takes_its_socket_along_and_the_one_of_a_killed_hub_is_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    (tmp_path / "dead").rename(socket_path(data))
    with pytest.raises(CommandError, match="no hub runs"):
        RunningHub.of(data)
    hub = hub_on(data)
    hub.start()
    assert RunningHub.of(data).get("/api/v1/people")["items"] == []
    hub.stop()
    assert not socket_path(data).exists()
    with pytest.raises(CommandError, match="no hub runs"):
        RunningHub.of(data)
