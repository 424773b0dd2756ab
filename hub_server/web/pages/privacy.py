"""/privacy: how many faces are kept, what is owed after erasures, how long things are kept, and a person's own file."""

from typing import Any, Final

from flask import request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from hub_server.store import directory, enrolment_counts, retention
from hub_server.store.directory import Sought
from hub_server.store.enrolment_counts import FILING_AT, WARN_AT, Owed
from hub_server.store.reach import EVERYWHERE
from hub_server.store.retention import DataClass, Deletion, Kept
from hub_server.web import words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.retention_words import WORDS
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339

blueprint = Pages("privacy_pages", __name__)
FOUND_MAX: Final = 20
OWED_MAX: Final = 50
DELETIONS: Final = 30


@blueprint.page(Page(path="/privacy", scope=Scope.PEOPLE, looks=True))
def index() -> str | Response:
    store, who, q = office().store, caller(), request.args.get("q", "").strip()
    now_s = store.now_us() // 1_000_000
    with store.read() as db:
        return shown(
            "privacy/list.html",
            enrolled=enrolment_counts.count(db),
            filing_at=FILING_AT,
            warn_at=WARN_AT,
            owed=[_owed(row, now_s) for row in enrolment_counts.owed(db, limit=OWED_MAX, reach=who.reach)],
            kept=[_kept(row, now_s) for row in retention.in_force(db)],
            deletions=[_deletion(row, now_s) for row in retention.deletions(db, before=None, limit=DELETIONS)],
            q=q,
            found=_found(db, q),
            may_set=who.may(Scope.ADMIN) and who.reach == EVERYWHERE,
            may_export=who.may(Scope.EXCHANGE),
            who=who,
        )


def _found(db: Database, q: str) -> list[dict[str, str]]:
    """People whom somebody looks for, by name, pinyin or telephone."""
    if not q:
        return []
    rows = directory.page_by_name(db, after=None, limit=FOUND_MAX, sought=Sought(q=q), reach=caller().reach)
    return [{"id": row.id, "name": row.name, "area": " · ".join(filter(None, (row.area, row.grid)))} for row in rows]


def _kept(row: Kept, now_s: int) -> dict[str, Any]:
    return {
        "name": row.data_class.value,
        "words": WORDS[row.data_class],
        "days": row.days,
        "span": _span(row.days),
        "days_min": row.policy.days_min,
        "days_max": row.policy.days_max,
        "proposed": row.policy.days,
        "changed": "" if row.changed_us is None else words.clock(rfc3339(row.changed_us), now_s),
        "changed_by": row.changed_by,
    }


def _span(days: int) -> tuple[str, str]:
    """1096 days as people say it."""
    years, rest = divmod(days, 365)
    if years and rest <= years:  # leap days
        return f"{years} 年", f"{years} year{'s' if years > 1 else ''}"
    return f"{days} 天", f"{days} day{'s' if days > 1 else ''}"


def _deletion(row: Deletion, now_s: int) -> dict[str, Any]:
    known = row.data_class in set(DataClass)
    zh, en = (
        (WORDS[DataClass(row.data_class)].zh, WORDS[DataClass(row.data_class)].en) if known else (row.data_class, "")
    )
    return {
        "zh": zh,
        "en": en,
        "rows": row.rows,
        "at": words.clock(rfc3339(row.at_us), now_s),
        "before": words.clock(rfc3339(row.before_us), now_s),
    }


def _owed(row: Owed, now_s: int) -> dict[str, Any]:
    zh, en = words.ago(rfc3339(row.at_us), now_s)
    return {
        "person": row.person,
        "device": row.device,
        "place": row.place or row.device,
        "zh": zh,
        "en": en,
        "made": row.version is not None,
    }
