"""`hub-server watchdog`: looks at a hub from outside and alarms by its own channel."""

import argparse
import logging
import math
import signal
import stat
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_agent.wire.topics import is_name
from hub_server.app.systemd import notify
from hub_server.cli.speech import CommandError, complain, say, say_json
from hub_server.ingest import broker_tls
from hub_server.store.store import now_us
from hub_server.watchdog import over_http, over_mqtt, own_channel, words
from hub_server.watchdog.look import Look
from hub_server.watchdog.over_http import HttpPlace
from hub_server.watchdog.over_mqtt import MqttPlace
from hub_server.watchdog.watchdog import Alarm, AlarmError, Round, Watchdog

if TYPE_CHECKING:
    from hub_server.cli.main import _Commands

_EVERY_S_MIN: Final = 10
_FILE_BYTES_MAX: Final = 64 * 1024
_STORY: Final = """\
A hub that is dead cannot say so: let another machine look. It alarms when nobody answers, the watch has not judged, the
database takes no writes, notices do not get out, or the hub is not heard on its broker. People are told on a change,
again every 30 minutes while it lasts, and once when all is well again.

on the hub's own machine (the page answers to it alone), as a timer of systemd would, every minute:
  hub-server watchdog --hub http://127.0.0.1:8080 --alarms watchdog-urls --state watchdog-state
from another machine, by the heartbeat on the broker, with an account that may read it and nothing else
(provision site init makes one, firmware_config/SITE.md):
  hub-server watchdog --mqtt-host hub.riverside.lan --site riverside --mqtt-ca root.pem --mqtt-cert watchdog.pem \\
      --mqtt-key watchdog.key --alarms watchdog-urls --every 60
or the page of another machine, through a tunnel:
  ssh -N -L 9080:127.0.0.1:8080 office@hub &   then   --hub http://127.0.0.1:9080
does a message reach anybody? Try it before it is needed:
  hub-server watchdog --alarms watchdog-urls --test

the file of --alarms, one Apprise URL a line, readable by its owner only; all of them are told:
  # 王敏 WeCom
  wecombot://BOTKEY
  mailtos://watchdog:password@example.org?to=wangmin@example.org

exit code: 0 all is well; 1 something is wrong; 2 asked wrongly; 3 somebody had to be told and nobody could be.
The units for systemd: firmware_config/systemd.py.
"""


