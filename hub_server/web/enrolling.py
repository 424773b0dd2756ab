"""How the web asks for an enrolment, without knowing who does it: hub_server.app puts the two together."""

from collections.abc import Callable, Mapping, Sequence

from hub_server.store.custody import NewFace


class PhotosRefusedError(Exception):
    """Photographs that cannot be enrolled from: why, by their place from 0, in words for a person."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        self.reasons = dict(reasons)
        super().__init__("; ".join(f"photo {index}: {reason}" for index, reason in self.reasons.items()))


class EnrolmentUnavailableError(Exception):
    """No photograph can be looked at now; the message says why, and what to do."""


Enrol = Callable[[Sequence[bytes]], NewFace]
"""Photographs of one person become a template. Raises PhotosRefusedError, EnrolmentUnavailableError."""
