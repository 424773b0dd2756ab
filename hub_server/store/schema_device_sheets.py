"""Step 9 of the store's shape: a table of devices may be brought, too.

The kinds were a CHECK of step 8; the program knows them, and a table's CHECK can only be changed by making it again.
"""

_COLUMNS = "id, kind, file_name, author, created_us, rows, errors, counts, applied_us, applied_by"

STATEMENTS: tuple[str, ...] = (
    "CREATE TEMP TABLE imports_kept AS SELECT * FROM imports",
    "CREATE TEMP TABLE imports_sequence AS SELECT seq FROM sqlite_sequence WHERE name = 'imports'",
    "DROP TABLE imports",
    """
    CREATE TABLE imports (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        file_name TEXT NOT NULL,
        author TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        rows TEXT NOT NULL,
        errors TEXT NOT NULL,
        counts TEXT NOT NULL,
        applied_us INTEGER,
        applied_by TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    f"INSERT INTO imports ({_COLUMNS}) SELECT {_COLUMNS} FROM imports_kept",  # noqa: S608 our own words
    # The sequence goes on where it was: no number of a table comes twice.
    "DELETE FROM sqlite_sequence WHERE name = 'imports'",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'imports', seq FROM imports_sequence",
    "DROP TABLE imports_kept",
    "DROP TABLE imports_sequence",
    "CREATE INDEX imports_created ON imports (created_us)",
)
