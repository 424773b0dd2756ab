"""Step 8, the part of passages: people counted by the hour, and what finds passages by their time among millions."""

_TABLES = (
    # Of passages whose time is known; the hour's beginning. No hour is empty.
    """
    CREATE TABLE people_hours (
        device TEXT NOT NULL REFERENCES devices (id),
        hour_us INTEGER NOT NULL,
        known INTEGER NOT NULL CHECK (known >= 0),
        strangers INTEGER NOT NULL CHECK (strangers >= 0),
        PRIMARY KEY (device, hour_us),
        CHECK (known + strangers > 0)
    ) STRICT, WITHOUT ROWID
    """,
)

OLDER_ROWS = (
    """
    INSERT INTO people_hours (device, hour_us, known, strangers)
    SELECT device, captured_us / 3600000000 * 3600000000, sum(known), sum(NOT known)
    FROM (SELECT e.device, e.captured_us, (e.person NOT NULL OR length(e.raw) = 0)
            AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.event = e.id AND c.other IS NULL) AS known
        FROM events e WHERE e.type = 'passage' AND e.clock_trusted = 1)
    GROUP BY 1, 2
    """,
)

_INDEXES = (
    # What the whole office counted in a stretch of time is read from this alone.
    "CREATE INDEX people_hours_hour ON people_hours (hour_us, known, strangers)",
    # By time: everywhere, at a camera, of a person. Only the query that says the same of `type` uses them.
    "CREATE INDEX events_passed_at ON events (captured_us) WHERE type IN ('passage', 'plate_read')",
    """
    CREATE INDEX events_passed_device ON events (device, captured_us, person, clock_trusted)
    WHERE type IN ('passage', 'plate_read')
    """,
    "DROP INDEX events_person",
    "CREATE INDEX events_person ON events (person, captured_us) WHERE person IS NOT NULL",
    # Made anew behind it: of two that serve alike SQLite takes the later one, and this one holds only what counts.
    "DROP INDEX events_counting",
    "CREATE INDEX events_counting ON events (person, captured_us) WHERE counts = 1",
)

STATEMENTS = _TABLES + OLDER_ROWS + _INDEXES
