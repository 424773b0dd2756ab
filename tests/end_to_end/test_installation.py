"""What is installed has all that it needs, without the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    out = tmp_path_factory.mktemp("wheel")
    tree = tmp_path_factory.mktemp("tree") / "checkout"
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in files.stdout.splitlines():
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(tree)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_carries_every_model_and_its_card(wheel_names: set[str]) -> None:
    installed = {
        name.rsplit("share/shouwang/models/", 1)[1] for name in wheel_names if "share/shouwang/models/" in name
    }
    wanted = {path.name for path in (ROOT / "models").iterdir() if path.suffix in {".tflite", ".toml", ".md"}}
    assert wanted
    assert installed == wanted


def test_the_wheel_carries_every_module_and_page(wheel_names: set[str]) -> None:
    for top in ("edge_agent", "hub_server", "firmware_config"):
        for path in (ROOT / top).rglob("*"):
            if path.suffix in {".py", ".html", ".css", ".js", ".svg", ".toml"} and "__pycache__" not in path.parts:
                assert str(path.relative_to(ROOT)) in wheel_names
