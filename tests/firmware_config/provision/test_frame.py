"""How `provision` speaks: both languages, one sentence for a mistake, the same manners in every command."""

import argparse
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from firmware_config.provision import main as program
from firmware_config.provision.errors import DeclinedError, UsageError
from firmware_config.provision.frame import Context
from firmware_config.provision.main import main, make_parser
from firmware_config.provision.words import Language, language

PROGRAM = [sys.executable, "-m", "firmware_config.provision.main"]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
        ({"LANG": "zh_CN", "SHOUWANG_LANG": "en"}, "en"),
        ({"LANG": "C", "SHOUWANG_LANG": "zh"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_locale_chooses_the_language_as_posix_says(environ: dict[str, str], expected: str) -> None:
    assert language(environ) == Language(expected)


def leaves(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for group in groups:
        for name, inner in group.choices.items():
            yield from leaves(inner, (*words, name))
    if not groups:
        yield " ".join(words), parser


@pytest.mark.parametrize("words", ["zh", "en"])
def test_every_command_has_the_same_options_an_example_and_a_help_in_the_readers_language(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOUWANG_LANG", words)
    found = dict(leaves(make_parser(None)))
    assert {"device add", "device list", "device show", "device replace", "device rotate"} <= set(found)
    for name, parser in found.items():
        text = parser.format_help()
        assert ("例子" if words == "zh" else "examples") in text, name
        assert f"provision {name}" in text, f"the examples of {name} show it"
        if name != "completion":
            assert all(option in text for option in ("--dry-run", "--json", "--yes")), name
        for action in parser._actions:
            assert action.help or action.dest == "shell", f"{name} {action.dest} is explained"


def test_a_mistake_of_the_typist_is_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOUWANG_LANG", "zh")
    assert main(["device", "show"]) == 2
    assert capsys.readouterr().err == "provision: 还缺：NAME（用法见 provision device show --help）\n"
    monkeypatch.setenv("SHOUWANG_LANG", "en")
    assert main(["device", "list", "--stat", "x"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "provision: unrecognized arguments: --stat x (see provision --help)\n"
    assert main(["device", "show", "Gate East"]) == 2
    assert "as in gate-east" in capsys.readouterr().err


def test_a_mistake_is_json_on_stdout_too_when_json_was_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOUWANG_LANG", "en")
    assert main(["device", "list", "--state", "asleep", "--json"]) == 2
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["ok"], told["error"]["code"]) == (False, "usage")
    assert said.err.startswith("provision: ")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def context(typed: str = "", *, terminal: bool = True, **options: Any) -> tuple[Context, io.StringIO, io.StringIO]:
    out = io.StringIO()
    err, into = (Terminal(), Terminal(typed)) if terminal else (io.StringIO(), io.StringIO(typed))
    return Context(argparse.Namespace(**options), out=out, err=err, into=into), out, err


@pytest.mark.parametrize("typed", ["y\n", "Y\n", "yes\n", "是\n"])
def test_what_destroys_goes_on_after_a_yes(typed: str) -> None:
    context(typed)[0].confirm("会删。", "This deletes.")


@pytest.mark.parametrize("typed", ["\n", "", "n\n", "no\n", "yy\n"])
def test_what_destroys_stops_at_anything_but_a_yes(typed: str) -> None:
    with pytest.raises(DeclinedError):
        context(typed)[0].confirm("会删。", "This deletes.")


def test_without_a_terminal_nobody_can_say_yes_and_the_option_does() -> None:
    with pytest.raises(DeclinedError) as error:
        context("y\n", terminal=False)[0].confirm("会删。", "This deletes.")
    assert error.value.code == "needs_yes"
    context(terminal=False, yes=True)[0].confirm("会删。", "This deletes.")
    context(terminal=False, dry_run=True)[0].confirm("会删。", "This deletes.")


def test_progress_is_drawn_on_a_terminal_and_wiped_and_nowhere_else() -> None:
    speaking, out, err = context()
    with speaking.progress("写", "writing", total=3) as step:
        step(2)
    assert "2/3" in err.getvalue()
    assert err.getvalue().endswith("\r\x1b[K")
    assert out.getvalue() == ""
    speaking, out, err = context(terminal=False)
    with speaking.progress("写", "writing", total=3) as step:
        step(2)
    assert err.getvalue() == ""


def test_words_leave_stdout_to_the_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_LANG", "zh")
    speaking, out, err = context(json=True)
    speaking.say("你好", "hello")
    assert speaking.finish({"device": "a"}, then=("做", "do")) == 0
    assert json.loads(out.getvalue()) == {"ok": True, "dry_run": False, "device": "a", "next": "做"}
    assert err.getvalue() == "你好\n"


def test_a_mistake_of_ours_is_said_to_be_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> argparse.ArgumentParser:
        raise ZeroDivisionError("by zero")

    monkeypatch.setenv("SHOUWANG_LANG", "en")
    monkeypatch.setattr(program, "make_parser", broken)
    assert main(["device"]) == 70
    assert "a mistake of ours: ZeroDivisionError: by zero" in capsys.readouterr().err
    monkeypatch.setenv("SHOUWANG_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["device"])


def test_ctrl_c_ends_with_130_and_half_a_pipe_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> argparse.ArgumentParser:
        raise KeyboardInterrupt

    def unread(*_: object) -> argparse.ArgumentParser:
        raise UsageError("停", "stop")

    monkeypatch.setattr(program, "make_parser", interrupted)
    assert main(["device"]) == 130
    monkeypatch.setattr(program, "make_parser", unread)
    assert main(["device"]) == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_given_what_completes_our_words(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "provision" in capsys.readouterr().out


@pytest.mark.slow
def test_the_shell_completes_commands_and_options() -> None:
    for line, expected in (
        ("provision dev", "device"),
        ("provision device re", "replace"),
        ("provision device list --sta", "--state"),
    ):
        asked = os.environ | {
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_IFS": "\n",
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "_ARGCOMPLETE_STDOUT_FILENAME": "/dev/stdout",
        }
        found = subprocess.run(PROGRAM, env=asked, capture_output=True, text=True, timeout=60, check=False)
        assert any(one.strip().startswith(expected) for one in found.stdout.splitlines()), (line, found)


@pytest.mark.slow
def test_as_a_process_it_is_interrupted_while_it_waits_for_a_hub_and_leaves_no_traceback() -> None:
    import socket  # noqa: PLC0415 nobody else here listens

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        words = [*PROGRAM, "device", "list", "--hub", url]
        environ = os.environ | {"SHOUWANG_TOKEN": "x", "SHOUWANG_LANG": "en"}
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environ)
        silent.settimeout(30)
        connection, _ = silent.accept()  # it asks now
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        connection.close()
    assert (process.returncode, err) == (130, "\nprovision: interrupted\n")
