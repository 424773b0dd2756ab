"""Step 9 of the store's shape: enrolment tokens, certificates, device profiles (issuing).

Times are integer microseconds UTC. `serial` is a certificate's number in lower-case hex, without zeros before it.
"""

_TABLES = (
    "ALTER TABLE devices ADD COLUMN retired_us INTEGER",  # it speaks no more; what it has seen stays
    "ALTER TABLE devices ADD COLUMN barred_us INTEGER",  # its card was stolen: it may not speak until it has a new one
    "ALTER TABLE devices ADD COLUMN barred_reason TEXT NOT NULL DEFAULT ''",
    """
    CREATE TABLE device_profiles (
        device TEXT PRIMARY KEY REFERENCES devices (id),
        kind TEXT NOT NULL,
        camera TEXT NOT NULL,
        relay TEXT NOT NULL,
        settings TEXT NOT NULL CHECK (json_type(settings) = 'object'),
        changed_us INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # Public: certificates go over the wire in the clear. `key_sha256`: of the key, as SubjectPublicKeyInfo in DER.
    """
    CREATE TABLE certificates (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES devices (id),
        serial TEXT NOT NULL UNIQUE,
        key_sha256 TEXT NOT NULL,
        pem TEXT NOT NULL,
        issued_us INTEGER NOT NULL,
        ends_us INTEGER NOT NULL,
        revoked_us INTEGER,
        reason TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    # A card. Only the token's hash is stored: 256 random bits need no slow one.
    """
    CREATE TABLE join_tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES devices (id),
        sha256 TEXT NOT NULL UNIQUE,
        created_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL,
        used_us INTEGER,
        void_us INTEGER,
        certificate INTEGER REFERENCES certificates (id),
        CHECK ((used_us IS NULL) = (certificate IS NULL))
    ) STRICT
    """,
    # Grows with each change of what the broker's files are made of, by the triggers below: nobody can forget to say so.
    "CREATE TABLE broker_revision (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL) STRICT",
    "INSERT INTO broker_revision (one, n) VALUES (1, 1)",
)

_INDEXES = (
    "CREATE INDEX certificates_device ON certificates (device, id)",
    "CREATE INDEX certificates_good ON certificates (ends_us) WHERE revoked_us IS NULL",
    "CREATE INDEX certificates_revoked ON certificates (revoked_us) WHERE revoked_us NOT NULL",
    "CREATE INDEX join_tokens_device ON join_tokens (device, id)",
    "CREATE INDEX join_tokens_certificate ON join_tokens (certificate) WHERE certificate NOT NULL",
    "CREATE UNIQUE INDEX join_tokens_one ON join_tokens (device) WHERE used_us IS NULL AND void_us IS NULL",
)

_MATTERS = (
    ("devices", "INSERT"),
    ("devices", "DELETE"),
    ("devices", "UPDATE OF retired_us"),
    ("devices", "UPDATE OF barred_us"),
    ("certificates", "INSERT"),
    ("certificates", "UPDATE OF revoked_us"),
)

_TRIGGERS = (
    *(
        f"CREATE TRIGGER broker_revision_{n} AFTER {change} ON {table}"  # noqa: S608 our own names
        " BEGIN UPDATE broker_revision SET n = n + 1 WHERE one = 1; END"
        for n, (table, change) in enumerate(_MATTERS, start=1)
    ),
    """
    CREATE TRIGGER gallery_revision_retired AFTER UPDATE OF retired_us ON devices
    BEGIN UPDATE gallery_revision SET n = n + 1 WHERE one = 1; END
    """,
)

# The kinds of alarms were a CHECK of step 7; the program knows them, and a table's CHECK can only be changed by making
# it again. Notices point at it: they are let off until the commit, when every row is there again with its id. The
# sequence goes on where it was, so that no id and no idempotency key comes twice.
_ALARMS = (
    "PRAGMA defer_foreign_keys = ON",
    "CREATE TEMP TABLE alarms_kept AS SELECT * FROM alarms",
    "CREATE TEMP TABLE alarms_sequence AS SELECT seq FROM sqlite_sequence WHERE name = 'alarms'",
    "DROP TABLE alarms",
    """
    CREATE TABLE alarms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        since_us INTEGER NOT NULL,
        raised_us INTEGER NOT NULL,
        cleared_us INTEGER
    ) STRICT
    """,
    """
    INSERT INTO alarms (id, kind, subject, detail, since_us, raised_us, cleared_us)
    SELECT id, kind, subject, detail, since_us, raised_us, cleared_us FROM alarms_kept
    """,
    "DELETE FROM sqlite_sequence WHERE name = 'alarms'",
    "INSERT INTO sqlite_sequence (name, seq) SELECT 'alarms', seq FROM alarms_sequence",
    "DROP TABLE alarms_kept",
    "DROP TABLE alarms_sequence",
    "CREATE UNIQUE INDEX alarms_one ON alarms (kind, subject) WHERE cleared_us IS NULL",
)

_VIEWS = (
    "DROP VIEW device_rows",
    """
    CREATE VIEW device_rows AS
    SELECT d.id, d.place, d.area, d.grid, d.created_us, d.online, d.heard_us, d.agent, d.epoch,
        coalesce(j.high, 0) AS high, coalesce(j.last, 0) AS last, d.duplicates, d.conflicts, d.quarantined, d.lost,
        d.refused, d.seal_key, g.version AS gallery_version, g.people AS gallery_people,
        g.held_version AS gallery_held_version, g.held_us AS gallery_held_us,
        coalesce(g.trouble, '') AS gallery_trouble, d.retired_us
    FROM devices d LEFT JOIN journals j ON j.device = d.id AND j.epoch = d.epoch
    LEFT JOIN galleries g ON g.device = d.id
    """,
)

STATEMENTS: tuple[str, ...] = (*_TABLES, *_INDEXES, *_TRIGGERS, *_ALARMS, *_VIEWS)
