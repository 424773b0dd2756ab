"""Which parts an agent is made of, by its configuration. Something stands in for the models."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_plates import plate, reading

from edge_agent import assembly
from edge_agent.clock import FakeClock
from edge_agent.config import AgentConfig, PlateDirection, load
from edge_agent.errors import GalleryError
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.plate_watcher import PlateWatcher
from edge_agent.recognition.watcher import Watcher
from edge_agent.vision.face import Box
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.vision.manifest import FaceSpec, Manifest
from edge_agent.vision.plate import Plate, RawReading
from edge_agent.wire.gallery import WrittenVehicle
from edge_agent.wire.messages import Direction, PlateVerdict

FACE = FaceSpec(
    embedder_id="test",
    template_length=4,
    same_score_min=0.8,
    door_score_min=0.9,
    welfare_score_min=0.9,
    welfare_margin_min=0.0,
)
MANIFEST = Manifest(folder=Path("/nowhere"), models={}, face=FACE)
EMPTY = Gallery(embedder_id="test", template_length=4)


class StandIn:
    """Opens like a reader of faces or plates, and counts how often."""

    def __init__(self) -> None:
        self.opened = 0

    def open(self, manifest: Manifest, *, threads: int) -> "StandIn":
        assert manifest is MANIFEST
        assert threads == 1
        self.opened += 1
        return self

    def warm_up(self) -> None:
        """Always warm."""


@pytest.fixture
def faces(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn()
    monkeypatch.setattr(assembly, "FaceReader", made)
    return made


@pytest.fixture
def plates(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn()
    monkeypatch.setattr(assembly, "PlateReader", made)
    return made


def config(tmp_path: Path, more: str = "") -> AgentConfig:
    file = tmp_path / "agent.toml"
    file.write_text(
        f"""
site = "test"
device = "gate"
[hub]
host = "broker"
[camera]
name = "gate"
source = "replay:cars.mp4"
[journal]
file = "journal.sqlite3"
{more}
""",
        encoding="utf-8",
    )
    return load(file)


PLATES = "[plates]\nenabled = true\n"
NO_FACES = "[faces]\nenabled = false\n"


@pytest.mark.parametrize(
    ("more", "faces_opened", "plates_opened"),
    [("", 1, 0), (PLATES, 1, 1), (NO_FACES + PLATES, 0, 1)],
)
def test_only_the_models_of_what_is_looked_for_are_loaded(
    tmp_path: Path, faces: StandIn, plates: StandIn, more: str, faces_opened: int, plates_opened: int
) -> None:
    watchers = assembly.make_watchers(config(tmp_path, more), MANIFEST, gallery=EMPTY)
    assert (faces.opened, plates.opened) == (faces_opened, plates_opened)
    assert isinstance(watchers._faces, Watcher) is bool(faces_opened)
    assert isinstance(watchers._plates, PlateWatcher) is bool(plates_opened)


class OnePlate:
    """Eyes before which one plate stands."""

    def detect(self, pixels: Pixels, where: Sequence[Box] | None) -> list[Plate]:
        assert pixels.size
        assert where is None or where
        return [plate(160, 120)]

    def read(self, pixels: Pixels, plate: Plate) -> RawReading:
        assert pixels.size
        assert plate.score > 0
        return reading("皖A12345")


@pytest.mark.parametrize("direction", [PlateDirection.IN, PlateDirection.OUT, PlateDirection.AUTO])
def test_a_plate_watcher_judges_by_the_gallery_and_tells_the_configured_direction(
    tmp_path: Path, direction: PlateDirection
) -> None:
    more = f'{PLATES}direction = "{direction.value}"\nprior = {{ "皖" = 0.9 }}\n'
    vehicle = WrittenVehicle(plate="皖A12345", valid_from_us=None, valid_until_us=None)
    watcher = assembly.make_plate_watcher(
        config(tmp_path, more), OnePlate(), gallery=replace(EMPTY, vehicles=(vehicle,))
    )
    picture = Frame(pixels=np.zeros((240, 320, 3), np.uint8), captured=FakeClock().stamp(), number=1)
    (decision,) = watcher.watch(picture).decided
    assert decision.reading.verdict is PlateVerdict.KNOWN
    expected = {"in": Direction.IN, "out": Direction.OUT, "auto": Direction.UNKNOWN}[direction.value]
    (event,) = watcher.flush()
    assert decision.direction is event.direction is expected
    assert event.camera == "gate"


def listed(gallery: Gallery) -> list[str]:
    return [vehicle.plate for vehicle in gallery.vehicles]


def test_the_plates_of_the_configuration_join_those_of_its_gallery_which_keep_their_time(tmp_path: Path) -> None:
    visitor = WrittenVehicle(plate="皖A12345", valid_from_us=1, valid_until_us=2)
    (tmp_path / "gallery.json").write_bytes(replace(EMPTY, vehicles=(visitor,)).to_bytes())
    (tmp_path / "plates.txt").write_text("皖A12345\n皖B99999\n", encoding="utf-8")
    more = f'{PLATES}file = "plates.txt"\n[gallery]\nfile = "gallery.json"\n'
    found = assembly.configured_gallery(config(tmp_path, more), FACE)
    assert listed(found) == ["皖A12345", "皖B99999"]
    assert found.vehicles[0] == visitor


def test_a_list_of_plates_is_read_only_where_plates_are(tmp_path: Path) -> None:
    file = '[plates]\nfile = "none.txt"\n'
    assert listed(assembly.configured_gallery(config(tmp_path, file), FACE)) == []
    with pytest.raises(GalleryError, match=r"none\.txt: cannot be read"):
        assembly.configured_gallery(config(tmp_path, file + "enabled = true\n"), FACE)


class SentLane:
    """A lane that has had a gallery of the hub, usable or not."""

    was_held = True

    def __init__(self, gallery: Gallery | None) -> None:
        self._gallery = gallery

    def take_first(self) -> Gallery | None:
        return self._gallery


def test_once_the_hub_has_sent_a_gallery_the_list_of_the_configuration_counts_no_more(tmp_path: Path) -> None:
    (tmp_path / "plates.txt").write_text("皖B99999\n", encoding="utf-8")
    made = config(tmp_path, f'{PLATES}file = "plates.txt"\n')
    sent = replace(EMPTY, vehicles=(WrittenVehicle(plate="皖A12345", valid_from_us=None, valid_until_us=None),))
    lane: Any = SentLane(sent)
    assert listed(assembly.first_gallery(made, FACE, lane)) == ["皖A12345"]
    unusable: Any = SentLane(None)
    assert listed(assembly.first_gallery(made, FACE, unusable)) == [], "it may name cars that were taken off"
    assert listed(assembly.first_gallery(made, FACE, None)) == ["皖B99999"]
