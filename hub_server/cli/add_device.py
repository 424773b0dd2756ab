"""`hub-server device add`: through the running hub, or into the store when none runs."""

import argparse
from pathlib import Path

from hub_server.cli.running_hub import RunningHub
from hub_server.cli.speech import CommandError, say, say_json
from hub_server.store import devices
from hub_server.store.errors import ExistsError, InvalidValueError, StoreBusyError
from hub_server.store.store import Store


def run(asked: argparse.Namespace) -> int:
    secret = _add(asked.data, asked.id, asked.place, asked.area)
    if asked.json:
        say_json({"id": asked.id, "place": asked.place, "area": asked.area, "secret": secret})
    else:
        say(f"device {asked.id}")
        say(f"secret {secret}")
        say("Write the secret into the device's configuration now: it is not shown again.")
    return 0


def _add(data_dir: Path, device: str, place: str, area: str) -> str:
    try:
        store = Store.open(data_dir)
    except StoreBusyError:
        answer = RunningHub.of(data_dir).post("/api/v1/devices", {"id": device, "place": place, "area": area})
        return str(answer["mqtt"]["password"])
    try:
        return store.write(lambda db: devices.create(db, id=device, place=place, area=area, now_us=store.now_us()))[1]
    except (ExistsError, InvalidValueError) as error:
        raise CommandError(str(error)) from error
    finally:
        store.close()
