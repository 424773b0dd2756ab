"""An example of what was proved of a device on site, in the same small office."""

from hub_server.web import pass_sheet_resources as resources

_SHEET: resources.PassSheetShape = {
    "id": 3,
    "device": "east-gate",
    "camera": "east",
    "at": "2026-11-22T09:40:00.000000Z",
    "received_at": "2026-11-22T09:40:03.000000Z",
    "author": "王师傅",
    "passed": True,
    "pictured": True,
    "findings": [
        {
            "check": "face_size",
            "name": "人脸大小（按距离算）",
            "name_en": "Face size, expected",
            "outcome": "ok",
            "found": "a face 2.5 m away is 77 px wide; 60 px are needed",
            "found_zh": "2.5 米处的人脸宽 77 像素，需要 60 像素",
            "advice": "",
            "advice_zh": "",
        }
    ],
}

PASS_SHEET_EXAMPLES: dict[object, object] = {resources.PassSheetPage: {"items": [_SHEET], "next": None}}
