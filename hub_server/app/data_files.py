"""The small files beside the store: the API's token, and where the hub runs."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

_TOKEN_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerAddress:
    host: str
    port: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFile:
    """What a running hub tells the other commands, in DATA/run.json."""

    pid: int
    url: str
    broker: BrokerAddress
    site: str
    started_at: str  # RFC 3339, UTC


def api_token_path(data_dir: Path) -> Path:
    return data_dir / "api-token"


def run_file_path(data_dir: Path) -> Path:
    return data_dir / "run.json"


def api_token(data_dir: Path) -> str:
    """The token that opens the API; made when there is none yet, readable by its owner only."""
    path = api_token_path(data_dir)
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    return new_api_token(data_dir)


def new_api_token(data_dir: Path) -> str:
    """Another one in the place of what was there."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    _write_whole(api_token_path(data_dir), token + "\n")
    return token


def write_run_file(data_dir: Path, run: RunFile) -> None:
    _write_whole(run_file_path(data_dir), json.dumps(asdict(run)) + "\n")


def read_run_file(data_dir: Path) -> RunFile | None:
    """None when no hub has left one. A hub that was killed leaves a stale one: ask the address it names."""
    try:
        found = json.loads(run_file_path(data_dir).read_text(encoding="utf-8"))
        return RunFile(**{**found, "broker": BrokerAddress(**found["broker"])})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _write_whole(path: Path, text: str) -> None:
    """A reader sees the old file or the whole new one; only its owner may read it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
