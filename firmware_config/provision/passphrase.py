"""The passphrase of a site's root: typed twice, or from a file that nobody else can read. Never in an argument."""

import getpass
import os
import stat
import sys
from pathlib import Path
from typing import Final

from firmware_config.provision.errors import ProvisionError, UsageError
from firmware_config.provision.words import said

_BYTES_MAX: Final = 1024
_TRIES: Final = 3


def new_passphrase(file: Path | None) -> str:
    """Raises UsageError when there is neither a file nor somebody to ask, ProvisionError after three tries."""
    if file is not None:
        return _of_file(file)
    if not sys.stdin.isatty():
        raise UsageError(
            "没有人可以输入密码：请用 --passphrase-file 文件",
            "nobody here can type a passphrase: --passphrase-file FILE",
        )
    sys.stderr.write(
        said(
            "请给根密钥一个密码：四个以上的词，写在纸上锁好。忘了就再也签不了新的中间证书。\n",
            "A passphrase for the site's root key: four words or more, on paper, locked away. Nobody can recover it.\n",
        )
    )
    for _ in range(_TRIES):
        first = getpass.getpass(said("密码：", "passphrase: "))
        if first == getpass.getpass(said("再输一次：", "once more: ")):
            return first
        sys.stderr.write(said("两次不一样，请再来。\n", "These differ; try again.\n"))
    raise ProvisionError("密码三次都没有对上，什么也没有写", "the two differed three times: nothing was written")


def _of_file(file: Path) -> str:
    """Its first line."""
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            lines = opened.read(_BYTES_MAX).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"读不了密码文件 {file}：{error}", f"the passphrase file {file} cannot be read: {error}"
        ) from error
    if mode & 0o077:
        raise UsageError(
            f"密码文件 {file} 别人也能看：chmod 600 {file}", f"others may read {file}: chmod 600 {file} first"
        )
    if not lines or not lines[0]:
        raise UsageError(f"{file} 里没有密码", f"{file} holds no passphrase")
    return lines[0]
