"""A short tone through the speaker, by ALSA's own player."""

import io
import math
import shutil
import struct
import subprocess
import wave
from typing import Final

from edge_agent.config import SpeakerConfig
from edge_agent.onsite.finding import SiteFinding, failed, passed, skipped

TONE_S: Final = 0.6
TONE_HZ: Final = 880
RATE_HZ: Final = 16_000
TIMEOUT_S: Final = 10.0

_INSTALL: Final = ("sudo apt install alsa-utils", "安装 alsa-utils")
_CHECK: Final = ("`aplay -L` names the devices; check cable and [speaker] alsa", "用 aplay -L 查设备名，检查接线")


def check_speaker(config: SpeakerConfig, *, program: str = "aplay") -> SiteFinding:
    """Whether the tone was played; whether anybody heard it, the technician knows."""
    if config.alsa is None:
        return skipped("speaker", ("none is fitted ([speaker] alsa)", "没有装喇叭"))
    player = shutil.which(program)
    if player is None:
        return failed("speaker", (f"{program} is not here", f"没有 {program}"), _INSTALL)
    try:
        done = subprocess.run(
            [player, "-q", "-D", config.alsa, "-"], input=tone(), capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return failed("speaker", (f"{program} failed: {error}", "播放失败"), _CHECK)
    if done.returncode != 0:
        said = " ".join(done.stderr.decode(errors="replace").split())
        return failed("speaker", (f"{config.alsa}: {said}", f"{config.alsa} 播放失败"), _CHECK)
    words = (f"{config.alsa}: a tone was played; was it heard?", f"{config.alsa}：已播放提示音，请确认听到")
    return passed("speaker", words)


def tone() -> bytes:
    """A WAV file: one channel, 16 bits, softly begun and ended so that no speaker cracks."""
    count = int(TONE_S * RATE_HZ)
    fade = RATE_HZ // 50
    loud = (min(1.0, at / fade, (count - at) / fade) for at in range(count))
    samples = [int(12_000 * much * math.sin(2 * math.pi * TONE_HZ * at / RATE_HZ)) for at, much in enumerate(loud)]
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(struct.pack(f"<{count}h", *samples))
    return written.getvalue()
