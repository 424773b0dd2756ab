"""How long a hub takes for each page and list of a large office (crowd.py), for an administrator and a grid worker."""

import http.client
import math
import re
import statistics
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from crowd_size import Crowd, device_id, person_id, place_name, plate

from hub_server.app.data_files import read_run_file
from hub_server.store import accounts, logins
from hub_server.store.store import Store, now_us
from hub_server.web.app import OPERATIONS, PAGES
from hub_server.web.auth import COOKIE
from hub_server.web.operations import JSON
from hub_server.web.scopes import SCOPES_OF, Role, granted

PAGE_P95_MS_MAX: Final = 300.0
SEARCH_P95_MS_MAX: Final = 100.0
CLIENTS: Final = 4
TIMEOUT_S: Final = 60
SEARCHES: Final = (
    "张",
    "王秀兰",
    "李建",
    "lxl",
    "zhangg",
    "wanghua",
    "粤B000",
    "粤B01234",
    "13800001",
    "H0012",
    "示范社区03",
)
"""A surname, names and their beginnings, pinyin and initials, plates, digits of a telephone, a household, a place."""
NOT_ASKED: Final = frozenset({"/api/v1/stream", "/api/v1/imports/template", "/openapi.json"})
"""An endless answer, a file, and what never changes."""
LONGEST: Final = {
    "/api/v1/traffic/counts": {"bucket": "hour"},
    "/api/v1/traffic/gates": {},
    "/api/v1/traffic/clinics": {},
}
"""What is asked of the lists that count: the last 30 days."""
MORE: Final = {
    "/people": ({"q": "李"}, {"q": "zhangg"}),
    "/passages": ({"kind": "known"}, {"kind": "vehicle"}, {"plate": plate(77)}, {"who": "李秀兰"}),
    "/passages/figures": ({"days": "7"}, {"days": "30"}),
    "/search": ({"q": "王建"},),
    "/api/v1/passages": ({"kind": "stranger"}, {"plate": plate(77)}),
}
"""Besides the bare page or list: with what people ask for."""
_NAME: Final = re.compile(r"<(?:row_id:)?([a-z_]+)>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """Somebody with a session."""

    role: Role
    token: str

    @property
    def may(self) -> frozenset[str]:
        return granted(SCOPES_OF[self.role])


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One page or list: the paths that are asked for in turn. `kind`: page, list or search."""

    name: str
    kind: str
    paths: tuple[str, ...]
    scope: str | None


def visitors(data: Path, crowd: Crowd) -> list[Visitor]:
    """An administrator, and a worker who is bound to the first grid. Nobody may hold the store meanwhile."""
    store = Store.open(data)

    def job(db: Any) -> list[Visitor]:
        found = []
        for role, areas in ((Role.ADMINISTRATOR, ()), (Role.GRID_WORKER, (crowd.grid(0),))):
            name, at_us = f"bench-{role.value.replace('_', '-')}", now_us()
            if accounts.get(db, name) is None:
                accounts.create(db, name=name, display=name, role=role, by="bench", now_us=at_us, areas=areas)
            found.append(Visitor(role=role, token=logins.open_session(db, account=name, now_us=at_us)))
        return found

    try:
        return store.write(job)
    finally:
        store.close()


def names_of(crowd: Crowd, n: int) -> dict[str, str]:
    """What stands in a path: the n-th of each that lies in the worker's grid."""
    household = n % (crowd.households // crowd.apart) * crowd.apart
    device = 0 if crowd.devices <= crowd.apart else n % (crowd.devices // crowd.apart) * crowd.apart
    vehicle = n % (crowd.vehicles // crowd.apart) * crowd.apart
    watched = n % (crowd.watched // crowd.apart) * crowd.apart
    return {
        "person": person_id(household),
        "household": str(household + 1),
        "vehicle": str(vehicle + 1),
        "device": device_id(device),
        "place": quote(place_name(crowd, device)),
        "area": quote(crowd.grid(0)),
        "alert": str(watched + 1),
        "watch": str(watched + 1),
        "recipient": "1",
        "account": "bench-grid-worker",
        "purpose": "welfare",
    }


NONE_THERE: Final = frozenset({"table", "sheet", "rollout"})
"""Names of which the crowd has none: pages of theirs are not measured."""


def everything(crowd: Crowd, *, times: int) -> list[Asked]:
    """Every page, every list, and what people type into search. Raises SystemExit for a page that nobody thought of."""
    return [*pages(crowd, times=times), *lists(), *searches()]


def pages(crowd: Crowd, *, times: int) -> list[Asked]:
    found = []
    for page in PAGES.values():
        names = _NAME.findall(page.path)
        strange = set(names) - names_of(crowd, 0).keys() - NONE_THERE
        if strange:
            raise SystemExit(f"{page.path}: say in hub_pages.py which {min(strange)} is asked for")
        if not NONE_THERE.isdisjoint(names):
            continue
        paths = tuple(dict.fromkeys(_NAME.sub("{\\1}", page.path).format(**names_of(crowd, n)) for n in range(times)))
        found.append(Asked(name=page.path, kind="page", paths=paths, scope=page.scope))
        found += _more(page.path, "page", page.scope)
    return found


def lists() -> list[Asked]:
    """Whatever the API lists, as a program asks first."""
    found = []
    for one in OPERATIONS.values():
        if one.method != "GET" or one.content != JSON or "<" in one.path or one.path in NOT_ASKED:
            continue
        path = one.path if one.path not in LONGEST else f"{one.path}?{urlencode({**LONGEST[one.path], **_month()})}"
        if one.path == "/api/v1/search":
            continue
        found.append(Asked(name=path.partition("&since")[0], kind="list", paths=(path,), scope=one.scope))
        found += _more(one.path, "list", one.scope)
    return found


def searches() -> list[Asked]:
    return [
        Asked(name=f"search {typed}", kind="search", paths=(f"/api/v1/search?{urlencode({'q': typed})}",), scope="read")
        for typed in SEARCHES
    ]


def _more(path: str, kind: str, scope: str | None) -> list[Asked]:
    return [
        Asked(name=f"{path}?{'&'.join(f'{k}={v}' for k, v in given.items())}", kind=kind, paths=(whole,), scope=scope)
        for given in MORE.get(path, ())
        for whole in [f"{path}?{urlencode(given)}"]
    ]


def _month() -> dict[str, str]:
    def text(at_s: float) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))

    return {"since": text(time.time() - 30 * 86400), "until": text(time.time())}


class Browser:
    """One connection that stays."""

    def __init__(self, host: str, port: int, visitor: Visitor) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        self._headers = {"Cookie": f"{COOKIE}={visitor.token}"}

    def get(self, path: str) -> tuple[int, float]:
        """The status, and the milliseconds until the last byte was there."""
        began_s = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        response.read()
        return response.status, (time.perf_counter() - began_s) * 1000

    def close(self) -> None:
        self._connection.close()


def measure(
    address: tuple[str, int], everybody: Sequence[Visitor], asked: Sequence[Asked], *, times: int
) -> list[dict[str, Any]]:
    """Each of them so many times, one after the other, for each visitor who may; then by CLIENTS at once."""
    rows = []
    for one in asked:
        row: dict[str, Any] = {"name": one.name, "kind": one.kind}
        for visitor in everybody:
            if one.scope is not None and one.scope not in visitor.may:
                continue
            with closing(Browser(*address, visitor)) as browser:
                row[visitor.role.value] = figures(_ask(browser, one.paths, times))
        rows.append(row)
    _at_once(address, everybody[0], asked, rows, times=times)
    return rows


def _ask(browser: Browser, paths: Sequence[str], times: int) -> list[float]:
    """Raises SystemExit for an answer that is none. The first one, which warms caches up, is not counted."""
    took = []
    for n in range(times + 1):
        path = paths[n % len(paths)]
        status, ms = browser.get(path)
        if status != HTTPStatus.OK:
            raise SystemExit(f"{path} answered {status}")
        took.append(ms)
    return took[1:]


def _at_once(
    address: tuple[str, int], visitor: Visitor, asked: Sequence[Asked], rows: list[dict[str, Any]], *, times: int
) -> None:
    """The same requests by several clients, each going through all pages from another one on."""
    took: list[list[float]] = [[] for _ in asked]
    failures: list[BaseException] = []

    def client(number: int) -> None:
        try:
            with closing(Browser(*address, visitor)) as browser:
                for turn in range(max(2, times // CLIENTS)):
                    for step in range(len(asked)):
                        place = (step + number * len(asked) // CLIENTS + turn) % len(asked)
                        path = asked[place].paths[turn % len(asked[place].paths)]
                        took[place].append(browser.get(path)[1])
        except BaseException as error:  # noqa: BLE001 the root of the thread: raised below
            failures.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    for row, these in zip(rows, took, strict=True):
        row["at_once"] = figures(these)


def figures(took_ms: Sequence[float]) -> dict[str, float]:
    ordered = sorted(took_ms)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(percentile(ordered, 95), 1),
        "max": round(ordered[-1], 1),
    }


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest of them that is not below so many per cent of all."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def misses(rows: Iterable[dict[str, Any]]) -> list[str]:
    """What one client waits for too long, in words. Pages and lists have one limit, search another."""
    found = []
    for row in rows:
        limit = SEARCH_P95_MS_MAX if row["kind"] == "search" else PAGE_P95_MS_MAX
        found += [
            f"{row['name']} as {role.value}: {row[role.value]['p95']:.0f} ms p95, {limit:.0f} is the limit"
            for role in (Role.ADMINISTRATOR, Role.GRID_WORKER)
            if role.value in row and row[role.value]["p95"] > limit
        ]
    return found


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    heads = (Role.ADMINISTRATOR.value, Role.GRID_WORKER.value, "at_once")
    lines = [f"{'ms: p50 / p95 / max':<46}" + "".join(f"{head:>24}" for head in heads)]
    for row in rows:
        cells = [
            f"{row[head]['p50']:.0f} / {row[head]['p95']:.0f} / {row[head]['max']:.0f}" if head in row else "-"
            for head in heads
        ]
        lines.append(f"{row['name'][:45]:<46}" + "".join(f"{cell:>24}" for cell in cells))
    return lines


def address_of(data: Path) -> tuple[str, int]:
    """Where the running hub's page is."""
    run = read_run_file(data)
    assert run is not None, "it runs"
    found = urlsplit(run.url)
    assert found.hostname is not None
    assert found.port is not None
    return found.hostname, found.port
