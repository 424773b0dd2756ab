"""What the audit's rows mean, for people: "people.change" is 居民 · 修改. Pure."""

from collections.abc import Mapping
from typing import Final

Words = tuple[str, str]

_THINGS: Final[Mapping[str, Words]] = {
    "people": ("居民", "people"),
    "consents": ("同意", "consents"),
    "faces": ("人脸", "faces"),
    "placements": ("通行地点", "placements"),
    "watches": ("守望", "watches"),
    "pauses": ("外出", "pauses"),
    "observations": ("走访与电话", "observations"),
    "corrections": ("更正", "corrections"),
    "hints": ("提醒", "hints"),
    "alerts": ("警报", "alerts"),
    "reports": ("走访结果", "reports"),
    "notices": ("通知", "notices"),
    "recipients": ("接收人", "recipients"),
    "contacts": ("家属", "contacts"),
    "ladder": ("通知顺序", "ladder"),
    "alarms": ("设备告警", "alarms"),
    "devices": ("设备", "devices"),
    "join": ("设备入网", "joining"),
    "join_tokens": ("设备新卡", "cards"),
    "profiles": ("设备配置", "profiles"),
    "retiring": ("设备作废与停用", "retiring"),
    "pass_sheets": ("验收单", "pass sheets"),
    "commands": ("远程指令", "commands"),
    "releases": ("模型版本", "models"),
    "rollouts": ("推送", "rollouts"),
    "quarantine": ("隔离区", "quarantine"),
    "conflicts": ("冲突", "conflicts"),
    "vehicles": ("车辆", "vehicles"),
    "plates": ("过车", "plates"),
    "events": ("记录", "events"),
    "stream": ("实时", "stream"),
    "login": ("登录", "login"),
    "logins": ("登录", "login"),
    "tokens": ("令牌", "tokens"),
    "accounts": ("账号", "accounts"),
    "sessions": ("会话", "sessions"),
    "me": ("本人", "own account"),
    "areas": ("片区", "areas"),
    "households": ("家庭", "households"),
    "places": ("地点", "places"),
    "search": ("查找", "search"),
    "histories": ("修改历史", "histories"),
    "imports": ("导入", "imports"),
    "exports": ("导出", "exports"),
    "retention": ("保存期限", "retention"),
    "traffic": ("进出", "passages"),
    "passages": ("进出", "passages"),
    "subject_access": ("本人档案", "own file"),
    "audit": ("审计", "audit"),
    "audit_log": ("审计", "audit"),
    "privacy": ("隐私", "privacy"),
    "workers": ("人员", "workers"),
    "visits": ("走访单", "visit list"),
    "page": ("今日", "today"),
}
_ACTS: Final[Mapping[str, Words]] = {
    "index": ("看列表", "list"),
    "show": ("查看", "look"),
    "one": ("查看", "look"),
    "find": ("查找", "search"),
    "private": ("看明文", "in the clear"),
    "create": ("新建", "create"),
    "new": ("新建", "create"),
    "change": ("修改", "change"),
    "edit": ("打开修改", "open to change"),
    "remove": ("移除", "remove"),
    "restore": ("恢复", "restore"),
    "erase": ("彻底删除", "erase"),
    "withdraw": ("撤回", "withdraw"),
    "enrol": ("登记照片", "enrol"),
    "photo": ("看照片", "photograph"),
    "picture": ("看现场画面", "picture"),
    "advance": ("进入下一阶段", "next stage"),
    "stop": ("停止", "stop"),
    "erasures": ("看删除凭证", "erasures"),
    "put": ("加入", "add"),
    "place": ("加入", "add"),
    "unplace": ("移出", "take out"),
    "move": ("处理", "step"),
    "step": ("处理", "step"),
    "report": ("报告", "report"),
    "coverage": ("看谁在看", "coverage"),
    "explain": ("看原因", "explanation"),
    "release": ("放行", "release"),
    "dismiss": ("搁置", "dismiss"),
    "settle": ("了结", "settle"),
    "revoke": ("作废", "revoke"),
    "void": ("作废", "void"),
    "retire": ("停用", "retire"),
    "unretire": ("恢复使用", "take back"),
    "run": ("执行", "run"),
    "delete": ("到期删除", "deleted when old"),
    "enter": ("登入", "log in"),
    "leave": ("退出", "log out"),
    "refused": ("登录失败", "refused"),
    "disable": ("停用", "disable"),
    "enable": ("启用", "enable"),
    "invite": ("发登录链接", "invite"),
    "open_for": ("发登录链接", "login link"),
    "renew": ("换密钥", "new secret"),
    "export": ("导出", "export"),
    "of_household": ("家庭的历史", "of a household"),
    "of_person": ("居民的历史", "of a person"),
    "of_vehicle": ("车辆的历史", "of a vehicle"),
    "apply": ("采用", "apply"),
    "bring": ("上传", "bring"),
    "set_wait": ("改等待时间", "wait"),
    "set_password": ("改密码", "password"),
    "end": ("提前结束", "end"),
    "revoke_all": ("全部作废", "revoke all"),
    "stream": ("打开", "open"),
    "passages": ("看记录", "list"),
    "changes": ("修改历史", "history"),
    "download": ("下载", "download"),
    "form": ("打印同意书", "print a form"),
    "forget": ("抹去已删除的人", "forget somebody"),
    "cut": ("截去最早的记录", "cut the oldest"),
}
_FORGOTTEN: Final[Words] = ("此人已彻底删除", "erased")
_SUBJECTS: Final[Mapping[str, Words]] = {
    "person": ("居民", "person"),
    "watch": ("守望", "watch"),
    "alert": ("警报", "alert"),
    "pause": ("外出", "pause"),
    "observation": ("走访", "observation"),
    "contact": ("家属", "contact"),
    "event": ("记录", "event"),
    "vehicle": ("车辆", "vehicle"),
    "household": ("家庭", "household"),
    "device": ("设备", "device"),
    "command": ("远程指令", "command"),
    "release": ("模型版本", "models"),
    "rollout": ("推送", "rollout"),
    "account": ("账号", "account"),
    "area": ("片区", "area"),
    "place": ("地点", "place"),
    "token": ("令牌", "token"),
    "kept": ("资料类别", "class of data"),
}
_PATHS: Final[Mapping[str, str]] = {
    "person": "/people",
    "alert": "/alerts",
    "vehicle": "/vehicles",
    "household": "/households",
    "device": "/devices",
}
_PAGES: Final = "_pages"
_ACTORS: Final[Mapping[str, Words]] = {
    "owner of the data": ("数据所有者", "owner of the data"),
    "session": ("数据所有者", "by a one-time link"),
    "hub": ("系统自动", "by itself"),
}


