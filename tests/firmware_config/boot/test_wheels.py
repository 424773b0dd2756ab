"""Which packages a Pi needs: judged for its Python and processor, not for the machine that fetches them."""

from collections.abc import Sequence
from configparser import ConfigParser
from importlib import metadata
from pathlib import Path

import pytest
from cards import make_wheel

from firmware_config.boot import wheels
from firmware_config.boot.detect import BootError
from firmware_config.boot.wheels import digests, fetch, missing, needed, own, requirement, wheels_in

VERSION = metadata.version("shouwang")
REQUIRES = (
    "msgspec<1,>=0.18",
    'tflite-runtime<3,>=2.14; (python_version < "3.12" and platform_system == "Linux") and extra == "edge"',
    'ai-edge-litert>=1.2; (python_version >= "3.12" or platform_system != "Linux") and extra == "edge"',
    'numpy<2; python_version < "3.12" and extra == "edge"',
    'numpy; python_version >= "3.12" and extra == "edge"',
    'flask; extra == "hub"',
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_wheel(tmp_path, "shouwang", VERSION, requires=REQUIRES)
    return tmp_path


def test_each_python_gets_the_runtime_that_exists_for_it(folder: Path) -> None:
    assert missing(folder, "3.11") == ["msgspec<1,>=0.18", "numpy<2", "pip", "tflite-runtime<3,>=2.14"]
    assert missing(folder, "3.13") == ["ai-edge-litert>=1.2", "msgspec<1,>=0.18", "numpy", "pip"]


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64", True),
        ("cp37-abi3-manylinux_2_17_aarch64", True),
        ("py3-none-any", True),
        ("cp311-cp311-manylinux2014_x86_64", False),  # of the machine that fetched it
        ("cp313-cp313-manylinux2014_aarch64", False),
        ("cp312-abi3-manylinux2014_aarch64", False),  # for newer ones only
    ],
)
def test_a_wheel_counts_only_where_it_runs(folder: Path, tag: str, *, fits: bool) -> None:
    make_wheel(folder, "msgspec", "0.19.0", tag=tag)
    assert ("msgspec<1,>=0.18" not in missing(folder, "3.11")) is fits


def test_what_a_package_needs_itself_is_needed_too_by_the_pis_python(folder: Path) -> None:
    make_wheel(folder, "msgspec", "0.19.0", requires=('backport; python_version >= "3.13"', 'toml; extra == "toml"'))
    assert "backport" in missing(folder, "3.13")
    assert "backport" not in missing(folder, "3.11")
    assert "toml" not in missing(folder, "3.11")


def test_a_version_that_is_too_old_does_not_count(folder: Path) -> None:
    make_wheel(folder, "msgspec", "0.17")
    assert "msgspec<1,>=0.18" in missing(folder, "3.11")


def test_what_pip_leaves_out_is_asked_for_by_name_until_nothing_is_missing(folder: Path) -> None:
    """pip judges conditions by its own Python: of a package that only newer ones need it fetches nothing."""
    asked = list[list[str]]()

    def pip(words: Sequence[str]) -> None:
        if words[0] == "wheel":
            make_wheel(Path(words[words.index("--wheel-dir") + 1]), "shouwang", VERSION, requires=REQUIRES)
            return
        wanted = [word for word in words if word.split("<")[0].split(">")[0] in {"msgspec", "numpy", "pip", "late"}]
        wanted += ["ai-edge-litert"] if any(word.startswith("ai-edge") for word in words) else []
        asked.append(wanted)
        for word in wanted:
            name = word.split("<")[0].split(">")[0].replace("-", "_")
            needs = ('late; python_version >= "3.13"',) if name == "numpy" else ()
            make_wheel(folder, name, "1.2" if name != "msgspec" else "0.19", requires=needs)

    found = fetch(folder, pythons=["3.13"], say=lambda _line: None, run=pip)
    assert missing(folder, "3.13") == []
    assert [len(words) for words in asked] == [4, 1]
    assert "shouwang" in " ".join(found)


