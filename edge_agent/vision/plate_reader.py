"""From a picture to the plates in it and what stands on them: detector, reader and grammar put together."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.vision.face import Box
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from edge_agent.vision.plate import KINDS, Plate, RawReading
from edge_agent.vision.plate_decode import Decoded, decode, logs_of
from edge_agent.vision.plate_detect import CLOSE, CLOSE_SCORE_MIN, PlateDetector
from edge_agent.vision.plate_network import PlateNetwork, plausible
from edge_agent.vision.plate_read import Corners, PlateNet, grown, whole
from edge_agent.vision.plate_window import Window
from edge_agent.vision.tflite import Model

SURE: Final = 0.9  # a reading of a single picture below this is made again, cut a little otherwise
CUTS: Final = (0.04, -0.03)  # how the corners are moved for it, in shares of the plate
HARDLY: Final = 0.6  # such a probability that it is no plate that looking again would only find one by chance
NO_PLATE: Final = 0.3  # from this probability on it is not a plate, and not reported as unreadable either
SEEN_MIN: Final = 0.8  # detector's score of what is reported though it cannot be read
READ_MIN: Final = 0.85  # score of a text found in a picture: right ones are above, signs and posters below
CROP_MARGIN: Final = 0.35  # grey around a tight crop, so that the detector sees a plate in something


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReadPlate:
    """A plate of a picture; `decoded` is None for what is there and cannot be read."""

    plate: Plate
    decoded: Decoded | None
    no_plate: float  # the reader's probability that it is none at all


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlateReadings:
    """The plates of a picture, best first, and how long it took."""

    plates: tuple[ReadPlate, ...]
    detect_ms: float
    read_ms: float

    @property
    def total_ms(self) -> float:
        return self.detect_ms + self.read_ms


class PlateReader:
    """Detector and reader. Not thread-safe: a thread that reads has its own."""

    def __init__(self, *, detector: PlateDetector, net: PlateNet) -> None:
        self.detector = detector
        self._net = net

    @classmethod
    def open(cls, manifest: Manifest, *, threads: int = 1) -> "PlateReader":
        """Load the plate models of a folder. Raises ModelError."""
        path, sha256 = manifest.path("plate-detector"), manifest.entry("plate-detector").sha256

        def network(size: tuple[int, int]) -> PlateNetwork:
            return PlateNetwork(Model(path, sha256, threads, input_shape=(1, *size, 3)))

        reader = Model(manifest.path("plate-reader"), manifest.entry("plate-reader").sha256, threads)
        made = cls(detector=PlateDetector(network), net=PlateNet(reader))
        made.warm_up()
        return made

    def warm_up(self) -> None:
        """Run every network of a camera once: the first inference allocates and is several times slower."""
        self.detector.warm_up()
        blank = np.zeros((64, 200, 3), np.uint8)
        self._net.read(blank, whole(blank))

    def detect(self, pixels: Pixels, where: Sequence[Box] | None = None) -> list[Plate]:
        """Plates of a camera's frame, best first; with `where` those whose middle is in one of the boxes."""
        return self.detector.detect(pixels, where)

    def read(self, pixels: Pixels, plate: Plate) -> RawReading:
        """One look at one plate."""
        return self._net.read(pixels, np.asarray(plate.corners_px))

    def read_all(self, pixels: Pixels) -> PlateReadings:
        """Everything a single picture gives: with second looks, as there is no next frame."""
        detect_s, read_s = 0.0, 0.0
        kept: list[ReadPlate] = []
        for look in (self.detector.photograph, self.detector.in_parts, self.detector.from_afar):
            started = time.perf_counter()
            found = look(pixels)
            detected = time.perf_counter()
            read = [self._read_closely(pixels, plate) for plate in found]
            kept += [one for one in map(_believed, read) if one is not None]
            detect_s += detected - started
            read_s += time.perf_counter() - detected
            if sum(one.decoded is not None for one in kept) == 1:
                break  # one car; with none it is worth another look, with several there may be more, farther away
        return PlateReadings(plates=_once(kept), detect_ms=detect_s * 1000, read_ms=read_s * 1000)

    def read_crop(self, pixels: Pixels) -> PlateReadings:
        """The picture is one plate, cut out tightly, perhaps slanting: read as it is, and by its corners if found."""
        started = time.perf_counter()
        found = self._corners_in_crop(pixels)
        detected = time.perf_counter()
        corners = whole(pixels)
        tl, tr, br, bl = ((float(x), float(y)) for x, y in (corners if found is None else found))
        plate = Plate(corners_px=(tl, tr, br, bl), score=1.0)
        read = self._best(pixels, plate, [corners] if found is None else [corners, found])
        ended = time.perf_counter()
        return PlateReadings(
            plates=(read,),
            detect_ms=(detected - started) * 1000,
            read_ms=(ended - detected) * 1000,
        )

    def _read_closely(self, pixels: Pixels, plate: Plate) -> ReadPlate:
        """One look; in doubt also by the corners that other looks find: the surest, if two of them say the same."""
        read = self._best(pixels, plate, [np.asarray(plate.corners_px)])
        if read.no_plate > HARDLY or (read.decoded is not None and read.decoded.score >= SURE):
            return read
        others = self.detector.otherwise(pixels, plate)
        reads = [read, *(self._best(pixels, other, [np.asarray(other.corners_px)]) for other in others)]
        surest = max(reads, key=_sureness)
        same = sum(_text(one) == _text(surest) for one in reads)
        return surest if same > 1 else read

    def _best(self, pixels: Pixels, plate: Plate, cuts: list[Corners]) -> ReadPlate:
        """One look a cut; when that leaves doubt more looks, their logarithms averaged."""
        readings = [self._net.read(pixels, corners) for corners in cuts]
        decoded, no_plate = _together(readings)
        if decoded is None or decoded.score < SURE:
            readings += [self._net.read(pixels, grown(corners, share)) for corners in cuts for share in CUTS]
            decoded, no_plate = _together(readings)
        return ReadPlate(plate=plate, decoded=decoded, no_plate=no_plate)

    def _corners_in_crop(self, pixels: Pixels) -> Corners | None:
        height, width = pixels.shape[:2]
        network = self.detector.network(CLOSE)
        wide = max(width * (1 + 2 * CROP_MARGIN), height * (1 + 2 * CROP_MARGIN) * network.width / network.height)
        high = wide * network.height / network.width
        window = Window(
            left=round((width - wide) / 2), top=round((height - high) / 2), width=round(wide), height=round(high)
        )
        found = network.find(pixels, window, CLOSE_SCORE_MIN)
        for corners in found.corners:
            box = np.concatenate([corners.min(0), corners.max(0)])
            covers = (box[2] - box[0]) * (box[3] - box[1]) > 0.4 * width * height
            if covers and plausible(corners):
                return corners  # type: ignore[no-any-return]
        return None


