import argparse
import importlib
import subprocess
import sys
import time

import pytest

from edge_agent import cli
from edge_agent.errors import CameraError


def edge_agent(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_agent.cli", *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_help_lists_every_command_and_shows_examples() -> None:
    shown = edge_agent("--help")
    assert shown.returncode == 0
    for name in cli.COMMANDS:
        assert f"edge-agent {name} " in shown.stdout, "an example of each"


def test_help_is_fast_because_nothing_heavy_is_imported() -> None:
    code = """
import sys
from edge_agent import cli
try:
    cli.main(["--help"])
except SystemExit:
    print("heavy" if {"cv2", "numpy"} & sys.modules.keys() else "light")
"""
    started_s = time.monotonic()
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.endswith("light\n")
    assert time.monotonic() - started_s < 5


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_every_command_has_help_with_an_example(command: str) -> None:
    shown = edge_agent(command, "--help")
    assert shown.returncode == 0
    assert f"edge-agent {command}" in shown.stdout.split("example")[-1]


def test_the_version_is_told() -> None:
    assert edge_agent("--version").stdout.startswith("edge-agent 0.")


def test_an_unknown_command_is_a_usage_error() -> None:
    shown = edge_agent("dance")
    assert shown.returncode == 2
    assert "invalid choice" in shown.stderr


def test_a_mistake_of_the_user_is_one_line_and_exit_1() -> None:
    shown = edge_agent("run", "--config", "no-such.toml")
    assert shown.returncode == 1
    assert shown.stderr.startswith("edge-agent: no-such.toml has 1 mistake:\n  file: cannot be read: No such file")


class ToldModule:
    """A command that raises what it is told."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def add_parser(self, subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        subparsers.add_parser("run").set_defaults(run=self.run)

    def run(self, _args: object) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (CameraError("no camera"), 1, "edge-agent: no camera\n"),
        (KeyboardInterrupt(), 130, ""),
        (ZeroDivisionError("oh"), 70, "edge-agent: this is a mistake of ours: ZeroDivisionError: oh"),
    ],
)
def test_no_error_shows_a_traceback(
    error: BaseException,
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda _: ToldModule(error))
    assert cli.main(["run"]) == status
    said = capsys.readouterr().err
    assert said.startswith(words)
    assert "Traceback" not in said


def test_a_developer_can_ask_for_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda _: ToldModule(ZeroDivisionError("oh")))
    monkeypatch.setenv(cli.DEBUG_VARIABLE, "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["run"])
