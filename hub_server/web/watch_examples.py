"""Examples of pauses, observations, corrections, explanations and hints in the same small office."""

from hub_server.watch.observation import Kind
from hub_server.web import watch_resources as resources
from hub_server.web.corrections import NewCorrection
from hub_server.web.observations import NewObservation, ObservationWithdrawal
from hub_server.web.pauses import NewPause, PauseEnd

_PAUSE: resources.Pause = {
    "id": 1,
    "person": "p-li",
    "from": "2026-11-23T21:50:00.000000Z",
    "until": "2026-11-30T12:00:00.000000Z",
    "reason": "住院",
    "author": "王敏",
    "recorded_at": "2026-11-23T21:50:00.000000Z",
    "ended_at": None,
    "ended_by": "",
    "alert": None,
    "state": "on",
}
_OBSERVATION: resources.Observation = {
    "id": 1,
    "person": "p-li",
    "kind": Kind.PHONE,
    "at": "2026-11-23T21:48:00.000000Z",
    "author": "王敏",
    "note": "在女儿家，一切都好",
    "recorded_at": "2026-11-23T21:48:10.000000Z",
    "withdrawn_at": None,
    "withdrawn_by": "",
}
_CORRECTION: resources.Correction = {
    "event": 1,
    "person": "p-li",
    "other": "p-wang",
    "author": "王敏",
    "note": "是她妹妹",
    "at": "2026-11-23T21:55:00.000000Z",
}
_EXPLANATION: resources.Explanation = {
    "person": "p-li",
    "sentences": [
        {
            "key": "state.seen",
            "zh": "李秀兰：在约定时间内有消息。",
            "en": "李秀兰: there is a sign of life within the period.",
        }
    ],
    "facts": {"person": "p-li", "state": "seen", "period_s": 86400, "due_at": "2026-11-24T21:48:00.000000Z"},
}
_HINT: resources.Hint = {
    "person": "p-li",
    "person_name": "李秀兰",
    "area": "桂花村",
    "usual_by": "2026-11-24T01:00:00.000000Z",
    "last_seen_at": "2026-11-23T09:12:00.000000Z",
    "share": 0.9286,
    "zh": "平时 09:00 前就能见到，今天还没有",
    "en": "Usually seen by 09:00, not yet today",
}

WATCH_EXAMPLES: dict[object, object] = {
    resources.Pause: _PAUSE,
    resources.PausePage: {"items": [_PAUSE], "next": None},
    resources.Observation: _OBSERVATION,
    resources.ObservationPage: {"items": [_OBSERVATION], "next": None},
    resources.Correction: _CORRECTION,
    resources.CorrectionPage: {"items": [_CORRECTION], "next": None},
    resources.Explanation: _EXPLANATION,
    resources.HintPage: {"items": [_HINT], "next": None},
    NewPause: {"until": "2026-11-30T20:00:00+08:00", "reason": "住院", "by": "王敏"},
    PauseEnd: {"by": "王敏"},
    NewObservation: {"kind": "phone", "note": "在女儿家，一切都好", "by": "王敏"},
    ObservationWithdrawal: {"by": "王敏"},
    NewCorrection: {"other": "p-wang", "note": "是她妹妹", "by": "王敏"},
}