def add_command(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "watchdog",
        help="look at a hub from outside, and alarm by a channel of its own",
        description="Watches the hub that watches people.",
        epilog=_STORY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_places(parser)
    told = parser.add_argument_group("who is told")
    told.add_argument("--alarms", type=Path, metavar="FILE", help="Apprise URLs, one a line")
    told.add_argument(
        "--alarm", action="append", default=[], metavar="URL", help="one more; others may read a command line"
    )
    told.add_argument("--name", help="what to call the hub in messages; else its address")
    told.add_argument("--repeat-min", type=_minutes, default=30.0, metavar="N", help="remind after (default 30 min)")
    told.add_argument("--test", action="store_true", help="send one test message, and end")
    how = parser.add_argument_group("how often")
    how.add_argument("--every", type=_period_s, metavar="S", help="go on, one look every S seconds; else one look")
    how.add_argument("--state", type=Path, metavar="FILE", help="what was told, kept from look to look")
    parser.add_argument("--json", action="store_true", help="one JSON object a look instead of words")
    parser.set_defaults(run=run)


def _add_places(parser: argparse.ArgumentParser) -> None:
    page = parser.add_argument_group("its page")
    page.add_argument("--hub", metavar="URL", help="for example http://127.0.0.1:8080")
    page.add_argument("--timeout", type=_seconds, default=5.0, metavar="S", help="for one answer (default 5 s)")
    page.add_argument(
        "--patience", type=_seconds, default=20.0, metavar="S", help="asked again for so long (default 20 s)"
    )
    broker = parser.add_argument_group("its heartbeat on the broker")
    broker.add_argument("--mqtt-host")
    broker.add_argument("--mqtt-port", type=int, help="default 1883, with --mqtt-ca 8883")
    broker.add_argument("--site", default="demo", help="the site's name in MQTT topics (default %(default)s)")
    broker.add_argument("--mqtt-ca", type=Path, metavar="FILE", help="speak TLS; the broker's authority, PEM")
    broker.add_argument("--mqtt-cert", type=Path, metavar="FILE", help="the watchdog's certificate, PEM")
    broker.add_argument("--mqtt-key", type=Path, metavar="FILE", help="its key, 0600")
    broker.add_argument("--mqtt-username", metavar="NAME", help="the watchdog's account there")
    broker.add_argument("--mqtt-password-file", type=Path, metavar="FILE", help="holds its password")
    broker.add_argument(
        "--heartbeat", type=_seconds, default=over_mqtt.WAIT_S, metavar="S", help="wait so long for one (default 45 s)"
    )


def run(asked: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    urls = [*asked.alarm, *_urls(asked.alarms)]
    alarm = _channel(urls)
    name = asked.name or asked.hub or asked.mqtt_host or "hub"
    if asked.test:
        return _test(alarm, name)
    looks = _looks(asked)
    if alarm is not None and asked.every is None and asked.state is None:
        raise CommandError("--state: needed to tell people once and not at every look (or use --every)", exit_code=2)
    dog = Watchdog(
        looks=looks, alarm=alarm, name=name, repeat_s=asked.repeat_min * 60, now_us=now_us, state=asked.state
    )
    if asked.every is None:
        found = dog.round()
        _report(found, as_json=asked.json)
        return found.exit_code
    return _go_on(dog, asked)


def _go_on(dog: Watchdog, asked: argparse.Namespace) -> int:
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ending.set())
    notify("READY=1")
    before: tuple[str, ...] | None = None
    while not ending.is_set():
        began_s = time.monotonic()
        found = dog.round()
        notify("WATCHDOG=1")
        kinds = tuple(trouble.kind for trouble in found.troubles)
        if asked.json or kinds != before or found.word is not None:
            _report(found, as_json=asked.json)
        before = kinds
        ending.wait(max(0.0, began_s + asked.every - time.monotonic()))
    notify("STOPPING=1")
    return 0


def _report(found: Round, *, as_json: bool) -> None:
    if as_json:
        say_json(found.json())
        return
    for trouble in found.troubles:
        say(f"{trouble.zh}\n{trouble.en}")
    if not found.troubles:
        say("一切正常  all is well: " + ", ".join(look.where for look in found.looks))
    if found.word is not None and not found.told:
        complain("nobody could be told")


def _channel(urls: list[str]) -> Alarm | None:
    try:
        return own_channel.open_channel(urls) if urls else None
    except AlarmError as error:
        raise CommandError(f"--alarms: {error}", exit_code=2) from error


def _test(alarm: Alarm | None, name: str) -> int:
    if alarm is None:
        raise CommandError("--test: nobody to tell; give --alarms FILE", exit_code=2)
    title, body = words.test_message(name=name)
    try:
        alarm.send(title=title, body=body)
    except AlarmError as error:
        complain(str(error))
        return 3
    say("已发送  sent")
    return 0


def _looks(asked: argparse.Namespace) -> list[Callable[[], Look]]:
    looks: list[Callable[[], Look]] = []
    try:
        if asked.hub is not None:
            place = HttpPlace(url=asked.hub, timeout_s=asked.timeout, patience_s=asked.patience)
            looks.append(partial(over_http.look, place))
        if asked.mqtt_host is not None:
            looks.append(partial(over_mqtt.look, _mqtt_place(asked)))
    except ValueError as error:
        raise CommandError(str(error), exit_code=2) from error
    if not looks:
        raise CommandError("where is the hub? --hub URL, --mqtt-host HOST, or both", exit_code=2)
    return looks


def _mqtt_place(asked: argparse.Namespace) -> MqttPlace:
    if not is_name(asked.site):
        raise ValueError("--site: 1 to 63 of a-z, 0-9 and '-', not first '-'")
    if (asked.mqtt_cert is None) != (asked.mqtt_key is None) or (asked.mqtt_cert and not asked.mqtt_ca):
        raise ValueError("--mqtt-cert, --mqtt-key: go together, and with --mqtt-ca")
    if asked.mqtt_ca is not None and (mistakes := broker_tls.mistakes(asked.mqtt_ca, asked.mqtt_cert, asked.mqtt_key)):
        raise ValueError("\n".join(mistakes))
    password = None if asked.mqtt_password_file is None else _text(asked.mqtt_password_file).strip()
    return MqttPlace(
        host=asked.mqtt_host,
        port=asked.mqtt_port or (1883 if asked.mqtt_ca is None else 8883),
        site=asked.site,
        ca=asked.mqtt_ca,
        cert=asked.mqtt_cert,
        key=asked.mqtt_key,
        username=asked.mqtt_username,
        password=password,
        wait_s=asked.heartbeat,
    )


def _urls(file: Path | None) -> list[str]:
    """Each line but empty ones and remarks; a file that others may read is used, and said so."""
    if file is None:
        return []
    lines = (line.strip() for line in _text(file).splitlines())
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise CommandError(f"--alarms: there is no URL in {file}", exit_code=2)
    if file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        complain(f"--alarms: others may read {file}, and it holds secrets: chmod 600 {file}")
    return found


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as stream:
            return stream.read(_FILE_BYTES_MAX)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: cannot be read: {error}", exit_code=2) from error


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0 <= value <= 600):
        raise ValueError
    return value


def _minutes(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0 < value <= 7 * 24 * 60):
        raise ValueError
    return value


def _period_s(text: str) -> int:
    value = int(text)
    if not _EVERY_S_MIN <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{_EVERY_S_MIN} to 3600 seconds")
    return value
