"""Step 9 of the store's shape: what a device proved on site."""

STATEMENTS: tuple[str, ...] = (
    # The picture stays in the event's bytes alone, and goes with the event (retention): event is then null.
    """
    CREATE TABLE pass_sheets (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event INTEGER UNIQUE REFERENCES events (id),
        device TEXT NOT NULL REFERENCES devices (id),
        at_us INTEGER NOT NULL,
        received_us INTEGER NOT NULL,
        camera TEXT NOT NULL,
        author TEXT NOT NULL,
        passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
        pictured INTEGER NOT NULL CHECK (pictured IN (0, 1)),
        findings TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX pass_sheets_device ON pass_sheets (device, id)",
    "CREATE INDEX pass_sheets_received ON pass_sheets (received_us)",
)
