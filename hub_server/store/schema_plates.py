"""Step 5 of the store's shape: vehicles and the gates they may pass, plates that cameras read, counts by the hour."""

_TABLES = (
    # Who may pass, by plate. One row of a plate is current; what was removed stays as proof of what was allowed.
    """
    CREATE TABLE vehicles (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        plate TEXT NOT NULL,
        owner TEXT NOT NULL CHECK (owner IN ('household', 'visitor')),
        label TEXT NOT NULL,
        valid_from_us INTEGER,
        valid_until_us INTEGER,
        created_us INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        removed_us INTEGER,
        removed_by TEXT NOT NULL DEFAULT '',
        CHECK (valid_from_us < valid_until_us)
    ) STRICT
    """,
    """
    CREATE TABLE vehicle_placements (
        vehicle INTEGER NOT NULL REFERENCES vehicles (id),
        device TEXT NOT NULL REFERENCES devices (id),
        PRIMARY KEY (vehicle, device)
    ) STRICT, WITHOUT ROWID
    """,
    # One row for each change, with the vehicle as it was after it; rows are only ever added.
    """
    CREATE TABLE vehicle_changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        vehicle INTEGER NOT NULL REFERENCES vehicles (id),
        at_us INTEGER NOT NULL,
        author TEXT NOT NULL,
        change TEXT NOT NULL CHECK (change IN ('added', 'changed', 'placed', 'unplaced', 'removed')),
        device TEXT,
        label TEXT NOT NULL,
        valid_from_us INTEGER,
        valid_until_us INTEGER
    ) STRICT
    """,
    # Beside its event. at_us and clock_trusted are the event's, here for the indexes. Not readable: no text.
    """
    CREATE TABLE plate_passages (
        event INTEGER PRIMARY KEY REFERENCES events (id),
        device TEXT NOT NULL REFERENCES devices (id),
        camera TEXT NOT NULL,
        direction TEXT NOT NULL CHECK (direction IN ('in', 'out', 'unknown')),
        at_us INTEGER NOT NULL,
        clock_trusted INTEGER NOT NULL CHECK (clock_trusted IN (0, 1)),
        duration_ms INTEGER NOT NULL,
        frames INTEGER NOT NULL,
        reads INTEGER NOT NULL,
        text TEXT,
        kind TEXT,
        score REAL,
        verdict TEXT CHECK (verdict IN ('known', 'unsure', 'unknown')),
        listed TEXT,
        CHECK ((text IS NULL) = (verdict IS NULL)),
        CHECK ((text IS NULL) = (kind IS NULL)),
        CHECK ((text IS NULL) = (score IS NULL)),
        CHECK (text IS NOT NULL OR listed IS NULL)
    ) STRICT
    """,
    # Vehicles by gate and hour, of passages whose time is known. hour_us: the hour's beginning.
    """
    CREATE TABLE vehicle_hours (
        device TEXT NOT NULL REFERENCES devices (id),
        hour_us INTEGER NOT NULL,
        direction TEXT NOT NULL,
        passages INTEGER NOT NULL CHECK (passages > 0),
        PRIMARY KEY (device, hour_us, direction)
    ) STRICT, WITHOUT ROWID
    """,
)

_INDEXES = (
    "CREATE UNIQUE INDEX vehicles_current ON vehicles (plate) WHERE removed_us IS NULL",
    "CREATE INDEX vehicles_ending ON vehicles (valid_until_us) WHERE removed_us IS NULL AND valid_until_us IS NOT NULL",
    "CREATE INDEX vehicle_placements_device ON vehicle_placements (device)",
    "CREATE INDEX vehicle_changes_vehicle ON vehicle_changes (vehicle)",
    "CREATE INDEX plate_passages_at ON plate_passages (at_us)",
    "CREATE INDEX plate_passages_device ON plate_passages (device, at_us)",
    "CREATE INDEX plate_passages_text ON plate_passages (text, at_us) WHERE text IS NOT NULL",
    "CREATE INDEX plate_passages_listed ON plate_passages (listed, at_us) WHERE listed IS NOT NULL",
    "CREATE INDEX plate_passages_undated ON plate_passages (device) WHERE clock_trusted = 0",
)

# A vehicle that is removed leaves its placements, which says the same.
_MATTERS = (
    (
        "vehicles",
        "UPDATE",
        "old.valid_from_us IS NOT new.valid_from_us OR old.valid_until_us IS NOT new.valid_until_us",
    ),
    ("vehicle_placements", "INSERT", "1"),
    ("vehicle_placements", "DELETE", "1"),
)

_TRIGGERS = tuple(
    f"CREATE TRIGGER vehicle_revision_{n} AFTER {change} ON {table} WHEN {when}"  # noqa: S608 our own names
    " BEGIN UPDATE gallery_revision SET n = n + 1 WHERE one = 1; END"
    for n, (table, change, when) in enumerate(_MATTERS, start=1)
)

_VIEWS = (
    # devices: in one text, with blanks between them; a device's name has none.
    """
    CREATE VIEW vehicle_rows AS
    SELECT v.id, v.plate, v.owner, v.label, v.valid_from_us, v.valid_until_us, v.created_us, v.created_by,
        v.removed_us, v.removed_by, coalesce((SELECT group_concat(device, ' ') FROM (
            SELECT device FROM vehicle_placements WHERE vehicle = v.id ORDER BY device)), '') AS devices
    FROM vehicles v
    """,
    """
    CREATE VIEW plate_passage_rows AS
    SELECT p.event AS id, p.device, d.place, p.camera, p.direction, p.at_us, p.clock_trusted, e.received_us,
        p.duration_ms, p.frames, p.reads, p.text, p.kind, p.score, p.verdict, p.listed
    FROM plate_passages p JOIN events e ON e.id = p.event JOIN devices d ON d.id = p.device
    """,
)

STATEMENTS = _TABLES + _INDEXES + _TRIGGERS + _VIEWS
