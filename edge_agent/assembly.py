"""The parts of an agent made from its configuration; `agent.py` puts them together."""

import logging
import queue
from dataclasses import replace
from pathlib import Path

from edge_agent.blobs.lane import BlobLane
from edge_agent.clock import Clock, ClockWatch
from edge_agent.config import AgentConfig, PlateDirection, Synchronised
from edge_agent.errors import GalleryError
from edge_agent.figures import Figures, agent_version
from edge_agent.journal import Journal
from edge_agent.metrics import MetricsFile
from edge_agent.recognition.eyes import ReaderEyes
from edge_agent.recognition.gallery import BYTES_MAX, Gallery
from edge_agent.recognition.known_plates import KnownPlates
from edge_agent.recognition.matcher import Matcher
from edge_agent.recognition.passage import PassageRules, Passages
from edge_agent.recognition.plate_file import read_plates
from edge_agent.recognition.plate_passage import PlatePassages, PlateRules
from edge_agent.recognition.plate_watcher import PlateEyes, PlateWatcher
from edge_agent.recognition.tracker import Tracker
from edge_agent.recognition.watcher import Watcher
from edge_agent.recognition.watchers import Watchers
from edge_agent.uplink.mqtt import Inbox, MqttLink, MqttVersion
from edge_agent.uplink.ports import Orders
from edge_agent.uplink.uplink import Uplink
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.manifest import FaceSpec, Manifest
from edge_agent.vision.motion import MotionGate
from edge_agent.vision.plate_decode import SitePrior
from edge_agent.vision.plate_reader import PlateReader
from edge_agent.wire.messages import ClockAnchor, Direction
from edge_agent.wire.topics import Address

log = logging.getLogger(__name__)


def make_clock_watch(config: AgentConfig, journal: Journal) -> ClockWatch | None:
    """None when somebody vouches for the clock: there is nothing to date anew."""
    if config.clock.synchronised is Synchronised.ALWAYS:
        return None
    anchor = journal.newest("clock_anchor")
    return ClockWatch(anchored_boot=anchor.at.boot if isinstance(anchor, ClockAnchor) else None)


def scene_path(config: AgentConfig) -> Path:
    """Where the learnt view of the camera is kept: beside the journal."""
    journal = config.journal.file
    return journal.with_name(f"{journal.name}.{config.camera.name}.scene")


def open_reader(config: AgentConfig, manifest: Manifest) -> FaceReader | None:
    """The face networks, warm; None where no faces are looked for. Raises ModelError."""
    if not config.faces.enabled:
        return None
    reader = FaceReader.open(manifest, threads=config.models.threads)
    reader.warm_up()
    return reader


def make_watchers(
    config: AgentConfig, manifest: Manifest, *, gallery: Gallery, reader: FaceReader | None = None
) -> Watchers:
    """For what the configuration looks for; the models of anything else are not loaded. Raises ModelError.

    `reader`: of `open_reader`, where somebody else uses it, too.
    """
    reader = open_reader(config, manifest) if reader is None else reader
    faces = None if reader is None else make_watcher(config, manifest, reader, gallery=gallery)
    if not config.plates.enabled:
        return Watchers(faces=faces)
    eyes = PlateReader.open(manifest, threads=config.models.threads)
    return Watchers(faces=faces, plates=make_plate_watcher(config, eyes, gallery=gallery))


def make_plate_watcher(config: AgentConfig, eyes: PlateEyes, *, gallery: Gallery) -> PlateWatcher:
    """The rules of a configuration around `eyes`."""
    settings = config.plates
    rules = PlateRules(
        rejoin_s=settings.rejoin_s,
        stay_s=settings.stay_s,
        frames_min=settings.frames_min,
        direction=None if settings.direction is PlateDirection.AUTO else Direction(settings.direction.value),
    )
    prior = None if settings.prior is None else SitePrior.of(settings.prior)
    return PlateWatcher(
        gate=MotionGate(),
        eyes=eyes,
        tracker=Tracker(gap_s=settings.gap_s),
        passages=PlatePassages(rules, KnownPlates(gallery.vehicles), camera=config.camera.name, prior=prior),
        reads_per_s=settings.reads_per_s,
        height_min_px=settings.height_min_px,
        prior=prior,
    )


