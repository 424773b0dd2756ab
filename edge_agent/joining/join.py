"""From a card with a token to a device of the site; and the same again, when a certificate is renewed."""

import base64
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from edge_agent.blobs.lane import own_seal_key, seal_key_path
from edge_agent.blobs.store import BlobStoreError
from edge_agent.config import AgentConfig, HubConfig
from edge_agent.errors import ConfigError, JoinError
from edge_agent.joining.answer import Answer, Broker, Expected, checked
from edge_agent.joining.disk import Disk, RealDisk, give_to_owner_of, write_whole
from edge_agent.joining.exchange import HubPage, NotNowError
from edge_agent.joining.hub_section import with_broker
from edge_agent.joining.key_set import KeySet
from edge_agent.joining.request import kept_key, key_pem, read_or_none, request_pem
from edge_agent.joining.token import JoinToken, read_token

BACKOFF_FIRST_S: Final = 2.0
BACKOFF_MAX_S: Final = 60.0
RENEWAL_PATIENCE_S: Final = 120.0
PICTURE_KEY: Final = "hub-picture.pub"  # beside the signing key, where [hub] picture_key is left out
_TRIED_KEY: Final = "join.key"  # the key that was sent, until its certificate is in force
_RECORD: Final = "joined.json"

log = logging.getLogger(__name__)


