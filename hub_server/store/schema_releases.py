"""Step 9 of the store's shape: signed configurations and models, and how they are rolled out.

`kind` is that of the blob: config or model. Settings are JSON objects by section and key, as agent.toml has them.
"""

_TABLES = (
    # A bundle of models; its bytes lie in DATA/releases, by their digest. The version is that of the blob, for every
    # device the same. The same bundle under a newer version: somebody went back to it.
    """
    CREATE TABLE releases (
        version INTEGER PRIMARY KEY AUTOINCREMENT,
        digest TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        files TEXT NOT NULL CHECK (json_type(files) = 'array'),
        note TEXT NOT NULL,
        made_us INTEGER NOT NULL,
        made_by TEXT NOT NULL
    ) STRICT
    """,
    # What a device should have, and what it said is in force. sha256: of the sealed settings, '' while they are to be
    # sealed; sealed_for: to which key. offered 0: it was rolled back there, and is not offered any more.
    """
    CREATE TABLE device_releases (
        device TEXT NOT NULL REFERENCES devices (id),
        kind TEXT NOT NULL CHECK (kind IN ('config', 'model')),
        version INTEGER NOT NULL CHECK (version > 0),
        settings TEXT CHECK (json_type(settings) = 'object'),
        release INTEGER REFERENCES releases (version),
        joins INTEGER NOT NULL DEFAULT 0 CHECK (joins IN (0, 1)),
        offered INTEGER NOT NULL DEFAULT 1 CHECK (offered IN (0, 1)),
        sealed_for TEXT NOT NULL DEFAULT '',
        sha256 TEXT NOT NULL DEFAULT '',
        wanted_us INTEGER NOT NULL,
        held_version INTEGER,
        held_us INTEGER,
        held_settings TEXT,
        held_release INTEGER REFERENCES releases (version),
        trouble TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (device, kind),
        CHECK ((kind = 'config') = (settings NOT NULL)),
        CHECK ((kind = 'model') = (release NOT NULL))
    ) STRICT, WITHOUT ROWID
    """,
    # stage: 0 one device, 1 ten percent, 2 all. since_us: since when all that the stage waits for are well.
    """
    CREATE TABLE rollouts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('config', 'model')),
        change TEXT NOT NULL CHECK (json_type(change) = 'object'),
        whole INTEGER NOT NULL CHECK (whole IN (0, 1)),
        joins INTEGER NOT NULL CHECK (joins IN (0, 1)),
        release INTEGER REFERENCES releases (version),
        note TEXT NOT NULL,
        wait_s INTEGER NOT NULL CHECK (wait_s >= 0),
        state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'failed')),
        stage INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 2),
        since_us INTEGER,
        detail TEXT NOT NULL DEFAULT '',
        made_us INTEGER NOT NULL,
        made_by TEXT NOT NULL,
        ended_us INTEGER,
        ended_by TEXT NOT NULL DEFAULT '',
        CHECK ((state = 'running') = (ended_us IS NULL))
    ) STRICT
    """,
    # awaited: it was online when its stage began. gone_us: since when it is offline. active: the rollout still runs.
    """
    CREATE TABLE rollout_devices (
        rollout INTEGER NOT NULL REFERENCES rollouts (id),
        device TEXT NOT NULL REFERENCES devices (id),
        kind TEXT NOT NULL,
        active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
        stage INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting'
            CHECK (state IN ('waiting', 'offered', 'held', 'failed', 'returning', 'returned')),
        settings TEXT,
        before_settings TEXT,
        before_release INTEGER REFERENCES releases (version),
        version INTEGER,
        awaited INTEGER NOT NULL DEFAULT 0 CHECK (awaited IN (0, 1)),
        lag_before INTEGER NOT NULL DEFAULT 0,
        offered_us INTEGER,
        held_us INTEGER,
        gone_us INTEGER,
        detail TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (rollout, device)
    ) STRICT, WITHOUT ROWID
    """,
    # Grows with each change of what is offered to a device, by the triggers below.
    "CREATE TABLE release_revision (one INTEGER PRIMARY KEY CHECK (one = 1), n INTEGER NOT NULL) STRICT",
    "INSERT INTO release_revision (one, n) VALUES (1, 1)",
)

_INDEXES = (
    "CREATE UNIQUE INDEX rollout_devices_one ON rollout_devices (device, kind) WHERE active = 1",
    "CREATE INDEX rollout_devices_device ON rollout_devices (device, kind, version)",
    "CREATE INDEX rollouts_running ON rollouts (id) WHERE state = 'running'",
)

_MATTERS = (
    ("device_releases", "INSERT"),
    ("device_releases", "UPDATE OF version"),
    ("device_releases", "UPDATE OF offered"),
    ("devices", "UPDATE OF seal_key"),
)

_TRIGGERS = (
    *(
        f"CREATE TRIGGER release_revision_{n} AFTER {change} ON {table}"  # noqa: S608 our own names
        " BEGIN UPDATE release_revision SET n = n + 1 WHERE one = 1; END"
        for n, (table, change) in enumerate(_MATTERS, start=1)
    ),
    # A new card has nothing yet, whatever the old one said.
    """
    CREATE TRIGGER device_releases_new_card AFTER UPDATE OF seal_key ON devices
    WHEN old.seal_key NOT NULL AND new.seal_key NOT NULL AND old.seal_key <> new.seal_key
    BEGIN
        UPDATE device_releases SET offered = 1 WHERE device = new.id AND held_version NOT NULL;
    END
    """,
)

STATEMENTS: tuple[str, ...] = (*_TABLES, *_INDEXES, *_TRIGGERS)
