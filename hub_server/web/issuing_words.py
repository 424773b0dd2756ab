"""What a device's page says of its certificate and its card, in both languages."""

from typing import Any

from sqlite_utils import Database

from hub_server.store.certificates import ENDING_US, REPLACED
from hub_server.store.rows import Device
from hub_server.watch.due import US_PER_S
from hub_server.web import issuing_shapes, words
from hub_server.web.certifying import Issuing, IssuingUnavailableError

Pair = tuple[str, str]
STATES: dict[str, Pair] = {
    "good": ("有效", "good"),
    "expired": ("已到期", "expired"),
    "revoked": ("已作废", "revoked"),
}
CARDS: dict[str, Pair] = {
    "live": ("等设备来用", "waits for the device"),
    "used": ("已用掉", "used"),
    "expired": ("过期没有用", "expired unused"),
    "void": ("已作废", "void"),
}


def of_device(db: Database, row: Device, issuing: Issuing, *, now_us: int) -> dict[str, Any]:
    """For the section of the page. `set_up`: whether this hub issues certificates."""
    shape = issuing_shapes.of_device(db, row, now_us=now_us)
    held = shape["certificates"]
    newest, card, now_s = held[0] if held else None, shape["card"], now_us // US_PER_S
    return {
        "set_up": _set_up(issuing),
        "state": ("还没有证书", "none yet") if newest is None else STATES[newest["state"]],
        "well": newest is not None and newest["state"] == "good",
        "soon": newest is not None and newest["state"] == "good" and _seconds(newest["ends_at"]) < _soon_s(now_us),
        "ends": None if newest is None else words.clock(newest["ends_at"], now_s),
        "card": None
        if card is None
        else {
            "live": card["state"] == "live",
            "words": CARDS[card["state"]],
            "expires": words.clock(card["expires_at"], now_s),
            "used": None if card["used_at"] is None else words.clock(card["used_at"], now_s),
        },
        "barred": None if shape["barred_at"] is None else words.clock(shape["barred_at"], now_s),
        "why": shape["barred_reason"],
        "before": [
            {
                "serial": one["serial"][:12],
                "state": STATES[one["state"]],
                "issued": words.clock(one["issued_at"], now_s),
                "ends": words.clock(one["ends_at"], now_s),
                "reason": ("换了新证书", "replaced") if one["reason"] == REPLACED else (one["reason"], ""),
            }
            for one in held
        ],
        "retired": None if shape["retired_at"] is None else words.clock(shape["retired_at"], now_s),
    }


def _set_up(issuing: Issuing) -> bool:
    try:
        issuing.site()
    except IssuingUnavailableError:
        return False
    return True


def _soon_s(now_us: int) -> int:
    return (now_us + ENDING_US) // US_PER_S


def _seconds(at: str) -> int:
    return words.seconds(at)
