"""The command `hub-server`."""

from hub_server.cli.main import main

__all__ = ["main"]
