"""A table's rows as values, each by itself and against the others of the file; the store has not been asked yet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub_server.tables.columns import COLUMNS, EXAMPLE, Kind
from hub_server.tables.errors import TableError, Words, WrongCellError
from hub_server.tables.headings import Layout, layout
from hub_server.tables.table import Line, Table
from hub_server.tables.values import READERS, Value

Values = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """What is wrong in one row. `column` is a Column.name; "" when it is the row as a whole."""

    row: int
    column: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What it says; an empty cell says nothing and is not there."""

    number: int  # as the spreadsheet counts
    values: Values


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """`rows` without those of `mistakes`."""

    layout: Layout
    rows: tuple[Row, ...]
    mistakes: tuple[Mistake, ...]
    notes: tuple[Words, ...]


def check(table: Table, kind: Kind) -> Checked:
    """Raises TableError when there is nothing to check."""
    found = layout(table, kind)
    lines = [line for line in table.lines if line.number > found.head.number]
    taken = [line for line in lines if not _is_example(line)]
    if not taken:
        raise TableError("表头下面没有数据", "there is no row below the headings")
    rows: list[Row] = []
    mistakes: list[Mistake] = []
    for line in taken:
        values, wrong = _read(line, found, kind)
        rows.append(Row(number=line.number, values=values))
        mistakes += wrong
    mistakes += _twice(rows, kind)
    bad = {mistake.row for mistake in mistakes}
    notes = [*table.notes, *found.notes]
    if len(taken) < len(lines):
        notes.append(("跳过了模板里的示例行", "the template's example row is left out"))
    return Checked(
        layout=found,
        rows=tuple(row for row in rows if row.number not in bad),
        mistakes=tuple(sorted(mistakes, key=lambda one: one.row)),
        notes=tuple(notes),
    )


def _is_example(line: Line) -> bool:
    return any(cell.endswith(EXAMPLE) for cell in line.cells)


def _read(line: Line, found: Layout, kind: Kind) -> tuple[dict[str, Value], list[Mistake]]:
    values: dict[str, Value] = {}
    mistakes: list[Mistake] = []
    for column in COLUMNS[kind]:
        place = found.columns.get(column.name)
        cell = line.cells[place] if place is not None and place < len(line.cells) else ""
        wrong = None if place is None else line.wrong.get(place)
        try:
            if wrong is not None:
                raise WrongCellError(*wrong)  # noqa: TRY301 both kinds of mistake are told the same way
            if cell:
                values[column.name] = READERS[column.name](cell)
            elif column.must:
                raise WrongCellError("不能空着", "must not be empty")  # noqa: TRY301 as above
        except WrongCellError as error:
            mistakes.append(Mistake(row=line.number, column=column.name, zh=error.words[0], en=error.words[1]))
    mistakes += _between(line.number, values, mistakes)
    return values, mistakes


def _between(number: int, values: Values, before: Sequence[Mistake]) -> Iterator[Mistake]:
    """What the cells of one row say together."""
    wrong = {mistake.column for mistake in before}
    lacks_name = "contact_name" not in values and "contact_name" not in wrong
    if lacks_name and ("contact_phone" in values or "contact_relation" in values):
        yield Mistake(
            row=number, column="contact_name", zh="有家属电话或关系，却没有家属姓名", en="a contact without a name"
        )
    since, until = values.get("valid_from"), values.get("valid_until")
    if isinstance(since, int) and isinstance(until, int) and until <= since:
        yield Mistake(row=number, column="valid_until", zh="比有效期自还早", en="is before valid from")


def _twice(rows: Sequence[Row], kind: Kind) -> Iterator[Mistake]:
    """Rows that are about the same: the later one is told which came first."""
    first: dict[tuple[object, ...], int] = {}
    for row in rows:
        for column, key in _keys(row.values, kind):
            before = first.setdefault(key, row.number)
            if before != row.number:
                yield Mistake(
                    row=row.number, column=column, zh=f"与第 {before} 行重复", en=f"the same as in row {before}"
                )


def _keys(values: Values, kind: Kind) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What must be there once in a file, and the column that says it."""
    if kind is Kind.HOUSEHOLDS and "number" in values:
        yield "number", (values["number"],)
    if kind is Kind.VEHICLES and "plate" in values:
        yield "plate", (values["plate"],)
    if kind is Kind.DEVICES and "device" in values:
        yield "device", (values["device"],)
    if kind is Kind.PEOPLE:
        if "id" in values:
            yield "id", ("id", values["id"])
        elif "name" in values:
            told = (values.get("born"), values.get("household"), values.get("phone"))
            yield "name", ("name", values["name"], *told)
