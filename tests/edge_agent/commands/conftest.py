"""What the tests of single commands share."""

from runtimes import runtime

__all__ = ["runtime"]
