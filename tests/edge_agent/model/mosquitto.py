"""A real Mosquitto for one test, and a scripted hub that speaks through it."""

import queue
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from scripted_hub import ScriptedHub

from edge_agent.uplink.mqtt import forget_callbacks
from edge_agent.wire.codec import decode_status
from edge_agent.wire.messages import Status, wire_bytes

PROGRAM = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
USER, PASSWORD = "door-east", "secret of the door"
TIMEOUT_S = 30.0  # for a machine that is busy with other things; nothing waits this long by design


class Mosquitto:
    """Listens on 127.0.0.1; knows one user. `kill` is kill -9; `start` again goes on at the same port."""

    def __init__(self, folder: Path, *, access: str | None = None) -> None:
        """`access`: the lines of its access list; None: everybody may everything."""
        assert PROGRAM is not None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        passwords = folder / "passwords"
        passwords.touch(mode=0o600)
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), USER, PASSWORD], check=True, capture_output=True)
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n",
            encoding="utf-8",
        )
        if access is not None:
            rules = folder / "access"
            rules.touch(mode=0o600)
            rules.write_text(access, encoding="utf-8")
            with self._config.open("a", encoding="utf-8") as config:
                config.write(f"acl_file {rules}\n")
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        self._process = subprocess.Popen(
            [PROGRAM, "-v", "-c", str(self._config)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.rstrip().endswith("running"):
                break
        else:
            raise AssertionError("mosquitto did not start")
        # It goes on talking, and a full pipe would stop it.
        self._listener = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._listener.start()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._listener.join()
            assert self._process.stderr is not None
            self._process.stderr.close()
            self._process = None


class Observer:
    """Another client: keeps what is published on `topic`, and may be the voice of a scripted hub."""

    def __init__(self, port: int, topic: str, hub: ScriptedHub | None = None) -> None:
        self.heard: queue.Queue[MQTTMessage] = queue.Queue()
        self._hub = hub
        self._ack_topic = topic.removesuffix("/up") + "/ack"
        self._subscribed: queue.Queue[bool] = queue.Queue()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=f"observer-{id(self)}")
        self.client.username_pw_set(USER, PASSWORD)
        self.client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.await_subscribed()

    def await_subscribed(self) -> None:
        """Wait until it hears: at first, and again after the broker was away."""
        self._subscribed.get(timeout=TIMEOUT_S)

    def next(self) -> MQTTMessage:
        return self.heard.get(timeout=TIMEOUT_S)

    def next_status(self) -> Status:
        return decode_status(bytes(self.next().payload))

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        forget_callbacks(self.client)

    def _on_subscribe(self, client: Client, *_: Any) -> None:
        if self._hub is not None:  # a hub that reconnects tells unasked where it stands
            for epoch in self._hub.histories:
                client.publish(self._ack_topic, wire_bytes(self._hub.welcome(epoch)), qos=1)
        self._subscribed.put(True)

    def _on_message(self, client: Client, _userdata: Any, message: MQTTMessage) -> None:
        self.heard.put(message)
        if self._hub is not None:
            for answer in self._hub.hear(bytes(message.payload)):
                client.publish(self._ack_topic, answer, qos=1)
