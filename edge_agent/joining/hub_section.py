"""The broker's address in `agent.toml`: two values of [hub], put right without touching anything else. Pure."""

import re
import tomllib
from typing import Final

from edge_agent.errors import JoinError

_HUB: Final = re.compile(r"^[ \t]*\[[ \t]*hub[ \t]*\][ \t]*(#.*)?\r?$", re.MULTILINE)
_NEXT: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)


def with_broker(text: str, *, host: str, port: int) -> str:
    """The same document with this host and port in [hub]; the same text when it has them.

    Raises JoinError for a document whose [hub] cannot be changed line by line.
    """
    before = _parsed(text)
    hub = before.get("hub", {})
    if not isinstance(hub, dict):
        raise JoinError("[hub] is no section of this file")
    if (hub.get("host"), hub.get("port", 1883)) == (host, port):
        return text
    changed = _set(_set(text, "port", str(port)), "host", f'"{host}"')
    if _parsed(changed) != {**before, "hub": {**hub, "host": host, "port": port}}:
        raise JoinError(f"its [hub] cannot be changed by a program: write host = {host!r} and port = {port} there")
    return changed


def _set(text: str, key: str, value: str) -> str:
    begin = _HUB.search(text)
    if begin is None:
        return text
    after = _NEXT.search(text, begin.end())
    end = len(text) if after is None else after.start()
    body = text[begin.end() : end]
    line = re.compile(rf'^([ \t]*{key}[ \t]*=[ \t]*)("[^"\n]*"|\'[^\'\n]*\'|[^\s#"\']+)', re.MULTILINE)
    if line.search(body):
        body = line.sub(lambda found: found.group(1) + value, body, count=1)
    else:
        body = f"\n{key} = {value}{body}"
    return text[: begin.end()] + body + text[end:]


def _parsed(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise JoinError(f"it is not TOML: {error}") from error
