"""An empty table to start from: the headings, and one row that shows how, which is never taken over."""

from hub_server.tables.columns import COLUMNS, EXAMPLE, Kind


def headings(kind: Kind) -> list[str]:
    """Both languages in one cell; what must be filled has a star."""
    return [f"{column.zh}{'*' if column.must else ''} {column.en}" for column in COLUMNS[kind]]


def example(kind: Kind) -> list[str]:
    """Its must-be column is marked as an example."""
    return [f"{column.example}{EXAMPLE if column.must else ''}" for column in COLUMNS[kind]]


def widths(kind: Kind) -> list[int]:
    return [column.width for column in COLUMNS[kind]]
