"""A rollout, and what is in force on a device, in words."""

from collections.abc import Mapping
from typing import Any, Final

from firmware_config.provision.frame import Context
from firmware_config.provision.words import Pair, said

_STAGES: Final[tuple[Pair, ...]] = (("先一台", "one first"), ("十分之一", "ten percent"), ("全部", "all"))
_STATES: Final[Mapping[str, Pair]] = {
    "running": ("进行中", "running"),
    "done": ("完成", "done"),
    "stopped": ("已停止", "stopped"),
    "failed": ("出了问题，已停下", "stopped by a fault"),
}
_PARTS: Final[Mapping[str, Pair]] = {
    "waiting": ("还没轮到", "not its turn"),
    "offered": ("正在更新", "on its way"),
    "held": ("已生效", "in force"),
    "failed": ("没有成功", "not taken"),
    "returning": ("正在退回", "going back"),
    "returned": ("已退回", "gone back"),
}


def say_rollout(context: Context, row: dict[str, Any]) -> None:
    context.say(f"推送 {row['id']}：{what(row)}", f"rollout {row['id']}: {what(row)}")
    context.say(f"  {state(row)}，{counts(row)}", f"  {state(row)}, {counts(row)}")
    if row["detail"]:
        zh, _, en = row["detail"].partition("；")
        context.say(f"  {zh}", f"  {en or zh}")
    if context.json:
        return
    for one in row["devices"]:
        zh, en = _PARTS[one["state"]]
        detail = f" ({one['detail']})" if one["detail"] else ""
        context.say(f"    {one['device']} {zh}{detail}", f"    {one['device']} {en}{detail}")


def say_of(context: Context, one: dict[str, Any]) -> None:
    kind = said("设置", "settings") if one["kind"] == "config" else said("模型", "models")
    if one["held_version"] is None:
        context.say(f"{kind}：还是卡上写的", f"{kind}: as its card says")
    else:
        context.say(f"{kind}：第 {one['held_version']} 版已生效", f"{kind}: version {one['held_version']} in force")
    for section, values in (one["held_settings"] or {}).items():
        for key, value in values.items():
            context.say(f"  {section}.{key} = {value}", f"  {section}.{key} = {value}")
    if one["trouble"]:
        context.say(
            f"  没有收下第 {one['version']} 版：{one['trouble']}",
            f"  version {one['version']} was not taken: {one['trouble']}",
        )
    elif one["offered"] and one["held_version"] != one["version"]:
        context.say(f"  第 {one['version']} 版在路上", f"  version {one['version']} is on its way")


def what(row: dict[str, Any]) -> str:
    if row["kind"] == "model":
        return said(f"模型第 {row['release']} 版", f"models, version {row['release']}")
    told = " ".join(f"{section}.{key}={value}" for section, of in row["change"].items() for key, value in of.items())
    return told or said("换证书", "another certificate")


def state(row: dict[str, Any]) -> str:
    state = said(*_STATES[row["state"]])
    return f"{state} ({said(*_STAGES[row['stage']])})" if row["state"] == "running" else state


def counts(row: dict[str, Any]) -> str:
    return " ".join(f"{said(*_PARTS[state])} {count}" for state, count in row["counts"].items() if count)


def next_step(row: dict[str, Any]) -> Pair | None:
    if row["state"] == "running":
        line = f"provision rollout show {row['id']}"
        return (f"过几分钟看看：{line}", f"look again in some minutes: {line}")
    if row["state"] == "failed":
        line = f"provision rollout stop {row['id']}"
        return (f"看过原因后撤下提醒：{line}", f"once you know why, take the alarm down: {line}")
    return None
