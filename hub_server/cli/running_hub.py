"""The hub that runs on a data directory, as its API shows it to the other commands."""

import http.client
import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hub_server.app.data_files import api_token, api_token_path, read_run_file
from hub_server.cli.speech import CommandError

_TIMEOUT_S = 10.0
_ANSWER_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningHub:
    """Speaks to it with the API's token."""

    url: str
    token: str

    @classmethod
    def of(cls, data_dir: Path) -> "RunningHub":
        """Raises CommandError when none has left its address there."""
        run = read_run_file(data_dir)
        if run is None or not api_token_path(data_dir).exists():
            raise CommandError(f"no hub runs on {data_dir}; start one with: hub-server serve --data {data_dir}")
        return cls(url=run.url, token=api_token(data_dir))

    def post(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """The answer's JSON object. Raises CommandError when the hub refuses or does not answer."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT_S)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request("POST", path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read(_ANSWER_BYTES_MAX))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CommandError(f"the hub at {self.url} does not answer: {error}") from error
        finally:
            connection.close()
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise CommandError(_complaint(answer))
        return answer


def _complaint(problem: dict[str, Any]) -> str:
    """A problem of RFC 9457 in words, with a line for each field."""
    fields = [f"{field}: {text}" for field, text in problem.get("errors", {}).items()]
    return "\n".join([str(problem.get("detail") or problem.get("title") or "refused"), *fields])
