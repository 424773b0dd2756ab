"""The two portraits and the shipped manifest."""

from portraits import astronaut, hopper, manifest

__all__ = ["astronaut", "hopper", "manifest"]
