"""Who may say and hear what on the demonstration's broker: the protocol's table, nothing else."""

import hmac
import secrets
from collections.abc import Callable

from edge_agent.wire.topics import READ_BY_DEVICE, WRITTEN_BY_DEVICE, Channel, HubChannel, all_devices, hub_topic, parse

_SECRET_BYTES = 32


class Access:
    """Devices by the secrets in the store; the hub by a secret that lives as long as this process."""

    def __init__(self, *, site: str, device_secret_is: Callable[[str, str], bool]) -> None:
        """`device_secret_is(device, secret)` must say False for unknown devices, in constant time for known ones."""
        self._site = site
        self._device_secret_is = device_secret_is
        self._hubs_own = frozenset(hub_topic(site, channel) for channel in HubChannel)
        self.hub_username = f"hub.{secrets.token_hex(8)}"  # a device's name has no dot
        self.hub_password = secrets.token_urlsafe(_SECRET_BYTES)

    def admits(self, username: str | None, password: str | None) -> bool:
        if not username or not password:
            return False
        if username == self.hub_username:
            return hmac.compare_digest(password.encode(), self.hub_password.encode())
        return self._device_secret_is(username, password)

    def may_publish(self, username: str, topic: str) -> bool:
        """A device: its own up and status. The hub: every ack, and what it tells of itself."""
        if topic in self._hubs_own:
            return username == self.hub_username
        return self._writes_or_reads(username, topic, hub=READ_BY_DEVICE, device=WRITTEN_BY_DEVICE)

    def may_receive(self, username: str, topic: str) -> bool:
        """A device: its own ack. The hub: every up and status."""
        return self._writes_or_reads(username, topic, hub=WRITTEN_BY_DEVICE, device=READ_BY_DEVICE)

    def may_subscribe(self, username: str, topic_filter: str) -> bool:
        """A device: its own ack, spelt out. The hub: the two filters over all devices."""
        if username == self.hub_username:
            return topic_filter in {all_devices(self._site, channel) for channel in WRITTEN_BY_DEVICE}
        return self.may_receive(username, topic_filter)

    def _writes_or_reads(
        self, username: str, topic: str, *, hub: frozenset[Channel], device: frozenset[Channel]
    ) -> bool:
        parsed = parse(topic)
        if parsed is None or parsed[0].site != self._site:
            return False
        if username == self.hub_username:
            return parsed[1] in hub
        return parsed[0].device == username and parsed[1] in device
