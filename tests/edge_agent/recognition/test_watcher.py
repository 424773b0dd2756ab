from collections.abc import Sequence

import numpy as np
import pytest

from edge_agent.clock import FakeClock
from edge_agent.recognition.gallery import Entry, Gallery, Purpose
from edge_agent.recognition.matcher import Matcher
from edge_agent.recognition.passage import PassageRules, Passages
from edge_agent.recognition.tracker import Tracker
from edge_agent.recognition.watcher import CHECK_AGAIN_S, EMBEDS_PER_FRAME_MAX, Watched, Watcher
from edge_agent.vision.face import Box, Face
from edge_agent.vision.face_embed import Template
from edge_agent.vision.frame import Frame, Pixels
from edge_agent.vision.manifest import FaceSpec
from edge_agent.vision.motion import LOOK_ANYWAY_S, MotionGate

FRAME_S = 1 / 12
WIDTH, HEIGHT = 640, 360
SPEC = FaceSpec(
    embedder_id="test",
    template_length=16,
    same_score_min=0.8,
    door_score_min=0.9,
    welfare_score_min=0.9,
    welfare_margin_min=0.0,
)


class PaintedEyes:
    """Eyes that know the scene: people are painted squares, and their grey value is who they are."""

    def __init__(self) -> None:
        self.people: dict[int, Box] = {}  # by grey value
        self.quality_now = 0.8
        self.looked_at: list[list[Box]] = []
        self.embedded: list[int] = []

    def paint(self) -> Pixels:
        picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        for grey, (x0, y0, x1, y1) in self.people.items():
            picture[int(y0) : int(y1), int(x0) : int(x1)] = grey
        return picture

    def detect(self, pixels: Pixels, where: Sequence[Box]) -> list[Face]:
        assert pixels.shape == (HEIGHT, WIDTH, 3)
        self.looked_at.append(list(where))
        return [
            Face(box_px=box, score=0.9, keypoints_px=(self._centre(box),) * 6)
            for box in self.people.values()
            if any(w[0] <= self._centre(box)[0] < w[2] and w[1] <= self._centre(box)[1] < w[3] for w in where)
        ]

    def quality(self, pixels: Pixels, face: Face) -> float:
        assert pixels is not None
        assert face.width_px > 0
        return self.quality_now

    def embed(self, pixels: Pixels, face: Face) -> Template:
        x, y = self._centre(face.box_px)
        grey = int(pixels[int(y), int(x), 0])
        self.embedded.append(grey)
        return template_of(grey)

    @staticmethod
    def _centre(box: Box) -> tuple[float, float]:
        return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def template_of(grey: int) -> Template:
    template = np.zeros(16, np.float32)
    template[grey % 16] = 1.0
    return template


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.eyes = PaintedEyes()
        entry = Entry(person="resident", purposes=frozenset(Purpose), templates=template_of(200)[None])
        gallery = Gallery(embedder_id="test", template_length=16, entries=(entry,))
        rules = PassageRules(gap_s=2.0, interim_s=60.0, frames_min=2, best_frames=3)
        self.watcher = Watcher(
            gate=MotionGate(),
            eyes=self.eyes,
            tracker=Tracker(gap_s=2.0),
            passages=Passages(rules, Matcher(gallery), face=SPEC, camera="east"),
            embeds_per_s=4.0,
            quality_min=0.3,
        )
        self.number = 0

    def frame(self) -> Watched:
        self.clock.advance(FRAME_S)
        self.number += 1
        return self.watcher.watch(
            Frame(pixels=self.eyes.paint(), captured=self.clock.stamp(), number=self.number),
        )

    def walk(self, grey: int, frames: int, y: float = 100.0) -> list[Watched]:
        watched = []
        for n in range(frames):
            self.eyes.people[grey] = (40.0 + 8 * n, y, 100.0 + 8 * n, y + 60)
            watched.append(self.frame())
        return watched

    def quiet(self, seconds: float) -> list[Watched]:
        return [self.frame() for _ in range(round(seconds / FRAME_S))]


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.frame()  # the first picture is looked at whole
    return scene


def test_somebody_walks_through_and_one_passage_comes_out(scene: Scene) -> None:
    watched = scene.walk(200, 40)
    scene.eyes.people.clear()
    watched += scene.quiet(3)
    (passage,) = [passage for one in watched for passage in one.passages]
    assert passage.sighting is not None
    assert passage.sighting.person == "resident"
    assert passage.sighting.strict
    assert passage.frames >= 38


def test_nothing_moves_and_no_network_runs_but_for_the_look_anyway(scene: Scene) -> None:
    watched = scene.quiet(20)
    inferred = sum(one.inferred for one in watched)
    assert inferred <= 20 / LOOK_ANYWAY_S + 1
    assert inferred >= 20 / LOOK_ANYWAY_S - 1


def test_detection_runs_only_about_where_something_moves(scene: Scene) -> None:
    scene.walk(200, 30)
    partial = [where for where in scene.eyes.looked_at if where != [(0.0, 0.0, float(WIDTH), float(HEIGHT))]]
    assert len(partial) >= 20
    for where in partial:
        assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in where) < WIDTH * HEIGHT * 0.8


def test_somebody_who_stands_still_is_still_looked_at(scene: Scene) -> None:
    scene.walk(200, 10)
    standing = scene.quiet(20)
    assert all(one.faces == 1 for one in standing)


def test_embedding_is_bounded_in_time_and_stops_when_no_better_look_is_to_be_had(scene: Scene) -> None:
    scene.walk(200, 10)
    scene.eyes.embedded.clear()
    scene.quiet(10)
    assert len(scene.eyes.embedded) <= 10 / CHECK_AGAIN_S + 3


def test_better_and_better_pictures_are_embedded_no_more_than_so_often(scene: Scene) -> None:
    for n in range(60):
        scene.eyes.quality_now = 0.3 + n * 0.01
        scene.walk(200, 1)
    assert 10 <= len(scene.eyes.embedded) <= 60 * FRAME_S * 4 + 1


def test_a_bad_picture_is_never_embedded_and_gives_a_stranger(scene: Scene) -> None:
    scene.eyes.quality_now = 0.29
    watched = scene.walk(200, 30)
    scene.eyes.people.clear()
    watched += scene.quiet(3)
    assert scene.eyes.embedded == []
    (passage,) = [passage for one in watched for passage in one.passages]
    assert passage.sighting is None


def test_a_crowd_takes_turns(scene: Scene) -> None:
    for n in range(8):
        scene.eyes.people[160 + n] = (20.0 + 75 * n, 50, 80.0 + 75 * n, 110)
    before = 0
    for _ in range(2):
        scene.frame()
        assert len(scene.eyes.embedded) - before <= EMBEDS_PER_FRAME_MAX
        before = len(scene.eyes.embedded)
    assert len(set(scene.eyes.embedded)) == 8, "whoever waited came first on the next frame"


def test_a_passage_ends_by_time_alone_when_the_camera_is_lost(scene: Scene) -> None:
    scene.walk(200, 20)
    scene.clock.advance(2.5)
    assert len(scene.watcher.due(scene.clock.monotonic_s())) == 1
    assert scene.watcher.flush() == []
