"""What scripts/demo runs once everything is installed: starts the hub and two agents, watches them, ends them all."""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from stage import BIN, Api, Child, Stage, StageError, enrol, wait_for_hub

from edge_agent.wire import seal, sign
from hub_server.store.derived_keys import picture_key, signing_key

ROOT = Path(__file__).parent.parent
CLIPS = ROOT / ".cache" / "clips"
DOORS = {"door-east": "east", "door-west": "west"}
LANE = "gate-lane"
CAMERAS = {**DOORS, LANE: "lane"}  # and their clips
LISTED, UNLISTED, LEAVING = "沪A12B34", "粤BD12345", "豫D1234挂"  # what scripts/render_lane draws
RESIDENT = "resident-01"
HUB_MB_MAX, AGENT_MB_MAX = 150, 250
CHECK_S_MAX = 120  # from the hub's start to everything seen


def main() -> int:
    arguments = parse(sys.argv[1:])
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)  # end as on Ctrl-C
    try:
        with folder(arguments.keep) as where:
            return check(where) if arguments.check else show(where, arguments.port)
    except StageError as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n再见。Everything that the demonstration started has ended.")
        return 130 if arguments.check else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args(arguments)


@contextlib.contextmanager
def folder(keep: Path | None) -> Iterator[Path]:
    """A folder for the demonstration's data: a temporary one, or the one asked for, which must be empty or new."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="shouwang-demo-") as name:
            yield Path(name)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise StageError(f"{keep} is not empty; --keep wants an empty or new folder")
    yield keep.resolve()


def show(where: Path, port: int) -> int:
    with running(where, port) as (stage, api):
        link = api.post("/api/v1/login-links")["url"]
        print(f"\n  守望 Shouwang is running: {api.url}")
        print(f"  一次性登录 One-time login: {link}")
        print(f"  Logs, configuration and data: {where}")
        print("  A resident was last seen 23 h 59 min ago: in about a minute the page raises the alert.")
        print("  Ctrl-C ends everything.\n", flush=True)
        while True:
            stage.must_live()
            time.sleep(1)


def check(where: Path) -> int:
    with running(where, 0) as (stage, api):
        missing = dict(EXPECTED)
        begun = time.monotonic()
        while missing and time.monotonic() - begun < CHECK_S_MAX:
            stage.must_live()
            for what in [what for what, seen in missing.items() if seen(api)]:
                print(f"  {time.monotonic() - begun:5.1f} s  {what}", flush=True)
                del missing[what]
            time.sleep(0.5)
        report(api)
        stage.must_live()
        too_large = [memory(child) for child in stage.children if child.peak_mb > allowed_mb(child)]
        print("  Peak memory: " + ", ".join(memory(child) for child in stage.children))
        for what in missing:
            print(f"  MISSING after {CHECK_S_MAX} s: {what}")
        for what in too_large:
            print(f"  TOO LARGE: {what}")
        if missing:
            print_ends(stage)
    return 1 if missing or too_large else 0


def memory(child: Child) -> str:
    return f"{child.name} {child.peak_mb:.0f} MB (of {allowed_mb(child)})"


def allowed_mb(child: Child) -> int:
    return HUB_MB_MAX if child.name == "hub" else AGENT_MB_MAX


def seen_at(device: str, *, known: bool) -> Callable[[Api], bool]:
    """True once a passage of the enrolled resident (`known`), or of somebody without identity, came from the door."""

    def seen(api: Api) -> bool:
        passages = api.items(f"/api/v1/events?type=passage&device={device}")
        return any(event["person"] == (RESIDENT if known else None) for event in passages)

    return seen


def counted(api: Api) -> bool:
    """True once a live sighting moved the resident's watch."""
    return any(
        watch["person"] == RESIDENT and str(watch["last_seen_by"]).startswith("door-")
        for watch in api.items("/api/v1/watches")
    )


def alerted(api: Api) -> bool:
    """True once an alert is open whose due time came while the demonstration ran."""
    return any(
        alert["state"] == "open" and str(alert["due_at"]) > api.started_at for alert in api.items("/api/v1/alerts")
    )


def pictured(api: Api) -> bool:
    """True once the east door was asked, and its picture lies at the hub. Asks again when it could not."""
    asked = api.items("/api/v1/devices/door-east/commands?limit=1")
    if not asked or asked[0]["state"] not in {"waiting", "done"}:
        api.post("/api/v1/devices/door-east/commands", kind="picture", reason="scripts/demo", by="演示网格员")
    return bool(asked) and asked[0]["picture"] is not None


def galleries_held(api: Api) -> bool:
    """True once both doors hold the gallery that the hub has sealed for them, with the resident in it."""
    told = [device["gallery"] for device in api.items("/api/v1/devices") if device["id"] in DOORS]
    return len(told) == len(DOORS) and all(
        isinstance(gallery, dict) and gallery["people"] == 1 and gallery["held_version"] == gallery["version"]
        for gallery in told
    )


def plate_read(text: str, direction: str, verdict: str) -> Callable[[Api], bool]:
    """True once this vehicle went through the gate that way, with this word of the gate's list."""

    def read(api: Api) -> bool:
        passages = api.items(f"/api/v1/plate-passages?device={LANE}")
        return any((p["text"], p["direction"], p["verdict"]) == (text, direction, verdict) for p in passages)

    return read


