"""`hub-server login`: another one-time link, for the owner of the data or for an account."""

import argparse

from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError, say
from hub_server.store import accounts


def run(asked: argparse.Namespace) -> int:
    hub = RunningHub.of(asked.data)
    if asked.account is None:
        say(hub.post("/api/v1/login-links")["url"])
        return 0
    if not accounts.is_name(asked.account):  # it becomes a part of a path
        raise CommandError(f"没有账号 {asked.account}  there is no account {asked.account}")
    say(hub.post(f"/api/v1/accounts/{asked.account}/login-links")["url"])
    return 0
