"""Examples of what the API answers about tables, for /openapi.json."""

from hub_server.web import exchange_resources as resources

_COUNTS: resources.ImportCounts = {
    "new": 1,
    "update": 0,
    "unchanged": 0,
    "wrong": 1,
    "mistakes": 1,
    "new_areas": [],
    "new_households": 0,
    "new_watches": 1,
}
_SUMMARY: resources.ImportSummary = {
    "id": 1,
    "kind": "people",
    "file_name": "residents.csv",
    "author": "token local",
    "created_at": "2026-11-23T21:40:00.123456Z",
    "expires_at": "2026-11-24T21:40:00.123456Z",
    "applied_at": None,
    "applied_by": "",
    "counts": _COUNTS,
}
_NAME: resources.ImportColumn = {"name": "name", "zh": "姓名", "en": "name"}
_BORN: resources.ImportColumn = {"name": "born", "zh": "出生日期", "en": "born"}
_WHOLE: resources.Import = {
    **_SUMMARY,
    "columns": [_NAME, _BORN],
    "unknown": ["序号"],
    "notes": [{"zh": "跳过了模板里的示例行", "en": "the template's example row is left out"}],
    "rows": [
        {
            "row": 2,
            "does": "new",
            "label": "王建国",
            "target": None,
            "fields": [{"column": _NAME, "before": None, "after": "王建国"}],
            "hint": {"zh": "已有 1 位同名的人，将登记为另一人", "en": "1 of this name are there: this is one more"},
        }
    ],
    "mistakes": [
        {"row": 3, "column": _BORN, "zh": "日历里没有这一天：1950-02-30", "en": "the calendar has no such day"}
    ],
}
EXCHANGE_EXAMPLES: dict[object, object] = {
    resources.Import: _WHOLE,
    resources.Imports: {"items": [_SUMMARY]},
}
