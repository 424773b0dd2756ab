"""The shape of the store, step by step. A step that has landed is never edited: the next one changes it."""

from sqlite_utils import Database, Migrations

from hub_server.store.errors import StoreTooNewError
from hub_server.store.schema_1 import STATEMENTS as FIRST_LIGHT

_steps = Migrations("hub")


@_steps()
def m0001_first_light(db: Database) -> None:
    for statement in FIRST_LIGHT:
        db.execute(statement)


def migrate(db: Database) -> None:
    """Applies what is missing, each step in its own transaction. Raises StoreTooNewError for steps it has not."""
    with Database(memory=True) as nothing:
        ours = {step.name for step in _steps.pending(nothing)}
    strange = {step.name for step in _steps.applied(db)} - ours
    if strange:
        raise StoreTooNewError(f"a newer hub-server has changed this store: {', '.join(sorted(strange))}")
    _steps.apply(db)