def _text(read: ReadPlate) -> str | None:
    return None if read.decoded is None else read.decoded.text


def _sureness(read: ReadPlate) -> float:
    return 0.0 if read.decoded is None else read.decoded.score * (1 - read.no_plate)


def _believed(read: ReadPlate) -> ReadPlate | None:
    """As it is when the text is sure enough; without a text when it surely is a plate; else nothing."""
    if _sureness(read) >= READ_MIN:
        return read
    if read.no_plate < NO_PLATE and read.plate.score >= SEEN_MIN:
        return ReadPlate(plate=read.plate, decoded=None, no_plate=read.no_plate)
    return None


def _once(plates: list[ReadPlate]) -> tuple[ReadPlate, ...]:
    """Each plate once, those with a text first."""
    ordered = sorted(plates, key=lambda one: (one.decoded is None, -one.plate.score))
    return tuple(
        one for at, one in enumerate(ordered) if not any(one.plate.covers(other.plate) for other in ordered[:at])
    )


def _together(readings: list[RawReading]) -> tuple[Decoded | None, float]:
    """Several looks at one plate as one; and the probability that it is none."""
    logs = [logs for reading in readings if (logs := logs_of(reading)) is not None]
    if not logs:
        return None, 0.0
    chars, kinds = (np.mean([pair[at] for pair in logs], axis=0) for at in (0, 1))
    shares = np.exp(kinds - kinds.max())
    return decode(chars, kinds), float(shares[KINDS.index(None)] / shares.sum())
