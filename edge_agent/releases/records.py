"""What a device remembers of settings and models that were sent to it, and every step between. Pure."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge_agent.wire.blobs import Offer
from edge_agent.wire.device_config import KIND as CONFIG
from edge_agent.wire.model_bundle import KIND as MODEL

FORMAT: Final = 1
KINDS: Final = (CONFIG, MODEL)
STARTS_MAX: Final = 2
"""So many starts may end without success; the next one goes back."""
DETAIL_CHARS_MAX: Final = 200


class OnTrial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Taken, and not proven yet. `starts`: of the agent with it, the one that runs now among them."""

    offer: Offer
    starts: Annotated[int, Meta(ge=0, le=STARTS_MAX + 1)]


class Failed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tried, and gone back from."""

    offer: Offer
    detail: str


class Remembered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one kind. `newest`: the newest ever accepted, whatever became of it. `good`: in force; None: as installed."""

    newest: Offer | None = None
    good: Offer | None = None
    trial: OnTrial | None = None
    failed: Failed | None = None


class Records(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of both kinds; at most one of them is on trial."""

    format: int = FORMAT
    config: Remembered = Remembered()
    model: Remembered = Remembered()

    def of(self, kind: str) -> Remembered:
        return self.config if kind == CONFIG else self.model

    def put(self, kind: str, remembered: Remembered) -> "Records":
        if kind == CONFIG:
            return msgspec.structs.replace(self, config=remembered)
        return msgspec.structs.replace(self, model=remembered)

    @property
    def on_trial(self) -> str | None:
        """The kind that is."""
        return next((kind for kind in KINDS if self.of(kind).trial is not None), None)

    def in_use(self, kind: str) -> Offer | None:
        """What the next start uses: what is on trial, else what is good."""
        one = self.of(kind)
        return one.good if one.trial is None else one.trial.offer


def objection(one: Remembered, offer: Offer) -> str | None:
    """Why this offer is not to be taken, judged by its version alone; None: it may be."""
    if one.failed is not None and one.failed.offer == offer:
        return one.failed.detail
    if one.newest is None or offer.version > one.newest.version or offer == one.newest:
        return None
    if offer.version == one.newest.version:
        return f"another version {offer.version} was accepted here before"
    return f"version {offer.version} is older than {one.newest.version}, which was accepted here"


def accepted(one: Remembered, offer: Offer) -> Remembered:
    """It is whole and checked: the next start tries it. What failed before is forgotten; its version stays refused."""
    return Remembered(newest=offer, good=one.good, trial=OnTrial(offer=offer, starts=0))


def started(one: Remembered) -> Remembered:
    """The agent starts with it. The one start too many goes back."""
    if one.trial is None:
        return one
    if one.trial.starts >= STARTS_MAX:
        return failed(one, f"the agent did not last: {one.trial.starts} starts ended before it had proven itself")
    trial = OnTrial(offer=one.trial.offer, starts=one.trial.starts + 1)
    return msgspec.structs.replace(one, trial=trial)


def ended_on_purpose(one: Remembered) -> Remembered:
    """Somebody stopped the agent: that start says nothing."""
    if one.trial is None or one.trial.starts == 0:
        return one
    trial = OnTrial(offer=one.trial.offer, starts=one.trial.starts - 1)
    return msgspec.structs.replace(one, trial=trial)


def passed(one: Remembered) -> Remembered:
    """It has proven itself."""
    return one if one.trial is None else Remembered(newest=one.newest, good=one.trial.offer)


def failed(one: Remembered, why: str) -> Remembered:
    """Back to the last good one."""
    if one.trial is None:
        return one
    told = Failed(offer=one.trial.offer, detail=f"rolled back: {why}"[:DETAIL_CHARS_MAX])
    return Remembered(newest=one.newest, good=one.good, failed=told)


def lost(one: Remembered) -> Remembered:
    """What is good cannot be read any more: as installed, and the hub may send the same again."""
    return msgspec.structs.replace(one, good=None)
