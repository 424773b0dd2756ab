"""What the API answers about pass sheets, by type."""

from typing import TypedDict

from hub_server.web.resources import At


class PassFinding(TypedDict):
    """One line of a sheet; `found_zh` and `advice_zh` are "" where the device has no Chinese for it."""

    check: str
    name: str
    name_en: str
    outcome: str  # ok, fail or skipped
    found: str
    found_zh: str
    advice: str
    advice_zh: str


class PassSheetShape(TypedDict):
    """What a technician proved of a device on site."""

    id: int
    device: str
    camera: str
    at: At
    received_at: At
    author: str
    passed: bool
    pictured: bool
    findings: list[PassFinding]


class PassSheetPage(TypedDict):
    items: list[PassSheetShape]
    next: int | None
