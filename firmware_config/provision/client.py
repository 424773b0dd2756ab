"""The hub, as `provision` asks it: JSON over HTTPS with the site's root pinned, or over the socket in its data."""

import http.client
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

import requests

from firmware_config.provision.errors import HubError, ProvisionError, UnreachableError
from firmware_config.provision.words import said

JSON_TYPE: Final = "application/json"
FILE_TYPE: Final = "application/octet-stream"
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
CONNECT_S: Final = 10.0
ANSWER_S: Final = 120.0  # the hub reads a table of 10,000 rows meanwhile
_BLANK: Final = "about:blank"
_CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`body`: at most ANSWER_BYTES_MAX."""

    status: int
    kind: str
    body: bytes


class Door(Protocol):
    """A way into the hub."""

    @property
    def name(self) -> str:
        """Where it leads, for people."""

    def ask(self, method: str, path: str, body: bytes | None, kind: str) -> Answer:
        """Raises UnreachableError."""


class RemoteDoor:
    """HTTPS: nothing but `root` is trusted, and neither proxies nor .netrc of the environment are looked at."""

    def __init__(self, *, url: str, token: str, root: Path | None) -> None:
        """`root`: None only for plain HTTP on this machine."""
        self.name = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = True if root is None else str(root)
        self._session.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: bytes | None, kind: str) -> Answer:
        headers = {} if body is None else {"Content-Type": kind}
        try:
            with self._session.request(
                method,
                self.name + path,
                data=body,
                headers=headers,
                timeout=(CONNECT_S, ANSWER_S),
                allow_redirects=False,
                stream=True,
            ) as response:
                told = b"".join(self._chunks(response))
                return Answer(status=response.status_code, kind=response.headers.get("Content-Type", ""), body=told)
        except requests.exceptions.SSLError as error:
            raise UnreachableError(
                f"{self.name} 的证书不是本站签发的，没有发送任何东西（{_short(error)}）；请检查 --ca 和网址",
                f"{self.name} shows a certificate that the site's root does not vouch for; nothing was sent"
                f" ({_short(error)}): check --ca and the address",
                code="wrong_root",
            ) from error
        except requests.exceptions.Timeout as error:
            raise UnreachableError(f"{self.name} 没有回答", f"{self.name} does not answer") from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise UnreachableError(
                f"连不上中心 {self.name}：{_short(error)}", f"the hub {self.name} is not reached: {_short(error)}"
            ) from error

    def _chunks(self, response: requests.Response) -> list[bytes]:
        chunks: list[bytes] = []
        left = ANSWER_BYTES_MAX
        for chunk in response.iter_content(_CHUNK_BYTES):
            chunks.append(chunk)
            left -= len(chunk)
            if left < 0:
                raise UnreachableError(f"{self.name} 的回答太长", f"the answer of {self.name} is too long")
        return chunks


class LocalDoor:
    """The hub's own machine: whoever may open DATA/hub.sock owns the data, and no token is needed."""

    def __init__(self, data: Path) -> None:
        self.name = str(data)
        self._socket = data / "hub.sock"

    def ask(self, method: str, path: str, body: bytes | None, kind: str) -> Answer:
        connection = _SocketConnection(self._socket)
        try:
            connection.request(method, path, body, {} if body is None else {"Content-Type": kind})
            response = connection.getresponse()
            told = response.read(ANSWER_BYTES_MAX + 1)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
            raise UnreachableError(f"{self.name} 上没有中心在运行", f"no hub runs on {self.name}") from error
        except PermissionError as error:
            raise UnreachableError(
                f"{self._socket} 属于另一个用户：请用运行中心的用户执行",
                f"{self._socket} belongs to another user: run this as the one who serves",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(
                f"{self.name} 上的中心没有回答：{error}", f"the hub on {self.name} does not answer: {error}"
            ) from error
        finally:
            connection.close()
        if len(told) > ANSWER_BYTES_MAX:
            raise UnreachableError(f"{self.name} 的回答太长", f"the answer of {self.name} is too long")
        return Answer(status=response.status, kind=response.headers.get("Content-Type", ""), body=told)


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_S)
        self._path = path

    def connect(self) -> None:
        folder = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            self.sock.settimeout(ANSWER_S)
            self.sock.connect(f"/proc/self/fd/{folder}/{self._path.name}")  # a socket's address holds 107 bytes only
        finally:
            os.close(folder)