def action(name: str) -> Words:
    """Chinese and English of an action; what no table knows is told as it is."""
    if name == "forgotten":
        return _FORGOTTEN
    thing, _, act = name.partition(".")
    thing_zh, thing_en = _THINGS.get(thing.removesuffix(_PAGES), (thing, thing))
    act_zh, act_en = _ACTS.get(act, (act.replace("_", " "), act.replace("_", " ")))
    return f"{thing_zh} · {act_zh}", f"{thing_en}: {act_en}"


def subject(name: str | None) -> tuple[str, str, str]:
    """What a row is about: Chinese, English, and the page of it; empty texts for none."""
    if name is None:
        return "", "", ""
    kind, _, key = name.partition("/")
    zh, en = _SUBJECTS.get(kind, (kind, kind))
    return f"{zh} {key}", en, f"{_PATHS[kind]}/{key}" if kind in _PATHS else ""


def actor(name: str) -> Words:
    """Who it was: an account or a token by its name, the owner of the data, the hub itself."""
    kind, _, rest = name.partition(" ")
    known = {"account": ("账号", "account"), "token": ("令牌", "token"), "local": ("本机", "local")}
    if name in _ACTORS:
        return _ACTORS[name]
    return (f"{known[kind][0]} {rest}", "") if kind in known and rest else (name, "")