def test_a_card_takes_along_what_its_python_needs_and_the_newest_of_it(folder: Path) -> None:
    for name, version, tag in (
        ("msgspec", "0.18.6", "py3-none-any"),
        ("msgspec", "0.19.0", "py3-none-any"),
        ("numpy", "1.26.4", "cp311-cp311-manylinux2014_aarch64"),
        ("numpy", "2.2.0", "cp313-cp313-manylinux2014_aarch64"),
        ("tflite_runtime", "2.14.0", "cp311-cp311-manylinux_2_34_aarch64"),
        ("ai_edge_litert", "1.2.0", "cp313-cp313-manylinux_2_27_aarch64"),
        ("pip", "24.0", "py3-none-any"),
    ):
        make_wheel(folder, name, version, tag=tag)
    bookworm, trixie = needed(folder, ["3.11"]), needed(folder, ["3.13"])
    assert {name.split("-")[0] for name in bookworm} == {"shouwang", "msgspec", "numpy", "tflite_runtime", "pip"}
    assert {name.split("-")[0] for name in trixie} == {"shouwang", "msgspec", "numpy", "ai_edge_litert", "pip"}
    assert "msgspec-0.18.6-py3-none-any.whl" not in bookworm
    assert set(needed(folder, ["3.11", "3.13"])) == {*bookworm, *trixie}


def test_pip_is_asked_for_the_pis_processor_and_python(folder: Path) -> None:
    asked = list[str]()

    def pip(words: Sequence[str]) -> None:
        if words[0] == "wheel":
            make_wheel(Path(words[words.index("--wheel-dir") + 1]), "shouwang", VERSION)
            return
        asked.extend(words)
        raise BootError("enough")

    with pytest.raises(BootError, match="enough"):
        fetch(folder, pythons=["3.11"], say=lambda _line: None, run=pip)
    assert {"--only-binary=:all:", "manylinux2014_aarch64", "manylinux_2_36_aarch64"} <= set(asked)
    assert asked[asked.index("--python-version") + 1] == "3.11"
    assert "manylinux_2_37_aarch64" not in asked, "Bookworm's C library is older"


def test_a_package_that_is_nowhere_ends_the_search(folder: Path) -> None:
    def pip(words: Sequence[str]) -> None:
        if words[0] == "wheel":
            made = Path(words[words.index("--wheel-dir") + 1])
            make_wheel(made, "shouwang", VERSION, requires=('numpy<2; extra == "edge"',))

    with pytest.raises(BootError, match=r"not complete: .*numpy<2"):
        fetch(folder, pythons=["3.11"], say=lambda _line: None, run=pip)


def test_our_own_wheel_is_built_once_for_the_same_sources_and_never_asked_for_by_name(tmp_path: Path) -> None:
    asked = list[list[str]]()

    def pip(words: Sequence[str]) -> None:
        asked.append(list(words))
        make_wheel(Path(words[words.index("--wheel-dir") + 1]), "shouwang", VERSION)

    first, again = (own(tmp_path, say=lambda _line: None, run=pip) for _ in range(2))
    assert first == again
    assert first.is_file()
    [words] = asked
    assert "wheel" in words
    assert not [word for word in words if word.startswith("shouwang")], "an index might have a stranger's"


def test_a_folder_without_our_own_wheel_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path, "pip", "24.0")
    with pytest.raises(BootError, match="no wheel of shouwang"):
        wheels_in(tmp_path)


def test_a_damaged_wheel_is_told(folder: Path) -> None:
    (folder / "msgspec-0.19.0-py3-none-any.whl").write_bytes(b"half of a zip")
    with pytest.raises(BootError, match="is damaged: delete it"):
        missing(folder, "3.11")


def test_a_device_installs_this_very_version_and_what_the_edge_needs() -> None:
    assert requirement() == f"shouwang[edge]=={VERSION}"


def test_digests_are_those_of_the_files(folder: Path) -> None:
    [(name, digest)] = digests({path.name: path for path in folder.glob("*.whl")}).items()
    assert name.startswith("shouwang-")
    assert len(digest) == 64


def test_pips_own_complaint_reaches_the_technician() -> None:
    with pytest.raises(BootError, match=r"(?s)pip download: .*no such option"):
        wheels._pip(["download", "--nonsense"])


def test_our_own_wheel_is_built_from_a_copy_with_the_models_and_the_scripts_of_a_card(tmp_path: Path) -> None:
    found, checkout = set[str](), wheels._checkout()

    def pip(words: Sequence[str]) -> None:
        place = Path(words[-1])
        assert checkout not in (place, *place.parents)
        found.update(path.relative_to(place).as_posix() for path in place.rglob("*"))

    wheels._build(checkout, tmp_path, pip)
    scripts = {f"firmware_config/device/scripts/{name}.sh" for name in ("install", "firstrun", "split_card")}
    assert {"setup.cfg", "models/manifest.toml", "edge_agent/joining/join.py", *scripts} <= found
    assert not [name for name in found if "__pycache__" in name]
    built = ConfigParser()
    built.read(checkout / "setup.cfg", encoding="utf-8")
    assert "device/scripts/*.sh" in built["options.package_data"]["firmware_config"]
