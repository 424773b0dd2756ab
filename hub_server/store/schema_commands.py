"""Step 9 of the store's shape: what devices were told to do at once, and what became of it."""

STATEMENTS: tuple[str, ...] = (
    # outcome: what the device said (done, refused, failed), or what the hub makes of its silence; NULL: it waits.
    """
    CREATE TABLE commands (
        id TEXT PRIMARY KEY,
        device TEXT NOT NULL REFERENCES devices (id),
        kind TEXT NOT NULL,
        arguments TEXT NOT NULL,
        reason TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        asked_us INTEGER NOT NULL,
        sent_us INTEGER,
        settled_us INTEGER,
        outcome TEXT CHECK (outcome IN ('done', 'refused', 'failed', 'unsent', 'unanswered')),
        why TEXT NOT NULL DEFAULT '',
        latency_ms INTEGER,
        facts TEXT NOT NULL DEFAULT '{}',
        CHECK ((outcome IS NULL) = (settled_us IS NULL))
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX commands_device ON commands (device, asked_us)",
    "CREATE INDEX commands_waiting ON commands (asked_us) WHERE outcome IS NULL",
    # Refusals that no command of this hub explains: somebody has tried something, or said it again.
    """
    CREATE TABLE command_refusals (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES devices (id),
        at_us INTEGER NOT NULL,
        reason TEXT NOT NULL,
        times INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX command_refusals_device ON command_refusals (device, at_us)",
)
