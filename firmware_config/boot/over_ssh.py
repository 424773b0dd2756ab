"""To a Pi that runs: the card's folder travels through one `ssh`, and `install.sh` runs there.

The system's own `ssh`, with the user's own configuration, keys and known hosts.
"""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from firmware_config.boot.bundle import write_tar
from firmware_config.boot.detect import BootError
from firmware_config.device.card import FOLDER
from firmware_config.device.files import Files
from firmware_config.device.places import BOOT

_HOST: Final = re.compile(r"([A-Za-z0-9_.-]{1,64}@)?(?!-)[A-Za-z0-9._:\[\]-]{1,253}\Z")
_TOLD_CHARS_MAX: Final = 4000
TIMEOUT_S: Final = 45 * 60  # pip on a Pi, from the internet

_THERE: Final = f"""set -eu
become=
if [ "$(id -u)" -ne 0 ]; then become="sudo -n"; fi
boot={BOOT}
if [ ! -d "$boot" ]; then boot=${{SHOUWANG_ROOT:-}}{BOOT}; fi
[ -d "$boot" ] || {{ echo "there is no {BOOT}: no Raspberry Pi OS since Bookworm" >&2; exit 1; }}
# By way of a disk that knows modes: FAT refuses them, and tar would call that an error.
there=$(mktemp -d /var/tmp/shouwang.XXXXXX)
trap 'rm -rf "$there"' EXIT
tar -C "$there" -xf -
$become rm -rf "$boot/{FOLDER}/root" "$boot/{FOLDER}/wheels"
$become cp -R "$there/{FOLDER}" "$boot/"
$become bash "$boot/{FOLDER}/install.sh" </dev/null
"""


def over_ssh(host: str, files: Files, wheels: Mapping[str, Path], *, options: tuple[str, ...] = ()) -> str:
    """What `install.sh` said. `options`: more for ssh, in front of the host. Raises BootError."""
    if not _HOST.match(host):
        raise BootError(
            f"{host!r} is no host for ssh: HOST or USER@HOST", zh=f"{host!r} 不是 ssh 的主机：写 HOST 或 USER@HOST"
        )
    with TemporaryFile() as tar:
        write_tar(tar, files, wheels)
        tar.seek(0)
        command = ["ssh", "-o", "BatchMode=yes", *options, "--", host, _THERE]
        try:
            done = subprocess.run(
                command, stdin=tar, capture_output=True, text=True, errors="replace", check=False, timeout=TIMEOUT_S
            )
        except FileNotFoundError as error:
            raise BootError("there is no program `ssh` on this machine", zh="这台电脑没有 ssh 程序") from error
        except subprocess.TimeoutExpired as error:
            raise BootError(
                f"{host} was not ready within {TIMEOUT_S // 60} minutes", zh=f"{host} {TIMEOUT_S // 60} 分钟还没有装完"
            ) from error
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip())[-_TOLD_CHARS_MAX:]
        why = told or f"ssh ended with {done.returncode}"
        raise BootError(f"{host}: {why}", zh=f"{host} 没有装成：{why}")
    return done.stdout
