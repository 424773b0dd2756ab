"""What `serve` was told, checked at birth. All mistakes are reported at once."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.wire.topics import is_device, is_name
from hub_server import page_tls
from hub_server.ingest import broker_tls
from hub_server.issuing.issuer import IssuerError, load_issuer

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PORT_MAX = 65535
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 only with TLS
_HOST_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)


class ConfigError(Exception):
    """One line for each mistake: the option and what is wrong with it."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddedBrokerConfig:
    """The demonstration's own broker."""

    port: int  # 0: the system chooses


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalBrokerConfig:
    """A broker that runs beside the hub or elsewhere."""

    host: str
    port: int
    ca: Path | None
    username: str | None
    password_file: Path | None
    cert: Path | None = None  # the hub's own, with its key
    key: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuingConfig:
    """The issuing authority that the hub holds, and whom its devices speak to."""

    certificate: Path
    key: Path
    root: Path
    broker_files: Path | None = None  # the folder of acl and crl.pem; None: the broker's are somebody else's affair
    broker: tuple[str, int] | None = None  # as devices reach it; None: where the hub reaches it, or the page's host
    watchdogs: tuple[str, ...] = ()  # certificates that may read how the hub is, besides the devices
    listeners: tuple[str, ...] = ()  # the same with alerts

    def mistakes(self) -> list[str]:
        """What is wrong, by the option."""
        wrong = [
            f"{option}: {name!r} is no name of a certificate"
            for option, names in (("--watchdog", self.watchdogs), ("--listener", self.listeners))
            for name in names
            if not is_device(name)
        ]
        if self.broker_files is not None and not os.access(self.broker_files, os.W_OK | os.X_OK):
            wrong.append(f"--broker-files: {self.broker_files} is no folder that can be written")
        try:
            load_issuer(self.certificate, self.key, self.root)
        except IssuerError as error:
            wrong.append(f"--issuing-cert, --issuing-key, --root: {error}")
        return wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeConfig:
    """Raises ConfigError at birth."""

    data_dir: Path
    host: str
    port: int  # 0: the system chooses
    site: str
    broker: EmbeddedBrokerConfig | ExternalBrokerConfig
    keys_mirror: Path | None = None  # a folder on another disk, for the one copy of the keys of templates
    public_url: str | None = None  # of the page, as workers reach it: it stands in what they are sent
    tls_cert: Path | None = None  # of the page, with its key; without them it serves this machine only
    tls_key: Path | None = None
    names: tuple[str, ...] = ()  # that the page goes by, besides its address and those of its certificate
    issuing: IssuingConfig | None = None  # None: devices cannot join, and the broker's files are not written

    def __post_init__(self) -> None:
        mistakes = [*self._web_mistakes(), *self._broker_mistakes()]
        if self.issuing is not None:
            mistakes += self.issuing.mistakes()
            if urlsplit(self.public_url or "").scheme != "https":
                mistakes.append("--issuing-cert: needs --public-url https://...: there devices join, and nowhere else")
        if not is_name(self.site):
            mistakes.append("--site: 1 to 63 of a-z, 0-9 and '-', not first '-'")
        if self.public_url is not None and not _is_page(self.public_url):
            mistakes.append(f"--public-url: a web address such as https://hub.riverside.lan, not {self.public_url!r}")
        if self.keys_mirror is not None and self.keys_mirror.resolve().is_relative_to(self.data_dir.resolve()):
            mistakes.append("--keys-mirror: lies inside the data folder; what helps is a folder on another disk")
        if mistakes:
            raise ConfigError(mistakes)

    @property
    def device_broker(self) -> tuple[str, int]:
        """Host and port of the broker as devices reach it."""
        told = None if self.issuing is None else self.issuing.broker
        if told is not None or isinstance(self.broker, EmbeddedBrokerConfig):
            return told or ("127.0.0.1", self.broker.port)
        beside = urlsplit(self.public_url or "").hostname if self.broker.host in LOOPBACK else None
        return beside or self.broker.host, self.broker.port

    @property
    def hosts(self) -> frozenset[str]:
        """The names that the page answers to besides the loopback's: lower case, IPv6 addresses in brackets."""
        public = urlsplit(self.public_url or "").hostname
        own = {*self.names, self.host, *([public] if public else [])} - _EVERY_ADDRESS
        told = frozenset(_bracketed(name.lower()) for name in own)
        return told if self.tls_cert is None else told | page_tls.names(self.tls_cert)

    @property
    def shown_host(self) -> str:
        """The name that stands in the page's own address."""
        if self.host not in _EVERY_ADDRESS:
            return self.host
        public = urlsplit(self.public_url or "").hostname
        named = [*self.names, *([public] if public else []), *sorted(self.hosts)]
        return next((name for name in named if not name.startswith("*")), "localhost")

    def _web_mistakes(self) -> list[str]:
        mistakes = page_tls.mistakes(self.tls_cert, self.tls_key)
        if self.host not in LOOPBACK and self.tls_cert is None:
            mistakes.append(
                f"--host {self.host}: without TLS everybody in between would read passwords, and where people live. "
                "Give --tls-cert and --tls-key, or serve this machine only: 127.0.0.1, localhost or ::1 "
                "(and reach it from elsewhere by ssh -L)"
            )
        mistakes += [
            f"--name: a host's name or address, such as hub.riverside.lan, not {name!r}"
            for name in self.names
            if _HOST_NAME.fullmatch(name) is None
        ]
        return mistakes + _port_mistakes("--port", self.port, lowest=0)

    def _broker_mistakes(self) -> list[str]:
        broker = self.broker
        if isinstance(broker, EmbeddedBrokerConfig):
            return _port_mistakes("--broker-port", broker.port, lowest=0)
        mistakes = _port_mistakes("--mqtt-port", broker.port, lowest=1)
        files = {
            "--mqtt-ca": broker.ca,
            "--mqtt-cert": broker.cert,
            "--mqtt-key": broker.key,
            "--mqtt-password-file": broker.password_file,
        }
        mistakes += [
            f"{option}: there is no file {path}"
            for option, path in files.items()
            if path is not None and not path.is_file()
        ]
        if broker.ca is not None and not mistakes:
            mistakes += broker_tls.mistakes(broker.ca, broker.cert, broker.key)
        if (broker.cert is None) != (broker.key is None):
            mistakes.append("--mqtt-cert, --mqtt-key: a certificate and its key go together")
        if broker.cert is not None and broker.ca is None:
            mistakes.append("--mqtt-cert: needs --mqtt-ca, or the broker could be anybody")
        if broker.password_file is not None and broker.username is None:
            mistakes.append("--mqtt-password-file: needs --mqtt-username")
        return mistakes


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _is_page(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment


def _port_mistakes(option: str, port: int, *, lowest: int) -> list[str]:
    return [] if lowest <= port <= PORT_MAX else [f"{option}: {lowest} to {PORT_MAX}, not {port}"]
