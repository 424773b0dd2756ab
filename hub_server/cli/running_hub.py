"""The hub that runs on a data directory, as the other commands speak to it: over DATA/hub.sock."""

import http.client
import json
import os
import socket
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from hub_server.app.local_server import socket_path
from hub_server.cli.speech import CommandError

_TIMEOUT_S = 30.0
_ANSWER_BYTES_MAX = 8 * 1024 * 1024


class _LocalConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            self.sock.settimeout(_TIMEOUT_S)
            self.sock.connect(f"/proc/self/fd/{folder}/{self._path.name}")  # an address holds 107 bytes only
        finally:
            os.close(folder)


class RunningHub:
    """Needs no token: whoever may open the socket owns the data."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._path = socket_path(data_dir)

    @classmethod
    def of(cls, data_dir: Path) -> "RunningHub":
        """Raises CommandError when none runs there, or when it is another user's."""
        hub = cls(data_dir)
        connection = _LocalConnection(hub._path)
        try:
            connection.connect()
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
            raise CommandError(
                f"no hub runs on {data_dir}; start one with: hub-server serve --data {data_dir}"
            ) from error
        except PermissionError as error:
            raise CommandError(
                f"{hub._path} belongs to another user: run this command as the one who serves"
            ) from error
        except OSError as error:
            raise CommandError(f"the hub on {data_dir} does not answer: {error}") from error
        finally:
            connection.close()
        return hub

    def get(self, path: str) -> dict[str, Any]:
        """The answer's JSON object. Raises CommandError when the hub refuses or does not answer."""
        return self.request("GET", path)

    def post(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """The same for what changes something."""
        return self.request("POST", path, body)

    def request(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """The answer's JSON object, an empty one for an answer without a body. Raises CommandError."""
        status, answer = self._exchange(method, path, None if body is None else json.dumps(body))
        if status >= HTTPStatus.BAD_REQUEST:
            raise CommandError(_complaint(answer))
        return answer

    def fill_in(self, path: str, fields: Mapping[str, str]) -> None:
        """Sends a form of the page. Raises CommandError when it is not taken."""
        content = urlencode(fields)
        status, _ = self._exchange("POST", path, content, kind="application/x-www-form-urlencoded")
        if status >= HTTPStatus.BAD_REQUEST:
            raise CommandError(f"the hub refused what was filled in ({status})")

    def ask_health(self) -> dict[str, Any]:
        """What /healthz says, well or not. Raises CommandError when nobody answers."""
        return self._exchange("GET", "/healthz", None)[1]

    def _exchange(
        self, method: str, path: str, content: str | None, *, kind: str = "application/json"
    ) -> tuple[int, dict[str, Any]]:
        """The status, and the answer's JSON object: an empty one when it is no JSON."""
        connection = _LocalConnection(self._path)
        try:
            connection.request(method, path, None if content is None else content.encode(), {"Content-Type": kind})
            response = connection.getresponse()
            body = response.read(_ANSWER_BYTES_MAX)
            is_json = "json" in response.headers.get_content_type()
            answer: dict[str, Any] = json.loads(body) if body and is_json else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CommandError(f"the hub on {self._data_dir} does not answer: {error}") from error
        finally:
            connection.close()
        return response.status, answer


def _complaint(problem: dict[str, Any]) -> str:
    """A problem of RFC 9457 in words, with a line for each field."""
    fields = [f"{field}: {text}" for field, text in problem.get("errors", {}).items()]
    return "\n".join([str(problem.get("detail") or problem.get("title") or "refused"), *fields])


def person_path(person: str) -> str:
    """Where the API has a person."""
    return f"/api/v1/people/{quote(person, safe='')}"