def make_watcher(config: AgentConfig, manifest: Manifest, reader: FaceReader, *, gallery: Gallery) -> Watcher:
    """The rules of a configuration around the face networks."""
    settings = config.passage
    rules = PassageRules(
        gap_s=settings.gap_s,
        interim_s=settings.interim_s,
        frames_min=settings.frames_min,
        best_frames=settings.best_frames,
    )
    return Watcher(
        gate=MotionGate(),
        eyes=ReaderEyes(reader),
        tracker=Tracker(gap_s=settings.gap_s),
        passages=Passages(rules, Matcher(gallery), face=manifest.face, camera=config.camera.name),
        embeds_per_s=settings.embeds_per_s,
        quality_min=settings.quality_min,
    )


def first_gallery(config: AgentConfig, face: FaceSpec, lane: BlobLane | None) -> Gallery:
    """What the hub has sent; until it has sent one, the files of the configuration. Raises GalleryError.

    One that was sent and cannot be used leaves nobody to recognise until it comes again: the file may name people who
    were erased long ago.
    """
    sent = None if lane is None else lane.take_first()
    if sent is not None:
        log.info(
            "gallery %d of the hub in force: %d people, %d vehicles",
            sent.version,
            len(sent.entries),
            len(sent.vehicles),
        )
        if config.gallery.file is not None or config.plates.file is not None:
            log.info("the configuration's gallery and plates are not used: the hub's take their place")
        return sent
    if lane is not None and lane.was_held:
        return read_gallery(None, face)
    return configured_gallery(config, face)


def configured_gallery(config: AgentConfig, face: FaceSpec) -> Gallery:
    """The people and the vehicles of the configuration's own files. Raises GalleryError, which names the file."""
    gallery = read_gallery(config.gallery.file, face)
    if not config.plates.enabled or config.plates.file is None:
        return gallery
    there = {vehicle.plate for vehicle in gallery.vehicles}  # with the time that the gallery gives them
    listed = (vehicle for vehicle in read_plates(config.plates.file) if vehicle.plate not in there)
    return replace(gallery, vehicles=(*gallery.vehicles, *listed))


def read_gallery(file: Path | None, face: FaceSpec) -> Gallery:
    """The gallery of a configuration; an empty one without a file. Raises GalleryError, which names the file."""
    if file is None:
        return Gallery(embedder_id=face.embedder_id, template_length=face.template_length)
    try:
        with file.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
        return Gallery.from_bytes(content, embedder_id=face.embedder_id, template_length=face.template_length)
    except OSError as error:
        raise GalleryError(f"{file}: cannot be read: {error.strerror}. `edge-agent enrol` makes one") from error
    except GalleryError as error:
        raise GalleryError(f"{file}: {error}") from error


def make_uplink(config: AgentConfig, journal: Journal, lane: BlobLane | None, orders: Orders | None = None) -> Uplink:
    """The way to the hub; raises ConfigError at once when the password or the CA cannot be read."""
    address = Address(site=config.site, device=config.device)
    label = agent_label()

    def make_link(version: MqttVersion, inbox: Inbox) -> MqttLink:
        return MqttLink(
            config.hub,
            address=address,
            agent=label,
            version=version,
            inbox=inbox,
            blobs=True,
            commands=orders is not None,
        )

    make_link(MqttVersion.V5, queue.Queue())  # not opened: only to say at once what is wrong with password or CA
    return Uplink(journal, device=config.device, agent=label, make_link=make_link, lane=lane, orders=orders)


def make_figures(config: AgentConfig, clock: Clock) -> Figures:
    """They go nowhere when the configuration names no file."""
    path = config.metrics.textfile
    file = None if path is None else MetricsFile(path)
    return Figures(file, device=config.device, camera=config.camera.name, clock=clock)


def agent_label() -> str:
    """Software and version, as it stands in hello and status."""
    return f"edge-agent/{agent_version()}"
