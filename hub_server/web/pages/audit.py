"""/audit: who looked at whom and who changed what, and whether anybody has changed that since."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from hub_server.store import audit_reading
from hub_server.store.audit_reading import AuditRow
from hub_server.web import audit_words, words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope
from hub_server.web.times import OFFICE_ZONE, microseconds, rfc3339

blueprint = Pages("audit_pages", __name__)
PAGE_ROWS: Final = 50
_CHARS_MAX: Final = 200
_WHY: Final = {
    "payload": ("内容被改过", "what it says was edited"),
    "chain": ("时间、操作者或次序被改过", "its time, actor or place was edited"),
    "copy": ("检索用的字段与内容不符", "what it is found by is not what it says"),
    "gap": ("它前面的记录不见了", "a row before it is gone"),
    "start": ("最早的记录不见了，且没有说明", "the oldest rows are gone without a word"),
    "cut": ("它后面的记录不见了", "rows behind it are gone"),
    "head": ("与导出的链头不符", "it is not what its exported head says"),
    "blanked": ("抹去的记录比应当抹去的多", "more rows are blank than erasures have blanked"),
}


@blueprint.page(Page(path="/audit", scope=Scope.AUDIT, looks=True))
def index() -> str | Response:
    asked = _asked(request.args)
    store = office().store
    with store.read() as db:
        rows = audit_reading.page(
            db,
            before=request.args.get("before", type=int),
            limit=PAGE_ROWS,
            actor=_actor(asked["actor"]),
            action=asked["action"] or None,
            subject=asked["subject"] or None,
            from_us=_day_us(asked["from"]),
            until_us=_day_us(asked["until"], days=1),
            reach=caller().reach,
        )
        checked = audit_reading.verify_tail(db)
    now_s = store.now_us() // 1_000_000
    return shown(
        "audit/list.html",
        rows=[_line(row, now_s) for row in rows],
        asked=asked,
        is_asked=any(asked.values()),
        checked=checked,
        why=None if checked.broken is None else _WHY[checked.broken.why],
        everywhere=caller().reach.areas is None,
        next=f"?{urlencode({**{k: v for k, v in asked.items() if v}, 'before': rows[-1].id})}"
        if len(rows) == PAGE_ROWS
        else None,
    )


def _asked(args: Mapping[str, str]) -> dict[str, str]:
    names = ("actor", "action", "subject", "from", "until")
    return {name: args.get(name, "").strip()[:_CHARS_MAX] for name in names}


def _actor(text: str) -> str | None:
    """A bare name is an account's."""
    if not text:
        return None
    return text if text.partition(" ")[0] in {"account", "token", "owner", "hub", "local"} else f"account {text}"


def _day_us(text: str, *, days: int = 0) -> int | None:
    """The beginning of a day by the office's clock, so many days later; what is no day is not asked for."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return microseconds(datetime.combine(day, time(), OFFICE_ZONE))
    except (ValueError, OverflowError):
        return None


def _line(row: AuditRow, now_s: int) -> dict[str, Any]:
    at = rfc3339(row.at_us)
    action_zh, action_en = audit_words.action(row.action)
    actor_zh, actor_en = audit_words.actor(row.actor)
    subject_zh, subject_en, path = audit_words.subject(row.subject)
    return {
        "id": row.id,
        "time": words.clock(at, now_s),
        "time_utc": words.utc(at),
        "actor": actor_zh,
        "actor_en": actor_en,
        "actor_begins": row.actor,
        "action": action_zh,
        "action_en": action_en,
        "name": row.action,
        "subject": subject_zh,
        "subject_en": subject_en,
        "path": path,
        "subject_begins": row.subject or "",
        "detail": " · ".join(f"{name}: {_said(value)}" for name, value in row.detail.items()),
        "forgotten": row.forgotten,
    }


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
