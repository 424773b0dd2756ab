"""What `edge-agent doctor` looks at: each check gives what it found, or raises with what to do about it."""

import os
import queue
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from edge_agent.assembly import agent_label, configured_gallery
from edge_agent.blobs.lane import known_seal_key, received_gallery
from edge_agent.camera.camera import make_camera
from edge_agent.camera.capture import without_secret
from edge_agent.clock import SystemClock, system_synchronised
from edge_agent.commands.broker_tls import check_own_certificate, why_not
from edge_agent.commands.doctor import UnwellError
from edge_agent.config import AgentConfig, Synchronised
from edge_agent.errors import CameraError
from edge_agent.journal import Position, read_position
from edge_agent.journal.set_aside import beside as set_aside_beside
from edge_agent.recognition.gallery import Gallery
from edge_agent.uplink.mqtt import Closed, Heard, Inbox, MqttLink, MqttVersion, NotTaken, Opened
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.manifest import Manifest, find_models, load_manifest
from edge_agent.vision.plate_reader import PlateReader
from edge_agent.vision.tflite import runtime_name
from edge_agent.wire.codec import WireError, decode_down
from edge_agent.wire.messages import Hello, Welcome, wire_bytes
from edge_agent.wire.topics import Address

FRAMES: Final = 5  # the first ones of a sensor are dark until its exposure has settled
BRIGHTNESS_MIN: Final = 10.0  # of 255; darker is a lens cap, or night without a lamp
CONTRAST_MIN: Final = 3.0  # grey levels; less is a covered or dead sensor
FREE_BYTES_MIN: Final = 200 * 2**20
ANSWER_S: Final = 5.0
NO_HUB_ADVICE: Final = "start hub-server, and add this device there under exactly this site and name"
FORGETFUL: Final = frozenset({"overlay", "tmpfs", "ramfs", "zram", "squashfs"})
"""File systems whose content is gone, or not written, after a power cut."""


class SilentHubError(UnwellError):
    """The broker is well; nobody answers behind it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """Where a file lies."""

    point: str
    kind: str


def check_camera(config: AgentConfig) -> str:
    camera = make_camera(config.camera, SystemClock())
    try:
        camera.open()
        frames = [camera.read() for _ in range(FRAMES)]
    except CameraError as error:
        raise UnwellError(str(error), "check cable and source; an agent that runs here holds the camera") from error
    finally:
        camera.close()
    frame = frames[-1]
    if frame is None:
        raise UnwellError(f"ended before its frame {FRAMES}", "use a longer clip")
    brightness, contrast = float(frame.pixels.mean()), float(np.std(frame.pixels))
    found = f"{without_secret(config.camera.source)}: {frame.width}x{frame.height}, brightness {brightness:.0f} of 255"
    if brightness < BRIGHTNESS_MIN or contrast < CONTRAST_MIN:
        raise UnwellError(f"{found}, contrast {contrast:.0f}: nothing to see", "take off the lens cap, make light")
    return found


def check_models(config: AgentConfig) -> str:
    """Those this device uses are loaded and run once; the others are compared with their SHA-256 only."""
    manifest = _manifest(config)
    picture = np.full((config.camera.height, config.camera.width, 3), 96, np.uint8)
    took = []
    if config.faces.enabled:
        faces = FaceReader.open(manifest, threads=config.models.threads)
        faces.warm_up()
        took.append(f"faces {_took_ms(lambda: faces.read(picture, templates=False)):.0f} ms")
    if config.plates.enabled:
        plates = PlateReader.open(manifest, threads=config.models.threads)
        took.append(f"plates {_took_ms(lambda: plates.detect(picture)):.0f} ms")
    return f"{len(manifest.models)} models in {manifest.folder} as signed for; a whole picture takes {', '.join(took)}"


def _took_ms(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return (time.perf_counter() - started_s) * 1000


def check_runtime(_config: AgentConfig) -> str:
    return runtime_name()


def check_gallery(config: AgentConfig) -> str:
    manifest = _manifest(config)
    received = received_gallery(config, manifest.face)
    if received is not None:
        return f"version {received.version} of the hub: {_who(received)}"
    gallery = configured_gallery(config, manifest.face)
    if config.gallery.file is None and config.plates.file is None:
        stranger = "everybody is a stranger" if config.faces.enabled else "no vehicle is known"
        return f"none yet: {stranger} until the hub sends one"
    return f"{_who(gallery)}, made with {manifest.face.embedder_id} as this device has it"


def _who(gallery: Gallery) -> str:
    vehicles = f", {len(gallery.vehicles)} vehicles" if gallery.vehicles else ""
    return f"{len(gallery.entries)} people{vehicles}"


def check_clock(config: AgentConfig) -> str:
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if config.clock.synchronised is Synchronised.ALWAYS:
        return f"{now}, vouched for in the configuration"
    if not system_synchronised():
        advice = "give it a time server (timedatectl); until then sightings are shown but do not count for a watch"
        raise UnwellError(f"{now}, not synchronised", advice)
    return f"{now}, synchronised"


def check_disk(config: AgentConfig) -> str:
    folder = _existing(config.journal.file.parent)
    mount = find_mount(folder, Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    free = shutil.disk_usage(folder).free
    found = f"{config.journal.file} on {mount.kind} ({mount.point}), {free / 2**30:.1f} GiB free"
    if mount.kind in FORGETFUL:
        raise UnwellError(found, "this is forgotten at a power cut: put the journal on a real disk or data partition")
    if free < FREE_BYTES_MIN:
        raise UnwellError(found, f"make room: {FREE_BYTES_MIN // 2**20} MiB are needed")
    if not os.access(folder, os.W_OK):
        raise UnwellError(f"{folder} is not writable", "give it to the user that the agent runs as")
    damaged = set_aside_beside(config.journal.file)
    if damaged:
        advice = "`edge-agent journal export --journal` saves what can be read; then check the disk, and move it away"
        raise UnwellError(f"a journal was damaged and set aside: {damaged[-1]}", advice)
    return found


def check_broker(config: AgentConfig) -> str:
    certificate = check_own_certificate(config, datetime.now(UTC))
    failures: list[str] = []
    for version in MqttVersion:
        try:
            return ". ".join(filter(None, (_visit(config, version), certificate)))
        except SilentHubError:  # the broker spoke this version: another one will not help
            raise
        except UnwellError as error:
            failures.append(error.found)
    advice = "check host, port, user name, password file, CA and certificate in [hub]"
    raise UnwellError(why_not(config.hub) or "; ".join(dict.fromkeys(failures)), advice)


def _visit(config: AgentConfig, version: MqttVersion) -> str:
    """Connect beside a running agent, say the hello that it would say, and wait for the hub's welcome."""
    inbox: Inbox = queue.Queue()
    address = Address(site=config.site, device=config.device)
    link = MqttLink(
        config.hub,
        address=address,
        agent=agent_label(),
        version=version,
        inbox=inbox,
        visitor=f"{config.device}-doctor",
    )
    hello = _hello(config)
    try:
        link.open()
        _await_opened(inbox)
        link.publish(wire_bytes(hello))
        _await_welcome(inbox, hello.epoch)
    finally:
        link.close()
    return f"{config.hub.host}:{config.hub.port} (MQTT {version.name.lower()}) took us in, and the hub answered"


