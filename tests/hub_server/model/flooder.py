"""A device gone mad, as a process of its own: as many messages a second as it is told, rubbish and duplicates in turn.

    python flooder.py HOST PORT DEVICE SECRET MESSAGES_A_SECOND TOPIC PAYLOAD...

Payloads are hexadecimal. It runs until it is killed.
"""

import itertools
import sys
import time

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

_TICK_S = 0.01


def main() -> None:
    host, port, device, secret, rate, topic, *payloads = sys.argv[1:]
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device)
    client.username_pw_set(device, secret)
    client.max_queued_messages_set(1000)
    client.connect(host, int(port))
    client.loop_start()
    each = itertools.cycle(bytes.fromhex(payload) for payload in payloads)
    next_s = time.monotonic()
    while True:
        for _ in range(int(int(rate) * _TICK_S)):
            client.publish(topic, next(each), qos=0)
        next_s += _TICK_S
        time.sleep(max(0.0, next_s - time.monotonic()))  # the pace of the flood


if __name__ == "__main__":
    main()
