"""The sheet into the journal, where the agent takes it from, and onto this disk for whoever stands here."""

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.config import AgentConfig
from edge_agent.errors import JournalError
from edge_agent.journal import Journal
from edge_agent.journal.database import locked
from edge_agent.onsite.printed import as_html, as_text
from edge_agent.wire.messages import PassSheet

_STOP = "stop it first (sudo systemctl stop shouwang-agent), and start it again afterwards"


def check_free(config: AgentConfig) -> None:
    """Before anything is looked at: nobody walks through twice for nothing. Raises JournalError, with what to do."""
    folder = config.journal.file.parent
    if os.geteuid() == 0 and folder.exists() and folder.stat().st_uid != 0:
        user = folder.owner()
        raise JournalError(f"{folder} belongs to {user}: run this as that user (sudo -u {user} edge-agent doctor ...)")
    try:
        with locked(config.journal.file):
            pass
    except JournalError as error:
        raise JournalError(
            f"{error}: {_STOP}" if isinstance(error.__cause__, BlockingIOError) else str(error)
        ) from error


def file_sheet(config: AgentConfig, sheet: PassSheet) -> int:
    """Its place in the journal; durable on return. Raises JournalError."""
    journal = Journal(
        config.journal.file,
        clock=SystemClock(),
        keep_s=config.journal.keep_days * 86400,
        bytes_max=config.journal.size_max_mb * 2**20,
    )
    with closing(journal):
        return journal.append(sheet)


def write_sheet(config: AgentConfig, sheet: PassSheet, folder: Path) -> list[Path]:
    """HTML and text, named by device and moment. Raises JournalError when the disk does not take them."""
    at = datetime.fromtimestamp(sheet.at.wall_us / 1e6, UTC)
    name = f"pass-sheet-{config.device}-{at:%Y%m%dT%H%M%SZ}"
    zone = datetime.now().astimezone().tzinfo
    texts = {
        ".html": as_html(sheet, site=config.site, device=config.device, zone=zone),
        ".txt": as_text(sheet, site=config.site, device=config.device, zone=zone),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for suffix, text in texts.items():
            path = folder / f"{name}{suffix}"
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise JournalError(f"{folder}: the sheet cannot be written: {error.strerror}") from error
    return written
