"""Step 7 of the store's shape: pauses, vouched observations, corrections, the ladder and its people, the outbox."""

_COLUMNS = (
    # The alert waits for so long after the period; a sighting within it still counts as in time.
    "ALTER TABLE watches ADD COLUMN grace_s INTEGER NOT NULL DEFAULT 0 CHECK (grace_s >= 0)",
    # 1: this person's own vehicle at a gate counts as having seen them. A car may have another driver: 0 unless said.
    "ALTER TABLE watches ADD COLUMN own_vehicle INTEGER NOT NULL DEFAULT 0 CHECK (own_vehicle IN (0, 1))",
    # 1 while an alert of the person is not closed; kept by the triggers below, so that a tick skips who has one.
    "ALTER TABLE watches ADD COLUMN alerted INTEGER NOT NULL DEFAULT 0 CHECK (alerted IN (0, 1))",
    # Rungs of the ladder from 0: worker, community, office, family. climb_us NULL: closed, or somebody has it in hand.
    "ALTER TABLE alerts ADD COLUMN rung INTEGER NOT NULL DEFAULT 0 CHECK (rung BETWEEN 0 AND 3)",
    "ALTER TABLE alerts ADD COLUMN climb_us INTEGER",
    # As judged when it was raised: watched, or cannot_tell.
    """
    ALTER TABLE alerts ADD COLUMN verdict TEXT NOT NULL DEFAULT 'cannot_tell'
    CHECK (verdict IN ('watched', 'cannot_tell'))
    """,
    # What a visit found that closes nothing, and the rung that the alert reached by this change.
    "ALTER TABLE alert_changes ADD COLUMN report TEXT CHECK (report IN ('not_found', 'emergency'))",
    "ALTER TABLE alert_changes ADD COLUMN rung INTEGER",
    # Whose own vehicle it is, when that was said; the person's watch may then count it at a gate.
    "ALTER TABLE vehicles ADD COLUMN person TEXT REFERENCES people (id)",
)

_TABLES = (
    # alert: that was closed as away by it. Who says so knows what came before: such a pause settles all of it.
    """
    CREATE TABLE pauses (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL REFERENCES people (id),
        from_us INTEGER NOT NULL,
        until_us INTEGER NOT NULL,
        reason TEXT NOT NULL,
        author TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        ended_us INTEGER,
        ended_by TEXT,
        told_us INTEGER,
        alert INTEGER REFERENCES alerts (id),
        CHECK (from_us < until_us),
        CHECK ((ended_us IS NULL) = (ended_by IS NULL))
    ) STRICT
    """,
    """
    CREATE TABLE observations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL REFERENCES people (id),
        kind TEXT NOT NULL CHECK (kind IN ('given', 'visit', 'phone', 'clinic', 'card', 'vehicle')),
        at_us INTEGER NOT NULL,
        author TEXT NOT NULL,
        note TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        withdrawn_us INTEGER,
        withdrawn_by TEXT,
        CHECK ((withdrawn_us IS NULL) = (withdrawn_by IS NULL))
    ) STRICT
    """,
    # "Not this person": the event stays, its word for this person does not.
    """
    CREATE TABLE corrections (
        event INTEGER PRIMARY KEY REFERENCES events (id),
        person TEXT NOT NULL,
        other TEXT,
        author TEXT NOT NULL,
        note TEXT NOT NULL,
        at_us INTEGER NOT NULL
    ) STRICT
    """,
    # Two people whom a camera took for one another: told apart by a wider margin from then on. person < other.
    """
    CREATE TABLE lookalikes (
        person TEXT NOT NULL REFERENCES people (id),
        other TEXT NOT NULL REFERENCES people (id),
        margin REAL NOT NULL,
        author TEXT NOT NULL,
        at_us INTEGER NOT NULL,
        PRIMARY KEY (person, other),
        CHECK (person < other)
    ) STRICT, WITHOUT ROWID
    """,
    # Who is told on a rung; area '' is for all areas. urls: a JSON list of Apprise URLs; the next when one fails.
    """
    CREATE TABLE recipients (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        area TEXT NOT NULL,
        rung INTEGER NOT NULL CHECK (rung BETWEEN 0 AND 2),
        name TEXT NOT NULL,
        phone TEXT NOT NULL,
        urls TEXT NOT NULL,
        active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
        created_us INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE contacts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL REFERENCES people (id),
        name TEXT NOT NULL,
        relation TEXT NOT NULL,
        phone TEXT NOT NULL,
        urls TEXT NOT NULL,
        created_us INTEGER NOT NULL
    ) STRICT
    """,
    # How long an alert waits on a rung before it climbs; area '' is the default of all.
    """
    CREATE TABLE ladder_waits (
        area TEXT NOT NULL,
        rung INTEGER NOT NULL CHECK (rung BETWEEN 0 AND 3),
        wait_s INTEGER NOT NULL CHECK (wait_s > 0),
        PRIMARY KEY (area, rung)
    ) STRICT, WITHOUT ROWID
    """,
    # What the office must know besides alerts of people: a dead observer, a stepping clock, messages that stay here.
    """
    CREATE TABLE alarms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('observer', 'clock', 'delivery')),
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        since_us INTEGER NOT NULL,
        raised_us INTEGER NOT NULL,
        cleared_us INTEGER
    ) STRICT
    """,
    # The outbox: one thing that one addressee must be told, written with what it tells of; never holds its text.
    # addressee: "recipient/7" or "contact/3" (rows above). Exactly one of alert, alarm, pause is not NULL.
    """
    CREATE TABLE notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('raised', 'climbed', 'reminded', 'reported', 'reopened', 'retracted',
            'pause_ending', 'alarm')),
        alert INTEGER REFERENCES alerts (id),
        alarm INTEGER REFERENCES alarms (id),
        pause INTEGER REFERENCES pauses (id),
        addressee TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        ready_us INTEGER NOT NULL,
        message INTEGER REFERENCES messages (id),
        settled_us INTEGER,
        CHECK ((alert IS NULL) + (alarm IS NULL) + (pause IS NULL) = 2)
    ) STRICT
    """,
    # One sending: the notices to one addressee that were ready together. Its key goes out with every try.
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        addressee TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        next_us INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        sent_us INTEGER,
        sent_by TEXT,
        trouble TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
)

