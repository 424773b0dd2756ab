"""Python packages for a Pi without internet: downloaded here for its Python and processor, checked to be all it needs.

pip chooses files for another machine, but judges conditions (`; python_version < "3.12"`) by the Python that it runs
on. So the conditions are judged here, for the Pi, and what pip left out is asked for by name.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from firmware_config.boot.detect import BootError

OWN: Final = "shouwang"
VERSION: Final = metadata.version(OWN)
EXTRA: Final = "edge"
PYTHONS: Final = ("3.11", "3.13")  # Bookworm, Trixie
_GLIBC_MINOR: Final = {"3.11": 36, "3.13": 41}  # of these two; what was built for an older one runs, too
_GLIBC_MINOR_OLDEST: Final = 17
_SOURCES: Final = ("setup.cfg", "pyproject.toml", "README.md", "edge_agent", "hub_server", "firmware_config", "models")
_ROUNDS_MAX: Final = 6
_TIMEOUT_S: Final = 30 * 60
_TOLD_CHARS_MAX: Final = 2000

Say = Callable[[str], object]
Run = Callable[[Sequence[str]], None]
"""Runs pip with these words. Raises BootError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheel:
    """A file, and what of its metadata counts here."""

    file: Path
    name: str
    version: str
    requires: tuple[str, ...]


def requirement() -> str:
    """What pip is asked to install on a device: this very version of us."""
    return f"{OWN}[{EXTRA}]=={VERSION}"


def wheels_in(folder: Path) -> dict[str, Path]:
    """By file name. Raises BootError unless our own and pip's are there: without them nothing can be installed."""
    found = {path.name: path for path in sorted(folder.glob("*.whl"))}
    names = {str(parse_wheel_filename(name)[0]) for name in found}
    missing = sorted({OWN, "pip"} - names)
    if missing:
        raise BootError(
            f"{folder} holds no wheel of {' and none of '.join(missing)}: make it with --with-wheels",
            zh=f"{folder} 里没有 {'、'.join(missing)} 的安装包：请用 --with-wheels 下载",
        )
    return found


