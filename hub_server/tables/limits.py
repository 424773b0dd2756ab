"""How large a table may be that somebody brings, and one that goes out."""

from typing import Final

FILE_BYTES_MAX: Final = 10 * 1024 * 1024
UNPACKED_BYTES_MAX: Final = 100 * 1024 * 1024  # of all parts of a workbook together
PART_BYTES_MAX: Final = 16 * 1024 * 1024  # of each part that is neither a sheet nor its texts
UNPACKED_RATIO_MAX: Final = 200  # an honest sheet is packed 10 to 60 times
RATIO_FREE_BYTES: Final = 1024 * 1024  # whatever its ratio, so little does no harm
PARTS_MAX: Final = 1000
SHEET_CELLS_MAX: Final = 2_000_000  # written in a sheet, empty ones too: each takes its time
SHEET_LINES_MAX: Final = 1_048_576  # as far as Excel goes
ROWS_MAX: Final = 20_000  # below the headings, that are not empty
COLUMNS_MAX: Final = 60
CELL_CHARS_MAX: Final = 2000
HEADINGS_BY_LINE: Final = 10  # a title or two may stand above them
MERGED_MAX: Final = 50_000
XLSX_ROWS_MAX: Final = 200_000  # that go out in one workbook; more go out as CSV
