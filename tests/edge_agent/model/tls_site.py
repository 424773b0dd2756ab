"""A site with certificates, a real Mosquitto over TLS as `firmware_config` makes them, and a client that may lie."""

import os
import queue
import shutil
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from firmware_config.ca.folder import CaFolder, Names
from firmware_config.mosquitto import CONF, Account, MosquittoSite, Tls, render

ASK_AGAIN_S = 1.0
PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NO_MOSQUITTO = "no mosquitto here: apt-get install mosquitto"
SITE, EAST, WEST, HUB, WATCHDOG = "demo", "door-east", "door-west", "hub.office", "watchdog"
TIMEOUT_S = 30.0  # for a machine that is busy with other things; nothing waits this long by design
NAMES = ["localhost", "127.0.0.1"]
CERTIFIED = Names(site=SITE, broker=NAMES, page=NAMES)
PASSPHRASE = "four words of a test"


@dataclass(frozen=True, kw_only=True, slots=True)
class Papers:
    """With what somebody comes to the broker."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca))
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


class TlsSite:
    """The authority's folder of a site with two doors; `other` is another authority of the same names."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """`settings` replace lines of the generated configuration, as `max_queued_messages="5"`."""
        assert PROGRAM is not None
        self.folder = folder
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.ca = CaFolder(folder / "ca")
        self.ca.begin(CERTIFIED, passphrase=PASSPHRASE, now=self.now)
        for name in (EAST, WEST, WATCHDOG):
            self.ca.add_device(name, now=self.now)
        self._settings = settings
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        (folder / "broker").mkdir()
        self.configure(EAST, WEST)
        self._process: subprocess.Popen[str] | None = None

    def papers(self, name: str) -> Papers:
        """Of a device or the hub."""
        stem = self.ca.path / ("hub" if name == HUB else f"devices/{name}")
        return Papers(ca=self.ca.path / "root.pem", certificate=stem.with_suffix(".pem"), key=stem.with_suffix(".key"))

    def foreign_papers(self, name: str) -> Papers:
        """Of another authority that calls itself the same."""
        other = CaFolder(self.folder / "other")
        if not other.path.exists():
            other.begin(CERTIFIED, passphrase=PASSPHRASE, now=self.now)
        other.add_device(name, now=self.now)
        stem = other.path / "devices" / name
        return Papers(ca=self.ca.path / "root.pem", certificate=stem.with_suffix(".pem"), key=stem.with_suffix(".key"))

    def expired_papers(self, name: str) -> Papers:
        """Of this very authority, of 2021."""
        self.ca.add_device(name, now=datetime(2021, 1, 1, tzinfo=UTC), days=1)
        return self.papers(name)

    def copied(self, papers: Papers) -> Papers:
        """As a thief has them: they stay when the office files the device's away."""
        assert papers.certificate is not None
        assert papers.key is not None
        there = self.folder / "stolen"
        there.mkdir(exist_ok=True)
        return Papers(
            ca=papers.ca,
            certificate=Path(shutil.copy(papers.certificate, there)),
            key=Path(shutil.copy(papers.key, there)),
        )

    def configure(self, *devices: str) -> None:
        """Writes the broker's files, for these devices."""
        folder = self.folder / "broker"
        ca = self.ca.path
        site = MosquittoSite(
            site=SITE,
            host="127.0.0.1",
            port=self.port,
            folder=folder,
            hub=Account(username=HUB),
            devices=tuple(Account(username=name) for name in devices),
            watchdogs=(Account(username=WATCHDOG),),
            run_as="root" if os.geteuid() == 0 else None,
            tls=Tls(
                ca=ca / "root.pem",
                certificate=ca / "broker.pem",
                key=ca / "broker.key",
                crl=ca / "crl.pem",
            ),
        )
        for name, text in render(site).items():
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(self._changed(text) if name == CONF else text, encoding="utf-8")

    def _changed(self, conf: str) -> str:
        lines = conf.splitlines()
        for name, value in self._settings.items():
            (at,) = [n for n, line in enumerate(lines) if line.startswith(f"{name} ")]
            lines[at] = f"{name} {value}"
        return "\n".join(lines) + "\n"

    # --- the process ---

    def start(self) -> None:
        assert PROGRAM is not None
        self._said: queue.Queue[str] = queue.Queue()
        self._process = subprocess.Popen(
            [PROGRAM, "-v", "-c", str(self.folder / "broker" / CONF)],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            errors="replace",
        )
        self._ear = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._ear.start()
        self.await_line("mosquitto version", "running")

    def read_again(self) -> None:
        """SIGHUP. The broker is one thread: who connects once it has begun to read is judged by what it read."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        self.await_line("Reloading config")

    def stop(self) -> None:
        """As systemd stops it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            end(self._process, number)
            self._ear.join()
            assert self._process.stderr is not None
            self._process.stderr.close()
            self._process = None

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._said.put(line.rstrip())
        self._said.put("ended")

    def await_line(self, *words: str) -> None:
        lines: list[str] = []
        while not all(word in (lines or [""])[-1] for word in words):
            lines.append(self._said.get(timeout=TIMEOUT_S))
            assert lines[-1] != "ended", "\n".join(lines)


