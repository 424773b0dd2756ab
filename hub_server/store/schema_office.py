"""Step 8 of the store's shape: accounts, the audit, areas, households, places, histories, imports, retention."""

_COLUMNS = (
    # The grid (网格) within the area; "" when nobody has said which.
    "ALTER TABLE people ADD COLUMN grid TEXT NOT NULL DEFAULT ''",
    """
    ALTER TABLE people ADD COLUMN kind TEXT NOT NULL DEFAULT 'resident'
    CHECK (kind IN ('resident', 'tenant', 'visitor'))
    """,
    "ALTER TABLE people ADD COLUMN household INTEGER REFERENCES households (id)",
    "ALTER TABLE people ADD COLUMN relation TEXT NOT NULL DEFAULT ''",  # within the household: 户主, 配偶, 子 ...
    # Why somebody is cared for: words of store/care.py, sorted, with a blank between; "" for nobody's care.
    "ALTER TABLE people ADD COLUMN care TEXT NOT NULL DEFAULT ''",
    # What search finds a person by, besides name, telephone and address: full pinyin and initials, lower case.
    "ALTER TABLE people ADD COLUMN pinyin TEXT NOT NULL DEFAULT ''",
    # Soft delete: out of every list, gallery and watch; brought back, or erased, later.
    "ALTER TABLE people ADD COLUMN removed_us INTEGER",
    "ALTER TABLE people ADD COLUMN removed_by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE vehicles ADD COLUMN household INTEGER REFERENCES households (id)",
    "ALTER TABLE devices ADD COLUMN grid TEXT NOT NULL DEFAULT ''",
    # NULL: of the owner of the data, by a one-time link from the machine itself; else of this account.
    "ALTER TABLE login_codes ADD COLUMN account TEXT REFERENCES accounts (name)",
    # 1: whoever redeems it sets the account's password.
    "ALTER TABLE login_codes ADD COLUMN sets_password INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN account TEXT REFERENCES accounts (name)",
    "ALTER TABLE sessions ADD COLUMN created_us INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN seen_us INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE sessions ADD COLUMN source TEXT NOT NULL DEFAULT ''",  # the address it was opened from
    "ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT ''",  # what the browser called itself then
    # Below this place retention has been: what is missing there was deleted, and what stays has a longer span, or is
    # needed. 1: it never was.
    "ALTER TABLE journals ADD COLUMN kept_from INTEGER NOT NULL DEFAULT 1",
)

