"""/api/v1/imports: tables in: a preview with errors by row, then all or nothing."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Response
from msgspec import Struct
from sqlite_utils import Database

from hub_server.store import imports
from hub_server.store.errors import NotFoundError
from hub_server.store.import_plans import ImportRow, Mistake
from hub_server.store.imports import Brought, Import, ImportKind
from hub_server.tables import limits, template, writing
from hub_server.tables.checking import check
from hub_server.tables.columns import Kind
from hub_server.tables.errors import TableError
from hub_server.tables.reading import read
from hub_server.tables.table import Form
from hub_server.tables.writing import Cell
from hub_server.web import exchange_resources, exchange_shapes, fields
from hub_server.web.auth import caller
from hub_server.web.files import attached
from hub_server.web.lists import answer
from hub_server.web.office import office
from hub_server.web.operations import Operation, Routes
from hub_server.web.problems import ProblemError, invalid
from hub_server.web.scopes import Scope
from hub_server.web.writing import write

blueprint = Routes("imports", __name__)
FILE_TYPE = "application/octet-stream"
_LIST_ROWS = 50
OWN = "whoever brought a table sees it, and nobody else who is bound to areas"
_KINDS: Mapping[str, tuple[str, str]] = {
    "people": ("居民", "people"),
    "households": ("家庭", "households"),
    "vehicles": ("车辆", "vehicles"),
    "devices": ("设备", "devices"),
}


class ImportQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """`name`: of the file, for people; what it is, its bytes say."""

    kind: fields.TableKind
    name: fields.FileName = ""


class TemplateQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    kind: fields.TableKind
    form: fields.TableForm = "xlsx"


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/imports",
        summary="A table is read and checked; nothing is taken over yet",
        scope=Scope.EXCHANGE,
        query=ImportQuery,
        raw=FILE_TYPE,
        body_bytes_max=limits.FILE_BYTES_MAX,
        answer=exchange_resources.Import,
        status=HTTPStatus.CREATED,
        looks=True,
        rules=f"XLSX, or CSV in UTF-8, UTF-16 or GBK; {limits.ROWS_MAX} rows and {limits.COLUMNS_MAX} columns at most.",
    )
)
def bring(asked: ImportQuery, body: bytes) -> Response:
    store, who = office().store, caller()
    kind = Kind(asked.kind)
    try:
        found = check(read(body), kind)
    except TableError as error:
        raise invalid({"file": str(error)}) from error
    brought = Brought(
        kind=ImportKind(kind),
        file_name=asked.name,
        rows=tuple(ImportRow(number=row.number, values=row.values) for row in found.rows),
        mistakes=tuple(Mistake(row=one.row, column=one.column, zh=one.zh, en=one.en) for one in found.mistakes),
        columns=tuple(found.layout.columns),
        unknown=found.layout.unknown,
        notes=found.notes,
    )
    with store.read() as db:
        preview = imports.preview(db, brought, reach=who.reach)
    now_us = store.now_us()
    kept = write(
        lambda db: imports.keep(db, preview, author=who.name, now_us=now_us),
        detail={"kind": kind, "rows": len(found.rows)},
    )
    return answer(_shown(kept), HTTPStatus.CREATED, location=f"/api/v1/imports/{kept.id}")


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/imports",
        summary="The newest tables: one's own, or everybody's for whoever is bound to no area",
        scope=Scope.EXCHANGE,
        answer=exchange_resources.Imports,
    )
)
def index() -> Response:
    with office().store.read() as db:
        return answer({"items": [exchange_shapes.summary(row) for row in listed(db)]})


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/imports/template",
        summary="An empty table with the headings and a row that shows how",
        scope=Scope.EXCHANGE,
        query=TemplateQuery,
        answer=str,
        content=writing.XLSX_TYPE,
        other_contents=(writing.CSV_TYPE,),
    )
)
def blank(asked: TemplateQuery) -> Response:
    kind = Kind(asked.kind)
    return attached(
        Form(asked.form),
        f"{_KINDS[kind][0]}-模板",
        template.headings(kind),
        [template.example(kind)],
        widths=template.widths(kind),
    )


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/imports/<row_id:table>",
        summary="What a table would do, and what is wrong in it",
        scope=Scope.EXCHANGE,
        answer=exchange_resources.Import,
        anywhere=OWN,
        looks=True,
    )
)
def show(table: int) -> Response:
    with office().store.read() as db:
        return answer(_shown(own(db, table)))


@blueprint.operation(
    Operation(
        method="GET",
        path="/api/v1/imports/<row_id:table>/mistakes",
        summary="Everything that is wrong in a table, as a table",
        scope=Scope.EXCHANGE,
        query=None,
        answer=str,
        content=writing.CSV_TYPE,
        anywhere=OWN,
    )
)
def mistakes(table: int) -> Response:
    with office().store.read() as db:
        row = own(db, table)
    kind = Kind(row.kind)
    rows: list[Sequence[Cell]] = []
    for one in (exchange_shapes.mistake(kind, one) for one in row.mistakes):
        column = one["column"]
        rows.append([one["row"], "" if column is None else column["zh"], one["zh"], one["en"]])
    return attached(Form.CSV, f"{_KINDS[kind][0]}-错误", ["行 row", "列 column", "错误", "mistake"], rows, widths=[])


@blueprint.operation(
    Operation(
        method="POST",
        path="/api/v1/imports/<row_id:table>/apply",
        summary="All of the table is taken over, or nothing of it",
        scope=Scope.EXCHANGE,
        answer=exchange_resources.Import,
        conflict="rows are wrong, it was applied before, or a row would do something else by now",
        anywhere=OWN,
        rules="Needs the scope people, too; for devices the scope devices.",
    )
)
def apply(table: int) -> Response:
    store, who = office().store, caller()
    with store.read() as db:
        row = own(db, table)
        facts, needed = row.facts, applying(row.kind)
        if not who.may(needed):
            raise ProblemError(HTTPStatus.FORBIDDEN, f"the {who.name} lacks the scope {needed}")
        ready = imports.ready(db, table, now_us=store.now_us())
    now_us = store.now_us()
    done = write(
        lambda db: imports.apply(db, ready, reach=who.reach, by=who.author(None), now_us=now_us),
        detail={"kind": ready.kind, "new": facts.new, "update": facts.update, "unchanged": facts.unchanged},
    )
    return answer(_shown(done))


@blueprint.operation(
    Operation(
        method="DELETE",
        path="/api/v1/imports/<row_id:table>",
        summary="A table that was brought is forgotten; nothing of it was taken over",
        scope=Scope.EXCHANGE,
        answer=exchange_resources.Import,
        conflict="it was applied: that stays on file",
        anywhere=OWN,
    )
)
def remove(table: int) -> Response:
    with office().store.read() as db:
        row = own(db, table)
    write(lambda db: imports.remove(db, table))
    return answer(_shown(row))


def applying(kind: ImportKind) -> Scope:
    """What is needed, beside EXCHANGE, to take a table over."""
    return Scope.DEVICES if kind is ImportKind.DEVICES else Scope.PEOPLE


def listed(db: Database) -> list[Import]:
    """Those that this caller may see, the newest first."""
    who = caller()
    author = None if who.reach.areas is None else who.name
    return imports.page(db, author=author, now_us=office().store.now_us(), limit=_LIST_ROWS)


def own(db: Database, table: int) -> Import:
    """Raises NotFoundError: also for somebody else's, unless the caller is bound to no area."""
    row, who = imports.get(db, table, now_us=office().store.now_us()), caller()
    if row is None or (who.reach.areas is not None and row.author != who.name):
        raise NotFoundError(f"没有 {table} 号导入，或已过期；there is no import {table}, or it is too old")
    return row


def _shown(row: Import) -> exchange_resources.Import:
    return exchange_shapes.whole(row)
