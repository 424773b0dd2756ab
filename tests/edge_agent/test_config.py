from pathlib import Path

import pytest

import edge_agent
from edge_agent.config import PlateDirection, Synchronised, load
from edge_agent.errors import ConfigError

EXAMPLE = Path(edge_agent.__file__).with_name("agent.example.toml")

SMALLEST = """
site = "riverside"
device = "east-gate"
[hub]
host = "broker"
[camera]
name = "east"
source = "replay:walk.mp4"
[journal]
file = "journal.sqlite3"
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "agent.toml"


def problems_of(file: Path) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(file)
    return caught.value.problems


def test_the_example_loads_and_explains_every_setting() -> None:
    config = load(EXAMPLE)
    assert config.camera.source == "picamera2"
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.lstrip().startswith(("#", "//")):
            assert "#" in line, line


def test_the_smallest_config_gets_defaults_and_paths_beside_the_file(config_file: Path) -> None:
    config_file.write_text(SMALLEST, encoding="utf-8")
    config = load(config_file)
    assert config.journal.file == config_file.parent / "journal.sqlite3"
    assert config.camera.source == f"replay:{config_file.parent / 'walk.mp4'}"
    assert config.gallery.file is None
    assert config.hub.port == 1883
    assert config.clock.synchronised is Synchronised.AUTO
    assert config.faces.enabled
    assert not config.plates.enabled
    assert config.plates.direction is PlateDirection.AUTO
    assert config.plates.prior is None
    assert config.metrics.textfile is None


def test_absolute_paths_urls_and_devices_stay_as_they_are(config_file: Path) -> None:
    for source in ("picamera2", "rtsp://user:secret@camera/1", "/dev/video0", "http://camera/stream.mjpg"):
        config_file.write_text(SMALLEST.replace("replay:walk.mp4", source), encoding="utf-8")
        assert load(config_file).camera.source == source
    config_file.write_text(SMALLEST.replace("journal.sqlite3", "/data/j.sqlite3"), encoding="utf-8")
    assert load(config_file).journal.file == Path("/data/j.sqlite3")


def test_a_plain_file_is_a_clip(config_file: Path) -> None:
    config_file.write_text(SMALLEST.replace("replay:walk.mp4", "walk.mp4"), encoding="utf-8")
    assert load(config_file).camera.source == f"replay:{config_file.parent / 'walk.mp4'}"


def test_all_mistakes_are_reported_at_once_by_field(config_file: Path) -> None:
    config_file.write_text(
        """
        site = "River Side"
        hub = 3
        [camera]
        name = "east"
        source = "ftp://camera"
        width_px = 1280
        fps = 900
        loop = "yes"
        [journal]
        file = ""
        keep_days = nan
        [clock]
        synchronised = true
        [passages]
        gap_s = 1
        """,
        encoding="utf-8",
    )
    problems = problems_of(config_file)
    assert set(problems) == {
        "site",
        "device",
        "hub",
        "camera.source",
        "camera.width_px",
        "camera.fps",
        "camera.loop",
        "journal.file",
        "journal.keep_days",
        "clock.synchronised",
        "passages",
    }
    assert "did you mean 'width'?" in problems["camera.width_px"]
    assert "did you mean 'passage'?" in problems["passages"]
    assert problems["device"] == "is missing"


def test_the_error_names_file_and_every_field_in_one_text(config_file: Path) -> None:
    config_file.write_text(SMALLEST.replace('host = "broker"', "port = 0"), encoding="utf-8")
    with pytest.raises(ConfigError, match="has 2 mistakes") as caught:
        load(config_file)
    assert str(config_file) in str(caught.value)
    assert "hub.host: is missing" in str(caught.value)
    assert "hub.port: must be a whole number from 1 to 65535; found 0" in str(caught.value)


@pytest.mark.parametrize("value", ["true", '"8"', "1.5", "[1]"])
def test_a_whole_number_is_nothing_else(config_file: Path, value: str) -> None:
    config_file.write_text(f"{SMALLEST}\n[models]\nthreads = {value}\n", encoding="utf-8")
    assert list(problems_of(config_file)) == ["models.threads"]


def test_a_section_in_place_of_a_value_is_a_mistake_not_a_crash(config_file: Path) -> None:
    config_file.write_text(f"{SMALLEST}\n[clock.synchronised]\nx = 1\n", encoding="utf-8")
    assert list(problems_of(config_file)) == ["clock.synchronised"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"site = ", "is not TOML"), (b"\xff\xfe", "is not TOML"), (b"#" * 70_000, "is the limit")],
)
def test_what_is_no_config_at_all_is_said_in_words(config_file: Path, content: bytes, words: str) -> None:
    config_file.write_bytes(content)
    assert words in problems_of(config_file)["file"]


def test_a_missing_file_is_said_in_words(config_file: Path) -> None:
    assert "No such file" in problems_of(config_file)["file"]


def test_a_gate_for_vehicles_looks_for_plates_alone(config_file: Path) -> None:
    plates = """
    [faces]
    enabled = false
    [plates]
    enabled = true
    direction = "out"
    file = "plates.txt"
    prior = { "皖" = 0.9, "苏" = 0.05 }
    """
    config_file.write_text(SMALLEST + plates, encoding="utf-8")
    config = load(config_file)
    assert not config.faces.enabled
    assert config.plates.direction is PlateDirection.OUT
    assert config.plates.file == config_file.parent / "plates.txt"
    assert config.plates.prior == {"皖": 0.9, "苏": 0.05}


def test_an_agent_that_looks_for_nothing_is_a_mistake(config_file: Path) -> None:
    config_file.write_text(f"{SMALLEST}[faces]\nenabled = false\n", encoding="utf-8")
    assert "nothing to look for" in problems_of(config_file)["faces.enabled"]


def test_a_passage_cannot_end_before_its_plate_is_lost(config_file: Path) -> None:
    config_file.write_text(f"{SMALLEST}[plates]\ngap_s = 5\nrejoin_s = 4\n", encoding="utf-8")
    assert problems_of(config_file) == {"plates.rejoin_s": "must not be less than plates.gap_s, 5"}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('direction = "up"', 'must be "in", "out" or "auto"'),
        ("direction = 1", 'must be "in", "out" or "auto"'),
        ("prior = 0.9", "must be a table"),
        ('prior = { "A" = 0.9 }', "not 'A'"),
        ('prior = { "皖" = 1.5 }', "from 0 to 1"),
        ('prior = { "皖" = nan }', "from 0 to 1"),
        ('prior = { "皖" = true }', "from 0 to 1"),
        ('prior = { "皖" = "0.9" }', "from 0 to 1"),
        ('prior = { "皖" = 0.9, "苏" = 0.2 }', "at most 1"),
    ],
)
def test_settings_of_plates_that_cannot_be_are_said_in_words(config_file: Path, setting: str, words: str) -> None:
    config_file.write_text(f"{SMALLEST}[plates]\n{setting}\n", encoding="utf-8")
    ((field, problem),) = problems_of(config_file).items()
    assert field == f"plates.{setting.partition(' ')[0]}"
    assert words in problem


def test_the_metrics_go_to_a_file_that_their_collector_reads(config_file: Path) -> None:
    config_file.write_text(SMALLEST + '[metrics]\ntextfile = "/run/shouwang/agent.prom"\n', encoding="utf-8")
    assert load(config_file).metrics.textfile == Path("/run/shouwang/agent.prom")
    config_file.write_text(SMALLEST + '[metrics]\ntextfile = "agent.txt"\n', encoding="utf-8")
    assert problems_of(config_file).keys() == {"metrics.textfile"}
    assert "must end in .prom" in problems_of(config_file)["metrics.textfile"]
