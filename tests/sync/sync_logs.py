"""The product's log: of no use here, but for the tracebacks that the root of the ingest thread catches."""

import contextlib
import logging
from collections.abc import Iterator
from unittest import mock

_stumbled: list[str] = []


def stumbles() -> list[str]:
    """What was caught since it was last asked."""
    found = list(_stumbled)
    _stumbled.clear()
    return found


class _Stumbles(logging.Handler):
    """Tracebacks that the ingest worker catches, as every root of a thread must: here each is a finding."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            _stumbled.append(f"{record.exc_info[0]}: {record.exc_info[1]}")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The product's log is of no use here; errors of the ingest worker are."""
    handler = _Stumbles()
    logger = logging.getLogger("hub_server.ingest.worker")
    ours = [logging.getLogger("edge_agent"), logging.getLogger("hub_server")]
    levels = [each.level for each in ours]
    with mock.patch.object(logger, "propagate", False):
        for each in ours:
            each.setLevel(logging.CRITICAL)
        logger.setLevel(logging.ERROR)
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET)
            for each, level in zip(ours, levels, strict=True):
                each.setLevel(level)
