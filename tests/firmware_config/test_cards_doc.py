"""CARDS.md says what is so."""

import re
from pathlib import Path

from cards import CLINIC, GATE, ISSUED, card

import firmware_config
from firmware_config.device.card import Start
from firmware_config.device.system import HARDWARE_WATCHDOG_S
from firmware_config.profile import SETTINGS

TEXT = (Path(firmware_config.__file__).parent / "CARDS.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> set[str]:
    """What stands in back quotes in the first column below a heading."""
    section = TEXT.split(heading, 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def test_every_setting_stands_there_and_no_other() -> None:
    assert first_cells("## Settings") == set(SETTINGS)


def test_every_file_of_a_card_stands_there() -> None:
    told = first_cells("# What is on a card") | {
        "shouwang/SHA256SUMS",
        "shouwang/device.json",
        "shouwang/split_card.sh",
    }
    for start in (Start.CLOUD_INIT, Start.FIRSTRUN):
        for path in [*card(GATE, start), *card(CLINIC, start, credentials=ISSUED)]:
            top = path if path.count("/") < 2 else path.rsplit("/", path.count("/") - 1)[0] + "/"
            names = {top, top.removeprefix("shouwang/")}
            assert names & told, path


def test_the_hardware_watchdog_is_as_told() -> None:
    assert f"hangs for {HARDWARE_WATCHDOG_S} s" in TEXT
