"""A Debian arm64 system in a folder, and programs run in it under qemu's user emulation. As root.

Nothing is mounted where anybody else sees it: each program runs in a mount name space of its own, which ends with it.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

SUITE: Final = "bookworm"  # as Raspberry Pi OS 12
MIRROR: Final = "http://deb.debian.org/debian"
PACKAGES: Final = ("ca-certificates", "python3", "python3-venv")
QEMU: Final = Path("/usr/bin/qemu-aarch64-static")
_BINFMT: Final = Path("/proc/sys/fs/binfmt_misc")
_NAME: Final = "qemu-aarch64"
# The head of a 64-bit little-endian ELF file for AArch64, and which of its bits count (qemu's own qemu-binfmt-conf.sh).
_MAGIC: Final = r"\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
_MASK: Final = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
_ENVIRONMENT: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
_MADE: Final = "made"  # a file beside the root: its system is whole


class Arm64Error(Exception):
    """It cannot be done here; the message says what to do."""


class Root:
    """`folder/root` is the system; `folder` keeps it for the next time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "root"

    @property
    def is_made(self) -> bool:
        return (self.folder / _MADE).is_file()

    def make(self, log: Path) -> float:
        """Debootstrap, both stages; seconds. What an attempt that was broken off left is made anew."""
        began_s = time.monotonic()
        shutil.rmtree(self.path, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        words = ["debootstrap", "--arch=arm64", "--foreign", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
        _call([*words, SUITE, str(self.path), MIRROR], log)
        shutil.copy2(QEMU, self.path / "usr/bin")
        self.run(["/debootstrap/debootstrap", "--second-stage"], log=log, timeout_s=3600)
        (self.folder / _MADE).touch()
        return time.monotonic() - began_s

    def run(
        self,
        words: Sequence[str],
        *,
        log: Path | None = None,
        timeout_s: float,
        environment: Mapping[str, str] | None = None,
        allowed: Sequence[int] = (0,),
    ) -> str:
        """What a program in the root prints. Raises Arm64Error when its status is none of `allowed`."""
        given = {**_ENVIRONMENT, **(environment or {})}
        mounts = (
            f"mount -t proc proc {self.path}/proc && mount --rbind /dev {self.path}/dev"
            f' && exec chroot {self.path} /usr/bin/env -i "$@"'
        )
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", mounts, "sh"]
        command += [f"{name}={value}" for name, value in given.items()]
        done = subprocess.run(
            [*command, *words], capture_output=True, text=True, check=False, timeout=timeout_s, stdin=subprocess.DEVNULL
        )
        if log is not None:
            with log.open("a") as stream:
                stream.write(f"$ {' '.join(words)}\n{done.stdout}{done.stderr}\n")
        if done.returncode not in allowed:
            raise Arm64Error(f"{words[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout


class Emulation:
    """While it is entered the kernel runs arm64 programs; what it did not find set up it takes away again."""

    def __init__(self) -> None:
        self._mounted = self._registered = False

    def __enter__(self) -> None:
        if not (_BINFMT / "register").exists():
            _call(["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)], None)
            self._mounted = True
        if not (_BINFMT / _NAME).exists():
            # F: opened now, and so found in every root.
            (_BINFMT / "register").write_text(f":{_NAME}:M::{_MAGIC}:{_MASK}:{QEMU}:OCF")
            self._registered = True

    def __exit__(self, *_: object) -> None:
        if self._registered:
            (_BINFMT / _NAME).write_text("-1")
        if self._mounted:
            subprocess.run(["umount", str(_BINFMT)], check=False)


def demand_tools() -> None:
    """Raises Arm64Error, with the line that installs what is missing."""
    if os.geteuid() != 0:
        raise Arm64Error("debootstrap and chroot need root: sudo scripts/test_arm64")
    wanted = {"debootstrap": "debootstrap", QEMU.name: "qemu-user-static", "unshare": "util-linux"}
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    missing = [package for program, package in wanted.items() if shutil.which(program, path=path) is None]
    if missing:
        raise Arm64Error(f"sudo apt-get install {' '.join(missing)}")


def _call(words: Sequence[str], log: Path | None) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if log is not None:
        with log.open("a") as stream:
            stream.write(f"$ {' '.join(words)}\n{done.stdout}{done.stderr}\n")
    if done.returncode != 0:
        raise Arm64Error(f"{words[0]} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
