"""Step 3 of the store's shape: what a device's clock was worth, and what its cameras really watched."""

_COLUMNS = (
    "ALTER TABLE events ADD COLUMN boot TEXT",
    "ALTER TABLE events ADD COLUMN mono_us INTEGER",
    # 0: stamped before the clock was right. An anchor of the same boot dates it, and then clock_trusted is 1.
    "ALTER TABLE events ADD COLUMN synced INTEGER NOT NULL DEFAULT 1 CHECK (synced IN (0, 1))",
    # 1: sure enough to cancel an alarm, once it is known when it was. counts = qualifies and clock_trusted.
    "ALTER TABLE events ADD COLUMN qualifies INTEGER NOT NULL DEFAULT 0 CHECK (qualifies IN (0, 1))",
    # The newest observation of a watched person that stands in no event: a visit, or what was given at creation.
    "ALTER TABLE watches ADD COLUMN vouched_us INTEGER",
    "ALTER TABLE watches ADD COLUMN vouched_by TEXT NOT NULL DEFAULT ''",
)

_OLDER_ROWS = (
    """
    UPDATE events SET
        boot = json_extract(CAST(raw AS TEXT), '$.captured.boot'),
        mono_us = json_extract(CAST(raw AS TEXT), '$.captured.mono_us'),
        synced = clock_trusted,
        qualifies = strict AND coalesce(json_extract(CAST(raw AS TEXT), '$.sighting.frames'), 0) >= 2
    WHERE type = 'passage'
    """,
    """
    UPDATE watches SET vouched_us = last_seen_us, vouched_by = last_seen_by
    WHERE last_seen_by = 'given' OR last_seen_by LIKE 'visit: %'
    """,
)

_TABLES = (
    # The most exact anchor of each boot; every anchor is an event, too.
    """
    CREATE TABLE clock_anchors (
        device TEXT NOT NULL REFERENCES devices (id),
        boot TEXT NOT NULL,
        mono_us INTEGER NOT NULL,
        wall_us INTEGER NOT NULL,
        uncertainty_us INTEGER NOT NULL,
        PRIMARY KEY (device, boot)
    ) STRICT, WITHOUT ROWID
    """,
    # began_us and ended_us are the hub's reading of the stretch; NULL while nobody knows when that boot was.
    """
    CREATE TABLE observing (
        event INTEGER PRIMARY KEY REFERENCES events (id),
        device TEXT NOT NULL REFERENCES devices (id),
        camera TEXT NOT NULL,
        state TEXT NOT NULL,
        cause TEXT NOT NULL,
        boot TEXT NOT NULL,
        began_mono_us INTEGER NOT NULL,
        ended_mono_us INTEGER NOT NULL,
        synced INTEGER NOT NULL CHECK (synced IN (0, 1)),
        received_us INTEGER NOT NULL,
        began_us INTEGER,
        ended_us INTEGER,
        CHECK (began_mono_us <= ended_mono_us),
        CHECK ((began_us IS NULL) = (ended_us IS NULL)),
        CHECK (began_us <= ended_us)
    ) STRICT
    """,
)

_INDEXES = (
    "CREATE INDEX events_unsynced ON events (device, boot) WHERE synced = 0",
    "CREATE INDEX observing_unsynced ON observing (device, boot) WHERE synced = 0",
    "CREATE INDEX observing_camera ON observing (device, camera, ended_us)",
)

STATEMENTS = _COLUMNS + _OLDER_ROWS + _TABLES + _INDEXES
