"""`hub-server watchdog` as a timer or a person runs it: words, exit codes, the file of URLs, an end on a signal."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hub_page import WELL, HubPage, hub_page

from hub_server.cli.main import main
from hub_server.watchdog import own_channel
from hub_server.watchdog.own_channel import AllOf
from hub_server.watchdog.watchdog import AlarmError

Run = Callable[..., int]


@pytest.fixture
def page() -> Iterator[HubPage]:
    with hub_page() as page:
        yield page


class Sent:
    """What each channel took, by its URL; those in `down` take nothing."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.down: set[str] = set()

    def channels(self, urls: Sequence[str]) -> AllOf:
        return AllOf([self._channel(url) for url in urls])

    def _channel(self, url: str) -> own_channel.Send:
        def send(title: str, _body: str) -> None:
            if url in self.down:
                raise AlarmError(f"{url.partition(':')[0]}: no answer")
            self.messages.append((url, title))

        return send


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = Sent()
    monkeypatch.setattr(own_channel, "open_channel", sent.channels)
    return sent


@pytest.fixture
def urls(tmp_path: Path) -> Path:
    path = tmp_path / "urls"
    path.touch(mode=0o600)
    path.write_text("# 王敏\nwecombot://one\n\n  mailto://two  \n")
    return path


@pytest.fixture
def run(page: HubPage, urls: Path, tmp_path: Path) -> Run:
    """One look, impatient."""

    def one_look(*more: str) -> int:
        options = ["--hub", page.url, "--patience", "0", "--alarms", str(urls), "--state", str(tmp_path / "state")]
        return main(["watchdog", *options, *more])

    return one_look


def test_all_is_well_in_one_line_and_exit_code_0(run: Run, sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    said = capsys.readouterr()
    assert said.out.startswith("一切正常  all is well: http://127.0.0.1:")
    assert (said.err, sent.messages) == ("", [])


def test_a_dead_hub_is_exit_code_1_and_every_channel_is_told_once(
    run: Run, page: HubPage, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    page.health = None
    assert [run(), run()] == [1, 1]
    assert {url for url, _ in sent.messages} == {"wecombot://one", "mailto://two"}
    assert len(sent.messages) == 2
    assert "没有回应" in capsys.readouterr().out
    page.health = dict(WELL)
    assert [run(), run()] == [0, 0]
    assert len(sent.messages) == 4


def test_one_channel_that_fails_keeps_no_other_from_being_told(run: Run, page: HubPage, sent: Sent) -> None:
    page.health = None
    sent.down = {"wecombot://one"}
    assert run("--name", "桂花村") == 1
    assert sent.messages == [("mailto://two", "守望主机出了问题：桂花村  the Shouwang hub is in trouble: 桂花村")]


def test_nobody_told_is_exit_code_3_and_no_secret_is_shown(
    run: Run, page: HubPage, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    page.health = None
    sent.down = {"wecombot://one", "mailto://two"}
    assert run() == 3
    said = capsys.readouterr()
    assert "nobody could be told" in said.err
    assert "one" not in re.sub(r"http://\S+", "", said.err).replace("no answer", "").split()


def test_a_program_reads_one_json_object(
    run: Run, page: HubPage, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    page.health = None
    assert run("--alarm", "json://x", "--json") == 1
    assert "json://x" in {url for url, _ in sent.messages}
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["troubles"][0]["kind"] == "unreachable"


def test_a_file_that_others_may_read_is_used_and_said_so(
    run: Run, urls: Path, sent: Sent, page: HubPage, capsys: pytest.CaptureFixture[str]
) -> None:
    urls.chmod(0o644)
    page.health = None
    assert run() == 1
    assert f"chmod 600 {urls}" in capsys.readouterr().err
    assert len(sent.messages) == 2


def test_a_test_message_goes_out_without_any_hub(urls: Path, sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watchdog", "--alarms", str(urls), "--test"]) == 0
    assert len(sent.messages) == 2
    assert "已发送" in capsys.readouterr().out
    sent.down = {"wecombot://one", "mailto://two"}
    assert main(["watchdog", "--alarms", str(urls), "--test"]) == 3


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "where is the hub?"),
        (["--hub", "riverside"], "is no address such as"),
        (["--hub", "http://127.0.0.1:1", "--alarm", "json://x"], "--state: needed"),
        (["--mqtt-host", "h", "--site", "A b"], "--site: 1 to 63"),
        (["--mqtt-host", "h", "--mqtt-cert", "/x"], "go together"),
        (["--mqtt-host", "h", "--mqtt-ca", "/nowhere"], "--mqtt-ca: /nowhere cannot be used"),
        (["--hub", "http://127.0.0.1:1", "--alarms", "/nowhere"], "/nowhere: cannot be read"),
        (["--hub", "http://127.0.0.1:1", "--alarms", "/dev/null"], "there is no URL in /dev/null"),
        (["--test"], "nobody to tell"),
    ],
)
def test_what_is_asked_wrongly_is_exit_code_2_and_said(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watchdog", *words]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--every=5", "--every=9999", "--repeat-min=0", "--patience=-1", "--timeout=nan"])
def test_a_period_out_of_its_bounds_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["watchdog", "--hub", "http://127.0.0.1:1", option])
    assert refused.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err


def test_the_help_teaches_with_examples_and_every_option_it_shows_exists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["watchdog", "--help"])
    usage, _, examples = capsys.readouterr().out.partition("A hub that is dead cannot say so")
    assert "exit code: 0 all is well; 1 something is wrong; 2 asked wrongly; 3" in examples
    shown = set(re.findall(r"(?<![\w/])--[a-z][a-z-]+", examples))
    assert len(shown) > 8
    assert shown <= set(re.findall(r"--[a-z][a-z-]+", usage))


@pytest.mark.slow
def test_it_goes_on_until_a_signal_and_says_what_changes(page: HubPage) -> None:
    words = ["--hub", page.url, "--patience", "0", "--every", "10", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from hub_server.cli import main; sys.exit(main())", "watchdog", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    page.health = None
    second = json.loads(process.stdout.readline())
    ended = threading.Timer(20, process.kill)
    ended.start()
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate()
    ended.cancel()
    assert (first["well"], second["well"], process.returncode, complaints) == (True, False, 0, "")
