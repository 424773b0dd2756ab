"""A device as the hub has it: where it stands, what it is made of, its card and certificates."""

import argparse
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge_agent.wire.topics import is_device
from firmware_config.provision.client import HubClient, at
from firmware_config.provision.errors import HubError, ProvisionError
from firmware_config.provision.words import said


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """As web/API.md has them."""

    device: dict[str, Any]
    profile: dict[str, Any]
    standing: dict[str, Any]  # `card`, `certificates`, `retired_at`

    @property
    def name(self) -> str:
        return str(self.device["id"])

    @property
    def card(self) -> str | None:
        """live, used, expired, void; None when there never was one."""
        card = self.standing["card"]
        return None if card is None else str(card["state"])

    @property
    def good(self) -> list[dict[str, Any]]:
        """Certificates that open the broker."""
        return [one for one in self.standing["certificates"] if one["state"] == "good"]

    @property
    def retired_at(self) -> str | None:
        at: str | None = self.standing["retired_at"]
        return at

    def demand_active(self) -> None:
        """Raises ProvisionError for one that was retired."""
        if self.retired_at is not None:
            raise ProvisionError(
                f"{self.name} 已经停用；要恢复：provision device retire {self.name} --undo",
                f"{self.name} is retired; to take it back: provision device retire {self.name} --undo",
                code="retired",
            )


def device_name(text: str) -> str:
    """Of an argument."""
    if not is_device(text):
        raise argparse.ArgumentTypeError(
            said(
                f"{text!r} 不是设备编号：用小写字母、数字和“-”，最多 63 个，例如 gate-east",
                f"{text!r} is no device's name: 1 to 63 of a-z, 0-9 and '-', as in gate-east",
            )
        )
    return text


def find(hub: HubClient, name: str) -> Facts | None:
    """None when the hub has none of this name."""
    try:
        device = hub.get(at("devices", name))
    except HubError as error:
        if error.status == 404:
            return None
        raise
    return Facts(
        device=device,
        profile=hub.get(at("devices", name, "profile")),
        standing=hub.get(at("devices", name, "certificates")),
    )


def get(hub: HubClient, name: str) -> Facts:
    """Raises ProvisionError when there is none."""
    found = find(hub, name)
    if found is None:
        raise ProvisionError(
            f"没有设备 {name}；新建：provision device add {name} --place …",
            f"there is no device {name}; to make it: provision device add {name} --place …",
            code="not_found",
        )
    return found


def moment(text: str | None) -> str:
    """To the minute by this machine's clock; a dash for None."""
    return "—" if text is None else datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
