"""The desk of a configuration, with everything real."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.config import AgentConfig
from edge_agent.remote.desk import CommandDesk
from edge_agent.remote.picture import FrameSlot, TakePicture
from edge_agent.remote.self_test import Facts, SelfTest
from edge_agent.vision.face_detect import FaceDetector
from edge_agent.vision.face_hide import FaceHider
from edge_agent.vision.manifest import Manifest
from edge_agent.wire.commands import PICTURE, SELF_TEST
from edge_agent.wire.sign import SignError, key_of_text
from edge_agent.wire.topics import Address

_KEY_FILE_BYTES_MAX: Final = 4096
_PICTURE_KEY: Final = "hub-picture.pub"  # beside the signing key, where [hub] picture_key is left out
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """The desk, and where the loop gives it what it needs."""

    desk: CommandDesk
    frames: FrameSlot
    facts: Facts


def open_remote(
    config: AgentConfig,
    clock: Clock,
    manifest: Manifest,
    *,
    trouble: Callable[[], str | None],
    detector: FaceDetector | None = None,
) -> Remote | None:
    """None, and said, without the hub's key: then no challenge goes out, and the hub knows that no command can come in.

    `trouble`: why the camera gives no frame, if it knows. `detector`: of the camera's loop, since a second copy of its
    networks takes 35 MB; without one they are loaded for each picture.
    """
    if config.hub.sign_key is None:
        log.info("no [hub] sign_key: the office cannot ask this device for anything")
        return None
    key = _pinned(config.hub.sign_key)
    if key is None:
        return None
    address = Address(site=config.site, device=config.device)
    frames, facts = FrameSlot(), Facts(folder=config.journal.file.parent)
    picture = TakePicture(
        address=address,
        key_file=config.hub.picture_key or config.hub.sign_key.with_name(_PICTURE_KEY),
        frames=frames,
        open_hider=lambda: FaceHider.open(manifest) if detector is None else FaceHider.beside(detector),
        trouble=trouble,
    )
    desk = CommandDesk(
        address=address, sign_key=key, abilities={PICTURE: picture, SELF_TEST: SelfTest(facts)}, clock=clock
    )
    return Remote(desk=desk, frames=frames, facts=facts)


def _pinned(file: Path) -> bytes | None:
    """A key that cannot be read stops no passage from being told."""
    try:
        with file.open(encoding="ascii") as text:
            return key_of_text(text.read(_KEY_FILE_BYTES_MAX))
    except (OSError, UnicodeDecodeError, SignError) as error:
        log.error("no command is taken until the next start: [hub] sign_key: %s", error)  # noqa: TRY400
        return None
