"""Examples of models, settings and rollouts in the same small office that `examples.py` tells of."""

from hub_server.store.releases import ReleaseKind
from hub_server.store.rollouts import PartState, RolloutState
from hub_server.web import release_resources as resources
from hub_server.web.rollouts import RolloutStop, WantedRollout

_RELEASE: resources.ModelRelease = {
    "id": 3,
    "digest": "4044649c34f4fb9555da2b89d89f17414de89d22ea3143479237ec13d2d4e578",
    "bytes": 22_125_432,
    "files": ["face_embedding.tflite", "manifest.toml"],
    "note": "夜间更准",
    "made_at": "2026-11-23T21:40:00.000000Z",
    "made_by": "周",
}
_OF_DEVICE: resources.DeviceReleases = {
    "device": "east-gate",
    "items": [
        {
            "kind": ReleaseKind.CONFIG,
            "version": 2,
            "settings": {"camera": {"fps": 10}},
            "release": None,
            "offered": True,
            "wanted_at": "2026-11-23T21:41:00.000000Z",
            "held_version": 2,
            "held_at": "2026-11-23T21:42:30.000000Z",
            "held_settings": {"camera": {"fps": 10}},
            "held_release": None,
            "trouble": "",
        }
    ],
}
_ROLLOUT: resources.Rollout = {
    "id": 1,
    "kind": ReleaseKind.CONFIG,
    "change": {"camera": {"fps": 10}},
    "whole": False,
    "joins": False,
    "release": None,
    "note": "省电",
    "wait_s": 600,
    "state": RolloutState.RUNNING,
    "stage": 0,
    "well_since": "2026-11-23T21:42:30.000000Z",
    "detail": "",
    "made_at": "2026-11-23T21:41:00.000000Z",
    "made_by": "周",
    "ended_at": None,
    "ended_by": "",
    "counts": {"waiting": 0, "offered": 0, "held": 1, "failed": 0, "returning": 0, "returned": 0},
}
_WHOLE: resources.WholeRollout = {
    **_ROLLOUT,
    "devices": [
        {
            "device": "east-gate",
            "place": "东门 East gate",
            "stage": 0,
            "state": PartState.HELD,
            "version": 2,
            "awaited": True,
            "online": True,
            "offered_at": "2026-11-23T21:41:00.000000Z",
            "held_at": "2026-11-23T21:42:30.000000Z",
            "detail": "",
        }
    ],
}

RELEASE_EXAMPLES: dict[object, object] = {
    resources.ModelRelease: _RELEASE,
    resources.ModelReleasePage: {"items": [_RELEASE], "next": None},
    resources.DeviceReleases: _OF_DEVICE,
    resources.WholeRollout: _WHOLE,
    resources.RolloutPage: {"items": [_ROLLOUT], "next": None},
    WantedRollout: {
        "kind": "config",
        "everywhere": True,
        "change": {"camera": {"fps": 10}},
        "note": "省电",
        "by": "周",
    },
    RolloutStop: {"back": True, "by": "周"},
}
