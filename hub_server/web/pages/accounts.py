"""/accounts: who may open the page, as what and where, and with which browsers they are logged in."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import accounts, areas, limits, logins, recipients
from hub_server.store.accounts import Account
from hub_server.store.logins import Session
from hub_server.web import browsers, words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import ROLE_WORDS, SCOPES_OF, Role, Scope
from hub_server.web.times import rfc3339

blueprint = Pages("accounts_pages", __name__)
SCOPE_WORDS: Final[Mapping[Scope, tuple[str, str]]] = {
    Scope.READ: ("看居民、警报、进出", "see people, alerts, passages"),
    Scope.EQUIPMENT: ("看设备", "see devices"),
    Scope.REVEAL: ("看完整的电话、住址（每次都记录）", "see phone and address in full, each look on record"),
    Scope.PEOPLE: ("登记和修改居民", "register and change people"),
    Scope.ALERTS: ("处理警报", "handle alerts"),
    Scope.EXCHANGE: ("导入导出", "import and export"),
    Scope.DEVICES: ("管理设备", "manage devices"),
    Scope.AUDIT: ("查审计", "read the audit"),
    Scope.ADMIN: ("管理账号和设置", "manage accounts and settings"),
}


@blueprint.page(Page(path="/accounts", scope=Scope.ADMIN, unbound=True))
def index() -> str | Response:
    who = caller()
    with office().store.read() as db:
        rows = list(_everybody(db))
        if who.reach.areas is not None:
            rows = [row for row in rows if row.areas and who.reach.areas.issuperset(row.areas)]
        return shown(
            "accounts/list.html",
            accounts=[_line(row) for row in rows],
            living=sum(row.disabled_us is None for row in rows),
            no_administrator=not any(_leads(row) for row in rows) and who.reach.areas is None,
            may_change=who.reach.areas is None,
            **_choices(db),
        )


@blueprint.page(Page(path="/accounts/<account>", scope=Scope.ADMIN, unbound=True))
def one(account: str) -> str | Response:
    now_us = office().store.now_us()
    with office().store.read() as db:
        row = accounts.one(db, account)
        return shown(
            "accounts/one.html",
            account=_line(row),
            sessions=[session(one) for one in logins.of_account(db, account, now_us=now_us)],
            scopes=[SCOPE_WORDS[scope] for scope in Scope if scope in SCOPES_OF[Role(row.role)]],
            may_change=caller().reach.areas is None,
            is_me=caller().account == account,
            **_choices(db),
        )


def session(row: Session) -> dict[str, Any]:
    """A browser that is logged in, in words."""
    now_s = office().store.now_us() // 1_000_000
    return {
        "id": row.id,
        "browser": browsers.words(row.agent),
        "agent": row.agent,
        "source": row.source,
        "created": words.clock(rfc3339(row.created_us), now_s),
        "seen": words.ago(rfc3339(row.seen_us), now_s),
        "this": row.id == caller().session,
    }


def _choices(db: Database) -> dict[str, Any]:
    """What the forms offer."""
    told = recipients.page(db, after=None, limit=limits.PAGE_ROWS_MAX)
    return {
        "role_options": [(role.value, *ROLE_WORDS[role]) for role in Role],
        "areas": areas.tree(db),
        "recipient_options": [("", "（不在通知名单里）", "nobody"), *((row.id, row.name, row.area) for row in told)],
    }


def _line(row: Account) -> dict[str, Any]:
    now_s = office().store.now_us() // 1_000_000
    return {
        "name": row.name,
        "display": row.display,
        "role": row.role,
        "role_words": ROLE_WORDS[Role(row.role)],
        "areas": sorted(row.areas),
        "where": _where(row.areas, row.role),
        "recipient": row.recipient,
        "has_password": row.password_us is not None,
        "password": None if row.password_us is None else words.clock(rfc3339(row.password_us), now_s),
        "created": words.clock(rfc3339(row.created_us), now_s),
        "created_by": row.created_by,
        "disabled": None if row.disabled_us is None else words.clock(rfc3339(row.disabled_us), now_s),
    }


def _where(named: Collection[str], role: str) -> tuple[str, str]:
    if named:
        return "、".join(sorted(named)), ""
    if role in {Role.ADMINISTRATOR, Role.AUDITOR}:
        return "全街道", "everywhere"
    return "还没有片区，什么也看不到", "no area yet: sees nothing"


def _leads(row: Account) -> bool:
    return row.role == Role.ADMINISTRATOR and not row.areas and row.disabled_us is None


def _everybody(db: Database) -> list[Account]:
    found: list[Account] = []
    while rows := accounts.page(db, after=found[-1].name if found else None, limit=limits.PAGE_ROWS_MAX):
        found += rows
    return sorted(found, key=lambda row: (row.disabled_us is not None, row.name))
