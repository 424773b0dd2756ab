"""Devices and sites as the tests of cards use them, and folders that look like a boot partition. All made up."""

import zipfile
from pathlib import Path

from firmware_config.device.card import Issued, Program, Start, Token, render_card
from firmware_config.device.files import Files
from firmware_config.profile import DeviceProfile, SiteFacts, Wifi

ROOT_PEM = (
    "-----BEGIN CERTIFICATE-----\nTm8gY2VydGlmaWNhdGUsIGJ1dCBoZXJlIG9uZSB3b3VsZCBzdGFuZC4=\n-----END CERTIFICATE-----"
)
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMadeUpMadeUpMadeUpMadeUpMadeUpMadeUpMade technician@office"
BROKEN_OUT = Path("/tmp/sw-out")  # noqa: S108 - never there: that is what is tested
HOSTILE = f"\"'$(touch {BROKEN_OUT})`id`\\ %h ${{HOME}} ;&|<> #: - [x] {{y}} 东门"
"""Printable, and something else in every language that a card speaks."""

SITE = SiteFacts(
    site="guihua",
    broker_host="hub.guihua.lan",
    page="https://hub.guihua.lan:8443",
    root_pem=ROOT_PEM,
)
GATE = DeviceProfile(
    device="gate-east",
    kind="barrier",  # type: ignore[arg-type] # as the hub says it
    relay="gpio:17",
    place="东门",
    area="桂花村",
    wifi=Wifi(ssid="桂花村 gate", passphrase="correct horse battery", country="CN"),
    time_servers=("ntp.guihua.lan", "192.0.2.1"),
    ssh_keys=(SSH_KEY,),
)
CLINIC = DeviceProfile(
    device="clinic-1",
    kind="clinic",  # type: ignore[arg-type]
    camera="rtsp://viewer:pw@192.0.2.20/main",
    camera_name="counter",
    place="卫生站",
    area="新桥社区",
    speaker="default",
    read_only_root=True,
    data="card",
)
TOKEN = Token(token="T0ken-of-a-card-that-was-never-written-0000", expires_at="2026-12-12T08:00:00.000000Z")
ISSUED = Issued(
    key="-----BEGIN PRIVATE KEY-----\nbm8ga2V5\n-----END PRIVATE KEY-----",
    certificate=ROOT_PEM,
    sign_key="c2lnbmluZyBrZXkgb2YgdGhlIGh1YiwgMzIgYnl0ZXM=",
    picture_key="cGljdHVyZSBrZXkgb2YgdGhlIGh1YiwgMzIgYnl0ZXM=",
)
PROGRAM = Program(requirement="shouwang[edge]==0.1.0")


def card(profile: DeviceProfile = GATE, start: Start = Start.CLOUD_INIT, **more: object) -> Files:
    values = {"credentials": TOKEN, "program": PROGRAM, **more}
    return render_card(profile, SITE, start=start, **values)  # type: ignore[arg-type]


COMMAND_LINE = (
    "console=serial0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 fsck.repair=yes rootwait quiet"
)
TEMPLATE = "#cloud-config\n\n# hostname: raspberrypi\n\nssh_pwauth: false\n\n#runcmd:\n#- [ ls, -l, / ]\n"


def partition(folder: Path, *, start: Start = Start.CLOUD_INIT, issued: str = "2025-11-24") -> Path:
    """What Raspberry Pi OS has there, as far as it counts."""
    (folder / "overlays").mkdir(parents=True)
    (folder / "overlays" / "README").write_text("overlays")
    (folder / "config.txt").write_text("[all]\n")
    (folder / "cmdline.txt").write_text(COMMAND_LINE + " init=/usr/lib/raspberrypi-sys-mods/firstboot\n")
    if issued:
        (folder / "issue.txt").write_text(f"Raspberry Pi reference {issued}\nGenerated using pi-gen, stage2\n")
    if start is Start.CLOUD_INIT:
        (folder / "user-data").write_text(TEMPLATE)
        (folder / "meta-data").write_text("dsmode: local\ninstance_id: rpios-image\n")
        (folder / "network-config").write_text("network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: true\n")
    return folder


def make_pip(folder: Path) -> Path:
    """In the place of pip, where pip is not what is tested: `edge-agent` is there at once."""
    file = folder / "pip-0.0-py3-none-any.whl"
    made = "import pathlib, sys\nfile = pathlib.Path(sys.prefix, 'bin', 'edge-agent')\n"
    made += "file.write_text('#!/bin/sh\\necho installed\\n')\nfile.chmod(0o755)\n"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("pip/__main__.py", made)
    return file


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    tag: str = "py3-none-any",
    says: str | None = None,
) -> Path:
    """A package with one module that says its version, or `says`, and the program `edge-agent`."""
    file = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: edge\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}.py", f"def main():\n    print({says or version!r})\n")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/entry_points.txt", f"[console_scripts]\nedge-agent = {name}:main\n")
        archive.writestr(f"{info}/RECORD", "")
    return file
