"""What the API answers about settings and models on devices, and how they are rolled out, by type."""

from typing import Literal, TypedDict

from hub_server.store.releases import ReleaseKind
from hub_server.store.rollouts import PartState, RolloutState
from hub_server.web.resources import At, Count, Key

Value = bool | int | float | str | dict[str, float]
Settings = dict[str, dict[str, Value]]
"""By section and key of agent.toml; passwords inside a camera's address are left out."""
Change = dict[str, dict[str, Value | None]]
"""The same; null takes a setting away."""
Stage = Literal[0, 1, 2]
"""0 one device, 1 ten percent of them and at least one, 2 all."""


class ModelRelease(TypedDict):
    """A bundle of models under a version. No files: the models that were installed with the agent."""

    id: Key
    digest: str
    bytes: Count
    files: list[str]
    note: str
    made_at: At
    made_by: str


class ModelReleasePage(TypedDict):
    """The newest first."""

    items: list[ModelRelease]
    next: int | None


class DeviceRelease(TypedDict):
    """What a device should have of one kind, and what it said last that is in force."""

    kind: ReleaseKind
    version: Count
    settings: Settings | None
    release: Key | None
    offered: bool
    wanted_at: At
    held_version: Count | None
    held_at: At | None
    held_settings: Settings | None
    held_release: Key | None
    trouble: str


class DeviceReleases(TypedDict):
    """Of both kinds; a kind that was never sent is left out: the device runs as its card says."""

    device: str
    items: list[DeviceRelease]


class RolloutDevice(TypedDict):
    """One device in a rollout. `awaited`: it was online when its stage began."""

    device: str
    place: str
    stage: Stage
    state: PartState
    version: Count | None
    awaited: bool
    online: bool
    offered_at: At | None
    held_at: At | None
    detail: str


class Rollout(TypedDict):
    """`change` with `whole` and `joins` of the kind config, `release` of the kind model. `counts`: devices by state."""

    id: Key
    kind: ReleaseKind
    change: Change
    whole: bool
    joins: bool
    release: Key | None
    note: str
    wait_s: Count
    state: RolloutState
    stage: Stage
    well_since: At | None
    detail: str
    made_at: At
    made_by: str
    ended_at: At | None
    ended_by: str
    counts: dict[str, int]


class WholeRollout(Rollout):
    """A rollout with its devices, by stage and name."""

    devices: list[RolloutDevice]


class RolloutPage(TypedDict):
    """The newest first."""

    items: list[Rollout]
    next: int | None
