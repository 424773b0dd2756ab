"""What the tests of single commands share."""

from portraits import astronaut, hopper, manifest
from runtimes import runtime

__all__ = ["astronaut", "hopper", "manifest", "runtime"]
