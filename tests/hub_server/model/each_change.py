"""One request for each route that changes something, in an order in which all of them succeed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from flask.testing import FlaskClient
from two_communities import Community
from web_hub import HOUR_US, WebHub, csrf_of
from werkzeug.test import TestResponse

from edge_agent.wire.model_bundle import pack
from hub_server.store import logins
from hub_server.web.app import OPERATIONS
from hub_server.web.times import rfc3339

ANOTHER: Final = "另一个人"
"""Whom every request names as its author, though an account sends it."""
_TABLE: Final = "姓名,手机\n新来的,13800138009\n".encode()
PASSWORD: Final = "a long way to the river"
_NEXT: Final = "and a longer one back"


@dataclass(frozen=True, kw_only=True)
class Change:
    """`path`: with names of `Community.ids`. `raw`: the body of a route that takes no JSON."""

    endpoint: str
    path: str = ""  # "": the route's own
    body: Any = None
    raw: bytes | None = None
    names: dict[str, str] = field(default_factory=dict)  # of the path, instead of the community's


def changes(hub: WebHub) -> list[Change]:
    """For the account "boss" with PASSWORD, an administrator who reaches everywhere; there is one "wu", too."""
    ahead = rfc3339(hub.clock() + 5 * HOUR_US)
    rests = {"person": "p-near-rests"}
    return [
        Change(endpoint="people.create", body={"id": "p-new", "name": "新人", "area": "近水村", "born": "1950-01-02"}),
        Change(endpoint="people.change", body={"phone": "13800138007", "by": ANOTHER}),
        Change(endpoint="households.create", body={"address": "近水村 9 号", "area": "近水村"}),
        Change(endpoint="households.change", body={"note": "新的", "by": ANOTHER}),
        Change(endpoint="households.remove", names={"household": "3"}),
        Change(endpoint="places.create", body={"name": "近水店", "area": "近水村"}),
        Change(endpoint="places.change", body={"note": "新的", "by": ANOTHER}),
        Change(endpoint="places.remove", names={"place": "近水店"}),
        Change(endpoint="areas.create", body={"name": "近水社区", "kind": "community"}),
        Change(endpoint="areas.change", names={"area": "近水社区"}, body={"code": "12", "by": ANOTHER}),
        Change(endpoint="areas.remove", names={"area": "近水社区"}),
        Change(
            endpoint="consents.create",
            body={"purpose": "door", "text_version": "2026-1", "given_on": "2026-01-02", "collector": "社区"},
        ),
        Change(endpoint="faces.enrol", body={"photos": ["/9j/AAAA"], "by": ANOTHER}),
        Change(endpoint="placements.put"),
        Change(endpoint="placements.remove"),
        Change(endpoint="consents.withdraw", names={"purpose": "door"}, body={"by": ANOTHER}),
        Change(endpoint="faces.erase"),
        Change(endpoint="watches.create", body={"person": "p-new"}),
        Change(endpoint="watches.change", body={"grace_s": 60}),
        Change(endpoint="pauses.end", body={"by": ANOTHER}),
        Change(endpoint="pauses.create", names=rests, body={"until": ahead, "reason": "住院", "by": ANOTHER}),
        Change(endpoint="observations.create", names=rests, body={"kind": "phone", "by": ANOTHER}),
        Change(endpoint="observations.withdraw", body={"by": ANOTHER}),
        Change(endpoint="corrections.create", body={"note": "不是", "by": ANOTHER}),
        Change(endpoint="reports.report", body={"report": "not_found", "author": ANOTHER}),
        Change(endpoint="alerts.change", body={"state": "closed", "outcome": "well", "author": ANOTHER}),
        Change(endpoint="contacts.create", body={"name": "新联系人"}),
        Change(endpoint="contacts.remove"),
        Change(
            endpoint="recipients.create",
            body={"rung": "worker", "name": "新网格员", "urls": ["json://a"], "area": "近水村"},
        ),
        Change(endpoint="recipients.change", body={"phone": "13800138008"}),
        Change(endpoint="recipients.remove"),
        Change(endpoint="ladder.set_wait", body={"wait_s": 600}),
        Change(endpoint="devices.create", body={"id": "new-gate", "area": "近水村"}),
        Change(endpoint="devices.change", body={"place": "近水后门"}),
        Change(endpoint="devices.renew"),
        Change(endpoint="commands.create", body={"kind": "picture", "reason": "门口太暗", "by": ANOTHER}),
        Change(endpoint="profiles.put", body={"kind": "barrier", "camera": "rtsp://a:b@10.0.0.9/", "relay": "gpio:4"}),
        Change(endpoint="join_tokens.create", body={}),
        Change(endpoint="join_tokens.void"),
        Change(endpoint="releases.create", raw=pack({})),
        Change(endpoint="rollouts.stop", body={"by": ANOTHER}),
        Change(endpoint="rollouts.stop", names={"rollout": "2"}, body={"by": ANOTHER}),
        Change(
            endpoint="rollouts.create",
            body={"kind": "config", "everywhere": True, "change": {"camera": {"fps": 10}}, "by": ANOTHER},
        ),
        Change(endpoint="rollouts.advance", names={"rollout": "3"}),
        Change(endpoint="retiring.revoke", body={"reason": "卡被偷了"}),
        Change(endpoint="retiring.retire", names={"device": "new-gate"}, body={"reason": "门拆了"}),
        Change(endpoint="retiring.unretire", names={"device": "new-gate"}),
        Change(endpoint="quarantine.dismiss", body={"by": ANOTHER, "note": "测试"}),
        Change(endpoint="quarantine.release", body={"by": ANOTHER}),
        Change(endpoint="conflicts.settle", body={"by": ANOTHER, "note": "换卡"}),
        Change(
            endpoint="vehicles.create",
            body={"plate": "粤B22222", "owner": "visitor", "label": "访客", "by": ANOTHER},
        ),
        Change(endpoint="vehicles.change", body={"label": "新的", "by": ANOTHER}),
        Change(endpoint="vehicles.unplace"),
        Change(endpoint="vehicles.place"),
        Change(endpoint="vehicles.remove"),
        Change(endpoint="tokens.create", body={"name": "board", "scopes": ["read"]}),
        Change(endpoint="tokens.revoke", names={"token": "board"}),
        Change(endpoint="imports.bring", path="/api/v1/imports?kind=people&name=people.csv", raw=_TABLE),
        Change(endpoint="imports.apply", names={"table": "1"}),
        Change(endpoint="imports.bring", path="/api/v1/imports?kind=people&name=people.csv", raw=_TABLE),
        Change(endpoint="imports.remove", names={"table": "2"}),
        Change(endpoint="retention.change", names={"kept": "strangers"}, body={"days": 20, "by": ANOTHER}),
        Change(endpoint="retention.run", body={}),
        Change(
            endpoint="accounts.create",
            body={"name": "chen", "display": "陈", "role": "viewer", "areas": ["近水村"]},
        ),
        Change(endpoint="accounts.change", names={"account": "chen"}, body={"display": "陈红"}),
        Change(endpoint="accounts.invite", names={"account": "chen"}),
        Change(endpoint="accounts.disable", names={"account": "chen"}),
        Change(endpoint="accounts.enable", names={"account": "chen"}),
        Change(endpoint="sessions.revoke", names={"session": "$session of wu"}),
        Change(endpoint="sessions.revoke_all", names={"account": "wu"}),
        Change(endpoint="me.change", body={"display": "老板"}),
        Change(endpoint="me.revoke", names={"session": "$session of boss"}),
        Change(endpoint="me.set_password", body={"old": PASSWORD, "password": _NEXT}),
        Change(endpoint="people.remove", names={"person": "p-new"}, body={"by": ANOTHER}),
        Change(endpoint="people.restore", names={"person": "p-new"}, body={"by": ANOTHER}),
        Change(endpoint="people.erase", names={"person": "p-new"}),
    ]


def send(hub: WebHub, browser: FlaskClient, near: Community, change: Change) -> TestResponse:
    """As the page does."""
    path = change.path or OPERATIONS[change.endpoint].path
    for name, given in change.names.items():
        shown = _session(hub, given) if given.startswith("$session of ") else given
        path = path.replace(f"<row_id:{name}>", shown).replace(f"<{name}>", shown)
    sent: dict[str, Any] = {"json": change.body if change.body is not None else None}
    if change.raw is not None:
        sent = {"data": change.raw, "content_type": "application/octet-stream"}
    method = OPERATIONS[change.endpoint].method
    return browser.open(near.path(path), method=method, headers=csrf_of(browser), **sent)


def _session(hub: WebHub, given: str) -> str:
    """Another session of the account, opened for this."""
    account = given.removeprefix("$session of ")
    before = _sessions(hub, account)
    hub.log_in_as(account)
    (opened,) = _sessions(hub, account) - before
    return opened


def _sessions(hub: WebHub, account: str) -> set[str]:
    with hub.store.read() as db:
        return {str(one.id) for one in logins.of_account(db, account, now_us=hub.clock())}


def changing() -> Iterator[str]:
    """Every route of the API that changes something."""
    for endpoint, operation in OPERATIONS.items():
        if operation.method != "GET":
            yield endpoint
