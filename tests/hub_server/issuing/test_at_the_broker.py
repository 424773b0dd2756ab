"""What the hub issues and revokes, at a real Mosquitto with the files that the hub writes: who gets in, who is put out.

A thread does what the units of systemd do on the hub's machine: it reads `changed`, and reloads or restarts.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from issuing_site import Joiner
from tls_site import NO_MOSQUITTO, PROGRAM, SITE, TIMEOUT_S, WATCHDOG, Caller, Papers, TlsSite
from web_hub import WebHub, value

from edge_agent.wire.topics import Address, Channel
from firmware_config.ca.authority import chained, sign_request
from firmware_config.mosquitto import ACL, CONF
from hub_server.issuing.access_list import Guests
from hub_server.issuing.broker_files import CRL
from hub_server.issuing.issuer import load_issuer
from hub_server.store.store import Store

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason=NO_MOSQUITTO),
    pytest.mark.slow,
    # paho leaves the socket of a handshake that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]
NORTH, SOUTH = "north-gate", "south-gate"
LOOK_S = 0.02


class HubsSite(TlsSite):
    """Its broker reads what a hub writes into `broker-files`, as on the hub's machine."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "broker-files"
        self.files.mkdir()
        super().__init__(folder)

    def configure(self, *devices: str) -> None:
        super().configure(*devices)
        conf = self.folder / "broker" / CONF
        text = conf.read_text(encoding="utf-8")
        for old, new in (
            (self.folder / "broker" / ACL, self.files / ACL),
            (self.ca.path / "crl.pem", self.files / CRL),
        ):
            assert text.count(f" {old}\n") == 1
            text = text.replace(f" {old}\n", f" {new}\n")
        conf.write_text(text, encoding="utf-8")


class Units:
    """`shouwang-broker-files.path` and its service, in a thread."""

    def __init__(self, site: HubsSite) -> None:
        self._site = site
        self._done = 0
        self._carried_out = threading.Condition()
        self.orders: list[str] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            word, number = self._said()
            if number == self._done:
                continue
            if word == "restart":
                self._site.stop()
                self._site.start()
            else:
                self._site.read_again()
            with self._carried_out:
                self._done = number
                self.orders.append(word)
                self._carried_out.notify_all()

    def skip(self) -> None:
        """What was said before the broker started counts as done."""
        self._done = self._said()[1]

    def wait(self) -> str:
        """Until the last order is carried out: which it was."""
        number = self._said()[1]
        with self._carried_out:
            assert self._carried_out.wait_for(lambda: self._done >= number, TIMEOUT_S)
        return self.orders[-1] if self.orders else ""

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _said(self) -> tuple[str, int]:
        word, _, number = (self._site.files / "changed").read_text(encoding="ascii").partition(" ")
        return word, int(number)


@dataclass
class Office:
    site: HubsSite
    hub: WebHub
    units: Units
    call: Callable[[Papers, str], Caller]

    def post(self, path: str, body: object = None) -> Any:
        answer = self.hub.post(f"/api/v1/devices/{path}", body)
        return value(answer, answer.status_code)

    def joined(self, device: str) -> Papers:
        """A card, and the device that was given it: what it holds then."""
        token = self.post(f"{device}/join-tokens", {})["token"]
        self.units.wait()
        return self.papers(device, token)

    def papers(self, device: str, token: str) -> Papers:
        joiner = Joiner(device=device)
        made = value(self.hub.stranger.post("/api/v1/join", json=joiner.body(token)), 201)
        self.units.wait()
        return self.kept(joiner, made["certificate"])

    def kept(self, joiner: Joiner, certificate: str) -> Papers:
        stem = self.site.folder / f"{joiner.device}-{time.monotonic_ns()}"
        stem.with_suffix(".pem").write_text(certificate)
        stem.with_suffix(".key").write_bytes(joiner.pair.key)
        return Papers(
            ca=self.site.ca.path / "root.pem", certificate=stem.with_suffix(".pem"), key=stem.with_suffix(".key")
        )


@pytest.fixture
def office(tmp_path: Path, store: Store, clock: Any) -> Iterator[Office]:
    (tmp_path / "site").mkdir()
    site = HubsSite(tmp_path / "site")
    ca = site.ca.path
    issuer = load_issuer(ca / "issuing.pem", ca / "issuing.key", ca / "root.pem")
    guests = Guests(watchdogs=(WATCHDOG,))
    hub = WebHub(store=store, clock=clock, broker_files=site.files, issues_with={"issuer": issuer, "guests": guests})
    for device in (NORTH, SOUTH):
        hub.device(device)
    assert hub.issuing is not None
    assert hub.issuing.settle() == "written"
    units = Units(site)
    units.skip()
    site.start()
    callers: list[Caller] = []

    def call(papers: Papers, name: str) -> Caller:
        callers.append(Caller(site, papers, client_id=name))
        return callers[-1]

    yield Office(site=site, hub=hub, units=units, call=call)
    for caller in callers:
        caller.close()
    units.stop()
    site.stop()
    hub.stop()


