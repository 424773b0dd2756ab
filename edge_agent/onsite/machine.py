"""What the machine says of itself: how warm it is, and whether its supply is good enough."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from edge_agent.onsite.finding import SiteFinding, failed, passed, skipped

WARM_C_MAX: Final = 80.0  # from here a Pi slows down (Raspberry Pi documentation, "Frequency management")
TIMEOUT_S: Final = 5.0
_THERMAL: Final = Path("/sys/class/thermal")

# Bits of `vcgencmd get_throttled` (Raspberry Pi documentation): now, and since the machine started.
_NOW: Final = {0: "under-voltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
_SINCE: Final = {16: "under-voltage", 17: "frequency capped", 18: "throttled", 19: "soft temperature limit"}
_ZH: Final = {
    "under-voltage": "电压不足",
    "frequency capped": "降频",
    "throttled": "限速",
    "soft temperature limit": "温度过高",
}

_COOL: Final = ("give it shade, air, or a heat sink", "遮阴、通风，或加散热片")
_STRONGER: Final = ("a stronger power supply (5.1 V) and a short, thick cable", "换足功率的 5.1 V 电源和短粗的电源线")


def temperature(thermal: Path = _THERMAL) -> SiteFinding:
    """The warmest zone. `thermal`: the folder of the kernel's thermal zones."""
    warmest_c = max((found for file in thermal.glob("thermal_zone*/temp") if (found := _celsius(file))), default=None)
    if warmest_c is None:
        return skipped("temperature", ("this machine tells none", "这台机器不报告温度"))
    words = (f"{warmest_c:.0f} °C, below {WARM_C_MAX:.0f} is good", f"{warmest_c:.0f} °C，应低于 {WARM_C_MAX:.0f}")
    return passed("temperature", words) if warmest_c < WARM_C_MAX else failed("temperature", words, _COOL)


def power(program: str = "vcgencmd") -> SiteFinding:
    """Whether supply and cooling were good enough since the start. `program`: that of Raspberry Pi OS."""
    where = shutil.which(program)
    if where is None:
        return skipped("power", ("vcgencmd is not here: this is no Raspberry Pi OS", "没有 vcgencmd，不是树莓派系统"))
    try:
        done = subprocess.run([where, "get_throttled"], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
        return judge_throttled(int(done.stdout.strip().removeprefix("throttled="), 16))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return skipped("power", (f"vcgencmd does not answer: {error}", "vcgencmd 没有回答"))


def judge_throttled(bits: int) -> SiteFinding:
    """What the bits mean, and what to do. Pure."""
    now = [word for bit, word in _NOW.items() if bits >> bit & 1]
    since = [word for bit, word in _SINCE.items() if bits >> bit & 1 and word not in now]
    if not now and not since:
        fine = ("no under-voltage and no throttling since the start", "开机以来供电和频率都正常")
        return passed("power", fine)
    words = [*(f"{word} now" for word in now), *(f"{word} since the start" for word in since)]
    words_zh = [*(f"正在{_ZH[word]}" for word in now), *(f"曾经{_ZH[word]}" for word in since)]
    weak = "under-voltage" in now + since
    return failed("power", (", ".join(words), "，".join(words_zh)), _STRONGER if weak else _COOL)


def _celsius(file: Path) -> float | None:
    try:
        return int(file.read_text().strip()) / 1000
    except (OSError, ValueError):
        return None
