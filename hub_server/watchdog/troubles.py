"""What is wrong with a hub, by what it says of itself. Pure; ages are seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge_agent.wire.hub_status import HubHealth


class Kind(StrEnum):
    """The worst first: so they are told."""

    UNREACHABLE = "unreachable"  # nobody answers
    SILENT = "silent"  # the broker is there, the hub is not heard on it
    NO_BROKER = "no_broker"  # the watchdog does not reach the broker
    STRANGE = "strange"  # something answers that is no hub
    NOT_JUDGING = "not_judging"
    NOT_WRITING = "not_writing"
    NOT_DELIVERING = "not_delivering"
    DEAF = "deaf"  # the hub does not reach the broker


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One thing that is wrong, for people."""

    kind: Kind
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Beyond these a hub does not do its work."""

    tick_age_s: float = 180.0
    """The hub itself calls 60 s late, but not while it listens first: at most 120 s after a start or an outage."""
    write_age_s: float = 120.0
    unsent_age_s: float = 300.0
    failing_age_s: float = 120.0
    """The same when a message was tried already: its second channel has failed, too."""


LIMITS = Limits()


def of_health(health: HubHealth, limits: Limits = LIMITS) -> tuple[Trouble, ...]:
    """What the figures say; nothing: the hub does its work."""
    found = (_judging(health, limits), _writing(health, limits), _delivering(health, limits), _hearing(health))
    return tuple(trouble for trouble in found if trouble is not None)


def merged(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    """One of each kind, the worst first: two ways of looking may find the same."""
    first: dict[Kind, Trouble] = {}
    for trouble in troubles:
        first.setdefault(trouble.kind, trouble)
    return tuple(first[kind] for kind in Kind if kind in first)


def _judging(health: HubHealth, limits: Limits) -> Trouble | None:
    age_s = health.tick_age_s
    if age_s is not None and health.watch != "late" and age_s <= limits.tick_age_s:
        return None
    if age_s is None:
        zh, en = "守望没有运行", "the watch does not run"
    else:
        zh, en = f"守望已有 {_span(age_s)} 没有检查", f"the watch has not judged for {_span(age_s)}"
    return Trouble(
        kind=Kind.NOT_JUDGING,
        zh=f"{zh}：现在没有人会因为老人未出现而收到警报",
        en=f"{en}: nobody would be alerted now",
    )


def _writing(health: HubHealth, limits: Limits) -> Trouble | None:
    stuck = health.write_age_s is not None and health.write_age_s > limits.write_age_s
    if health.store == "ok" and not stuck:
        return None
    why = health.store if health.store != "ok" else f"no write for {_span(health.write_age_s or 0.0)}"
    return Trouble(
        kind=Kind.NOT_WRITING,
        zh=f"数据库不能写入（{why}）：请检查磁盘",
        en=f"the database takes no writes ({why}): look at the disk",
    )


def _delivering(health: HubHealth, limits: Limits) -> Trouble | None:
    age_s = health.unsent_age_s
    limit_s = limits.failing_age_s if health.failing else limits.unsent_age_s
    if age_s is None or age_s <= limit_s:
        return None
    return Trouble(
        kind=Kind.NOT_DELIVERING,
        zh=f"通知发不出去：最早的一条已等 {_span(age_s)}，{health.failing} 条发送失败。请直接打开守望页面查看警报",
        en=f"notices do not get out: the oldest waits for {_span(age_s)}, {health.failing} have failed. Open the page",
    )


def _hearing(health: HubHealth) -> Trouble | None:
    if health.broker == "connected":
        return None
    return Trouble(
        kind=Kind.DEAF,
        zh=f"主机收不到摄像点的消息（消息服务器 {health.broker}）",
        en=f"the hub does not hear the cameras (broker {health.broker})",
    )


def _span(age_s: float) -> str:
    minutes, seconds = divmod(round(age_s), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