class HubClient:
    """JSON in, JSON out. Everything raises HubError when the hub refuses, UnreachableError when it does not answer."""

    def __init__(self, door: Door) -> None:
        self._door = door

    @property
    def name(self) -> str:
        return self._door.name

    def get(self, path: str, query: Mapping[str, object] | None = None) -> dict[str, Any]:
        return self._json("GET", path, None, query)

    def post(self, path: str, body: object = None) -> dict[str, Any]:
        return self._json("POST", path, body)

    def put(self, path: str, body: object) -> dict[str, Any]:
        return self._json("PUT", path, body)

    def patch(self, path: str, body: object) -> dict[str, Any]:
        return self._json("PATCH", path, body)

    def delete(self, path: str) -> dict[str, Any]:
        return self._json("DELETE", path, None)

    def upload(self, path: str, content: bytes, query: Mapping[str, object] | None = None) -> dict[str, Any]:
        """A file as it is."""
        return _object(self.ask("POST", _with(path, query), content, FILE_TYPE))

    def download(self, path: str, query: Mapping[str, object] | None = None) -> bytes:
        return self.ask("GET", _with(path, query), None, JSON_TYPE).body

    def items(self, path: str, query: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """All of a list: page by page where it comes in pages (`next`)."""
        found: list[dict[str, Any]] = []
        asked = dict(query or {})
        while True:
            page = self.get(path, asked)
            found.extend(page["items"])
            if not page.get("next"):
                return found
            asked["after"] = page["next"]

    def _json(self, method: str, path: str, body: object, query: Mapping[str, object] | None = None) -> dict[str, Any]:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        return _object(self.ask(method, _with(path, query), content, JSON_TYPE))

    def ask(self, method: str, path: str, content: bytes | None, kind: str) -> Answer:
        answer = self._door.ask(method, path, content, kind)
        if 300 <= answer.status < 400:
            raise UnreachableError(
                f"{self.name} 把我们引向别处；这不是中心的网址", f"{self.name} sends us elsewhere: that is no hub"
            )
        if answer.status >= 400:
            raise _refusal(answer)
        return answer


def at(*names: str) -> str:
    """A path of the API with its names quoted, of "devices" and "gate-east" for example."""
    return "/api/v1/" + "/".join(quote(name, safe="") for name in names)


def _with(path: str, query: Mapping[str, object] | None) -> str:
    asked = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(asked)}" if asked else path


def _object(answer: Answer) -> dict[str, Any]:
    """An empty one for an answer without a body."""
    if not answer.body:
        return {}
    try:
        value = json.loads(answer.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UnreachableError("对方的回答看不懂；这不是守望中心", "the answer is not a hub's", code="no_hub")
    return value


def _refusal(answer: Answer) -> ProvisionError:
    """A problem of RFC 9457 as the hub writes them; in words of ours when it is not one."""
    try:
        problem = json.loads(answer.body)
        fields = {str(name): str(text) for name, text in (problem.get("errors") or {}).items()}
        message = str(problem.get("detail") or problem.get("title"))
        kind = str(problem.get("type") or _BLANK)
    except (ValueError, AttributeError):
        fields, kind = {}, _BLANK
        message = said("中心拒绝了", "the hub refused") + f" ({answer.status})"
    if answer.status == HTTPStatus.UNAUTHORIZED:
        message = said("中心不认识这个令牌", "the hub does not know this token") + f" ({message})"
    code = _named(answer.status) if kind == _BLANK else kind.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return HubError(answer.status, code, message, fields)


def _named(status: int) -> str:
    """A stable word for --json: `not_found` of 404."""
    try:
        return HTTPStatus(status).name.casefold()
    except ValueError:
        return str(status)


def _short(error: BaseException) -> str:
    """The innermost reason: requests wraps them three deep."""
    reason: BaseException = error
    while (inner := reason.__cause__ or reason.__context__) is not None and inner is not reason:
        reason = inner
    return " ".join(str(reason).split())[:160]
