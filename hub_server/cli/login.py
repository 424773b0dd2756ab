"""`hub-server login`: another one-time link."""

import argparse

from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import say


def run(asked: argparse.Namespace) -> int:
    say(RunningHub.of(asked.data).post("/api/v1/login-links")["url"])
    return 0