def may_speak(caller: Caller, device: str) -> bool:
    """Whether the broker takes what it publishes as this device."""
    answer = caller.publish(Address(site=SITE, device=device).topic(Channel.UP), b"hello")
    assert str(answer) in {"Success", "No matching subscribers", "Not authorized"}
    return str(answer) != "Not authorized"


def test_what_was_joined_opens_the_broker_and_what_was_not_does_not(office: Office) -> None:
    north = office.call(office.joined(NORTH), "north")
    assert north.come() == "Success"
    assert may_speak(north, NORTH)
    assert not may_speak(north, SOUTH)
    assert office.call(office.site.papers(WATCHDOG), "watchdog").come() == "Success"

    foreign = office.call(office.site.foreign_papers(SOUTH), "foreign")
    assert foreign.come().startswith("gone"), "another authority of the same name"
    assert office.call(Papers(ca=office.site.ca.path / "root.pem"), "nobody").come().startswith("gone")


def test_an_expired_certificate_is_refused(office: Office) -> None:
    joiner = Joiner(device=NORTH)
    authority = office.site.ca.issuing()
    past = datetime(2021, 1, 1, tzinfo=UTC)
    leaf = sign_request(authority, joiner.pair.certificate, device=NORTH, now=past, days=1)
    papers = office.kept(joiner, chained(authority, leaf).decode())
    assert office.call(papers, "late").come().startswith("gone")


def test_a_revoked_certificate_is_put_out_and_stays_out_and_the_others_come_back(office: Office) -> None:
    stolen = office.joined(NORTH)
    other = office.joined(SOUTH)
    thief, south = office.call(stolen, "thief"), office.call(other, "south")
    assert thief.come() == south.come() == "Success"

    began_s = time.monotonic()
    told = office.post(f"{NORTH}/revocation", {"reason": "卡被偷了"})
    answered_s = time.monotonic() - began_s
    thief.gone.get(timeout=TIMEOUT_S)
    gone_s = time.monotonic() - began_s
    assert office.units.wait() == "restart"
    sys.stdout.write(f"revoked: answered after {answered_s:.3f} s, the open session was gone after {gone_s:.3f} s\n")
    assert told["broker"] == "written"
    assert len(told["revoked"]) == 1
    assert gone_s < 10

    assert office.call(stolen, "thief again").come().startswith("gone")
    assert office.call(other, "south again").come() == "Success"


def test_after_a_revocation_a_new_card_lets_the_device_in_and_the_stolen_one_stays_void(office: Office) -> None:
    stolen = office.joined(NORTH)
    office.post(f"{NORTH}/revocation", {"reason": "卡被偷了"})
    assert office.units.wait() == "restart"
    fresh = office.joined(NORTH)
    north = office.call(fresh, "north")
    assert north.come() == "Success"
    assert may_speak(north, NORTH)
    assert office.call(stolen, "thief").come().startswith("gone")


def test_a_replaced_certificate_is_refused_without_anybody_being_put_out(office: Office) -> None:
    before = office.joined(NORTH)
    south = office.call(office.joined(SOUTH), "south")
    assert south.come() == "Success"
    token = office.post(f"{NORTH}/join-tokens", {})["token"]
    after = office.papers(NORTH, token)
    assert office.units.wait() == "reload"
    assert "restart" not in office.units.orders
    assert office.call(before, "before").come().startswith("gone")
    assert office.call(after, "after").come() == "Success"
    assert south.gone.empty()


def test_a_device_that_is_added_may_speak_at_once_and_one_that_is_retired_no_more(office: Office) -> None:
    value(office.hub.post("/api/v1/devices", {"id": "new-gate"}), 201)
    new = office.call(office.joined("new-gate"), "new")
    assert office.units.orders == ["reload"]
    assert new.come() == "Success"
    assert may_speak(new, "new-gate")
    office.post("new-gate/retire", {"reason": "门拆了"})
    new.gone.get(timeout=TIMEOUT_S)
    assert office.units.wait() == "restart"
    assert "new-gate" not in (office.site.files / ACL).read_text()
