"""A device joins over real HTTPS: what it sends, what it believes, what it does when the hub is away."""

import base64
import json
import stat
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cut_disk import CutDisk, PowerCutError
from site_of_hub import (
    NOT_YET,
    OVER,
    PICTURE_KEY,
    SIGN_KEY,
    Authorities,
    JoinPage,
    cut_after,
    pem,
    refuses,
    send,
    served,
)

from edge_agent import config as configuration
from edge_agent.blobs.device_key import device_key
from edge_agent.cli import main
from edge_agent.config import AgentConfig
from edge_agent.errors import ConfigError, JoinError
from edge_agent.joining.join import Joining, join_again, join_with_card
from edge_agent.joining.token import read_token
from edge_agent.uplink.tls import tls_context

TOKEN = "t" * 43
AGENT = """\
site = "riverside"
device = "east-gate"
[hub]
host = "broker.lan"
port = 8883
tls_ca = "ca.pem"
tls_cert = "device.pem"
tls_key = "device.key"
sign_key = "hub-sign.pub"
page = "https://localhost:%d"
[camera]
name = "east"
source = "picamera2"
[journal]
file = "journal.sqlite3"
"""


@pytest.fixture(scope="module")
def riverside() -> Authorities:
    return Authorities()


@pytest.fixture
def page(riverside: Authorities, tmp_path: Path) -> Iterator[JoinPage]:
    with served(JoinPage(riverside), riverside.page("localhost", tmp_path)) as page:
        yield page


class Device:
    """A card and a data folder, as the first boot finds them."""

    def __init__(self, folder: Path, authorities: Authorities, port: int) -> None:
        self.data = folder / "data"
        self.card = folder / "card"
        self.data.mkdir(parents=True)
        self.card.mkdir()
        self.agent_toml = self.data / "agent.toml"
        self.agent_toml.write_text(AGENT % port)
        (self.data / "ca.pem").write_bytes(pem(authorities.root))
        self.token_file = self.card / "join.json"
        self.waited: list[float] = []
        self.said: list[str] = []
        self.port = port
        self.new_card(TOKEN)

    def new_card(self, token: str, **changes: str) -> None:
        page = f"https://localhost:{self.port}"
        card = {"token": token, "device": "east-gate", "site": "riverside", "page": page, **changes}
        self.token_file.write_text(json.dumps(card))

    @property
    def config(self) -> AgentConfig:
        return configuration.load(self.agent_toml)

    def boot(self, disk: Any = None, patience_s: float | None = None, *, again: bool = False) -> str:
        joining = Joining(self.config, disk=disk, say=self.said.append, pause=self.waited.append, patience_s=patience_s)
        return join_with_card(joining, config_file=self.agent_toml, token_file=self.token_file, again=again)

    def files(self) -> dict[str, bytes]:
        names = ("device.pem", "device.key", "hub-sign.pub", "hub-picture.pub")
        return {name: (self.data / name).read_bytes() for name in names if (self.data / name).exists()}


@pytest.fixture
def device(tmp_path: Path, riverside: Authorities, page: JoinPage) -> Device:
    return Device(tmp_path / "east-gate", riverside, page.port)


# --- what goes well ---------------------------------------------------------------------------------------------


def test_a_card_makes_a_device_of_the_site(device: Device, page: JoinPage) -> None:
    assert device.boot() == "east-gate has joined riverside: its certificate is in force"
    (asked,) = page.asked
    files = device.files()
    key = serialization.load_pem_private_key(files["device.key"], None)
    certificate = x509.load_pem_x509_certificate(files["device.pem"])
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    assert certificate.public_key() == key.public_key()
    assert files["hub-sign.pub"].decode().strip() == SIGN_KEY
    assert files["hub-picture.pub"].decode().strip() == PICTURE_KEY
    assert set(asked) == {"token", "device", "request", "seal_key"}
    assert asked["token"] == TOKEN
    assert b"PRIVATE" not in json.dumps(asked).encode()
    assert base64.b64decode(asked["seal_key"]) == device_key(device.data / "seal.key").public
    tls_context(device.config.hub)  # the uplink takes them
    assert not device.token_file.exists(), "the token is off the card"
    assert not (device.data / "join.key").exists()
    for name in ("device.key", "seal.key"):
        assert stat.S_IMODE((device.data / name).stat().st_mode) == 0o600


