"""A hub with the invented neighbourhood in it, in a process of its own, and ways in for people."""

import json
import re
import secrets
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from hub_process import Hub, start_hub
from playwright.sync_api import BrowserContext
from stage import BIN, Api, Stage

PASSWORD = "liang ke gui hua shu"


@dataclass(frozen=True, kw_only=True)
class OfficeHub:
    """`device_secrets` are the devices' passwords at the broker, by device."""

    hub: Hub
    data: Path
    device_secrets: dict[str, str]

    @property
    def api(self) -> Api:
        return self.hub.api

    @property
    def url(self) -> str:
        return self.hub.api.url

    def command(self, *arguments: str) -> str:
        """What `hub-server` prints, run on this hub's data. Raises CalledProcessError when it refuses."""
        name, *rest = arguments
        done = subprocess.run(
            [BIN / "hub-server", name, *rest, "--data", self.data], capture_output=True, text=True, check=True
        )
        return done.stdout

    def watch_of(self, person: str) -> dict[str, object]:
        (found,) = [watch for watch in self.api.items("/api/v1/watches?limit=200") if watch["person"] == person]
        return found

    def miss(self, person: str, name: str, area: str) -> None:
        """Somebody new whom nobody has seen for 25 hours: the hub raises the alert at its next look."""
        seen_at = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
        self.api.post(
            "/api/v1/people", id=person, name=name, area=area, address=f"{area} 3 组 12 号", phone="138 0013 0001"
        )
        self.api.post("/api/v1/watches", person=person, last_seen_at=seen_at)

    def bring(self, kind: str, name: str, text: str) -> None:
        """A table, read and kept as the page of imports does; nothing is taken over yet."""
        wanted = Request(  # noqa: S310 our own hub
            f"{self.url}/api/v1/imports?{urlencode({'kind': kind, 'name': name})}",
            data=text.encode(),
            headers={"Authorization": f"Bearer {self.api.token}", "Content-Type": "application/octet-stream"},
        )
        with urlopen(wanted, timeout=30) as answer:  # noqa: S310 the same
            assert answer.status == 201

    def link(self) -> str:
        """A link that logs in once."""
        return str(self.api.post("/api/v1/login-links")["url"])

    def log_in_worker(self, context: BrowserContext, area: str) -> None:
        """Logs in 王敏, a grid worker of this area, as she does herself: by the link that sets her password."""
        name = f"wangmin-{secrets.token_hex(3)}"
        said = self.command("account", "create", name, "--display", "王敏", "--role", "grid_worker", "--area", area)
        (link,) = re.findall(r"http://\S+", said)
        page = context.new_page()
        page.goto(link)
        for field in page.locator("input[type=password]").all():
            field.fill(PASSWORD)
        page.locator("form button.primary").click()
        page.wait_for_url(f"{self.url}/**")
        page.close()

    def log_in(self, context: BrowserContext) -> None:
        """As the owner of the data does: by a link that works once."""
        page = context.new_page()
        page.goto(self.link())
        page.locator("form button.primary").click()
        page.wait_for_url(f"{self.url}/")
        page.close()


def open_office(stage: Stage) -> OfficeHub:
    """Seeds and serves a hub in the stage's folder; the stage ends it."""
    data = stage.folder / "hub"
    seeded = subprocess.run(
        [BIN / "hub-server", "seed-demo", "--data", data, "--json"], capture_output=True, text=True, check=True
    )
    found = {one["id"]: one["secret"] for one in json.loads(seeded.stdout)["devices"]}
    return OfficeHub(hub=start_hub(stage), data=data, device_secrets=found)