EXPECTED: dict[str, Callable[[Api], bool]] = {
    "both doors hold the gallery that the hub sealed for them": galleries_held,
    "the resident was seen at the east door": seen_at("door-east", known=True),
    "a stranger passed the east door, without identity": seen_at("door-east", known=False),
    "the resident was seen at the west door": seen_at("door-west", known=True),
    "a stranger passed the west door, without identity": seen_at("door-west", known=False),
    "a listed car came in at the vehicle gate": plate_read(LISTED, "in", "known"),
    "a trailer left, its plate of two rows read": plate_read(LEAVING, "out", "unknown"),
    "a new-energy car that nobody listed came in": plate_read(UNLISTED, "in", "unknown"),
    "the resident's watch moved": counted,
    "24 hours of silence raised an alert": alerted,
    "the east door showed what it sees, when it was asked": pictured,
}


def report(api: Api) -> None:
    for event in reversed(api.items("/api/v1/events?type=passage&limit=20")):
        who = f"{event['person']} {event['score']:.3f}" if event["person"] else "stranger"
        print(f"    {event['captured_at']}  {event['device']:9}  {who}")
    for passage in reversed(api.items("/api/v1/plate-passages?limit=10")):
        plate = passage["text"] or "not readable"
        print(
            f"    {passage['captured_at']}  {passage['device']:9}  {plate} {passage['direction']} {passage['verdict']}"
        )
    for alert in api.items("/api/v1/alerts"):
        name, last, due = alert["person_name"], alert["last_seen_at"], alert["due_at"]
        print(f"    alert {alert['state']}: {name}, last seen {last}, due {due}")


def print_ends(stage: Stage) -> None:
    for child in stage.children:
        lines = child.log.read_text(errors="replace").splitlines()[-12:]
        print(f"  The end of {child.log.name}:", *(f"    {line}" for line in lines), sep="\n")


@contextlib.contextmanager
def running(where: Path, port: int) -> Iterator[tuple[Stage, Api]]:
    """Hub and agents, started and healthy; all ended on the way out, whatever happened."""
    prepare_clips()
    stage = Stage(folder=where)
    started_at = datetime.now(UTC).isoformat()
    seeded = json.loads(run("hub-server", "seed-demo", "--data", where / "hub", "--json"))
    try:
        stage.start("hub", "hub-server", "serve", "--data", str(where / "hub"), "--embedded-broker",
                    "--port", str(port), "--broker-port", "0")  # fmt: skip
        hub = wait_for_hub(stage, where / "hub" / "run.json")
        token = (where / "hub" / "api-token").read_text().strip()
        api = Api(url=str(hub["url"]), token=token, started_at=started_at)
        enrol(api, RESIDENT, [CLIPS / "resident.png"])
        list_vehicle(api, LISTED)
        for device in seeded["devices"]:
            config = write_agent(where, device["id"], device["secret"], hub)
            stage.start(device["id"], "edge-agent", "run", "--config", str(config))
        yield stage, api
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave anything running
        stage.end()


def list_vehicle(api: Api, plate: str) -> None:
    """A household's car that may pass the vehicle gate."""
    vehicle = api.post("/api/v1/vehicles", plate=plate, owner="household", label="1号楼101", by="演示网格员")
    api.put(f"/api/v1/vehicles/{vehicle['id']}/placements/{LANE}")


def prepare_clips() -> None:
    """Renders the clips into .cache, once for each state of the renderers."""
    sources = {"render_clips": [], "render_lane": sorted((ROOT / "scripts" / "plates").glob("*.p*"))}
    for renderer, parts in sources.items():
        stamp = CLIPS / f"{renderer}.done"
        newest = max(path.stat().st_mtime for path in (ROOT / "scripts" / renderer, *parts))
        if stamp.exists() and stamp.stat().st_mtime > newest:
            continue
        print(f"Rendering clips with scripts/{renderer} (half a minute, once) ...", flush=True)
        run(sys.executable, ROOT / "scripts" / renderer, "--out", CLIPS)
        stamp.touch()


def run(program: str, *arguments: str | Path) -> str:
    command = [str(BIN / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise StageError(f"{' '.join(command[:2])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def pin_keys(data: Path, home: Path) -> None:
    """What a device is given when it enrols: by these it knows what comes from its hub, and seals pictures to it."""
    keys = {
        "hub-sign.pub": sign.public_key_of(signing_key(data)),
        "hub-picture.pub": seal.public_key_of(picture_key(data)),
    }
    for name, key in keys.items():
        (home / name).write_text(f"{sign.key_text(key)}\n")


def write_agent(where: Path, device: str, secret: str, hub: dict[str, object]) -> Path:
    broker = hub["broker"]
    assert isinstance(broker, dict)
    home = where / device
    home.mkdir(mode=0o700)
    (home / "password").touch(mode=0o600)
    (home / "password").write_text(secret)
    pin_keys(where / "hub", home)
    config = home / "agent.toml"
    config.write_text(f"""# Written by scripts/demo.
site = "{hub["site"]}"
device = "{device}"

[hub]
host = "{broker["host"]}"
port = {broker["port"]}
password_file = "password"
sign_key = "hub-sign.pub"
picture_key = "hub-picture.pub"

[camera]
name = "{CAMERAS[device]}"
source = "replay:{CLIPS / CAMERAS[device]}.mp4"
loop = true

[faces]
enabled = {str(device in DOORS).lower()}

[plates]
enabled = {str(device == LANE).lower()}

[clock]
synchronised = "always"  # a demonstration stands on a machine whose clock is right; a Pi asks its time service

[journal]
file = "journal.sqlite3"
""")
    return config


if __name__ == "__main__":
    sys.exit(main())
