"""The step that brings the API's tokens. Times are integer microseconds UTC; scopes are names with blanks between."""

STATEMENTS = (
    """
    CREATE TABLE tokens (
        name TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE,
        scopes TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        expires_us INTEGER,
        last_used_us INTEGER,
        revoked_us INTEGER
    ) STRICT, WITHOUT ROWID
    """,
)
