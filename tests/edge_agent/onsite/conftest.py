"""The portraits and the shipped models, for whoever looks at faces here."""

from portraits import astronaut, hopper, manifest

__all__ = ["astronaut", "hopper", "manifest"]
