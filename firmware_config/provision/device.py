"""`provision device`: the words that stand under it, each in a module of its own."""

import importlib
from typing import Any

from firmware_config.provision.frame import group

MODULES = ("device_add", "device_list", "write", "device_cards", "device_end")


def add_parser(subparsers: Any) -> None:
    words = group(
        subparsers, "device", what=("点位设备：新建、写卡、换卡、作废", "devices: add, write a card, replace, revoke")
    )
    for name in MODULES:
        importlib.import_module(f"firmware_config.provision.{name}").add_parser(words)
