"""Is this folder the boot partition of a Raspberry Pi OS that we can start on? Reads, and writes nothing."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from firmware_config.device.card import Start
from firmware_config.device.cloud_init import META_DATA, NETWORK_CONFIG, USER_DATA

CMDLINE: Final = "cmdline.txt"
CONFIG: Final = "config.txt"
ISSUE: Final = "issue.txt"
OVERLAYS: Final = "overlays"
BOOKWORM: Final = date(2023, 10, 10)  # its first image; the ones before have Python 3.9, which is too old for us
TRIXIE: Final = date(2025, 10, 1)
FILE_BYTES_MAX: Final = 64 * 1024
_ISSUED: Final = re.compile(r"reference (\d{4})-(\d\d)-(\d\d)\b")


class BootError(Exception):
    """This is no card that can be written, and why. Fit for a person; `zh`: in Chinese, where that is at hand."""

    def __init__(self, text: str, *, zh: str = "") -> None:
        self.zh = zh or text
        super().__init__(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class BootPartition:
    """`issued`: when the image was made; None where it does not say."""

    folder: Path
    start: Start
    issued: date | None

    @property
    def python(self) -> str:
        """The system's Python."""
        newer = self.start is Start.CLOUD_INIT if self.issued is None else self.issued >= TRIXIE
        return "3.13" if newer else "3.11"


def detect(folder: Path) -> BootPartition:
    """Raises BootError, which says what was looked for."""
    if not folder.is_dir():
        raise BootError(
            f"{folder} is no folder: name the one where the card's small partition (bootfs) is mounted",
            zh=f"没有 {folder} 这个目录：请写卡上那个小分区（bootfs）挂载的位置",
        )
    missing = [name for name in (CMDLINE, CONFIG) if not (folder / name).is_file()]
    if not (folder / OVERLAYS).is_dir():
        missing.append(f"{OVERLAYS}/")
    if missing:
        raise BootError(
            f"{folder} is no boot partition of Raspberry Pi OS: looked for {CMDLINE}, {CONFIG} and {OVERLAYS}/, "
            f"and found no {' and no '.join(missing)}. It is the small partition of the card, often mounted as bootfs",
            zh=f"{folder} 不是 Raspberry Pi OS 的启动分区：找的是 {CMDLINE}、{CONFIG} 和 {OVERLAYS}/，"
            f"缺 {'、'.join(missing)}。它是卡上的小分区，一般挂载为 bootfs",
        )
    if "root=" not in read_small(folder / CMDLINE):
        raise BootError(
            f"{folder / CMDLINE} names no root=: this is no card with Raspberry Pi OS on it",
            zh=f"{folder / CMDLINE} 里没有 root=：这张卡上没有 Raspberry Pi OS",
        )
    issued = _issued(folder / ISSUE)
    if issued is not None and issued < BOOKWORM:
        raise BootError(
            f"this image is of {issued}, older than Bookworm ({BOOKWORM}): its Python cannot run the agent. "
            "Put a newer Raspberry Pi OS (64-bit) on the card",
            zh=f"这个系统是 {issued} 的，比 Bookworm（{BOOKWORM}）旧，它的 Python 跑不了：请换新的 64 位系统",
        )
    return BootPartition(folder=folder, start=_start(folder, issued), issued=issued)


def _start(folder: Path, issued: date | None) -> Start:
    """An image with cloud-init brings its files as templates; one of Trixie has it even when somebody removed those."""
    templates = all((folder / name).is_file() for name in (USER_DATA, META_DATA))
    named = templates or (folder / NETWORK_CONFIG).is_file()
    return Start.CLOUD_INIT if named or (issued is not None and issued >= TRIXIE) else Start.FIRSTRUN


def _issued(file: Path) -> date | None:
    try:
        found = _ISSUED.search(read_small(file))
        return None if found is None else date(*(int(part) for part in found.groups()))
    except (BootError, ValueError):
        return None


def read_small(file: Path) -> str:
    """A text file of the card. Raises BootError."""
    try:
        with file.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BootError(f"{file} cannot be read: {error.strerror}", zh=f"读不了 {file}：{error.strerror}") from error
    if len(content) > FILE_BYTES_MAX:
        raise BootError(
            f"{file} is longer than {FILE_BYTES_MAX} bytes: that is not what Raspberry Pi OS puts there",
            zh=f"{file} 超过 {FILE_BYTES_MAX} 字节，不是 Raspberry Pi OS 的文件",
        )
    return content.decode("utf-8", errors="replace")