def _hello(config: AgentConfig) -> Hello:
    """Of the journal as it is; before the first run, of an empty one that is never heard of again."""
    empty = Position(epoch=secrets.token_hex(16), oldest=1, last=0, acked=0)
    position = read_position(config.journal.file) or empty
    return Hello(
        device=config.device,
        epoch=position.epoch,
        oldest=position.oldest,
        last=position.last,
        agent=agent_label(),
        seal_key=known_seal_key(config),  # without it the hub would take it that the device wants no galleries any more
    )


def _await_opened(inbox: Inbox) -> None:
    try:
        event = inbox.get(timeout=ANSWER_S)
    except queue.Empty as error:
        raise UnwellError("the broker does not answer", "") from error
    if isinstance(event, Closed):
        raise UnwellError(event.why, "")
    assert isinstance(event, Opened)


def _await_welcome(inbox: Inbox, epoch: str) -> None:
    deadline_s = time.monotonic() + ANSWER_S
    while (left_s := deadline_s - time.monotonic()) > 0:
        try:
            event = inbox.get(timeout=left_s)
        except queue.Empty:
            break
        if isinstance(event, NotTaken):
            raise SilentHubError(f"the broker took us in, but {event.why.value}", NO_HUB_ADVICE)
        if isinstance(event, Heard) and _is_welcome(event.payload, epoch):
            return
    raise SilentHubError("the broker took us in, but no hub answered", NO_HUB_ADVICE)


def _is_welcome(payload: bytes, epoch: str) -> bool:
    try:
        message = decode_down(payload)
    except WireError:
        return False
    return isinstance(message, Welcome) and message.epoch == epoch


def find_mount(path: Path, mountinfo: str) -> Mount:
    """The mount that holds `path`, of the text of /proc/self/mountinfo (proc(5)); later mounts hide earlier ones."""
    best = Mount(point="/", kind="unknown")
    real = path.resolve()
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")  # a space stands there as \040
        if real.is_relative_to(point) and len(point) >= len(best.point):
            best = Mount(point=point, kind=after.split()[0])
    return best


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _manifest(config: AgentConfig) -> Manifest:
    return load_manifest(find_models(config.models.dir))