def test_joined_already_there_is_nothing_to_do(device: Device, page: JoinPage) -> None:
    device.boot()
    before = device.files()
    assert device.boot().startswith("nothing to do")
    assert device.files() == before
    assert len(page.asked) == 1


def test_a_renewal_without_a_card_and_a_first_boot_without_one_are_errors(device: Device) -> None:
    device.token_file.unlink()
    with pytest.raises(JoinError, match="write the card anew"):
        device.boot()
    device.new_card(TOKEN)
    device.boot()
    with pytest.raises(JoinError, match="write the card anew"):
        device.boot(again=True)


def test_a_new_card_for_a_joined_device_brings_a_new_key(device: Device, page: JoinPage) -> None:
    device.boot()
    before = device.files()
    device.new_card("u" * 43)
    device.boot()
    assert device.files()["device.key"] != before["device.key"]
    assert page.asked[0]["seal_key"] == page.asked[1]["seal_key"], "what is sealed for it still opens"


def test_the_brokers_address_is_put_right_in_agent_toml(device: Device, page: JoinPage) -> None:
    page.broker = ("10.1.2.3", 8884)
    device.agent_toml.chmod(0o640)
    assert "agent.toml now names the broker 10.1.2.3:8884" in device.boot()
    hub = device.config.hub
    assert (hub.host, hub.port) == ("10.1.2.3", 8884)
    assert stat.S_IMODE(device.agent_toml.stat().st_mode) == 0o640


