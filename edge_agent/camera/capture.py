"""OpenCV's VideoCapture, opened quietly and with errors in words."""

import re
from collections.abc import Sequence

import cv2

from edge_agent.errors import CameraError


def open_capture(target: str, backend: int, settings: Sequence[int]) -> cv2.VideoCapture:
    """Open `target`, which is a file, a URL or a device. `settings` are pairs of a cv2.CAP_PROP and its value.

    Raises CameraError; the message names the target without a password.
    """
    cv2.setLogLevel(0)  # its own complaints go to standard error, in jargon, and with the password
    try:
        capture = cv2.VideoCapture(target, backend, list(settings))
    except cv2.error as error:
        raise CameraError(f"{without_secret(target)} cannot be opened: {error.err}") from error
    if not capture.isOpened():
        capture.release()
        raise CameraError(f"{without_secret(target)} cannot be opened")
    return capture


def without_secret(target: str) -> str:
    """A URL with its user and password replaced, fit for a log."""
    return re.sub(r"^(\w+://)[^/@]*@", r"\1***@", target)
