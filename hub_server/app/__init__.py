"""The composition root of the hub."""

from hub_server.app.hub import Hub

__all__ = ["Hub"]
