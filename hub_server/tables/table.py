"""A table as it was read: lines of texts, and what could not be read in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hub_server.tables.errors import Words


class Form(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One that is not empty. Texts are normalised (`texts.plain`); "" for an empty cell, "YYYY-MM-DD" for a date."""

    number: int  # as the spreadsheet counts, from 1; in a CSV the record, from 1
    cells: tuple[str, ...]
    wrong: Mapping[int, Words] = field(default_factory=dict)  # by column, from 0: why it could not be read


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """`lines`: the headings, perhaps a title above them, and the rows."""

    form: Form
    sheet: str  # of the workbook; "" for a CSV
    encoding: str  # of the CSV; "" for a workbook
    lines: tuple[Line, ...]
    notes: tuple[Words, ...] = ()  # what whoever brought it should know
