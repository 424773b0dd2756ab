"""Settings from the hub: opened, checked as agent.toml itself is, kept sealed, laid over agent.toml."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge_agent.config import AgentConfig, parse
from edge_agent.errors import ConfigError, JoinError
from edge_agent.releases.record_file import write_durably
from edge_agent.wire import sign
from edge_agent.wire.device_config import BYTES_MAX, KIND, DeviceConfigError, WrittenConfig, decode_config
from edge_agent.wire.seal import OVERHEAD_BYTES, Binding, KeyPair, unseal
from edge_agent.wire.topics import Address

BLOB_BYTES_MAX: Final = BYTES_MAX + OVERHEAD_BYTES + sign.OVERHEAD_BYTES
JoinAgain = Callable[[str], None]
"""Fetches a certificate for a new key with this token. Raises JoinError, ConfigError."""


class UnusableError(Exception):
    """Signed for us, and yet it cannot be used here. The message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """agent.toml as it was read, and the folder from which its relative paths count."""

    table: Mapping[str, Any]
    folder: Path
    source: str

    def config(self, settings: Mapping[str, Mapping[str, object]] | None = None) -> AgentConfig:
        """With these settings laid over. Raises ConfigError."""
        table = dict(self.table)
        for section, values in (settings or {}).items():
            known = table.get(section, {})
            table[section] = {**(known if isinstance(known, dict) else {}), **values}
        return parse(table, folder=self.folder, source=self.source)


class SettingsKeeper:
    """Not for several threads."""

    def __init__(
        self,
        folder: Path,
        *,
        installed: Installed,
        address: Address,
        key: KeyPair,
        sign_key: bytes | None,
        join: JoinAgain | None,
    ) -> None:
        self._folder = folder
        self._installed = installed
        self._address = address
        self._key = key
        self._sign_key = sign_key
        self._join = join

    def take(self, sealed: bytes, version: int) -> None:
        """Durable on return. Raises SealError, SignError: not for us; UnusableError; OSError."""
        written = self._open(sealed, version)
        try:
            self._installed.config(written.settings)
        except ConfigError as error:
            raise UnusableError("; ".join(f"{name}: {what}" for name, what in error.problems.items())) from error
        if written.join is not None:
            self._renew(written.join.token)
        write_durably(self._path(version), sealed)

    def config(self, version: int) -> AgentConfig:
        """What was taken, laid over agent.toml as it is now.

        Raises SealError, SignError, UnusableError, OSError, ConfigError.
        """
        return self._installed.config(self._open(self._path(version).read_bytes(), version).settings)

    def keep_only(self, versions: set[int]) -> None:
        """The others go. Raises OSError."""
        kept = {self._path(version) for version in versions}
        for path in self._folder.glob("config-*.sealed"):
            if path not in kept:
                path.unlink()

    def _renew(self, token: str) -> None:
        if self._join is None:
            raise UnusableError("this device cannot fetch another certificate by itself")
        try:
            self._join(token)
        except (JoinError, ConfigError) as error:
            raise UnusableError(f"no new certificate: {error}") from error

    def _open(self, sealed: bytes, version: int) -> WrittenConfig:
        site, device = self._address.site, self._address.device
        if self._sign_key is None:
            raise UnusableError("this device has no [hub] sign_key: nothing from afar is taken")
        binding = Binding(site=site, device=device, kind=KIND, version=version)
        signed = unseal(sealed, private_key=self._key.private, binding=binding)
        purpose = sign.Purpose(site=site, recipient=device, kind=KIND, version=version)
        try:
            written = decode_config(sign.opened(signed, public_key=self._sign_key, purpose=purpose))
        except DeviceConfigError as error:
            raise UnusableError(str(error)) from error
        if written.version != version:
            raise UnusableError(f"says inside that it is version {written.version}, and came as {version}")
        return written

    def _path(self, version: int) -> Path:
        return self._folder / f"config-{version}.sealed"
