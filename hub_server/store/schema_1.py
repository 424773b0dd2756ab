"""Step 1 of the store's shape. Times are integer microseconds UTC, truth is 0 or 1."""

_TABLES = (
    """
    CREATE TABLE people (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        phone TEXT NOT NULL,
        note TEXT NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE watches (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL UNIQUE REFERENCES people (id),
        period_s INTEGER NOT NULL CHECK (period_s > 0),
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        created_us INTEGER NOT NULL,
        last_seen_us INTEGER,
        last_seen_by TEXT NOT NULL,
        paused_until_us INTEGER,
        due_us INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE alerts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL REFERENCES people (id),
        due_us INTEGER NOT NULL,
        raised_us INTEGER NOT NULL,
        last_seen_us INTEGER,
        last_seen_by TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'on_the_way', 'closed')),
        outcome TEXT CHECK (outcome IN ('retracted', 'well', 'helped', 'away')),
        UNIQUE (person, due_us),
        CHECK ((state = 'closed') = (outcome IS NOT NULL))
    ) STRICT
    """,
    """
    CREATE TABLE alert_changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        alert INTEGER NOT NULL REFERENCES alerts (id),
        at_us INTEGER NOT NULL,
        author TEXT NOT NULL,
        before TEXT,
        after TEXT NOT NULL,
        outcome TEXT,
        note TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE devices (
        id TEXT PRIMARY KEY,
        place TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        secret_sha256 TEXT NOT NULL,
        online INTEGER NOT NULL DEFAULT 0 CHECK (online IN (0, 1)),
        heard_us INTEGER,
        hello_us INTEGER,
        agent TEXT NOT NULL DEFAULT '',
        epoch TEXT,
        duplicates INTEGER NOT NULL DEFAULT 0,
        conflicts INTEGER NOT NULL DEFAULT 0,
        quarantined INTEGER NOT NULL DEFAULT 0,
        lost INTEGER NOT NULL DEFAULT 0,
        refused INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID
    """,
    # One journal of one device: how far it is stored here. conflict_seq ends it: nothing more is taken in this epoch.
    """
    CREATE TABLE journals (
        device TEXT NOT NULL REFERENCES devices (id),
        epoch TEXT NOT NULL,
        high INTEGER NOT NULL DEFAULT 0,
        high_hash TEXT,
        last INTEGER NOT NULL DEFAULT 0,
        conflict_seq INTEGER,
        created_us INTEGER NOT NULL,
        PRIMARY KEY (device, epoch),
        CHECK ((high = 0) = (high_hash IS NULL))
    ) STRICT, WITHOUT ROWID
    """,
    # seq to last_seq is the run of places the row holds; they differ for a tombstone only.
    """
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES devices (id),
        epoch TEXT NOT NULL,
        seq INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        hash TEXT NOT NULL,
        type TEXT NOT NULL,
        received_us INTEGER NOT NULL,
        captured_us INTEGER,
        clock_trusted INTEGER NOT NULL CHECK (clock_trusted IN (0, 1)),
        camera TEXT NOT NULL,
        person TEXT,
        score REAL,
        strict INTEGER NOT NULL CHECK (strict IN (0, 1)),
        counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
        reason TEXT NOT NULL,
        raw BLOB NOT NULL,
        UNIQUE (device, epoch, seq),
        CHECK (seq <= last_seq)
    ) STRICT
    """,
    """
    CREATE TABLE conflicts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES devices (id),
        epoch TEXT NOT NULL,
        seq INTEGER NOT NULL,
        hash TEXT NOT NULL,
        received_us INTEGER NOT NULL,
        raw BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE login_codes (
        sha256 TEXT PRIMARY KEY,
        expires_us INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sessions (
        sha256 TEXT PRIMARY KEY,
        expires_us INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

_INDEXES = (
    "CREATE INDEX watches_due ON watches (due_us) WHERE active = 1",
    "CREATE UNIQUE INDEX alerts_one_not_closed ON alerts (person) WHERE state <> 'closed'",
    "CREATE INDEX alerts_state ON alerts (state)",
    "CREATE INDEX alert_changes_alert ON alert_changes (alert)",
    "CREATE INDEX events_device ON events (device)",
    "CREATE INDEX events_person ON events (person) WHERE person IS NOT NULL",
    "CREATE INDEX events_type ON events (type)",
    "CREATE INDEX events_counting ON events (person, captured_us) WHERE counts = 1",
    "CREATE INDEX conflicts_device ON conflicts (device)",
)

_VIEWS = (
    """
    CREATE VIEW watch_rows AS
    SELECT w.id, w.person, p.name AS person_name, w.period_s, w.active, w.created_us, w.last_seen_us,
        w.last_seen_by, w.paused_until_us, w.due_us
    FROM watches w JOIN people p ON p.id = w.person
    """,
    """
    CREATE VIEW alert_rows AS
    SELECT a.id, a.person, p.name AS person_name, a.due_us, a.raised_us, a.last_seen_us, a.last_seen_by, a.state,
        a.outcome
    FROM alerts a JOIN people p ON p.id = a.person
    """,
    """
    CREATE VIEW device_rows AS
    SELECT d.id, d.place, d.created_us, d.online, d.heard_us, d.agent, d.epoch, coalesce(j.high, 0) AS high,
        coalesce(j.last, 0) AS last, d.duplicates, d.conflicts, d.quarantined, d.lost, d.refused
    FROM devices d LEFT JOIN journals j ON j.device = d.id AND j.epoch = d.epoch
    """,
    """
    CREATE VIEW event_rows AS
    SELECT e.id, e.device, d.place, e.epoch, e.seq, e.type, e.received_us, e.captured_us, e.clock_trusted, e.camera,
        e.person, p.name AS person_name, e.score, e.strict, e.raw
    FROM events e JOIN devices d ON d.id = e.device LEFT JOIN people p ON p.id = e.person
    """,
)

STATEMENTS = _TABLES + _INDEXES + _VIEWS
