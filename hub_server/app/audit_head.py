"""Once a day the audit's head goes into a text file, and into a second folder: for whoever keeps it elsewhere."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hub_server.store import audit_heads, audit_reading
from hub_server.store.audit_heads import HeadsError
from hub_server.store.store import Store
from hub_server.watch.zone import OFFICE_ZONE

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadExport:
    """`mirror`: a folder on another disk, or None."""

    store: Store
    mirror: Path | None

    def export(self) -> bool:
        """Where today's line is missing it is appended, after a look at the rows since the last one; whether any was.

        A file that cannot be read, or a disk that takes no line, is an error in the log, and is tried again.
        """
        today = day(self.store.now_us())
        files = [folder / audit_heads.FILE_NAME for folder in (self.store.data_dir, self.mirror) if folder is not None]
        written = False
        for path in files:
            try:
                written = self._export_to(path, today) or written
            except (HeadsError, OSError):
                _log.exception("the audit's head cannot be written into %s", path)
        return written

    def _export_to(self, path: Path, today: str) -> bool:
        lines = audit_heads.read(path) if path.exists() else []
        if lines and lines[-1].day >= today:
            return False
        with self.store.read() as db:
            found = audit_reading.verify(db, since=lines[-1].head) if lines else audit_reading.verify_tail(db)
        if found.broken is not None:
            # It is written all the same: who compares the lines sees from which day on the chain is another one.
            _log.error("the audit does not hold at row %d (%s): see hub-server audit verify", *_where(found))
        if found.head.id == 0 or (lines and lines[-1].head.id == found.head.id):
            return False
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        audit_heads.append(path, day=today, head=found.head)
        return True


def day(now_us: int) -> str:
    """The office's day, YYYY-MM-DD."""
    return datetime.fromtimestamp(now_us / 1e6, UTC).astimezone(OFFICE_ZONE).date().isoformat()


def _where(found: audit_reading.Verified) -> tuple[int, str]:
    assert found.broken is not None
    return found.broken.id, found.broken.why.value