class Record(Struct, frozen=True, kw_only=True):
    """With what this device has joined; kept with its certificate."""

    token_sha256: str
    broker: Broker


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The files of a configuration that joining reads (`ca`) and writes (the others, all in one folder)."""

    ca: Path
    certificate: Path
    key: Path
    sign_key: Path
    picture_key: Path

    @property
    def folder(self) -> Path:
        return self.certificate.parent

    @property
    def tried_key(self) -> Path:
        return self.folder / _TRIED_KEY


def places_of(hub: HubConfig) -> Places:
    """Raises ConfigError unless [hub] names all of them, in one folder: only so they can change together."""
    names = {"tls_ca": hub.tls_ca, "tls_cert": hub.tls_cert, "tls_key": hub.tls_key, "sign_key": hub.sign_key}
    missing = {
        f"hub.{name}": "is missing: a device that joins needs it" for name, path in names.items() if path is None
    }
    if missing:
        raise ConfigError("the configuration", missing)
    assert hub.tls_ca is not None
    assert hub.tls_cert is not None
    assert hub.tls_key is not None
    assert hub.sign_key is not None
    picture_key = hub.picture_key or hub.sign_key.with_name(PICTURE_KEY)
    own = (hub.tls_cert, hub.tls_key, hub.sign_key, picture_key)
    if len({path.parent for path in own}) > 1 or len({path.name for path in own}) < len(own):
        raise ConfigError(
            "the configuration",
            {"hub.tls_cert": "must lie in one folder with tls_key, sign_key and picture_key, all named differently"},
        )
    return Places(
        ca=hub.tls_ca, certificate=hub.tls_cert, key=hub.tls_key, sign_key=hub.sign_key, picture_key=picture_key
    )


class Joining:
    """One device's way in. Every step may be repeated: what was done is found done."""

    def __init__(
        self,
        config: AgentConfig,
        *,
        disk: Disk | None = None,
        say: Callable[[str], object] = log.warning,
        pause: Callable[[float], object] = time.sleep,
        patience_s: float | None = None,
    ) -> None:
        """`say` is told in one line what is waited for. `patience_s` None: for as long as it takes."""
        self._config = config
        self._places = places_of(config.hub)
        self._disk = RealDisk() if disk is None else disk
        self._say = say
        self._pause = pause
        self._patience_s = patience_s
        names = [
            self._places.certificate.name,
            self._places.key.name,
            self._places.sign_key.name,
            self._places.picture_key.name,
        ]
        self._keys = KeySet(self._places.folder, names=names, record=_RECORD, disk=self._disk)

    @property
    def joined(self) -> bool:
        """A certificate and its key are here, however they came."""
        return self._places.certificate.exists() and self._places.key.exists()

    def joined_with(self, token: JoinToken) -> bool:
        record = self.record()
        return self.joined and record is not None and record.token_sha256 == token.digest

    def record(self) -> Record | None:
        """None: not joined by a card, or what was noted cannot be read."""
        noted = self._keys.record()
        try:
            return None if noted is None else msgspec.json.decode(noted, type=Record)
        except msgspec.MsgspecError:
            return None

    def join(self, token: JoinToken) -> Answer:
        """Ask the hub until it answers, and put into force what it gives. Raises JoinError."""
        if (token.site, token.device) != (self._config.site, self._config.device):
            raise JoinError(
                f"this card is for {token.device} of {token.site}; agent.toml is that of {self._config.device} of "
                f"{self._config.site}"
            )
        page = HubPage(token.page, self._places.ca)
        try:
            key = kept_key(self._disk, self._places.tried_key, in_force=read_or_none(self._places.key))
            content = self._asked(page, self._body(token, key))
            answer = checked(content, self._expected(key))
            self._put(token, key, answer)
            self._forget_tried()
        except OSError as error:
            raise JoinError(f"{error.filename or self._places.folder}: {error.strerror or error}") from error
        return answer

    def finish(self, config_file: Path, token_file: Path | None) -> bool:
        """Afterwards: the broker's address into agent.toml, the token off the card. True: agent.toml was changed."""
        record = self.record()
        try:
            changed = record is not None and _correct_broker(self._disk, config_file, record.broker)
            if token_file is not None and token_file.exists():
                self._disk.remove(token_file)
                self._disk.sync_folder(token_file.parent)
        except OSError as error:
            raise JoinError(
                f"this device has joined, but {error.filename} cannot be changed: {error.strerror}"
            ) from error
        return changed

    def _body(self, token: JoinToken, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
        try:
            seal_key = own_seal_key(self._config).public
        except BlobStoreError as error:
            raise JoinError(str(error)) from error
        seal_file = seal_key_path(self._config)
        give_to_owner_of(seal_file.parent, seal_file)
        return {
            "token": token.token,
            "device": token.device,
            "request": request_pem(key, token.device).decode(),
            "seal_key": base64.b64encode(seal_key).decode(),
        }

    def _asked(self, page: HubPage, body: dict[str, str]) -> bytes:
        ends_s = None if self._patience_s is None else time.monotonic() + self._patience_s
        backoff_s = BACKOFF_FIRST_S
        while True:
            try:
                return page.join(body)
            except NotNowError as error:
                wait_s = min(max(backoff_s, error.after_s or 0.0), BACKOFF_MAX_S)
                if ends_s is not None and time.monotonic() + wait_s > ends_s:
                    raise JoinError(f"not joined in time: {error}") from error
                self._say(f"waiting for the hub: {error}; asking again in {wait_s:.0f} s")
                self._pause(wait_s)
                backoff_s = min(2 * backoff_s, BACKOFF_MAX_S)

    def _expected(self, key: ec.EllipticCurvePrivateKey) -> Expected:
        return Expected(
            site=self._config.site,
            device=self._config.device,
            key=key.public_key(),
            root=self._places.ca.read_bytes(),
        )

    def _put(self, token: JoinToken, key: ec.EllipticCurvePrivateKey, answer: Answer) -> None:
        contents = {
            self._places.certificate.name: answer.certificate.encode(),
            self._places.key.name: key_pem(key),
            self._places.sign_key.name: f"{answer.sign_key.strip()}\n".encode(),
            self._places.picture_key.name: f"{answer.picture_key.strip()}\n".encode(),
        }
        record = Record(token_sha256=token.digest, broker=answer.broker)
        self._keys.put(contents, record=msgspec.json.encode(record))

    def _forget_tried(self) -> None:
        """When its certificate is in force. Else another try is under way, with another token, and needs it."""
        tried = read_or_none(self._places.tried_key)
        if tried is not None and tried == read_or_none(self._places.key):
            self._disk.remove(self._places.tried_key)
            self._disk.sync_folder(self._places.folder)


def join_again(config: AgentConfig, token: str, *, patience_s: float = RENEWAL_PATIENCE_S) -> None:
    """A new key and a new certificate for a device that has one. Blocks for up to `patience_s`, and a little more.

    The new files are in force on return: whoever holds a connection with the old ones connects anew (the agent
    restarts). A token that this device has joined with already changes nothing. Raises JoinError and ConfigError; then
    the old files are in force, and the same call may be repeated.
    """
    if config.hub.page is None:
        raise ConfigError("the configuration", {"hub.page": "is missing: where this device renews its certificate"})
    joining = Joining(config, patience_s=patience_s)
    try:
        wanted = msgspec.convert(
            {"token": token, "device": config.device, "site": config.site, "page": config.hub.page}, type=JoinToken
        )
    except msgspec.ValidationError as error:
        raise JoinError(f"the token is none: {error}") from error
    if not joining.joined_with(wanted):
        joining.join(wanted)


def join_with_card(joining: Joining, *, config_file: Path, token_file: Path, again: bool) -> str:
    """What `edge-agent join` does; what has become of it, in one line. Raises JoinError."""
    token = read_token(token_file)
    if token is None:
        if joining.joined and not again:
            joining.finish(config_file, None)
            return "nothing to do: this device has joined, and there is no new card"
        raise JoinError(f"there is no {token_file}: write the card anew (`provision device write`)")
    if joining.joined_with(token):
        joining.finish(config_file, token_file)
        return "this device had joined with this card already; the token is off the card now"
    answer = joining.join(token)
    changed = joining.finish(config_file, token_file)
    corrected = f"; agent.toml now names the broker {answer.broker.host}:{answer.broker.port}" if changed else ""
    return f"{answer.device} has joined {answer.site}: its certificate is in force{corrected}"


def _correct_broker(disk: Disk, config_file: Path, broker: Broker) -> bool:
    text = config_file.read_bytes().decode()
    try:
        changed = with_broker(text, host=broker.host, port=broker.port)
    except JoinError as error:
        raise JoinError(f"{config_file}: {error}") from error
    if changed == text:
        return False
    write_whole(disk, config_file, changed.encode(), mode=config_file.stat().st_mode & 0o777)
    return True