_OLDER_ROWS = (
    # Alerts that were not closed then begin on the first rung, and wait there as the ladder's defaults say.
    "UPDATE alerts SET climb_us = raised_us + iif(state = 'open', 1, 4) * 900000000 WHERE state <> 'closed'",
    "UPDATE watches SET alerted = 1 WHERE person IN (SELECT person FROM alerts WHERE state <> 'closed')",
    """
    INSERT INTO observations (person, kind, at_us, author, note, created_us) -- the columns vouched_* end here
    SELECT person, iif(vouched_by LIKE 'visit: %', 'visit', 'given'), vouched_us,
        iif(vouched_by LIKE 'visit: %', substr(vouched_by, 8), vouched_by), '', vouched_us
    FROM watches WHERE vouched_us NOT NULL
    """,
    """
    INSERT INTO pauses (person, from_us, until_us, reason, author, created_us, alert)
    SELECT w.person, c.at_us, w.paused_until_us, c.note, c.author, c.at_us, c.alert FROM watches w
    JOIN alert_changes c ON c.id = (SELECT max(c.id) FROM alert_changes c JOIN alerts a ON a.id = c.alert
        WHERE a.person = w.person AND c.outcome = 'away')
    WHERE w.paused_until_us > c.at_us
    """,
    # A pause that no row accounts for (none is known to exist) has no effect any more: safe, an alert comes earlier.
    """
    UPDATE watches SET paused_until_us = NULL, due_us = coalesce(last_seen_us, created_us) + period_s * 1000000
    WHERE paused_until_us NOT NULL AND person NOT IN (SELECT person FROM pauses)
    """,
)

