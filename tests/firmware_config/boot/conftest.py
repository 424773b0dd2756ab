"""Cards in a folder, with a wheel of ours that is small: real pip, real venv, no network."""

import ensurepip
from collections.abc import Callable
from pathlib import Path

import pytest
from cards import GATE, card, make_wheel

from firmware_config.boot.wheels import digests
from firmware_config.device.card import Program, Start
from firmware_config.profile import DeviceProfile

LayOut = Callable[..., Path]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    bundled = list((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    if not bundled:
        pytest.skip("this Python brings no wheel of pip")
    own = make_wheel(folder, "shouwang", "0.1.0")
    return {bundled[0].name: bundled[0], own.name: own}


@pytest.fixture
def lay_out(tmp_path: Path, wheels: dict[str, Path]) -> LayOut:
    """A card's folder `boot/firmware`, as `provision` would leave it."""

    def make(profile: DeviceProfile = GATE, start: Start = Start.CLOUD_INIT, **more: object) -> Path:
        boot = tmp_path / "boot" / "firmware"
        program = Program(requirement="shouwang[edge]==0.1.0", wheels=digests(wheels))
        for path, rendered in card(profile, start, program=program, **more).items():
            (boot / path).parent.mkdir(parents=True, exist_ok=True)
            (boot / path).write_text(rendered.text)
        for name, source in wheels.items():
            (boot / "shouwang" / "wheels").mkdir(exist_ok=True)
            (boot / "shouwang" / "wheels" / name).write_bytes(source.read_bytes())
        (boot / "cmdline.txt").write_text(
            "root=/dev/x rootwait systemd.run=/boot/firmware/firstrun.sh systemd.unit=x\n"
        )
        return boot

    return make
