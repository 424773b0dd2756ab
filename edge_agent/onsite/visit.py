"""The whole way through the checks of one point, in the order in which a technician can mend things."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from edge_agent.assembly import configured_gallery, make_watchers
from edge_agent.blobs.lane import received_gallery
from edge_agent.camera.camera import make_camera
from edge_agent.camera.capture import without_secret
from edge_agent.camera.latest import LatestFrame
from edge_agent.clock import SystemClock
from edge_agent.commands import checkup
from edge_agent.commands.doctor import examine
from edge_agent.config import AgentConfig
from edge_agent.errors import RelayError
from edge_agent.gate.relay import Relay, make_relay
from edge_agent.onsite import machine, picture_quality, sizes, walk
from edge_agent.onsite.coarse import coarse
from edge_agent.onsite.finding import SiteFinding, failed, passed, skipped
from edge_agent.onsite.optics import Lens
from edge_agent.onsite.sound import check_speaker
from edge_agent.recognition.watchers import Watchers
from edge_agent.vision.face import Box
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest, find_models, load_manifest
from edge_agent.vision.plate_reader import PlateReader

FIRST_FRAMES: Final = 5  # a sensor's exposure has not settled yet
FRAMES: Final = 10
FRAME_TIMEOUT_S: Final = 12.0
_PLAIN: Final = (
    ("models", checkup.check_models),
    ("runtime", checkup.check_runtime),
    ("gallery", checkup.check_gallery),
    ("clock", checkup.check_clock),
    ("disk", checkup.check_disk),
    ("broker", checkup.check_broker),
)

_NOT_ASKED: Final = ("not asked for", "没有要求")
_NO_PICTURE: Final = (
    "check cable and source; an agent that runs holds the camera",
    "检查接线和地址；正在运行的程序会占用摄像头",
)
_CHECK_WIRES: Final = ("check the pin ([relay]), the wires and the group gpio", "检查引脚设置、接线和 gpio 用户组")


class Progress(Protocol):
    """What a technician sees meanwhile."""

    def say(self, line: str) -> None:
        """A line that stays."""
        ...

    def count(self, line: str) -> None:
        """A line that the next one replaces."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the technician wants to have looked at. Without `lens` or `distance_m` no size is expected."""

    lens: Callable[[int], Lens | None] = lambda _width_px: None  # by the width that the pictures really have
    distance_m: float | None = None
    passage_s: float = 20.0  # 0: nobody walks through
    relay: bool = True  # false: a door must not open now


class Visit:
    """One visit. `findings` yields each as it is found; afterwards `picture` is what may leave the device."""

    def __init__(self, config: AgentConfig, asked: Asked, progress: Progress) -> None:
        self._config = config
        self._asked = asked
        self._progress = progress
        self._clock = SystemClock()
        self.picture: Pixels | None = None

    def findings(self) -> Iterator[SiteFinding]:
        """Raises KeyboardInterrupt as it comes, with the camera let go of."""
        for name, check in _PLAIN:
            found = examine(name, check, self._config)
            yield SiteFinding(check=name, ok=found.ok, found=found.found, advice=found.advice)
        yield machine.temperature()
        yield machine.power()
        yield from self._seen()
        self._progress.say("喇叭和继电器 speaker and relay")
        yield check_speaker(self._config.speaker)
        yield self._clicked()

    def _seen(self) -> Iterator[SiteFinding]:
        camera = LatestFrame(make_camera(self._config.camera, self._clock))
        camera.start()
        try:
            yield from self._looked_at(camera)
        finally:
            camera.stop()

    def _looked_at(self, camera: LatestFrame) -> Iterator[SiteFinding]:
        self._progress.say("画面 looking at the picture")
        source = without_secret(self._config.camera.source)
        pictures = self._pictures(camera)
        if not pictures:
            why = camera.state().trouble or f"no frame for {FRAME_TIMEOUT_S:.0f} s"
            yield failed("picture", (f"{source}: {why}", "没有画面"), _NO_PICTURE)
            return
        height, width = pictures[-1].shape[:2]
        yield passed("picture", (f"{source}: {width}x{height}", f"{width}x{height}"))
        yield from picture_quality.judge(picture_quality.measure(pictures))
        yield from sizes.expected(self._config, self._asked.lens(width), self._asked.distance_m)
        manifest = load_manifest(find_models(self._config.models.dir))
        eyes = _Eyes(manifest, threads=self._config.models.threads)
        walked = self._walked(camera, manifest, eyes) if self._asked.passage_s > 0 else None
        if walked is None:
            yield skipped("passage", _NOT_ASKED)
        else:
            yield walk.judge(walked, self._asked.passage_s)
            yield from sizes.measured(self._config, walked.faces_px, walked.plates_px)
        shown = pictures[-1] if walked is None or walked.picture is None else walked.picture
        self.picture = coarse(shown, [eyes.faces, eyes.plates])

    def _pictures(self, camera: LatestFrame) -> list[Pixels]:
        found: list[Pixels] = []
        for number in range(FIRST_FRAMES + FRAMES):
            frame = camera.take(FRAME_TIMEOUT_S)
            if frame is None:
                break
            if number >= FIRST_FRAMES:
                found.append(frame.pixels)
        return found

    def _walked(self, camera: LatestFrame, manifest: Manifest, eyes: "_Eyes") -> walk.Walked:
        lasts_s = self._asked.passage_s
        self._progress.say(f"请走过去 walk through now, within {lasts_s:.0f} s")
        return walk.walk(
            camera,
            self._watchers(manifest),
            faces=eyes.faces,
            plates=eyes.plates if self._config.plates.enabled else _nothing,
            lasts_s=lasts_s,
            now_s=self._clock.monotonic_s,
            told=lambda left_s, events: self._progress.count(f"还有 {left_s:.0f} s left; {events} events"),
        )

    def _watchers(self, manifest: Manifest) -> Watchers:
        gallery = received_gallery(self._config, manifest.face) or configured_gallery(self._config, manifest.face)
        return make_watchers(self._config, manifest, gallery=gallery)

    def _clicked(self) -> SiteFinding:
        relay = make_relay(self._config.relay)
        if relay is None:
            return skipped("relay", ("none is fitted ([relay] pin)", "没有装继电器"))
        if not self._asked.relay:
            return skipped("relay", _NOT_ASKED)
        return click(relay, pin=self._config.relay.pin, pulse_ms=self._config.relay.pulse_ms)


def click(relay: Relay, *, pin: int | None, pulse_ms: int) -> SiteFinding:
    """One pulse, and the relay let go of."""
    try:
        relay.pulse(pulse_ms)
    except RelayError as error:
        return failed("relay", (str(error), "继电器没有响应"), _CHECK_WIRES)
    finally:
        relay.close()
    words = (
        f"GPIO {pin} pulled for {pulse_ms} ms: did it click, and did the door open?",
        f"GPIO {pin} 吸合 {pulse_ms} 毫秒：请确认有响声、门已打开",
    )
    return passed("relay", words)


class _Eyes:
    """Where faces and plates are, whatever this device is for: what leaves must show neither."""

    def __init__(self, manifest: Manifest, *, threads: int) -> None:
        self._faces = FaceReader.open(manifest, threads=threads)
        self._plates = PlateReader.open(manifest, threads=threads)

    def faces(self, pixels: Pixels) -> list[Box]:
        return [face.box_px for face in self._faces.detector.detect(pixels)]

    def plates(self, pixels: Pixels) -> list[Box]:
        return [plate.box_px for plate in self._plates.detect(pixels)]


def _nothing(_pixels: Pixels) -> list[Box]:
    return []
