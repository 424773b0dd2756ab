"""Many messages, one write to the disk, and not a word to anybody before it: counted at the system calls."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
DEVICES = 8
MESSAGES = 64  # as many as one `take` of the inbox gives

HUB = """
import os, sys
from pathlib import Path
from device_model import batch, passage
from edge_agent.wire.messages import Ack, wire_bytes
from hub_server.ingest import worker as module
from hub_server.ingest.inbox import Arrival, Inbox
from hub_server.store import devices
from hub_server.store.store import Store

DEVICES, MESSAGES, HOLD_S = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
names = [f"d{n}" for n in range(DEVICES)]
store = Store.open(Path(sys.argv[1]))
for name in names:
    store.write(lambda db, name=name: devices.create(db, id=name, place="", now_us=1))
module.HOLD_S = HOLD_S
inbox = Inbox()
for n in range(MESSAGES):
    name, seq = names[n % DEVICES], n // DEVICES + 1
    payload = wire_bytes(batch(passage(wall_us=n, mono_us=n), first_seq=seq, device=name))
    inbox.offer(Arrival(topic=f"shouwang/v1/demo/{name}/up", payload=payload, retained=False, received_us=10**9))

def publish(device, message):
    assert isinstance(message, Ack)
    os.write(1, f"said {device} {message.high}\\n".encode())

worker = module.Worker(store=store, inbox=inbox, publish=publish, site="demo")
os.write(1, b"begins\\n")
worker.handle(inbox.take())
os.write(1, b"ends\\n")
store.close()
"""


def calls(folder: Path, hold_s: float) -> list[str]:
    """What the hub said and when it waited for the disk, in order: "sync", "said d0 8", ..."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here: apt-get install strace")
    log = folder / "log"
    program = [sys.executable, "-c", HUB, str(folder / "data"), str(DEVICES), str(MESSAGES), str(hold_s)]
    traced = [strace, "-f", "-o", str(log), "-e", "trace=fdatasync,fsync,write", "-e", "signal=none", *program]
    model = str(Path(__file__).parents[1] / "model")
    done = subprocess.run(
        traced, timeout=60, check=False, capture_output=True, text=True, env={"PYTHONPATH": f"{model}:{Path.cwd()}"}
    )
    if done.returncode and "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    found = re.findall(r"(?:(f(?:data)?sync)\([0-9]+|write\(1, \"(begins|ends|said [^\\]+))", log.read_text())
    words = ["sync" if sync else said for sync, said in found]
    return words[words.index("begins") + 1 : words.index("ends")]


def test_many_messages_are_one_write_to_the_disk_and_every_ack_comes_after_it(tmp_path: Path) -> None:
    words = calls(tmp_path, hold_s=60)
    assert words[0] == "sync"
    assert words.count("sync") == 1
    assert sorted(words[1:]) == [f"said d{n} {MESSAGES // DEVICES}" for n in range(DEVICES)]


def test_a_transaction_that_has_held_the_store_long_enough_ends_and_its_acks_go_out(tmp_path: Path) -> None:
    words = calls(tmp_path, hold_s=0)
    assert words == [word for n in range(MESSAGES) for word in ("sync", f"said d{n % DEVICES} {n // DEVICES + 1}")], (
        "one commit a message, each acknowledged before the next"
    )
