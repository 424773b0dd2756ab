"""The port of what takes the blobs that are no galleries: settings and models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from edge_agent.blobs.receiver import Delivery
from edge_agent.wire.blobs import Offer, RejectionReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a blob is not taken; what is in force stays."""

    reason: RejectionReason
    detail: str


class Keeper(Protocol):
    """`edge_agent.releases.Releases` is the real one. Its kinds are those of `bytes_max`."""

    @property
    def bytes_max(self) -> Mapping[str, int]: ...

    def held(self) -> Mapping[str, Offer]:
        """What is in force, by kind."""
        ...

    def refused(self) -> Sequence[tuple[Offer, str]]:
        """What is not to be sent again, and why."""
        ...

    def take(self, delivery: Delivery) -> Refusal | None:
        """None: the receipt follows through `confirmed`, or the hub must offer it again."""
        ...

    def confirmed(self) -> Sequence[Offer]:
        """What is in force since this was last asked."""
        ...


class NoKeeper:
    """A device that takes galleries only."""

    bytes_max: Mapping[str, int] = {}

    def held(self) -> Mapping[str, Offer]:
        return {}

    def refused(self) -> Sequence[tuple[Offer, str]]:
        return ()

    def take(self, delivery: Delivery) -> Refusal | None:
        return Refusal(reason=RejectionReason.UNSUPPORTED, detail=delivery.offer.kind)

    def confirmed(self) -> Sequence[Offer]:
        return ()
