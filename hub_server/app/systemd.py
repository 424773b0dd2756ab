"""The few words systemd understands (sd_notify(3)), over its socket."""

import os
import socket


def notify(state: str) -> bool:
    """Sends "READY=1", "WATCHDOG=1", "STOPPING=1". False when no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        # A leading @ stands for the zero byte of Linux's abstract names.
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(state.encode())
    return True


def watchdog_s() -> float | None:
    """How often systemd wants to hear of us at the latest; None: it does not ask."""
    given = os.environ.get("WATCHDOG_USEC", "")
    return int(given) / 1e6 if given.isascii() and given.isdigit() and int(given) > 0 else None
