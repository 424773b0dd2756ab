"""The two portraits, the shipped manifest and both runtimes."""

from portraits import astronaut, hopper, manifest
from runtimes import runtime

__all__ = ["astronaut", "hopper", "manifest", "runtime"]