def end(process: "subprocess.Popen[Any]", number: signal.Signals = signal.SIGTERM) -> None:
    """Until it ends: a Mosquitto that has just begun forgets a signal."""
    for _ in range(round(TIMEOUT_S / ASK_AGAIN_S)):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(ASK_AGAIN_S)
            return
    raise AssertionError("mosquitto does not end")


class Caller:
    """A client that comes with some papers, calls itself what it likes and does what it likes."""

    def __init__(
        self,
        site: TlsSite,
        papers: Papers,
        *,
        client_id: str = "caller",
        username: str | None = None,
        v5: bool = True,
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.codes: queue.Queue[str] = queue.Queue()
        self.granted: queue.Queue[Any] = queue.Queue()
        self.answers: queue.Queue[Any] = queue.Queue()
        self.heard: queue.Queue[MQTTMessage] = queue.Queue()
        self.gone: queue.Queue[str] = queue.Queue()
        self._port = site.port
        self._clean = clean
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if v5 else clean,
            reconnect_on_failure=False,
        )
        self.client.tls_set_context(papers.context())
        if username is not None:
            self.client.username_pw_set(username, "no password")
        if will is not None:
            self.client.will_set(*will, qos=1)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.codes.put(str(reason))
        self.client.on_subscribe = lambda _c, _d, _m, reasons, _p: self.granted.put(reasons)
        self.client.on_publish = lambda _c, _d, _m, reason, _p: self.answers.put(reason)
        self.client.on_message = lambda _c, _d, message: self.heard.put(message)
        self.client.on_disconnect = self._on_disconnect

    def _on_disconnect(self, _c: Client, _d: Any, _f: Any, reason: Any, _p: Any) -> None:
        self.gone.put(str(reason))
        self.codes.put(f"gone: {reason}")

    def come(self) -> str:
        """What the broker says to it: "Success", or why not."""
        try:
            self.client.connect("127.0.0.1", self._port)
        except OSError as error:
            return f"gone: {error}"
        self.client.loop_start()
        return self.codes.get(timeout=TIMEOUT_S)

    def subscribe(self, topic: str) -> Any:
        self.client.subscribe(topic, qos=1)
        return self.granted.get(timeout=TIMEOUT_S)[0]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> Any:
        """The broker's answer; 3.1.1 knows only one."""
        self.client.publish(topic, payload, qos=1, retain=retain)
        return self.answers.get(timeout=TIMEOUT_S)

    def next(self) -> MQTTMessage:
        return self.heard.get(timeout=TIMEOUT_S)

    def break_off(self) -> None:
        """Without a word, as when power fails."""
        connection = self.client.socket()
        assert isinstance(connection, socket.socket)
        connection.shutdown(socket.SHUT_RDWR)
        self.gone.get(timeout=TIMEOUT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


Call = Callable[..., Caller]
"""Makes a caller with the papers of the named one, or with the papers given, and closes it with the test."""