def test_the_command_says_in_one_line_what_became_of_it(device: Device, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["join", "--config", str(device.agent_toml), "--token-file", str(device.token_file)]
    assert main(words) == 0
    assert capsys.readouterr().out == "east-gate has joined riverside: its certificate is in force\n"
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("nothing to do")


# --- when the hub is away ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [0, 1, 400, -1], ids=["before it", "one byte", "in the middle", "the last byte"])
def test_an_answer_cut_off_is_asked_for_again_with_the_same_key(device: Device, page: JoinPage, cut: int) -> None:
    page.replies = [cut_after(cut, page), page.takes_in]
    device.boot()
    first, second = page.asked
    assert _key(first) == _key(second), "for another key the hub would say that somebody else has the card"
    assert "cut off" in device.said[0]


def test_the_same_key_is_sent_after_a_power_cut_while_the_answer_was_on_its_way(device: Device, page: JoinPage) -> None:
    def lost(http: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        http.close_connection = True
        raise ConnectionResetError

    page.replies = [lost, page.takes_in]
    with pytest.raises(JoinError, match="not joined in time"):
        device.boot(patience_s=0)
    device.boot()
    assert _key(page.asked[0]) == _key(page.asked[1])


def test_what_the_hub_cannot_do_now_is_waited_for_as_long_as_it_wishes(device: Device, page: JoinPage) -> None:
    page.replies = [
        refuses(503, "not_set_up"),
        refuses(503, "busy", Retry_After="17"),
        refuses(429, "slowly", Retry_After="9999"),
        refuses(500, "oops"),
        page.takes_in,
    ]
    device.boot()
    assert device.waited == [2.0, 17.0, 60.0, 16.0]
    assert "not_set_up" in device.said[0]
    assert all(line.startswith("waiting for the hub: localhost:") and "\n" not in line for line in device.said)


def test_a_hub_that_is_down_is_waited_for_with_longer_and_longer_pauses(device: Device) -> None:
    device.port = 1  # nobody listens there
    device.new_card(TOKEN)

    class EnoughError(Exception):
        pass

    def pause(wait_s: float) -> None:
        device.waited.append(wait_s)
        if len(device.waited) == 8:
            raise EnoughError

    joining = Joining(device.config, say=device.said.append, pause=pause)
    with pytest.raises(EnoughError):
        join_with_card(joining, config_file=device.agent_toml, token_file=device.token_file, again=False)
    assert device.waited == [2, 4, 8, 16, 32, 60, 60, 60]
    assert "Connection refused" in device.said[0]
    assert device.token_file.exists()


def test_a_name_that_nobody_knows_is_said_in_words(device: Device) -> None:
    device.new_card(TOKEN, page="https://hub.invalid:8443")
    with pytest.raises(JoinError, match="name is not known to the network"):
        device.boot(patience_s=0)


# --- whom it does not believe -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "detail"), [(403, "token_refused"), (409, "token_used"), (422, "no request"), (404, "nothing here")]
)
def test_a_refusal_is_final_and_says_what_to_do(device: Device, page: JoinPage, status: int, detail: str) -> None:
    page.replies = [refuses(status, detail)]
    with pytest.raises(JoinError, match=f"{status}.*{detail}.*write a new one"):
        device.boot()
    assert device.waited == []
    assert device.files() == {}
    assert device.token_file.exists()


def test_nothing_is_sent_to_a_hub_of_another_root(device: Device, page: JoinPage) -> None:
    (device.data / "ca.pem").write_bytes(pem(Authorities("elsewhere").root))
    with pytest.raises(JoinError, match="not this site's hub: its certificate belongs to another site"):
        device.boot()
    assert page.asked == []


def test_nothing_is_sent_to_a_hub_of_another_name(tmp_path: Path, riverside: Authorities) -> None:
    with served(JoinPage(riverside), riverside.page("other.lan", tmp_path)) as page:
        device = Device(tmp_path / "east-gate", riverside, page.port)
        with pytest.raises(JoinError, match="its certificate is for another name"):
            device.boot()
        assert page.asked == []


@pytest.mark.parametrize("span", [OVER, NOT_YET])
def test_a_device_without_a_clock_joins_all_the_same(
    tmp_path: Path, riverside: Authorities, span: dict[str, datetime]
) -> None:
    """For a clock that is behind the page's certificate is not valid yet, for one that is ahead no longer."""
    with served(JoinPage(riverside), riverside.page("localhost", tmp_path, **span)) as page:
        device = Device(tmp_path / "east-gate", riverside, page.port)
        device.boot(patience_s=0)
        assert len(page.asked) == 1
        assert not device.token_file.exists()


def _other_key(page: JoinPage, _asked: dict[str, Any]) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {"certificate": page.authorities.device("east-gate", key)}


def _other_name(page: JoinPage, asked: dict[str, Any]) -> dict[str, Any]:
    request = x509.load_pem_x509_csr(asked["request"].encode())
    return {"certificate": page.authorities.device("west-gate", request.public_key())}


def _other_root(_page: JoinPage, asked: dict[str, Any]) -> dict[str, Any]:
    request = x509.load_pem_x509_csr(asked["request"].encode())
    return {"certificate": Authorities("riverside").device("east-gate", request.public_key())}


def _without_issuer(page: JoinPage, asked: dict[str, Any]) -> dict[str, Any]:
    whole = page.answer(asked)["certificate"]
    return {"certificate": whole[: whole.index("-----BEGIN", 10)]}


BAD = [
    (_other_key, "another key than ours"),
    (_other_name, "that of west-gate, not of east-gate"),
    (_other_root, "does not lead to the site's root"),
    (_without_issuer, "does not lead to the site's root"),
    (lambda *_: {"certificate": "none"}, "cannot be read"),
    (lambda *_: {"sign_key": "AAAA"}, "signing key is not well-formed"),
    (lambda *_: {"sign_key": "?"}, "signing key is not well-formed"),
    (lambda *_: {"picture_key": "AAAA"}, "picture key has 3 bytes"),
    (lambda *_: {"device": "west-gate"}, "took us for west-gate"),
    (lambda *_: {"site": "hillside"}, "of hillside"),
    (lambda *_: {"broker": {"host": 'a"\nb', "port": 8883}}, "not understood"),
    (lambda *_: {"broker": {"host": "a", "port": 0}}, "not understood"),
]


@pytest.mark.parametrize(("lie", "said"), BAD, ids=[said for _, said in BAD])
def test_an_answer_that_does_not_fit_writes_nothing(device: Device, page: JoinPage, lie: Any, said: str) -> None:
    page.replies = [lambda http, asked: send(http, 201, page.answer(asked, **lie(page, asked)))]
    with pytest.raises(JoinError, match=said):
        device.boot()
    assert device.files() == {}
    assert device.token_file.exists()


def test_a_card_of_another_device_or_of_no_sense_is_not_sent(device: Device, page: JoinPage) -> None:
    device.new_card(TOKEN, device="west-gate")
    with pytest.raises(JoinError, match="this card is for west-gate of riverside"):
        device.boot()
    for content in ("", "[]", "{}", '{"token": "x"}', "x" * 20_000, '{"token": "%s"}' % ("\\u0000" * 30)):
        device.token_file.write_text(content)
        with pytest.raises(JoinError, match="no enrolment file"):
            device.boot()
    assert page.asked == []


def test_a_token_is_in_no_words_about_it(device: Device) -> None:
    assert TOKEN not in repr(read_token(device.token_file))


def test_a_configuration_that_names_no_place_for_a_key_is_said(device: Device) -> None:
    device.agent_toml.write_text(
        AGENT.replace('tls_key = "device.key"\n', "").replace('tls_cert = "device.pem"\n', "") % 1
    )
    with pytest.raises(ConfigError, match=r"hub\.tls_key: is missing"):
        device.boot()
    device.agent_toml.write_text(AGENT.replace('"device.key"', '"elsewhere/device.key"') % 1)
    with pytest.raises(ConfigError, match="in one folder"):
        device.boot()


# --- power cuts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forgets", [False, True], ids=["all is there", "what was not synced is gone"])
def test_a_power_cut_at_any_step_of_a_renewal_leaves_a_device_that_can_go_on(
    tmp_path: Path, riverside: Authorities, page: JoinPage, *, forgets: bool
) -> None:
    """The hub's rule is kept in the test: a token counts for one key."""
    keys_of: dict[str, bytes] = {}

    def strict(http: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        assert keys_of.setdefault(asked["token"], _key(asked)) == _key(asked), "the alarm would ring"
        page.takes_in(http, asked)

    page.replies = [strict]
    page.broker = ("10.9.9.9", 8883)
    at = 0
    while True:
        keys_of.clear()
        device = Device(tmp_path / f"{at}", riverside, page.port)
        device.boot()
        device.agent_toml.write_text(AGENT % page.port)  # so that its correction is part of the sweep
        old = device.files()
        device.new_card("n" * 43)
        try:
            device.boot(CutDisk(at, forgets=forgets))
        except PowerCutError:
            seen = device.files()
            assert seen == old or (seen.keys() == old.keys() and seen["device.key"] != old["device.key"])
            tls_context(device.config.hub)  # a certificate and its own key, in any case
            device.boot()
            assert device.files()["device.key"] != old["device.key"]
            assert device.config.hub.host == "10.9.9.9"
            assert not device.token_file.exists()
            at += 1
            continue
        break
    assert at > 20


# --- a renewal, by the running agent ----------------------------------------------------------------------------


def test_join_again_brings_a_new_certificate_and_the_same_token_twice_changes_nothing(
    device: Device, page: JoinPage
) -> None:
    device.boot()
    before = device.files()
    join_again(device.config, "r" * 43)
    renewed = device.files()
    assert renewed["device.key"] != before["device.key"]
    assert renewed["device.pem"] != before["device.pem"]
    join_again(device.config, "r" * 43)
    assert device.files() == renewed
    assert len(page.asked) == 2


def test_join_again_that_fails_leaves_the_old_in_force_and_keeps_its_key_for_the_next_try(
    device: Device, page: JoinPage
) -> None:
    device.boot()
    before = device.files()
    page.replies = [cut_after(100, page)]
    with pytest.raises(JoinError, match="not joined in time"):
        join_again(device.config, "r" * 43, patience_s=0)
    assert device.files() == before
    assert device.boot().startswith("nothing to do"), "a reboot in between"
    page.replies = [page.takes_in]
    join_again(device.config, "r" * 43)
    assert _key(page.asked[1]) == _key(page.asked[2])
    assert device.files()["device.key"] != before["device.key"]


def test_join_again_wants_a_page_and_a_token(device: Device) -> None:
    with pytest.raises(JoinError, match="token"):
        join_again(device.config, "short")
    device.agent_toml.write_text((AGENT % 1).replace('page = "https://localhost:1"\n', ""))
    with pytest.raises(ConfigError, match=r"hub\.page"):
        join_again(device.config, "r" * 43)


def _key(asked: dict[str, Any]) -> bytes:
    request = x509.load_pem_x509_csr(asked["request"].encode())
    return request.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