def digests(wheels: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 by file name."""
    found = {}
    for name, path in wheels.items():
        with path.open("rb") as stream:
            found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def fetch(folder: Path, *, pythons: Iterable[str], say: Say, run: Run | None = None) -> dict[str, Path]:
    """Everything for these Pythons, from where pip fetches, into the folder. What is there is not fetched again.

    Raises BootError.
    """
    pip = _pip if run is None else run
    folder.mkdir(parents=True, exist_ok=True)
    mine = own(folder / OWN, say=say, run=run)
    shutil.copyfile(mine, folder / mine.name)
    wanted = list(pythons)
    for python in wanted:
        _complete(folder, python, say, pip)
    return needed(folder, wanted)


def own(folder: Path, *, say: Say, run: Run | None = None) -> Path:
    """Our own wheel, built once for these very sources. It always travels with a card: no index has it.

    Whoever asked an index for our name would install, as root, what a stranger has put there. Raises BootError.
    """
    checkout = _checkout()
    place = folder / _digest_of_sources(checkout)
    found = next(place.glob(f"{OWN}-{VERSION}-*.whl"), None)
    if found is not None:
        return found
    say(f"building {OWN} {VERSION}")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as made:
        _build(checkout, Path(made), _pip if run is None else run)
        file = next(Path(made).glob(f"{OWN}-{VERSION}-*.whl"), None)
        if file is None:
            raise BootError(f"pip built no wheel of {OWN} {VERSION}", zh=f"pip 没有生成 {OWN} {VERSION} 的安装包")
        place.mkdir(exist_ok=True)
        file.replace(place / file.name)
    return place / file.name


def _checkout() -> Path:
    """Where our sources lie: around this file, or where pip says that it installed us from (PEP 610)."""
    told = json.loads(metadata.distribution(OWN).read_text("direct_url.json") or "{}")
    places = [Path(__file__).parents[2], Path(url2pathname(urlsplit(told.get("url", "")).path))]
    for place in places:
        if (place / "setup.cfg").is_file() and (place / "firmware_config").is_dir():
            return place
    raise BootError(
        f"the sources of {OWN} are no longer where it was installed from, and the card needs our own wheel: "
        "run provision from a checkout, or give --wheels a folder that holds it",
        zh=f"找不到 {OWN} 的源代码，而卡上要带我们自己的安装包：请在源代码目录里运行，或用 --wheels 指定放着它的目录",
    )


def _digest_of_sources(checkout: Path) -> str:
    """Another one for other sources."""
    digest = hashlib.sha256()
    for name in _SOURCES:
        source = checkout / name
        files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
        for file in files:
            if "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(checkout)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _build(checkout: Path, folder: Path, pip: Run) -> None:
    """From a copy: a build leaves its things beside the sources, and takes up what an earlier one left."""
    with TemporaryDirectory() as place:
        for name in _SOURCES:
            source = checkout / name
            if source.is_dir():
                shutil.copytree(source, Path(place) / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, place)
        pip(["wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), place])


def _complete(folder: Path, python: str, say: Say, pip: Run) -> None:
    for _round in range(_ROUNDS_MAX):
        wanted = missing(folder, python)
        if not wanted:
            return
        say(f"Python {python}, aarch64: fetching {', '.join(wanted)}")
        platforms = [word for platform in _platforms(python) for word in ("--platform", platform)]
        pip(
            [
                *("download", "--only-binary=:all:", "--dest", str(folder), "--find-links", str(folder)),
                *("--implementation", "cp", "--python-version", python, *platforms, *wanted),
            ]
        )
    raise BootError(
        f"the packages for Python {python} are not complete: {', '.join(missing(folder, python))} is missing",
        zh=f"Python {python} 的安装包不全，还缺：{'、'.join(missing(folder, python))}",
    )


def _platforms(python: str) -> list[str]:
    newest = _GLIBC_MINOR.get(python, min(_GLIBC_MINOR.values()))
    minors = range(newest, _GLIBC_MINOR_OLDEST - 1, -1)
    return [*(f"manylinux_2_{minor}_aarch64" for minor in minors), "manylinux2014_aarch64"]


def missing(folder: Path, python: str) -> list[str]:
    """Requirements of the device that no wheel of the folder meets, as pip takes them."""
    return _resolved(folder, python)[1]


def needed(folder: Path, pythons: Iterable[str]) -> dict[str, Path]:
    """Those of the folder that a device with one of these Pythons installs, by file name; no older ones beside them."""
    chosen = [file for python in pythons for file in _resolved(folder, python)[0]]
    return {file.name: file for file in chosen}


def _resolved(folder: Path, python: str) -> tuple[list[Path], list[str]]:
    known = _by_name(_read(path) for path in sorted(folder.glob("*.whl")) if _fits(path.name, python))
    chosen: dict[str, Path] = {}
    wanted: dict[str, Requirement] = {}
    waiting = [Requirement(requirement()), Requirement("pip")]
    while waiting:
        one = waiting.pop(0)
        name = canonicalize_name(one.name)
        found = next((wheel for wheel in known.get(name, []) if one.specifier.contains(wheel.version)), None)
        if found is None:
            also = wanted.setdefault(name, Requirement(one.name))
            also.specifier &= one.specifier
        elif name not in chosen:
            chosen[name] = found.file
            waiting += [more for more in map(Requirement, found.requires) if _applies(more, python, one.extras)]
    return list(chosen.values()), [f"{one.name}{one.specifier}" for _name, one in sorted(wanted.items())]


def _by_name(wheels: Iterable[Wheel]) -> dict[str, list[Wheel]]:
    """The newest first."""
    known: dict[str, list[Wheel]] = {}
    for wheel in sorted(wheels, key=lambda wheel: Version(wheel.version), reverse=True):
        known.setdefault(wheel.name, []).append(wheel)
    return known


def _applies(one: Requirement, python: str, extras: Iterable[str]) -> bool:
    if one.marker is None:
        return True
    environment = {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "aarch64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }
    return any(one.marker.evaluate({**environment, "extra": extra}) for extra in (*extras, ""))


def _fits(file_name: str, python: str) -> bool:
    """Whether it was built for that Python, or for any, and runs on the Pi's processor."""
    here = f"cp{python.replace('.', '')}"
    for tag in parse_wheel_filename(file_name)[3]:
        interpreter = tag.interpreter in {here, "py3"} or (tag.abi == "abi3" and _not_newer(tag.interpreter, here))
        if interpreter and tag.platform.endswith(("any", "aarch64")):
            return True
    return False


def _not_newer(interpreter: str, here: str) -> bool:
    digits = interpreter.removeprefix("cp3")
    return digits.isdigit() and int(digits) <= int(here.removeprefix("cp3"))


def _read(path: Path) -> Wheel:
    try:
        with zipfile.ZipFile(path) as archive:
            inner = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            told = HeaderParser().parsestr(archive.read(inner).decode("utf-8"))
    except (OSError, ValueError, StopIteration, zipfile.BadZipFile) as error:
        raise BootError(
            f"{path} is no wheel, or is damaged: delete it, and fetch again",
            zh=f"{path} 不是安装包，或已损坏：请删掉，重新下载",
        ) from error
    name, version, *_ = parse_wheel_filename(path.name)
    return Wheel(file=path, name=str(name), version=str(version), requires=tuple(told.get_all("Requires-Dist") or ()))


def _pip(words: Sequence[str]) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise BootError(
            f"pip was not ready within {_TIMEOUT_S // 60} minutes", zh=f"pip {_TIMEOUT_S // 60} 分钟还没有完成"
        ) from error
    if done.returncode != 0:
        told = done.stderr.strip()[-_TOLD_CHARS_MAX:]
        raise BootError(f"pip {words[0]}: {told}", zh=f"pip {words[0]} 没有成功：{told}")
