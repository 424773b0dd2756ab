"""The menu: what there is to go to, for whoever may."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import request

from hub_server.store.reach import EVERYWHERE
from hub_server.web.auth import Caller
from hub_server.web.scopes import Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the menu. `near`: also in the bar at a phone's lower edge."""

    path: str
    zh: str
    en: str
    scope: Scope | None
    sign: str  # one Chinese character that stands for it
    near: bool = False
    whole: bool = False  # for whom the whole office is in reach (the page is `unbound`)


ENTRIES = (
    Entry(path="/", zh="今日", en="Today", scope=Scope.READ, sign="今", near=True),
    Entry(path="/alerts", zh="警报", en="Alerts", scope=Scope.READ, sign="警", near=True),
    Entry(path="/people", zh="居民", en="People", scope=Scope.READ, sign="民", near=True),
    Entry(path="/households", zh="家庭", en="Households", scope=Scope.READ, sign="家"),
    Entry(path="/vehicles", zh="车辆", en="Vehicles", scope=Scope.READ, sign="车"),
    Entry(path="/passages", zh="进出", en="Passages", scope=Scope.READ, sign="行", near=True),
    Entry(path="/devices", zh="设备", en="Devices", scope=Scope.EQUIPMENT, sign="机"),
    Entry(path="/rollouts", zh="推送", en="Rollouts", scope=Scope.EQUIPMENT, sign="推"),
    Entry(path="/places", zh="地点", en="Places", scope=Scope.READ, sign="地"),
    Entry(path="/areas", zh="片区", en="Areas", scope=Scope.READ, sign="区"),
    Entry(path="/workers", zh="工作人员", en="Workers", scope=Scope.ADMIN, sign="员"),
    Entry(path="/imports", zh="导入导出", en="Tables", scope=Scope.EXCHANGE, sign="表"),
    Entry(path="/privacy", zh="隐私", en="Privacy", scope=Scope.PEOPLE, sign="隐"),
    Entry(path="/accounts", zh="账号", en="Accounts", scope=Scope.ADMIN, sign="户", whole=True),
    Entry(path="/audit", zh="审计", en="Audit", scope=Scope.AUDIT, sign="审"),
    Entry(path="/me", zh="我的", en="Me", scope=None, sign="我"),
)


def home(scopes: Collection[str]) -> str:
    """The page to begin with, of those that these scopes open."""
    return next(entry.path for entry in ENTRIES if entry.scope is None or entry.scope in scopes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An entry as it stands on this page."""

    entry: Entry
    here: bool


def entries(who: Caller) -> list[Shown]:
    """For them, in their order."""
    path = request.path
    return [
        Shown(entry=entry, here=path == entry.path or (entry.path != "/" and path.startswith(f"{entry.path}/")))
        for entry in ENTRIES
        if (entry.scope is None or who.may(entry.scope)) and not (entry.whole and who.reach != EVERYWHERE)
    ]
