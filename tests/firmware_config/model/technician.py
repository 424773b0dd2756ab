"""A hub in a process of its own with a site's certificates, and `provision` as a technician types it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from firmware_config.ca.folder import CaFolder, Names
from firmware_config.provision.main import main

PASSPHRASE = "four words of a test"
HUB_S = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> dict[str, Any]:
        """Of --json: its one line."""
        (line,) = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


class Desk:
    """Where a technician sits: the site's root, a token, a hub over HTTPS."""

    def __init__(self, folder: Path, site: Path, url: str, data: Path) -> None:
        self.folder = folder
        self.site = site
        self.url = url
        self.data = data
        self.token_file = folder / "token"
        self.token_file.touch(mode=0o600)
        self.token_file.write_text((data / "api-token").read_text())
        self._capsys: pytest.CaptureFixture[str] | None = None

    def by(self, capsys: pytest.CaptureFixture[str]) -> "Desk":
        self._capsys = capsys
        return self

    @property
    def options(self) -> list[str]:
        return ["--hub", self.url, "--ca", str(self.site / "root.pem"), "--token-file", str(self.token_file)]

    def type(self, *words: str, hub: bool = True) -> Told:
        """Runs it here."""
        assert self._capsys is not None
        self._capsys.readouterr()
        status = main([*words, *(self.options if hub else [])])
        said = self._capsys.readouterr()
        return Told(status=status, out=said.out, err=said.err)

    def must(self, *words: str) -> dict[str, Any]:
        """The JSON of what must go well."""
        told = self.type(*words, "--json", "--yes")
        assert told.status == 0, told
        return told.value

    def sheet(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
        return found


def make_site(folder: Path) -> Path:
    """The certificates of the site `demo`."""
    names = Names(site="demo", broker=["localhost"], page=["localhost"])
    CaFolder(folder).begin(names, passphrase=PASSPHRASE, now=datetime.now(UTC))
    return folder


@contextmanager
def hub_running(folder: Path, site: Path) -> Iterator[Desk]:
    """In a process of its own, over HTTPS, issuing certificates."""
    data, port = folder / "data", free_port()
    words = [
        *(sys.executable, "-m", "hub_server.cli.main", "serve", "--data", str(data), "--embedded-broker"),
        *("--broker-port", str(free_port()), "--port", str(port), "--site", "demo"),
        *("--name", "localhost", "--public-url", f"https://localhost:{port}"),
        *("--tls-cert", str(site / "page.pem"), "--tls-key", str(site / "page.key")),
        *("--issuing-cert", str(site / "issuing.pem"), "--issuing-key", str(site / "issuing.key")),
        *("--root", str(site / "root.pem")),
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        until = time.monotonic() + HUB_S
        while not (data / "run.json").exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, "the hub does not start"
            time.sleep(0.05)
        yield Desk(folder, site, f"https://localhost:{port}", data)
    finally:
        process.terminate()
        process.wait(timeout=30)
