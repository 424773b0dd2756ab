"""The shape of the store, step by step. A step that has landed is never edited: the next one changes it."""

from sqlite_utils import Database, Migrations

from hub_server.store import people
from hub_server.store.errors import StoreTooNewError
from hub_server.store.schema_1 import STATEMENTS as FIRST_LIGHT
from hub_server.store.schema_clocks import STATEMENTS as CLOCKS
from hub_server.store.schema_commands import STATEMENTS as COMMANDS
from hub_server.store.schema_device_sheets import STATEMENTS as DEVICE_SHEETS
from hub_server.store.schema_enrolments import STATEMENTS as ENROLMENTS
from hub_server.store.schema_faces import STATEMENTS as FACES
from hub_server.store.schema_office import STATEMENTS as OFFICE
from hub_server.store.schema_pass_sheets import STATEMENTS as PASS_SHEETS
from hub_server.store.schema_passages import STATEMENTS as PASSAGES
from hub_server.store.schema_plates import STATEMENTS as PLATES
from hub_server.store.schema_quarantine import STATEMENTS as QUARANTINE
from hub_server.store.schema_releases import STATEMENTS as RELEASES
from hub_server.store.schema_tokens import STATEMENTS as TOKENS
from hub_server.store.schema_watch import STATEMENTS as WATCH

_steps = Migrations("hub")


@_steps()
def m0001_first_light(db: Database) -> None:
    for statement in FIRST_LIGHT:
        db.execute(statement)


@_steps()
def m0002_tokens(db: Database) -> None:
    for statement in TOKENS:
        db.execute(statement)


@_steps()
def m0003_clocks(db: Database) -> None:
    for statement in CLOCKS:
        db.execute(statement)


@_steps()
def m0004_faces(db: Database) -> None:
    for statement in FACES:
        db.execute(statement)


@_steps()
def m0005_plates(db: Database) -> None:
    for statement in PLATES:
        db.execute(statement)


@_steps()
def m0006_quarantine(db: Database) -> None:
    for statement in QUARANTINE:
        db.execute(statement)


@_steps()
def m0007_watch(db: Database) -> None:
    for statement in WATCH:
        db.execute(statement)


@_steps()
def m0008_office(db: Database) -> None:
    for statement in OFFICE + PASSAGES:
        db.execute(statement)
    people.spell_all(db)


@_steps()
def m0009_provisioning(db: Database) -> None:
    for statement in ENROLMENTS + DEVICE_SHEETS + RELEASES + PASS_SHEETS + COMMANDS:
        db.execute(statement)


def migrate(db: Database) -> None:
    """Applies what is missing, each step in its own transaction. Raises StoreTooNewError for steps it has not."""
    strange = unknown_steps(db)
    if strange:
        raise StoreTooNewError(f"a newer hub-server has changed this store: {', '.join(strange)}")
    _steps.apply(db)


def applied_steps(db: Database) -> list[str]:
    """The steps that this database has made, in their order."""
    return [step.name for step in _steps.applied(db)]


def unknown_steps(db: Database) -> list[str]:
    """Those of them that this version of the program does not know."""
    with Database(memory=True) as nothing:
        ours = {step.name for step in _steps.pending(nothing)}
    return sorted(set(applied_steps(db)) - ours)
