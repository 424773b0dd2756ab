"""What `serve` is told of TLS to the broker, and of the page as workers reach it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from firmware_config.ca.folder import CaFolder, Names
from hub_server.config import ConfigError, EmbeddedBrokerConfig, ExternalBrokerConfig, ServeConfig

CA, CERT, KEY = "root.pem", "hub.pem", "hub.key"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = Names(site="demo", broker=["localhost"], page=["localhost"])
    CaFolder(tmp_path).begin(names, passphrase="four words of a test", now=datetime(2026, 11, 28, tzinfo=UTC))
    return tmp_path


def mistakes(folder: Path, *, ca: str | None = None, cert: str | None = None, key: str | None = None) -> list[str]:
    def path(name: str | None) -> Path | None:
        return None if name is None else folder / name

    broker = ExternalBrokerConfig(
        host="hub.lan", port=8883, ca=path(ca), username=None, password_file=None, cert=path(cert), key=path(key)
    )
    try:
        ServeConfig(data_dir=folder, host="127.0.0.1", port=0, site="demo", broker=broker)
    except ConfigError as error:
        return error.mistakes
    return []


def test_a_certificate_with_its_key_and_the_brokers_ca_is_taken(folder: Path) -> None:
    assert mistakes(folder, ca=CA, cert=CERT, key=KEY) == []
    assert mistakes(folder, ca=CA) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ca": CA, "cert": CERT}, "go together"),
        ({"ca": CA, "key": KEY}, "go together"),
        ({"cert": CERT, "key": KEY}, "needs --mqtt-ca"),
        ({"ca": CA, "cert": CERT, "key": "broker.key"}, "--mqtt-cert, --mqtt-key: "),
        ({"ca": KEY}, "--mqtt-ca: "),
        ({"ca": CA, "cert": "nothing", "key": KEY}, "--mqtt-cert: there is no file"),
    ],
)
def test_what_cannot_work_is_said_before_anything_starts(folder: Path, given: dict[str, str], words: str) -> None:
    said = mistakes(folder, **given)
    assert len(said) == 1
    assert words in said[0]


@pytest.mark.parametrize("url", ["https://hub.riverside.lan", "http://10.0.0.5:8080/", "https://riverside.cn/shouwang"])
def test_the_pages_address_for_links_is_taken(tmp_path: Path, url: str) -> None:
    assert _served(tmp_path, url).public_url == url


@pytest.mark.parametrize(
    "url", ["hub.riverside.lan", "ftp://hub", "https://", "https://hub/?a=1", "https://hub/#x", ""]
)
def test_what_no_link_can_begin_with_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="--public-url: a web address"):
        _served(tmp_path, url)


def _served(folder: Path, url: str) -> ServeConfig:
    broker = EmbeddedBrokerConfig(port=0)
    return ServeConfig(data_dir=folder, host="127.0.0.1", port=0, site="demo", broker=broker, public_url=url)
