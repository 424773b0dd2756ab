"""Step 4 of the store's shape: consent, templates and photos, who may be recognised where, galleries, erasures.

Templates and photos lie in tables of their own, encrypted (vault.py). Pseudonymous ids in `gallery_members`, `erasures`
and `receipts` outlive their person on purpose: they say what still has to be taken from a device, and that it was.
"""

_COLUMNS = (
    "ALTER TABLE people ADD COLUMN area TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE people ADD COLUMN born TEXT",  # YYYY-MM-DD
    "ALTER TABLE devices ADD COLUMN area TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE devices ADD COLUMN seal_key TEXT",  # X25519, 64 hex; as its last hello said
)

_TABLES = (
    # One row for each time that somebody agreed, or that a legal basis was recorded; withdrawn, it stays as proof.
    """
    CREATE TABLE consents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL REFERENCES people (id),
        purpose TEXT NOT NULL CHECK (purpose IN ('door', 'welfare', 'watchlist')),
        basis TEXT NOT NULL CHECK (basis IN ('consent', 'legal')),
        text_version TEXT NOT NULL,
        given_on TEXT NOT NULL,
        collector TEXT NOT NULL,
        guardian TEXT NOT NULL,
        recorded_us INTEGER NOT NULL,
        withdrawn_us INTEGER,
        withdrawn_by TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    """
    CREATE TABLE templates (
        person TEXT PRIMARY KEY REFERENCES people (id),
        record TEXT NOT NULL UNIQUE,
        key_id TEXT NOT NULL,
        embedder TEXT NOT NULL,
        template_length INTEGER NOT NULL CHECK (template_length > 0),
        photos INTEGER NOT NULL,
        quality REAL NOT NULL,
        enrolled_us INTEGER NOT NULL,
        enrolled_by TEXT NOT NULL,
        ciphertext BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE photos (
        record TEXT PRIMARY KEY,
        person TEXT NOT NULL REFERENCES people (id),
        n INTEGER NOT NULL,
        key_id TEXT NOT NULL,
        ciphertext BLOB NOT NULL,
        UNIQUE (person, n)
    ) STRICT
    """,
    # door: a gate that the person may use. welfare: a place beyond the person's own area, such as a clinic.
    """
    CREATE TABLE placements (
        person TEXT NOT NULL REFERENCES people (id),
        purpose TEXT NOT NULL CHECK (purpose IN ('door', 'welfare')),
        device TEXT NOT NULL REFERENCES devices (id),
        PRIMARY KEY (person, purpose, device)
    ) STRICT, WITHOUT ROWID
    """,
    # The newest gallery made for a device. plan: a digest of who is in it, for what, with which template and key.
    """
    CREATE TABLE galleries (
        device TEXT PRIMARY KEY REFERENCES devices (id),
        version INTEGER NOT NULL,
        plan TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        embedder TEXT NOT NULL,
        template_length INTEGER NOT NULL,
        people INTEGER NOT NULL,
        made_us INTEGER NOT NULL,
        held_version INTEGER,
        held_us INTEGER,
        trouble TEXT NOT NULL DEFAULT ''
    ) STRICT, WITHOUT ROWID
    """,
    # Who may lie on a device: from the making of the first gallery with them to the receipt of one without.
    """
    CREATE TABLE gallery_members (
        device TEXT NOT NULL REFERENCES devices (id),
        person TEXT NOT NULL,
        gone_version INTEGER,
        PRIMARY KEY (device, person)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE erasures (
        erasure TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('biometrics', 'person')),
        at_us INTEGER NOT NULL
    ) STRICT
    """,
    # version: the first gallery without the person; received_us: when the device said that it is in force.
    """
    CREATE TABLE receipts (
        erasure TEXT NOT NULL REFERENCES erasures (erasure),
        device TEXT NOT NULL REFERENCES devices (id),
        version INTEGER,
        received_us INTEGER,
        PRIMARY KEY (erasure, device)
    ) STRICT, WITHOUT ROWID
    """,
    # Grows with each change of what galleries are made of, by the triggers below: nobody can forget to say so.
    "CREATE TABLE gallery_revision (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL) STRICT",
    "INSERT INTO gallery_revision (one, n) VALUES (1, 1)",
)

_INDEXES = (
    "CREATE UNIQUE INDEX consents_live ON consents (person, purpose) WHERE withdrawn_us IS NULL",
    "CREATE INDEX consents_person ON consents (person)",
    "CREATE INDEX consents_watchlist ON consents (purpose) WHERE purpose = 'watchlist' AND withdrawn_us IS NULL",
    "CREATE INDEX templates_enrolled ON templates (enrolled_us)",
    "CREATE INDEX placements_device ON placements (device, purpose)",
    "CREATE INDEX people_area ON people (area) WHERE area <> ''",
    "CREATE INDEX gallery_members_person ON gallery_members (person)",
    "CREATE INDEX receipts_waiting ON receipts (device) WHERE received_us IS NULL",
)

_MATTERS = (
    ("templates", "INSERT"),
    ("templates", "UPDATE"),
    ("templates", "DELETE"),
    ("consents", "INSERT"),
    ("consents", "UPDATE"),
    ("consents", "DELETE"),
    ("placements", "INSERT"),
    ("placements", "DELETE"),
    ("people", "UPDATE OF area"),
    ("devices", "UPDATE OF area"),
    ("devices", "UPDATE OF seal_key"),
)

_TRIGGERS = tuple(
    f"CREATE TRIGGER gallery_revision_{n} AFTER {change} ON {table}"  # noqa: S608 our own names
    " BEGIN UPDATE gallery_revision SET n = n + 1 WHERE one = 1; END"
    for n, (table, change) in enumerate(_MATTERS, start=1)
)

_VIEWS = (
    "DROP VIEW device_rows",
    """
    CREATE VIEW device_rows AS
    SELECT d.id, d.place, d.area, d.created_us, d.online, d.heard_us, d.agent, d.epoch, coalesce(j.high, 0) AS high,
        coalesce(j.last, 0) AS last, d.duplicates, d.conflicts, d.quarantined, d.lost, d.refused, d.seal_key,
        g.version AS gallery_version, g.people AS gallery_people, g.held_version AS gallery_held_version,
        g.held_us AS gallery_held_us, coalesce(g.trouble, '') AS gallery_trouble
    FROM devices d LEFT JOIN journals j ON j.device = d.id AND j.epoch = d.epoch
    LEFT JOIN galleries g ON g.device = d.id
    """,
)

STATEMENTS = _COLUMNS + _TABLES + _INDEXES + _TRIGGERS + _VIEWS
