"""What the API answers about tables that come in."""

from typing import Literal, TypedDict

from hub_server.web.resources import At, Key


class Told(TypedDict):
    """The same in Chinese and in English."""

    zh: str
    en: str


class ImportColumn(TypedDict):
    """A column that was understood. `name` is the field's."""

    name: str
    zh: str
    en: str


class ImportCounts(TypedDict):
    """Of rows, but `mistakes` (a row may have several), areas, households and watches."""

    new: int
    update: int
    unchanged: int
    wrong: int
    mistakes: int
    new_areas: list[str]
    new_households: int
    new_watches: int


class ImportMistake(TypedDict):
    """`row` as the spreadsheet counts; `column` is null when it is the row as a whole."""

    row: int
    column: ImportColumn | None
    zh: str
    en: str


class ImportField(TypedDict):
    """One that a row sets. `before`: as it is now, where that may be shown; null: nothing, or not shown."""

    column: ImportColumn
    before: str | None
    after: str


class ImportRow(TypedDict):
    """What a row would do. `target`: who or what is there already."""

    row: int
    does: Literal["new", "update", "unchanged"]
    label: str
    target: str | None
    fields: list[ImportField]
    hint: Told | None


class ImportSummary(TypedDict):
    """A table that somebody brought. It waits until `expires_at`; once applied it has no rows any more."""

    id: Key
    kind: Literal["people", "households", "vehicles", "devices"]
    file_name: str
    author: str
    created_at: At
    expires_at: At | None
    applied_at: At | None
    applied_by: str
    counts: ImportCounts


class Import(ImportSummary):
    """`rows` has the first 50 that are right, `mistakes` the first 200; all of these are a table of their own."""

    columns: list[ImportColumn]
    unknown: list[str]
    notes: list[Told]
    rows: list[ImportRow]
    mistakes: list[ImportMistake]


class Imports(TypedDict):
    items: list[ImportSummary]
