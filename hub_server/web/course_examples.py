"""An example of what a camera did in the same small office."""

from hub_server.web import course_resources as resources

_COURSES: resources.CameraCourses = {
    "from": "2026-11-21T12:00:00.000000Z",
    "until": "2026-11-22T12:00:00.000000Z",
    "cameras": [
        {
            "device": "east-gate",
            "place": "东门 East gate",
            "camera": "east",
            "watching": 0.75,
            "parts": [
                {
                    "from": "2026-11-21T12:00:00.000000Z",
                    "until": "2026-11-22T06:00:00.000000Z",
                    "state": "watching",
                    "cause": "",
                },
                {
                    "from": "2026-11-22T06:00:00.000000Z",
                    "until": "2026-11-22T12:00:00.000000Z",
                    "state": "blind",
                    "cause": "black",
                },
            ],
        }
    ],
}

COURSE_EXAMPLES: dict[object, object] = {resources.CameraCourses: _COURSES}
