"""`edge-agent doctor --on-site` on a clip of somebody who walks up: findings, sheet, files, and a clean Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge_agent.cli import main
from edge_agent.clock import FakeClock
from edge_agent.config import load
from edge_agent.errors import JournalError
from edge_agent.journal import Journal
from edge_agent.onsite import filing
from edge_agent.onsite.finding import failed, passed, skipped
from edge_agent.onsite.printed import as_html, as_text
from edge_agent.onsite.sheet import make_sheet
from edge_agent.vision.frame import Pixels
from edge_agent.wire.codec import decode_event, encode_event
from edge_agent.wire.messages import Outcome, PassSheet

AT = FakeClock(wall_us=1_795_471_200_000_000).stamp()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, astronaut: Pixels) -> Path:
    """Four seconds: a wall, and somebody who comes nearer."""
    file = tmp_path_factory.mktemp("clip") / "walk.mp4"
    video = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), 10, (1280, 720))
    rng = np.random.default_rng(4)
    wall = rng.integers(60, 180, (36, 64, 3)).astype(np.uint8)
    wall = cv2.resize(wall, (1280, 720), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    for number in range(60):
        frame = wall.copy()
        if number >= 20:
            side = 300 + 5 * number
            left = 200 + 5 * number
            frame[80 : 80 + side, left : left + side] = cv2.resize(astronaut, (side, side))[: 720 - 80]
        noise = rng.integers(-3, 4, frame.shape, dtype=np.int16)
        video.write((frame + noise).clip(0, 255).astype(np.uint8))
    video.release()
    return file


@pytest.fixture
def agent_toml(tmp_path: Path, clip: Path) -> Path:
    file = tmp_path / "agent.toml"
    file.write_text(
        'site = "riverside"\ndevice = "east-gate"\n[hub]\nhost = "127.0.0.1"\nport = 1\n'
        f'[camera]\nname = "east"\nsource = "{clip}"\nloop = true\n[clock]\nsynchronised = "always"\n'
        '[journal]\nfile = "data/journal.sqlite3"\n'
    )
    return file


def words(agent_toml: Path, *more: str) -> list[str]:
    out = str(agent_toml.parent / "sheets")
    return ["doctor", "--config", str(agent_toml), "--on-site", "--out", out, "--by", "王师傅", *more]


@pytest.mark.slow
def test_a_visit_finds_files_and_shows_nobody(agent_toml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words(agent_toml, "--json", "--file", "--module", "v3", "--distance-m", "2", "--passage-s", "6")) == 1
    out, err = capsys.readouterr()
    found: dict[str, dict[str, Any]] = {row["check"]: row for row in json.loads(out)}
    assert {check for check, row in found.items() if row["outcome"] == "fail"} == {"broker"}, found
    assert {found[check]["outcome"] for check in ("relay", "speaker")} == {"skipped"}
    assert found["passage"]["found"].startswith("1 people (0 known)")
    assert "filed" in err

    config = load(agent_toml)
    journal = Journal(config.journal.file, clock=FakeClock())
    (item,) = journal.unsent(0)
    journal.close()
    sheet = journal_event(bytes(item.event))
    assert (sheet.by, sheet.passed, len(sheet.findings)) == ("王师傅", False, len(found))
    assert sheet.picture is not None
    pages = sorted((agent_toml.parent / "sheets").iterdir())
    assert [page.suffix for page in pages] == [".html", ".txt"]
    assert "王师傅" in pages[0].read_text(encoding="utf-8")


def journal_event(raw: bytes) -> PassSheet:
    event = decode_event(raw)
    assert isinstance(event, PassSheet)
    return event


@pytest.mark.slow
def test_ctrl_c_ends_at_once_and_leaves_no_half_sheet(agent_toml: Path) -> None:
    run = "import sys; from edge_agent.cli import main; sys.exit(main(sys.argv[1:]))"
    visit = subprocess.Popen(
        [sys.executable, "-c", run, *words(agent_toml, "--passage-s", "120")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 no threads yet
    )
    assert visit.stderr is not None
    for line in visit.stderr:
        if "walk through now" in line:
            break
    visit.send_signal(signal.SIGINT)
    _, err = visit.communicate(timeout=20)
    assert visit.returncode == 130, err
    assert "interrupted after" in err
    assert "Traceback" not in err
    assert not (agent_toml.parent / "sheets").exists()


def test_a_journal_in_use_is_said_before_anybody_walks(agent_toml: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = load(agent_toml)
    running = Journal(config.journal.file, clock=FakeClock())
    try:
        assert main(words(agent_toml, "--file")) == 1
    finally:
        running.close()
    assert "stop it first (sudo systemctl stop shouwang-agent)" in capsys.readouterr().err


def test_a_camera_that_cannot_be_opened_is_a_finding_and_the_rest_goes_on(
    agent_toml: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent_toml.write_text(agent_toml.read_text().replace("walk.mp4", "absent.mp4"))
    assert main(words(agent_toml)) == 1
    out = capsys.readouterr().out
    assert "FAIL  picture" in out
    assert "speaker" in out
    assert "检查接线" in out


@pytest.mark.parametrize(
    "more",
    [("--distance-m", "0"), ("--distance-m", "nan"), ("--passage-s", "-1"), ("--lens-mm", "3"), ("--hfov-deg", "500")],
)
def test_what_is_absurd_is_said_at_once(
    agent_toml: Path, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(agent_toml, *more)) == 1
    assert more[0] in capsys.readouterr().err or more[0] == "--lens-mm"
    assert not (agent_toml.parent / "sheets").exists()


def test_root_does_not_make_a_journal_that_the_agent_cannot_open(
    agent_toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(agent_toml)
    folder = config.journal.file.parent
    folder.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if folder.stat().st_uid == 0:
        try:
            os.chown(folder, 65534, 65534)
        except PermissionError:
            pytest.skip("a folder of somebody else cannot be made here")
    with pytest.raises(JournalError, match="run this as that user"):
        filing.check_free(config)


# --- the sheet on paper -----------------------------------------------------------------------------------------

FINDINGS = [
    passed("light", ("<b>112</b> of 255", "亮度 112")),
    failed("relay", ("no click", "没有响声"), ("check the wires", "检查接线")),
    skipped("speaker", ("none", "没有装")),
    passed("newer", ("of a newer agent", "")),
]


@pytest.mark.parametrize("printed", [as_html, as_text])
def test_a_sheet_on_paper_has_everything_in_two_languages(printed: Callable[..., str]) -> None:
    sheet = make_sheet(FINDINGS, at=AT, camera="east", by="王 & 赵", picture=np.full((90, 160, 3), 90, np.uint8))
    text = printed(sheet, site="riverside", device="east-gate")
    for said in ("现场验收单", "Pass sheet", "east-gate", "开门继电器", "Relay", "检查接线", "check the wires", "newer",
                 "2026-11-23 22:00 UTC", "有项目不合格", "没有查"):  # fmt: skip
        assert said in text, said
    assert ("<b>112" in text) == (printed is as_text)


def test_html_needs_no_other_file() -> None:
    sheet = make_sheet(FINDINGS, at=AT, camera="east", picture=np.full((90, 160, 3), 90, np.uint8))
    page = as_html(sheet, site="riverside", device="east-gate")
    assert page.count('src="data:image/jpeg;base64,') == 1
    assert "http" not in page
    assert "<script" not in page


def test_texts_that_are_too_long_are_cut_so_that_the_sheet_always_goes() -> None:
    long = failed("broker", ("x" * 5000, "长" * 5000), ("y" * 5000, "长" * 5000))
    sheet = make_sheet([long] * 20, at=AT, camera="east", by="z" * 500)
    encode_event(sheet)
    assert sheet.findings[0].found.endswith("…")
    assert sheet.findings[0].outcome is Outcome.FAIL
    assert len(sheet.by) == 80


def test_a_clock_that_is_not_right_is_said_on_the_sheet() -> None:
    sheet = make_sheet(FINDINGS, at=FakeClock(synced=False).stamp(), camera="east")
    assert "clock not synchronised" in as_text(sheet, site="riverside", device="east-gate")
