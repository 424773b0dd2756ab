"""`hub-server serve`: the hub in the foreground, until it is told to end."""

import argparse
import logging
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub_server import page_tls
from hub_server.app import Hub
from hub_server.app.data_files import api_token_path
from hub_server.app.systemd import notify, watchdog_s
from hub_server.cli.speech import CommandError, say
from hub_server.config import (
    PORT_MAX,
    ConfigError,
    EmbeddedBrokerConfig,
    ExternalBrokerConfig,
    IssuingConfig,
    ServeConfig,
)
from hub_server.ingest.embedded_broker import BrokerStartError
from hub_server.store.errors import StoreError

_MQTT_PORT = 1883
_MQTT_TLS_PORT = 8883
_CERT_SOON = timedelta(days=21)
_EMBEDDED_ALONE = (
    "--embedded-broker: goes with none of the --mqtt options; it is for the demonstration and hears this machine only. "
    "A site runs Mosquitto beside the hub: firmware_config/SITE.md"
)
_log = logging.getLogger("hub_server")


def run(asked: argparse.Namespace) -> int:
    config = _config(asked)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    hub = Hub(config)
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ending.set())
    if config.tls_cert is not None:
        _warn_of_end(config.tls_cert)
    try:
        hub.start()
    except (StoreError, BrokerStartError, OSError) as error:
        raise CommandError(f"cannot serve: {error}") from error
    try:
        _greet(hub, config)
        _wait(hub, ending)
    finally:
        notify("STOPPING=1")
        hub.stop()
        _log.info("ended")
    return 0


def _greet(hub: Hub, config: ServeConfig) -> None:
    say(f"page       {hub.url}/")
    say(f"login      {hub.login_link()}")
    say(f"           (once, within 15 minutes; another: hub-server login --data {config.data_dir})")
    say(f"API token  in {api_token_path(config.data_dir)}")
    notify("READY=1")


def _warn_of_end(cert: Path) -> None:
    left = page_tls.ends_at(cert) - datetime.now(UTC)
    if left < _CERT_SOON:
        _log.warning("the page's certificate %s ends in %d days: renew it, then start the hub again", cert, left.days)


def _wait(hub: Hub, ending: threading.Event) -> None:
    """Until told to end; a watchdog of systemd is fed while the store can be read."""
    asked_s = watchdog_s()
    period_s = None if asked_s is None else asked_s / 2
    while not ending.wait(period_s):
        # A full disk is no reason to be started again: what is stored can still be read.
        if hub.health()["alarms"] is not None:
            notify("WATCHDOG=1")


def _config(asked: argparse.Namespace) -> ServeConfig:
    try:
        return ServeConfig(
            data_dir=asked.data,
            host=asked.host,
            port=asked.port,
            site=asked.site,
            broker=_broker(asked),
            keys_mirror=asked.keys_mirror,
            public_url=asked.public_url,
            tls_cert=asked.tls_cert,
            tls_key=asked.tls_key,
            names=tuple(asked.name),
            issuing=_issuing(asked),
        )
    except ConfigError as error:
        raise CommandError(str(error), exit_code=2) from error


def _issuing(asked: argparse.Namespace) -> IssuingConfig | None:
    files = {"--issuing-cert": asked.issuing_cert, "--issuing-key": asked.issuing_key, "--root": asked.root}
    if all(path is None for path in files.values()):
        if asked.broker_files or asked.device_broker or asked.watchdog or asked.listener:
            raise ConfigError(["--broker-files, --device-broker, --watchdog, --listener: need --issuing-cert"])
        return None
    absent = [option for option, path in files.items() if path is None]
    if absent:
        raise ConfigError([f"{', '.join(files)}: go together; {', '.join(absent)} is missing"])
    return IssuingConfig(
        certificate=asked.issuing_cert,
        key=asked.issuing_key,
        root=asked.root,
        broker_files=asked.broker_files,
        broker=None if asked.device_broker is None else _address(asked.device_broker),
        watchdogs=tuple(asked.watchdog),
        listeners=tuple(asked.listener),
    )


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) <= PORT_MAX):
        raise ConfigError([f"--device-broker: a host and a port, such as hub.riverside.lan:8883, not {text!r}"])
    return host.removeprefix("[").removesuffix("]"), int(port)


def _broker(asked: argparse.Namespace) -> EmbeddedBrokerConfig | ExternalBrokerConfig:
    if asked.embedded_broker:
        if any(value is not None for name, value in vars(asked).items() if name.startswith("mqtt_")):
            raise ConfigError([_EMBEDDED_ALONE])
        return EmbeddedBrokerConfig(port=asked.broker_port)
    return ExternalBrokerConfig(
        host=asked.mqtt_host or "127.0.0.1",
        port=asked.mqtt_port or (_MQTT_PORT if asked.mqtt_ca is None else _MQTT_TLS_PORT),
        ca=asked.mqtt_ca,
        username=asked.mqtt_username,
        password_file=asked.mqtt_password_file,
        cert=asked.mqtt_cert,
        key=asked.mqtt_key,
    )
