"""Step 6 of the store's shape: what people decided about events that were not understood, and about conflicts."""

_COLUMNS = (
    # How often a device was asked to send a run of places again.
    "ALTER TABLE devices ADD COLUMN replays INTEGER NOT NULL DEFAULT 0",
)

_TABLES = (
    # Rows are only ever added. An event is waiting while its type is "quarantined" and nobody has dismissed it.
    """
    CREATE TABLE quarantine_steps (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        event INTEGER NOT NULL REFERENCES events (id),
        at_us INTEGER NOT NULL,
        author TEXT NOT NULL,
        step TEXT NOT NULL CHECK (step IN ('dismissed', 'released')),
        note TEXT NOT NULL,
        UNIQUE (event, step)
    ) STRICT
    """,
    # A person has looked into it. The journal's epoch stays over all the same.
    """
    CREATE TABLE conflicts_settled (
        conflict INTEGER PRIMARY KEY REFERENCES conflicts (id),
        at_us INTEGER NOT NULL,
        author TEXT NOT NULL,
        note TEXT NOT NULL
    ) STRICT
    """,
)

_VIEWS = (
    # reason stays with an event that was released: why it had to wait.
    """
    CREATE VIEW quarantine_rows AS
    SELECT e.id, e.device, d.place, e.epoch, e.seq, e.type, e.reason, e.received_us, length(e.raw) AS size,
        CASE WHEN e.type <> 'quarantined' THEN 'released'
             WHEN EXISTS (SELECT 1 FROM quarantine_steps s WHERE s.event = e.id) THEN 'dismissed'
             ELSE 'waiting' END AS state
    FROM events e JOIN devices d ON d.id = e.device
    WHERE e.type = 'quarantined' OR e.id IN (SELECT event FROM quarantine_steps)
    """,
    """
    CREATE VIEW conflict_rows AS
    SELECT c.id, c.device, d.place, c.epoch, c.seq, c.hash, c.received_us, length(c.raw) AS size, s.at_us AS settled_us,
        coalesce(s.author, '') AS settled_by, coalesce(s.note, '') AS note
    FROM conflicts c JOIN devices d ON d.id = c.device LEFT JOIN conflicts_settled s ON s.conflict = c.id
    """,
)

STATEMENTS = _COLUMNS + _TABLES + _VIEWS