_INDEXES = (
    "DROP INDEX watches_due",
    "CREATE INDEX watches_due ON watches (due_us) WHERE active = 1 AND alerted = 0",
    "CREATE INDEX events_counting_camera ON events (device, camera, captured_us) WHERE counts = 1",
    "CREATE INDEX notices_alarm ON notices (alarm) WHERE alarm NOT NULL",
    "CREATE INDEX vehicles_person ON vehicles (person) WHERE person NOT NULL",
    "CREATE INDEX vehicles_owned ON vehicles (plate) WHERE person NOT NULL",
    "CREATE INDEX pauses_person ON pauses (person, until_us)",
    "CREATE INDEX pauses_untold ON pauses (until_us) WHERE told_us IS NULL AND ended_us IS NULL",
    "CREATE INDEX observations_person ON observations (person, at_us) WHERE withdrawn_us IS NULL",
    "CREATE INDEX recipients_rung ON recipients (rung, area) WHERE active = 1",
    "CREATE INDEX contacts_person ON contacts (person)",
    "CREATE INDEX alerts_climbing ON alerts (climb_us) WHERE climb_us NOT NULL",
    "CREATE UNIQUE INDEX alarms_one ON alarms (kind, subject) WHERE cleared_us IS NULL",
    "CREATE INDEX notices_waiting ON notices (ready_us) WHERE message IS NULL AND settled_us IS NULL",
    "CREATE INDEX notices_message ON notices (message) WHERE message NOT NULL",
    "CREATE INDEX notices_alert ON notices (alert) WHERE alert NOT NULL",
    "CREATE INDEX messages_next ON messages (next_us) WHERE next_us NOT NULL",
)

_ALERTED = (
    """
    CREATE TRIGGER watches_alerted_insert AFTER INSERT ON alerts WHEN NEW.state <> 'closed'
    BEGIN UPDATE watches SET alerted = 1 WHERE person = NEW.person; END
    """,
    """
    CREATE TRIGGER watches_alerted_update AFTER UPDATE OF state ON alerts
    BEGIN UPDATE watches SET alerted = (NEW.state <> 'closed') WHERE person = NEW.person; END
    """,
    """
    CREATE TRIGGER watches_alerted_delete AFTER DELETE ON alerts WHEN OLD.state <> 'closed'
    BEGIN UPDATE watches SET alerted = 0 WHERE person = OLD.person; END
    """,
)

# Galleries carry lookalikes to the cameras: as in schema_faces, what changes them makes galleries be looked at anew.
_TRIGGERS = tuple(
    f"CREATE TRIGGER gallery_revision_lookalikes_{change.lower()} AFTER {change} ON lookalikes"  # noqa: S608 our own names
    " BEGIN UPDATE gallery_revision SET n = n + 1 WHERE one = 1; END"
    for change in ("INSERT", "UPDATE", "DELETE")
)

_VIEWS = (
    "DROP VIEW watch_rows",
    """
    CREATE VIEW watch_rows AS
    SELECT w.id, w.person, p.name AS person_name, p.area, w.period_s, w.grace_s, w.own_vehicle, w.active, w.created_us,
        w.last_seen_us, w.last_seen_by, w.paused_until_us, w.due_us
    FROM watches w JOIN people p ON p.id = w.person
    """,
    "DROP VIEW alert_rows",
    """
    CREATE VIEW alert_rows AS
    SELECT a.id, a.person, p.name AS person_name, p.area, a.due_us, a.raised_us, a.last_seen_us, a.last_seen_by,
        a.state, a.outcome, a.rung, a.climb_us, a.verdict
    FROM alerts a JOIN people p ON p.id = a.person
    """,
    "DROP VIEW vehicle_rows",
    """
    CREATE VIEW vehicle_rows AS
    SELECT v.id, v.plate, v.owner, v.label, v.person, v.valid_from_us, v.valid_until_us, v.created_us, v.created_by,
        v.removed_us, v.removed_by, coalesce((SELECT group_concat(device, ' ') FROM (
            SELECT device FROM vehicle_placements WHERE vehicle = v.id ORDER BY device)), '') AS devices
    FROM vehicles v
    """,
    # Passages that count as having seen the vehicle's person: the plate read whole and at least twice, at a known time,
    # while the vehicle was on the list as theirs, and their watch says so. As strict as a sighting (observation.py).
    """
    CREATE VIEW own_vehicle_signs AS
    SELECT v.person, p.event, p.at_us, p.device || '/' || p.camera AS seen_at
    FROM vehicles v
    JOIN watches w ON w.person = v.person AND w.own_vehicle = 1
    JOIN plate_passages p ON p.listed = v.plate AND p.text = p.listed
    WHERE p.verdict = 'known' AND p.reads >= 2 AND p.clock_trusted = 1 AND p.at_us >= v.created_us
        AND (v.removed_us IS NULL OR p.at_us < v.removed_us)
    """,
)

STATEMENTS = _COLUMNS + _TABLES + _OLDER_ROWS + _INDEXES + _ALERTED + _TRIGGERS + _VIEWS
