"""/rollouts: settings and models on their way to devices, stage by stage, and where they stopped and why."""

import json
from typing import Any, Final

from flask import request
from werkzeug.wrappers import Response

from hub_server.store import rollouts
from hub_server.store.releases import ReleaseKind
from hub_server.store.rollouts import LAST_STAGE, Part, PartState, Rollout, RolloutState
from hub_server.web import release_shapes, words
from hub_server.web.auth import caller
from hub_server.web.office import office
from hub_server.web.pages.rules import Page, Pages, shown
from hub_server.web.scopes import Scope
from hub_server.web.times import rfc3339

blueprint = Pages("rollouts_pages", __name__)
PAGE_ROWS: Final = 50
STATES: Final = {
    RolloutState.RUNNING: ("进行中", "running", ""),
    RolloutState.DONE: ("完成", "done", "well"),
    RolloutState.STOPPED: ("已停止", "stopped", ""),
    RolloutState.FAILED: ("出了问题，已停下", "stopped by a fault", "care"),
}
PARTS: Final = {
    PartState.WAITING: ("还没轮到", "not its turn yet", ""),
    PartState.OFFERED: ("正在更新", "on its way", ""),
    PartState.HELD: ("已生效", "in force", "well"),
    PartState.FAILED: ("没有成功", "did not take it", "care"),
    PartState.RETURNING: ("正在退回", "going back", ""),
    PartState.RETURNED: ("已退回", "gone back", ""),
}
STAGES: Final = (("先一台", "one first"), ("十分之一", "ten percent"), ("全部", "all"))


@blueprint.page(Page(path="/rollouts", scope=Scope.EQUIPMENT))
def index() -> str | Response:
    after = request.args.get("after", "")
    with office().store.read() as db:
        rows = rollouts.page(
            db,
            after=int(after) if after.isascii() and after.isdigit() else None,
            limit=PAGE_ROWS,
            reach=caller().reach,
        )
        counts = rollouts.counts(db, [row.id for row in rows])
    now_s = office().store.now_us() // 1_000_000
    return shown(
        "rollouts/list.html",
        rollouts=[{**_line(row, now_s), "counts": counts[row.id]} for row in rows],
        parts=PARTS,
        after=rows[-1].id if len(rows) == PAGE_ROWS else None,
    )


@blueprint.page(Page(path="/rollouts/<row_id:rollout>", scope=Scope.EQUIPMENT))
def one(rollout: int) -> str | Response:
    store, who = office().store, caller()
    with store.read() as db:
        row, parts = rollouts.get(db, rollout), rollouts.parts(db, rollout)
    may_change = who.may(Scope.DEVICES)
    runs = row.state is RolloutState.RUNNING
    return shown(
        "rollouts/one.html",
        **_line(row, store.now_us() // 1_000_000),
        devices=[dict(zip(("part", "zh", "en", "tag"), (part, *_part_words(part)), strict=True)) for part in parts],
        stages=STAGES,
        refresh=runs,
        may_advance=may_change and runs and row.stage < LAST_STAGE and _any(parts, PartState.WAITING),
        may_stop=may_change and runs,
        may_note=may_change and row.state is RolloutState.FAILED,
        me=who.author(None),
        account=who.account,
    )


def _part_words(part: Part) -> tuple[str, str, str]:
    if part.state is PartState.OFFERED and not part.online:
        return "等它上线", "waits until it is online", ""
    return PARTS[part.state]


def _any(parts: list[Part], state: PartState) -> bool:
    return any(part.state is state for part in parts)


def _line(row: Rollout, now_s: int) -> dict[str, Any]:
    zh, en, tag = STATES[row.state]
    detail_zh, _, detail_en = row.detail.partition("；")
    what_zh, what_en = what(row)
    return {
        "row": row,
        "what": what_zh,
        "what_en": what_en,
        "state": zh,
        "state_en": en,
        "tag": tag,
        "stage": STAGES[row.stage],
        "detail": detail_zh,
        "detail_en": detail_en,
        "made": words.clock(rfc3339(row.made_us), now_s),
        "made_utc": words.utc(rfc3339(row.made_us)),
        "well_since": None if row.since_us is None else words.clock(rfc3339(row.since_us), now_s),
        "wait_minutes": row.wait_s // 60,
    }


def _value(value: object) -> str:
    """As agent.toml would have it; null: what is written there counts again."""
    return "（agent.toml）" if value is None else json.dumps(value, ensure_ascii=False)


def what(row: Rollout) -> tuple[str, str]:
    """What it brings, in a line."""
    if row.kind is ReleaseKind.MODEL:
        return f"模型，第 {row.release} 版", f"models, version {row.release}"
    changes = [
        f"{section}.{key} = {_value(value)}"
        for section, values in release_shapes.shown(row.change).items()
        for key, value in values.items()
    ]
    told = "；".join(changes)
    if row.joins:
        return f"换证书 {told}".rstrip(), f"another certificate; {told}".rstrip("; ")
    return (f"只留这些设置：{told}", f"these settings only: {told}") if row.whole else (told, told)