_TABLES = (
    # password: an argon2id hash with its parameters; NULL: none was set yet. settings: a JSON object of the page's.
    """
    CREATE TABLE accounts (
        name TEXT PRIMARY KEY,
        display TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN
            ('administrator', 'community_manager', 'grid_worker', 'technician', 'viewer', 'auditor')),
        password TEXT,
        password_us INTEGER,
        recipient INTEGER REFERENCES recipients (id) ON DELETE SET NULL,
        settings TEXT NOT NULL DEFAULT '{}',
        created_us INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        disabled_us INTEGER
    ) STRICT, WITHOUT ROWID
    """,
    # Where an account may look. No row: everywhere for an administrator or auditor, nowhere for the others.
    """
    CREATE TABLE account_areas (
        account TEXT NOT NULL REFERENCES accounts (name),
        area TEXT NOT NULL REFERENCES areas (name) ON UPDATE CASCADE,
        PRIMARY KEY (account, area)
    ) STRICT, WITHOUT ROWID
    """,
    # Failed logins by who was asked for and from where (a digest of both); what delays the next, never what bars it.
    """
    CREATE TABLE login_tries (
        subject TEXT PRIMARY KEY,
        failures INTEGER NOT NULL,
        last_us INTEGER NOT NULL,
        next_us INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # Browsers in which an account has logged in before: the failures of others do not delay them.
    """
    CREATE TABLE known_browsers (
        sha256 TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (name),
        created_us INTEGER NOT NULL,
        expires_us INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # Invariant 10. action, subject and areas are what a search asks for; the digest vouches for the payload, which says
    # the same. Erasing a person deletes salt, payload and subject: the chain still verifies.
    """
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_us INTEGER NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT,
        salt BLOB,
        payload BLOB,
        digest BLOB NOT NULL,
        chain BLOB NOT NULL,
        CHECK ((salt IS NULL) = (payload IS NULL))
    ) STRICT
    """,
    """
    CREATE TABLE areas (
        name TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('sub_district', 'village', 'community', 'grid')),
        parent TEXT REFERENCES areas (name) ON UPDATE CASCADE,
        code TEXT NOT NULL DEFAULT '',
        created_us INTEGER NOT NULL,
        removed_us INTEGER,
        CHECK (name <> '' AND name IS NOT parent)
    ) STRICT, WITHOUT ROWID
    """,
    # number: as the office files it (户号); unique among those that are there.
    """
    CREATE TABLE households (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        number TEXT NOT NULL,
        address TEXT NOT NULL,
        area TEXT NOT NULL,
        grid TEXT NOT NULL,
        phone TEXT NOT NULL,
        note TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        removed_us INTEGER,
        removed_by TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    # Where cameras, speakers and people meet. devices.place names one; longitude and latitude are for the map.
    """
    CREATE TABLE places (
        name TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('gate', 'door', 'clinic', 'square', 'street', 'other')),
        area TEXT NOT NULL,
        grid TEXT NOT NULL,
        longitude REAL CHECK (longitude BETWEEN -180 AND 180),
        latitude REAL CHECK (latitude BETWEEN -90 AND 90),
        note TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        removed_us INTEGER,
        CHECK ((longitude IS NULL) = (latitude IS NULL))
    ) STRICT, WITHOUT ROWID
    """,
    # What each field was before, and who changed it. subject: "person/p-li", "household/3", "area/桂花村" ...
    """
    CREATE TABLE field_changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        subject TEXT NOT NULL,
        field TEXT NOT NULL,
        before TEXT,
        after TEXT,
        author TEXT NOT NULL,
        at_us INTEGER NOT NULL
    ) STRICT
    """,
    # A table that somebody brought, read and checked, not yet taken over. rows and errors are JSON.
    """
    CREATE TABLE imports (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('people', 'households', 'vehicles')),
        file_name TEXT NOT NULL,
        author TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        rows TEXT NOT NULL,
        errors TEXT NOT NULL,
        counts TEXT NOT NULL,
        applied_us INTEGER,
        applied_by TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    # How long each class of data is kept; no row: as long as store/retention.py says.
    """
    CREATE TABLE retention (
        data_class TEXT PRIMARY KEY,
        days INTEGER NOT NULL CHECK (days > 0),
        changed_us INTEGER NOT NULL,
        changed_by TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # What the job of retention deleted, a row for each class in which there was anything.
    """
    CREATE TABLE deletions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at_us INTEGER NOT NULL,
        data_class TEXT NOT NULL,
        before_us INTEGER NOT NULL,
        rows INTEGER NOT NULL
    ) STRICT
    """,
)

_OLDER_ROWS = (
    # Programs that were shown people before they were masked for anybody are shown them as before.
    "UPDATE tokens SET scopes = scopes || ' reveal' WHERE ' ' || scopes || ' ' LIKE '% read %'",
    *(
        "INSERT OR IGNORE INTO areas (name, kind, created_us)"  # noqa: S608 our own names
        f" SELECT DISTINCT area, 'community', 0 FROM {table} WHERE area <> ''"
        for table in ("people", "devices", "recipients")
    ),
    """
    INSERT OR IGNORE INTO places (name, kind, area, grid, note, created_us)
    SELECT place, 'other', max(area), '', '', min(created_us) FROM devices WHERE place <> '' GROUP BY place
    """,
)

# Somebody who names an area or a place that is not on the list puts it there: nothing is refused at a door for that.
_AREAS = tuple(
    f"CREATE TRIGGER areas_of_{table}_{change.split()[0].lower()} AFTER {change} ON {table}"  # noqa: S608 our own names
    " WHEN NEW.area <> ''"
    " BEGIN INSERT OR IGNORE INTO areas (name, kind, created_us)"
    " VALUES (NEW.area, 'community', NEW.created_us); END"
    for table in ("people", "devices", "recipients", "households", "places")
    for change in ("INSERT", "UPDATE OF area")
)
_GRIDS = tuple(
    f"CREATE TRIGGER grids_of_{table}_{change.split()[0].lower()} AFTER {change} ON {table}"  # noqa: S608 our own names
    " WHEN NEW.grid <> ''"
    " BEGIN INSERT OR IGNORE INTO areas (name, kind, parent, created_us)"
    " VALUES (NEW.grid, 'grid', nullif(NEW.area, ''), NEW.created_us); END"
    for table in ("people", "devices", "households", "places")
    for change in ("INSERT", "UPDATE OF grid")
)
_PLACES = tuple(
    f"CREATE TRIGGER places_of_devices_{change.split()[0].lower()} AFTER {change} ON devices"  # noqa: S608 our own names
    " WHEN NEW.place <> ''"
    " BEGIN INSERT OR IGNORE INTO places (name, kind, area, grid, note, created_us)"
    " VALUES (NEW.place, 'other', NEW.area, NEW.grid, '', NEW.created_us); END"
    for change in ("INSERT", "UPDATE OF place")
)
_GALLERIES = (
    """
    CREATE TRIGGER gallery_revision_removed AFTER UPDATE OF removed_us ON people
    BEGIN UPDATE gallery_revision SET n = n + 1 WHERE one = 1; END
    """,
)

_INDEXES = (
    "CREATE INDEX account_areas_area ON account_areas (area)",
    "CREATE INDEX sessions_account ON sessions (account) WHERE account NOT NULL",
    "CREATE INDEX known_browsers_account ON known_browsers (account)",
    "CREATE INDEX login_tries_last ON login_tries (last_us)",
    "CREATE INDEX audit_subject ON audit (subject) WHERE subject NOT NULL",
    "CREATE INDEX audit_actor ON audit (actor)",
    "CREATE INDEX audit_at ON audit (at_us)",
    "CREATE INDEX audit_action ON audit (action)",
    "CREATE INDEX areas_parent ON areas (parent) WHERE parent NOT NULL",
    "CREATE UNIQUE INDEX households_number ON households (number) WHERE removed_us IS NULL",
    "CREATE INDEX households_area ON households (area)",
    "CREATE INDEX people_household ON people (household) WHERE household NOT NULL",
    "CREATE INDEX people_grid ON people (grid) WHERE grid <> ''",
    "CREATE INDEX people_pinyin ON people (pinyin, id)",  # a list of people is read in this order
    "CREATE INDEX vehicles_household ON vehicles (household) WHERE household NOT NULL",
    "CREATE INDEX field_changes_subject ON field_changes (subject, id)",
    "CREATE INDEX imports_created ON imports (created_us)",
    # For retention.
    "CREATE INDEX events_received ON events (received_us, type, person)",
    "CREATE INDEX pauses_alert ON pauses (alert) WHERE alert NOT NULL",
    "CREATE INDEX notices_pause ON notices (pause) WHERE pause NOT NULL",
)

_VIEWS = (
    "DROP VIEW device_rows",
    """
    CREATE VIEW device_rows AS
    SELECT d.id, d.place, d.area, d.grid, d.created_us, d.online, d.heard_us, d.agent, d.epoch,
        coalesce(j.high, 0) AS high, coalesce(j.last, 0) AS last, d.duplicates, d.conflicts, d.quarantined, d.lost,
        d.refused, d.seal_key, g.version AS gallery_version, g.people AS gallery_people,
        g.held_version AS gallery_held_version, g.held_us AS gallery_held_us,
        coalesce(g.trouble, '') AS gallery_trouble
    FROM devices d LEFT JOIN journals j ON j.device = d.id AND j.epoch = d.epoch
    LEFT JOIN galleries g ON g.device = d.id
    """,
    "DROP VIEW event_rows",
    """
    CREATE VIEW event_rows AS
    SELECT e.id, e.device, d.place, d.area AS device_area, d.grid AS device_grid, e.epoch, e.seq, e.type,
        e.received_us, e.captured_us, e.clock_trusted, e.camera, e.person, p.name AS person_name,
        coalesce(p.area, '') AS person_area, coalesce(p.grid, '') AS person_grid, e.score, e.strict, e.raw
    FROM events e JOIN devices d ON d.id = e.device LEFT JOIN people p ON p.id = e.person
    """,
    "DROP VIEW plate_passage_rows",
    """
    CREATE VIEW plate_passage_rows AS
    SELECT p.event AS id, p.device, d.place, d.area, d.grid, p.camera, p.direction, p.at_us, p.clock_trusted,
        e.received_us, p.duration_ms, p.frames, p.reads, p.text, p.kind, p.score, p.verdict, p.listed
    FROM plate_passages p JOIN events e ON e.id = p.event JOIN devices d ON d.id = p.device
    """,
    "DROP VIEW vehicle_rows",
    # A vehicle lies where its person lives, else where its household does; without either it is the whole office's.
    """
    CREATE VIEW vehicle_rows AS
    SELECT v.id, v.plate, v.owner, v.label, v.person, v.household, coalesce(p.area, h.area, '') AS area,
        coalesce(p.grid, h.grid, '') AS grid, v.valid_from_us, v.valid_until_us, v.created_us, v.created_by,
        v.removed_us, v.removed_by, coalesce((SELECT group_concat(device, ' ') FROM (
            SELECT device FROM vehicle_placements WHERE vehicle = v.id ORDER BY device)), '') AS devices
    FROM vehicles v LEFT JOIN people p ON p.id = v.person LEFT JOIN households h ON h.id = v.household
    """,
    "DROP VIEW watch_rows",
    """
    CREATE VIEW watch_rows AS
    SELECT w.id, w.person, p.name AS person_name, p.area, p.grid, w.period_s, w.grace_s, w.own_vehicle, w.active,
        w.created_us, w.last_seen_us, w.last_seen_by, w.paused_until_us, w.due_us
    FROM watches w JOIN people p ON p.id = w.person
    """,
    "DROP VIEW alert_rows",
    """
    CREATE VIEW alert_rows AS
    SELECT a.id, a.person, p.name AS person_name, p.area, p.grid, a.due_us, a.raised_us, a.last_seen_us,
        a.last_seen_by, a.state, a.outcome, a.rung, a.climb_us, a.verdict
    FROM alerts a JOIN people p ON p.id = a.person
    """,
)

STATEMENTS = _COLUMNS + _TABLES + _OLDER_ROWS + _AREAS + _GRIDS + _PLACES + _GALLERIES + _INDEXES + _VIEWS
